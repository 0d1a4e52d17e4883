"""Journals into the database: from wherever one was killed, and anew, the same rows; and the same
money everywhere."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from played import NAME, PlayedSession, played_session
from told_sessions import asked, dump

from polytui.journal.codec import BadJournal, decode_effects
from polytui.journal.reader import JournalReader
from polytui.journal.segments import segments_of
from polytui.journal.thinning import RAW, thin
from polytui.model.effects import Credit
from polytui.model.errors import Fatal
from polytui.model.units import MICRO
from polytui.store.database import Database, database_of
from polytui.store.following import Following, read_to_its_end
from polytui.store.rebuild import rebuild


@pytest.fixture(scope="module")
def played() -> PlayedSession:
    return played_session()


@pytest.fixture
def folder(tmp_path: Path, played: PlayedSession) -> Path:
    return played.copied(tmp_path)


def followed(folder: Path) -> Path:
    path = database_of(folder.parent)
    with closing(Database(path)) as database:
        read_to_its_end(database, folder)
    return path


def test_money_is_the_same_in_journal_mind_database_and_summary(
    played: PlayedSession, folder: Path
) -> None:
    path = followed(folder)
    with JournalReader(folder) as journal:
        effects = [each for record in journal for each in decode_effects(record.effects)]
    credited = [each for each in effects if isinstance(each, Credit)]
    totals, account = played.summary["totals"], played.mind.account
    (row,) = asked(path, "SELECT rounds, orders, fills, fees, pnl FROM sessions")
    assert row[:3] == (totals["rounds"], totals["orders"], totals["fills"])
    money = [account.fees, account.realised]
    assert [*row[3:]] == money == [totals["fees_usd"] * MICRO, totals["pnl_usd"] * MICRO]
    assert sum(each.pnl for each in credited) == account.realised != 0
    by_round = dict(asked(path, "SELECT slug, pnl FROM rounds WHERE winner IS NOT NULL"))
    assert by_round == {each.slug: each.pnl for each in credited}
    by_trades = dict(asked(path, "SELECT slug, sum(pnl) FROM trades GROUP BY slug"))
    assert by_trades == {slug: pnl for slug, pnl in by_round.items() if slug in by_trades}
    assert sum(by_trades.values()) == account.realised
    for name, kinds in played.summary["strategies"].items():
        if live := kinds.get("live"):
            said = "SELECT count(*), sum(pnl), sum(fees), sum(stake) FROM trades WHERE strategy = ?"
            ((count, *figures),) = asked(path, said, name)
            assert count == live["entries"]
            expected = [live[key] * MICRO for key in ("pnl_usd", "fees_usd", "staked_usd")]
            assert figures == pytest.approx(expected, abs=1e-3), "floats of whole millionths"
    assert asked(path, "SELECT * FROM differences") == []


def test_who_is_killed_after_any_batch_goes_on_to_the_same_rows(
    tmp_path: Path, folder: Path
) -> None:
    """Each batch by a follower of its own, which knows nothing but the file."""
    path = tmp_path / "killed.sqlite"
    batches = 0
    while True:
        with closing(Database(path)) as database:
            following = Following(database, folder, most=1_777)
            count = following.read()
            following.close()
        if not count:
            break
        batches += 1
    assert batches > 5
    assert dump(path) == dump(followed(folder))


def test_made_anew_it_has_the_same_rows(folder: Path) -> None:
    path = followed(folder)
    before = dump(path)
    done = rebuild(folder.parent)
    assert (done.sessions, done.faults, done.lost) == (1, {}, {})
    kept = Path(done.kept_aside)
    assert dump(path) == dump(kept) == before
    assert len(before["orders"]) > 1
    left = {one.name.split("-")[0] for one in folder.parent.iterdir()} - {NAME.split("-")[0]}
    assert left == {path.name, kept.name.split("-")[0]}, "nothing else that was made aside"


def test_made_anew_a_wrong_row_is_right_again(folder: Path) -> None:
    """While a follower has it open, and goes on with it."""
    path = followed(folder)
    before = dump(path)
    with closing(Database(path)), closing(sqlite3.connect(path)) as somebody:
        somebody.execute("UPDATE trades SET pnl = pnl + 1")
        somebody.execute("DELETE FROM fills")
        somebody.commit()
        rebuild(folder.parent)
        assert somebody.execute("SELECT count(*) FROM fills").fetchone() != (0,)
    assert dump(path) == before


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_made_anew_of_less_it_is_left_as_it_is_unless_that_is_wanted(
    folder: Path, how: str
) -> None:
    path = followed(folder)
    before = dump(path)
    if how == "gone":
        shutil.rmtree(folder)
    else:
        spoilt(folder)
    with pytest.raises(Fatal, match=rf"nothing is rebuilt: .*{NAME}: .*rebuild --force"):
        rebuild(folder.parent)
    assert dump(path) == before
    assert [one.name for one in folder.parent.glob("*.*") if "sqlite" not in one.name] == []
    done = rebuild(folder.parent, may_lose=True)
    assert list(done.lost) == [NAME]
    assert len(dump(path)["orders"]) < len(before["orders"])
    assert dump(Path(done.kept_aside)) == before
    assert rebuild(folder.parent).lost == {}, "what is left is not lost again"
    assert dump(Path(done.kept_aside)) == before, "and what was kept stays"


def test_who_reads_while_it_is_made_anew_sees_the_whole_of_one(folder: Path) -> None:
    path = followed(folder)
    with closing(Database(path)) as follower:
        rebuild(folder.parent)
        following = Following(follower, folder)
        assert following.read() == 0, "it goes on where the new one ends"
        following.close()
    assert asked(path, "SELECT count(*) FROM sessions") == [(1,)]


# --- thinned --------------------------------------------------------------------------------------


def thinned(folder: Path) -> list[tuple[int, int]]:
    """Take out what the oldest segments lose; numbers of events that went, a span each."""
    (segment,) = segments_of(folder)
    thin(segment, RAW)
    with JournalReader(folder) as journal:
        left = [record.seq for record in journal if record.is_event]
    return [(one + 1, after - 1) for one, after in pairwise(left) if after > one + 1]


def what_is_traded(path: Path) -> dict[str, list[Any]]:
    """All but the place in the journal, and the minutes in which nothing was left."""
    return {name: rows for name, rows in dump(path).items() if name not in ("sessions", "equity")}


def test_who_is_killed_goes_on_where_the_last_event_that_it_read_was_thinned_out(
    tmp_path: Path, folder: Path, played: PlayedSession
) -> None:
    before = what_is_traded(followed(folder))
    spans = thinned(played.copied(tmp_path / "thinned"))
    long = next(span for span in spans if span[0] > 6_000 and span[1] > span[0] + 1)
    for at, last in enumerate((long[0], long[1] - 1, long[1])):
        path = tmp_path / f"{at}.sqlite"
        shutil.rmtree(folder)
        played.copied(folder.parent)
        with closing(Database(path)) as database:
            following = Following(database, folder, most=1)
            reading = Following(database, folder, most=last)
            while database.read_until(NAME)[0] < last:
                (reading if not database.read_until(NAME)[0] else following).read()
            reading.close()
            following.close()
            assert database.read_until(NAME)[0] == last
            thinned(folder)
            read_to_its_end(database, folder)
        assert what_is_traded(path) == before


def test_made_anew_of_what_was_thinned_nothing_differs(folder: Path) -> None:
    path = followed(folder)
    before = what_is_traded(path)
    thinned(folder)
    rebuild(folder.parent)
    assert what_is_traded(path) == before
    assert before["differences"] == []


# --- bad input ------------------------------------------------------------------------------------


def spoilt(folder: Path) -> None:
    """One byte, in the middle of the only segment."""
    (segment,) = segments_of(folder)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0x10
    segment.write_bytes(data)


def test_a_damaged_journal_is_named_and_read_no_further(folder: Path) -> None:
    spoilt(folder)
    with closing(Database(database_of(folder.parent))) as database:
        with pytest.raises(BadJournal):
            read_to_its_end(database, folder)
        assert folder.name in database.faults()[NAME]
    done = rebuild(folder.parent)
    assert "000001.jsonl.zst" in done.faults[NAME]


def test_a_copy_of_a_session_is_no_other_session(folder: Path, played: PlayedSession) -> None:
    played.copied(folder.parent, "a-copy")
    done = rebuild(folder.parent)
    assert list(done.faults) == ["a-copy"]
    assert f"holds the journal of session {NAME}" in done.faults["a-copy"]
    found = asked(database_of(folder.parent), "SELECT count(*) FROM sessions WHERE orders > 0")
    assert found == [(1,)]


@pytest.mark.parametrize("content", [b"a letter" * 500, b""])
def test_what_is_no_database_is_kept_aside(folder: Path, content: bytes) -> None:
    path = database_of(folder.parent)
    path.write_bytes(content)
    done = rebuild(folder.parent)
    assert asked(path, "SELECT count(*) FROM sessions") == [(1,)]
    if content:
        assert Path(done.kept_aside).read_bytes() == content


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no folder"):
        rebuild(tmp_path / "nowhere")
