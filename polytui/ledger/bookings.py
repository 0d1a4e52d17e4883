"""Every fill of a round as it was booked, so that one of them can be taken back.

A trade that was matched can fail on the chain minutes later. Then everything must stand as if this
fill had never been: shares, average cost, cash, fees, whose it is, what was claimed of it. Averages
and attributions cannot be run backwards, so a round is reckoned anew from its fills, without the
one. A settled round is kept for a while for the same purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, evolve, field, frozen

from polytui.ledger.attribution import Attribution
from polytui.ledger.positions import Position, Positions
from polytui.model.events import HeldRound, Reversed, Trade
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import LOT, Shares, Usd, cost_of, proceeds_of


@frozen
class Booking:
    """One fill: of which order, whose it is, and when it was heard of."""

    slug: str
    order_id: str
    outcome: Outcome
    side: Side
    strategy: str
    fill: Fill
    at_ns: int
    worth: float | None = None
    """Dollars that a share bought was claimed to be worth."""
    is_rung: bool = False
    """Bought by a rung of a quote set: its order is a trade of the day from its first fill on."""

    @property
    def key(self) -> Trade:
        return (self.order_id, self.fill.trade_id)

    @property
    def flow(self) -> int:
        """Received less paid, with the fee."""
        if self.side is Side.BUY:
            return -cost_of(self.fill.price, self.fill.shares) - self.fill.fee
        return proceeds_of(self.fill.price, self.fill.shares) - self.fill.fee

    def state(self) -> tuple[object, ...]:
        fill = self.fill
        what = (self.outcome.value, self.side.value, fill.price, fill.shares, fill.fee)
        return (*self.key, what, self.strategy, self.worth)


@frozen
class Restored:
    """A life began, with what the venue said is held in the round."""

    held: HeldRound
    at_ns: int

    def state(self) -> tuple[object, ...]:
        holdings = [(one.outcome.value, one.shares, one.cost) for one in self.held.holdings]
        return (holdings, self.held.cash_flow)


MERGE = "merge"
"""In place of an order, in the key of a merge."""


@frozen
class Merged:
    """Pairs became dollars."""

    slug: str
    shares: Shares
    name: str
    """Of this merge alone."""
    at_ns: int

    @property
    def key(self) -> Trade:
        return (MERGE, self.name)

    def state(self) -> tuple[object, ...]:
        return (*self.key, self.shares)


_MOST_FAILED = 1_000
"""Kept: a venue that fails more trades than this has other troubles than a late word of one."""

Line = Booking | Restored | Merged
EnteredSide = tuple[str, str]
"""(strategy, outcome) of a side that was bought."""


@define
class Reckoning:
    """What the lines of one round come to, each applied to what stood before it."""

    slug: str
    positions: Positions = field(factory=Positions)
    attribution: Attribution = field(factory=Attribution)
    entered: list[EnteredSide] = field(factory=list)

    @classmethod
    def of(cls, slug: str, lines: Iterable[Line]) -> Reckoning:
        reckoning = cls(slug)
        for line in lines:
            reckoning.apply(line)
        return reckoning

    @property
    def position(self) -> Position:
        return self.positions.of(self.slug)

    def settle(self, winner: Outcome | None) -> Usd:
        """Close it as it was closed: what it realised."""
        self.attribution.settle(self.slug, winner)
        _, pnl = self.positions.settle(self.slug, winner)
        return pnl

    def apply(self, line: Line) -> None:
        if isinstance(line, Restored):
            self.positions.restore(line.held)
            self.attribution.restore(line.held, line.at_ns)
            return
        if isinstance(line, Merged):
            merge(line, self.positions, self.attribution)
            return
        is_entry = enters(line, self.attribution)
        book(line, self.positions, self.attribution)
        side = (line.strategy, line.outcome.value)
        if is_entry and side not in self.entered:
            self.entered.append(side)


def enters(line: Booking, attribution: Attribution) -> bool:
    """Whether a fill begins something: a purchase, and none of the complement, by which a strategy
    leaves."""
    if line.side is Side.SELL:
        return False
    other = line.outcome.other
    own = (one for one in attribution.open(line.slug) if one.strategy == line.strategy)
    return not any(one.outcome is other and one.shares >= LOT for one in own)


def book(line: Booking, positions: Positions, attribution: Attribution) -> None:
    positions.fill(line.slug, line.outcome, line.side, line.fill)
    attribution.fill(
        line.slug, line.strategy, line.outcome, line.side, line.fill, line.at_ns, line.worth
    )


def merge(line: Merged, positions: Positions, attribution: Attribution) -> None:
    positions.merge(line.slug, line.shares)
    attribution.merge(line.slug, line.shares)


@define
class SettledRound:
    """A round that ended not long ago."""

    slug: str
    winner: Outcome | None
    at_ns: int
    peak_before: Usd
    """Of the account's realised result."""
    tokens: tuple[str, str]
    """Of Up and of Down."""
    lines: list[Line] = field(factory=list)


