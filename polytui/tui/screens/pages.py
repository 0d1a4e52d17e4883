"""The pages that lie over the whole board: strategies, risk, settings, trades. One at a time."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from polytui.model.query import Query
from polytui.model.units import NS_PER_S
from polytui.tui.editing import Editor, Took, WantedChange
from polytui.tui.panels import keys
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.risk import risk_panel
from polytui.tui.panels.settings import settings_panel
from polytui.tui.panels.strategies import strategy_panel
from polytui.tui.panels.trades import Asking, trades_panel
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line

_FAR = 10_000
_DAY_NS = 86_400 * NS_PER_S
_STEPS = {
    "down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10,
    "home": -_FAR, "end": _FAR,
}  # fmt: skip


class Page(Enum):
    STRATEGIES = "strategies"
    RISK = "risk"
    SETTINGS = "settings"
    TRADES = "trades"


class Pages:
    """State: which page is open, how far it is scrolled, and the setting that is being edited."""

    def __init__(
        self,
        state: TerminalState,
        clock: Callable[[], float],
        change: Callable[[str, str, str], None],
        query: Callable[[Query], bool],
    ) -> None:
        self.open: Page | None = None
        self._state = state
        self._clock = clock
        self._change = change
        self._query = query
        self._scroll = Scroll()
        self._editor = self._new_editor()

    def turn(self, page: Page | None) -> None:
        """Open `page`; the open one again closes it."""
        self.open = None if page is self.open else page
        self._scroll, self._editor = Scroll(), self._new_editor()

    def _new_editor(self) -> Editor:
        return Editor(fault_of=self._state.settings.fault_of)

    def ask(self) -> None:
        """What the open page shows of the past is asked for, as often as it may be."""
        account = self._state.account
        if self.open is Page.TRADES and account is not None:
            day_ns = account.at_ns // _DAY_NS * _DAY_NS
            self._state.past.ask(day_ns, self._clock(), self._query)

    @property
    def is_settings(self) -> bool:
        """Where no letter may do anything to orders."""
        return self.open is Page.SETTINGS

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        if self.open is not Page.SETTINGS:
            return keys.PAGE_KEYS
        return keys.EDIT_KEYS[self._editor.step.value]

    def show(self, asset: str) -> None:
        """Bring this asset's lines into view."""
        self._scroll.seek(asset)

    # --- keys ---------------------------------------------------------------------------------

    def press(self, key: str, character: str | None) -> bool:
        """Whether the key was for the open page. Others go on to the board."""
        if self.open is None:
            return False
        if self.open is not Page.SETTINGS:
            if key in _STEPS:
                self._scroll.move(_STEPS[key])
            return key in _STEPS
        return self._press_settings(key, character)

    def _press_settings(self, key: str, character: str | None) -> bool:
        known, editor, now_s = self._state.settings, self._editor, self._clock()
        editor.follow(known.views, now_s)
        took = editor.press(key, character, known.matching(editor.words), now_s)
        if isinstance(took, WantedChange):
            self._change(took.path, took.old, took.new)
        elif took is Took.LEAVES:
            self.turn(None)
        elif took is Took.YES and key == "enter" and editor.is_typing:
            known.forgive(editor.path)
        return took is not Took.NO

    def paste(self, text: str) -> None:
        if self.open is Page.SETTINGS:
            self._editor.paste(text)

    # --- drawing ------------------------------------------------------------------------------

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        state = self._state
        views = [state.assets[name] for name in state.names if name in state.assets]
        if self.open is Page.STRATEGIES:
            return strategy_panel(views, look, self._scroll, width, height)
        if self.open is Page.RISK:
            return risk_panel(state.account, views, look, self._scroll, width, height)
        now_s, account = self._clock(), state.account
        if self.open is Page.TRADES:
            asking = Asking(state.past, now_s, account.at_ns if account is not None else 0)
            return trades_panel(asking, look, self._scroll, width, height)
        self._editor.follow(state.settings.views, now_s)
        digest = account.settings_digest if account is not None else ""
        size = (width, height)
        return settings_panel(state.settings, self._editor, look, digest, now_s, size)
