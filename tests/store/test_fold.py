"""Rows of a journal say what the mind that wrote it has: to the millionth, from wherever one
begins."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from msgspec import Raw, structs
from told_sessions import (
    HEADER,
    NAME,
    ToldSession,
    asked,
    dump,
    mind_after,
    put,
    told_session,
)

from polytui.desk.checkpoint import checkpoint_of, restored
from polytui.journal.codec import (
    JournalRecord,
    decode_effects,
    decode_record,
    encode_checkpoint,
)
from polytui.model.effects import Credit
from polytui.model.instrument import Asset
from polytui.store.database import Database
from polytui.store.fold import Fold

SEEDS = (3, pytest.param(4, marks=pytest.mark.long))


@pytest.fixture(params=SEEDS, scope="module")
def told(request: pytest.FixtureRequest) -> ToldSession:
    return told_session(request.param)


def whole(path: Path, records: list[JournalRecord]) -> Path:
    database = Database(path)
    put(database, Fold(HEADER, NAME), records, 0)
    database.close()
    return path


@pytest.fixture
def path(tmp_path: Path, told: ToldSession) -> Path:
    return whole(tmp_path / "one.sqlite", told.records)


def test_money_is_the_ledgers(told: ToldSession, path: Path) -> None:
    account = told.mind.account
    (found,) = asked(path, "SELECT orders, fills, fees, pnl FROM sessions")
    traded = [account.of(asset) for asset in Asset]
    assert found == (
        sum(one.orders for one in traded),
        sum(one.fills for one in traded),
        account.fees,
        account.realised,
    )
    assert account.realised, "a session that earns nothing shows nothing"
    assert asked(path, "SELECT * FROM differences") == []


def test_trades_add_up_to_what_came_of_each_strategy(told: ToldSession, path: Path) -> None:
    """Of settled rounds: a crash may lose what it is that was settled meanwhile."""
    rows = asked(
        path,
        "SELECT asset, strategy, sum(pnl) FROM trades WHERE payout IS NOT NULL GROUP BY 1, 2",
    )
    by_trades = {row[:2]: row[2] for row in rows if row[2]}
    by_mind = {
        (asset.value, name): result.pnl
        for asset in Asset
        for name, result in told.mind.account.of(asset).live.results().items()
        if result.pnl
    }
    assert by_trades == by_mind


def test_rounds_are_what_their_trades_are(path: Path) -> None:
    differing = asked(
        path,
        "SELECT r.slug FROM rounds r JOIN trades t ON t.root = r.root AND t.slug = r.slug"
        " WHERE r.winner IS NOT NULL GROUP BY r.slug HAVING r.pnl <> sum(t.pnl)",
    )
    assert differing == []
    assert asked(path, "SELECT count(*) FROM rounds WHERE pnl <> 0") != [(0,)]


def test_equity_ends_where_the_account_stands(told: ToldSession, path: Path) -> None:
    account = told.mind.account
    cash, realised, exposure = asked(
        path, "SELECT cash, realised, exposure FROM equity ORDER BY minute_ns DESC LIMIT 1"
    )[0]
    assert (cash, realised, exposure) == (account.cash, account.realised, account.exposure)


def without(rows: list[tuple[object, ...]], *columns: int) -> list[tuple[object, ...]]:
    return [tuple(one for at, one in enumerate(row) if at not in columns) for row in rows]


def test_what_goes_on_in_another_session_has_one_row(
    tmp_path: Path, told: ToldSession, path: Path
) -> None:
    """Rounds, orders, fills and trades are those of the two sessions' root, whoever tells of them
    later; signals and settlements are of the session that had them."""
    middle = len(told.records) // 2
    mind = mind_after(told.records[:middle])
    plain = checkpoint_of(mind)
    line = encode_checkpoint(middle, mind.digest(), plain)
    two = tmp_path / "two.sqlite"
    database = Database(two)
    put(database, Fold(HEADER, NAME), told.records[:middle], 0)
    later = Fold(structs.replace(HEADER, session="later"), NAME)
    put(database, later, [decode_record(line), *told.records[middle:]], 0)
    database.close()
    one, both = dump(path), dump(two)
    assert {row[0] for row in both["sessions"]} == {NAME, "later"}
    for table in ("rounds", "orders", "fills", "trades"):
        at = [name for (name,) in columns_of(two, table)].index("session")
        assert without(both[table], at) == without(one[table], at)
    assert any("later" in row for row in both["fills"])
    assert without(both["wallet"], 0) == without(one["wallet"], 0)
    for table in ("signals", "settlements"):
        assert sorted(without(both[table], 0)) == sorted(without(one[table], 0))
    assert both["differences"] == []


def test_events_that_are_in_no_journal_are_a_difference(tmp_path: Path, told: ToldSession) -> None:
    """The disk was full for a while: the journal goes on with a checkpoint."""
    middle, hole = len(told.records) // 3, 9_000
    mind = mind_after(told.records[: middle + hole])
    line = encode_checkpoint(mind.seq, mind.digest(), checkpoint_of(mind))
    path, fold = tmp_path / "hole.sqlite", Fold(HEADER, NAME)
    with closing(Database(path)) as database:
        put(database, fold, told.records[:middle], 0)
        fold.enter(structs.replace(HEADER, segment=2, after=mind.seq, lost=hole))
        put(database, fold, [decode_record(line), *told.records[middle + hole :]], middle)
    ((text,),) = asked(path, "SELECT text FROM differences")
    assert text == f"{hole} events before this one are in no journal"
    (pnl,) = asked(path, "SELECT pnl FROM sessions")
    assert pnl == (told.mind.account.realised,)


def columns_of(path: Path, table: str) -> list[tuple[str]]:
    return asked(path, "SELECT name FROM pragma_table_info(?)", table)


def test_a_fold_may_begin_at_any_checkpoint(tmp_path: Path, told: ToldSession, path: Path) -> None:
    """Who was killed begins again with a checkpoint, and ends with the same rows."""
    middle = len(told.records) * 2 // 3
    mind = mind_after(told.records[:middle])
    again = tmp_path / "again.sqlite"
    database = Database(again)
    put(database, Fold(HEADER, NAME), told.records[:middle], 0)
    database.close()
    database = Database(again)
    fold = Fold(HEADER, NAME, restored(checkpoint_of(mind)))
    put(database, fold, told.records[middle:], middle)
    database.close()
    assert dump(again) == dump(path)


def test_what_is_put_twice_changes_nothing(tmp_path: Path, told: ToldSession, path: Path) -> None:
    twice = whole(tmp_path / "twice.sqlite", told.records)
    database = Database(twice)
    put(database, Fold(HEADER, NAME), told.records, len(told.records))
    database.close()
    assert dump(twice) == dump(path)


def test_a_figure_that_differs_by_a_millionth_is_said(tmp_path: Path, told: ToldSession) -> None:
    records = list(told.records)
    at, pnl = next(
        (at, effect.pnl)
        for at, record in enumerate(records)
        for effect in decode_effects(record.effects)
        if isinstance(effect, Credit) and effect.pnl
    )
    effects = bytes(records[at].effects).replace(b'"pnl":%d' % pnl, b'"pnl":%d' % (pnl + 1))
    records[at] = structs.replace(records[at], effects=Raw(effects))
    path = whole(tmp_path / "differs.sqlite", records)
    ((seq, text),) = asked(path, "SELECT seq, text FROM differences")
    assert seq == records[at].seq
    assert f"earned {pnl + 1}" in text
    assert f"by trades {pnl}" in text
