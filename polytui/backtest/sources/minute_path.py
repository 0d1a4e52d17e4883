"""What a price may have done within a candle: nobody recorded it, so it is a model.

A Brownian bridge from the open to the close, as wide as the candle's range says (Parkinson 1980),
within its low and its high. Drawn from the coin and the minute alone: it is the same whenever it is
asked. It knows the candle's close before the candle is over, as every path knows its own end, so it
may be set beside nothing that was recorded while the candle lasted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from polytui.model.units import NS_PER_S

_RANGE_SIGMAS = 2.0 * math.sqrt(math.log(2.0))
"""Of a random walk, the mean square of the range is so many of its end's."""


def minute_path(
    coin: str, opens_ns: int, seconds: int, prices: tuple[float, float, float, float]
) -> Iterator[tuple[int, float]]:
    """(moment, price) of each whole second of the candle, [opens_ns, its end); `prices` are open,
    high, low and close."""
    first, high, low, close = prices
    chance = random.Random(f"{coin} {opens_ns}")
    sigma = math.log(high / low) / _RANGE_SIGMAS / math.sqrt(seconds)
    at, end = 0.0, math.log(close / first)
    for second in range(seconds):
        if second:
            left = seconds - second + 1
            at += (end - at) / left + chance.gauss(0.0, sigma * math.sqrt((left - 1) / left))
        yield opens_ns + second * NS_PER_S, min(high, max(low, first * math.exp(at)))
