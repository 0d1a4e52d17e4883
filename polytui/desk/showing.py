"""From a desk to what faces may see of it: frozen, best levels first, nothing hidden."""

from __future__ import annotations

from polytui.desk.account import Account
from polytui.desk.desk import Desk
from polytui.desk.machine import Phase
from polytui.desk.round import ESTIMATED, DeskRound
from polytui.desk.showing_deciding import (
    asset_limits,
    show_breakers,
    show_scores,
    show_signals,
)
from polytui.desk.showing_prices import (
    show_average,
    show_features,
    show_forecasts,
    show_oracle,
    show_said,
)
from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder
from polytui.market.book import TokenBook
from polytui.model.snapshot import (
    AssetState,
    AssetView,
    BookView,
    FeedView,
    OrderView,
    RoundView,
)
from polytui.model.units import age_ms, proceeds_of

LADDER_LEVELS = 12


def show_asset(
    desk: Desk, now_ns: int, state: AssetState, detail: str, feeds: tuple[FeedView, ...]
) -> AssetView:
    """One asset. `state` is what the desk itself cannot know (halted, restarting); see tree."""
    prices, books = desk.prices, desk.holdings.books
    rounds = tuple(
        show_round(desk, entry, now_ns)
        for entry in sorted(desk.rounds, key=lambda entry: (entry.round.closes_ns, entry.slug))
        if entry.phase is not Phase.LISTED
    )
    return AssetView(
        asset=desk.asset.value,
        at_ns=now_ns,
        state=state,
        detail=detail,
        life=desk.life,
        oracle=show_oracle(prices, desk.feeds, now_ns, desk.settings),
        features=show_features(prices, now_ns),
        rounds=rounds,
        feeds=feeds,
        rounds_settled=books.rounds_settled,
        signals=books.signals,
        orders=books.orders,
        fills=books.fills,
        realised_pnl=books.realised,
        marked_pnl=books.realised + sum(view.marked_pnl for view in rounds),
        scores=show_scores(desk),
        limits=asset_limits(desk, now_ns),
        breakers=show_breakers(desk),
        forecasts=show_forecasts(books.watch, desk.settings.watch),
        said=show_said(books.watch),
        resets=tuple(why.text() for why in desk.resets()) if books.is_paused else (),
        is_flattened=books.is_flattened,
    )


def marked_pnl(desk: Desk) -> int:
    """Realised, and every round that is not settled at what the books would pay for it now."""
    marks = (_marked_round(entry, desk.holdings.positions.of(entry.slug)) for entry in desk.rounds)
    return desk.books.realised + sum(marks)


def desk_state(desk: Desk, account: Account) -> tuple[AssetState, str]:
    """What the desk is about, as far as it knows itself, and why."""
    if account.kill_switch.is_on:
        return AssetState.KILLED, account.kill_switch.why
    if desk.is_stopping:
        return AssetState.STOPPING, ""
    if desk.books.is_flattening:
        return AssetState.FLATTENING, ""
    if desk.books.is_paused:
        why = desk.books.paused_why
        return AssetState.PAUSED, "by command" if why is None else why.text()
    if any(entry.phase is Phase.OPEN for entry in desk.rounds):
        return AssetState.TRADING, ""
    return AssetState.STARTING, "waiting for a round"


def show_round(desk: Desk, entry: DeskRound, now_ns: int) -> RoundView:
    listed, position = entry.round, desk.holdings.positions.of(entry.slug)
    return RoundView(
        slug=entry.slug,
        interval=listed.interval.value,
        phase=entry.phase.value,
        opens_ns=listed.opens_ns,
        closes_ns=listed.closes_ns,
        strike=entry.strike,
        fair_up=entry.fair_up,
        sigma=entry.deviation,
        book=_show_book(entry.up_book, listed.tick, now_ns),
        signals=show_signals(desk, entry),
        up_shares=position.up,
        down_shares=position.down,
        cost=position.total_cost,
        marked_pnl=_marked_round(entry, position),
        orders=tuple(_show_order(order) for order in desk.holdings.of_round(entry.slug)),
        average=show_average(desk.prices, listed),
        is_strike_estimated=entry.strike_source == ESTIMATED,
        fair_age_ms=_fair_age_ms(entry, now_ns),
        block="" if entry.block is None or entry.phase is not Phase.OPEN else entry.block.text(),
    )


def _fair_age_ms(entry: DeskRound, now_ns: int) -> int:
    """A demo at twenty times speed looks every few seconds: what the last look made is no older
    than the view."""
    is_new = entry.phase is Phase.OPEN and entry.fair_ns == entry.looked_ns
    return 0 if is_new and entry.fair_ns else age_ms(now_ns, entry.fair_ns)


def _marked_round(entry: DeskRound, position: Position) -> int:
    """Cash flow and holdings at the best bid, at nothing where there is none."""
    up = proceeds_of(entry.up_book.best_bid, position.up)
    return position.cash_flow + up + proceeds_of(entry.down_book.best_bid, position.down)


def _show_book(book: TokenBook, tick: int, now_ns: int) -> BookView | None:
    if not book.is_known:
        return None
    return BookView(
        bids=book.top_bids(LADDER_LEVELS),
        asks=book.top_asks(LADDER_LEVELS),
        tick=tick,
        is_settled=book.is_settled,
        age_ms=age_ms(now_ns, book.venue_ns),
    )


def _show_order(entry: WorkingOrder) -> OrderView:
    order = entry.order
    return OrderView(
        order_id=order.order_id,
        outcome=order.outcome.value,
        side=order.side.value,
        price=order.price,
        shares=order.shares,
        filled=entry.filled,
        state=entry.state.value,
    )
