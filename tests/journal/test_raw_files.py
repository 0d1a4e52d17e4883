"""Recorded lines on the disk: in order, in files of bounded size, and readable after a crash."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.journal.raw_files import RawFiles, TornTail, read_lines, whole_values
from polytui.model.errors import Fatal
from polytui.model.units import NS_PER_S

T0 = 1_795_204_800 * NS_PER_S  # 2026-11-20 20:00:00 UTC
FAR = 1 << 40


def files_in(folder: Path, rotate_bytes: int = FAR, rotate_s: float = 3600.0) -> RawFiles:
    return RawFiles(folder, "raw", rotate_bytes, rotate_s)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read_until_torn(path: Path) -> tuple[list[str], str]:
    found: list[str] = []
    try:
        found.extend(read_lines(path))
    except TornTail as torn:
        return found, str(torn)
    return found, ""


def a_file(folder: Path, *batches: list[bytes]) -> tuple[Path, list[int]]:
    """A file of one member a batch, and where each member ends."""
    files, ends = files_in(folder), []
    for batch in batches:
        files.write(batch, T0)
        ends.append(files.files[0].stat().st_size)
    return files.files[0], ends


# --- writing --------------------------------------------------------------------------------------


def test_lines_come_back_in_order_and_any_gzip_reads_them(tmp_path: Path) -> None:
    path, _ = a_file(tmp_path, [b"one\n", b"two\n"], [b"three\n"])
    assert names(tmp_path) == ["raw-20261120T200000Z.jsonl.gz"]
    assert list(read_lines(path)) == ["one", "two", "three"]
    assert gzip.decompress(path.read_bytes()) == b"one\ntwo\nthree\n"


def test_it_is_compressed(tmp_path: Path) -> None:
    line = b'{"at":1795204800123456789,"feed":"binance","asset":"btc","raw":"..."}\n'
    path, _ = a_file(tmp_path, [line] * 1000)
    assert path.stat().st_size * 20 < 1000 * len(line)


def test_nothing_to_write_makes_no_file(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.write([], T0)
    assert (names(tmp_path), files.files) == ([], [])


def test_what_was_written_is_on_the_disk_before_the_call_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        kept.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    path, ends = a_file(tmp_path, [b"one\n"], [b"two\n"])
    assert kept == ends
    assert path.stat().st_size == ends[-1]


@pytest.mark.parametrize("name", ["a file", "gone"])
def test_a_folder_that_is_none_is_an_error_of_the_system(name: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(OSError, match=name):
        files_in(tmp_path / name).write([b"one\n"], T0)


# --- rotation -------------------------------------------------------------------------------------


def test_a_full_file_is_left_and_no_member_is_split(tmp_path: Path) -> None:
    files = files_in(tmp_path, rotate_bytes=60)
    for number in range(6):
        files.write([b"%d\n" % number], T0 + number * NS_PER_S)
    assert names(tmp_path) == [
        "raw-20261120T200000Z.jsonl.gz",
        "raw-20261120T200003Z.jsonl.gz",
    ]
    assert [list(read_lines(path)) for path in files.files] == [["0", "1", "2"], ["3", "4", "5"]]


def test_an_old_file_is_left(tmp_path: Path) -> None:
    files = files_in(tmp_path, rotate_s=3600.0)
    for minutes in (0, 59, 60, 119, 121):
        files.write([b"%d\n" % minutes], T0 + minutes * 60 * NS_PER_S)
    assert [list(read_lines(path)) for path in files.files] == [["0", "59"], ["60", "119"], ["121"]]
    assert [path.name[4:-9] for path in files.files] == [
        "20261120T200000Z",
        "20261120T210000Z",
        "20261120T220100Z",
    ]


def test_files_of_one_second_have_numbers_and_nothing_is_overwritten(tmp_path: Path) -> None:
    files = files_in(tmp_path, rotate_bytes=1)
    for number in range(3):
        files.write([b"%d\n" % number], T0)
    again = files_in(tmp_path)
    again.write([b"the next session\n"], T0)
    assert [path.name for path in (*files.files, *again.files)] == [
        "raw-20261120T200000Z.jsonl.gz",
        "raw-20261120T200000Z-2.jsonl.gz",
        "raw-20261120T200000Z-3.jsonl.gz",
        "raw-20261120T200000Z-4.jsonl.gz",
    ]
    assert list(read_lines(files.files[0])) == ["0"]
    assert list(read_lines(again.files[0])) == ["the next session"]


@given(
    batches=st.lists(
        st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))),
        max_size=8,
    ),
    rotate_bytes=st.integers(1, 200),
    pace_s=st.integers(0, 5),
)
def test_whatever_is_written_is_read_again_once(
    batches: list[list[str]], rotate_bytes: int, pace_s: int
) -> None:
    with TemporaryDirectory() as folder:
        files = files_in(Path(folder), rotate_bytes, rotate_s=7.0)
        for index, batch in enumerate(batches):
            files.write([f"{text}\n".encode() for text in batch], T0 + index * pace_s * NS_PER_S)
        found = [line for path in files.files for line in read_lines(path)]
        assert found == [text for batch in batches for text in batch]
        assert len(names(Path(folder))) == len(files.files)


# --- after a crash --------------------------------------------------------------------------------


def test_a_file_cut_anywhere_has_every_member_that_is_whole_and_says_so(tmp_path: Path) -> None:
    batches = [[f"{m} {n} {'é' * n}".encode() + b"\n" for n in range(9)] for m in range(3)]
    path, ends = a_file(tmp_path, *batches)
    whole = [line.decode().rstrip("\n") for batch in batches for line in batch]
    data = path.read_bytes()
    for cut in range(2, len(data)):
        path.write_bytes(data[:cut])
        found, torn = read_until_torn(path)
        safe = sum(end <= cut for end in ends) * len(batches[0])
        assert found == whole[: len(found)], "only whole lines, in order"
        assert len(found) >= safe
        assert bool(torn) is (cut not in ends)
        assert not torn or f"{path} is cut off" in torn


def test_a_long_last_member_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    """Of a member that was being written, what had reached the disk is not thrown away."""
    noise = [os.urandom(30).hex().encode() + b"\n" for _ in range(5000)]
    path, (end,) = a_file(tmp_path, noise)
    path.write_bytes(path.read_bytes()[: end // 2])
    found, torn = read_until_torn(path)
    assert torn
    assert 1000 < len(found) < 4000
    assert found == [line.decode().rstrip("\n") for line in noise[: len(found)]]


def test_zeros_that_a_file_system_leaves_behind_are_no_lines(tmp_path: Path) -> None:
    path, _ = a_file(tmp_path, [b"one\n"])
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert read_until_torn(path) == (["one"], "")


@pytest.mark.parametrize("junk", [b"junk", b"\x1f\x8b\x08junkjunkjunk"])
def test_junk_behind_the_last_member_takes_nothing_away(junk: bytes, tmp_path: Path) -> None:
    path, _ = a_file(tmp_path, [b"one\n"], [b"two\n"])
    path.write_bytes(path.read_bytes() + junk)
    found, torn = read_until_torn(path)
    assert found == ["one", "two"]
    assert torn


def test_a_damaged_member_is_found_by_its_checksum(tmp_path: Path) -> None:
    path, ends = a_file(tmp_path, [b"one\n"], [b"two\n"])
    data = bytearray(path.read_bytes())
    data[ends[1] - 6] ^= 0xFF
    path.write_bytes(data)
    found, torn = read_until_torn(path)
    assert found[:1] == ["one"]
    assert torn


# --- plain files ----------------------------------------------------------------------------------


def test_a_plain_file_and_a_last_line_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_bytes(b"one\n\ntwo \xff\nthree")
    assert list(read_lines(path)) == ["one", "", "two �", "three"]


@pytest.mark.parametrize("data", [b"", b"\x1f"])
def test_a_file_of_nothing(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "none").write_bytes(data)
    assert list(read_lines(tmp_path / "none")) == [data.decode()] * len(data)


# --- values over several lines --------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(st.text(), inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(st.tuples(VALUES, st.booleans()), max_size=6))
def test_printed_or_not_every_value_comes_back_whole(values: list[tuple[object, bool]]) -> None:
    """In order, however each was written; and numbered by the line it begins on."""
    texts = [json.dumps(value, indent=2 if is_pretty else None) for value, is_pretty in values]
    lines = "\n".join(texts).split("\n") if texts else []
    found = list(whole_values(lines))
    assert [json.loads(text) for _, text in found] == [value for value, _ in values]
    assert [lines[number - 1] for number, _ in found] == [text.split("\n")[0] for text in texts]


def test_a_byte_order_mark_and_a_value_that_is_cut_off() -> None:
    assert list(whole_values(["\ufeff{", '  "a": 1', "}", "\ufeff7"])) == [
        (1, '{\n  "a": 1\n}'),
        (4, "7"),
    ]
    assert list(whole_values(["1", "[", "  2"])) == [(1, "1"), (2, "[\n  2")]


def test_a_line_of_700_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "endless.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"[]\n")
        for _ in range(700):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    lines = read_lines(path)
    assert next(lines) == "[]"
    with pytest.raises(Fatal, match="a line of more than 64 MB"):
        next(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20
