"""Whoever reads a journal reads it by one way: in order, without a hole, faults in words."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.journal.beginning import begin
from polytui.journal.codec import (
    FORMAT,
    UNREADABLE,
    BadJournal,
    Header,
    JournalRecord,
    OtherFormat,
    OtherState,
    decode_checkpoint,
    decode_record,
    encode_checkpoint,
    encode_digest,
    encode_header,
    encode_record,
)
from polytui.journal.reader import JournalReader, spots
from polytui.journal.seal import Chain, sealed
from polytui.model.events import Ticked


def a_header(session: str = "one", segment: int = 1, after: int = 0, chain: str = "") -> bytes:
    return encode_header(
        Header(FORMAT, "0.1.0", "demo", session, 5, segment=segment, after=after, chain=chain)
    )


def line(seq: int) -> bytes:
    return encode_record(seq, seq * 10, "btc", Ticked(seq), (), True)


def checkpoint(seq: int, state: object = None) -> bytes:
    return encode_checkpoint(seq, f"{seq:x}", [seq] if state is None else state)


def a_file(folder: Path, *lines: bytes, name: str = "journal.jsonl", head: bytes = b"") -> Path:
    path = folder / name
    path.write_bytes(sealed([head or a_header(), *lines]))
    return path


def read(*paths: Path) -> list[JournalRecord]:
    with JournalReader(*paths) as journal:
        return list(journal)


def seqs(*paths: Path) -> list[int]:
    return [record.seq for record in read(*paths) if record.is_event]


# --- one file -------------------------------------------------------------------------------------


def test_a_bad_line_is_named_with_its_file_and_number(tmp_path: Path) -> None:
    path = a_file(tmp_path, line(1), b"{oops}\n", line(2))
    with JournalReader(path) as journal:
        records = iter(journal)
        assert next(records).seq == 1
        with pytest.raises(BadJournal, match=r"journal\.jsonl, line 3: not a record"):
            next(records)


@pytest.mark.parametrize("content", [b"", b"a,b,c\n1,2,3\n", b"\xff\xd8\xff"])
def test_a_file_that_is_no_journal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(BadJournal, match=r"other\.csv: the first line is no journal header"):
        JournalReader(path)


def test_another_format_is_one_line_that_says_who_wrote_it(tmp_path: Path) -> None:
    """Whatever else its header and its records hold: they may be of fields that nobody knows."""
    path = a_file(tmp_path, head=b'{"journal":99,"version":"7.2\\u001b[2J","era":[]}\n')
    with pytest.raises(OtherFormat) as caught:
        JournalReader(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: version 7.2\\x1b[2J wrote it in journal format 99")
    assert said.endswith(f"this version reads format {FORMAT} alone")
    assert "\n" not in said


def test_a_missing_file_is_a_line_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(BadJournal, match="No such file"):
        JournalReader(tmp_path / "nowhere.jsonl")


def test_a_hole_in_the_numbers_is_found(tmp_path: Path) -> None:
    path = a_file(tmp_path, line(1), line(2), line(4))
    with pytest.raises(BadJournal, match="line 4: event 4 comes after event 2"):
        read(path)


def test_a_line_that_comes_twice_is_found(tmp_path: Path) -> None:
    with pytest.raises(BadJournal, match="line 3: event 1 comes after event 1"):
        read(a_file(tmp_path, line(1), line(1)))


@pytest.mark.parametrize("mark", [encode_digest(1, "ff"), checkpoint(1)])
def test_a_digest_or_checkpoint_speaks_of_the_event_before_it(tmp_path: Path, mark: bytes) -> None:
    assert seqs(a_file(tmp_path, line(1), mark, line(2))) == [1, 2]
    with pytest.raises(BadJournal, match="speaks of event 1, and stands after event 2"):
        read(a_file(tmp_path, line(1), line(2), mark))


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = a_file(tmp_path, *map(line, range(1, 9)))
    with JournalReader(path) as journal:
        first = next(record.seq for record in journal)
        assert [first, *(record.seq for record in journal)] == list(range(1, 9))


def test_memory_is_bounded_by_a_line_not_by_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, *map(line, range(1, 60_000)))
    tracemalloc.start()
    with JournalReader(path) as journal:
        count = sum(1 for _ in journal)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 59_999
    assert peak < path.stat().st_size / 10


@given(data=st.data())
def test_cut_anywhere_everything_up_to_the_last_whole_line_is_read(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole = a_file(folder, *map(line, range(1, 20))).read_bytes()
    cut = data.draw(st.integers(len(sealed([a_header()])), len(whole)))
    path = folder / "cut.jsonl"
    path.write_bytes(whole[:cut])
    assert seqs(path) == list(range(1, whole[:cut].count(b"\n")))


# --- several files --------------------------------------------------------------------------------


def in_files(folder: Path, *parts: list[bytes]) -> list[Path]:
    """Segments of one journal, as they are written one after the other."""
    chain, after, paths = "", 0, []
    for at, part in enumerate(parts):
        head = a_header(segment=at + 1, after=after, chain=chain)
        paths.append(a_file(folder, *part, name=f"{at + 1:06d}.jsonl", head=head))
        chain = chain_of(head, *part)
        after = max([after, *(decode_record(each).seq for each in part)])
    return paths


def chain_of(*lines: bytes) -> str:
    chain = Chain()
    for each in lines:
        chain.seal(each)
    return chain.text


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 30), max_size=5))
def test_however_it_is_split_it_reads_as_one(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [each for seq in range(1, 31) for each in (line(seq), encode_digest(seq, "ff"))]
    ends = sorted({0, *(2 * cut for cut in cuts), 60})
    parts = [lines[begin:end] for begin, end in pairwise(ends)]
    paths = in_files(tmp_path_factory.mktemp("split"), *parts)
    assert seqs(*paths) == list(range(1, 31))
    assert len(read(*paths)) == 60


def test_a_segment_that_is_missing_in_between_is_found(tmp_path: Path) -> None:
    first, second, third = in_files(tmp_path, [line(1)], [line(2)], [line(3)])
    second.unlink()
    with pytest.raises(BadJournal, match=r"000003\.jsonl: segment 3 comes after 1"):
        read(tmp_path)
    assert seqs(third) == [3], "alone it can be read"
    first.unlink()
    assert seqs(tmp_path) == [3]


def test_what_is_missing_at_the_end_of_a_segment_is_found(tmp_path: Path) -> None:
    """Whole lines, so that each checksum is good: the next one knows how it ended."""
    first, second = in_files(tmp_path, [line(1), line(2), encode_digest(2, "f")], [line(3)])
    whole = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(whole[:-1]))
    with pytest.raises(BadJournal, match=r"its end is not the one that .*000002\.jsonl goes on"):
        read(first, second)
    first.write_bytes(b"".join(whole[:-2]))
    with pytest.raises(BadJournal, match="begins after event 2, the one before it ends at 1"):
        read(first, second)
    first.write_bytes(b"".join(whole)[:-9])
    with pytest.raises(BadJournal, match="its end is cut off, and segment 2 follows"):
        read(first, second)


def test_a_segment_that_a_crash_kept_from_beginning_is_none(tmp_path: Path) -> None:
    first, second = in_files(tmp_path, [line(1)], [line(2)])
    head = second.read_bytes().partition(b"\n")[0]
    for cut in range(len(head) + 1):
        second.write_bytes(head[:cut])
        assert seqs(first, second) == [1]


def test_a_segment_that_was_given_up_is_gone_on_from_by_the_next(tmp_path: Path) -> None:
    """Its end is nobody's guess: the next one has no chain, and a checkpoint."""
    (first,) = in_files(tmp_path, [line(1), line(2)])
    first.write_bytes(first.read_bytes()[:-9])
    head = a_header(segment=2, after=7)
    second = a_file(tmp_path, checkpoint(7), line(8), name="000002.jsonl", head=head)
    assert [record.seq for record in read(first, second)] == [1, 7, 8]


