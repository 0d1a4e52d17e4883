"""A face that forgets nothing: what an engine tells its terminals, kept to be asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import msgspec
from test_engine_faces import Face, connected

from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    Ack,
    AssetFrame,
    Change,
    Hello,
    NoticeFrame,
    schema_hash,
)
from polytui.model.snapshot import AccountView, AssetView, LimitView, Notice


@attrs.define
class Seen:
    """What a face was told. State: all of it, in order."""

    views: list[AssetView] = attrs.field(factory=list)
    accounts: list[AccountView] = attrs.field(factory=list)
    notices: list[Notice] = attrs.field(factory=list)

    def take(self, message: Any) -> None:
        match message:
            case AssetFrame(view):
                self.views.append(view)
            case AccountFrame(view):
                self.accounts.append(view)
            case NoticeFrame(notice):
                self.notices.append(notice)

    @property
    def asset(self) -> AssetView:
        return self.views[-1]

    @property
    def account(self) -> AccountView:
        return self.accounts[-1]

    def used(self, name: str) -> float:
        """Of a limit, as the risk page shows it now."""
        (limit,) = [one for one in self._limits() if one.name == name]
        used: float = limit.used
        return used

    def _limits(self) -> tuple[LimitView, ...]:
        return (*self.account.limits, *self.asset.limits)

    def said(self, *words: str) -> list[Notice]:
        return [one for one in self.notices if all(word in one.text for word in words)]

    def with_breaker(self, words: str) -> list[AssetView]:
        """The views in which this breaker is open."""
        return [view for view in self.views if any(words in one.reason for one in view.breakers)]


@attrs.define
class Watcher:
    """State: what it saw, the number of its last command."""

    face: Face
    seen: Seen = attrs.field(factory=Seen)
    number: int = 0

    async def until(self, is_true: Callable[[Seen], object]) -> None:
        """Go on reading until it is true of what was seen; a view of each kind comes first."""
        await self._hear(
            lambda _: bool(self.seen.views and self.seen.accounts and is_true(self.seen))
        )

    async def command(self, action: Action, asset: str = "") -> None:
        self.number += 1
        _check(await self.face.ask(self.number, action, asset))

    async def change(self, path: str, value: float) -> None:
        """Change a hot setting."""
        self.number += 1
        await self.face.say(Change(self.number, path, msgspec.json.encode(value).decode()))
        _check(await self._hear(lambda m: isinstance(m, Ack) and m.command_id == self.number))

    async def _hear(self, is_it: Callable[[Any], bool]) -> Any:
        def take(message: Any) -> bool:
            self.seen.take(message)
            return is_it(message)

        return await self.face.hear(take)


def _check(ack: Ack) -> None:
    assert not ack.error, ack.error


@asynccontextmanager
async def watching(socket: Path, mode: str) -> AsyncIterator[Watcher]:
    """A watcher on an engine of this mode that is about to open its socket."""
    async with await connected(socket) as stream:
        face = Face(stream)
        await face.say(Hello(schema_hash()))
        hello = await face.hear(lambda message: isinstance(message, Hello))
        assert hello.mode == mode
        yield Watcher(face)
