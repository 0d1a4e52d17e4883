"""The title of the terminal's window: "polytui DEMO +24.98", and what it was before at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import define, field

from polytui.model.snapshot import AccountView
from polytui.model.units import MICRO
from polytui.tui.styles import clean

_SAVE, _RESTORE = "\x1b[22;2t", "\x1b[23;2t"
"""Of xterm, and of what took it over: tmux, VTE, kitty, foot, iTerm2, Windows Terminal."""
_DUMB = ("", "dumb", "unknown", "linux", "cons25", "vt52")
"""They have no title, and some print what they do not know."""
_EVERY_S = 1.0


def has_title(environment: Mapping[str, str]) -> bool:
    """Whether this terminal has a title that can be set."""
    return environment.get("TERM", "") not in _DUMB


def title_of(account: AccountView | None, mode: str, trouble: str) -> str:
    """`trouble`: what is wrong with the engine; empty while nothing is."""
    if account is None or trouble:
        return " ".join(one for one in ("polytui", mode.upper(), trouble) if one)
    if account.is_killed:
        return f"polytui {mode.upper()} KILLED {_signed(account.marked_pnl)}"
    return f"polytui {mode.upper()} {_signed(account.marked_pnl)}"


def _signed(micro: int) -> str:
    value = round(micro / MICRO, 2)
    return f"{value:+,.2f}" if value else "0.00"


@define
class WindowTitle:
    """State: what stands there, and since when; nothing before the first."""

    write: Callable[[str], None]
    """To the terminal, in order with what is drawn."""
    shown: str = field(default="", init=False)
    _since_s: float = field(default=0.0, init=False)

    def show(self, text: str, now_s: float) -> None:
        """At most once a second; what it was before is kept by the terminal."""
        if text == self.shown or (self.shown and now_s - self._since_s < _EVERY_S):
            return
        begins = "" if self.shown else _SAVE
        self.write(f"{begins}\x1b]2;{clean(text)}\x07")
        self.shown, self._since_s = text, now_s

    def give_back(self) -> None:
        """What it was before comes back; the next `show` keeps that anew."""
        if self.shown:
            self.write(_RESTORE)
            self.shown = ""

    @property
    def farewell(self) -> str:
        """What brings back the title of before; empty where none was set."""
        return _RESTORE if self.shown else ""
