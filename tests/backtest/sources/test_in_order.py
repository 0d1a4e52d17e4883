"""Rows of any number in the order of their time, with few files open."""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polytui.backtest.sources.in_order import in_order

OPEN_ALREADY = 40
"""Room for what the process has open, and the few that are opened besides."""


@contextmanager
def few_files(more: int) -> Iterator[None]:
    """The process may open about `more` files besides those that it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(used + more, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="says nobody which files are open")
@pytest.mark.parametrize("count", [0, 9, 10, 639, 641, 7_000])
def test_more_parts_than_a_process_may_open_are_merged_in_passes(count: int) -> None:
    """Ten rows a part: 700 of them where 104 files may be open, and the same row number first."""
    chance = random.Random(count)
    rows = [(chance.randrange(count or 1) // 3, number, "x") for number in range(count)]
    with few_files(OPEN_ALREADY + 64):
        assert list(in_order(rows, chunk=10)) == sorted(rows)


def test_what_was_sorted_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rows = in_order([(at % 7, at) for at in range(700)], chunk=10)
    next(rows)
    assert sum(1 for _ in tmp_path.rglob("*+")) == 2
    assert len([one for one in tmp_path.rglob("*") if one.is_file()]) == 2
    rows.close()
    assert not list(tmp_path.iterdir())
