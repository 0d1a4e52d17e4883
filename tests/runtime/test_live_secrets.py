"""After a crash with a request on its way, a death and a beginning anew: no secret of the account
is in anything that is left but the one file that is made for it."""

from __future__ import annotations

import traceback
from pathlib import Path

import httpx
import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import venue_of
from loguru import logger
from secrets_left import forms_of, secrets_in
from spoilt_answers import POSTS, named
from trio.testing import MockClock

from polytui.config.state_folder import state_folder

pytestmark = pytest.mark.trio
WORLD = "a world"


async def test_the_worst_leaves_no_secret(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    logger.add(tmp_path / "everything.log", level=0, backtrace=True, diagnose=True)
    venue = venue_of(8.0)
    wallet = venue.wallet
    async with open_live_venue(monkeypatch, venue):
        async with open_live_engine(venue, tmp_path / "first", world=WORLD) as engine:
            await engine.trade(1)
            await _crash(engine, tmp_path / "tracebacks")
            await engine.has_working()
            engine.die()
            await engine.is_over.wait()
        venue.is_away = False
        await trio.sleep(1)
        async with open_live_engine(venue, tmp_path / "second", world=WORLD) as engine:
            await _note_frames(engine, tmp_path / "frames")
            await engine.rest()
            engine.check()
    api_key = state_folder().api_key(wallet.owner, wallet.chain_id)
    assert api_key is not None
    left = secrets_in(tmp_path, forms_of(wallet.key, api_key))
    (kept,) = [Path(one).name for one in left]
    assert kept.lower() == f"{wallet.chain_id}-{wallet.owner}.api_key.json".lower()
    log = (tmp_path / "everything.log").read_text()
    assert "Traceback" in log
    assert "a fault of our own" in log


async def _crash(engine: LiveEngine, folder: Path) -> None:
    """A request raises what nobody expects: the asset begins another life, and the traceback is
    written with all of its variables."""
    folder.mkdir()  # noqa: ASYNC240
    lives, there = engine.runs[0].life, engine.there

    async def fail(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if named(request) not in POSTS:
            return response
        there.after = None
        error = RuntimeError("a fault of our own")
        try:
            raise error
        finally:
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            (folder / "one").write_text("".join(shown.format()))

    there.after = fail
    await engine.until(lambda: engine.runs[0].life > lives)


async def _note_frames(engine: LiveEngine, file: Path) -> None:
    """What a terminal would be sent: everything of it, for some seconds."""
    channel = engine.session.hub.subscribe()
    with file.open("w") as out, trio.move_on_after(5):
        while True:
            for frame in await channel.take():
                out.write(f"{frame!r}\n")
