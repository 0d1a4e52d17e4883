"""This end of the engine's socket: frames in, commands out. It never connects a second time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from attrs import define, field

from polytui.config.called import called
from polytui.model.link import (
    Detach,
    FrameReader,
    FromEngine,
    FromFace,
    Goodbye,
    Hello,
    encode,
    schema_hash,
)
from polytui.model.plain_text import plain

_READ_BYTES = 1 << 16
_RETRY_S = 0.05


@define
class Link:
    """State: the open connection, and what of a frame has arrived.

    `hear` is called with every message, in order, as it arrives.
    """

    path: Path
    hear: Callable[[FromEngine], None]
    connect_within_s: float = 5.0
    """A starting engine may need a moment until its socket is there."""
    silent_after_s: float = 20.0
    """An engine tells its account several times a second: what says nothing is hung or stopped."""
    _writer: asyncio.StreamWriter | None = field(default=None, init=False)
    _is_leaving: bool = field(default=False, init=False)

    async def run(self) -> str:
        """Attach and listen until it is over; returns why, in words.

        After a Goodbye, or our own leaving, the words are empty.
        """
        try:
            async with asyncio.timeout(self.connect_within_s):
                reader, self._writer = await self._connect()
        except TimeoutError:
            return f"no engine answers at {self.path}"
        except OSError as error:
            return f"cannot attach at {self.path}: {error.strerror or error}"
        try:
            self.send(Hello(schema_hash()))
            return await self._listen(reader)
        except TimeoutError:
            return (
                f"the engine has said nothing for {self.silent_after_s:g} s: hung, or stopped, and"
                f" its orders may still work; look with {called('attach')}"
            )
        except Exception as error:
            # Whatever it is: a picture that nobody brings up to date must not look alive.
            return f"the connection broke: {plain(error) or type(error).__name__}"
        finally:
            self._writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_unix_connection(str(self.path))
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(_RETRY_S)

    async def _listen(self, reader: asyncio.StreamReader) -> str:
        frames = FrameReader(FromEngine)
        while data := await self._read(reader):
            for message in frames.feed(data):
                if isinstance(message, Hello) and message.schema != schema_hash():
                    return "the engine is of a different version; restart the older of the two"
                self.hear(message)
                if isinstance(message, Goodbye):
                    return ""
        return "" if self._is_leaving else "the engine ended without a goodbye"

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self.silent_after_s):
            return await reader.read(_READ_BYTES)

    def send(self, message: FromFace) -> bool:
        """Write `message`; False when nobody is there to read it."""
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(encode(message))
        return True

    @property
    def has_left(self) -> bool:
        """Whether this end went, on purpose."""
        return self._is_leaving

    async def detach(self) -> None:
        """Say that this face leaves on purpose, and close; returns when the words are out."""
        self._is_leaving = True
        if self.send(Detach()) and self._writer is not None:
            with suppress(OSError):
                await self._writer.drain()
            self._writer.close()
