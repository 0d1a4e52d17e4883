"""One command to an engine over its real socket: carried out, refused, or nobody there."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from attrs import define, field

from polytui.model.errors import Fatal, Rejected
from polytui.model.events import Action
from polytui.model.link import FromEngine, Obeyed
from polytui.model.query import Answer, Query
from polytui.remote.local import FaceSettings, serve_faces
from polytui.tools.engine_line import command, greeting_of

pytestmark = pytest.mark.trio
LIMIT_S = 30


class Silence:
    """A subscription with nothing to tell."""

    async def take(self) -> list[FromEngine]:
        await trio.sleep_forever()
        raise AssertionError

    def close(self) -> None:
        """Nothing to close."""


@define
class Engine:
    """Obeys, or says why not."""

    mode: str = "live"
    wallet: str = ""
    session: str = "s-1"
    refusal: str = ""
    obeyed: list[tuple[Action, str]] = field(factory=list)
    left: list[bool] = field(factory=list)

    def subscribe(self) -> Silence:
        return Silence()

    async def command(self, action: Action, asset: str, origin: str) -> Obeyed:
        await trio.lowlevel.checkpoint()
        if self.refusal:
            raise Rejected(self.refusal)
        self.obeyed.append((action, asset))
        return Obeyed((7, 8), left_out="eth is halted")

    async def change(self, path: str, value: str, origin: str) -> tuple[int, ...]:
        raise AssertionError("nobody changes anything")

    async def ask(self, query: Query) -> Answer:
        raise AssertionError("nobody asks anything")

    def face_attached(self) -> None:
        """Not counted."""

    def face_left(self, *, detached: bool) -> None:
        self.left.append(detached)


async def test_a_command_is_carried_out_and_answered(tmp_path: Path) -> None:
    engine, path = Engine(), tmp_path / "s.sock"
    with trio.fail_after(LIMIT_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_faces, path, engine, FaceSettings())
            greeting = await greeting_of(path)
            assert greeting is not None
            assert (greeting.session, greeting.mode, greeting.wallet) == ("s-1", "live", "")
            ack = await command(path, Action.FLATTEN)
            assert (ack.seqs, ack.left_out, ack.error) == ((7, 8), "eth is halted", "")
            assert engine.obeyed == [(Action.FLATTEN, "")], "of every asset, and once"
            engine.refusal = "nothing is held"
            assert (await command(path, Action.FLATTEN)).error == "nothing is held"
            nursery.cancel_scope.cancel()


async def test_where_nobody_answers_it_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone.sock"
    assert await greeting_of(gone) is None
    with pytest.raises(Fatal, match="look with polytui attach"):
        await command(gone, Action.FLATTEN)
