"""Rows of a round: its listing, its orders, its trades and what they come to."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.ledger.bookings import Booking
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import NO_GROUNDS, RecordedPlace
from polytui.model.instrument import Round
from polytui.model.orders import Order
from polytui.store.record_place import RecordPlace
from polytui.store.rows import FillRow, OrderRow, RoundRow, TradeRow
from polytui.store.trades import Trade, TradeBook


def found_row(at: RecordPlace, listed: Round) -> RoundRow:
    return RoundRow(
        at.root,
        listed.slug,
        session=at.session,
        asset=listed.asset.value,
        interval=listed.interval.value,
        condition_id=listed.condition_id,
        up_token=listed.up_token,
        down_token=listed.down_token,
        opens_ns=listed.opens_ns,
        closes_ns=listed.closes_ns,
        rule=listed.settlement.value,
        tick=listed.tick,
        fee_ppm=listed.fees.rate_ppm,
    )


def order_row(
    at: RecordPlace, listed: Round, working: WorkingOrder, sent: RecordedPlace | None = None
) -> OrderRow:
    """An order that is sent now; or one that was found at the venue."""
    order: Order = working.order
    grounds = NO_GROUNDS if sent is None else sent.grounds
    return OrderRow(
        at.root,
        order.order_id,
        session=at.session,
        asset=listed.asset.value,
        interval=listed.interval.value,
        slug=order.slug,
        strategy=order.strategy,
        outcome=order.outcome.value,
        side=order.side.value,
        price=order.price,
        shares=order.shares,
        tif=order.tif.value,
        is_post_only=order.is_post_only,
        rung=order.rung,
        is_exit=None if sent is None else grounds.is_exit,
        seq=at.seq,
        placed_ns=order.placed_ns,
        exposure=None if sent is None else sent.exposure,
        worth=order.worth,
        consensus=grounds.price,
        strike=grounds.strike,
        fair=grounds.fair,
        mid=grounds.mid,
        confidence=grounds.confidence,
        edge_bps=grounds.edge_bps,
        state=working.state.value,
        filled=working.filled,
    )


def fill_row(at: RecordPlace, line: Booking, interval: str | None) -> FillRow:
    fill = line.fill
    return FillRow(
        at.root,
        *line.key,
        session=at.session,
        seq=at.seq,
        at_ns=at.at_ns,
        asset=at.asset,
        interval=interval,
        slug=line.slug,
        strategy=line.strategy,
        outcome=line.outcome.value,
        side=line.side.value,
        price=fill.price,
        shares=fill.shares,
        fee=fill.fee,
        is_taker=fill.is_taker,
        is_reversed=False,
    )


def trade_rows(
    at: RecordPlace, interval: str | None, book: TradeBook, settled_ns: int | None
) -> Iterable[TradeRow]:
    for one in book.trades:
        yield _trade_row(at, interval, book.slug, one, settled_ns)


def _trade_row(
    at: RecordPlace, interval: str | None, slug: str, one: Trade, settled_ns: int | None
) -> TradeRow:
    return TradeRow(
        at.root,
        slug,
        one.strategy,
        one.number,
        session=at.session,
        asset=at.asset,
        interval=interval,
        outcome=one.outcome.value,
        opened_ns=one.opened_ns,
        closed_ns=one.closed_ns,
        settled_ns=settled_ns,
        entry_order_id=one.entry_order_id,
        exit_order_id=one.exit_order_id,
        shares=one.entered,
        entry_px=one.entry_px,
        exit_px=one.exit_px,
        stake=one.stake,
        fees=one.fees,
        flow=one.flow,
        payout=one.payout,
        pnl=one.pnl,
        ended=one.ended,
    )


def sums_row(at: RecordPlace, book: TradeBook) -> RoundRow:
    """What the fills of a round come to; its result where that is known."""
    results = [one.pnl for one in book.trades if one.payout is not None]
    return RoundRow(
        at.root,
        book.slug,
        fills=sum(isinstance(line, Booking) for line in book.lines),
        fees=sum(one.fees for one in book.trades),
        pnl=sum(one for one in results if one is not None) if results else None,
    )
