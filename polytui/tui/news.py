"""What is new since it was last told: lines of the log, rounds that opened, states that changed."""

from __future__ import annotations

import re

from attrs import define, field

from polytui.model.snapshot import AssetView, Notice
from polytui.tui.panels import figures
from polytui.tui.panels.round_names import rounds_named
from polytui.tui.panels.state import stop_words
from polytui.tui.spoken import account_words, round_name, rounds_now, state_sentence
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.styles import clean

_KEPT = 2_000
_COUNT = re.compile(r"x\d+ ")
"""Of a line that was said again: it is no news."""
_LEVELS = {"warn": "warning: ", "error": "ERROR: "}


@define
class TerminalNews:
    """State: what has been told."""

    _notices: dict[tuple[str, str, str], None] = field(factory=dict)
    _states: dict[str, str] = field(factory=dict)
    _rounds: dict[tuple[str, str], str] = field(factory=dict)
    _stop: str = ""
    _link: LinkState = LinkState.CONNECTING
    _has_begun: bool = False

    def take(self, state: TerminalState) -> list[str]:
        """Everything new, the most urgent first; the first time what there is."""
        return [
            *self._of_link(state), *self._of_account(state), *self._of_assets(state),
            *self._of_log(state),
        ]  # fmt: skip

    def _of_link(self, state: TerminalState) -> list[str]:
        if state.link is self._link:
            return []
        self._link = state.link
        words = {
            LinkState.LOST: f"ENGINE LOST: {state.link_words}. What was told is from before.",
            LinkState.ENDED: f"Engine ended: {state.link_words or 'no reason given'}.",
            LinkState.ATTACHED: f"Attached to session {clean(state.session)}.",
        }
        return [words[state.link]] if state.link in words else []

    def _of_account(self, state: TerminalState) -> list[str]:
        lines = []
        if state.account is not None and not self._has_begun:
            self._has_begun = True
            lines.append(account_words(state.account))
        words, _ = stop_words(state.account, tuple(state.assets.values()))
        if words != self._stop:
            # The numbers of a limit that is full go on moving.
            is_new = words.partition(":")[0] != self._stop.partition(":")[0]
            self._stop = words
            if is_new:
                lines.append(f"{words}." if words else "The account may trade again.")
        return lines

    def _of_assets(self, state: TerminalState) -> list[str]:
        return [line for view in state.views for line in self._of_asset(view)]

    def _of_asset(self, view: AssetView) -> list[str]:
        lines = []
        word = f"{view.state.value} {view.is_flattened}"
        if self._states.get(view.asset) != word:
            self._states[view.asset] = word
            lines.append(state_sentence(view))
        for shown in rounds_now(view):
            key = (view.asset, shown.interval)
            is_open = shown.opens_ns <= view.at_ns < shown.closes_ns
            if is_open and shown.strike is not None and self._rounds.get(key) != shown.slug:
                self._rounds[key] = shown.slug
                strike = figures.coin(shown.strike)
                lines.append(f"{round_name(view, shown)} is open, strike {strike}.")
        return lines

    def _of_log(self, state: TerminalState) -> list[str]:
        return [_told(one) for one in state.notices if self._is_new(one)]

    def _is_new(self, notice: Notice) -> bool:
        key = (notice.level, notice.asset, _COUNT.sub("", notice.text, count=1))
        is_new = key not in self._notices
        self._notices[key] = None
        while len(self._notices) > _KEPT:
            del self._notices[next(iter(self._notices))]
        return is_new


def _told(notice: Notice) -> str:
    asset = f"{clean(notice.asset).upper()} " if notice.asset else ""
    text = clean(rounds_named(notice.text))
    level = _LEVELS.get(notice.level, "")
    named = text if asset and text.startswith(asset) else f"{asset}{text}"
    return f"{figures.clock(notice.at_ns)} {level}{named}"
