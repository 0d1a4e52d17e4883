"""A recorded day of Chainlink, heard as it came: strikes, closes and forecasts.

Points arrive in the order and at the moments of their receipt, through the same models that a desk
uses, so a forecast knows nothing that was not heard by then. The recording has no exchange prices:
what their lead adds cannot be measured on it.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from attrs import evolve, frozen

from polytui.config.schema import MarketSettings
from polytui.desk.prices import DeskPrices
from polytui.market.fair_value import SettlementForecast, calibrated
from polytui.model.events import ChainlinkPriced
from polytui.model.instrument import Asset, Interval, PriceKind, Round, SettlementRule
from polytui.model.units import NS_PER_MS, NS_PER_S

HORIZONS_S = (240, 120, 60, 30, 10)
TWAP_S = 60
HOUR_S = 3_600
_E18 = Decimal(10) ** 18


def is_odd(second: int) -> bool:
    """Odd hours are for fitting, even ones for judging, so that nothing is scored on itself."""
    return second // HOUR_S % 2 == 1


@frozen
class Point:
    observed_ns: int
    received_ns: int
    value: float
    value_e18: int


@frozen
class Listed:
    """A round as Gamma listed it after its end."""

    round: Round
    strike_e18: int
    is_up: bool
    final: float | None = None


class Seen(NamedTuple):
    """What was known when Chainlink had spoken of a second."""

    second: int
    log: float
    sigma: float
    """Standard deviation of the log price per root second, as predicted."""


@frozen
class Forecast:
    """What was known so long before a round's end, and how it ended."""

    number: int
    left_s: int
    round: Round
    settlement_forecast: SettlementForecast
    strike: float
    last_price: float
    is_up: bool
    final: float
    """The settlement price, NaN where nobody recorded it."""

    @property
    def is_odd(self) -> bool:
        """Opened in an odd hour, UTC: those are for fitting, the others for judging."""
        return is_odd(self.round.opens_ns // NS_PER_S)

    def probability(self, market: MarketSettings) -> float:
        raw = self.settlement_forecast.probability_up(self.strike, market.tail_degrees)
        return calibrated(raw, market.calibration_alpha, market.calibration_beta)


def read_points(path: Path) -> list[Point]:
    """In the order of receipt."""
    with gzip.open(path, "rt") as lines:
        rows = csv.DictReader(lines)
        points = [
            Point(
                int(row["feed_ts_ms"]) * NS_PER_MS,
                int(row["recv_ms"]) * NS_PER_MS,
                float(row["value"]),
                int(row["full_accuracy_value"]),
            )
            for row in rows
        ]
    return sorted(points, key=lambda point: point.received_ns)


def with_finals(rounds: Sequence[Listed], points: Sequence[Point]) -> list[Listed]:
    """Rounds that a spot value settles, with that value where it was recorded."""
    by_ns = {point.observed_ns: point.value for point in points}
    return [evolve(one, final=by_ns.get(one.round.closes_ns)) for one in rounds]


def read_rounds(path: Path) -> list[Listed]:
    """Five-minute rounds with their strike and outcome, oldest first."""
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    listed = [
        Listed(_round(row), int(row["strike_value"]), row["outcome_prices"][0] == "1")
        for row in rows
        if row["resolved"] and row["strike_value"]
    ]
    return sorted(listed, key=lambda one: one.round.opens_ns)


def _round(row: dict[str, object]) -> Round:
    return Round(
        slug=str(row["slug"]),
        asset=Asset.BTC,
        interval=Interval.M5,
        condition_id=str(row["condition_id"]),
        up_token="up",
        down_token="down",
        opens_ns=int(str(row["start_sec"])) * NS_PER_S,
        closes_ns=int(str(row["end_sec"])) * NS_PER_S,
        settlement=SettlementRule.SPOT,
        window_s=0,
    )


def averaged(points: Sequence[Point], window_s: int = TWAP_S) -> dict[int, float]:
    """The average over (t - window, t] at each observed second whose window was heard whole
    enough: a skipped second is covered by the observation after it. Written apart from the
    product's own sums, to check them."""
    by_second = {point.observed_ns // NS_PER_S: point.value for point in points}
    seconds = sorted(by_second)
    result: dict[int, float] = {}
    first = 0
    for at, end in enumerate(seconds):
        while seconds[first] <= end - window_s:
            first += 1
        if first == 0:
            continue
        total, before = 0.0, end - window_s
        for second in seconds[first : at + 1]:
            total += by_second[second] * (second - before)
            before = second
        result[end] = total / window_s
    return result


def as_twap(rounds: Sequence[Listed], points: Sequence[Point]) -> list[Listed]:
    """The same rounds as if the later rule had held: averages decide, a tie is Up."""
    averages = averaged(points)
    found = []
    for one in rounds:
        opening = averages.get(one.round.opens_ns // NS_PER_S)
        closing = averages.get(one.round.closes_ns // NS_PER_S)
        if opening is None or closing is None:
            continue
        listed = evolve(one.round, settlement=SettlementRule.TWAP, window_s=TWAP_S)
        strike_e18 = int(Decimal(opening) * _E18)
        found.append(Listed(listed, strike_e18, closing >= opening, closing))
    return found


class Heard(NamedTuple):
    """A day as a desk heard it."""

    seen: list[Seen]
    """At every new second of Chainlink."""
    forecasts: list[Forecast]
    """At each horizon of each round."""


def hear(
    points: Sequence[Point],
    rounds: Sequence[Listed],
    market: MarketSettings,
    prices: DeskPrices | None = None,
) -> Heard:
    """The day from its first point to its last, with what had been received by each moment."""
    prices = prices or DeskPrices()
    due = sorted(
        (one.round.closes_ns - left_s * NS_PER_S, number, left_s, one)
        for number, one in enumerate(rounds)
        for left_s in HORIZONS_S
    )
    heard, found, seen = iter(points), list[Forecast](), list[Seen]()
    point = next(heard, None)
    for now_ns, number, left_s, one in due:
        while point is not None and point.received_ns <= now_ns:
            _listen(prices, point, market, seen)
            point = next(heard, None)
        settlement_forecast = _settlement_forecast(prices, one.round, now_ns, market)
        if settlement_forecast is not None:
            price = prices.settlement.last_spot or math.nan
            found.append(_found(one, number, left_s, settlement_forecast, price))
    while point is not None:
        _listen(prices, point, market, seen)
        point = next(heard, None)
    return Heard(seen, found)


def _listen(prices: DeskPrices, point: Point, market: MarketSettings, seen: list[Seen]) -> None:
    is_new = prices.chainlink_priced(_event(point), market)
    prices.sample(point.received_ns, market)
    if is_new and prices.volatility.seen_s >= market.volatility_warmup_s:
        sigma = prices.volatility.sigma_per_sqrt_s(market)
        seen.append(Seen(point.observed_ns // NS_PER_S, math.log(point.value), sigma))


def _settlement_forecast(
    prices: DeskPrices, listed: Round, now_ns: int, market: MarketSettings
) -> SettlementForecast | None:
    if prices.volatility.seen_s < market.volatility_warmup_s:
        return None
    price = prices.price_for(listed, prices.estimate(now_ns, market), now_ns, market)
    return None if price is None else prices.settlement_forecast(listed, price, now_ns, market)


def _found(
    one: Listed, number: int, left_s: int, settlement_forecast: SettlementForecast, price: float
) -> Forecast:
    return Forecast(
        number=number,
        left_s=left_s,
        round=one.round,
        settlement_forecast=settlement_forecast,
        strike=float(Decimal(one.strike_e18) / _E18),
        last_price=price,
        is_up=one.is_up,
        final=math.nan if one.final is None else one.final,
    )


def _event(point: Point) -> ChainlinkPriced:
    return ChainlinkPriced(
        Asset.BTC,
        "rtds",
        PriceKind.SPOT,
        point.value,
        0,
        point.observed_ns,
        point.observed_ns,
        point.received_ns,
    )


# --- scores -------------------------------------------------------------------------------------

Scored = Sequence[tuple[float, bool]]
"""Probabilities of Up, and whether it came."""
_CLIP = 1e-6


def brier(scored: Scored) -> float:
    """Mean squared error (Brier 1950)."""
    return sum((p - y) ** 2 for p, y in scored) / len(scored)


def log_loss(scored: Scored) -> float:
    """Mean negative log likelihood, probabilities kept 1e-6 from certainty (Good 1952)."""
    total = 0.0
    for p, y in scored:
        kept = min(1.0 - _CLIP, max(_CLIP, p))
        total -= math.log(kept if y else 1.0 - kept)
    return total / len(scored)


def reliability(scored: Scored, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share of Up, how many) for each bin that is not empty."""
    parts: dict[int, list[tuple[float, bool]]] = {}
    for p, y in scored:
        parts.setdefault(min(bins - 1, int(p * bins)), []).append((p, y))
    return [
        (sum(p for p, _ in part) / len(part), sum(y for _, y in part) / len(part), len(part))
        for _, part in sorted(parts.items())
    ]


def calibration_error(scored: Scored) -> float:
    """Expected calibration error: the bins' |observed - said|, weighted by their counts."""
    table = reliability(scored)
    return sum(count * abs(said - seen) for said, seen, count in table) / len(scored)
