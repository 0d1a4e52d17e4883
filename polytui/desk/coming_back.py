"""A mind that an earlier process left, made ready for a process that goes on with it.

Money, counters, what stops and what was learned are what they were. The market went on meanwhile,
and nothing of it is believed beyond its age: books are unknown until they are read again, an
exchange has no vote until it is up, trades that nobody saw are a hole of the candles, averages take
the time that passed for what it is. This is done before the first checkpoint of the new session, so
nobody has to repeat it.
"""

from __future__ import annotations

from attrs import evolve

from polytui.config.schema import Settings
from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.desk.round_phase import Phase
from polytui.model.events import Cancelled, DeskOpened, FoundOrder, HeldRound
from polytui.model.instrument import Asset, Round
from polytui.model.orders import Order
from polytui.model.units import NS_PER_MS

GONE = "the process that sent it is no more"
"""Of orders that worked on paper: their venue was in that process."""


def come_back(mind: Mind, now_ns: int) -> None:
    """Begin a session with this mind. Where our clock is set back by more than clocks may differ,
    prices are forgotten: all of them would be of the future. The day is not taken back."""
    settings = next((desk.settings for desk in mind.desks.values()), Settings())
    is_set_back = mind.at_ns - now_ns > settings.clock.max_ahead_ms * NS_PER_MS
    mind.account.begin_session(now_ns, settings.breakers)
    for desk in mind.desks.values():
        desk.ledger.ask_cancel_all()
        desk.lose_sight(now_ns)
        if is_set_back:
            desk.turn_back(now_ns)


def what_it_had(mind: Mind, asset: Asset) -> DeskOpened | None:
    """Cash, results and holdings of an asset as its ledgers have them, orders left out; None of one
    that never had a desk."""
    desk = mind.desks.get(asset)
    if desk is None:
        return None
    account = desk.asset_account
    held = [_held(desk, market_round.round) for market_round in desk.rounds]
    return DeskOpened(
        asset,
        0,
        mind.account.starting_cash,
        account.realised,
        tuple([one for one in held if one is not None]),
        tuple(desk.ledger.counted()),
    )


def _held(desk: Desk, listed: Round) -> HeldRound | None:
    positions = desk.ledger.positions
    holdings, flow = positions.holdings(listed.slug), positions.of(listed.slug).cash_flow
    return HeldRound(listed, holdings, flow) if holdings or flow else None


def gone_orders(mind: Mind, asset: Asset) -> list[Cancelled]:
    """What its ledger must hear of orders that worked on paper."""
    desk = mind.desks.get(asset)
    working = [] if desk is None else desk.ledger.orders.working()
    return [Cancelled(one.order.order_id, GONE) for one in working]


def doubtful_orders(mind: Mind, asset: Asset) -> tuple[FoundOrder, ...]:
    """Those that worked at a venue when the process ended: what became of them only the venue
    knows."""
    desk = mind.desks.get(asset)
    working = [] if desk is None else desk.ledger.orders.working()
    return tuple(
        FoundOrder(one.order, one.filled, one.spent, tuple(one.fills), is_certain=False)
        for one in working
    )


def known_orders(mind: Mind, asset: Asset) -> tuple[Order, ...]:
    """Every order of rounds that are not over: what was done with one may be told only now."""
    desk = mind.desks.get(asset)
    return () if desk is None else tuple(desk.ledger.orders.known())


def unsettled(mind: Mind, asset: Asset) -> list[Round]:
    """Rounds whose end it has not seen, as they were known last."""
    desk = mind.desks.get(asset)
    return [
        evolve(one.round, takes_orders=one.takes_orders)
        for one in (() if desk is None else desk.rounds)
        if one.phase is not Phase.SETTLED
    ]
