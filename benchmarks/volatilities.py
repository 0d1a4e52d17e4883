"""Estimators side by side: the one in force, its neighbours from the literature, the one before.

All but the last share everything with the one in force but the weights of autocovariances:

    bartlett      1 - k/q: the mean over all grids of returns q seconds apart, and Newey and West's
    two scales    the same less what a single second says (Zhang, Mykland and Ait-Sahalia 2005)
    flat top      whole for the first two, then a half cosine (Politis 2011)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

from benchmarks.recorded_day import Point, Seen
from polytui.config.schema import MarketSettings
from polytui.market.volatility import Volatility
from polytui.model.units import NS_PER_S


@cache
def bartlett(lags: int) -> tuple[float, ...]:
    return tuple([1.0 - lag / lags for lag in range(1, lags)])


@cache
def two_scales(lags: int) -> tuple[float, ...]:
    return tuple([(lags - lag) / (lags - 1) for lag in range(1, lags)])


@cache
def flat_top(lags: int, whole: int = 2) -> tuple[float, ...]:
    shares = [max(0.0, (lag - whole) / (lags - whole)) for lag in range(1, lags)]
    return tuple([0.5 * (1.0 + math.cos(math.pi * x)) for x in shares])


class Bartlett(Volatility):
    __slots__ = ()

    @staticmethod
    def kernel(lags: int) -> tuple[float, ...]:
        return bartlett(lags)


class TwoScales(Volatility):
    __slots__ = ()

    @staticmethod
    def kernel(lags: int) -> tuple[float, ...]:
        return two_scales(lags)


class FlatTop(Volatility):
    __slots__ = ()

    @staticmethod
    def kernel(lags: int) -> tuple[float, ...]:
        return flat_top(lags)


def predicted(
    points: Iterable[Point], market: MarketSettings, volatility: Volatility
) -> list[Seen]:
    """What a desk that hears Chainlink alone would have predicted after each of its seconds."""
    seen, newest_ns, price = list[Seen](), 0, 0.0
    for point in points:
        is_new = point.observed_ns > newest_ns
        if is_new:
            newest_ns, price = point.observed_ns, point.value
        if volatility.is_due(point.received_ns, market):
            volatility.sample(price, point.received_ns, market)
        if is_new and volatility.seen_s >= market.volatility_warmup_s:
            sigma = volatility.sigma_per_sqrt_s(market)
            seen.append(Seen(point.observed_ns // NS_PER_S, math.log(point.value), sigma))
    return seen
