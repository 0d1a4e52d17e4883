"""The pages that lie over the whole board, one at a time."""

from __future__ import annotations

from polytui.tui.actions import Area
from polytui.tui.keymap import Hint
from polytui.tui.panels.page import PageLook
from polytui.tui.screens.log_page import LogPage
from polytui.tui.screens.page import Page, PageScene
from polytui.tui.screens.record_pages import BlotterPage, EquityPage, RoundsPage
from polytui.tui.screens.scrolling_pages import RiskPage, StrategiesPage, TradesPage
from polytui.tui.screens.settings_page import SettingsPage
from polytui.tui.screens.what_if_page import WhatIfPage
from polytui.tui.styles import Line

_CLASSES: tuple[type[Page], ...] = (
    StrategiesPage,
    RiskPage,
    SettingsPage,
    TradesPage,
    BlotterPage,
    EquityPage,
    RoundsPage,
    LogPage,
    WhatIfPage,
)
PAGES = {one.area: one for one in _CLASSES}


class Pages:
    """State: the page that is open."""

    def __init__(self, scene: PageScene) -> None:
        self.open: Page | None = None
        self._scene = scene

    def turn(self, area: Area | None) -> None:
        """Open the page of `area`; that of the open one again closes it."""
        is_open = self.open is not None and self.open.area is area
        self.open = None if area is None or is_open else PAGES[area](self._scene)

    @property
    def areas(self) -> frozenset[Area]:
        return frozenset() if self.open is None else frozenset((Area.PAGE, self.open.area))

    @property
    def is_typing(self) -> bool:
        return self.open is not None and self.open.is_typing

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        return () if self.open is None else self.open.typed_keys

    def ask(self) -> None:
        if self.open is not None:
            self.open.ask()

    def perform(self, action_id: str) -> bool:
        """Whether the action was for the open page."""
        return self.open is not None and self.open.perform(action_id)

    def point(self, target: str) -> None:
        """A row or heading of the open page was clicked, or was one a moment ago."""
        if self.open is not None:
            self.open.point(target)

    def back(self) -> bool:
        """Go back on the open page, or close it; False when there is none."""
        if self.open is None:
            return False
        if not self.open.back():
            self.open = None
        return True

    def type(self, key: str, character: str | None) -> None:
        if self.open is not None:
            self.open.type(key, character)

    def paste(self, text: str) -> None:
        if self.open is not None:
            self.open.paste(text)

    def show(self, asset: str) -> None:
        """Bring this asset's lines into view."""
        if self.open is not None:
            self.open.show(asset)

    def find(self, words: str) -> None:
        """What the open page has of these words, where it can look for any."""
        if self.open is not None:
            self.open.find(words)

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        return [] if self.open is None else self.open.paint(look, width, height)
