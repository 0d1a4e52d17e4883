"""What an asset is about in a word or two, and what stops the whole account."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.effects import Reason
from polytui.model.snapshot import AccountView, AssetState, AssetView, LimitView, RoundView
from polytui.model.units import NS_PER_S
from polytui.tui.keymap import SHIPPED, Keymap
from polytui.tui.panels import figures
from polytui.tui.panels.limits import FULL_AT, numbers_of, share_of
from polytui.tui.panels.reasons import head_of
from polytui.tui.styles import Span, Styles

BY_COMMAND = "by command"
"""The engine's detail of an asset that a person paused."""
_OF_THE_ACCOUNT = {
    Reason.LIMIT_DAILY_LOSS.value: "daily loss",
    Reason.LIMIT_DRAWDOWN.value: "drawdown",
    Reason.LIMIT_DRAWDOWN_PCT.value: "drawdown",
    Reason.LIMIT_TRADES.value: "trades of the day",
}
"""Limits that stop every asset once they are full, and their short names."""
_MEASURED_ANEW = {**_OF_THE_ACCOUNT, Reason.LIMIT_LOSSES.value: "losses in a row"}
"""What pauses an asset until a person resumes it: full, not just hit."""


def full_limit(account: AccountView | None) -> LimitView | None:
    """The first limit of the whole account that lets nobody in any more."""
    if account is None:
        return None
    ruling = (one for one in account.limits if one.name in _OF_THE_ACCOUNT)
    return next((one for one in ruling if share_of(one) >= FULL_AT), None)


def full_name(account: AccountView | None) -> str:
    """ "drawdown"; empty while there is room."""
    limit = full_limit(account)
    return "" if limit is None else _OF_THE_ACCOUNT[limit.name]


def state_words(view: AssetView, shown: RoundView | None, full: str, styles: Styles) -> list[Span]:
    """The same state in fewer and fewer cells, coloured by what it asks of the reader."""
    match view.state:
        case AssetState.TRADING:
            return _trading(view, shown, full, styles)
        case AssetState.PAUSED:
            return _paused(view, styles)
        case AssetState.HALTED | AssetState.KILLED as state:
            return [(f"■ {state.value.upper()}", styles.error)]
    return [(f"◌ {view.state.value}", styles.warn)]


def _trading(view: AssetView, shown: RoundView | None, full: str, styles: Styles) -> list[Span]:
    if full:
        return [(f"■ {full} FULL", styles.error)]
    if shown is None or not shown.block:
        return [("● trading", styles.good)]
    what = f"{head_of(shown.block)}{_left(view, shown.block)}"
    return [(f"◌ blocked: {what}", styles.warn), (f"◌ {what}", styles.warn)]


def _left(view: AssetView, block: str) -> str:
    """How long the breaker that blocks stays open if its cause is over."""
    mine = (one for one in view.breakers if one.reason == block and one.until_ns > view.at_ns)
    breaker = next(mine, None)
    return "" if breaker is None else f", {_span(breaker.until_ns - view.at_ns)}"


def _span(ns: int) -> str:
    seconds = -(-ns // NS_PER_S)
    return f"{seconds} s" if seconds < 100 else figures.left(ns)


def _paused(view: AssetView, styles: Styles) -> list[Span]:
    if view.is_flattened:
        return [("‖ flattened by you", styles.warn), ("‖ flattened", styles.warn)]
    if view.detail in ("", BY_COMMAND):
        return [("‖ paused by you", styles.warn)]
    words = view.detail.partition(":")[0]
    if words in _MEASURED_ANEW:
        return [(f"■ {_MEASURED_ANEW[words]} FULL", styles.error)]
    return [(f"‖ paused: {head_of(view.detail)}", styles.warn), ("‖ paused", styles.warn)]


def trouble_of(view: AssetView) -> str:
    """What is to be said of it beyond its state: not what stands over the whole account already."""
    is_said = view.state is AssetState.KILLED or view.detail == BY_COMMAND
    is_said |= view.detail.partition(":")[0] in _OF_THE_ACCOUNT
    return "" if is_said else view.detail


def stop_words(
    account: AccountView | None, views: Sequence[AssetView], keymap: Keymap = SHIPPED
) -> tuple[str, str]:
    """(what stops the whole account with its number, what a person can do); empty while it may
    trade."""
    if account is None:
        return "", ""
    if account.is_killed:
        return (
            f"KILLED: {account.kill_why or 'no reason given'}",
            f"{keymap.shown('rearm')} twice rearms",
        )
    limit = full_limit(account)
    if limit is None:
        return "", ""
    name = _OF_THE_ACCOUNT[limit.name]
    is_paused = any(one for view in views for one in view.resets)
    resumes = f"{keymap.shown('pause')} twice resumes, from 0 again"
    hint = resumes if is_paused and name == "drawdown" else "no entries"
    return f"{name} FULL: {numbers_of(limit)}", hint