def test_files_of_two_sessions_are_no_journal(tmp_path: Path) -> None:
    first = a_file(tmp_path, line(1), name="000001.jsonl")
    head = a_header("other", segment=2, after=1)
    other = a_file(tmp_path, line(2), name="000002.jsonl", head=head)
    with pytest.raises(BadJournal, match="of session other, the one before it of one"):
        read(first, other)


def test_a_later_file_of_another_format_is_said(tmp_path: Path) -> None:
    first = a_file(tmp_path, line(1), name="000001.jsonl")
    head = b'{"journal":99,"version":"0.0.9"}\n'
    other = a_file(tmp_path, name="000002.jsonl", head=head)
    with pytest.raises(OtherFormat, match=r"000002\.jsonl: version 0\.0\.9 wrote it"):
        read(first, other)


def test_a_folder_of_an_earlier_format_is_one_line(tmp_path: Path) -> None:
    old = tmp_path / "journal.jsonl"
    old.write_bytes(b'{"journal":2,"version":"0.1.0","mode":"demo"}\n{"seq":1}\n')
    with pytest.raises(
        OtherFormat, match=r"journal\.jsonl: version 0\.1\.0 wrote it in journal fo"
    ):
        JournalReader(tmp_path)


# --- checkpoints ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [[1, -(2**63), 2**64 - 1, 0.1, -0.0, "x", None, True, [[]]], []])
def test_a_state_comes_back_as_it_was(state: list[object]) -> None:
    record = decode_record(encode_checkpoint(7, "ab", state))
    assert (record.seq, record.digest, record.is_checkpoint, record.is_event) == (
        7,
        "ab",
        True,
        False,
    )
    again = decode_checkpoint(record)
    assert again == state
    assert list(map(type, again)) == list(map(type, state))


def test_a_state_that_cannot_be_packed_is_a_checkpoint_that_nobody_begins_from() -> None:
    record = decode_record(encode_checkpoint(7, "ab", [2**70]))
    assert record.checkpoint == UNREADABLE
    with pytest.raises(BadJournal, match="does not decode"):
        decode_checkpoint(record)


