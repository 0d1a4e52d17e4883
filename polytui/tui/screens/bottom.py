"""The two lines at the bottom: what is armed, what has ended, or feeds and keys."""

from __future__ import annotations

from polytui.tui.keymap import Hint
from polytui.tui.panels import figures
from polytui.tui.panels.account import live_name
from polytui.tui.panels.asset import STALE_AFTER_S
from polytui.tui.panels.feeds import feed_bar
from polytui.tui.panels.keys import Alarm, alarm_lines, key_line, warning_lines
from polytui.tui.panels.playing import place_line, prompt_line
from polytui.tui.screens.prompt import Prompt
from polytui.tui.state import LinkState, TerminalState
from polytui.tui.styles import Line, faded, styles_of
from polytui.tui.theme import Palette
from polytui.tui.two_step import Trigger


def bottom_lines(
    state: TerminalState,
    trigger: Trigger,
    waiting: str,
    hints: tuple[Hint, ...],
    palette: Palette,
    now_s: float,
    width: int,
    prompt: Prompt | None = None,
) -> list[Line]:
    """What must be read now, most urgent first. `waiting`: for what, before the terminal ends. Of
    a recording a third line is first: where it stands, or what is typed."""
    rest = _urgent_lines(state, trigger, waiting, hints, palette, now_s, width)
    if state.playing.view is None:
        return rest
    if prompt is not None and prompt.is_open:
        return [prompt_line(prompt.text, palette, width), *rest]
    return [place_line(state.playing.view, palette, width), *rest]


def _urgent_lines(
    state: TerminalState,
    trigger: Trigger,
    waiting: str,
    hints: tuple[Hint, ...],
    palette: Palette,
    now_s: float,
    width: int,
) -> list[Line]:
    danger = trigger.armed if trigger.is_armed(now_s) else None
    if danger is not None:
        hint = f"press {danger.key} again or Enter to do it   Esc lets go"
        left = f"{trigger.left_s(now_s):.0f} s"
        name = live_name(state.account)
        title = f"{name}  {danger.title}" if name else danger.title
        return alarm_lines(Alarm(title, hint, left), palette, width)
    if state.is_over:
        return _epitaph(state, _quits(hints), palette, now_s, width)
    if waiting:
        count = state.account.working_orders if state.account is not None else 0
        return warning_lines(Alarm(waiting, f"{count} orders still working"), palette, width)
    return [_feeds(state, palette, now_s, width), key_line(hints, palette, width)]


def _epitaph(
    state: TerminalState, quits: str, palette: Palette, now_s: float, width: int
) -> list[Line]:
    """The engine is over: what happened, when, and what can be done."""
    age = figures.age(max(0.0, now_s - state.ended_s))
    if state.link is LinkState.LOST:
        hint = f"everything shown is from before   its last log lines are above   {quits}"
        alarm = Alarm(f"ENGINE LOST: {state.link_words}", hint, f"{age} ago")
        return alarm_lines(alarm, palette, width)
    title = f"ENGINE ENDED: {state.link_words or 'no reason given'}"
    draw = alarm_lines if state.exit_code else warning_lines
    return draw(
        Alarm(title, f"exit code {state.exit_code}   {quits}", f"{age} ago"), palette, width
    )


def _quits(hints: tuple[Hint, ...]) -> str:
    """Where letters are text, or quitting has no key of its own, the one that always does."""
    keys = (
        key
        for one in hints
        for key, action in zip(one.keys, one.actions, strict=False)
        if action.id == "leave"
    )
    return f"{next(keys, 'Ctrl-C')} quits"


def _feeds(state: TerminalState, palette: Palette, now_s: float, width: int) -> Line:
    views = state.views
    seen_s = [state.assets_s[view.asset] for view in views]
    is_old = bool(seen_s) and now_s - max(seen_s) > STALE_AFTER_S
    return feed_bar(views, faded(palette) if is_old else styles_of(palette), width)


def urgent_words(trigger: Trigger, waiting: str, now_s: float) -> tuple[str, ...]:
    """What is armed, or what the terminal waits for, where there is no room for a banner: shorter
    and shorter."""
    danger = trigger.armed if trigger.is_armed(now_s) else None
    if danger is not None:
        name = danger.action.value.upper()
        return (f"{name}? {danger.key} or Enter does it", f"{name}? {danger.key}", f"{name}?")
    return (waiting, "STOPPING", "STOP") if waiting else ()
