"""The log's lines: in order of time, what repeats counted, and of one command one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import define, evolve, field

from polytui.model.snapshot import Notice

_KEPT = 500
_LOOKED_BACK = 40
"""Lines within which a repetition is one: further back it is news again."""
_DIGITS = re.compile(r"[0-9][0-9.,]*")


@define
class Told:
    """One line. State: what it says last, how often that was said, and whose command it is."""

    notice: Notice
    count: int = 1
    command_id: int = 0
    seqs: tuple[int, ...] = ()

    @property
    def shown(self) -> Notice:
        """The count comes first, where nothing can cut it."""
        if self.count == 1:
            return self.notice
        return evolve(self.notice, text=f"x{self.count} {self.notice.text}")


@define
class ToldLines:
    """State: the lines, the oldest first."""

    _lines: list[Told] = field(factory=list)

    def __iter__(self) -> Iterator[Notice]:
        return (one.shown for one in self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def hear(self, notice: Notice) -> None:
        """A line of the engine's, or of this terminal's own."""
        if notice.seqs and any(one.seqs == notice.seqs for one in self._lines):
            return  # the command has its line already
        again = self._again(notice)
        count = 1
        if again is not None:
            self._lines.remove(again)
            count = again.count + 1
            # What came late does not take back what is known.
            notice = max(again.notice, notice, key=lambda one: one.at_ns)
        self._put(Told(notice, count, seqs=notice.seqs))

    def command(self, command_id: int, notice: Notice, seqs: tuple[int, ...] = ()) -> None:
        """How far a command of ours has come, in the line it has had from the start. What the
        engine tells everybody of it under these numbers goes."""
        mine = next((one for one in self._lines if one.command_id == command_id), None)
        if seqs:
            others = [one for one in self._lines if one.seqs == seqs and one is not mine]
            self._lines = [one for one in self._lines if one not in others]
        if mine is None:
            self._put(Told(notice, command_id=command_id, seqs=seqs))
        else:
            mine.notice, mine.seqs = evolve(notice, at_ns=mine.notice.at_ns), seqs

    def forget(self) -> None:
        """What was told is of another moment."""
        self._lines.clear()

    @property
    def newest_ns(self) -> int:
        return self._lines[-1].notice.at_ns if self._lines else 0

    def has(self, words: str) -> bool:
        """Whether somebody has just said so."""
        return any(words in one.notice.text for one in self._lines[-_LOOKED_BACK:])

    def _again(self, notice: Notice) -> Told | None:
        key = _key(notice)
        recent = self._lines[-_LOOKED_BACK:]
        found = (one for one in recent if not one.command_id and _key(one.notice) == key)
        return next(found, None) if not notice.seqs else None

    def _put(self, line: Told) -> None:
        at = len(self._lines)
        while at and self._lines[at - 1].notice.at_ns > line.notice.at_ns:
            at -= 1
        self._lines.insert(at, line)
        del self._lines[:-_KEPT]


def _key(notice: Notice) -> tuple[str, str, str]:
    """What is the same line said again: of troubles whatever their numbers, which move."""
    is_trouble = notice.level in ("warn", "error")
    text = _DIGITS.sub("#", notice.text) if is_trouble else notice.text
    return notice.level, notice.asset, text
