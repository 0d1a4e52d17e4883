"""The lines on top: which mode, what the account holds, how old all of this is; and, once for all
assets, what stops the whole account."""

from __future__ import annotations

from attrs import frozen
from rich.style import Style

from polytui.model.playing import RECORDING, PlayView
from polytui.model.snapshot import AccountView
from polytui.model.winnings import why_winnings_wait
from polytui.tui.panels import figures
from polytui.tui.panels.asset import STALE_AFTER_S
from polytui.tui.panels.latency import trouble
from polytui.tui.panels.playing import watched_words
from polytui.tui.panels.reasons import fitted
from polytui.tui.styles import (
    Line,
    Span,
    Styles,
    badge,
    clean,
    faded,
    line,
    spread,
    styles_of,
    width_of,
)
from polytui.tui.theme import Palette

LIVE = "live"
"""The mode in which money is at stake."""
_GAP = "   "
_AGE_CELLS = 24
"""Of the words on the right, "○ ENGINE LOST 12 min old" the longest of them."""
_WINNINGS_CELLS = 60
_FRESH = "<1 s"
_BEHIND_MS = 500
"""Older is said: a person sees half a second."""


@frozen
class AccountLook:
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
    play: PlayView | None = None
    """Of a recording: where it stands."""


def account_lines(view: AccountView | None, look: AccountLook, width: int) -> list[Line]:
    """Two lines of `width` cells; a third where the whole account is stopped."""
    if view is None:
        return _waiting(look, width)
    is_old = look.age_s > STALE_AFTER_S
    styles = faded(look.palette) if is_old else styles_of(look.palette)
    age = _age(look, styles)
    second = _fitting(_workings(view, look, styles, width), width - width_of(age) - 3)
    first = _first(view, look, styles, width)
    ground = styles.text
    if is_live(view.mode):
        # Real money is seen from across the room: the whole header is one band.
        ground = _shout(look)
        second, age = ([(text, ground) for text, _ in spans] for spans in (second, age))
    lines = [
        first,
        spread([(" ", ground), *second], [*age, (" ", ground)], width, ground),
    ]
    return [*lines, _stop(look, width)] if look.stop[0] else lines


def _stop(look: AccountLook, width: int) -> Line:
    """Loud, with its number whole; what can be done where there is room."""
    loud = badge(look.palette, look.palette.colours.error)
    words, hint = look.stop
    room = width - len("  ■ ") - 2
    right: list[Span] = [(f"{hint}  ", loud)] if hint and len(words) + len(hint) + 4 <= room else []
    return spread([(f"  ■ {_told(words, room)}", loud)], right, width, loud)


def _told(words: str, room: int) -> str:
    """A kill has a reason of its own behind the word, with a number."""
    head, sign, reason = words.partition(": ")
    return f"{head}{sign}{fitted(reason, room - len(head) - len(sign))}" if sign else clean(words)


def _waiting(look: AccountLook, width: int) -> list[Line]:
    styles = styles_of(look.palette)
    head: list[Span] = [_banner(look, look.mode or "polytui", ""), ("  ", styles.text)]
    words = look.link or "waiting for the engine"
    return [line([*head, (words, styles.dim)], width, styles.text), line([], width, styles.text)]


def is_live(mode: str) -> bool:
    """Whether money is at stake."""
    return mode == LIVE


def live_name(account: AccountView | None) -> str:
    """ "LIVE 0x12ab..90ef"; empty where no money is at stake."""
    if account is None or not is_live(account.mode):
        return ""
    return f"LIVE {figures.short_address(account.wallet)}".rstrip()


def _shout(look: AccountLook) -> Style:
    return badge(look.palette, look.palette.of_mode(LIVE))


def _banner(look: AccountLook, mode: str, tail: str) -> Span:
    colour = look.palette.of_mode(mode)
    return (f"  {mode.upper()}{tail}  ", badge(look.palette, colour))


