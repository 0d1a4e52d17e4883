"""One command to an engine that runs here, through its socket, and what it answers."""

from __future__ import annotations

from pathlib import Path

import trio

from polytui.model.errors import Fatal
from polytui.model.events import Action
from polytui.model.link import (
    Ack,
    Command,
    Detach,
    FrameReader,
    FromEngine,
    Goodbye,
    Hello,
    LinkError,
    encode,
    schema_hash,
)

_READ_BYTES = 1 << 16
_HELLO_S, _ACK_S = 3.0, 60.0
_GONE = (OSError, trio.BrokenResourceError, trio.ClosedResourceError, LinkError)


async def greeting_of(socket: Path) -> Hello | None:
    """Which session it is, how it trades and with whose money; None where it does not say."""
    try:
        async with await trio.open_unix_socket(socket) as stream:
            return await _greeted(stream, FrameReader(FromEngine))
    except (*_GONE, Fatal):
        return None


async def command(socket: Path, action: Action) -> Ack:
    """Carried out, and on the disk, or what of it is not. Fatal where nobody answers."""
    frames = FrameReader(FromEngine)
    try:
        async with await trio.open_unix_socket(socket) as stream:
            await _greeted(stream, frames)
            await stream.send_all(encode(Command(1, action)))
            with trio.move_on_after(_ACK_S):
                while True:
                    for message in await _next(stream, frames):
                        if isinstance(message, Ack):
                            await stream.send_all(encode(Detach()))
                            return message
    except _GONE as error:
        raise Fatal(
            f"the engine at {socket} went away: {error}; look with polytui attach"
        ) from None
    raise Fatal(f"the engine at {socket} does not answer; look with polytui attach")


async def _greeted(stream: trio.SocketStream, frames: FrameReader) -> Hello:
    await stream.send_all(encode(Hello(schema_hash())))
    with trio.move_on_after(_HELLO_S):
        while True:
            for message in await _next(stream, frames):
                if isinstance(message, Goodbye):
                    raise Fatal(f"the engine does not let us in: {message.reason}")
                if isinstance(message, Hello):
                    return message
    raise Fatal("the engine does not answer; look with polytui attach")


async def _next(stream: trio.SocketStream, frames: FrameReader) -> list[FromEngine]:
    data = await stream.receive_some(_READ_BYTES)
    if not data:
        raise trio.BrokenResourceError("it closed the connection")
    return list(frames.feed(bytes(data)))
