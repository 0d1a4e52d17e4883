"""The forecast as it was before it knew its ignorance: kept to be measured against, and only here.

Volatility took a squared return each second of a price whose seconds are correlated; the closing
average was a continuous integral over all that had not been heard.
"""

from __future__ import annotations

import math

from polytui.config.schema import MarketSettings
from polytui.desk.prices import DeskPrices
from polytui.market.fair_value import SettlementForecast
from polytui.market.volatility import SECONDS_PER_YEAR, Volatility
from polytui.model.instrument import Round
from polytui.model.units import NS_PER_S

SETTINGS = MarketSettings(volatility_half_life_s=300.0, volatility_warmup_s=45.0, tail_degrees=0.0)
"""What was shipped with it."""


class BeforeVolatility(Volatility):
    """State: an exponentially weighted variance of one-second returns, and the last sample."""

    __slots__ = ("_last_price", "_squares")

    def __init__(self) -> None:
        super().__init__()
        self._last_price = 0.0
        self._squares = 0.0

    def is_due(self, at_ns: int, market: MarketSettings) -> bool:
        return at_ns - self._last_ns >= NS_PER_S

    def sample(self, price: float, at_ns: int, market: MarketSettings) -> None:
        if not self.is_due(at_ns, market):
            return
        if self._last_ns:
            elapsed_s = (at_ns - self._last_ns) / NS_PER_S
            change = math.log(price / self._last_price)
            short = 1.0 - 0.5 ** (elapsed_s / market.volatility_half_life_s)
            weight = max(short, elapsed_s / (self.seen_s + elapsed_s))
            self._squares += weight * (change * change / elapsed_s - self._squares)
            self.seen_s += elapsed_s
        self._last_ns, self._last_price = at_ns, price

    def sigma_per_sqrt_s(self, market: MarketSettings) -> float:
        floor = market.volatility_floor_annual / math.sqrt(SECONDS_PER_YEAR)
        return max(math.sqrt(self._squares), floor)


class BeforePrices(DeskPrices):
    """The same models but for volatility and the window."""

    def __init__(self) -> None:
        super().__init__()
        self.volatility = BeforeVolatility()

    def settlement_forecast(
        self, listed: Round, price: float, now_ns: int, market: MarketSettings
    ) -> SettlementForecast:
        sigma_per_sqrt_s = price * self.volatility.sigma_per_sqrt_s(market)
        window_s, part = listed.window_s, None
        if window_s:
            part = self.settlement.observed_part(listed.closes_ns, window_s)
        if part is None:
            estimate = self.estimate(now_ns, market)
            as_of_ns = now_ns if estimate is None else estimate.as_of_ns
            left_s = max(0.0, (listed.closes_ns - as_of_ns) / NS_PER_S)
            span_s = max(0.0, left_s - window_s + window_s / 3.0)
            return SettlementForecast(price, sigma_per_sqrt_s * math.sqrt(span_s))
        left_s = (listed.closes_ns - part.until_ns) / NS_PER_S
        mean = (part.area + left_s * price) / window_s
        return SettlementForecast(
            mean, sigma_per_sqrt_s * left_s**1.5 / (math.sqrt(3.0) * window_s)
        )
