"""Faces on a running engine: the Unix socket spoken by hand, frame by frame."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from program import (
    EAGER,
    Program,
    events_of,
    records_of,
    replayed,
    short_folder,
    started,
    summary_of,
)

from polytui.model.events import Action, Commanded
from polytui.model.link import (
    AccountFrame,
    Ack,
    AssetFrame,
    Command,
    Detach,
    FrameReader,
    FromEngine,
    Goodbye,
    Hello,
    NoticeFrame,
    encode,
    schema_hash,
)
from polytui.model.snapshot import AssetState

pytestmark = pytest.mark.trio
DEMO = (
    "demo", "--headless", "--config", str(EAGER), "--rounds", "0", "--assets", "btc,eth",
    "--speed", "30", "--messages", "0.01",
)  # fmt: skip
CALM = ("--assets", "btc", "--speed", "1")
"""For where only the socket matters: the later of two options counts."""


@attrs.define
class Face:
    """One end of the link. State: messages that have arrived and were not asked for."""

    stream: trio.SocketStream
    reader: FrameReader = attrs.field(factory=lambda: FrameReader(FromEngine))
    waiting: list[Any] = attrs.field(factory=list)

    async def say(self, message: Any) -> None:
        await self.stream.send_all(encode(message))

    async def hear(self, is_it: Callable[[Any], bool]) -> Any:
        """The next message that is it; the others are passed over."""
        while True:
            while self.waiting:
                message = self.waiting.pop(0)
                if is_it(message):
                    return message
            data = await self.stream.receive_some(65_536)
            assert data, "the engine hung up"
            self.waiting += self.reader.feed(bytes(data))

    async def ask(self, number: int, action: Action, asset: str = "") -> Ack:
        await self.say(Command(number, action, asset))
        ack: Ack = await self.hear(lambda m: isinstance(m, Ack) and m.command_id == number)
        return ack


async def connected(socket: Path) -> trio.SocketStream:
    """A socket has its name a moment before it listens."""
    while True:
        try:
            return await trio.open_unix_socket(str(socket))
        except (FileNotFoundError, ConnectionRefusedError):
            await trio.sleep(0.02)


@asynccontextmanager
async def attached(socket: Path) -> AsyncIterator[Face]:
    """A face that has exchanged hellos; its socket is closed, without a word, at the end."""
    async with await connected(socket) as stream:
        face = Face(stream)
        await face.say(Hello(schema_hash()))
        hello = await face.hear(lambda message: True)
        assert isinstance(hello, Hello)
        assert (hello.schema, hello.mode) == (schema_hash(), "demo")
        yield face


@asynccontextmanager
async def engine(tmp_path: Path, *arguments: str) -> AsyncIterator[tuple[Program, Path]]:
    with short_folder() as place:
        socket = place / "e.sock"
        async with started(tmp_path, *DEMO, "--socket", socket, *arguments) as program:
            yield program, socket


def orders_of(program: Program, asset: str) -> list[int]:
    """Sequence numbers at which this asset placed orders."""
    return [
        record.seq
        for record in records_of(program.session)
        if record.asset == asset and b'"Place"' in bytes(record.effects)
    ]


def is_view(asset: str, *, held: bool = False) -> Callable[[Any], bool]:
    def check(message: Any) -> bool:
        if not isinstance(message, AssetFrame) or message.view.asset != asset:
            return False
        return not held or any(one.up_shares or one.down_shares for one in message.view.rounds)

    return check


async def test_pause_kill_and_leaving_on_purpose(tmp_path: Path) -> None:
    """Pause ETH before its round opens; BTC trades on; KILL is acknowledged; detach; attach."""
    async with engine(tmp_path, "--owned", "--start", "2026-11-20T14:59:00Z") as (program, socket):
        async with attached(socket) as face:
            pause = await face.ask(1, Action.PAUSE, "eth")
            assert (len(pause.seqs), pause.error) == (1, "")
            refused = await face.ask(2, Action.PAUSE, "doge")
            assert (refused.seqs, refused.error) == ((), "no asset 'doge' in this session")
            account = await face.hear(lambda message: isinstance(message, AccountFrame))
            assert account.view.assets == ("btc", "eth")
            view = await face.hear(is_view("eth"))
            assert view.view.state is AssetState.PAUSED
            await face.hear(is_view("btc", held=True))
            kill = await face.ask(3, Action.KILL)
            assert len(kill.seqs) == 2
            killed = await face.hear(
                lambda message: isinstance(message, AccountFrame) and message.view.is_killed
            )
            assert killed.view.working_orders == 0
            await face.say(Detach())
        async with attached(socket) as face:
            told = await face.hear(lambda message: isinstance(message, NoticeFrame))
            assert told.notice.text, "a new face is told what it missed"
            again = await face.hear(is_view("btc"))
            assert again.view.state is AssetState.KILLED, "it went on without a terminal"
            ack = await face.ask(4, Action.STOP)
            assert ack.error == ""
            goodbye = await face.hear(lambda message: isinstance(message, Goodbye))
            assert (goodbye.exit_code, goodbye.reason) == (0, "command from terminal")
        assert await program.end() == 0
    assert not socket.exists()
    journal = program.session
    commands = {
        record.seq: event.action
        for record, event in events_of(journal, Commanded)
        if isinstance(event, Commanded) and event.origin == "terminal"
    }
    assert commands[pause.seqs[0]] is Action.PAUSE
    assert all(commands[seq] is Action.KILL for seq in kill.seqs)
    assert orders_of(program, "eth") == []
    btc = orders_of(program, "btc")
    assert btc, "BTC went on while ETH was paused"
    assert max(btc) < min(kill.seqs), "nothing is placed behind the kill switch"
    assert replayed(journal).mind.account.working_orders == 0


async def test_an_owned_engine_stops_when_its_terminal_is_lost(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And while it has one, a second engine does not take the socket."""
    async with engine(tmp_path, "--owned", *CALM) as (program, socket):
        async with attached(socket) as face:
            await face.hear(is_view("btc"))
            async with (
                started(
                    tmp_path_factory.mktemp("second"), *DEMO, *CALM, "--socket", socket
                ) as second,
                trio.open_nursery() as nursery,
            ):
                # Who is told much and reads nothing is taken for lost as well.
                nursery.start_soon(face.hear, lambda _: False)
                text = await second.rest()
                assert await second.process.wait() == 1
                nursery.cancel_scope.cancel()
            (line,) = [one for one in text.splitlines() if one.startswith("error: ")]
            assert "an engine already answers" in line
            assert "Traceback" not in text
            await face.hear(is_view("btc"))
        assert await program.end() == 0
    assert summary_of(program.session)["stopped"] == "the terminal was lost"
    assert replayed(program.session).mind.account.working_orders == 0


async def test_an_engine_of_its_own_does_not_care_who_leaves(tmp_path: Path) -> None:
    async with engine(tmp_path, *CALM) as (program, socket):
        async with attached(socket) as face:
            await face.hear(is_view("btc"))
        async with attached(socket) as face:
            await face.hear(is_view("btc"))
            program.process.terminate()
            goodbye = await face.hear(lambda message: isinstance(message, Goodbye))
            assert goodbye.reason == "signal SIGTERM"
        assert await program.end() == 0
