"""A session that goes on from another one: its own journal, one database, nothing doubled."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs
from told_sessions import HEADER, asked, dump, mind_after, told_session

from polytui.config.schema import Settings
from polytui.desk import checkpoint as checkpoints
from polytui.desk.checkpoint import checkpoint_of
from polytui.desk.coming_back import come_back
from polytui.desk.mind import Mind
from polytui.journal.codec import Continues, Header, JournalRecord, encode_checkpoint
from polytui.journal.log import JournalLog
from polytui.store.database import Database, database_of
from polytui.store.following import Following, read_to_its_end
from polytui.store.rebuild import rebuild

FIRST, SECOND = "20261126-100000-paper-1", "20261126-110000-paper-2"


def line_of(record: JournalRecord) -> bytes:
    last = b"true" if record.last else b"false"
    raised = b',"raised":"%s"' % record.raised.encode() if record.raised else b""
    return b'{"seq":%d,"at":%d,"asset":"%s","last":%s,"event":%s,"effects":%s%s}\n' % (
        record.seq,
        record.at,
        record.asset.encode(),
        last,
        bytes(record.event),
        bytes(record.effects),
        raised,
    )


def written(
    directory: Path, header: Header, records: list[JournalRecord], checkpoint: bytes | None = None
) -> Path:
    folder = directory / header.session
    folder.mkdir()
    log = JournalLog(folder, header, Settings().journal, checkpoint=checkpoint)
    for record in records:
        log.append(line_of(record))
    log.close()
    return folder


def first_half(directory: Path) -> tuple[list[JournalRecord], Mind]:
    """A session that was killed is written; what would have come after it, and its mind."""
    records = told_session(3).records
    middle = len(records) // 2
    written(directory, structs.replace(HEADER, session=FIRST), records[:middle])
    return records[middle:], mind_after(records[:middle])


def gone_on(directory: Path, mind: Mind, records: list[JournalRecord]) -> Path:
    header = structs.replace(
        HEADER, session=SECOND, continues=Continues(FIRST, mind.seq), after=mind.seq
    )
    checkpoint = encode_checkpoint(mind.seq, mind.digest(), checkpoint_of(mind))
    return written(directory, header, records, checkpoint)


def test_the_session_before_is_read_first_and_what_is_held_has_one_row(tmp_path: Path) -> None:
    rest, mind = first_half(tmp_path)
    second, account = gone_on(tmp_path, mind, rest), told_session(3).mind.account
    path, before = database_of(tmp_path), list[str]()
    with closing(Database(path)) as database:

        def former(session: str) -> None:
            before.append(session)
            following = Following(database, tmp_path / session)
            while following.read():
                pass
            following.close()

        count = -1
        while count:  # killed after every batch, and begun again
            following = Following(database, second, most=4_321)
            count = following.read(former)
            following.close()
    assert before == [FIRST]
    rows = asked(path, "SELECT session, root, continues FROM sessions ORDER BY session")
    assert rows == [(FIRST, FIRST, ""), (SECOND, FIRST, FIRST)]
    money = asked(path, "SELECT sum(pnl), sum(fees) FROM sessions")
    assert money == [(account.realised, account.fees)]
    assert asked(path, "SELECT count(DISTINCT root) FROM trades") == [(1,)]
    assert asked(path, "SELECT * FROM differences") == []
    made = dump(path)
    rebuild(tmp_path)
    assert dump(path) == made


def test_what_a_power_cut_took_of_a_journal_that_was_read_counts_once(tmp_path: Path) -> None:
    """The follower had read on: what it read there is in no journal, and happens again."""
    told, path = told_session(3), database_of(tmp_path)
    first = structs.replace(HEADER, session=FIRST)
    with closing(Database(path)) as database:

        def read(session: str) -> None:
            read_to_its_end(database, tmp_path / session)

        folder = written(tmp_path, first, told.records)
        read(FIRST)
        shutil.rmtree(folder)
        rest, mind = first_half(tmp_path)
        read_to_its_end(database, gone_on(tmp_path, mind, rest), read)
    account = told.mind.account
    money = asked(path, "SELECT sum(pnl), sum(fees) FROM sessions")
    assert money == [(account.realised, account.fees)]
    assert asked(path, "SELECT sum(pnl) FROM settlements") == [(account.realised,)]
    made = dump(path)
    rebuild(tmp_path)
    assert dump(path) == made


def test_what_is_read_whole_needs_no_checkpoint_of_this_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest, mind = first_half(tmp_path)
    second = gone_on(tmp_path, mind, rest)
    rebuild(tmp_path)
    path = database_of(tmp_path)
    before = dump(path)
    monkeypatch.setattr(checkpoints, "VERSION", checkpoints.VERSION + 1)
    with closing(Database(path)) as database:
        assert read_to_its_end(database, second) == 0
        assert database.faults() == {}
    assert dump(path) == before


def test_a_mind_that_came_back_brings_no_second_opening(tmp_path: Path) -> None:
    """As an engine begins that goes on: its counters of the session are at nothing."""
    rest, mind = first_half(tmp_path)
    come_back(mind, rest[0].at)
    records = told_session(3).records
    opened = next(one for one in records if bytes(one.event).startswith(b'["DeskOpened"'))
    gone_on(tmp_path, mind, [structs.replace(opened, seq=mind.seq + 1, at=rest[0].at)])
    rebuild(tmp_path)
    found = asked(database_of(tmp_path), "SELECT session FROM wallet WHERE kind = 'opening'")
    assert found == [(FIRST,)]