def _first(view: AccountView, look: AccountLook, styles: Styles, width: int) -> Line:
    """Mode and money. Live money paints the whole line."""
    speed = "" if view.speed == 1 else f" x{view.speed:g}"
    shout, name = _shout(look), live_name(view)
    if look.play is not None:
        banner = _banner(look, RECORDING, f" {watched_words(look.play)}")
    elif name:
        banner = (f"  {name}  REAL MONEY  ", shout)
    else:
        banner = _banner(look, view.mode, speed)
    time: list[Span] = [(f"{figures.clock(view.at_ns)} UTC", styles.text)]
    groups = [time, *_money(view, styles)]
    if here := figures.local_clock(view.at_ns):
        groups.append([(here, styles.text), (" here", styles.dim)])
    if view.crowd_delay_s:
        late = (f"{view.crowd_delay_s:g} s late", styles.text)
        groups.append([("simulated crowd ", styles.dim), late])
    if name:
        groups = [[(text, shout) for text, _ in group] for group in groups]
        left = [banner, *_fitting(groups, width - width_of([banner]) - 8)]
        return spread(left, [("LIVE  ", shout)], width, shout)
    left = [banner, ("  ", styles.text), *_fitting(groups, width - width_of([banner]) - 2)]
    return line(left, width, styles.text)


def _money(view: AccountView, styles: Styles) -> list[list[Span]]:
    moved = [("moved ", styles.dim), (figures.signed_money(view.moved), styles.text)]
    return [
        [("cash ", styles.dim), (figures.money(view.cash), styles.strong)],
        [("pnl ", styles.dim), _gain(view.marked_pnl, styles)],
        [("realised ", styles.dim), _gain(view.realised_pnl, styles)],
        [("exposure ", styles.dim), (figures.money(view.exposure), styles.text)],
        [("fees ", styles.dim), (figures.money(view.fees), styles.text)],
        *([moved] if view.moved else []),
    ]


def _gain(micro: int, styles: Styles) -> Span:
    mark = f"{figures.arrow(micro)} " if micro else ""
    return (f"{mark}{figures.signed_money(micro)}", styles.sign(micro))


def _workings(view: AccountView, look: AccountLook, styles: Styles, width: int) -> list[list[Span]]:
    up_for = figures.left(view.at_ns - view.started_ns)
    proven = f"{view.ramp_proven} of {view.ramp_rounds} rounds proven"
    ramp: list[Span] = [("ramp ", styles.dim), (proven, styles.warn)]
    # A wallet's work that waits is why won dollars cannot be spent.
    why = why_winnings_wait(view.winnings)
    words = fitted(f"wait: {why}" if why else view.winnings, _WINNINGS_CELLS)
    winnings = [("winnings ", styles.dim), (words, styles.warn if why else styles.text)]
    return [
        _kill(view, look, styles, width - _AGE_CELLS),
        [("orders ", styles.dim), (str(view.working_orders), styles.text)],
        *([ramp] if view.ramp_rounds else []),
        _engine(view, styles),
        *([slow] if (slow := trouble(view, styles)) else []),
        *([winnings] if why else []),
        *([[("session ", styles.dim), (clean(look.session), styles.text)]] * bool(look.session)),
        [("lag ", styles.dim), (f"{view.lag_us:,} µs", styles.text)],
        *([winnings] if view.winnings and not why else []),
        [("running ", styles.dim), (up_for, styles.text)],
    ]


def _engine(view: AccountView, styles: Styles) -> list[Span]:
    """Whether this machine keeps up with what it is sent."""
    if view.behind_ms < _BEHIND_MS:
        return [("engine ", styles.dim), ("on time", styles.text)]
    return [("engine ", styles.dim), (f"behind {view.behind_ms / 1000:.1f} s", styles.error)]


def _kill(view: AccountView, look: AccountLook, styles: Styles, room: int) -> list[Span]:
    """Asked, acknowledged and in force are three different things."""
    if view.is_killed:
        rest = ("NOT on disk", styles.error) if look.is_kill_unkept else ("R rearms", styles.dim)
        return [("■ KILLED ", styles.error), rest]
    if look.kill:
        return [(fitted(look.kill, room), styles.error)]
    if view.is_stopping:
        return [("◌ stopping", styles.warn)]
    return [("kill switch ", styles.dim), ("ready", styles.good)]


def _age(look: AccountLook, styles: Styles) -> list[Span]:
    if look.link:
        return [
            (f"○ {look.link}", styles.error),
            (f" {figures.age(look.age_s)} old", styles.stale),
        ]
    if look.age_s > STALE_AFTER_S:
        return [(f"◐ {figures.age(look.age_s)} old", styles.stale)]
    # What is another figure ten times a second tells nobody anything, and costs a slow line.
    words = _FRESH if look.age_s < 1 else figures.age(look.age_s)
    return [("● ", styles.good), (words, styles.dim)]


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
