"""The first line of a page that is told by the database: how far it goes, or what is wrong with it.
Never a table that looks younger than it is."""

from __future__ import annotations

from attrs import frozen

from polytui.model.units import NS_PER_S
from polytui.tui.panels import figures
from polytui.tui.past import Known
from polytui.tui.standing import StandingQuestions
from polytui.tui.styles import Line, Span, Styles, clean, fitting, line

_OLD_S = 4.0
"""Beyond when it is asked again."""
_LAG_NS = 10 * NS_PER_S


@frozen
class DrawnAt:
    """When it is drawn."""

    now_s: float
    session_ns: int
    """Session time; 0 where no account has been seen."""


def told_line(
    asking: StandingQuestions, names: tuple[str, ...], at: DrawnAt, styles: Styles, width: int
) -> Line:
    """`names`: of the questions that the page is made of."""
    told = [known for name in names if (known := asking.known(name)) is not None]
    if asking.trouble:
        return _trouble(asking.trouble, told, styles, width)
    if not told:
        return line([("◌ asking the engine", styles.dim)], width, styles.text)
    age_s = max(at.now_s - one.at_s for one in told)
    as_of_ns = min(one.as_of_ns for one in told)
    until: list[Span] = [("as of ", styles.dim), (_moment(as_of_ns), styles.text)]
    behind_ns = at.session_ns - as_of_ns
    if age_s > _OLD_S + asking.slowest_again_s:
        until = [(f"◐ asked {figures.age(age_s)} ago, ", styles.stale), *until]
    elif behind_ns > _LAG_NS and at.session_ns:
        behind = f"  ◐ {figures.age(behind_ns / NS_PER_S)} behind the session"
        until.append((behind, styles.stale))
    source: list[Span] = [("from the engine's database", styles.dim)]
    return fitting([(until, source), (until, [])], width, styles.text)


def _trouble(words: str, told: list[Known], styles: Styles, width: int) -> Line:
    shown: list[Span] = [("! ", styles.error), (clean(words), styles.warn)]
    again: list[Span] = [("  asked again", styles.dim)]
    old: list[Span] = []
    if any(one.rows for one in told):
        old = [("  what is below is older", styles.warn)]
    ways: list[tuple[list[Span], list[Span]]]
    ways = [([*shown, *old, *again], []), ([*shown, *old], []), (shown, [])]
    return fitting(ways, width, styles.text)


def _moment(at_ns: int) -> str:
    return figures.clock(at_ns) if at_ns else "nothing yet"
