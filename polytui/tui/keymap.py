"""Which key does what, and where: the table's own keys, and those that a person gave instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, groupby

from attrs import field, frozen

from polytui.tui.actions import ACTION_OF, ACTIONS, PLACES, Area, TerminalAction
from polytui.tui.key_names import is_hit_by_accident, is_text, key_named, key_words

_NEVER_WITHOUT = ("kill", "leave_anywhere")
_SPARED = ("enter", "escape")
"""With what is armed they decide; elsewhere they may do what they like."""


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
    def is_run(self) -> bool:
        """Whether its keys are digits one after another: "1-4"."""
        return len(self.keys) > 2 and "".join(self.keys) in "123456789"

    @property
    def key_words(self) -> str:
        if self.is_run:
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


SHIPPED = Keymap()
"""As nobody has changed it."""

# --- a person's own keys ----------------------------------------------------------------------


def keymap_of(own: Mapping[str, Sequence[str]]) -> tuple[Keymap, list[str]]:
    """The table with a person's own keys by action id; and every fault: "expected ... @ keys.ID".

    An action that is named has these keys and none of the table's. Another that had one of them
    must be given others, or none: a conflict is a fault.
    """
    keys, faults = {one.id: one.keys for one in ACTIONS}, list[str]()
    for action_id, wanted in own.items():
        if action_id in ACTION_OF:
            keys[action_id] = _keys_of(ACTION_OF[action_id], wanted, faults)
        else:
            faults.append(f"expected the id of an action, see docs/keys.md @ keys.{action_id}")
    return Keymap(keys), faults + _conflicts(keys, own)


def _keys_of(action: TerminalAction, wanted: Sequence[str], faults: list[str]) -> tuple[str, ...]:
    """Those that are keys, and fit the action."""
    found = list[str]()
    for text in wanted:
        try:
            key = key_named(text)
        except ValueError as error:
            faults.append(f"{error} @ keys.{action.id}")
            continue
        found.append(key)
        if action.is_dangerous and is_hit_by_accident(key):
            words = "expected a capital, a function key or one with Ctrl or Alt: it is dangerous"
            faults.append(f"{words}, got {text!r} @ keys.{action.id}")
        elif action.is_everywhere and (is_text(key) or key in _SPARED):
            words = "expected a key that is no text: it works where one types"
            faults.append(f"{words}, got {text!r} @ keys.{action.id}")
    if not found and action.id in _NEVER_WITHOUT:
        faults.append(f"expected at least one key @ keys.{action.id}")
    return tuple(found)


def _conflicts(keys: Mapping[str, Sequence[str]], own: Mapping[str, object]) -> list[str]:
    """One line for every key that two actions of one place have."""
    pairs = (
        (one, other, key)
        for one, other in combinations(ACTIONS, 2)
        for key in keys[one.id]
        if key in keys[other.id] and meet(one, other)
    )
    return [
        f"{key_words(key)} is {one.id} and {other.id} in one place"
        f" @ keys.{other.id if other.id in own else one.id}"
        for one, other, key in pairs
    ]


def meet(one: TerminalAction, other: TerminalAction) -> bool:
    """Whether there is a place where both apply."""
    return any(one.applies(here) and other.applies(here) for here in PLACES)
