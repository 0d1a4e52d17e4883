"""A terminal whose engine says nothing, or what cannot be read, says that it is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from polytui.model.link import FromEngine, Hello, encode, schema_hash
from polytui.tui.link import Link


def end_of(path: Path, said: bytes, *, silent_after_s: float = 20.0) -> str:
    """Why a link ended whose engine says this and nothing more, and stays."""

    async def run() -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            with suppress(OSError):
                while await reader.read(4096):
                    pass
            writer.close()
            over.set()

        over = asyncio.Event()

        server = await asyncio.start_unix_server(serve, str(path))
        heard: list[FromEngine] = []
        async with server, asyncio.timeout(10):
            words = await Link(path, heard.append, silent_after_s=silent_after_s).run()
            await over.wait()
            await asyncio.sleep(0)  # what was closed is gone with the loop's next turn
        assert len(heard) <= 1
        return words

    return asyncio.run(run())


HELLO = encode(Hello(schema_hash(), "s-1", "demo"))


def test_silence_is_noticed(tmp_path: Path) -> None:
    words = end_of(tmp_path / "s", HELLO, silent_after_s=0.2)
    assert "said nothing for 0.2 s" in words


@pytest.mark.parametrize(
    "frame",
    [b"\x82\xa4type\xa5hello\xa6schema\xa4\xff\xfe\xc0\x80", b"\x91" * 60_000, b"", b"\xc1"],
)
def test_what_cannot_be_read_is_noticed(tmp_path: Path, frame: bytes) -> None:
    words = end_of(tmp_path / "s", HELLO + len(frame).to_bytes(4, "big") + frame)
    assert words.startswith("the connection broke: ")
    assert words.isprintable()