def marked(folder: Path, **damage: bytes) -> list[Path]:
    """Two files with checkpoints after events 2, 4, 6 and 8; `damage`: what stands instead."""
    lines = [
        [line(seq), *([damage.get(f"at{seq}", checkpoint(seq))] if seq % 2 == 0 else [])]
        for seq in range(1, 10)
    ]
    return in_files(
        folder,
        [each for two in lines[:5] for each in two],
        [each for two in lines[5:] for each in two],
    )


def restore(state: list[int], digest: str) -> int:
    if digest != f"{state[0]:x}":
        raise ValueError("of another state")
    return state[0]


@pytest.mark.parametrize(
    ("until", "begins"), [(None, 8), (9, 8), (8, 8), (7, 6), (5, 4), (2, 2), (1, None), (0, None)]
)
def test_it_begins_at_the_last_checkpoint_that_speaks_of_no_later_event(
    tmp_path: Path, until: int | None, begins: int | None
) -> None:
    beginning = begin(tuple(marked(tmp_path)), restore, until)
    with beginning.reader as journal:
        left = [record.seq for record in journal if record.is_event]
    assert beginning.state == begins
    assert left == list(range((begins or 0) + 1, 10))
    assert beginning.passed_over == ()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (encode_checkpoint(8, "8", [2**70]), "does not decode"),
        (checkpoint(8).replace(b'"digest":"8"', b'"digest":"9"'), "of another state"),
        (b'{"checkpoint":"AAAA","seq":8,"digest":"8"}\n', "does not decode"),
        (checkpoint(8, {"a": 1}), "0"),
    ],
)
def test_a_checkpoint_that_is_no_good_is_passed_over_and_said(
    tmp_path: Path, damage: bytes, says: str
) -> None:
    def strict(state: list[int], digest: str) -> int:
        try:
            return restore(state, digest)
        except (TypeError, LookupError) as error:
            raise ValueError(str(error)) from error

    paths = tuple(marked(tmp_path, at8=damage))
    beginning = begin(paths, strict)
    with beginning.reader as journal:
        left = [record.seq for record in journal if record.is_event]
    assert (beginning.state, left) == (6, [7, 8, 9])
    (said,) = beginning.passed_over
    assert said.startswith("the checkpoint after event 8 is not used, what stands before it is: ")
    assert says in said


def test_where_none_is_good_everything_is_read(tmp_path: Path) -> None:
    bad = {f"at{seq}": encode_checkpoint(seq, "x", [seq]) for seq in (2, 4, 6, 8)}
    beginning = begin(tuple(marked(tmp_path, **bad)), restore)
    with beginning.reader as journal:
        assert [record.seq for record in journal if record.is_event] == list(range(1, 10))
    assert beginning.state is None
    assert [said.partition(" is not")[0][-1] for said in beginning.passed_over] == list("8642")


def test_where_another_version_wrote_one_no_other_is_tried(tmp_path: Path) -> None:
    tried = []

    def of_another(state: list[int], _: str) -> int:
        tried.append(state[0])
        raise OtherState("it is of version 2")

    beginning = begin(tuple(marked(tmp_path)), of_another)
    with beginning.reader as journal:
        assert [record.seq for record in journal if record.is_event] == list(range(1, 10))
    assert (beginning.state, tried, len(beginning.passed_over)) == (None, [8], 1)


class Enough(BadJournal):
    """Whoever reads waits no longer."""


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_whoever_does_not_wait_any_longer_is_asked_between_lines_and_between_checkpoints(
    tmp_path: Path, looks: int
) -> None:
    lines = [line(seq) for seq in range(1, 1_501)]
    path = a_file(tmp_path, *lines, checkpoint(1_500), b"")
    asked, tried = 0, []

    def look() -> None:
        nonlocal asked
        asked += 1
        if asked > looks:
            raise Enough

    def note(state: list[int], _: str) -> int:
        tried.append(state[0])
        return state[0]

    if looks < 2:
        with pytest.raises(Enough):
            begin((path,), note, look=look)
        assert tried == []
    else:
        with begin((path,), note, look=look).reader:
            assert tried == [1_500]


def test_places_are_found_without_reading_what_is_in_them(tmp_path: Path) -> None:
    paths = marked(tmp_path)
    found = list(spots(*paths))
    assert [(spot.seq, spot.file) for spot in found] == [(8, 1), (6, 1), (4, 0), (2, 0)]
    for spot in found:
        whole, place = paths[spot.file].read_bytes(), spot.place
        assert whole[place.offset :].startswith(b'{"checkpoint":')
        assert whole[: place.offset].count(b"\n") == place.line


def test_no_checkpoint_behind_damage_is_believed(tmp_path: Path) -> None:
    paths = marked(tmp_path)
    whole = bytearray(paths[1].read_bytes())
    whole[whole.index(b'{"seq":7,') + 20] ^= 1
    paths[1].write_bytes(whole)
    beginning = begin(tuple(paths), restore)
    with (
        beginning.reader as journal,
        pytest.raises(BadJournal, match=r"2\.jsonl, line 4: its check"),
    ):
        list(journal)
    assert beginning.state == 6
