"""What a wallet is to do next on the chain, and what waits for company. Pure.

A relayer's call is one unit of a day's quota however many rounds are in it, so what can wait does,
for so long as the settings say. What pays its own gas has one call a batch, and dust stays.
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
    """The same of pairs: an open round's dollars are waited for sooner."""


def next_batch(
    waiting: Iterable[Waiting],
    rules: WorkRules,
    now_ns: int,
    alone: frozenset[WorkName] = frozenset(),
) -> tuple[WalletWork, ...]:
    """Nothing before something must go; then everything goes that fits, what waits longest first.
    `alone`: what failed in company."""
    most = max(1, rules.most)
    ready = [one for one in waiting if not _stays(one.work, rules)]
    ready.sort(key=lambda one: (one.since_ns, one.work.name))
    due = [one for one in ready if _is_due(one, rules, now_ns)]
    if not due and len(ready) < most:
        return ()
    first = (due or ready)[0].work
    if first.name in alone:
        return (first,)
    company = [one.work for one in (*due, *ready) if one.work.name not in alone]
    return tuple(dict.fromkeys(company))[:most]


def _stays(work: WalletWork, rules: WorkRules) -> bool:
    """Dust where every call costs."""
    return work.worth <= 0 or (rules.most <= 1 and work.worth < rules.dust)


def _is_due(one: Waiting, rules: WorkRules, now_ns: int) -> bool:
    if one.work.worth < rules.dust:
        return False
    is_merge = one.work.kind is WorkKind.MERGE
    within_ns = rules.merge_within_ns if is_merge else rules.within_ns
    return now_ns - one.since_ns >= within_ns


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
