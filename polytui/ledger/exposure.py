"""What is at stake, kept true with every change of the ledgers instead of counted when it is asked.

**What an open round can still lose**, whoever wins and whichever working orders fill. With u shares
of Up and d of Down a round pays u or d. An order that works may fill, all of it or a part, or not
at all, and of each the worse is taken. By the winner it costs at most

    order                of the winner               of the loser
    buy of n for c       c - n, if that is more      c
    sale of n for s      n - s, if that is more      nothing

with c and s at the order's own price, the fee of a taker included: a better price only costs less.
Such costs grow with the shares that fill, so the worst is at all or at nothing, and they do not
depend on one another, so that they add up. A round that is cancelled pays half of each share: that
is between the two (half the sum of the two columns is never less than what an order costs there).

**Gross** is what is held at cost and what working buys may still cost, of both outcomes. **Net** is
by outcome, what the round loses if that one loses: shares that are not paired at their cost, pairs
at the dollar that they pay whoever wins, and of what works the worse.

An order changes the sums of its round by the difference to what it added before, a round those of
its asset and of the account: no change looks at another order or another round.
"""

from __future__ import annotations

from typing import NamedTuple

from attrs import define, field

from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import Usd, proceeds_of


class OrderExposure(NamedTuple):
    """What one order adds while it works."""

    reserved: int
    """Dollars that a buy may still spend."""
    buying: int
    """Shares that it may still bring,"""
    selling: int
    """or take."""
    if_wins: int
    """Dollars that it may take from the round's result if its outcome wins,"""
    if_loses: int
    """or loses."""
    entries: int
    """1 for a rung of a quote set that buys and has not traded yet: a trade once it does. What is
    no rung is counted when it is sent."""


NOTHING = OrderExposure(0, 0, 0, 0, 0, 0)


def exposure_of(working: WorkingOrder) -> OrderExposure:
    """Nothing for one that has ended."""
    if not working.state.is_working:
        return NOTHING
    order, left = working.order, working.left
    if order.side is Side.BUY:
        cost = working.reserved
        entries = int(bool(order.rung) and not working.filled)
        return OrderExposure(cost, left, 0, max(0, cost - left), cost, entries)
    paid = proceeds_of(order.price, left) - working.fee_left
    return OrderExposure(0, 0, left, max(0, left - paid), 0, 0)


@define
class OutcomeExposure:
    """State: one outcome of a round."""

    shares: int = 0
    cost: int = 0
    """Of what is held."""
    reserved: int = 0
    buying: int = 0
    selling: int = 0
    """Sums over working orders of it, as above."""
    harm: int = 0
    """Dollars that what works may take from the round's result if this outcome wins."""
    owed: int = 0
    """Shares that were sold and not held: each costs a dollar if this outcome wins."""


class _Sums(NamedTuple):
    """What a round adds to its asset and to the account; see `Totals`."""

    cost: int
    carried: int
    flow: int
    reserved: int
    orders: int
    rounds: int
    at_stake: int
    entries: int


@define
class RoundExposure:
    """State: one round in which something is held, works, or was paid and received."""

    interval: Interval
    closes_ns: int
    up: OutcomeExposure = field(factory=OutcomeExposure)
    down: OutcomeExposure = field(factory=OutcomeExposure)
    carried: int = 0
    """What is held at its cost, pairs at a dollar."""
    flow: int = 0
    """Received minus paid."""
    entries: int = 0
    by_order: dict[str, OrderExposure] = field(factory=dict)

    def side(self, outcome: Outcome) -> OutcomeExposure:
        return self.up if outcome is Outcome.UP else self.down

    @property
    def is_open(self) -> bool:
        """Whether something is held or works; what is not settled is held."""
        held = self.up.shares or self.down.shares or self.up.owed or self.down.owed
        return bool(self.by_order or held)

    @property
    def gross(self) -> Usd:
        """Dollars held at cost and still to be spent, of both outcomes."""
        up, down = self.up, self.down
        return Usd(up.cost + down.cost + up.reserved + down.reserved)

    def net(self, outcome: Outcome) -> Usd:
        """Dollars that the round loses if this outcome loses; less than nothing where it wins."""
        other = self.side(outcome.other)
        return Usd(self.carried - other.shares + other.owed + other.harm)

    @property
    def at_stake(self) -> Usd:
        """Between what the round has won or lost so far and its worst end; never negative."""
        return max(self.net(Outcome.UP), self.net(Outcome.DOWN))

    def hold(self, position: Position) -> None:
        self.up.shares, self.up.cost = position.up, position.up_cost
        self.down.shares, self.down.cost = position.down, position.down_cost
        self.up.owed, self.down.owed = position.up_owed, position.down_owed
        self.carried, self.flow = position.carried, position.cash_flow

    def work(self, working: WorkingOrder) -> None:
        """What this order adds now, in place of what it added before."""
        order = working.order
        before, after = self.by_order.get(order.order_id, NOTHING), exposure_of(working)
        side, other = self.side(order.outcome), self.side(order.outcome.other)
        side.reserved += after.reserved - before.reserved
        side.buying += after.buying - before.buying
        side.selling += after.selling - before.selling
        side.harm += after.if_wins - before.if_wins
        other.harm += after.if_loses - before.if_loses
        self.entries += after.entries - before.entries
        if working.state.is_working:
            self.by_order[order.order_id] = after
        else:
            self.by_order.pop(order.order_id, None)

    def sums(self) -> _Sums:
        up, down = self.up, self.down
        return _Sums(
            up.cost + down.cost,
            self.carried,
            self.flow,
            up.reserved + down.reserved,
            len(self.by_order),
            int(self.is_open),
            self.at_stake,
            self.entries,
        )


