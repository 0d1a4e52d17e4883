"""The follower's troubles are never the session's: it cannot begin, dies young, dies late."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock
from virtual_engine import OPENS_NS, VirtualClock, open_session, quick_settings

from polytui.runtime.session import Session
from polytui.runtime.store_child import LOG, keep_database
from polytui.runtime.venue_child import last_words

pytestmark = pytest.mark.trio
_open_process = trio.lowlevel.open_process


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    session = open_session(VirtualClock(OPENS_NS), tmp_path / "s", quick_settings())
    yield session
    session.close()


def said(session: Session) -> list[str]:
    frames: list[Any] = session.hub.subscribe().notices()
    return [frame.notice.text for frame in frames]


def beginnings(
    monkeypatch: pytest.MonkeyPatch, begin: Callable[[], Awaitable[trio.Process]]
) -> list[float]:
    """When the system was asked for a process, of which it gives `begin`."""
    times = list[float]()

    async def open_process(*_: Any, **__: Any) -> trio.Process:
        times.append(trio.current_time())
        return await begin()

    monkeypatch.setattr(trio.lowlevel, "open_process", open_process)
    return times


async def killed() -> trio.Process:
    """One that is no more."""
    with trio.CancelScope(shield=True):  # nobody leaves one behind, however short of time he is
        process = await _open_process(["sleep", "1000"], stdin=-1)
        process.kill()
        await process.wait()
    return process


def waits(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


async def test_a_system_that_refuses_a_process_is_said_and_asked_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    async def refused() -> trio.Process:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    times = beginnings(monkeypatch, refused)
    async with keep_database(session):
        await trio.sleep(200)
    assert waits(times)[:-1] == [1, 2, 4, 8, 16, 32, 60, 60], "and once more at the end"
    line, end = said(session)
    assert end.startswith("the database lacks the end of this session (")
    assert "temporarily unavailable): its follower cannot be started" in line


async def test_a_session_whose_folder_goes_loses_its_database_alone(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    """While a follower lives; and then there is not even a place for its last words."""
    has_gone = trio.Event()

    async def begin() -> trio.Process:
        shutil.rmtree(session.folder)
        has_gone.set()
        return await killed()

    times = beginnings(monkeypatch, begin)
    async with keep_database(session):
        await has_gone.wait()
        while len(said(session)) < 2:
            await trio.sleep(1)
        await trio.sleep(100)
    assert len(times) == 1
    first, second, _ = said(session)
    assert f"cannot read {session.folder / LOG}: No such file" in first
    assert first.endswith("its follower ended with -9")
    assert second.endswith("its follower cannot be started")


async def test_waits_grow_while_it_dies_young_and_begin_anew_when_it_lived(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    lives, is_over = [0] * 10 + [61] + [0] * 3, trio.Event()

    async def begin() -> trio.Process:
        await trio.sleep(lives.pop(0) if lives else 0)
        process = await killed()
        if not lives:
            is_over.set()
        return process

    times = beginnings(monkeypatch, begin)
    async with keep_database(session):
        await is_over.wait()
    assert waits(times)[:10] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert waits(times)[10:13] == [61 + 1, 2, 4]
    *before, _ = said(session)
    assert len(before) == 2, "what is wrong, and what is wrong again after it was well"


# --- the end --------------------------------------------------------------------------------------


async def reading(ends: str) -> trio.Process:
    """One that reads until its stdin is closed, and then does this."""
    return await _open_process(["sh", "-c", f"cat; {ends}"], stdin=-1)


async def test_one_that_died_at_the_last_moment_has_an_heir_that_reads_the_rest(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    lives = list[trio.Process]()

    async def begin() -> trio.Process:
        lives.append(await (reading("exit 0") if lives else killed()))
        return lives[-1]

    times = beginnings(monkeypatch, begin)
    async with keep_database(session):
        while not said(session):
            await trio.sleep(0.01)
    assert [one.returncode for one in lives] == [-9, 0]
    assert times[1] - times[0] < 0.9, "it is not waited for as it is within a session"
    assert len(said(session)) == 1


async def test_one_that_dies_as_it_reads_the_rest_has_one_more(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    ends = ["exit 3", "exit 0"]
    has_begun = trio.Event()

    async def begin() -> trio.Process:
        process = await reading(ends.pop(0))
        has_begun.set()
        return process

    beginnings(monkeypatch, begin)
    async with keep_database(session):
        await has_begun.wait()
    assert ends == []
    assert said(session) == []


async def test_what_nobody_could_read_is_said(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    times = beginnings(monkeypatch, partial(reading, "exit 3"))
    async with keep_database(session):
        while not times:
            await trio.sleep(0.01)
    assert len(times) == 2
    (line,) = said(session)
    assert line.startswith("the database lacks the end of this session (")
    assert line.endswith("its follower ended with 3; the next one reads it")


async def test_one_that_is_being_started_at_the_end_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    lives, is_asked = list[trio.Process](), trio.Event()

    async def begin() -> trio.Process:
        is_asked.set()
        with trio.CancelScope(shield=True):  # as a thread that makes a process is not left
            await trio.sleep(0.05)
            lives.append(await reading("exit 0"))
        return lives[-1]

    beginnings(monkeypatch, begin)
    async with keep_database(session):
        await is_asked.wait()
    assert [one.returncode for one in lives] == [0]


async def test_one_that_reads_on_alone_is_said_even_where_another_died_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings()
    settings = evolve(settings, store=evolve(settings.store, is_enabled=True, finish_s=0.2))
    session = open_session(VirtualClock(OPENS_NS), tmp_path / "s", settings)
    lives = list[trio.Process]()

    async def begin() -> trio.Process:
        lives.append(await (reading("exec sleep 1000") if lives else killed()))
        return lives[-1]

    beginnings(monkeypatch, begin)
    async with keep_database(session):
        while not said(session):
            await trio.sleep(0.01)
    assert said(session)[-1] == "the database is not up to date yet; it is read on"
    session.close()
    lives[-1].kill()
    await lives[-1].wait()


async def test_what_a_child_said_last_is_the_end_of_its_log_or_why_it_is_not_known(
    tmp_path: Path,
) -> None:
    log = tmp_path / "a.log"
    assert last_words(log) == f"cannot read {log}: No such file or directory"
    log.touch()
    assert last_words(log) == "it said nothing"
    log.write_bytes(b"\xff" * 10_000 + b"\nerror: the end\n")
    assert last_words(log) == "the end"
