"""The hot settings as the engine last told them, what changed, and what this terminal asked for."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from polytui.config.change import fault_of
from polytui.model.link import Ack, Change
from polytui.model.snapshot import SettingView
from polytui.tui.setting_text import change_words

SHOWN_FOR_S = 10.0
"""Real seconds for which a change is shown as old > new."""
_KEPT = 64


@frozen
class ChangedValue:
    """A value that changed, as JSON; whoever changed it."""

    old: str
    new: str
    at_s: float

    @property
    def words(self) -> str:
        return change_words(self.old, self.new)


@define
class Wish:
    """A change that was asked for. Sent, taken and refused are three different things."""

    command_id: int
    old: str
    new: str
    at_s: float
    answer: str = ""
    """The sequence numbers it got."""
    error: str = ""
    """Why it changed nothing; stays until the setting is edited again."""

    @property
    def words(self) -> str:
        return change_words(self.old, self.new)


@define
class KnownSettings:
    """State: the last SettingsFrame, the differences it made, and the last wish of each path."""

    views: tuple[SettingView, ...] = ()
    file: str = ""
    """That the engine reads again when it changes; empty where there is none."""
    differences: dict[str, ChangedValue] = field(factory=dict)
    wishes: dict[str, Wish] = field(factory=dict)

    def hear(self, views: tuple[SettingView, ...], now_s: float) -> None:
        """Take in what is in force now."""
        before = {one.path: one.value for one in self.views}
        for one in views:
            old = before.get(one.path, one.value)
            if old != one.value:
                self.differences[one.path] = ChangedValue(old, one.value, now_s)
        self.views = views

    def value(self, path: str) -> str:
        """As JSON; empty where the engine knows no such setting."""
        return next((one.value for one in self.views if one.path == path), "")

    def fault_of(self, path: str, value: str) -> str:
        """What is wrong with a value beside all others, before anybody is asked."""
        return fault_of({one.path: one.value for one in self.views}, path, value)

    def asked(self, change: Change, old: str, now_s: float) -> None:
        """A change was written to the socket."""
        self._keep(change.path, Wish(change.command_id, old, change.value, now_s))

    def refuse(self, path: str, old: str, new: str, error: str, now_s: float) -> None:
        """A change that never left."""
        self._keep(path, Wish(-1, old, new, now_s, error=error))

    def _keep(self, path: str, wish: Wish) -> None:
        self.wishes.pop(path, None)
        self.wishes[path] = wish
        while len(self.wishes) > _KEPT:
            del self.wishes[next(iter(self.wishes))]

    def acked(self, ack: Ack, now_s: float) -> tuple[str, Wish] | None:
        """The wish this answers, with its path; None when it answers something else."""
        for path, wish in self.wishes.items():
            if wish.command_id == ack.command_id:
                wish.at_s, wish.error = now_s, ack.error
                wish.answer = " ".join(f"#{seq}" for seq in ack.seqs) or "taken"
                return path, wish
        return None

    def forgive(self, path: str) -> None:
        """Its field is edited anew: an answer it got is of no use any more."""
        wish = self.wishes.get(path)
        if wish is not None and (wish.error or wish.answer):
            del self.wishes[path]

    def fresh(self, now_s: float) -> dict[str, ChangedValue]:
        """What has changed a moment ago, the latest last."""
        recent = [
            (path, one) for path, one in self.differences.items() if now_s - one.at_s < SHOWN_FOR_S
        ]
        return dict(sorted(recent, key=lambda pair: pair[1].at_s))

    def matching(self, words: str) -> tuple[SettingView, ...]:
        """Those whose path or explanation has every one of the words; all for none."""
        wanted = words.lower().split()
        return tuple(one for one in self.views if _has(one, wanted))


def _has(one: SettingView, wanted: Sequence[str]) -> bool:
    text = f"{one.path} {one.doc}".lower()
    return all(word in text for word in wanted)
