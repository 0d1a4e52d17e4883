"""Who judges the verdicts: what counts as a fault of theirs."""

from __future__ import annotations

import pytest

from benchmarks.edge_checks import READER, Checked, faults, positives, table_of
from polytui.results.kept_verdicts import EdgeWord
from polytui.results.verdicts import EdgeVerdict
from polytui.strategy.registry import STRATEGIES


def checked(name: str, positive: dict[str, int], seeds: int = 20) -> list[Checked]:
    """Each strategy is called positive in the first so many seeds."""
    return [
        Checked(
            name,
            seed,
            tuple(
                EdgeVerdict(
                    strategy.name,
                    True,
                    EdgeWord.POSITIVE if seed < positive.get(strategy.name, 0) else EdgeWord.NONE,
                    *(30, 300.0, 3.0, None, 1.0, None),
                )
                for strategy in STRATEGIES
            ),
        )
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    ("null", "planted", "count"),
    [
        ({}, {READER: 20}, 0),
        ({"confluence": 1, READER: 1}, {READER: 19}, 0),
        ({"confluence": 2}, {READER: 20}, 1),
        ({}, {READER: 18}, 1),
        ({"confluence": 2, "predictor": 3}, {}, 3),
    ],
)
def test_one_false_call_and_one_miss_of_twenty_are_allowed(
    null: dict[str, int], planted: dict[str, int], count: int
) -> None:
    found = [*checked("null", null), *checked("planted", planted)]
    assert len(faults(found, 20)) == count
    assert positives(found, "null")["confluence"] == list(range(null.get("confluence", 0)))
    table = table_of(found, 20)
    assert table.row_count == len(STRATEGIES)
    judged = [column for column in table.columns if column.header == "judged"]
    assert [set(column.cells) for column in judged] == [{"20"}, {"20"}]
    assert set(next(iter(table_of(found[:1], 1).columns[2].cells))) == {"1"}
