"""The one way to other settings while a session runs: whole or not at all, told to everybody.

From the file or from a face, a change goes the same way: validated with everything that is in
force, held against what is open, then put into every desk's inbox as one event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio
from attrs import define, field

from polytui.config.change import SettingChange, breaches, changed, diff, hot_settings, reloaded
from polytui.config.load import BadSettings, canonical_json
from polytui.config.schema import Settings
from polytui.desk.mind import Taken
from polytui.model.errors import Rejected
from polytui.model.events import Event, ModelLoaded, SettingsChanged
from polytui.model.snapshot import AssetState, LimitView
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Item
from polytui.runtime.model_file import load_model
from polytui.runtime.session import Session
from polytui.strategy.registry import own_loaded

_ANSWER_WITHIN_S = 2.0
_GONE = (AssetState.HALTED, AssetState.STOPPED)


@define
class Receipts:
    """State: the numbers under which desks took an event, of so many desks that were told."""

    wanted: int
    seqs: list[int] = field(factory=list)
    all_came: trio.Event = field(factory=trio.Event)

    def note(self, taken: Taken) -> None:
        self.seqs.append(taken.seq)
        if len(self.seqs) == self.wanted:
            self.all_came.set()

    async def wait(self, seconds: float) -> tuple[int, ...]:
        """Those that came within the time: an asset that restarts hears it from its new life."""
        with trio.move_on_after(seconds):
            await self.all_came.wait()
        return tuple(sorted(self.seqs))


@define
class SettingsInForce:
    """State: whose turn it is. Two changes at once would each undo the other."""

    session: Session
    runs: Sequence[AssetRun]
    limits_in_use: Callable[[], Sequence[LimitView]]
    file: str = ""
    """As faces are told it, who may open it."""
    _turn: trio.Lock = field(factory=trio.Lock, init=False)

    async def begin(self) -> None:
        """What is in force from the start: the model that the settings name, and faces know."""
        session = self.session
        session.model = await load_model(session.settings.predictor)
        self._say_model(session.model)
        for one in own_loaded():
            self._say("info", f"strategy {one.name} {one.digest} from {one.origin}")
        session.hub.settings(hot_settings(session.settings), self.file)

    async def change(self, path: str, value_json: str, origin: str) -> tuple[int, ...]:
        """One setting from a face: the numbers its event got. BadSettings with every fault;
        Rejected where it is in force already, or no desk is there to take it."""
        async with self._turn:
            current = self.session.settings
            new = changed(current, (path, value_json))
            changes = diff(current, new)
            if not changes:
                raise Rejected(f"{path} is {value_json} already")
            receipts = await self._enforce(new, changes, origin)
        seqs = await receipts.wait(_ANSWER_WITHIN_S)
        if not seqs:
            raise Rejected(f"{path} is in force, but no asset could take it yet: all restart")
        return seqs

    async def reload(self, before: Settings, after: Settings, origin: str) -> int:
        """What the file changed since it was last read: how many changes that is. BadSettings
        with every fault, and then nothing is changed."""
        async with self._turn:
            new, changes = reloaded(self.session.settings, before, after)
            hot = tuple(change for change in changes if change.is_hot)
            if hot:
                await self._enforce(new, hot, origin)
            for change in changes:
                if not change.is_hot:
                    self._say("warn", f"needs a restart: {change.text()}")
            return len(changes)

    async def _enforce(
        self, new: Settings, changes: Sequence[SettingChange], origin: str
    ) -> Receipts:
        session = self.session
        model = await load_model(new.predictor)
        # From here on without a wait: what is open now is what the limits are held against.
        if session.stopping.is_set():
            raise Rejected("the session is stopping: nothing is changed any more")
        if faults := breaches(new, self.limits_in_use()):
            raise BadSettings(faults)
        news: list[Event] = [SettingsChanged(canonical_json(new))]
        if model is not None and model != session.model:
            news.append(model)
            self._say_model(model)
        session.enforce(new, model)
        for change in changes:
            self._say("warn", f"{change.text()} from {origin}")
        session.hub.settings(hot_settings(new), self.file)
        return self._tell(news)

    def _tell(self, news: Sequence[Event]) -> Receipts:
        """Every desk hears them in one go; the first of them is the one that is counted."""
        alive = [run for run in self.runs if run.state not in _GONE]
        receipts = Receipts(len(alive))
        for run in alive:
            for event in news:
                run.inbox.insist(Item(event, 0, receipts.note if event is news[0] else None))
        return receipts

    def _say_model(self, model: ModelLoaded | None) -> None:
        if model is not None:
            self._say("info" if model.model_json else "warn", model.detail)

    def _say(self, level: str, text: str) -> None:
        self.session.notice(level, "", f"settings: {text}")
