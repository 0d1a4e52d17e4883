"""Who holds what, and what came of it: each strategy's shares, cost and result, to the millionth.

`positions.py` knows what the account holds and reconciles with the venue; this says whose it is.
The same class tracks live fills and virtual ones. Shares and money are conserved: whatever is
split among strategies adds up to the fill it came from.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field, frozen

from polytui.ledger.hands import merge_pairs, take
from polytui.ledger.lots import Lot, split
from polytui.ledger.strategy_part import StrategyPart
from polytui.model.events import HeldRound
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import LOT, Shares, Usd, cost_of, proceeds_of

NOBODY = ""
"""Holds what no strategy accounts for: fills of an earlier life of the desk."""


@frozen
class StrategyPosition:
    """Shares of one strategy that are not paired: what may still be won, lost, or left."""

    strategy: str
    outcome: Outcome
    shares: Shares
    cost: Usd
    """Paid for these shares, fees included."""
    since_ns: int
    """When the strategy, holding none of this outcome, bought the first of them."""


@frozen
class Claim:
    """What a strategy said of all that it entered in one round, and what it paid for it."""

    strategy: str
    shares: int
    cost: int
    """Fees included."""
    worth: float
    """Dollars a share, the mean over the shares."""


@define
class StrategyResult:
    """What came of one strategy. Entries, exits, positions and fees count when they happen; wins,
    losses and PnL when a round settles."""

    entries: int = 0
    exits: int = 0
    """Positions left before settlement, sold or paired, down to less than a lot."""
    wins: int = 0
    losses: int = 0
    """Settled rounds, by the sign of their PnL after fees."""
    staked: Usd = Usd(0)
    """Paid in all, fees included."""
    fees: Usd = Usd(0)
    pnl: Usd = Usd(0)
    open_cost: Usd = Usd(0)
    """Paid for what is held now, paired or not."""

    def add(self, other: StrategyResult, sign: int) -> None:
        """All that is counted, of what is held now nothing."""
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))


_COUNTED = ("entries", "exits", "wins", "losses", "staked", "fees", "pnl")
_NOTHING = StrategyResult()


@define
class _Part:
    """One strategy's part in one round. `flow` is all received minus all paid, with fees."""

    strategy: str
    up: Lot = field(factory=Lot)
    down: Lot = field(factory=Lot)
    flow: int = 0
    leading: Outcome | None = None
    """The outcome of which it holds an unpaired lot at least; None when it is out."""
    claimed: tuple[int, int, float] | None = (0, 0, 0.0)
    """(shares, cost, dollars that they were said to be worth) of entries that claimed something;
    None where not all of its shares are its own doing."""

    def lot(self, outcome: Outcome) -> Lot:
        return self.up if outcome is Outcome.UP else self.down

    @property
    def pairs(self) -> int:
        return min(self.up.held, self.down.held)

    def leads_to(self) -> Outcome | None:
        """What `leading` ought to be by the shares held."""
        ahead = self.up.held - self.down.held
        if abs(ahead) < LOT:
            return None
        return Outcome.UP if ahead > 0 else Outcome.DOWN

    def open_lot(self) -> tuple[Outcome, Lot] | None:
        """The outcome it holds more of, with all of its shares."""
        if self.up.held == self.down.held:
            return None
        outcome = Outcome.UP if self.up.held > self.down.held else Outcome.DOWN
        return outcome, self.lot(outcome)

    def state(self) -> tuple[object, ...]:
        return (self.strategy, self.up.state(), self.down.state(), self.flow, self.claimed)


@define
class _Round:
    """Parts by strategy, and the positions made of them until something changes."""

    parts: dict[str, _Part] = field(factory=dict)
    positions: tuple[StrategyPosition, ...] | None = None
    entered: int = 0
    """Lots that were begun, to number them."""

    def part(self, strategy: str) -> _Part:
        return self.parts.setdefault(strategy, _Part(strategy))

    def shares(self, outcome: Outcome) -> int:
        return sum([part.lot(outcome).shares for part in self.parts.values()])

    def cost(self, outcome: Outcome) -> int:
        return sum([part.lot(outcome).cost for part in self.parts.values()])

    def holders(self, outcome: Outcome) -> list[_Part]:
        """In the order of their entry."""
        held = [part for part in self.parts.values() if part.lot(outcome).held]
        return sorted(held, key=lambda part: part.lot(outcome).number)


