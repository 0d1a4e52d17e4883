"""What a wallet is to do next on the chain, and what waits for company. Pure.

A relayer's call is one unit of a day's quota however many rounds are in it, so what can wait does,
for so long as the settings say, and so that the day's calls last until its end; unless so much of
the money waits that it is short. What pays its own gas has one call a batch: winners wait for no
company, and dust stays. Pairs are paid with their round as well, so one that ends soon needs no
call for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd


class WorkKind(str, Enum):
    MERGE = "merge"
    """Shares of both outcomes of a round that is open become dollars."""
    REDEEM = "redeem"
    """Shares of a round that the chain has resolved are paid."""


WorkName = tuple[WorkKind, str, str]
"""Kind, round, and of which outcome where it is one alone."""


@frozen
class WalletWork:
    """One round's part in a batch."""

    kind: WorkKind
    round: Round
    up: Shares
    down: Shares
    """Shares that it takes away."""
    worth: Usd
    """Dollars that it brings."""
    is_ours: bool = True
    """False of a round that no ledger here knows: its dollars are new."""

    @property
    def name(self) -> WorkName:
        is_one = self.kind is WorkKind.REDEEM and self.round.protocol == "v2"
        outcome = Outcome.UP.value if self.up else Outcome.DOWN.value
        return (self.kind, self.round.slug, outcome if is_one else "")

    @property
    def held(self) -> dict[Outcome, int]:
        return {Outcome.UP: self.up, Outcome.DOWN: self.down}


@frozen
class Waiting:
    """A work that could be done now."""

    work: WalletWork
    since_ns: int


@frozen
class WorkRules:
    within_ns: int
    dust: Usd
    most: int
    """Calls in a batch."""
    merge_within_ns: int = 0
    """The same of pairs. Those of a round that ends sooner are redeemed with it."""
    not_before_ns: int = 0
    """Another call now would be one too many later in the day."""
    free: Usd = Usd(0)
    """Dollars that can be spent."""
    short_ppm: int = MICRO
    """Where more than this part of those and of what waits is waiting, it goes at once."""

    @property
    def is_alone(self) -> bool:
        """Whether nothing goes along with anything else: who waits for company waits in vain."""
        return self.most <= 1

    def is_short(self, waits: int) -> bool:
        return waits * MICRO > (waits + max(0, self.free)) * self.short_ppm


def next_batch(
    waiting: Iterable[Waiting],
    rules: WorkRules,
    now_ns: int,
    alone: frozenset[WorkName] = frozenset(),
) -> tuple[WalletWork, ...]:
    """Nothing before something must go; then everything goes that fits, what waits longest first.
    `alone`: what failed in company."""
    ready = [one for one in waiting if not _stays(one.work, rules)]
    ready.sort(key=lambda one: (one.since_ns, one.work.name))
    is_short = rules.is_short(sum(one.work.worth for one in ready))
    if now_ns < rules.not_before_ns and not is_short:
        return ()
    due = [one for one in ready if _is_due(one, rules, now_ns, is_short=is_short)]
    most = max(1, rules.most)
    if not due and (rules.is_alone or len(ready) < most):
        return ()
    first = (due or ready)[0].work
    if first.name in alone:
        return (first,)
    company = [one.work for one in (*due, *ready) if one.work.name not in alone]
    return tuple(dict.fromkeys(company))[:most]


def _stays(work: WalletWork, rules: WorkRules) -> bool:
    """Dust where every call costs."""
    return work.worth <= 0 or (rules.is_alone and work.worth < rules.dust)


def _is_due(one: Waiting, rules: WorkRules, now_ns: int, *, is_short: bool) -> bool:
    """Whether it is a reason for a call."""
    if one.work.worth < rules.dust:
        return False
    if is_short:
        return True
    waited_ns = now_ns - one.since_ns
    if one.work.kind is WorkKind.REDEEM:
        return rules.is_alone or waited_ns >= rules.within_ns
    left_ns = max(0, one.work.round.closes_ns - now_ns)
    return min(waited_ns, left_ns) >= rules.merge_within_ns


def pause_ns(tries: int) -> int:
    """After so many failures: half a minute, and twice as long each time, an hour at most."""
    return min(30 << min(max(0, tries - 1), 7), 3_600) * NS_PER_S


def redemptions(
    listed: Round, there: Sequence[Shares], pays: Sequence[int], *, is_ours: bool = True
) -> list[WalletWork]:
    """Of a resolved round: what a wallet has of Up and of Down, and what a share of each pays, in
    millionths. The one protocol takes both in one call, the other an outcome a call, not losers."""
    (up, down), nothing = there, Shares(0)
    worth = [shares * each // MICRO for shares, each in zip(there, pays, strict=True)]
    sides = [(up, nothing, worth[0]), (nothing, down, worth[1])]
    if listed.protocol != "v2":
        sides = [(up, down, sum(worth))]
    return [
        WalletWork(WorkKind.REDEEM, listed, one, other, Usd(paid), is_ours)
        for one, other, paid in sides
        if paid
    ]
