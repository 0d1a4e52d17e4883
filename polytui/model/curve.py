"""How a round went, point by point: written into the journal for whoever draws it later, and never
read by what trades."""

from __future__ import annotations

import msgspec

from polytui.model.snapshot import ConsensusView
from polytui.model.units import NS_PER_S

_LEAST_STEP_NS = 2 * NS_PER_S
_POINTS = 150
"""Of one round, however long it is: what that costs a day has an end."""
CANDLE_INTERVAL, CANDLE_VENUE = "1h", "binance"
"""Rounds that are settled by an exchange's candle, and whose."""

CurvePoint = tuple[
    int, float | None, float | None, float | None, float | None, float | None, float | None
]
"""Milliseconds since the opening; dollars of the source that settles the round, and of the
consensus; our probability of Up; best bid and ask of Up, dollars; the part of the closing average
that is known, dollars. None is what nobody knew."""


class RoundCurve(msgspec.Struct, frozen=True, gc=False):
    """Some points of one round, in order."""

    asset: str
    slug: str
    since_ns: int
    """Session time of the first."""
    opens_ns: int
    window_s: int
    """The last seconds that are averaged; 0 where the rule has no average."""
    points: tuple[CurvePoint, ...]


def step_ns(opens_ns: int, closes_ns: int) -> int:
    """From one point to the next."""
    return max(_LEAST_STEP_NS, -(-(closes_ns - opens_ns) // _POINTS))


def settling_prices(known: ConsensusView, interval: str) -> tuple[float | None, float | None]:
    """The price that settles rounds of an interval, and the consensus in the same terms."""
    if interval != CANDLE_INTERVAL:
        return known.settlement, known.price
    for one in known.venues:
        if one.venue == CANDLE_VENUE:
            rate = one.price / one.adjusted if one.adjusted else None
            ours = None if rate is None or known.price is None else known.price * rate
            return one.price, ours
    return None, None


def settling_age_ms(known: ConsensusView, interval: str) -> int:
    """Milliseconds since the word of whoever settles rounds of an interval; -1 before the first."""
    if interval != CANDLE_INTERVAL:
        return known.settlement_age_ms
    return next((one.age_ms for one in known.venues if one.venue == CANDLE_VENUE), -1)
