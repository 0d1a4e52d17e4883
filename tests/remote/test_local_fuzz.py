"""Thousands of frames that no face of ours would send, over real Unix sockets: each ends its own
connection at most, and neither the server nor another face notices. `make fuzz` sends 100,000, and
as many to an engine that trades (`journeys/test_fuzzed_engine.py`)."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from evil_frames import EVIL, bad_connection
from test_local import Face, open_engine

from polytui.model.events import Action
from polytui.model.link import Ack, Command
from polytui.remote.local import FaceSettings

pytestmark = pytest.mark.trio
FRAMES = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 4_000


async def _still_answered(face: Face, number: int) -> None:
    await face.say(Command(number, Action.RESUME, "btc"))
    assert await face.hear() == Ack(number, (41, 42))


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("is_greeted", [False, True])
async def test_one_bad_frame_ends_its_own_face(
    tmp_path: Path, evil: Callable[[random.Random], bytes], is_greeted: bool
) -> None:
    settings = FaceSettings(hello_timeout_s=0.2)
    async with open_engine(tmp_path, settings) as (_, site):
        good = await site.attach()
        bad = await (site.attach() if is_greeted else site.connect())
        with suppress(trio.BrokenResourceError):
            await bad.stream.send_all(evil(random.Random(5)))
            await bad.stream.send_eof()
        while await bad.hear() is not None:
            pass
        await _still_answered(good, 1)


async def test_a_storm_of_bad_frames_is_noticed_by_nobody_else(tmp_path: Path) -> None:
    rng, sent, answers = random.Random(20_261_126), 0, 0
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = FaceSettings(hello_timeout_s=0.5)
    async with open_engine(tmp_path, settings, limit_s=900.0) as (engine, site):
        good = await site.attach()
        while sent < FRAMES:
            sent += await bad_connection(site.path, rng)
            answers += 1
            if answers % 50 == 0:
                with trio.fail_after(5.0):
                    await _still_answered(good, answers)
        await _still_answered(good, 10**6)
        assert not engine.mailboxes[0].is_closed, "the good face was never dropped"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100 << 10


async def test_who_never_says_hello_takes_a_place_for_a_moment_only(tmp_path: Path) -> None:
    settings = FaceSettings(hello_timeout_s=0.3, max_faces=3)
    async with open_engine(tmp_path, settings) as (_, site):
        good = await site.attach()
        silent = [await site.connect() for _ in range(40)]
        told = 0
        for one in silent:
            if await one.hear() is not None:
                told += 1
        assert told <= 3 * 2, "two wait for a hello, three are told; the others are cut"
        await _still_answered(good, 1)
        await site.attach()
