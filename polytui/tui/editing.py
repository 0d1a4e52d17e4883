"""Choosing and changing a setting by keys: list, filter, edit, confirm. Nothing is sent before the
second Enter, and that one sees old > new on the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from attrs import define, field, frozen

from polytui.model.snapshot import SettingView
from polytui.tui.keymap import Hint
from polytui.tui.setting_text import editable, is_same, is_truth, typed
from polytui.tui.typed_line import is_letter, with_key

CONFIRM_WITHIN_S = 15.0
"""Real seconds after which a change that nobody confirms goes back to being edited."""
_PAGE = 10
_LONGEST = 200


class EditStep(Enum):
    LIST = "list"
    FILTER = "filter"
    EDIT = "edit"
    CONFIRM = "confirm"


TYPED_KEYS: dict[EditStep, tuple[Hint, ...]] = {
    EditStep.LIST: (),
    EditStep.FILTER: (
        Hint("keep the filter", ("Enter",)),
        Hint("show all", ("Esc",)),
        Hint("choose", ("up", "down")),
    ),
    EditStep.EDIT: (
        Hint("show the change", ("Enter",)),
        Hint("leave it", ("Esc",)),
        Hint("clear", ("Ctrl-U",)),
    ),
    EditStep.CONFIRM: (
        Hint("SEND it", ("Enter",), is_dangerous=True),
        Hint("back to editing", ("Esc",)),
    ),
}
"""What the keys of a text field do at each step: letters are text there and nothing else."""


@frozen
class WantedChange:
    """A confirmed change; values as JSON."""

    path: str
    old: str
    new: str


@define
class Editor:
    """State: which setting is chosen, the filter, and what is being typed."""

    step: EditStep = EditStep.LIST
    words: str = ""
    """The filter."""
    path: str = ""
    """Of the chosen setting."""
    text: str = ""
    """What is being typed."""
    at: int = 0
    """Where in it."""
    fault: str = ""
    """Why what is typed is no value, said with every key; or what happened to it meanwhile."""
    old: str = ""
    """The value that is being changed, and what it is to become; JSON."""
    new: str = ""
    _until_s: float = 0.0
    _fault_of: Callable[[str, str], str] = field(default=lambda path, value: "", kw_only=True)
    """What is wrong with a value, as JSON, of the setting at this path; empty where nothing is."""

    @property
    def is_typing(self) -> bool:
        return self.step is not EditStep.LIST

    def chosen(self, shown: Sequence[SettingView]) -> SettingView | None:
        """The chosen setting, or the first where it is not among those shown."""
        return shown[self.place(shown)] if shown else None

    def place(self, shown: Sequence[SettingView]) -> int:
        return next((at for at, one in enumerate(shown) if one.path == self.path), 0)

    def follow(self, views: Sequence[SettingView], now_s: float) -> None:
        """The world goes on while somebody types: a confirmation that took too long, or whose
        value was changed by another, is taken back."""
        if self.step not in (EditStep.EDIT, EditStep.CONFIRM):
            return
        value = next((one.value for one in views if one.path == self.path), self.old)
        if value != self.old:
            self.old, self.step = value, EditStep.EDIT
            self.fault = "it was changed meanwhile: look again"
        elif self.step is EditStep.CONFIRM and now_s >= self._until_s:
            self.step, self.fault = EditStep.EDIT, "not confirmed in time, nothing was sent"

    # --- the list -----------------------------------------------------------------------------

    def move(self, by: int, shown: Sequence[SettingView]) -> None:
        """Choose the setting `by` lines further down."""
        if shown:
            self.path = shown[min(len(shown) - 1, max(0, self.place(shown) + by))].path

    def begin(self, shown: Sequence[SettingView]) -> None:
        """Edit the chosen setting."""
        view = self.chosen(shown)
        if view is not None:
            self.step, self.path, self.fault = EditStep.EDIT, view.path, ""
            self.old, self.text = view.value, editable(view.value)
            self.at = len(self.text)

    def filter(self) -> None:
        """Type words that the settings shown must have."""
        self.step = EditStep.FILTER

    def back(self) -> bool:
        """Show all again; False when all are shown."""
        had, self.words = self.words, ""
        return bool(had)

    # --- text ---------------------------------------------------------------------------------

    def press(
        self, key: str, character: str | None, shown: Sequence[SettingView], now_s: float
    ) -> WantedChange | None:
        """Take in a key while something is typed; `shown` is what the filter lets through."""
        if self.step is EditStep.CONFIRM:
            return self._confirm(key)
        if self.step is EditStep.EDIT:
            self._edit(key, character, now_s)
        elif self.step is EditStep.FILTER:
            self._filter(key, character, shown)
        return None

    def paste(self, text: str) -> None:
        """Several characters at once; its first line only, and only into what is being typed."""
        if self.step in (EditStep.EDIT, EditStep.FILTER):
            for character in (text.splitlines() or [""])[0][:_LONGEST]:
                self.press(character, character, (), 0.0)

    # --- steps --------------------------------------------------------------------------------

    def _filter(self, key: str, character: str | None, shown: Sequence[SettingView]) -> None:
        if key in _MOVES:
            self.move(_MOVES[key], shown)
        elif key in ("escape", "enter"):
            self.step = EditStep.LIST
            self.words = "" if key == "escape" else self.words.strip()
        else:
            self.words = with_key(self.words, key, character, _LONGEST)

    def _edit(self, key: str, character: str | None, now_s: float) -> None:
        if key == "escape":
            self.step, self.fault = EditStep.LIST, ""
        elif key == "enter":
            self._propose(now_s)
        elif is_truth(self.old) and key in ("space", "left", "right", "up", "down"):
            self._write("false" if self.text == "true" else "true", 5)
        else:
            self._type(key, character)

    def _propose(self, now_s: float) -> None:
        """From typing to the line that shows old > new; an unchanged value just goes back."""
        self.fault = self._judged()
        if self.fault:
            return
        self.new = typed(self.text, self.old)
        if is_same(self.new, self.old):
            self.step = EditStep.LIST
        else:
            self.step, self._until_s = EditStep.CONFIRM, now_s + CONFIRM_WITHIN_S

    def _confirm(self, key: str) -> WantedChange | None:
        if key == "enter":
            self.step = EditStep.LIST
            return WantedChange(self.path, self.old, self.new)
        if key == "escape":
            self.step = EditStep.EDIT
        return None

    # --- typing -------------------------------------------------------------------------------

    def _type(self, key: str, character: str | None) -> None:
        text, at = self.text, self.at
        if key == "backspace":
            self._write(text[: max(0, at - 1)] + text[at:], at - 1)
        elif key == "delete":
            self._write(text[:at] + text[at + 1 :], at)
        elif key == "ctrl+u":
            self._write("", 0)
        elif key in _STEPS:
            self.at = min(len(text), max(0, at + _STEPS[key]))
        elif is_letter(character) and len(text) < _LONGEST:
            self._write(text[:at] + (character or "") + text[at:], at + 1)

    def _write(self, text: str, at: int) -> None:
        self.text, self.at = text, min(len(text), max(0, at))
        self.fault = self._judged()

    def _judged(self) -> str:
        try:
            return self._fault_of(self.path, typed(self.text, self.old))
        except ValueError as fault:
            return str(fault)


_FAR = 10_000
_MOVES = {
    "down": 1, "up": -1, "pagedown": _PAGE, "pageup": -_PAGE, "home": -_FAR, "end": _FAR,
}  # fmt: skip
"""While the filter is typed."""
_STEPS = {"left": -1, "right": 1, "home": -_FAR, "end": _FAR}
