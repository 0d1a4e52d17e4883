"""How panels are shown, made of what the terminal knows at a moment of its clock."""

from __future__ import annotations

from polytui.tui.keymap import Keymap
from polytui.tui.panels.account import LIVE, AccountLook
from polytui.tui.panels.asset import Look
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.state import full_name, stop_words
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.theme import Palette

_TROUBLED = {LinkState.LOST: "ENGINE LOST", LinkState.ENDED: "engine ended"}


def stop_of(state: TerminalState, keymap: Keymap) -> tuple[str, str]:
    """What stops the whole account, and what a person can do; empty while it may trade."""
    return stop_words(state.account, tuple(state.assets.values()), keymap)


def account_look(
    state: TerminalState, palette: Palette, now_s: float, keymap: Keymap
) -> AccountLook:
    return AccountLook(
        palette,
        state.mode,
        _account_age(state, now_s),
        _TROUBLED.get(state.link, ""),
        state.kill_words(),
        state.is_kill_unkept,
        state.session,
        stop_of(state, keymap),
        state.playing.view,
    )


def asset_look(
    state: TerminalState,
    palette: Palette,
    now_s: float,
    name: str,
    number: int,
    ink: Ink,
    *,
    is_focused: bool,
) -> Look:
    """`number`: the digit that chooses it."""
    return Look(
        palette,
        number,
        is_focused=is_focused,
        is_live=state.mode == LIVE,
        age_s=_age(state.assets_s.get(name), now_s),
        note=state.note_of(name),
        full=full_name(state.account),
        traces=state.traces,
        ink=ink,
    )


def page_look(
    state: TerminalState, palette: Palette, now_s: float, chosen: str, keymap: Keymap
) -> PageLook:
    return PageLook(
        palette,
        chosen,
        age_s=_account_age(state, now_s),
        ages={name: _age(seen_s, now_s) for name, seen_s in state.assets_s.items()},
        is_live=state.mode == LIVE,
        kill=state.kill_words(),
        keymap=keymap,
    )


def _account_age(state: TerminalState, now_s: float) -> float:
    return _age(state.account_s if state.account is not None else None, now_s)


def _age(seen_s: float | None, now_s: float) -> float:
    return 0.0 if seen_s is None else max(0.0, now_s - seen_s)
