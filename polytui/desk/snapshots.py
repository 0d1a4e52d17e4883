"""From a desk to what faces may see of it: frozen, best levels first, nothing hidden."""

from __future__ import annotations

from polytui.desk.account import Account
from polytui.desk.asset_account import AssetAccount
from polytui.desk.desk import Desk
from polytui.desk.round import ESTIMATED, DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.snapshots_deciding import (
    asset_limits,
    show_breakers,
    show_scores,
    show_signals,
)
from polytui.desk.snapshots_prices import (
    show_average,
    show_consensus,
    show_features,
    show_forecasts,
    show_said,
)
from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder
from polytui.market.book import TokenBook
from polytui.model.instrument import Outcome
from polytui.model.snapshot import (
    AssetState,
    AssetView,
    BookView,
    FeedState,
    FeedView,
    OddWordsView,
    OrderView,
    RoundView,
)
from polytui.model.ticket import is_by_hand
from polytui.model.units import age_ms, proceeds_of

LADDER_LEVELS = 12


def show_asset(
    desk: Desk, now_ns: int, state: AssetState, detail: str, feeds: tuple[FeedView, ...]
) -> AssetView:
    """One asset. `state` is what the desk itself cannot know (halted, restarting); see tree."""
    prices, asset_account = desk.prices, desk.ledger.asset_account
    rounds = tuple(
        show_round(desk, market_round, now_ns)
        for market_round in sorted(
            desk.rounds, key=lambda market_round: (market_round.round.closes_ns, market_round.slug)
        )
        if market_round.phase is not Phase.LISTED
    )
    return AssetView(
        asset=desk.asset.value,
        at_ns=now_ns,
        state=state,
        detail=detail,
        life=desk.life,
        consensus=show_consensus(prices, desk.feeds, now_ns, desk.settings),
        features=show_features(prices, now_ns),
        rounds=rounds,
        feeds=(*feeds, *_account_feeds(asset_account, now_ns)),
        rounds_settled=asset_account.rounds_settled,
        signals=asset_account.signals,
        orders=asset_account.orders,
        fills=asset_account.fills,
        realised_pnl=asset_account.realised,
        marked_pnl=asset_account.realised + sum(view.marked_pnl for view in rounds),
        scores=show_scores(desk),
        limits=asset_limits(desk, now_ns),
        breakers=show_breakers(desk),
        forecasts=show_forecasts(asset_account.watch, desk.settings.watch),
        said=show_said(asset_account.watch),
        resets=tuple(why.text() for why in desk.resets()) if asset_account.is_paused else (),
        is_flattened=asset_account.is_flattened,
        odd=_show_odd(asset_account),
    )


def _account_feeds(asset_account: AssetAccount, now_ns: int) -> list[FeedView]:
    """Those of the account, as this asset was told: since when one that is not up is not."""
    return [
        FeedView(name, state, -1 if state is FeedState.UP else age_ms(now_ns, since_ns), 0, 0, 0, 0)
        for name, state, since_ns in asset_account.feeds.shown()
    ]


def _show_odd(asset_account: AssetAccount) -> OddWordsView:
    strays_left = len(asset_account.strays)
    return OddWordsView(
        asset_account.contradicted,
        asset_account.stray_fills,
        asset_account.reversals,
        asset_account.unplaced + strays_left,
        asset_account.unsent,
    )


def marked_pnl(desk: Desk) -> int:
    """Realised, and every round that is not settled at what the books would pay for it now."""
    marks = (
        _marked_round(market_round, desk.ledger.positions.of(market_round.slug))
        for market_round in desk.rounds
    )
    return desk.asset_account.realised + sum(marks)


def desk_state(desk: Desk, account: Account) -> tuple[AssetState, str]:
    """What the desk is about, as far as it knows itself, and why."""
    if account.kill_switch.is_on:
        return AssetState.KILLED, account.kill_switch.why
    if desk.is_stopping:
        return AssetState.STOPPING, ""
    if desk.asset_account.is_flattening:
        return AssetState.FLATTENING, ""
    if desk.asset_account.is_paused:
        why = desk.asset_account.paused_why
        return AssetState.PAUSED, "by command" if why is None else why.text()
    if any(market_round.phase is Phase.OPEN for market_round in desk.rounds):
        return AssetState.TRADING, ""
    return AssetState.STARTING, "waiting for a round"


def show_round(desk: Desk, market_round: DeskRound, now_ns: int) -> RoundView:
    listed, position = market_round.round, desk.ledger.positions.of(market_round.slug)
    arrivals = desk.asset_account.arrivals
    awaited = {one: arrivals.awaited_of(market_round.slug, one) for one in Outcome}
    return RoundView(
        slug=market_round.slug,
        interval=listed.interval.value,
        phase=market_round.phase.value,
        opens_ns=listed.opens_ns,
        closes_ns=listed.closes_ns,
        strike=market_round.strike,
        fair_up=market_round.fair_up,
        sigma=market_round.sigma,
        book=_show_book(market_round.up_book, listed.tick, now_ns),
        signals=show_signals(desk, market_round),
        up_shares=position.up,
        down_shares=position.down,
        cost=position.total_cost,
        marked_pnl=_marked_round(market_round, position),
        orders=tuple(
            _show_order(order) for order in desk.ledger.orders.of_round(market_round.slug)
        ),
        average=show_average(desk.prices, listed),
        is_strike_estimated=market_round.strike_source == ESTIMATED,
        fair_age_ms=_fair_age_ms(market_round, now_ns),
        block=""
        if market_round.block is None or market_round.phase is not Phase.OPEN
        else market_round.block.text(),
        up_awaited=awaited[Outcome.UP],
        down_awaited=awaited[Outcome.DOWN],
        flow=position.cash_flow,
    )


def _fair_age_ms(market_round: DeskRound, now_ns: int) -> int:
    """A demo at twenty times speed looks every few seconds: what the last look made is no older
    than the view."""
    is_new = market_round.phase is Phase.OPEN and market_round.fair_ns == market_round.looked_ns
    return 0 if is_new and market_round.fair_ns else age_ms(now_ns, market_round.fair_ns)


def _marked_round(market_round: DeskRound, position: Position) -> int:
    """Cash flow and holdings at the best bid, at nothing where there is none."""
    up = proceeds_of(market_round.up_book.best_bid, position.up)
    return position.cash_flow + up + proceeds_of(market_round.down_book.best_bid, position.down)


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


def _show_order(working: WorkingOrder) -> OrderView:
    order = working.order
    return OrderView(
        order_id=order.order_id,
        outcome=order.outcome.value,
        side=order.side.value,
        price=order.price,
        shares=order.shares,
        filled=working.filled,
        state=working.state.value,
        is_by_hand=is_by_hand(order),
    )
