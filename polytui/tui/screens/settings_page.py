"""The page of hot settings: a list, a filter, and the one that is being changed."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.snapshot import SettingView
from polytui.tui.actions import Area
from polytui.tui.editing import TYPED_KEYS, Editor, WantedChange
from polytui.tui.keymap import Hint
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.settings import settings_panel
from polytui.tui.screens.page import MOVES, Page, PageScene
from polytui.tui.styles import Line


class SettingsPage(Page):
    """State: the editor."""

    area = Area.SETTINGS

    def __init__(self, scene: PageScene) -> None:
        super().__init__(scene)
        self._known = scene.state.settings
        self._editor = Editor(fault_of=self._known.fault_of)

    @property
    def _shown(self) -> Sequence[SettingView]:
        return self._known.matching(self._editor.words)

    def perform(self, action_id: str) -> bool:
        editor = self._editor
        if action_id in MOVES:
            editor.move(MOVES[action_id], self._shown)
        elif action_id == "settings.filter":
            editor.filter()
        elif action_id == "settings.edit":
            editor.begin(self._shown)
            if editor.is_typing:
                self._known.forgive(editor.path)
        else:
            return False
        return True

    def back(self) -> bool:
        return self._editor.back()

    def show(self, asset: str) -> None:
        """Settings are of no asset."""

    def find(self, words: str) -> None:
        self._editor.words = words

    # --- text -----------------------------------------------------------------------------------

    @property
    def is_typing(self) -> bool:
        return self._editor.is_typing

    @property
    def typed_keys(self) -> tuple[Hint, ...]:
        return TYPED_KEYS[self._editor.step]

    def type(self, key: str, character: str | None) -> None:
        now_s = self.scene.clock()
        self._editor.follow(self._known.views, now_s)
        wanted = self._editor.press(key, character, self._shown, now_s)
        if isinstance(wanted, WantedChange):
            self.scene.change(wanted.path, wanted.old, wanted.new)

    def paste(self, text: str) -> None:
        self._editor.paste(text)

    # --- drawing --------------------------------------------------------------------------------

    def paint(self, look: PageLook, width: int, height: int) -> list[Line]:
        now_s, account = self.scene.clock(), self.scene.state.account
        self._editor.follow(self._known.views, now_s)
        digest = account.settings_digest if account is not None else ""
        return settings_panel(self._known, self._editor, look, digest, now_s, (width, height))
