"""What came of it, in the words and tables of docs/venue-clients.md, where it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from benchmarks.strangers.clients import CLOB, UNIFIED
from benchmarks.three_traders.agreement import Agreement
from benchmarks.three_traders.floor import BOT
from benchmarks.three_traders.strangers import Stranger
from polytui.model.units import MICRO

_MANY = 8
"""Rounds in which each of them must have taken from each."""
_KINDS = ("cross", "mint", "merge")


@frozen
class Trio:
    agreement: Agreement
    names: tuple[str, ...]
    strangers: tuple[Stranger, ...]
    rounds: int

    @property
    def faults(self) -> list[str]:
        never = [*self.agreement.never(self.names, is_each_way=self.rounds >= _MANY)]
        if not sum(one.did["cancelled"] for one in self.strangers):
            never.append("nothing was cancelled")
        return [*self.agreement.differences, *never]


def section(played: Trio, run: Sequence[str]) -> str:
    """The whole of it; `run` says which it was."""
    agreement = played.agreement
    packages = ", ".join((*CLOB.packages, *UNIFIED.packages)).replace("==", " ")
    told = ", ".join(run)
    meetings = sum(agreement.meetings.values())
    lines = [
        f"Our bot, {packages}, each with a wallet of its own in the same {played.rounds} rounds of"
        f" one simulated venue, written by `make trio ARGS=--write` ({told}): {meetings} meetings,"
        f" {len(agreement.differences)} differences, {len(played.faults)} faults. A meeting is one"
        " taker and one maker in a trade.",
        "",
        "| taker | maker | crosses | mints | merges | shares |",
        "|---|---|---|---|---|---|",
        *_pairs(agreement),
        "",
        *_traders(played),
    ]
    return "\n".join(lines) + "\n"


def _pairs(agreement: Agreement) -> Iterator[str]:
    for taker, maker in dict.fromkeys(met[:2] for met in sorted(agreement.meetings)):
        kinds = {met.kind: n for met, n in agreement.meetings.items() if met[:2] == (taker, maker)}
        shares = sum(n for met, n in agreement.shares.items() if met[:2] == (taker, maker))
        counts = " | ".join(str(kinds.get(kind, 0)) for kind in _KINDS)
        yield f"| {taker} | {maker} | {counts} | {shares / MICRO:,.2f} |"


def _traders(played: Trio) -> Iterator[str]:
    for name in played.names:
        legs, failed = played.agreement.legs[name], played.agreement.failed[name]
        said = "journal" if name == BOT else "list of trades"
        line = f"* {name}: {legs} sides of trades in its {said} and in the venue's books"
        yield f"{line}, {failed} trades that the chain took back"
    for one in played.strangers:
        did = ", ".join(f"{n} {what}" for what, n in one.did.most_common())
        refused = "; ".join(f"{n} x {words.strip()}" for words, n in one.refused.most_common())
        yield f"* {one.name} did: {did}. Refused: {refused or 'nothing'}"
