"""Whether any decision of a past knew what was not known yet, and by what.

Three looks, each of which finds what the others cannot:

1. Every event against the time it speaks of (`early_events.py`). For each input that came early the
   past is played with it in time: decisions that are other ones then, knew too much.
2. The past is cut after a decision and played without what follows, several times. What was heard,
   seen and decided before must be the same; whatever is not, was made of what follows: an input
   that is prepared from a whole recording, a feature, a strategy.
3. It is played twice. A strategy that remembers the first time decides otherwise the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from polytui.backtest.decisions_seen import DecisionsSeen, Difference, Stretch, differences
from polytui.backtest.early_events import KINDS, Early, EarlyWatch, InTime, Remake, Until
from polytui.backtest.moments import Source
from polytui.model.units import NS_PER_S

Play = Callable[[Source, Sequence[Any]], None]
"""Plays a source once, with a fresh mind, and tells these sinks."""
_STRETCH_NS = 10 * NS_PER_S
"""So much before each cut is compared word for word."""
_MORE_NS = 60 * NS_PER_S
"""So long the other inputs go on where one of them ends."""
_MOST_EARLY = 8
"""Early events of an input whose decisions are compared; all are counted."""
_MOST_SHOWN = 5


@frozen
class EarlyInput:
    """One input that came before its time, and what was decided on it."""

    kind: str
    events: int
    examples: tuple[Early, ...]
    changed: tuple[Difference, ...]
    """Decisions that are other ones where it comes in time."""

    def lines(self) -> Iterator[str]:
        yield f"{self.kind}: {self.events} events were heard before they could be"
        yield from _shown(one.text() for one in self.examples)
        yield f"  in time, {len(self.changed)} decisions on the first of them are other ones"
        yield from _shown(one.text() for one in self.changed)


@frozen
class Peek:
    """What differs before a cut without what follows it."""

    cut_ns: int
    changed: tuple[Difference, ...]
    reads: tuple[str, ...]
    """Inputs whose future alone makes a difference; empty where the input itself is made of it."""

    def lines(self) -> Iterator[str]:
        kinds = tuple(dict.fromkeys(one.kind for one in self.changed if one.kind))
        if kinds:
            what = f"{', '.join(kinds)} before it is made of what follows"
        elif self.reads:
            what = f"decisions before it read what follows of {', '.join(self.reads)}"
        else:
            what = "decisions before it are other ones without what follows"
        yield f"cut at {self.cut_ns}: {what}"
        yield from _shown(one.text() for one in self.changed)


@frozen
class LookedAhead:
    """What was looked at, and what was found; clean where nothing was."""

    events: dict[str, int]
    decisions: int
    cuts: int
    early: tuple[EarlyInput, ...] = ()
    peeks: tuple[Peek, ...] = ()
    parts_ns: int | None = None
    """When it was first decided otherwise, played a second time; None where it never was."""
    unsteady: tuple[str, ...] = ()
    """Strategies that did."""

    @property
    def is_steady(self) -> bool:
        """Whether the past was decided alike when it was played twice."""
        return self.parts_ns is None

    @property
    def is_clean(self) -> bool:
        return self.is_steady and not self.early and not self.peeks

    def text(self) -> str:
        return "\n".join(self._lines())

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "is_clean": self.is_clean,
            "is_steady": self.is_steady,
            "parts_ns": self.parts_ns,
            "unsteady": list(self.unsteady),
            "events": self.events,
            "decisions": self.decisions,
            "cuts": self.cuts,
            "early": [
                {
                    "input": one.kind,
                    "events": one.events,
                    "examples": [example.text() for example in one.examples],
                    "changed": [each.text() for each in one.changed],
                }
                for one in self.early
            ],
            "peeks": [
                {
                    "cut_ns": one.cut_ns,
                    "reads": list(one.reads),
                    "changed": [each.text() for each in one.changed],
                }
                for one in self.peeks
            ],
        }

    def _lines(self) -> Iterator[str]:
        counts = ", ".join(f"{count} of {kind}" for kind, count in self.events.items())
        head = "no decision knew what was not known yet" if self.is_clean else "LOOK-AHEAD"
        yield f"{head}: events {counts}; {self.decisions} effects, {self.cuts} cuts"
        if not self.is_steady:
            yield (
                f"played twice, the past is decided differently from {self.parts_ns} on, by"
                f" {', '.join(self.unsteady) or 'no strategy'}: something remembers what came, or"
                " asks a clock or chance"
            )
        for early in self.early:
            yield from early.lines()
        for peek in self.peeks:
            yield from peek.lines()


def look_ahead(remake: Remake, play: Play, *, cuts: int, skew_ns: int) -> LookedAhead:
    """Play it as often as it takes: three times, and up to each of the `cuts`."""
    watch, first = EarlyWatch(skew_ns), DecisionsSeen()
    play(remake(None), [watch, first])
    some = {kind: _some(watch.found, kind) for kind in KINDS}
    at_cuts = _cuts(first, cuts)
    stretches = [_before(cut_ns) for cut_ns in at_cuts]
    early = [(one.at_ns, one.due_ns) for found in some.values() for one in found]
    whole = DecisionsSeen([*stretches, *early])
    play(remake(None), [whole])
    counted = Counter(one.kind for one in watch.found)
    parts = first.parts_from(whole)
    return LookedAhead(
        watch.events,
        first.count,
        len(at_cuts),
        tuple(
            EarlyInput(kind, counted[kind], found, _in_time(remake, play, whole, found, skew_ns))
            for kind, found in some.items()
            if found
        ),
        tuple(_peeks(remake, play, whole, at_cuts)),
        *(parts or (None, ())),
    )


def _some(found: Iterable[Early], kind: str) -> tuple[Early, ...]:
    return tuple([one for one in found if one.kind == kind][:_MOST_EARLY])


def _in_time(
    remake: Remake, play: Play, whole: DecisionsSeen, found: Sequence[Early], skew_ns: int
) -> tuple[Difference, ...]:
    """Decisions on these early events of one input that are other ones where it comes in time."""
    stretches = [(one.at_ns, one.due_ns - 1) for one in found]
    seen = DecisionsSeen(stretches)
    play(InTime(remake(None), found[0].kind, skew_ns), [seen])
    changed: dict[tuple[int, str], Difference] = {}
    for stretch in stretches:
        for one in differences(whole, seen, stretch, with_inputs=False):
            changed.setdefault((one.at_ns, one.asset), one)
    return tuple(changed[key] for key in sorted(changed))


def _peeks(remake: Remake, play: Play, whole: DecisionsSeen, cuts: Sequence[int]) -> Iterator[Peek]:
    for cut_ns in cuts:
        changed = _cut(Until(remake(cut_ns), cut_ns), play, whole, cut_ns)
        if not changed:
            continue
        reads = () if any(one.kind for one in changed) else _reads(remake, play, whole, cut_ns)
        yield Peek(cut_ns, changed, reads)


def _reads(remake: Remake, play: Play, whole: DecisionsSeen, cut_ns: int) -> tuple[str, ...]:
    return tuple(
        kind
        for kind in KINDS
        if _cut(Until(remake(None), cut_ns, kind, _MORE_NS), play, whole, cut_ns)
    )


def _cut(source: Source, play: Play, whole: DecisionsSeen, cut_ns: int) -> tuple[Difference, ...]:
    seen = DecisionsSeen([_before(cut_ns)])
    play(source, [seen])
    return tuple(differences(whole, seen, _before(cut_ns)))


def _before(cut_ns: int) -> Stretch:
    return (cut_ns - _STRETCH_NS, cut_ns)


def _cuts(seen: DecisionsSeen, count: int) -> list[int]:
    """After orders, where there are enough of them, else evenly over the time; never at the end,
    which nothing follows."""
    at = sorted({at_ns for at_ns in seen.placed_ns if at_ns < seen.last_ns})
    if len(at) < count:
        span_ns = seen.last_ns - seen.first_ns
        at = sorted(
            {*at, *(seen.first_ns + span_ns * n // (count + 1) for n in range(1, count + 1))}
        )
    return [at[(2 * n + 1) * len(at) // (2 * count)] for n in range(count)] if at else []


def _shown(lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    yield from (f"    {line}" for line in told[:_MOST_SHOWN])
    if len(told) > _MOST_SHOWN:
        yield f"    and {len(told) - _MOST_SHOWN} more"
