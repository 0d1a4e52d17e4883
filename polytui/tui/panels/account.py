"""The lines on top: which mode, what the account holds, how old all of this is; and, once for all
assets, what stops the whole account."""

from __future__ import annotations

from attrs import frozen

from polytui.model.snapshot import AccountView
from polytui.tui.ink import Ink, Line, Span, badge, clean, faded, ink_of, line, spread, width_of
from polytui.tui.panels import figures
from polytui.tui.panels.asset import STALE_AFTER_S
from polytui.tui.panels.reasons import fitted
from polytui.tui.theme import Palette

_GAP = "   "
_AGE_CELLS = 24
"""Of the words on the right, "○ ENGINE LOST 12 min old" the longest of them."""
_BEHIND_MS = 500
"""Older is said: a person sees half a second."""


@frozen
class Standing:
    """What the account lines say apart from the account."""

    palette: Palette
    mode: str
    """From the engine's hello, before the first account view."""
    age_s: float = 0.0
    """Real seconds since the account view arrived."""
    link: str = ""
    """Trouble with the engine in a word or two; empty when attached."""
    kill: str = ""
    """A kill command on its way: "KILL sent", "KILL acked #41, on disk"."""
    is_kill_unkept: bool = False
    """It is in force, and a restart would forget it."""
    session: str = ""
    """The engine's name for it: two may run."""
    stop: tuple[str, str] = ("", "")
    """What stops the whole account, and what a person can do; empty while it may trade."""


def account_lines(view: AccountView | None, standing: Standing, width: int) -> list[Line]:
    """Two lines of `width` cells; a third where the whole account is stopped."""
    if view is None:
        return _waiting(standing, width)
    is_old = standing.age_s > STALE_AFTER_S
    ink = faded(standing.palette) if is_old else ink_of(standing.palette)
    age = _age(standing, ink)
    second = _fitting(_workings(view, standing, ink, width), width - width_of(age) - 3)
    first = _first(view, standing, ink, width)
    lines = [first, spread([(" ", ink.text), *second], [*age, (" ", ink.text)], width, ink.text)]
    return [*lines, _stop(standing, width)] if standing.stop[0] else lines


def _stop(standing: Standing, width: int) -> Line:
    """Loud, with its number whole; what can be done where there is room."""
    loud = badge(standing.palette, standing.palette.colours.error)
    words, hint = standing.stop
    room = width - len("  ■ ") - 2
    right: list[Span] = [(f"{hint}  ", loud)] if hint and len(words) + len(hint) + 4 <= room else []
    return spread([(f"  ■ {_told(words, room)}", loud)], right, width, loud)


def _told(words: str, room: int) -> str:
    """A kill has a reason of its own behind the word, with a number."""
    head, sign, reason = words.partition(": ")
    return f"{head}{sign}{fitted(reason, room - len(head) - len(sign))}" if sign else clean(words)


def _waiting(standing: Standing, width: int) -> list[Line]:
    ink = ink_of(standing.palette)
    head: list[Span] = [_banner(standing, standing.mode or "polytui", ""), ("  ", ink.text)]
    words = standing.link or "waiting for the engine"
    return [line([*head, (words, ink.dim)], width, ink.text), line([], width, ink.text)]


def _banner(standing: Standing, mode: str, tail: str) -> Span:
    colour = standing.palette.of_mode(mode)
    return (f"  {mode.upper()}{tail}  ", badge(standing.palette, colour))


def _first(view: AccountView, standing: Standing, ink: Ink, width: int) -> Line:
    """Mode and money. Live money paints the whole line."""
    speed = "" if view.speed == 1 else f" x{view.speed:g}"
    is_live = view.mode == "live"
    banner = _banner(standing, view.mode, " REAL MONEY" if is_live else speed)
    time: list[Span] = [(f"{figures.clock(view.at_ns)} UTC", ink.text)]
    groups = [time, *_money(view, ink)]
    if view.crowd_delay_s:
        late = (f"{view.crowd_delay_s:g} s late", ink.text)
        groups.append([("simulated crowd ", ink.dim), late])
    if is_live:
        shout = banner[1]
        groups = [[(text, shout) for text, _ in group] for group in groups]
        left = [banner, *_fitting(groups, width - width_of([banner]) - 8)]
        return spread(left, [("LIVE  ", shout)], width, shout)
    left = [banner, ("  ", ink.text), *_fitting(groups, width - width_of([banner]) - 2)]
    return line(left, width, ink.text)


def _money(view: AccountView, ink: Ink) -> list[list[Span]]:
    return [
        [("cash ", ink.dim), (figures.money(view.cash), ink.strong)],
        [("pnl ", ink.dim), _gain(view.marked_pnl, ink)],
        [("realised ", ink.dim), _gain(view.realised_pnl, ink)],
        [("exposure ", ink.dim), (figures.money(view.exposure), ink.text)],
        [("fees ", ink.dim), (figures.money(view.fees), ink.text)],
    ]


def _gain(micro: int, ink: Ink) -> Span:
    mark = f"{figures.arrow(micro)} " if micro else ""
    return (f"{mark}{figures.signed_money(micro)}", ink.sign(micro))


def _workings(view: AccountView, standing: Standing, ink: Ink, width: int) -> list[list[Span]]:
    up_for = figures.left(view.at_ns - view.started_ns)
    return [
        _kill(view, standing, ink, width - _AGE_CELLS),
        [("orders ", ink.dim), (str(view.working_orders), ink.text)],
        _engine(view, ink),
        *([[("session ", ink.dim), (clean(standing.session), ink.text)]] * bool(standing.session)),
        [("lag ", ink.dim), (f"{view.lag_us:,} µs", ink.text)],
        [("running ", ink.dim), (up_for, ink.text)],
    ]


def _engine(view: AccountView, ink: Ink) -> list[Span]:
    """Whether this machine keeps up with what it is sent."""
    if view.behind_ms < _BEHIND_MS:
        return [("engine ", ink.dim), ("on time", ink.text)]
    return [("engine ", ink.dim), (f"behind {view.behind_ms / 1000:.1f} s", ink.error)]


def _kill(view: AccountView, standing: Standing, ink: Ink, room: int) -> list[Span]:
    """Asked, acknowledged and in force are three different things."""
    if view.is_killed:
        rest = ("NOT on disk", ink.error) if standing.is_kill_unkept else ("R rearms", ink.dim)
        return [("■ KILLED ", ink.error), rest]
    if standing.kill:
        return [(fitted(standing.kill, room), ink.error)]
    if view.is_stopping:
        return [("◌ stopping", ink.warn)]
    return [("kill switch ", ink.dim), ("ready", ink.good)]


def _age(standing: Standing, ink: Ink) -> list[Span]:
    if standing.link:
        return [
            (f"○ {standing.link}", ink.error),
            (f" {figures.age(standing.age_s)} old", ink.stale),
        ]
    if standing.age_s > STALE_AFTER_S:
        return [(f"◐ {figures.age(standing.age_s)} old", ink.stale)]
    return [("● ", ink.good), (figures.age(standing.age_s), ink.dim)]


def _fitting(groups: list[list[Span]], width: int) -> list[Span]:
    """As many groups as fit whole, most important first; the rest is left out, never cut."""
    spans: list[Span] = []
    for group in groups:
        style = group[0][1]
        wanted: list[Span] = [*spans, *([(_GAP, style)] if spans else []), *group]
        if width_of(wanted) > width:
            break
        spans = wanted
    return spans
