"""Virtual trading of strategies that may not trade, so that they are scored all the same.

A virtual order is on its way as long as a real one would be, the venue's hold of takers included,
and meets the book that is displayed then; `desk/shadowing.py` sends it and runs it through the
exchange core. It moves nothing: no effect, nobody answers its trades, and what does not trade at
once dies instead of waiting in a queue. What a strategy took it cannot take again; what another one
took is still there for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from polytui.ledger.attribution import Attribution, Claim, StrategyPosition, StrategyResult
from polytui.ledger.bookings import Booking
from polytui.ledger.taken_liquidity import TakenLiquidity
from polytui.model.effects import Reason
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Quote, Side
from polytui.model.units import Usd, cost_of

NEVER_NS = 2**63 - 1


@frozen
class Sent:
    """A virtual order on its way. `leaves`: the outcome that it closes, None where it enters; `why`
    it leaves."""

    slug: str
    strategy: str
    quote: Quote
    due_ns: int
    leaves: Outcome | None = None
    why: Reason = Reason.NONE

    def state(self) -> tuple[object, ...]:
        quote = self.quote
        order = (quote.outcome.value, quote.side.value, quote.price, quote.shares, quote.tif.value)
        leaves = "" if self.leaves is None else self.leaves.value
        return (self.slug, self.strategy, order, self.due_ns, leaves)


@frozen
class VirtualFill:
    """What an order on its way became, as it was booked; and why it left."""

    line: Booking
    why: Reason


@define
class _ShadowSeat:
    """One strategy in one round: the sides that it entered, when it last tried to leave, what it
    took of the book, and what of that no block has yet."""

    entered: list[Outcome] = field(factory=list)
    left_ns: int = 0
    taken: TakenLiquidity = field(factory=TakenLiquidity)
    awaited: list[tuple[int, Outcome, int]] = field(factory=list)
    """Shares that were bought, and when a block has them."""

    def state(self) -> tuple[object, ...]:
        """Where no block is waited for it has the digests that it always had."""
        kept = [(at_ns, outcome.value, shares) for at_ns, outcome, shares in self.awaited]
        entered = [one.value for one in self.entered]
        return (entered, self.left_ns, self.taken.state(), *([kept] if kept else []))


class Shadow:
    """State: the virtual positions and results of one asset, orders on their way, and by round and
    strategy what was done."""

    def __init__(self) -> None:
        self._attribution = Attribution()
        self._sent: list[Sent] = []
        self._seats: dict[str, dict[str, _ShadowSeat]] = {}
        self._filled: dict[str, list[VirtualFill]] = {}
        self.next_due_ns = NEVER_NS
        """When the first of those on their way arrives."""

    # --- orders ---------------------------------------------------------------------------------

    def send(self, sent: Sent) -> None:
        """Take a virtual order on its way."""
        self._sent.append(sent)
        if sent.leaves is not None:
            self._seat(sent.slug, sent.strategy).left_ns = sent.due_ns
        self._look_at_due()

    def arrived(self, now_ns: int) -> list[Sent]:
        """Those that are due, the first sent first; they are on their way no more."""
        due = [sent for sent in self._sent if sent.due_ns <= now_ns]
        self._sent = [sent for sent in self._sent if sent.due_ns > now_ns]
        self._look_at_due()
        return due

    def lose_sent(self) -> None:
        """Whoever sent them is no more."""
        self._sent = []
        self._look_at_due()

    def await_block(self, sent: Sent, shares: int, mined_ns: int) -> None:
        """So much of what an order bought cannot be sold before then."""
        self._seat(sent.slug, sent.strategy).awaited.append((mined_ns, sent.quote.outcome, shares))

    def is_waiting(self, slug: str, strategy: str) -> bool:
        """Whether an order of the strategy is on its way."""
        return any(sent.slug == slug and sent.strategy == strategy for sent in self._sent)

    def is_anyone_waiting(self, slug: str) -> bool:
        return any(sent.slug == slug for sent in self._sent)

    def fill(self, sent: Sent, fills: Sequence[Fill]) -> None:
        """Book what an order became. A side that was bought is spent."""
        quote = sent.quote
        whose = (sent.slug, sent.strategy, quote.outcome, quote.side)
        name = f"{sent.strategy}-{sent.due_ns}"
        for fill in fills:
            self._attribution.fill(*whose, fill, sent.due_ns, quote.worth)
            line = Booking(
                sent.slug,
                name,
                quote.outcome,
                quote.side,
                sent.strategy,
                fill,
                sent.due_ns,
                quote.worth,
            )
            self._filled.setdefault(sent.slug, []).append(VirtualFill(line, sent.why))
        if fills and sent.leaves is None:
            self._seat(sent.slug, sent.strategy).entered.append(quote.outcome)

    # --- rounds ---------------------------------------------------------------------------------

    def claims(self, slug: str) -> tuple[Claim, ...]:
        """What strategies said of their virtual entries in a round."""
        return self._attribution.claims(slug)

    def settle(self, slug: str, winner: Outcome | None) -> dict[str, Usd]:
        """Close a round: virtual PnL by strategy."""
        self._drop(slug)
        return self._attribution.settle(slug, winner)

    def forget(self, slug: str) -> None:
        """A round that ended unseen."""
        self._drop(slug)
        self._attribution.forget(slug)

    # --- what is so -----------------------------------------------------------------------------

    def filled(self, slug: str) -> tuple[VirtualFill, ...]:
        """Every virtual fill of a round that is not settled, the first one first."""
        return tuple(self._filled.get(slug, ()))

    @property
    def rounds(self) -> tuple[str, ...]:
        """Rounds that are not settled and in which something was filled."""
        return self._attribution.rounds

    def open(self, slug: str) -> tuple[StrategyPosition, ...]:
        """The unpaired virtual positions of a round."""
        return self._attribution.open(slug)

    def position(self, slug: str, strategy: str) -> StrategyPosition | None:
        """What one strategy has open in a round."""
        own = (
            position for position in self._attribution.open(slug) if position.strategy == strategy
        )
        return next(own, None)

    def has_entered(self, slug: str, strategy: str, outcome: Outcome) -> bool:
        seat = self._seats.get(slug, {}).get(strategy)
        return seat is not None and outcome in seat.entered

    def last_exit_ns(self, slug: str, strategy: str) -> int:
        """When its last order that leaves arrived, or will; 0 before the first."""
        seat = self._seats.get(slug, {}).get(strategy)
        return 0 if seat is None else seat.left_ns

    def awaited(self, slug: str, strategy: str, outcome: Outcome, now_ns: int) -> int:
        """Shares that a strategy bought and no block has yet."""
        seat = self._seats.get(slug, {}).get(strategy)
        if seat is None:
            return 0
        waits = (one for one in seat.awaited if one[0] > now_ns and one[1] is outcome)
        return sum([shares for _, _, shares in waits])

    def taken(self, slug: str, strategy: str) -> TakenLiquidity:
        """What the strategy took of the round's book."""
        return self._seat(slug, strategy).taken

    def at_stake(self, strategy: str) -> Usd:
        """Paid for what it holds, and what its purchases on their way may cost."""
        result = self._attribution.results().get(strategy)
        coming = sum(
            cost_of(sent.quote.price, sent.quote.shares)
            for sent in self._sent
            if sent.strategy == strategy and sent.quote.side is Side.BUY
        )
        return Usd(coming + (result.open_cost if result else 0))

    def rounds_of(self, strategy: str) -> list[str]:
        """Rounds in which it has something open."""
        return [slug for slug in self._attribution.rounds if self.position(slug, strategy)]

    def results(self) -> dict[str, StrategyResult]:
        return self._attribution.results()

    def state(self) -> tuple[object, ...]:
        seats = [
            (slug, [(name, seat.state()) for name, seat in sorted(seats.items())])
            for slug, seats in sorted(self._seats.items())
        ]
        return (self._attribution.state(), [sent.state() for sent in self._sent], seats)

    # --- how ------------------------------------------------------------------------------------

    def _seat(self, slug: str, strategy: str) -> _ShadowSeat:
        return self._seats.setdefault(slug, {}).setdefault(strategy, _ShadowSeat())

    def _drop(self, slug: str) -> None:
        self._seats.pop(slug, None)
        self._filled.pop(slug, None)
        self._sent = [sent for sent in self._sent if sent.slug != slug]
        self._look_at_due()

    def _look_at_due(self) -> None:
        self.next_due_ns = min([sent.due_ns for sent in self._sent], default=NEVER_NS)
