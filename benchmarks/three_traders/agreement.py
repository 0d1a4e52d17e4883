"""Whether everybody's trades agree, and who met whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, permutations
from typing import Any, NamedTuple

from attrs import define, field, frozen

from benchmarks.three_traders.legs import LegKey, Told
from polytui.model.units import parse_micro

CROWD = "the crowd"


@frozen
class Has:
    """Dollars in millionths, and shares by token, without what is nothing."""

    usd: int
    shares: dict[str, int]

    def after(self, winners: Mapping[str, bool]) -> Has:
        """Once every round that is over was paid, which one side may have done and the other not;
        `winners` by token, of those rounds alone."""
        paid = sum(count for token, count in self.shares.items() if winners.get(token))
        left = {token: count for token, count in self.shares.items() if token not in winners}
        return Has(self.usd + paid, left)


class Meeting(NamedTuple):
    taker: str
    maker: str
    kind: str
    """cross, mint or merge."""


@define
class Agreement:
    """State: what was compared, and what was not the same."""

    legs: Counter[str] = field(factory=Counter)
    """Compared, by trader."""
    failed: Counter[str] = field(factory=Counter)
    meetings: Counter[Meeting] = field(factory=Counter)
    shares: Counter[Meeting] = field(factory=Counter)
    """In millionths."""
    differences: list[str] = field(factory=list)

    def compare(self, name: str, said: Told, there: Told) -> None:
        """One trader's own account of it against the venue's."""
        for key in sorted(said.legs.keys() | there.legs.keys()):
            ours, theirs = said.legs.get(key), there.legs.get(key)
            if ours != theirs:
                self.differences.append(
                    f"{name}: {_named(key)}: told {ours or 'nothing'}, the venue has"
                    f" {theirs or 'nothing'}"
                )
        for trade_id in sorted(said.failed ^ there.failed):
            whose = name if trade_id in said.failed else "the venue"
            self.differences.append(f"{name}: trade {trade_id} failed as {whose} says alone")
        self.legs[name] += len(there.legs)
        self.failed[name] += len(there.failed)

    def hold(self, name: str, whose: str, has: Has, there: Has) -> None:
        """What a trader has by `whose` reckoning, against what the venue holds for it."""
        if has.usd != there.usd:
            self.differences.append(f"{name}: {has.usd} by {whose}, {there.usd} at the venue")
        for token in sorted(has.shares.keys() | there.shares.keys()):
            ours, theirs = has.shares.get(token, 0), there.shares.get(token, 0)
            if ours != theirs:
                what = f"{ours} by {whose}, {theirs} at the venue"
                self.differences.append(f"{name}: shares of {token}: {what}")

    def meet(self, trades: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> None:
        """Who met whom, in the venue's documents of trades, each of which counts once; `names` by
        wallet, all others are the crowd."""
        for trade in {one["id"]: one for one in trades}.values():
            taker = names.get(trade["maker_address"], CROWD)
            for part in trade["maker_orders"]:
                maker = names.get(part["maker_address"], CROWD)
                met = Meeting(taker, maker, _kind(trade, part))
                self.meetings[met] += 1
                self.shares[met] += parse_micro(part["matched_amount"])

    def pair(self, taker: str, maker: str) -> int:
        return sum(n for met, n in self.meetings.items() if met[:2] == (taker, maker))

    def never(self, names: Iterable[str], *, is_each_way: bool) -> Iterator[str]:
        """What a run must have and did not: every two of them met, in a long run each taking from
        each; and sets were minted and ended where two of them met."""
        everybody = tuple(names)
        for taker, maker in permutations(everybody, 2):
            if is_each_way and not self.pair(taker, maker):
                yield f"{taker} never took from {maker}"
        for one, other in combinations(everybody, 2):
            if not self.pair(one, other) + self.pair(other, one):
                yield f"{one} and {other} never met"
        own = {met.kind for met in self.meetings if {*met[:2]} <= {*everybody}}
        wanted = ("cross", "mint", "merge") if is_each_way else ()
        yield from (f"no {kind} between any two of them" for kind in wanted if kind not in own)


def _kind(trade: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    if trade["asset_id"] == part["asset_id"]:
        return "cross"
    return "mint" if trade["side"] == "BUY" else "merge"


def _named(key: LegKey) -> str:
    return f"{key.role} {key.side} of trade {key.trade_id}"
