"""A byte that changed is found and named, wherever it stands, and nothing after it is believed; a
segment that is cut off anywhere is read to its last whole record."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    encode_checkpoint,
    encode_digest,
    encode_header,
    encode_record,
)
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.journal.segment_reader import NotBegun
from polytui.journal.segments import TRAILER_SIZE, press
from polytui.journal.tail import JournalTail
from polytui.model.events import Action, Commanded, Ticked

EVENTS = 30
PLACES = 1_000


def line(seq: int) -> bytes:
    event = (
        Commanded(Action.PAUSE, f"test {seq * 7919}") if seq % 5 == 0 else Ticked(seq * 1_000_003)
    )
    return encode_record(seq, seq * 10, "btc", event, (), True)


LINES = [
    encode_header(Header(FORMAT, "0.1.0", "demo", "session", 5, seed=7)),
    *(
        each
        for seq in range(1, EVENTS + 1)
        for each in (
            [line(seq), encode_digest(seq, f"{seq:x}"), encode_checkpoint(seq, "a", [seq] * 50)]
            if seq % 10 == 0
            else [line(seq)]
        )
    ),
]
RECORDS = len(LINES) - 1


@pytest.fixture(params=["plain", "pressed"])
def segment(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "journal" / "000001.jsonl"
    path.parent.mkdir()
    path.write_bytes(sealed(LINES))
    return press(path) if request.param == "pressed" else path


def read(path: Path) -> tuple[list[bytes], str]:
    """Every record that was believed, and what was said of the rest."""
    believed: list[bytes] = []
    try:
        with JournalReader(path) as journal:
            believed.extend(bytes(r.event) + r.digest.encode() for r in journal)
    except BadJournal as error:
        return believed, str(error)
    return believed, ""


def test_one_changed_byte_anywhere_is_found_and_nothing_after_it_is_believed(segment: Path) -> None:
    whole, chance = segment.read_bytes(), random.Random(14)
    good, said = read(segment)
    assert (len(good), said) == (RECORDS, "")
    for _ in range(PLACES):
        at, change = chance.randrange(len(whole)), chance.randrange(1, 256)
        damaged = bytearray(whole)
        damaged[at] ^= change
        segment.write_bytes(damaged)
        believed, said = read(segment)
        assert segment.name in said, f"byte {at} ^ {change} was not found"
        assert believed == good[: len(believed)], f"byte {at} ^ {change} was believed"
        if segment.suffix == ".jsonl":
            lines_before = whole[:at].count(b"\n")
            assert len(believed) == max(0, lines_before - 1), f"byte {at} ^ {change}"


def test_every_byte_of_the_end_is_watched_as_well(segment: Path) -> None:
    """The last newline; of a pressed one its own checksum and what stands around it."""
    whole = segment.read_bytes()
    for back in range(1, TRAILER_SIZE + 12):
        for change in (1, 0x20, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[-back] ^= change
            segment.write_bytes(damaged)
            assert segment.name in read(segment)[1], f"{back} before the end"


def test_bytes_that_are_added_or_missing_are_found(segment: Path) -> None:
    whole, chance = segment.read_bytes(), random.Random(15)
    for _ in range(200):
        at = chance.randrange(len(whole) - 1)
        for changed in (whole[:at] + b"x" + whole[at:], whole[:at] + whole[at + 1 :]):
            segment.write_bytes(changed)
            assert segment.name in read(segment)[1], f"at byte {at}"
    if segment.suffix != ".jsonl":
        segment.write_bytes(whole + b"x")
        assert segment.name in read(segment)[1]


def test_lines_that_change_places_come_twice_or_are_missing_are_found(tmp_path: Path) -> None:
    """Each of them is whole by itself."""
    path = tmp_path / "000001.jsonl"
    lines = sealed(LINES).splitlines(keepends=True)
    for at in range(1, len(lines) - 2):
        swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
        for changed in (
            swapped,
            [*lines[:at], lines[at], *lines[at:]],
            lines[:at] + lines[at + 1 :],
        ):
            path.write_bytes(b"".join(changed))
            assert f"line {at + 1}" in read(path)[1] or f"line {at + 2}" in read(path)[1]


def test_cut_at_every_byte_it_is_read_to_the_last_whole_record(tmp_path: Path) -> None:
    """As kill -9 leaves it; by a reader and by a tail."""
    path = tmp_path / "journal" / "000001.jsonl"
    path.parent.mkdir()
    whole = sealed([*LINES[:5], encode_digest(4, "f"), encode_checkpoint(4, "a", [4])])
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        records = whole[:cut].count(b"\n") - 1
        if records < 0:
            with pytest.raises(NotBegun, match="not whole"):
                JournalReader(path)
        else:
            believed, said = read(path)
            assert (len(believed), said) == (records, ""), f"cut at {cut}"
        with JournalTail(tmp_path) as tail:
            assert len(tail.read()) == max(0, records)


def test_a_pressed_segment_that_is_cut_off_says_so(tmp_path: Path) -> None:
    """It was put in its place whole: this is no crash."""
    path = tmp_path / "000001.jsonl"
    path.write_bytes(sealed(LINES))
    pressed = press(path)
    whole = pressed.read_bytes()
    for cut in range(len(whole)):
        pressed.write_bytes(whole[:cut])
        assert pressed.name in read(pressed)[1], f"cut at {cut}"
