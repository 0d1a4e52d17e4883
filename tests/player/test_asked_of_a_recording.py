"""A recording served by its socket: what a face hears, what it is answered, and that what-if is the
answer of the command line, from a child that can be ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner
from recorded_session import Recorded
from test_watched_session import opened
from trio.testing import MockClock

from polytui.cli.main import cli
from polytui.model.events import Action
from polytui.model.link import (
    Ack,
    Change,
    Command,
    FrameReader,
    FromEngine,
    FromFace,
    Hello,
    WhatIfFrame,
    encode,
    schema_hash,
)
from polytui.model.playing import RECORDING, Play, PlayMove, WhatIfView
from polytui.model.query import Answer, Query, Subject
from polytui.player.player import Player
from polytui.player.private_rows import PrivateRows, is_kept_beside
from polytui.player.serving import serve
from polytui.player.what_if import WhatIfs
from polytui.runtime.hub import Hub
from polytui.store.database import Database, database_of
from polytui.store.following import read_to_its_end

pytestmark = pytest.mark.trio
WISH = "risk.max_order_usd=3"
_PATIENCE_S = 180


class Face:
    """One end of the link. State: messages that have arrived and were not asked for."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._frames = FrameReader(FromEngine)
        self._heard: list[FromEngine] = []

    async def say(self, message: FromFace) -> None:
        await self._stream.send_all(encode(message))

    async def hear(self, kind: type, number: int = 0) -> object:
        """The next message of a kind, and of a number where one is given."""
        while True:
            while self._heard:
                message = self._heard.pop(0)
                own = getattr(message, "command_id", getattr(message, "query_id", 0))
                if isinstance(message, kind) and (not number or own == number):
                    return message
            data = await self._stream.receive_some(65_536)
            assert data, "the player hung up"
            self._heard += self._frames.feed(bytes(data))


@asynccontextmanager
async def served(player: Player, folder: Path) -> AsyncIterator[Face]:
    path, aside = folder / "k" / "s.sock", folder / "aside"
    aside.mkdir()
    with trio.fail_after(_PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(serve, player, path, None, aside)
            async with await trio.open_unix_socket(str(path)) as stream:
                face = Face(stream)
                await face.say(Hello(schema_hash()))
                yield face
                nursery.cancel_scope.cancel()
    player.close()


async def test_a_face_is_told_that_it_is_a_recording_and_can_command_nothing(
    recorded: Recorded, tmp_path: Path
) -> None:
    async with served(opened(recorded.folder), tmp_path) as face:
        hello = await face.hear(Hello)
        assert isinstance(hello, Hello)
        assert (hello.mode, hello.session) == (RECORDING, recorded.folder.name)
        errors = []
        for asked in (
            Command(1, Action.KILL),
            Change(2, "risk.max_order_usd", "1.0"),
            Play(3, PlayMove.GO, text="tomorrow"),
            Play(4, PlayMove.WHAT_IF, text="journal.directory=x"),
        ):
            await face.say(asked)
            ack = await face.hear(Ack, asked.command_id)
            assert isinstance(ack, Ack)
            errors.append(ack.error)
        assert [error.split(":")[0] for error in errors[:2]] == ["this is a recording"] * 2
        assert "is no moment" in errors[2]
        assert "needs a restart" in errors[3]


async def test_what_is_asked_is_answered_as_of_the_moment(
    recorded: Recorded, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(recorded.folder, tmp_path / recorded.folder.name))
    with closing(Database(database_of(tmp_path))) as database:
        read_to_its_end(database, folder)
    player = opened(folder)
    async with served(player, tmp_path) as face:
        await face.say(Play(1, PlayMove.PAUSE))
        await face.hear(Ack, 1)
        player.go(player.index.last_ns)
        fills = await fills_known(face, player, 2)
        middle = sorted(fills)[len(fills) // 2]
        player.go(middle - 1)
        assert await fills_known(face, player, 3) == {ns for ns in fills if ns < middle} != fills


async def fills_known(face: Face, player: Player, number: int) -> set[int]:
    """Once the player is where it is going."""
    while player.goal is not None:
        await trio.lowlevel.checkpoint()
    await face.say(Query(number, Subject.FILLS))
    answer = await face.hear(Answer, number)
    assert isinstance(answer, Answer)
    assert answer.error == ""
    return {int(row[answer.columns.index("at_ns")] or 0) for row in answer.rows}


async def test_a_folder_without_a_database_is_read_into_a_private_one(
    recorded: Recorded, tmp_path: Path, autojump_clock: MockClock
) -> None:
    assert not is_kept_beside(recorded.folder, recorded.folder.name)
    rows = PrivateRows(recorded.folder, tmp_path)
    with trio.move_on_after(30.0):
        await rows.fill()
    with closing(opened(recorded.folder)) as player, closing(Database(rows.path)) as database:
        assert database.read_until(recorded.folder.name)[0] == player.index.last_seq
    assert not database_of(recorded.folder.parent).exists()


async def test_what_if_is_what_the_command_line_says(recorded: Recorded) -> None:
    hub = Hub("s", RECORDING, 10, stop_when_lost=False)
    channel, what_ifs = hub.subscribe(), WhatIfs(recorded.folder, hub)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(what_ifs.run)
        await what_ifs.ask(WISH)
        view = WhatIfView("")
        with trio.fail_after(_PATIENCE_S):
            while not view.is_ready:
                (*_, frame) = await channel.take()
                assert isinstance(frame, WhatIfFrame)
                view = frame.view
        nursery.cancel_scope.cancel()
    asked = ["replay", str(recorded.folder), "--with", WISH, "--pnl", "--json", "-"]
    said = json.loads(CliRunner().invoke(cli, asked, catch_exceptions=False).stdout)
    assert view.error == ""
    assert (view.events, view.differences) == (said["events"], len(said["differences"]))
    assert (view.orders_was, view.orders_now) == (said["orders_was"], said["orders_now"])
    assert view.first == said["differences"][0]
    pnl = said["pnl"]
    assert (view.pnl_recorded, view.pnl_was, view.pnl_now) == (
        pnl["recorded"], pnl["was"], pnl["now"],
    )  # fmt: skip
    assert view.pnl_recorded == recorded.accounts[-1].realised_pnl != 0
    assert view.pnl_now != view.pnl_was, "smaller orders make something else"


async def test_a_question_that_nobody_wants_any_more_ends_its_child(recorded: Recorded) -> None:
    hub = Hub("s", RECORDING, 10, stop_when_lost=False)
    channel, what_ifs = hub.subscribe(), WhatIfs(recorded.folder, hub)
    with trio.fail_after(_PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(what_ifs.run)
            await what_ifs.ask(WISH)
            while what_ifs.child is None:
                await trio.lowlevel.checkpoint()
            child = what_ifs.child
            await what_ifs.ask("")
            await child.wait()
            assert child.returncode < 0
            frames = await channel.take()
            views = [one.view for one in frames if isinstance(one, WhatIfFrame)]
            assert views[-1] == WhatIfView("")
            nursery.cancel_scope.cancel()
