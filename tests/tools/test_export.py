"""Parquet of a session: what is read back is what the journal, the database and a replay say."""

from __future__ import annotations

import builtins
import json
import sys
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest
from attrs import evolve
from pyarrow import parquet

from polytui.backtest.data_set import open_data
from polytui.backtest.recorded_views import ViewRecorder
from polytui.backtest.replay import Replay, event_of
from polytui.journal.reader import JournalReader
from polytui.market.features import NAMES, SCHEMA_VERSION
from polytui.model.errors import Fatal
from polytui.model.events import (
    BookChanged,
    ExchangeQuoted,
    FeedUp,
    RoundSettled,
    TradePrinted,
)
from polytui.model.units import MICRO
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.following import read_to_its_end
from polytui.store.rows import OrderRow
from polytui.tools.export import Exported, export
from polytui.tools.export_columns import FEATURES_VERSION, ROW_TABLES

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))
from played import NAME, PlayedSession, played_session


@pytest.fixture(scope="module")
def played() -> PlayedSession:
    return played_session()


@pytest.fixture(scope="module")
def exported(played: PlayedSession, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    return export([played.folder], folder)


def test_what_was_exported_is_played_as_its_journal_is(
    played: PlayedSession, exported: Exported
) -> None:
    """Both are recordings like anybody's: rounds, winners and strikes are in them."""
    journal, files = open_data([played.folder]), open_data([Path(exported.folder)])
    moments = list(journal.moments())
    assert moments == list(files.moments())
    coverage = journal.coverage
    assert coverage.used >= 2
    assert coverage.modelled == ()
    named = {"files": (), "recorded": (), "data": "", "notes": (), "facts": ()}
    assert evolve(coverage, **named) == evolve(files.coverage, **named)
    kinds = Counter(type(event) for one in moments for event in one.events)
    assert kinds[RoundSettled] == coverage.used
    assert min(kinds[one] for one in (BookChanged, TradePrinted, ExchangeQuoted)) > 100
    feeds = {one.feed for at in moments for one in at.events if isinstance(one, FeedUp)}
    assert {"book", "rtds", "binance", "bybit", "coinbase"} <= feeds


def read(exported: Exported, name: str) -> pl.DataFrame:
    return pl.read_parquet(Path(exported.folder) / f"{name}.parquet")


def test_every_event_of_the_journal_is_there(played: PlayedSession, exported: Exported) -> None:
    events = read(exported, "events")
    with JournalReader(played.folder) as journal:
        records = [record for record in journal if record.is_event]
    assert len(events) == len(records) == exported.rows["events"]
    for at in (0, len(records) // 2, -1):
        row, record = events.row(at, named=True), records[at]
        assert (row["session"], row["seq"], row["asset"]) == (NAME, record.seq, record.asset)
        assert json.loads(row["data"]) == json.loads(bytes(record.event))
        assert row["kind"] == json.loads(row["data"])[0]
    assert events["at"].cast(pl.Int64).to_list() == [record.at for record in records]


def test_what_was_traded_is_the_databases_to_the_millionth(
    played: PlayedSession, exported: Exported, tmp_path: Path
) -> None:
    path = database_of(tmp_path)
    with closing(Database(path)) as database:
        read_to_its_end(database, played.folder)
    for name, table in ROW_TABLES.items():
        found = read(exported, name).rows()
        with closing(open_read_only(path)) as connection:
            said = f"SELECT * FROM {table.TABLE} ORDER BY {', '.join(table.KEY)}"
            rows = connection.execute(said).fetchall()
        assert len(found) == len(rows) > 0
        assert [_plain(row) for row in found] == [_scaled(table, row) for row in rows]


def _plain(row: tuple[Any, ...]) -> list[Any]:
    return [None if hasattr(cell, "tzinfo") else cell for cell in row]


def _scaled(table: type[Any], row: tuple[Any, ...]) -> list[Any]:
    """As a notebook has them; moments are compared elsewhere."""
    found = []
    for one, cell in zip(attrs.fields(table), row, strict=True):
        is_money = one.name in _MONEY
        if cell is not None and is_money:
            cell = Decimal(cell) / MICRO
        found.append(None if one.name.endswith("_ns") else cell)
    return found


_MONEY = {
    *("price", "shares", "exposure", "mid", "filled", "fee", "mark", "tick", "fees", "fee_ppm"),
    *("payout", "pnl", "entry_px", "exit_px", "stake", "flow"),
}


def test_views_say_whose_they_are_and_which_features(exported: Exported) -> None:
    schema = parquet.read_schema(Path(exported.folder) / "views.parquet")
    assert schema.metadata[FEATURES_VERSION] == str(SCHEMA_VERSION).encode()
    assert set(read(exported, "views")["mode"]) == {"demo"}


def test_moments_are_exact(played: PlayedSession, exported: Exported, tmp_path: Path) -> None:
    path = database_of(tmp_path)
    with closing(Database(path)) as database:
        read_to_its_end(database, played.folder)
    with closing(open_read_only(path)) as connection:
        said = f"SELECT placed_ns FROM orders ORDER BY {', '.join(OrderRow.KEY)}"
        placed = [at for (at,) in connection.execute(said)]
    assert read(exported, "orders")["placed"].cast(pl.Int64).to_list() == placed


def test_views_are_those_that_were_decided_on(exported: Exported) -> None:
    """An order knows what was known when it was sent: so does the view of that moment."""
    views, orders = read(exported, "views"), read(exported, "orders")
    joined = orders.filter(pl.col("is_exit").not_()).join(
        views, left_on=["seq", "slug"], right_on=["seq", "slug"], suffix="_seen"
    )
    assert len(joined) >= 2
    for row in joined.iter_rows(named=True):
        fair = row["fair_up"] if row["outcome"] == "up" else 1 - row["fair_up"]
        assert fair == pytest.approx(row["fair"], abs=1e-12)
        assert row["consensus"] == row["price_seen"]
    rounds = dict(read(exported, "rounds").select("slug", "winner").rows())
    seen = views.select("slug", "winner", "up_won").unique().rows()
    assert {slug: winner for slug, winner, _ in seen} == {slug: rounds[slug] for slug, *_ in seen}
    assert {won for *_, won in seen} <= {True, False, None}
    assert views["up_won"].drop_nulls().len() > 100
    assert set(NAMES) <= set(views.columns)
    assert views["imbalance"].drop_nulls().len() > 100


def test_watching_changes_nothing(played: PlayedSession) -> None:
    """Every effect and digest of a replay is equal while its views are recorded."""
    replay, recorder, seen = Replay(is_verifying=True), ViewRecorder(), 0
    with JournalReader(played.folder) as journal:
        for record in journal:
            assert replay.take(record) == ""
            if record.is_event and not record.raised:
                asset, _ = event_of(record)
                seen += len(list(recorder.views(replay.mind, asset, record.at)))
    assert seen > 100
    assert replay.verdict().digests > 10


def test_fewer_views_where_a_second_is_enough(
    played: PlayedSession, exported: Exported, tmp_path: Path
) -> None:
    fewer = export([played.folder], tmp_path, every_ns=1_000_000_000)
    assert 0 < fewer.rows["views"] < exported.rows["views"]
    gaps = read(fewer, "views").select(pl.col("at").diff().over("slug")).drop_nulls()["at"]
    assert gaps.dt.total_nanoseconds().min() >= 1_000_000_000


def test_a_span_is_what_is_exported(played: PlayedSession, tmp_path: Path) -> None:
    with JournalReader(played.folder) as journal:
        times = [record.at for record in journal if record.is_event]
    since, until = times[len(times) // 3], times[len(times) // 2]
    found = export([played.folder], tmp_path, (since, until))
    inside = [at for at in times if since <= at < until]
    assert read(found, "events")["at"].cast(pl.Int64).to_list() == inside


def test_row_groups_are_bounded(exported: Exported) -> None:
    import pyarrow.parquet as pq

    meta = pq.ParquetFile(Path(exported.folder) / "events.parquet").metadata
    assert meta.num_row_groups == -(-meta.num_rows // 20_000)


def test_nothing_but_whole_files_is_left(exported: Exported) -> None:
    names = {path.name for path in Path(exported.folder).iterdir()}
    assert names == {f"{name}.parquet" for name in exported.rows}
    for path in Path(exported.folder).iterdir():
        assert not path.stat().st_mode & 0o077


def test_without_the_library_it_is_one_line(
    played: PlayedSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return imported(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Fatal, match=r"pip install 'polytui\[parquet\]'"):
        export([played.folder], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_refuses_is_said(played: PlayedSession, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fatal, match="cannot make"):
        export([played.folder], tmp_path / "file")
