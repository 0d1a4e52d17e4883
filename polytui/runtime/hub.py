"""The hub: memory channels from the engine to every face, and commands back.

Views are conflated, the latest wins; notices keep their order in a bounded channel, and what a
slow face missed is counted and told. The engine publishes without waiting.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import trio

from polytui.model.errors import Rejected
from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    AssetFrame,
    Forget,
    FromEngine,
    Goodbye,
    NoticeFrame,
    Obeyed,
    PlayFrame,
    SettingsFrame,
    WhatIfFrame,
)
from polytui.model.playing import Play, PlayView, WhatIfView
from polytui.model.query import Answer, Query, Subject
from polytui.model.snapshot import AccountView, AssetView, Notice, SettingView
from polytui.model.ticket import Ticket, TicketLook
from polytui.runtime.notice_memory import NoticeMemory

_REMEMBERED = 200
"""Notices that a new face is told at once; it asks for those before."""

Obey = Callable[[Action, str, str], Awaitable[Obeyed]]
"""(action, asset, origin)."""
Change = Callable[[str, str, str], Awaitable[tuple[int, ...]]]
"""(path, value as JSON, origin)."""
Ask = Callable[[Query], Awaitable[Answer]]
Turn = Callable[[Play], Awaitable[None]]


class TicketDesk(Protocol):
    """Who takes a person's own orders; each is Rejected where they are not sent, with why."""

    async def send(self, asset: str, ticket: Ticket, seen_ns: int, origin: str) -> Obeyed: ...

    async def take_back(self, asset: str, order_id: str, origin: str) -> Obeyed: ...

    def look(self, asset: str, ticket: Ticket) -> TicketLook: ...


class FaceChannel:
    """One face's channels. State: views it has not seen yet by name, and its notices."""

    def __init__(self, hub: Hub, limit: int, *, is_drawn: bool) -> None:
        self._hub = hub
        self.is_drawn = is_drawn
        self._views: dict[str, FromEngine] = {}
        self._send, self._receive = trio.open_memory_channel[Notice](limit)
        self._news = trio.Event()
        self._goodbye: Goodbye | None = None
        self._dropped = 0
        self._is_elsewhere = False
        """Whether what it was told is not of this moment any more."""

    def view(self, name: str, frame: FromEngine) -> None:
        self._views[name] = frame
        self._news.set()

    def notice(self, notice: Notice) -> None:
        try:
            self._send.send_nowait(notice)
        except trio.WouldBlock:
            # The newest is worth more than the oldest: it may say why trading stopped.
            self._receive.receive_nowait()
            self._dropped += 1
            self._send.send_nowait(notice)
        self._news.set()

    def forget_all(self) -> None:
        self._views.clear()
        while self._receive.statistics().current_buffer_used:
            self._receive.receive_nowait()
        self._is_elsewhere = True
        self._news.set()

    def goodbye(self, frame: Goodbye) -> None:
        self._goodbye = frame
        self._news.set()

    async def take(self) -> list[FromEngine]:
        """Wait for something new; everything that is."""
        await self._news.wait()
        self._news = trio.Event()
        frames: list[FromEngine] = [Forget()] if self._is_elsewhere else []
        self._is_elsewhere = False
        frames += self._views.values()
        self._views.clear()
        frames += self.notices()
        if self._goodbye is not None:
            frames.append(self._goodbye)
        return frames

    def notices(self) -> list[FromEngine]:
        """Those that nobody has taken yet, without waiting."""
        frames: list[FromEngine] = []
        while self._receive.statistics().current_buffer_used:
            frames.append(NoticeFrame(self._receive.receive_nowait(), self._dropped))
        return frames

    def close(self) -> None:
        self._hub.forget(self)


