"""The CLOB's history of midpoints: what it still tells of rounds that are over."""

from __future__ import annotations

import msgspec

from polytui.model.errors import Retry
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.venues.feed import WIRE_FAULTS


class _PastPoint(msgspec.Struct, gc=False):
    t: int
    p: float


class _History(msgspec.Struct):
    history: list[_PastPoint]


_decode = msgspec.json.Decoder(_History).decode
Midpoint = tuple[int, float]
"""(second since 1970, price in dollars)."""


async def midpoints(http: Http, token: str, from_ns: int, until_ns: int) -> list[Midpoint]:
    """A point a minute of [from, until], oldest first; none of a token that nobody knows. A point
    outside [0, 1] or outside the time is left out."""
    span = {"startTs": from_ns // NS_PER_S, "endTs": until_ns // NS_PER_S}
    body = await http.get("/prices-history", {"market": token, "fidelity": 1, **span})
    try:
        points = _decode(body).history
    except WIRE_FAULTS as fault:
        raise Retry(f"CLOB prices-history is unreadable: {fault}; try again") from None
    return sorted(
        (one.t, one.p)
        for one in points
        if span["startTs"] <= one.t <= span["endTs"] and 0.0 <= one.p <= 1.0
    )