class Bookings:
    """State: by round, the lines of those that are open and of those settled not long ago. It
    outlives a desk."""

    def __init__(self) -> None:
        self._open: dict[str, list[Line]] = {}
        self._settled: dict[str, SettledRound] = {}
        self._failed: dict[Trade, None] = {}
        """Fills that never happened: they may be told once more, or for the first time only now."""

    # --- what happens -----------------------------------------------------------------------------

    def add(self, slug: str, line: Line) -> None:
        self._open.setdefault(slug, []).append(line)

    def settle(self, settled: SettledRound) -> None:
        settled.lines = self._open.pop(settled.slug, [])
        self._settled[settled.slug] = settled

    def forget_open(self, slug: str) -> None:
        self._open.pop(slug, None)

    def fail(self, key: Trade) -> bool:
        """Whether it was not known to have failed."""
        if key in self._failed:
            return False
        self._failed[key] = None
        if len(self._failed) > _MOST_FAILED:
            del self._failed[next(iter(self._failed))]
        return True

    @property
    def failed(self) -> tuple[Trade, ...]:
        """Fills that never happened, as far back as they are remembered."""
        return tuple(self._failed)

    def has_failed(self, key: Trade) -> bool:
        return key in self._failed

    def forget_settled(self, before_ns: int) -> None:
        """Those settled before it."""
        old = [slug for slug, one in self._settled.items() if one.at_ns < before_ns]
        for slug in old:
            del self._settled[slug]

    def replace(self, slug: str, lines: list[Line]) -> None:
        """Of a round that was reckoned anew."""
        settled = self._settled.get(slug)
        if settled is not None:
            settled.lines = lines
        elif lines:
            self._open[slug] = lines
        else:
            self._open.pop(slug, None)

    # --- what is so -------------------------------------------------------------------------------

    def lines(self, slug: str) -> list[Line]:
        settled = self._settled.get(slug)
        return list(self._open.get(slug, ()) if settled is None else settled.lines)

    def settled_of(self, slug: str) -> SettledRound | None:
        return self._settled.get(slug)

    def settled_token(self, token_id: str) -> tuple[str, Outcome] | None:
        """Of which round settled not long ago this is an outcome."""
        for slug, one in self._settled.items():
            if token_id in one.tokens:
                return slug, list(Outcome)[one.tokens.index(token_id)]
        return None

    def knows(self, key: Trade) -> bool:
        """Whether this fill is booked, in a round that is open or was not long ago."""
        return self.find(key) is not None

    def knows_of(self, slug: str, key: Trade) -> bool:
        """The same of one round."""
        return any(isinstance(one, Booking) and one.key == key for one in self._open.get(slug, ()))

    def keys(self) -> set[Trade]:
        """Every fill and every merge that is booked."""
        kept = [*self._open.values(), *(one.lines for one in self._settled.values())]
        return {line.key for lines in kept for line in lines if isinstance(line, Booking | Merged)}

    def counts(self, key: Trade) -> bool:
        """Whether it is one of those."""
        return key in self.keys()

    def find(self, key: Trade) -> Booking | None:
        kept = [*self._open.values(), *(one.lines for one in self._settled.values())]
        found = (line for lines in kept for line in lines if isinstance(line, Booking))
        return next((line for line in found if line.key == key), None)

    def state(self) -> tuple[object, ...]:
        opened = [(slug, [one.state() for one in lines]) for slug, lines in self._open.items()]
        ended = [
            (slug, str(one.winner), one.at_ns, [line.state() for line in one.lines])
            for slug, one in self._settled.items()
        ]
        return (sorted(opened), sorted(ended), list(self._failed))


def without(lines: Sequence[Line], event: Reversed, outcome: Outcome) -> list[Line]:
    """The lines as if the fill had never been. What the venue said was held after it is less by
    the fill; where no line tells of it, it was part of the first such word."""
    key = (event.order_id, event.trade_id)
    ours = [line.key if isinstance(line, Booking) else None for line in lines]
    first = ours.index(key) if key in ours else -1
    kept = list[Line]()
    for number, line in enumerate(lines):
        if isinstance(line, Restored) and number > first:
            kept.append(evolve(line, held=_less(line.held, event, outcome)))
        elif number != first:
            kept.append(line)
    return kept


def _less(held: HeldRound, event: Reversed, outcome: Outcome) -> HeldRound:
    """Shares and cash to the millionth; the cost that the others keep is an average."""
    by_outcome = {one.outcome: one for one in held.holdings}
    before = by_outcome.get(outcome, Holding(outcome, Shares(0), Usd(0)))
    if event.side is Side.BUY:
        paid = cost_of(event.price, event.shares) + event.fee
        shares, cost, flow = before.shares - event.shares, max(0, before.cost - paid), paid
    else:
        got = proceeds_of(event.price, event.shares) - event.fee
        shares, flow = before.shares + event.shares, -got
        cost = before.cost * shares // before.shares if before.shares > 0 else before.cost
    after = Holding(outcome, Shares(shares), Usd(cost if shares > 0 else 0))
    by_outcome[outcome] = after
    holdings = tuple(by_outcome[one] for one in Outcome if one in by_outcome)
    kept = tuple(one for one in holdings if one.shares)
    return evolve(held, holdings=kept, cash_flow=Usd(held.cash_flow + flow))