class Hub:
    """State: the faces, the last view of everything, the last notices, and who obeys commands."""

    def __init__(
        self, session: str, mode: str, limit: int, *, stop_when_lost: bool, wallet: str = ""
    ) -> None:
        self.session = session
        self.mode = mode
        self.wallet = wallet
        self._limit = limit
        self._stop_when_lost = stop_when_lost
        self._channels: list[FaceChannel] = []
        self._views: dict[str, FromEngine] = {}
        self._notices = NoticeMemory()
        self._attached = 0
        self._obey: Obey | None = None
        self._change: Change | None = None
        self._ask: Ask | None = None
        self._desk: TicketDesk | None = None
        self._turn: Turn | None = None
        self._lost: Callable[[str], None] | None = None
        self.has_met_a_face = trio.Event()

    def serve(
        self,
        obey: Obey,
        change: Change,
        lost: Callable[[str], None],
        ask: Ask | None = None,
        desk: TicketDesk | None = None,
        turn: Turn | None = None,
    ) -> None:
        """From here on commands are obeyed, settings changed, questions answered and tickets taken
        where somebody can, and a lost terminal is told to `lost`. `turn`: of what is a
        recording."""
        self._obey, self._change, self._lost, self._ask = obey, change, lost, ask
        self._desk, self._turn = desk, turn

    # --- to faces -------------------------------------------------------------------------------

    @property
    def is_watched(self) -> bool:
        return bool(self._channels)

    @property
    def is_drawn(self) -> bool:
        """Whether somebody draws every view, and does not only read one now and then."""
        return any(channel.is_drawn for channel in self._channels)

    def asset(self, view: AssetView) -> None:
        self._publish(f"asset {view.asset}", AssetFrame(view))

    def account(self, view: AccountView) -> None:
        self._publish("account", AccountFrame(view))

    def settings(self, settings: tuple[SettingView, ...], file: str = "") -> None:
        """What is in force from here on, and the file that is read again when it changes."""
        self._publish("settings", SettingsFrame(settings, file))

    def playing(self, view: PlayView) -> None:
        """Where the recording stands."""
        self._publish("playing", PlayFrame(view))

    def what_if(self, view: WhatIfView) -> None:
        self._publish("what if", WhatIfFrame(view))

    def forget_all(self, said: Iterable[Notice] = ()) -> None:
        """What was published until now is not of this moment: `said` are the lines that were told
        before it, and views come next."""
        self._views.clear()
        self._notices = NoticeMemory()
        for notice in said:
            self._notices.keep(notice)
        for channel in self._channels:
            channel.forget_all()
            for notice in self._notices.newest(_REMEMBERED):
                channel.notice(notice)

    def _publish(self, name: str, frame: FromEngine) -> None:
        self._views[name] = frame
        for channel in self._channels:
            channel.view(name, frame)

    def notice(self, notice: Notice) -> None:
        numbered = self._notices.keep(notice)
        for channel in self._channels:
            channel.notice(numbered)

    def goodbye(self, exit_code: int, reason: str) -> None:
        for channel in self._channels:
            channel.goodbye(Goodbye(exit_code, reason))

    # --- from faces: what remote/local.py asks for ----------------------------------------------

    def subscribe(self, *, is_drawn: bool = True) -> FaceChannel:
        channel = FaceChannel(self, self._limit, is_drawn=is_drawn)
        for name, frame in self._views.items():
            channel.view(name, frame)
        for notice in self._notices.newest(_REMEMBERED):
            channel.notice(notice)
        self._channels.append(channel)
        return channel

    def forget(self, channel: FaceChannel) -> None:
        if channel in self._channels:
            self._channels.remove(channel)

    async def command(self, action: Action, asset: str, origin: str) -> Obeyed:
        assert self._obey is not None, "faces are served after `serve`"
        return await self._obey(action, asset, origin)

    async def change(self, path: str, value: str, origin: str) -> tuple[int, ...]:
        assert self._change is not None, "faces are served after `serve`"
        return await self._change(path, value, origin)

    async def send_ticket(self, asset: str, ticket: Ticket, seen_ns: int, origin: str) -> Obeyed:
        return await self._ticket_desk.send(asset, ticket, seen_ns, origin)

    async def take_back(self, asset: str, order_id: str, origin: str) -> Obeyed:
        return await self._ticket_desk.take_back(asset, order_id, origin)

    def look_at_ticket(self, asset: str, ticket: Ticket) -> TicketLook:
        return self._ticket_desk.look(asset, ticket)

    @property
    def _ticket_desk(self) -> TicketDesk:
        if self._desk is None:
            raise Rejected("this engine takes no tickets")
        return self._desk

    async def play(self, play: Play) -> None:
        if self._turn is None:
            raise Rejected("this is no recording: it cannot be played")
        await self._turn(play)

    async def ask(self, query: Query) -> Answer:
        if query.subject is Subject.LOG:
            return self._notices.answer(query)
        if self._ask is None:
            return Answer(query.query_id, error="this engine keeps no database")
        return await self._ask(query)

    def face_attached(self) -> None:
        self._attached += 1
        self.has_met_a_face.set()

    def face_left(self, *, detached: bool) -> None:
        """The last terminal to be lost without a word stops an engine that a terminal started."""
        self._attached -= 1
        if not detached and not self._attached and self._stop_when_lost and self._lost is not None:
            self._lost("the terminal was lost")
