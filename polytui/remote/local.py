"""Faces on this machine: one Unix socket, open to its owner only.

The engine never waits for a face. Each face has its own subscription (views conflated, notices
bounded by whoever implements it) and every send has a deadline; a face that does not read, or
that sends what the language does not know, is dropped, and only that one.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import trio
from attrs import define, field, frozen
from attrs.validators import gt
from loguru import logger

from polytui.model.errors import Rejected
from polytui.model.events import Action
from polytui.model.link import (
    Ack,
    Asked,
    Change,
    Command,
    Detach,
    FrameReader,
    FromEngine,
    FromFace,
    Goodbye,
    Hello,
    LinkError,
    Obeyed,
    TicketAnswer,
    TicketBack,
    TicketOrder,
    TicketQuestion,
    encode,
    schema_hash,
)
from polytui.model.plain_text import plain
from polytui.model.playing import Play
from polytui.model.query import Answer, Query
from polytui.model.ticket import Ticket, TicketLook
from polytui.remote.socket_file import open_socket

_READ_BYTES = 1 << 16
_ORIGIN = "terminal"
_LINGER_S = 0.5
_FACE_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


@frozen
class FaceSettings:
    """How patient the engine is with a face."""

    send_timeout_s: float = field(default=1.0, validator=gt(0.0))
    """A face that has not taken a frame after this long is dropped."""
    hello_timeout_s: float = field(default=2.0, validator=gt(0.0))
    """How long a connection may stay silent before it has said Hello."""
    max_faces: int = field(default=8, validator=gt(0))
    max_questions: int = field(default=1_000, validator=gt(0))
    """Of one face that wait for their turn; more are told to come again."""


class Subscription(Protocol):
    """What one face is yet to be told."""

    async def take(self) -> list[FromEngine]:
        """Wait for something new. Views latest only, notices in order with a dropped count."""

    def close(self) -> None: ...


class FaceSource(Protocol):
    """What the engine shows to faces and hears from them."""

    @property
    def session(self) -> str: ...

    @property
    def mode(self) -> str: ...

    @property
    def wallet(self) -> str: ...

    def subscribe(self) -> Subscription: ...

    async def command(self, action: Action, asset: str, origin: str) -> Obeyed:
        """Carried out and on the disk, or what of it is not; Rejected where nobody could."""

    async def change(self, path: str, value: str, origin: str) -> tuple[int, ...]:
        """The same for a setting. Rejected with what is wrong with it."""

    async def send_ticket(self, asset: str, ticket: Ticket, seen_ns: int, origin: str) -> Obeyed:
        """A person's own order: sent, or Rejected with why it is not."""

    async def take_back(self, asset: str, order_id: str, origin: str) -> Obeyed:
        """The same of a working one that is to go."""

    def look_at_ticket(self, asset: str, ticket: Ticket) -> TicketLook:
        """What it would be now. Rejected where nobody can say."""

    async def play(self, play: Play) -> None:
        """Done, or begun where it takes a while; Rejected with why not."""

    async def ask(self, query: Query) -> Answer:
        """What is kept about it, or why nothing is said. One question of a face at a time."""

    def face_attached(self) -> None: ...

    def face_left(self, *, detached: bool) -> None:
        """`detached`: it left on purpose, or was told goodbye. Otherwise it was killed or lost."""


