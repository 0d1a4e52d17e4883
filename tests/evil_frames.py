"""Frames that no face of ours would send, and sending them over a real Unix socket."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import trio

from polytui.model.events import Action
from polytui.model.link import MAX_FRAME_BYTES, Command, Detach, Hello, encode, schema_hash

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


def _bad_query(rng: random.Random) -> bytes:
    """A question whose parts have other types, or of which one is missing; or a whole one that is
    odd, which is answered in words."""
    odd = rng.choice((None, "x", -1, 2**62, 1.5, [], {}, "*" * 900, "\x00; DROP TABLE trades"))
    fields = {"type": "query", "query_id": 1, "subject": "trades"}
    name = rng.choice(("query_id", "subject", "limit", "after", "since_ns", "slug", "session"))
    if rng.random() < 0.2:
        fields.pop("subject")
    return framed(_pack({**fields, name: odd}))


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
    _bad_query, _foreign, _flipped, _empty,
)  # fmt: skip


async def bad_connection(path: Path, rng: random.Random) -> int:
    """Bad frames until the engine hangs up; how many were sent."""
    stream = await trio.open_unix_socket(str(path))
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
