"""Sessions of chance, with crashes, fills that are taken back and rounds that nobody saw settle:
the lines of all days add up to what the ledger realised."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from told_sessions import HEADER, NAME, put, told_session

from polytui.store.database import Database, database_of
from polytui.store.files.keeper import Keeper
from polytui.store.fold import Fold


def lines(paths: list[Path]) -> list[dict[str, str]]:
    return [
        line
        for path in paths
        for line in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))
    ]


@pytest.mark.parametrize(
    "seed", [3, *(pytest.param(more, marks=pytest.mark.long) for more in (4, 5, 6))]
)
def test_every_millionth_is_in_a_line(tmp_path: Path, seed: int) -> None:
    told = told_session(seed)
    with closing(Database(database_of(tmp_path))) as database:
        put(database, Fold(HEADER, NAME), told.records, 0)
        Keeper(database, tmp_path, pytest.fail).make()
    data = tmp_path / NAME / "data"
    trades = lines(sorted(data.rglob("trades_*.csv")))
    days = lines(sorted(data.rglob("summary_*.csv")))
    realised = Decimal(told.mind.account.realised) / 1_000_000
    assert sum(Decimal(one["pnl_usdc"] or 0) for one in trades) == realised
    assert sum(Decimal(one["total_pnl"]) for one in days) == realised
    assert realised
