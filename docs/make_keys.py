"""`python -m docs.make_keys` writes docs/keys.md anew, out of the table of actions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from polytui.tui.actions import ACTIONS, Area, TerminalAction
from polytui.tui.key_names import key_words

_PAGE = Path(__file__).with_name("keys.md")
_HEAD = """\
# Keys

Every action of the terminal, made by `python -m docs.make_keys` from `polytui/tui/actions.py`.
`?` shows those of the place where you are; Ctrl-P finds any of them by its words; words of the
footer and cards can be clicked.

Give an action other keys in `config.toml`, by its id. Only what is to differ stands there; an
empty list takes its keys away:

```toml
[keys]
"page.risk" = ["d", "f3"]
"theme" = []
```

A key is a character (`x`, `K`, `?`) or a name: `escape`, `enter`, `tab`, `space`, `backspace`,
`delete`, `insert`, `home`, `end`, `pageup`, `pagedown`, `up`, `down`, `left`, `right`, `f1` to
`f24`, with `ctrl+`, `alt+` or `shift+` before it. Two actions of one place with one key, ids of
no action and names of no key are faults: `polytui config check` tells all of them at once.
Footer, help and everything on the screen that names a key follow.

What cannot be taken back asks twice on whatever key it is: the first press arms for five seconds,
the same key or Enter does it, Esc lets go. Its keys are capitals, function keys or keys with Ctrl
or Alt. A click, the palette and a jump only arm. What works "everywhere" does so in dialogs and
text fields too. Keys of text fields and dialogs stand in them and are nobody's to change.

| id | keys | does | where |
|---|---|---|---|
"""
_WORDS = {
    Area.ALWAYS: "anywhere",
    Area.ENGINE: "where an engine trades",
    Area.BOARD: "on the board",
    Area.ZOOM: "zoomed in",
    Area.PAGE: "on a page",
}


def keys_text() -> str:
    """The whole of docs/keys.md."""
    return _HEAD + "".join(map(_row, ACTIONS))


def _row(action: TerminalAction) -> str:
    keys = " ".join(f"`{key_words(key)}`" for key in action.keys)
    twice = ", asked twice" if action.is_dangerous else ""
    return f"| `{action.id}` | {keys} | {action.title}{twice} | {_where(action)} |\n"


def _where(action: TerminalAction) -> str:
    if action.is_everywhere:
        return "everywhere"
    words = _joined(action.areas)
    return f"{words}, not {_joined(action.except_at)}" if action.except_at else words


def _joined(areas: Iterable[Area]) -> str:
    areas = tuple(areas)
    if Area.ALWAYS in areas:
        return _WORDS[Area.ALWAYS]
    return ", ".join(_WORDS.get(one) or f"on `{one.value}`" for one in areas)


if __name__ == "__main__":
    _PAGE.write_text(keys_text(), encoding="utf-8")
