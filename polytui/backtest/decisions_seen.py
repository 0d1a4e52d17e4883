"""What was decided in a past that is played: as a digest, and some stretches word for word."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field, frozen

from polytui.backtest.early_events import INPUTS
from polytui.backtest.recorded_views import SeenRow, ViewRecorder
from polytui.backtest.what_if import effect_words
from polytui.desk.mind import Mind
from polytui.journal.codec import encode_effects, encode_event
from polytui.model import events as ev
from polytui.model.effects import Effect, Explain, Place
from polytui.model.instrument import Asset

Stretch = tuple[int, int]
"""[from, until] in nanoseconds."""
Key = tuple[int, str]
"""A moment and an asset."""
_OF_THE_PLAY = frozenset(("seq",))
"""Columns of a view that say where it stands in the play, and nothing of the market."""


@define
class Decision:
    """Everything that one asset heard, saw and did at one moment."""

    inputs: list[tuple[str, bytes]] = field(factory=list)
    """Input and event."""
    effects: list[str] = field(factory=list)
    """In words: an order's id is of the play, not of the decision."""
    views: dict[str, SeenRow] = field(factory=dict)
    """By round."""


@frozen
class Difference:
    """What is not equal in two decisions of one moment."""

    at_ns: int
    asset: str
    what: tuple[str, ...]
    """An input, columns of a view with both values, or effects; in words."""
    kind: str = ""
    """The input that was another one already; empty where only decisions differ."""

    def text(self) -> str:
        return f"{self.asset} at {self.at_ns}: {'; '.join(self.what)}"


class DecisionsSeen:
    """A sink. State: a digest of all effects so far, and the decisions of some stretches."""

    def __init__(self, stretches: Sequence[Stretch] = ()) -> None:
        """`stretches` may overlap."""
        self._stretches = _joined(stretches)
        self._at = 0
        self._views = ViewRecorder()
        self._digest = hashlib.sha256()
        self._is_over: set[Asset] = set()
        self.decisions: dict[Key, Decision] = {}
        self.placed_ns: list[int] = []
        """When orders were sent."""
        self.first_ns = self.last_ns = 0
        self.count = 0
        """Effects of all kinds."""
        self._marks = array("q")
        """When there were effects, and a digest of all until then."""
        self._by_strategy: dict[str, Any] = {}

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        if isinstance(event, ev.Commanded) and event.action is ev.Action.STOP:
            self._is_over.add(asset)
        if asset in self._is_over:
            return
        self.first_ns = self.first_ns or now_ns
        self.last_ns = now_ns
        if effects:
            self.count += len(effects)
            self._digest.update(b"%d %s " % (now_ns, asset.value.encode()))
            self._digest.update(encode_effects(effects))
            self._mark(effects, now_ns)
            if any(isinstance(effect, Place) for effect in effects):
                self.placed_ns.append(now_ns)
        if self._is_wanted(now_ns):
            self._keep(mind, asset, event, effects, now_ns)

    def _mark(self, effects: tuple[Effect, ...], now_ns: int) -> None:
        self._marks.append(now_ns)
        self._marks.append(int.from_bytes(self._digest.digest()[:7], "big"))
        for effect in effects:
            if isinstance(effect, Place | Explain):
                name = effect.order.strategy if isinstance(effect, Place) else effect.strategy
                said = self._by_strategy.setdefault(name, hashlib.sha256())
                said.update(f"{now_ns} {effect_words(effect)}\n".encode())

    def parts_from(self, other: DecisionsSeen) -> tuple[int, tuple[str, ...]] | None:
        """When another play of the same past first decides otherwise, in nanoseconds, and which
        strategies do; None where all is equal."""
        if self.digest == other.digest:
            return None
        pairs = zip(self._pairs(), other._pairs(), strict=False)
        shorter = min(self, other, key=lambda one: len(one._marks))
        first = next((min(a[0], b[0]) for a, b in pairs if a != b), shorter.last_ns)
        names = dict.fromkeys((*self._by_strategy, *other._by_strategy))
        return first, tuple(name for name in names if self._said(name) != other._said(name))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        return zip(self._marks[::2], self._marks[1::2], strict=True)

    def _said(self, strategy: str) -> str:
        said = self._by_strategy.get(strategy)
        return "" if said is None else str(said.hexdigest())

    def _is_wanted(self, now_ns: int) -> bool:
        while self._at < len(self._stretches) and self._stretches[self._at][1] < now_ns:
            self._at += 1
        return self._at < len(self._stretches) and self._stretches[self._at][0] <= now_ns

    def _keep(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
    ) -> None:
        decision = self.decisions.setdefault((now_ns, asset.value), Decision())
        if kind := INPUTS.get(type(event)):
            decision.inputs.append((kind, encode_event(event)))
        decision.effects += filter(None, map(effect_words, effects))
        for row in self._views.views(mind, asset, now_ns):
            decision.views[row["slug"]] = row


def differences(
    was: DecisionsSeen, now: DecisionsSeen, stretch: Stretch, *, with_inputs: bool = True
) -> Iterator[Difference]:
    """Of one stretch that both have kept, in the order of time. `with_inputs`: what was heard is
    to be the same as well, and is what is named where it is not."""
    keys = {
        key for one in (was, now) for key in one.decisions if stretch[0] <= key[0] <= stretch[1]
    }
    nothing = Decision()
    for key in sorted(keys):
        before, after = was.decisions.get(key, nothing), now.decisions.get(key, nothing)
        if with_inputs and before.inputs != after.inputs:
            kind, what = _input_words(before.inputs, after.inputs)
            yield Difference(*key, (what,), kind)
        elif what_differs := tuple(_words(before, after)):
            yield Difference(*key, what_differs)


def _input_words(
    before: list[tuple[str, bytes]], after: list[tuple[str, bytes]]
) -> tuple[str, str]:
    """Which input is the first that is another one, and both, cut short."""
    pairs = zip(before, after, strict=False)
    at = next((n for n, (b, a) in enumerate(pairs) if b != a), min(len(before), len(after)))
    was, now = (side[at] if at < len(side) else None for side in (before, after))
    kind = (was or now or ("", b""))[0]
    return kind, f"{kind} heard {_short(was)} with what follows, {_short(now)} without"


def _short(told: tuple[str, bytes] | None) -> str:
    return "nothing" if told is None else told[1][:160].decode(errors="replace")


def _words(before: Decision, after: Decision) -> Iterator[str]:
    for slug in dict.fromkeys((*before.views, *after.views)):
        yield from _view_words(slug, before.views.get(slug), after.views.get(slug))
    if before.effects != after.effects:
        was = ", ".join(one for one in before.effects if one not in after.effects)
        now = ", ".join(one for one in after.effects if one not in before.effects)
        yield f"{was or 'nothing'}, and {now or 'nothing'} without"


def _view_words(slug: str, before: SeenRow | None, after: SeenRow | None) -> Iterator[str]:
    if before is None or after is None:
        seen = "with what follows" if after is None else "without it"
        yield f"{slug} was looked at only {seen}"
        return
    for name in before:
        if name not in _OF_THE_PLAY and not _is_equal(before[name], after.get(name)):
            yield f"{name} {_cell(before[name])}, and {_cell(after.get(name))} without"


def _is_equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """In order, and those that touch as one."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
