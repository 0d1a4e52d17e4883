"""Which key does what, and where: the table's own keys, and those that a person gave instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby

from attrs import field, frozen
from textual.keys import key_to_character

from polytui.tui.actions import ACTIONS, Area, TerminalAction

_WORDS = {
    "escape": "Esc", "enter": "Enter", "tab": "Tab", "space": "Space", "pagedown": "PgDn",
    "pageup": "PgUp", "home": "Home", "end": "End", "backspace": "Backspace", "delete": "Del",
    "minus": "-", "plus": "+", "slash": "/", "backslash": "\\", "underscore": "_", "at": "@",
}  # fmt: skip


@frozen
class Hint:
    """What the footer says of a key, or of several whose actions share a word: "j k round"."""

    word: str
    keys: tuple[str, ...]
    """As people write them."""
    actions: tuple[TerminalAction, ...] = ()
    """Of each key, in the same order; none where they are those of a text field."""
    title: str = ""
    """In help."""
    is_dangerous: bool = False

    @property
    def key_words(self) -> str:
        if len(self.keys) > 2 and "".join(self.keys) in "123456789":
            return f"{self.keys[0]}-{self.keys[-1]}"
        return " ".join(self.keys)


@frozen
class Keymap:
    """Keys by action id, of every action; no two that apply together share one."""

    keys: Mapping[str, tuple[str, ...]] = field(
        factory=lambda: {one.id: one.keys for one in ACTIONS}
    )

    def action_at(self, key: str, here: frozenset[Area]) -> TerminalAction | None:
        """What `key` does at a place."""
        return next(
            (one for one in ACTIONS if key in self.keys[one.id] and one.applies(here)), None
        )

    def shown(self, action_id: str) -> str:
        """Its first key as people write it; empty when it has none."""
        keys = self.keys[action_id]
        return key_words(keys[0]) if keys else ""

    def hints(self, here: frozenset[Area]) -> tuple[Hint, ...]:
        """The footer: what is the business of this place, then the rest, by the table's order."""
        apply = [one for one in ACTIONS if one.applies(here) and one.word and self.keys[one.id]]
        apply.sort(key=lambda one: not one.comes_first(here))
        return self._joined(apply)

    def lines(self, here: frozenset[Area] | None = None) -> tuple[Hint, ...]:
        """Help: everything that has a key, here or, without a place, anywhere."""
        apply = [one for one in ACTIONS if self.keys[one.id]]
        if here is not None:
            apply = [one for one in apply if one.applies(here)]
            apply.sort(key=lambda one: not one.comes_first(here))
        return self._joined(apply)

    def _joined(self, actions: Iterable[TerminalAction]) -> tuple[Hint, ...]:
        return tuple(
            self._hint(tuple(group))
            for _, group in groupby(actions, lambda one: one.word or one.id)
        )

    def _hint(self, actions: tuple[TerminalAction, ...]) -> Hint:
        keys = tuple(self.shown(one.id) for one in actions)
        title = (actions[0].group if len(actions) > 1 else "") or actions[0].title
        is_dangerous = any(one.is_dangerous for one in actions)
        return Hint(actions[0].word, keys, actions, title, is_dangerous)


@cache
def key_words(key: str) -> str:
    """ "Ctrl-P" of "ctrl+p", "[" of "left_square_bracket"."""
    *held, last = key.split("+") if key != "+" else [key]
    name = _WORDS.get(last)
    if name is None:
        name = last if len(last) == 1 else key_to_character(last) or last.capitalize()
    if held and len(name) == 1:
        name = name.upper()
    return "-".join([*(one.capitalize() for one in held), name])