async def serve_faces(
    path: Path,
    source: FaceSource,
    settings: FaceSettings | None = None,
    *,
    task_status: trio.TaskStatus[Path] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve faces at `path` until cancelled; reports ready once a face can connect.

    Fatal when the socket cannot be made: somebody answers there already, the folder is open to
    others, or the path does not suit a socket.
    """
    room = _Room(source, settings or FaceSettings())
    with open_socket(path) as listening:
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, room.welcome, [listener])
            task_status.started(path)


# --- the faces ------------------------------------------------------------------------------


@define
class _Room:
    """All faces of one engine. State: how many are here, their hello said or not."""

    source: FaceSource
    settings: FaceSettings
    faces: int = 0
    turned_away: int = 0
    """Those who are being told that they are too many."""

    async def welcome(self, stream: trio.SocketStream) -> None:
        """One connection, from its first byte to its end. What goes wrong with it ends it alone."""
        face = _Face(stream, self.source, self.settings)
        try:
            async with stream:
                if self.faces < self.settings.max_faces:
                    await self._host(face)
                elif self.turned_away < self.settings.max_faces:
                    await self._turn_away(face)
        except* (*_FACE_GONE, LinkError):
            pass
        except* Exception as group:
            # It would end the engine, and every other face with it.
            logger.opt(exception=group).error("a face was dropped")

    async def _host(self, face: _Face) -> None:
        self.faces += 1
        has_greeted = False
        try:
            if has_greeted := await face.greeted():
                self.source.face_attached()
                await face.attend()
        finally:
            self.faces -= 1
            if has_greeted:
                self.source.face_left(detached=face.is_detached)

    async def _turn_away(self, face: _Face) -> None:
        self.turned_away += 1
        try:
            await face.turn_away(
                f"{self.settings.max_faces} faces are attached already; close one first"
            )
        finally:
            self.turned_away -= 1


@define
class _Face:
    """One face. State: what it has half sent, and whether it said that it leaves."""

    stream: trio.SocketStream
    source: FaceSource
    settings: FaceSettings
    is_detached: bool = False
    _frames: FrameReader = field(factory=lambda: FrameReader(FromFace), init=False)
    _sending: trio.Lock = field(factory=trio.Lock, init=False)
    _answering: trio.Nursery | None = field(default=None, init=False)
    _asked: tuple[trio.MemorySendChannel[Query], trio.MemoryReceiveChannel[Query]] = field(
        init=False
    )
    """Its questions, which are answered one after the other."""

    @_asked.default
    def _(self) -> tuple[trio.MemorySendChannel[Query], trio.MemoryReceiveChannel[Query]]:
        return trio.open_memory_channel[Query](self.settings.max_questions)

    async def turn_away(self, why: str) -> None:
        """Tell it so, and give it a moment to read that before its own words meet a closed door."""
        await self._send([Goodbye(1, why)])
        with trio.move_on_after(_LINGER_S):
            while await self.stream.receive_some(_READ_BYTES):
                pass

    async def greeted(self) -> bool:
        """Exchange hellos. False, with a reason told, when the two cannot talk."""
        with trio.move_on_after(self.settings.hello_timeout_s):
            first = await self._receive()
            if not first or not isinstance(first[0], Hello):
                return False
            if refusal := _refusal(first[0]):
                await self.turn_away(refusal)
                return False
            source = self.source
            await self._send([Hello(schema_hash(), source.session, source.mode, source.wallet)])
            return await self._obey_all(first[1:])
        return False

    async def attend(self) -> None:
        """Send what is new and take commands until either side ends."""
        subscription = self.source.subscribe()
        try:
            async with trio.open_nursery() as nursery:
                self._answering = nursery
                nursery.start_soon(self._ending, nursery.cancel_scope, self._tell, subscription)
                nursery.start_soon(self._ending, nursery.cancel_scope, self._listen)
                nursery.start_soon(self._ending, nursery.cancel_scope, self._answer_questions)
        finally:
            subscription.close()

    async def _ending(self, scope: trio.CancelScope, task: Any, *args: Any) -> None:
        """Run a half of the conversation; its end, or the face's fault, ends the other half."""
        with suppress(*_FACE_GONE, LinkError):
            await task(*args)
        scope.cancel()

    async def _tell(self, subscription: Subscription) -> None:
        while True:
            news = await subscription.take()
            await self._send(news)
            if any(isinstance(message, Goodbye) for message in news):
                # Sent away is not lost: nothing has to be stopped because of this face.
                self.is_detached = True
                return

    async def _listen(self) -> None:
        while messages := await self._receive():
            if not await self._obey_all(messages):
                return

    async def _obey_all(self, messages: list[Any]) -> bool:
        """False when the face is leaving."""
        for message in messages:
            if isinstance(message, Detach):
                self.is_detached = True
                return False
            if isinstance(message, Query):
                await self._ask(message)
                continue
            if isinstance(message, TicketQuestion):
                await self._send([self._look(message)])
                continue
            if not isinstance(message, Asked):
                raise LinkError(f"a face may not send {type(message).__name__} now")
            # A command that waits for a restarting asset must not hold up the kill behind it.
            if self._answering is None:
                await self._answer(message)
            else:
                self._answering.start_soon(self._answer, message)
        return True

    def _look(self, question: TicketQuestion) -> TicketAnswer:
        try:
            look = self.source.look_at_ticket(question.asset, question.ticket)
        except Rejected as refusal:
            return TicketAnswer(question.question_id, None, plain(refusal))
        return TicketAnswer(question.question_id, look)

    async def _answer(self, command: Asked) -> None:
        with suppress(*_FACE_GONE, LinkError):
            await self._send([await self._obey(command)])

    async def _ask(self, query: Query) -> None:
        """No question holds up a command behind it."""
        try:
            self._asked[0].send_nowait(query)
        except trio.WouldBlock:
            many = f"{self.settings.max_questions} questions wait already"
            busy = f"busy: {many}; ask again when they are answered"
            await self._send([Answer(query.query_id, error=busy)])

    async def _answer_questions(self) -> None:
        async for query in self._asked[1]:
            await self._send([await self.source.ask(query)])

    async def _obey(self, command: Asked) -> Ack:
        try:
            done = await self._done(command)
        except Rejected as refusal:
            return Ack(command.command_id, (), plain(refusal))
        return Ack(command.command_id, done.seqs, "", done.unkept, done.left_out)

    async def _done(self, command: Asked) -> Obeyed:
        source = self.source
        match command:
            case Change(path=path, value=value):
                return Obeyed(await source.change(path, value, _ORIGIN))
            case TicketOrder(asset=asset, ticket=ticket, seen_ns=seen_ns):
                return await source.send_ticket(asset, ticket, seen_ns, _ORIGIN)
            case TicketBack(asset=asset, order_id=order_id):
                return await source.take_back(asset, order_id, _ORIGIN)
            case Play():
                await source.play(command)
                return Obeyed(())
            case Command(action=action, asset=asset):
                return await source.command(action, asset, _ORIGIN)

    async def _receive(self) -> list[Any]:
        """The next whole messages; empty when the connection is over."""
        while data := await self.stream.receive_some(_READ_BYTES):
            if messages := self._frames.feed(bytes(data)):
                return messages
        return []

    async def _send(self, messages: list[FromEngine]) -> None:
        """One write for all of them. A face that does not take it in time is broken."""
        block = b"".join(map(encode, messages))
        async with self._sending:
            with trio.move_on_after(self.settings.send_timeout_s) as patience:
                await self.stream.send_all(block)
            if patience.cancelled_caught:
                # Half a frame may be out: this stream cannot be used again.
                raise trio.BrokenResourceError("the face does not read")


def _refusal(hello: Hello) -> str:
    """Why this face is not let in, in words for its user; empty if it is."""
    if hello.schema == schema_hash():
        return ""
    return (
        "this terminal and the engine are of different versions "
        f"(terminal {plain(hello.schema, 16)}, engine {schema_hash()}); restart the older one"
    )
