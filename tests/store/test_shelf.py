"""Where files go: sessions of one bot share a day, and nobody writes over the files of another."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.files.keeper import Keeper
from polytui.store.files.stale import StaleFile, stale_files
from polytui.store.rows import SessionRow, SettingsRow, SettlementRow, TradeRow

DAY_NS = 86_400 * 10**9


def settle(
    home: Path, session: str, pnl: int, *, mode: str = "paper", tag: str = "polytui", seq: int = 1
) -> list[str]:
    """A session that earned something on the second day of all days; what was said."""
    directory = home / "runs"
    directory.mkdir(parents=True, exist_ok=True)
    files = evolve(
        Settings().files,
        bot_tag=tag,
        directory=str(home.parent / "data"),
        rounds_directory=str(home.parent / "logs"),
    )
    said: list[str] = []
    text = canonical_json(evolve(Settings(), files=files))
    with closing(Database(database_of(directory))) as database:
        rows = [
            SessionRow(session, session, "", mode),
            SettingsRow(session, 1, 1, "btc", "digest", text),
            TradeRow(
                session,
                "btc-round",
                "probe",
                1,
                session=session,
                closed_ns=DAY_NS + 5,
                settled_ns=DAY_NS + 9,
                pnl=pnl,
                ended="settled",
                stake=1_000_000,
            ),
            SettlementRow(
                session, seq, 0, session, DAY_NS + 9, "btc", "btc-round", "c", "", 0, pnl
            ),
        ]
        database.put(session, seq - 1, rows, SessionRow(session, seq=seq))
        Keeper(database, directory, said.append).make()
    return said


def total(home: Path, tag: str = "polytui") -> str:
    path = home.parent / "data" / "summary" / tag / "summary_1970-01-02.csv"
    return path.read_text().splitlines()[1].split(",")[4]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "one"


def test_sessions_of_one_bot_share_their_day(home: Path) -> None:
    assert settle(home, "first", 1_500_000) == []
    assert settle(home, "second", -250_000) == []
    assert total(home) == "1.25"


def test_another_tag_has_a_folder_of_its_own(home: Path) -> None:
    settle(home, "first", 1_500_000)
    assert settle(home, "second", -250_000, tag="other") == []
    assert (total(home), total(home, "other")) == ("1.5", "-0.25")


def test_another_database_does_not_write_over_them(home: Path, tmp_path: Path) -> None:
    settle(home, "first", 1_500_000)
    (said,) = settle(tmp_path / "two", "second", 9)
    assert "has files of paper sessions of" in said
    assert "files.bot_tag" in said
    assert total(home) == "1.5"
    settle(tmp_path / "two", "third", 9, tag="two")
    assert total(tmp_path / "two", "two") == "0.000009"


def test_nor_does_another_mode(home: Path) -> None:
    settle(home, "first", 1_500_000)
    (said,) = settle(home, "second", 9, mode="live")
    assert "has files of paper sessions of" in said
    assert total(home) == "1.5"


def test_a_demos_are_in_its_own_folder(home: Path) -> None:
    settle(home, "first", 1_500_000)
    assert settle(home, "second", 9, mode="demo") == []
    assert settle(home, "third", -500_000) == []
    assert total(home) == "1", "made anew, and nothing of a demo is in it"
    assert list((home / "runs" / "second" / "data" / "trades").rglob("trades_*.csv"))


def test_money_of_rounds_that_nobody_saw_settle_has_a_line(home: Path) -> None:
    settle(home, "first", 1_500_000)
    with closing(Database(database_of(home / "runs"))) as database:
        unseen = SettlementRow("first", 2, 0, "first", DAY_NS + 7, "btc", "", "unseen", "", 0, -41)
        database.put("first", 1, [unseen], SessionRow("first", seq=2))
        Keeper(database, home / "runs", pytest.fail).make()
    path = home.parent / "data" / "trades" / "polytui" / "trades_1970-01-02.csv"
    first, second = csv.DictReader(path.read_text().splitlines())
    assert (first["result"], first["pnl_usdc"]) == ("unseen", "-0.000041")
    assert second["pnl_usdc"] == "1.5"
    assert total(home) == "1.499959"


def test_what_changed_while_a_file_was_made_stays_stale(home: Path) -> None:
    settle(home, "first", 1_500_000)
    directory = home / "runs"
    path = database_of(directory)
    with closing(Database(path)) as database:
        late = SettlementRow("first", 2, 0, "first", DAY_NS + 9, "btc", "r", "c", "", 0, 3)
        for seq in (1, 2):
            database.put("first", seq, [late], SessionRow("first", seq=seq + 1))
        database.strike_out([StaleFile("day", "first", "1", changes=1)])
        with closing(open_read_only(path)) as connection:
            assert [one.changes for one in stale_files(connection)] == [2]
        database.strike_out([StaleFile("day", "first", "1", changes=2)])
        with closing(open_read_only(path)) as connection:
            assert stale_files(connection) == []
