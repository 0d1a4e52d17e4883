"""From the fills of a round to trades: one position of one strategy, from its entry to its end.

A strategy is in a position while it holds an unpaired lot at least of one outcome, which is how its
entries and exits are counted (`ledger/attribution.py`). Every millionth of money and every share
that attribution gives to a strategy belongs to one of its trades, so they add up to its result. A
fill that turns a position round is the exit of one trade and the entry of the next, by shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, field

from polytui.ledger.bookings import Booking, Line, Merged, Reckoning
from polytui.ledger.strategy_part import StrategyPart
from polytui.model.instrument import Outcome
from polytui.model.units import MICRO

SOLD, SETTLED, CANCELLED, UNSEEN = "sold", "settled", "void", "unseen"


@define
class Trade:
    """One of them, as far as it has come."""

    strategy: str
    number: int
    outcome: Outcome
    opened_ns: int
    closed_ns: int | None = None
    entry_order_id: str = ""
    exit_order_id: str = ""
    up: int = 0
    down: int = 0
    """Bought less sold by its fills."""
    entered: int = 0
    entry_value: int = 0
    """Price times shares, in millionths of millionths."""
    left: int = 0
    left_value: int = 0
    stake: int = 0
    fees: int = 0
    flow: int = 0
    payout: int | None = None
    ended: str = ""

    @property
    def pnl(self) -> int | None:
        if self.payout is not None:
            return self.flow + self.payout
        is_known = self.closed_ns is not None and self.ended != UNSEEN
        return self.flow + min(self.up, self.down) if is_known else None

    @property
    def entry_px(self) -> int | None:
        return _mean(self.entry_value, self.entered)

    @property
    def exit_px(self) -> int | None:
        return _mean(self.left_value, self.left)

    def take(self, line: Line, change: StrategyPart) -> None:
        """A fill's part in it."""
        self.up += change.up
        self.down += change.down
        self.flow += change.flow
        self.fees += change.fees
        own, other = change.up, change.down
        if self.outcome is Outcome.DOWN:
            own, other = other, own
        ahead = own - other
        value = _value(line, self.outcome, ahead, change.flow)
        order_id = line.order_id if isinstance(line, Booking) else ""
        if ahead > 0:
            self.entered += ahead
            self.entry_value += value
            self.stake -= change.flow
            self.entry_order_id = self.entry_order_id or order_id
        elif ahead < 0:
            self.left -= ahead
            self.left_value += value
            self.exit_order_id = order_id or self.exit_order_id

    def merge(self, pairs: int) -> None:
        """They pay now what they would have paid at the end."""
        self.up -= pairs
        self.down -= pairs
        self.flow += pairs

    def settle(self, payout: int, px: int, at_ns: int, ended: str) -> None:
        """`px`: what a share of its outcome paid."""
        self.payout = payout
        if self.closed_ns is None:
            self.closed_ns, self.ended = at_ns, ended
        if (rest := self.entered - self.left) > 0:
            self.left += rest
            self.left_value += rest * px


def _mean(value: int, shares: int) -> int | None:
    return (2 * value + shares) // (2 * shares) if shares > 0 else None


def _value(line: Line, outcome: Outcome, ahead: int, flow: int) -> int:
    """Price times shares, of shares that came or left: the complement bought at p is a share sold
    at 1 - p. Of what the venue said is held, what it said that it cost."""
    if not isinstance(line, Booking):
        return abs(flow) * MICRO
    price = line.fill.price if line.outcome is outcome else MICRO - line.fill.price
    return price * abs(ahead)


@define
class TradeBook:
    """State: one round's fills reckoned so far, and the trades that they come to."""

    slug: str
    lines: list[Line] = field(factory=list)
    trades: list[Trade] = field(factory=list)
    _reckoning: Reckoning = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._reckoning = Reckoning(self.slug)

    def follows(self, lines: Sequence[Line]) -> bool:
        """Whether these are the lines so far, and perhaps more."""
        ours = self.lines
        return len(lines) >= len(ours) and all(
            one is other for one, other in zip(ours, lines, strict=False)
        )

    def apply(self, lines: Iterable[Line]) -> None:
        for line in lines:
            before = self._parts()
            self._reckoning.apply(line)
            self.lines.append(line)
            for strategy, after in self._parts().items():
                was = before.get(strategy, _NOTHING)
                if after != was:
                    self._book(strategy, line, was, after)

    def settle(self, winner: Outcome | None, at_ns: int) -> None:
        """Each strategy's payout among its trades; what does not divide is the last one's."""
        parts = self._parts()
        pnls = self._reckoning.attribution.settle(self.slug, winner)
        ended = CANCELLED if winner is None else SETTLED
        for strategy, pnl in pnls.items():
            own = [one for one in self.trades if one.strategy == strategy]
            rest = pnl - parts[strategy].flow
            for one in own:
                is_last = one is own[-1]
                paid = rest if is_last else _pays(one, winner)
                rest -= paid
                one.settle(paid, _px(one.outcome, winner), at_ns, ended)

    def forget(self, at_ns: int) -> None:
        """It was settled while nobody listened."""
        for one in self.trades:
            if one.closed_ns is None:
                one.closed_ns, one.ended = at_ns, UNSEEN

    def _parts(self) -> dict[str, StrategyPart]:
        return self._reckoning.attribution.parts(self.slug)

    def _book(self, strategy: str, line: Line, was: StrategyPart, after: StrategyPart) -> None:
        leads, at_ns = after.leads_to, line.at_ns
        own = [one for one in self.trades if one.strategy == strategy]
        current, change = own[-1] if own else None, after.less(was)
        if isinstance(line, Merged):
            change = _merge(own, change)
        if current is not None and current.closed_ns is None and leads is current.outcome.other:
            closing, change = _split(change, abs(was.ahead), abs(was.ahead) + abs(after.ahead))
            current.take(line, closing)
            _leave(current, at_ns)
        if current is None or (current.closed_ns is not None and leads is not None):
            outcome = leads or (line.outcome if isinstance(line, Booking) else Outcome.UP)
            current = Trade(strategy, len(own) + 1, outcome, at_ns)
            self.trades.append(current)
        current.take(line, change)
        if leads is None and current.closed_ns is None:
            _leave(current, at_ns)


_NOTHING = StrategyPart(0, 0, 0, 0)


def _merge(own: Iterable[Trade], change: StrategyPart) -> StrategyPart:
    """Pairs became dollars: of those trades that hold them, the first one first. What is left to
    book was of no trade's pairs."""
    left = min(-change.up, -change.down)
    for one in own:
        some = max(0, min(one.up, one.down, left))
        one.merge(some)
        left -= some
        change = change.less(StrategyPart(-some, -some, some, 0))
    return change


def _leave(trade: Trade, at_ns: int) -> None:
    trade.closed_ns, trade.ended = at_ns, SOLD


def _split(change: StrategyPart, part: int, whole: int) -> tuple[StrategyPart, StrategyPart]:
    first = StrategyPart(
        change.up * part // whole,
        change.down * part // whole,
        change.flow * part // whole,
        change.fees * part // whole,
    )
    return first, change.less(first)


def _pays(trade: Trade, winner: Outcome | None) -> int:
    if winner is None:
        return (trade.up + trade.down) // 2
    return trade.up if winner is Outcome.UP else trade.down


def _px(outcome: Outcome, winner: Outcome | None) -> int:
    if winner is None:
        return MICRO // 2
    return MICRO if outcome is winner else 0
