"""Rows of any number in the order of their time: in bounded memory, and on disk only where they
must be, in a file that nobody has to remove."""

from __future__ import annotations

import os
import random
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_recordings import OPENS_S, candles, tops, write_csv

from polytui.backtest.data_set import open_data
from polytui.backtest.sources.candle_file import CandleFile
from polytui.backtest.sources.frame_file import FrameFile
from polytui.backtest.sources.in_order import ON_DISK, Disorder, in_order
from polytui.backtest.sources.recording import PriceSeries, Recording, Wanted, Windows
from polytui.backtest.sources.settlement_ticks import SettlementTickFile
from polytui.backtest.sources.sorted_parts import SortedParts
from polytui.backtest.sources.top_of_book import TopOfBookFile
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset

OPEN_ALREADY = 40
"""Room for what the process has open, and the few that are opened besides."""
FDS = Path("/proc/self/fd")
can_see_files = pytest.mark.skipif(not FDS.exists(), reason="says nobody which files are open")


@contextmanager
def limited(what: int, to: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (to if hard < 0 else min(to, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


@can_see_files
@pytest.mark.parametrize("size", [0, 9, 10, 639, 7_000])
def test_more_parts_than_a_process_may_open_are_merged(size: int) -> None:
    """Ten rows a part: 700 of them where 40 files may be open, and the same row number first."""
    chance = random.Random(size)
    rows = [(chance.randrange(size or 1) // 3, number, "x") for number in range(size)]
    used = max(int(one.name) for one in FDS.iterdir())
    with limited(resource.RLIMIT_NOFILE, used + OPEN_ALREADY):
        assert list(in_order(rows, chunk=10)) == sorted(rows)


@can_see_files
def test_what_is_sorted_has_no_name_that_could_be_left_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it remembers where it was asked first
    rows = in_order([(at % 7, at) for at in range(700)], chunk=10)
    next(rows)
    assert not list(tmp_path.iterdir()), "whoever is killed now leaves nothing"
    assert _open_in(tmp_path) == 1
    rows.close()
    assert _open_in(tmp_path) == 0


def _open_in(folder: Path) -> int:
    """Files of a folder that this process has open."""
    found = [os.readlink(one) for one in FDS.iterdir() if one.is_symlink()]
    return sum(one.startswith(str(folder)) for one in found)


def test_without_a_word_of_anybody_it_is_sorted_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """/tmp is memory on many machines."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    with (
        SortedParts(left_free_mb=1 << 40) as parts,
        pytest.raises(Fatal, match=r"^/var/tmp has no"),
    ):
        parts.add([(1, 1)])


def test_a_disk_that_would_be_full_is_left_alone() -> None:
    with SortedParts(left_free_mb=1 << 40) as parts:
        with pytest.raises(Fatal, match=r"0 MB were written: less than 1,099,.* MB are free"):
            parts.add([(1, 1)])
        assert parts.megabytes == 0


@pytest.mark.parametrize("most", [0, 1_000_000])
def test_a_disk_that_is_full_is_told_in_words(most: int) -> None:
    """A file may have so many bytes, and not one more."""
    rows = ((at % 7, at, f"{at:01000}") for at in range(20_000))
    words = rf"\({most // 1_000_000} MB were written: .*TMPDIR.*--from.*sort the file"
    with limited(resource.RLIMIT_FSIZE, most), pytest.raises(Fatal, match=words):
        next(in_order(rows, chunk=100))


def test_a_part_that_was_written_in_part_is_no_part() -> None:
    with limited(resource.RLIMIT_FSIZE, 10), SortedParts() as parts, pytest.raises(Fatal):
        parts.add([(1, 1)])


class Payload:
    """Of a row; counts how many of it are in memory."""

    alive = most_alive = 0

    def __init__(self) -> None:
        Payload.alive += 1
        Payload.most_alive = max(Payload.alive, Payload.most_alive)

    def __del__(self) -> None:
        Payload.alive -= 1


def test_no_more_rows_than_fit_wait_for_an_earlier_one() -> None:
    """The last of a thousand is the earliest: all wait for it, on disk."""
    disorder = Disorder(most_ns=1_000)
    rows = ((at, -at, Payload()) for at in range(1_000, 0, -1))
    first = next(in_order(rows, chunk=10, disorder=disorder))
    assert first[0] == 1
    assert Payload.most_alive < 40


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 70))
def test_rows_that_are_nearly_in_order_come_in_order(times: list[int], chunk: int) -> None:
    rows, disorder = [(at, number, "what") for number, at in enumerate(times)], Disorder()
    for at in times:
        disorder.take(at)
    assert list(in_order(rows, chunk, disorder)) == sorted(rows)


def test_nothing_waits_for_a_row_that_cannot_come() -> None:
    """Each row is a second after the one before, or two before it: of endless ones the first come,
    when a few were read."""
    disorder = Disorder()
    for at in (3, 1, 6, 4, 9, 7):
        disorder.take(at)
    assert disorder.most_ns == 2
    endless = ((3 * (number // 2) + (3, 1)[number % 2], number) for number in count())
    ordered = in_order(endless, chunk=4, disorder=disorder)
    assert [next(ordered)[0] for _ in range(6)] == [1, 3, 4, 6, 7, 9]


@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_book_is_sorted_on_disk_only_where_it_must_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_mixed: bool
) -> None:
    """Ten rows in memory: a row a second late needs no disk, the last that comes first does."""
    monkeypatch.setattr(TopOfBookFile, "CHUNK", 10)
    rows = tops(seconds=range(-60, 301))
    rows[50], rows[51] = rows[51], rows[50]
    if is_mixed:
        rows.insert(0, rows.pop())
    write_csv(tmp_path / "books.csv", rows)
    write_csv(tmp_path / "candles.csv", candles())
    write_csv(tmp_path / "rounds.csv", [{"slug": rows[0]["slug"], "winner": "Up"}])
    data = open_data([tmp_path])
    times = [moment.at_ns for moment in data.moments()]
    assert times == sorted(times)
    assert any(ON_DISK in note for note in data.coverage.facts) is is_mixed


EVER = Windows.of([(0, 1 << 62)])
WANTED = Wanted(prices={(series, Asset.BTC): EVER for series in PriceSeries})
ROWS = range(100)


def settlement_file(folder: Path) -> SettlementTickFile:
    at_ms = OPENS_S * 1_000
    rows = [
        {"feed_ts_ms": at_ms + n, "recv_ms": at_ms + n + 900, "value": 63_000 + n} for n in ROWS
    ]
    return SettlementTickFile(write_csv(folder / "btc.csv", rows))


def candle_file(folder: Path) -> CandleFile:
    row = candles(range(1))[0]
    rows = [{**row, "open_time": OPENS_S + second} for second in ROWS]
    return CandleFile(write_csv(folder / "btc.csv", rows))


def frame_file(folder: Path) -> FrameFile:
    path = folder / "frames.txt"
    data = '{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT"}}'
    path.write_text("".join(f"{OPENS_S + n}000000000 {data}\n" for n in ROWS))
    return FrameFile(path)


@pytest.mark.parametrize("made", [settlement_file, candle_file, frame_file])
def test_a_file_in_order_needs_no_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Callable[[Path], Recording]
) -> None:
    """As it is looked through, and as it is played: of a hundred rows ten may be in memory."""
    recording, counted = made(tmp_path), Counter[str]()
    monkeypatch.setattr(type(recording), "CHUNK", 10)
    assert ON_DISK not in recording.survey().counted
    assert sum(1 for _ in recording.heard(WANTED, counted)) or recording.words.startswith("raw")
    assert ON_DISK not in counted