class Attribution:
    """State: by round what each strategy holds, and by strategy what came of it.

    Written by fills, settlements and `restore`. A strategy that leaves by buying the complement
    must buy it under its own name: pairs are made within a strategy only.
    """

    def __init__(self) -> None:
        self._rounds: dict[str, _Round] = {}
        self._results: dict[str, StrategyResult] = {}

    # --- what happens ---------------------------------------------------------------------------

    def fill(
        self,
        slug: str,
        strategy: str,
        outcome: Outcome,
        side: Side,
        fill: Fill,
        now_ns: int,
        worth: float | None = None,
    ) -> None:
        """Book a fill. A sale takes the seller's own shares first, then those of the others in
        the order of their entry; where all of them are too few, the seller owes the rest.
        `worth`: dollars that a share bought is claimed to be worth."""
        if side is Side.BUY:
            cost = cost_of(fill.price, fill.shares) + fill.fee
            self._result(strategy).fees = Usd(self._result(strategy).fees + fill.fee)
            self._buy(slug, strategy, outcome, fill.shares, cost, now_ns)
            if worth is not None:
                self._claim(slug, strategy, fill.shares, cost, worth)
        else:
            self._sell(slug, strategy, outcome, fill)

    def merge(self, slug: str, shares: Shares) -> None:
        """So many of each outcome became dollars: out of the pairs in one strategy's hands, a
        dollar each. Where more went than those, of whoever entered last, half a dollar a share."""
        listed = self._rounds.setdefault(slug, _Round())
        merged, left = merge_pairs(listed.parts.values(), shares)
        for part, some in merged:
            part.flow += some
        self._count(listed, [part for part, _ in merged])
        if left:
            gone = [one for each in Outcome for one in self._give_up(listed, each, left)]
            self._share_out(listed, gone, left)

    def _give_up(self, listed: _Round, outcome: Outcome, shares: int) -> list[tuple[_Part, int]]:
        gone = take(listed.holders(outcome)[::-1], outcome, shares)
        for part, _ in gone:
            part.claimed = None
        if owed := shares - sum([some for _, some in gone]):
            self._result(NOBODY)
            listed.part(NOBODY).lot(outcome).owe(owed)
            gone.append((listed.part(NOBODY), owed))
        return gone

    def claims(self, slug: str) -> tuple[Claim, ...]:
        """What strategies said of their entries in a round, those that said anything."""
        listed = self._rounds.get(slug)
        found = []
        for part in listed.parts.values() if listed else ():
            shares, cost, worth = part.claimed or (0, 0, 0.0)
            if shares:
                found.append(Claim(part.strategy, shares, cost, worth / shares))
        return tuple(found)

    def settle(self, slug: str, winner: Outcome | None) -> dict[str, Usd]:
        """Close a round: realised PnL by strategy, by the rule of positions."""
        pnls: dict[str, Usd] = {}
        halves = 0
        for part in self._rounds.pop(slug, _Round()).parts.values():
            if winner is None:
                # Of the shares so far, less what was paid so far: odd ones add up as well.
                before, halves = halves, halves + sum(part.lot(one).shares for one in Outcome)
                paid = halves // 2 - before // 2
            else:
                paid = part.lot(winner).shares
            pnl = pnls[part.strategy] = Usd(part.flow + paid)
            result = self._result(part.strategy)
            result.pnl = Usd(result.pnl + pnl)
            result.wins += pnl > 0
            result.losses += pnl < 0
        return pnls

    def forget(self, slug: str) -> None:
        """A round that ended unseen: nobody can say any more whose result it was."""
        self._rounds.pop(slug, None)

    def rebook(self, slug: str, before: Attribution, after: Attribution) -> None:
        """A round was reckoned anew from its fills: `before` as it stood, `after` as it stands now,
        each of them this one round and nothing else."""
        self._rounds.pop(slug, None)
        if (listed := after._rounds.get(slug)) is not None:
            self._rounds[slug] = listed
        for one, sign in ((before, -1), (after, 1)):
            for name, result in one._results.items():
                self._result(name).add(result, sign)

    def restore(self, held: HeldRound, now_ns: int) -> None:
        """Agree with what the venue says after a crash, in shares and in cash to the millionth.

        Shares that nobody accounts for belong to NOBODY; shares too many leave, newest first. The
        cash of sales that were never heard of goes to those whose shares left, else to NOBODY.
        """
        listed = self._rounds.setdefault(held.round.slug, _Round())
        left: list[tuple[_Part, int]] = []
        for outcome in Outcome:
            shares, cost = held.of(outcome)
            missing = shares - listed.shares(outcome)
            if missing > 0:
                cost = max(0, cost - listed.cost(outcome))
                self._buy(held.round.slug, NOBODY, outcome, missing, cost, now_ns)
            else:
                left += take(listed.holders(outcome)[::-1], outcome, -missing)
        flow = held.cash_flow - sum([part.flow for part in listed.parts.values()])
        self._share_out(listed, left, flow)
        for part, _ in left:
            part.claimed = None  # what happened to it was not seen

    # --- what is so -----------------------------------------------------------------------------

    @property
    def rounds(self) -> tuple[str, ...]:
        """Every round in which something was filled and that is not settled."""
        return tuple(self._rounds)

    def open(self, slug: str) -> tuple[StrategyPosition, ...]:
        """The unpaired positions of a round, in the order of their entry."""
        listed = self._rounds.get(slug)
        if listed is None:
            return ()
        if listed.positions is None:
            listed.positions = _positions(listed)
        return listed.positions

    def paired(self, slug: str) -> Shares:
        """Pairs of Up and Down in the hands of one strategy: each pays a dollar whoever wins."""
        listed = self._rounds.get(slug)
        return Shares(sum([part.pairs for part in listed.parts.values()]) if listed else 0)

    def held(self, slug: str, strategy: str, outcome: Outcome) -> Shares:
        """All that a strategy holds of an outcome, paired or not."""
        listed = self._rounds.get(slug)
        part = listed.parts.get(strategy) if listed else None
        return Shares(part.lot(outcome).held if part else 0)

    def parts(self, slug: str) -> dict[str, StrategyPart]:
        """What each strategy holds in a round, and what it received and paid there. Fees are those
        of all rounds."""
        found = self._rounds.get(slug, _Round()).parts.values()
        fees = {name: result.fees for name, result in self._results.items()}
        return {
            one.strategy: StrategyPart(
                one.up.shares, one.down.shares, one.flow, fees.get(one.strategy, 0)
            )
            for one in found
        }

    def results(self) -> dict[str, StrategyResult]:
        """By strategy, in the order of their first fills; copies."""
        costs = dict.fromkeys(self._results, 0)
        for listed in self._rounds.values():
            for part in listed.parts.values():
                costs[part.strategy] += part.up.cost + part.down.cost
        return {
            name: evolve(result, open_cost=Usd(costs[name]))
            for name, result in self._results.items()
            if costs[name] or result != _NOTHING
        }

    def state(self) -> tuple[object, ...]:
        rounds = [
            (slug, listed.entered, [part.state() for _, part in sorted(listed.parts.items())])
            for slug, listed in sorted(self._rounds.items())
        ]
        results = [
            (name, r.entries, r.exits, r.wins, r.losses, r.staked, r.fees, r.pnl)
            for name, r in sorted(self._results.items())
            if r != _NOTHING
        ]
        return (rounds, results)

    # --- how ------------------------------------------------------------------------------------

    def _result(self, strategy: str) -> StrategyResult:
        return self._results.setdefault(strategy, StrategyResult())

    def _buy(
        self, slug: str, strategy: str, outcome: Outcome, shares: int, cost: int, now_ns: int
    ) -> None:
        listed = self._rounds.setdefault(slug, _Round())
        part, result = listed.part(strategy), self._result(strategy)
        lot = part.lot(outcome)
        if not lot.held:
            listed.entered += 1
            lot.since_ns, lot.number = now_ns, listed.entered
        lot.add(shares, cost)
        part.flow -= cost
        result.staked = Usd(result.staked + cost)
        self._count(listed, (part,))

    def _claim(self, slug: str, strategy: str, shares: int, cost: int, worth: float) -> None:
        part = self._rounds[slug].part(strategy)
        if part.claimed is not None:
            before = part.claimed
            part.claimed = (before[0] + shares, before[1] + cost, before[2] + worth * shares)

    def _sell(self, slug: str, strategy: str, outcome: Outcome, fill: Fill) -> None:
        listed = self._rounds.setdefault(slug, _Round())
        holders = listed.holders(outcome)
        holders.sort(key=lambda part: part.strategy != strategy)  # stable: its own first
        sold = take(holders, outcome, fill.shares)
        if owed := fill.shares - sum([shares for _, shares in sold]):
            part = listed.part(strategy)
            part.lot(outcome).owe(owed)
            sold.append((part, owed))
        fees = split(fill.fee, [shares for _, shares in sold])
        for (part, _), fee in zip(sold, fees, strict=True):
            result = self._result(part.strategy)
            result.fees = Usd(result.fees + fee)
        self._share_out(listed, sold, proceeds_of(fill.price, fill.shares) - fill.fee)

    def _share_out(self, listed: _Round, left: list[tuple[_Part, int]], flow: int) -> None:
        """Cash to those whose shares left, by how many; what is nobody's goes to NOBODY."""
        if flow and not left:
            self._result(NOBODY)
            left = [(listed.part(NOBODY), 1)]
        flows = split(flow, [shares for _, shares in left])
        for (part, _), share in zip(left, flows, strict=True):
            part.flow += share
        self._count(listed, [part for part, _ in left])

    def _count(self, listed: _Round, changed: Iterable[_Part]) -> None:
        """Entries and exits of strategies whose shares changed."""
        listed.positions = None
        for part in changed:
            before, part.leading = part.leading, part.leads_to()
            if part.leading is not before:
                result = self._result(part.strategy)
                result.exits += before is not None
                result.entries += part.leading is not None


def _positions(listed: _Round) -> tuple[StrategyPosition, ...]:
    opened = [(part, *found) for part in listed.parts.values() if (found := part.open_lot())]
    opened.sort(key=lambda one: one[2].number)
    return tuple([_position(part, outcome, lot) for part, outcome, lot in opened])


def _position(part: _Part, outcome: Outcome, lot: Lot) -> StrategyPosition:
    shares = lot.shares - part.pairs
    cost = lot.cost * shares // lot.shares
    return StrategyPosition(part.strategy, outcome, Shares(shares), Usd(cost), lot.since_ns)
