"""A screen that is too small for any panel: what matters most, a thing a line, nothing cut."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.model.snapshot import AssetState, AssetView
from polytui.tui.panels import figures
from polytui.tui.panels.account import is_live
from polytui.tui.panels.facts import current_round
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.styles import Line, Span, Styles, badge, filled, fitting, styles_of
from polytui.tui.theme import Palette

LEAST_WIDTH, LEAST_HEIGHT = 30, 6
"""Cells from which the board is drawn."""

Ways = list[list[Span]]
"""One thing to say, in fewer and fewer cells."""


def is_tiny(width: int, height: int) -> bool:
    return width < LEAST_WIDTH or height < LEAST_HEIGHT


def tiny_lines(
    state: TerminalState, urgent: Sequence[str], palette: Palette, width: int, height: int
) -> list[Line]:
    """`height` lines of `width` cells: `urgent` words first, each shorter than the one before (what
    is armed, what the terminal waits for), then the account, then its assets."""
    styles = styles_of(palette)
    things = [_alarm(state, urgent, palette), _money(state, styles)]
    things += [_asset(view, styles) for view in state.views]
    lines = [_fitted(ways, styles, width) for ways in things if ways]
    return filled(lines, height, width, styles.text)


def _fitted(ways: Ways, styles: Styles, width: int) -> Line:
    return fitting([(way, []) for way in ways], width, styles.text)


def _alarm(state: TerminalState, urgent: Sequence[str], palette: Palette) -> Ways:
    """What must be read now; nothing where all is well."""
    loud = badge(palette, palette.colours.error)
    if urgent:
        return [[(words, loud)] for words in urgent]
    if state.link is LinkState.LOST:
        return [[("ENGINE LOST", loud)], [("LOST", loud)]]
    if state.link is LinkState.ENDED:
        return [[("engine ended", loud)], [("ended", loud)]]
    if state.account is not None and state.account.is_killed:
        return [[("KILLED", loud)]]
    return []


def _money(state: TerminalState, styles: Styles) -> Ways:
    """The mode and the result: real money is never called anything shorter than LIVE."""
    account = state.account
    if account is None:
        return [[("waiting for the engine", styles.dim)], [("waiting", styles.dim)]]
    mode: Span = (account.mode.upper(), styles.error if is_live(account.mode) else styles.strong)
    gain: Span = (figures.signed_dollars(account.marked_pnl), styles.sign(account.marked_pnl))
    orders: list[Span] = [("  orders ", styles.dim), (str(account.working_orders), styles.text)]
    full = [mode, (" ", styles.dim), gain]
    return [[*full, *orders], full, [mode] if is_live(account.mode) else [gain]]


def _asset(view: AssetView, styles: Styles) -> Ways:
    """Who, how long its round lasts yet, and what it has come to."""
    who: Span = (f"{view.asset.upper()} ", styles.strong)
    gain: Span = (figures.signed_dollars(view.marked_pnl), styles.sign(view.marked_pnl))
    if view.state is not AssetState.TRADING:
        word: Span = (view.state.value, styles.warn)
        return [[who, word, (" ", styles.dim), gain], [who, word]]
    shown = current_round(view)
    if shown is None:
        return [[who, gain]]
    left: Span = (f"{figures.left(shown.closes_ns - view.at_ns)} ", styles.dim)
    interval: Span = (f"{shown.interval} ", styles.dim)
    return [[who, interval, left, gain], [who, left, gain], [who, gain]]
