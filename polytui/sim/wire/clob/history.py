"""The CLOB's history of midpoints: a window of time, a step, and a point a step.

A window is an interval that ends now, or two instants, never both. The venue refuses fine steps
over long windows, in the words below.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S, to_float
from polytui.sim.wire.clob.tokens import only
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.rounds.documents import is_closed
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.rounds.public_record import MINUTE_S, PublicRecord
from polytui.sim.world.world import World

_HOUR_S, _DAY_S = 3_600, 86_400
_INTERVALS = {
    "1h": (_HOUR_S, 1),
    "6h": (6 * _HOUR_S, 1),
    "1d": (_DAY_S, 1),
    "1w": (7 * _DAY_S, 5),
    "1m": (30 * _DAY_S, 10),
    "max": (None, 1),
    "all": (None, 1),
}
"""Seconds back from now (None: all there is) and the finest step in minutes."""
_LONGEST_S = 15 * _DAY_S
_MOST_MARKETS = 20
_FURTHEST_S = 10**11
_COARSEST = 60 * 24 * 366
_Point = dict[str, int | float]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=_FURTHEST_S)]
_Minutes = Annotated[int, msgspec.Meta(ge=1, le=_COARSEST)]


class _Batch(msgspec.Struct):
    markets: Annotated[list[str], msgspec.Meta(min_length=1, max_length=_MOST_MARKETS)]
    start_ts: _Seconds | None = None
    end_ts: _Seconds | None = None
    interval: str | None = None
    fidelity: _Minutes | None = None


@frozen
class _Span:
    from_s: int
    until_s: int
    step_s: int


class ClobHistory:
    """Of a token, or of twenty at once; a token that nobody knows has no points (venue rule)."""

    def __init__(self, world: World, listing: Listing, record: PublicRecord) -> None:
        self._world = world
        self._listing = listing
        self._record = record

    def routes(self) -> list[Route]:
        return [
            Route("/prices-history", self.history),
            Route("/batch-prices-history", self.batch, methods=["POST"]),
        ]

    async def history(self, request: Request) -> Response:
        only(request, ("market", "startTs", "endTs", "interval", "fidelity"))
        query = request.query_params
        market = query.get("market", "")
        if not market:
            raise RefusedError(400, {"error": "Invalid market"})
        start, end = _seconds(query.get("startTs")), _seconds(query.get("endTs"))
        fidelity = _minutes(query.get("fidelity"))
        span = _span(self._now_s, start, end, query.get("interval"), fidelity)
        return json_answer({"history": self._points(market, span)})

    async def batch(self, request: Request) -> Response:
        try:
            asked = msgspec.json.decode(await request.body(), type=_Batch)
        except (msgspec.MsgspecError, RecursionError):
            raise RefusedError(400, {"error": "Invalid payload"}) from None
        span = _span(self._now_s, asked.start_ts, asked.end_ts, asked.interval, asked.fidelity)
        return json_answer({"history": {one: self._points(one, span) for one in asked.markets}})

    @property
    def _now_s(self) -> int:
        return self._world.now_ns // NS_PER_S

    def _points(self, token_id: str, span: _Span) -> list[_Point]:
        """The minutes of the window, and the present where the window reaches it."""
        found = self._listing.by_token(token_id)
        if found is None:
            return []
        round_, outcome = found
        now_s = self._now_s
        points = self._record.midpoints(
            round_.slug, outcome, span.from_s, span.until_s, span.step_s
        )
        is_to_now = span.from_s <= now_s <= span.until_s and not is_closed(self._world, round_)
        middle = self._record.middle(round_.slug, outcome) if is_to_now else None
        if middle is not None:
            points = [one for one in points if one[0] != now_s] + [(now_s, middle)]
        return [{"t": at_s, "p": to_float(price)} for at_s, price in points]


def _span(
    now_s: int,
    start_s: float | None,
    end_s: float | None,
    interval: str | None,
    fidelity: int | None,
) -> _Span:
    """The window asked for; 400 where it is none, or where its step is too fine."""
    is_bounded = start_s is not None or end_s is not None
    if interval is None and not is_bounded:
        raise _invalid("'interval' or 'startTs' and 'endTs' are required")
    if interval is None:
        return _between(now_s, start_s, end_s, fidelity or 1)
    if is_bounded:
        raise _invalid("'interval' cannot be used with 'startTs' or 'endTs'")
    if interval not in _INTERVALS:
        raise _invalid(f"unknown 'interval' {interval[:20]}")
    back_s, finest = _INTERVALS[interval]
    if fidelity is not None and fidelity < finest:
        raise _invalid(f"minimum 'fidelity' for '{interval}' range is {finest}")
    from_s = 0 if back_s is None else now_s - back_s
    return _Span(from_s, now_s, (fidelity or finest) * MINUTE_S)


def _between(now_s: int, start_s: float | None, end_s: float | None, fidelity: int) -> _Span:
    until_s = now_s if end_s is None else int(end_s)
    from_s = max(0, until_s - _LONGEST_S) if start_s is None else int(start_s)
    if from_s > until_s:
        raise _invalid("'startTs' is after 'endTs'")
    if until_s - from_s > _LONGEST_S:
        raise _invalid("'startTs' and 'endTs' interval is too long")
    return _Span(from_s, until_s, fidelity * MINUTE_S)


def _seconds(text: str | None) -> float | None:
    return None if text is None else _of(text, _Seconds, "'startTs' and 'endTs' are seconds")


def _minutes(text: str | None) -> int | None:
    return None if text is None else int(_of(text, _Minutes, "'fidelity' is in whole minutes"))


def _of(text: str, kind: object, words: str) -> float:
    try:
        return msgspec.convert(text, kind, strict=False)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        raise _invalid(words) from None


def _invalid(words: str) -> RefusedError:
    return RefusedError(400, {"error": f"invalid filters: {words}"})