_NO_ROUND = _Sums(0, 0, 0, 0, 0, 0, 0, 0)
_NO_CLOSING = (0, 0)


@define
class Totals:
    """State: sums over rounds, in millionths or things."""

    cost: int = 0
    carried: int = 0
    flow: int = 0
    reserved: int = 0
    orders: int = 0
    rounds: int = 0
    """In which something is held or works."""
    at_stake: int = 0
    entries: int = 0
    """Rungs that are trades once they fill."""

    @property
    def gross(self) -> Usd:
        return Usd(self.cost + self.reserved)

    def change(self, before: _Sums, after: _Sums) -> None:
        self.cost += after.cost - before.cost
        self.carried += after.carried - before.carried
        self.flow += after.flow - before.flow
        self.reserved += after.reserved - before.reserved
        self.orders += after.orders - before.orders
        self.rounds += after.rounds - before.rounds
        self.at_stake += after.at_stake - before.at_stake
        self.entries += after.entries - before.entries


class AccountExposure:
    """State: the sums of the account, and of them those by interval and by closing time."""

    def __init__(self) -> None:
        self.totals = Totals()
        self.assets: dict[Asset, AssetExposure] = {}
        self._rounds_of = dict.fromkeys(Interval, 0)
        self._closings: dict[int, tuple[int, int]] = {}
        """By closing time: open rounds, and what they can lose."""

    def of(self, asset: Asset) -> AssetExposure:
        kept = self.assets.get(asset)
        if kept is None:
            kept = self.assets[asset] = AssetExposure(self)
        return kept

    def rounds_of(self, interval: Interval) -> int:
        """Open ones, of all assets."""
        return self._rounds_of[interval]

    def at_stake_at(self, closes_ns: int) -> Usd:
        """Of rounds that close at this time, whatever their asset and interval: they are one bet on
        where everything goes."""
        return Usd(self._closings.get(closes_ns, _NO_CLOSING)[1])

    def closings(self) -> list[int]:
        """Every time at which something open closes, the first one first."""
        return sorted(self._closings)

    def change(self, kept: RoundExposure, before: _Sums, after: _Sums) -> None:
        self.totals.change(before, after)
        self._rounds_of[kept.interval] += after.rounds - before.rounds
        rounds, at_stake = self._closings.get(kept.closes_ns, _NO_CLOSING)
        rounds += after.rounds - before.rounds
        if rounds:
            at_stake += after.at_stake - before.at_stake
            self._closings[kept.closes_ns] = rounds, at_stake
        else:  # nothing open can lose anything
            self._closings.pop(kept.closes_ns, None)


class AssetExposure:
    """State: the sums of one asset, and each of its rounds. Written by its ledgers alone."""

    def __init__(self, account: AccountExposure) -> None:
        self.totals = Totals()
        self.rounds: dict[str, RoundExposure] = {}
        self._account = account

    def hold(self, listed: Round, position: Position) -> None:
        """What is held of a round is this now."""
        kept = self._of(listed)
        before = kept.sums()
        kept.hold(position)
        self._changed(listed.slug, kept, before)

    def work(self, listed: Round, working: WorkingOrder) -> None:
        """An order of a round came, changed or ended."""
        kept = self._of(listed)
        before = kept.sums()
        kept.work(working)
        self._changed(listed.slug, kept, before)

    def forget(self, slug: str) -> None:
        """It was settled: nothing of it is open any more."""
        kept = self.rounds.pop(slug, None)
        if kept is not None:
            before = kept.sums()
            self.totals.change(before, _NO_ROUND)
            self._account.change(kept, before, _NO_ROUND)

    def clear(self) -> None:
        """The ledgers begin anew."""
        for slug in list(self.rounds):
            self.forget(slug)

    def open(self) -> dict[str, RoundExposure]:
        """By slug, rounds in which something is held or works."""
        return {slug: kept for slug, kept in self.rounds.items() if kept.is_open}

    def _of(self, listed: Round) -> RoundExposure:
        kept = self.rounds.get(listed.slug)
        if kept is None:
            kept = self.rounds[listed.slug] = RoundExposure(listed.interval, listed.closes_ns)
        return kept

    def _changed(self, slug: str, kept: RoundExposure, before: _Sums) -> None:
        after = kept.sums()
        self.totals.change(before, after)
        self._account.change(kept, before, after)
        if after == _NO_ROUND:
            del self.rounds[slug]
