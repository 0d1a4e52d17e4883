"""Thousands of frames that no face of ours would send, over real Unix sockets: each ends its own
connection at most, and neither the engine nor another face notices. `make fuzz` sends 100,000."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import trio
from test_local import Face, Site, open_engine

from polytui.model.events import Action
from polytui.model.link import MAX_FRAME_BYTES, Ack, Command, Detach, Hello, encode, schema_hash
from polytui.remote.local import FaceSettings

pytestmark = pytest.mark.trio
FRAMES = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 4_000
A_CONNECTION = 25
"""Frames tried on each: most end theirs."""
HELLO = encode(Hello(schema_hash()))
DETACH = encode(Detach())
_pack = msgspec.msgpack.encode


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def _noise(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, 400))


def _bad_utf8(_: random.Random) -> bytes:
    return framed(b"\x82\xa4type\xa5hello\xa6schema\xa4\xff\xfe\xc0\x80")


def _deep(rng: random.Random) -> bytes:
    return framed(b"\x91" * rng.choice((100, 5_000, 60_000)) + b"\xc0")


def _deep_field(rng: random.Random) -> bytes:
    nest = b"\x91" * rng.choice((2_000, 20_000)) + b"\xc0"
    return framed(b"\x82\xa4type\xa7command\xa1x" + nest)


def _huge_length(rng: random.Random) -> bytes:
    return rng.choice((MAX_FRAME_BYTES + 1, 2**31, 2**32 - 1)).to_bytes(4, "big") + b"x"


def _half(rng: random.Random) -> bytes:
    whole = encode(Command(rng.randrange(9), Action.KILL, "btc"))
    return whole[: rng.randrange(1, len(whole))]


def _claims_many(_: random.Random) -> bytes:
    """A map or an array of four billion items, of which none comes."""
    return framed(b"\xdd\xff\xff\xff\xff")


def _wrong_types(rng: random.Random) -> bytes:
    fields = {"type": "command", "command_id": rng.choice(("x", None, 2**70, -1.5, [], {}))}
    with suppress(OverflowError):
        return framed(_pack({**fields, "action": rng.choice(("kill", "fly", 7, None))}))
    return framed(_pack({"type": "command", "command_id": "x"}))


def _foreign(rng: random.Random) -> bytes:
    kind = rng.choice(("ack", "goodbye", "notice", "asset", "", "hello" * 100))
    return framed(_pack({"type": kind, "schema": "x" * rng.randrange(3000)}))


def _flipped(rng: random.Random) -> bytes:
    frame = bytearray(encode(Command(1, Action.PAUSE, "btc\x1b[2J\u202e" * 9)))
    frame[rng.randrange(4, len(frame))] ^= 1 << rng.randrange(8)
    return bytes(frame)


def _empty(_: random.Random) -> bytes:
    return framed(b"")


EVIL: tuple[Callable[[random.Random], bytes], ...] = (
    _noise, _bad_utf8, _deep, _deep_field, _huge_length, _half, _claims_many, _wrong_types,
    _foreign, _flipped, _empty,
)  # fmt: skip


async def _one_connection(site: Site, rng: random.Random) -> int:
    """Bad frames until the engine hangs up; how many were sent."""
    stream = await trio.open_unix_socket(str(site.path))
    sent = 0
    async with stream:
        with suppress(trio.BrokenResourceError):
            if rng.random() < 0.5:
                await stream.send_all(HELLO)
            for _ in range(rng.randrange(1, A_CONNECTION)):
                sent += 1
                await stream.send_all(rng.choice(EVIL)(rng))
            if rng.random() < 0.2:
                await stream.send_all(DETACH)
    return sent


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
            sent += await _one_connection(site, rng)
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
