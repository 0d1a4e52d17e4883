"""`polytui verdict SESSION...`: has a strategy shown an edge while the market went?

Kept for whoever arms it.
Sessions count together where a strategy had the same settings of its own in
all of them, which are those of the last one named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, frozen

from polytui.backtest.session_evidence import session_evidence
from polytui.config.load import from_canonical_json
from polytui.config.strategy_tables import table_of
from polytui.results.evidence import Evidence
from polytui.results.kept_verdicts import KeptVerdict, VerdictFile, own_digest
from polytui.results.verdicts import EdgeVerdict, to_keep, verdicts_of


@frozen
class ForwardTest:
    verdicts: tuple[EdgeVerdict, ...]
    kept: tuple[KeptVerdict, ...]
    left_out: tuple[str, ...]
    """What did not count, and why."""
    is_forward: bool

    def lines(self) -> list[str]:
        told = [f"{one.strategy}: {one.text()}" for one in self.verdicts]
        if not self.is_forward:
            told.append("a simulated market: no forward test, and no word on the real venue")
        return [*told, *self.left_out]


def forward_test(sessions: Sequence[Path], file: VerdictFile | None = None) -> ForwardTest:
    """Reads them, oldest first, and keeps the verdicts. Fatal for what is no journal."""
    found = [session_evidence(path) for path in sessions]
    last = found[-1]
    verdicts, kept, left_out = list[EdgeVerdict](), list[KeptVerdict](), list[str]()
    for name in dict.fromkeys(one.strategy for each in found for one in verdicts_of(each)):
        digest = _digests(last, name)[-1]
        same = [one for one in found if digest and set(_digests(one, name)) == {digest}]
        if missing := len(found) - len(same):
            left_out.append(f"{name}: {missing} of the sessions had other settings of it")
        if not same:
            continue
        pooled = _together(same)
        (verdict,) = (one for one in verdicts_of(pooled) if one.strategy == name)
        verdicts.append(verdict)
        own = table_of(from_canonical_json(last.settings_json), name)
        kept += to_keep(pooled, [verdict], {} if own is None else {name: own})
    (VerdictFile() if file is None else file).keep(kept)
    is_forward = all(one.coverage.is_forward for one in found)
    return ForwardTest(tuple(verdicts), tuple(kept), tuple(left_out), is_forward)


def _digests(evidence: Evidence, strategy: str) -> list[str]:
    """Of the strategy's own settings, each that was in force, those of the end last."""
    texts = (*evidence.settings_before, evidence.settings_json)
    tables = [table_of(from_canonical_json(text), strategy) for text in texts if text]
    return ["" if own is None else own_digest(own) for own in tables] or [""]


def _together(found: Sequence[Evidence]) -> Evidence:
    """As if it had been one session: what verdicts are made of. A round that one of them saw
    settled is settled."""
    rounds = {one.slug: one for each in found for one in each.rounds if one.winner}
    covered = [one.coverage for one in found]
    coverage = evolve(
        covered[-1],
        data="; ".join(one.data for one in covered),
        from_ns=min(one.from_ns for one in covered),
        is_forward=all(one.is_forward for one in covered),
    )
    return evolve(
        found[-1],
        coverage=coverage,
        rounds=tuple(rounds.values()),
        trades=tuple(one for each in found for one in each.trades),
        blocks=tuple(one for each in found for one in each.blocks),
    )
