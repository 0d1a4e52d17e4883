"""What somebody names is a journal or it is not, whoever asks and however damaged it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polytui.backtest.sources.own_events import HeardJournal, own_recording
from polytui.config.schema import Settings
from polytui.journal.codec import FORMAT, Header, encode_header
from polytui.journal.seal import sealed
from polytui.journal.session_folders import is_journal
from polytui.model.errors import Fatal
from polytui.tools.backtesting import AskedBacktest, data_of
from polytui.tools.given_data import sorted_out

HEADER = sealed([encode_header(Header(FORMAT, "0", "paper", "one", 5))])
ROW = b'{"recv_ms": 1780876800250, "slug": "btc-updown-5m-1780876800", "side": "UP"}\n'
Made = Callable[[Path], Path]


def at(place: str, content: bytes, named: str = ".") -> Made:
    """A file with that content; what is named of it, from its own folder."""

    def make(folder: Path) -> Path:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return (path.parent / named).resolve() if named != "." else path

    return make


def empty_session(folder: Path) -> Path:
    (folder / "journal").mkdir()
    return folder


JOURNALS: dict[str, Made] = {
    "session": at("one/journal/000001.jsonl", HEADER, ".."),
    "its folder": at("one/journal/000001.jsonl", HEADER, "../journal"),
    "a segment": at("one/journal/000001.jsonl", HEADER),
    "torn at its header": at("one/journal/000001.jsonl", HEADER[:30]),
    "session with a bad header": at("one/journal/000001.jsonl", b"nonsense\n", ".."),
    "folder with a bad header": at("one/journal/000001.jsonl", b"nonsense\n", "../journal"),
    "a pressed one that was changed": at("one/journal/000001.jsonl.zst", b"nonsense"),
    "session without a segment": empty_session,
    "elsewhere": at("copied.jsonl", HEADER),
    "of another version": at("old.jsonl", HEADER.replace(b'"journal":%d' % FORMAT, b'"journal":1')),
    "up to format 2": at("one/journal.jsonl", b"nonsense\n", "../one"),
}
OTHERS: dict[str, Made] = {
    "a table": at("prices.csv", b"at,price\n1,2\n"),
    "rows that are called after a day": at("data/20260608.jsonl", ROW),
    "their folder": at("data/20260608.jsonl", ROW, "../data"),
    "an empty file": at("empty.jsonl", b""),
    "nothing": lambda folder: folder / "nowhere.jsonl",
}


@pytest.mark.parametrize("make", JOURNALS.values(), ids=JOURNALS)
def test_everybody_takes_it_for_a_journal(make: Made, tmp_path: Path) -> None:
    path = make(tmp_path)
    assert is_journal(path)
    assert sorted_out([str(path)], tmp_path).sessions == (path,)
    assert isinstance(own_recording(path), HeardJournal)
    with pytest.raises(Fatal) as refusal:
        data_of(AskedBacktest((path,), Settings()))
    assert not any(word in str(refusal.value) for word in ("schema", "recording"))


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_nobody_takes_it_for_one(make: Made, tmp_path: Path) -> None:
    path = make(tmp_path)
    assert not is_journal(path)
    assert own_recording(path) is None
    if path.exists():
        assert sorted_out([str(path)], tmp_path).recordings == (path,)
