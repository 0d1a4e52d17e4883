"""Open rounds as points of a curve, a line of the journal for every fifteen of them.

At most 150 points a round, of less than seventy bytes: four rounds of five minutes at once come to
eleven megabytes of journal a day before it is pressed, sixteen of all intervals to seventeen. The
mind is looked at and not touched.
"""

from __future__ import annotations

import trio
from attrs import define, field

from polytui.desk.desk import Desk
from polytui.desk.round import DeskRound
from polytui.desk.snapshots_prices import show_average, show_consensus
from polytui.journal.codec import encode_curve
from polytui.model.curve import CurvePoint, RoundCurve, settling_prices, step_ns
from polytui.model.snapshot import ConsensusView
from polytui.model.units import MICRO, NS_PER_MS
from polytui.runtime.session import Session

_LOOK_EVERY_S = 1.0
"""Of session time, but no more often than a machine has time for."""
_LEAST_SLEEP_S = 0.1
_LINE_OF = 15
"""Points."""
_DIGITS = 8
"""Of a price: the last one is far below a dot."""


@define
class _Curve:
    """State: the points of one open round that no line has yet."""

    desk_round: DeskRound
    step: int = -1
    """The last one that has its point."""
    points: list[CurvePoint] = field(factory=list)


@define
class CurveWatch:
    """State: the curves of the rounds that are open."""

    session: Session
    _curves: dict[str, _Curve] = field(factory=dict, init=False)

    async def watch(self) -> None:
        """Look until cancelled; what is left is written at the end."""
        try:
            while True:
                await trio.sleep(max(_LEAST_SLEEP_S, _LOOK_EVERY_S / self.session.clock.speed))
                self.look()
        finally:
            for curve in self._curves.values():
                self._write(curve)

    def look(self) -> None:
        """A point of every open round whose time has come."""
        now_ns, seen = self.session.clock.now_ns(), set[str]()
        for desk in self.session.mind.desks.values():
            opened = [
                one for one in desk.rounds if one.round.opens_ns <= now_ns < one.round.closes_ns
            ]
            if opened:
                self._look_at(desk, opened, now_ns)
                seen.update(one.slug for one in opened)
        for slug in [slug for slug in self._curves if slug not in seen]:
            self._write(self._curves.pop(slug))

    def _look_at(self, desk: Desk, opened: list[DeskRound], now_ns: int) -> None:
        due = [one for one in opened if self._is_due(one, now_ns)]
        if not due:
            return
        known = show_consensus(desk.prices, desk.feeds, now_ns, desk.settings)
        for one in due:
            curve = self._curves[one.slug]
            curve.points.append(_point(desk, one, known, now_ns))
            if len(curve.points) >= _LINE_OF:
                self._write(curve)

    def _is_due(self, one: DeskRound, now_ns: int) -> bool:
        listed = one.round
        curve = self._curves.get(one.slug)
        if curve is None:
            curve = self._curves[one.slug] = _Curve(one)
        curve.desk_round = one
        step = (now_ns - listed.opens_ns) // step_ns(listed.opens_ns, listed.closes_ns)
        is_due, curve.step = step != curve.step, step
        return is_due

    def _write(self, curve: _Curve) -> None:
        points, curve.points = tuple(curve.points), []
        if not points:
            return
        listed = curve.desk_round.round
        since_ns = listed.opens_ns + points[0][0] * NS_PER_MS
        line = RoundCurve(
            listed.asset.value, listed.slug, since_ns, listed.opens_ns, listed.window_s, points
        )
        self.session.journal.append(encode_curve(line))


def _point(desk: Desk, one: DeskRound, known: ConsensusView, now_ns: int) -> CurvePoint:
    listed, book = one.round, one.up_book
    price, consensus = settling_prices(known, listed.interval.value)
    average = show_average(desk.prices, listed)
    return (
        (now_ns - listed.opens_ns) // NS_PER_MS,
        _short(price),
        _short(consensus),
        None if one.fair_up is None else round(one.fair_up, 4),
        None if book.best_bid is None else book.best_bid / MICRO,
        None if book.best_ask is None else book.best_ask / MICRO,
        None if average is None else _short(average.average),
    )


def _short(price: float | None) -> float | None:
    return None if price is None else float(f"{price:.{_DIGITS}g}")
