"""How fast the price moves: a variance per second that is right from seconds to minutes.

A price of one-second steps is correlated with itself: a settlement feed is smoothed (+0.3 at one
second), a mid bounces between bid and ask (-). So squared one-second returns say neither what ten
seconds nor what five minutes bring. Here the price is averaged over each second first (a bounce
inside it cancels), r are returns of those averages, and each second adds

    x = r (r + 2 sum w_k r_k),   r_k the return k seconds before,   k < q
    w_k = 1 - 6 (k/q)^2 + 6 (k/q)^3  up to k = q/2,   2 (1 - k/q)^3  from there

a realised kernel with Parzen's weights, one step at a time (Barndorff-Nielsen, Hansen, Lunde and
Shephard 2008 and 2011). What is older weighs less, so a product of two returns is tapered by the
root of what separates them: then the sum is a square and cannot fall below zero, at any period of
a bounce. A spike and back adds s^2 and takes all but a few hundredths of it off a second later.

Volatility clusters fast and slowly: the variance is a share of an average of x with a short
half-life, the rest of one with a long (Corsi 2009). With a half-life h an average takes
1 - 2^(-1/h) of each second, and averages plainly while that forgets faster: the zero at birth was
not seen.

What is young is too sure of itself: an estimate that has seen n seconds is widened by 1 + y / n.
A gap begins anew: no return over it, its time does not count; after a long one nothing is known.
`docs/features.md` compares this with the alternatives.
"""

from __future__ import annotations

import math
from collections import deque
from functools import cache

from polytui.config.schema import MarketSettings
from polytui.model.units import NS_PER_S

SECONDS_PER_YEAR = 365 * 24 * 3600
_LOOKS = 10
"""Prices looked at in a sample: a tenth of its time apart, each stands until the next."""


@cache
def parzen(lags: int) -> tuple[float, ...]:
    """Weights of the autocovariances of 1 to lags - 1 samples."""
    shares = [lag / lags for lag in range(1, lags)]
    return tuple([1 - 6 * x * x + 6 * x**3 if x < 0.5 else 2 * (1.0 - x) ** 3 for x in shares])


@cache
def tapered(weights: tuple[float, ...], kept: float) -> tuple[float, ...]:
    """The same where a sample keeps so much of the weight of the one after it."""
    root = math.sqrt(kept)
    return tuple([weight * root**lag for lag, weight in enumerate(weights, start=1)])


class Volatility:
    """State: two averages of x, the returns it is made of, and the second that is not over."""

    __slots__ = (
        "_area",
        "_ends_ns",
        "_last_log",
        "_last_mean",
        "_last_ns",
        "_realised",
        "_returns",
        "_sample_ns",
        "fast",
        "seen_s",
        "slow",
    )

    def __init__(self) -> None:
        self._realised: deque[float] = deque()
        """x of the realised window."""
        self._last_ns = 0
        self._last_log = 0.0
        self._sample_ns = 0
        self._forget()

    def _forget(self) -> None:
        self.fast = self.slow = self.seen_s = 0.0
        self._realised.clear()
        self._begin_anew()

    def _begin_anew(self) -> None:
        """After a gap: no return reaches over it."""
        self._returns: deque[float] = deque()
        """The newest first."""
        self._last_mean: float | None = None
        self._ends_ns = 0
        """When the sample in hand is whole; 0 while none has begun at its beginning."""
        self._area = 0.0

    @staticmethod
    def kernel(lags: int) -> tuple[float, ...]:
        return parzen(lags)

    def is_due(self, at_ns: int, market: MarketSettings) -> bool:
        """Whether a price now would count."""
        since_ns = at_ns - self._last_ns
        if since_ns < 0:
            return self._is_set_back(at_ns, market)
        return since_ns >= self._sample_ns / _LOOKS

    def calm_until_ns(self) -> int:
        """Until then, from the last price that counted on, no other one counts: as `is_due` has it,
        for those who ask at every quote."""
        return self._last_ns + -(-self._sample_ns // _LOOKS)

    def _is_set_back(self, at_ns: int, market: MarketSettings) -> bool:
        """Whether our clock was: by less than a gap it is waited for, from there on it is a gap."""
        return self._last_ns - at_ns > market.volatility_gap_s * NS_PER_S

    def sample(self, price: float, at_ns: int, market: MarketSettings) -> None:
        """A price that stands from now on; one that is not after the last is none, unless our
        clock was set back."""
        silent_ns = at_ns - self._last_ns
        is_set_back = self._is_set_back(at_ns, market)
        if silent_ns <= 0 and not is_set_back:
            return
        sample_ns = round(market.volatility_sample_s * NS_PER_S)
        if sample_ns != self._sample_ns:  # in force from the next look that was due
            self._sample_ns = sample_ns
            self._forget()
        elif silent_ns > market.volatility_forget_s * NS_PER_S:
            self._forget()
        elif is_set_back or silent_ns > market.volatility_gap_s * NS_PER_S:
            self._begin_anew()
        elif self._last_ns:
            self._hold_until(at_ns, market)
        self._last_ns, self._last_log = at_ns, math.log(price)
        if not self._ends_ns:
            self._start(at_ns)

    def _start(self, at_ns: int) -> None:
        """Samples end at whole multiples of their length; the first one may be a part of one, and
        is the mean of what it has."""
        self._ends_ns = (at_ns // self._sample_ns + 1) * self._sample_ns
        held_ns = at_ns - (self._ends_ns - self._sample_ns)
        self._area = self._last_log * held_ns

    def _hold_until(self, at_ns: int, market: MarketSettings) -> None:
        """The last price stood all the while."""
        since_ns = self._last_ns
        while self._ends_ns <= at_ns:
            self._area += self._last_log * (self._ends_ns - since_ns)
            self._add_mean(self._area / self._sample_ns, market)
            since_ns, self._area = self._ends_ns, 0.0
            self._ends_ns += self._sample_ns
        self._area += self._last_log * (at_ns - since_ns)

    def _add_mean(self, mean: float, market: MarketSettings) -> None:
        before, self._last_mean = self._last_mean, mean
        if before is None:
            return
        change, length_s = mean - before, market.volatility_sample_s
        weights = self.kernel(max(1, round(market.volatility_span_s / length_s)))
        self.seen_s += length_s
        short_s, long_s = market.volatility_half_life_s, market.volatility_slow_half_life_s
        self.fast += self._step(change, weights, short_s, length_s, self.fast)
        self.slow += self._step(change, weights, long_s, length_s, self.slow)
        self._realise(self._product(change, weights) / length_s, market)
        self._returns.appendleft(change)
        while len(self._returns) > len(weights):
            self._returns.pop()

    def _step(
        self,
        change: float,
        weights: tuple[float, ...],
        half_life_s: float,
        length_s: float,
        average: float,
    ) -> float:
        """What a sample adds to an average of this half-life."""
        taken: float = 1.0 - 0.5 ** (length_s / half_life_s)
        plainly = length_s / self.seen_s
        if plainly < taken:
            weights = tapered(weights, 1.0 - taken)
        return max(taken, plainly) * (self._product(change, weights) / length_s - average)

    def _product(self, change: float, weights: tuple[float, ...]) -> float:
        pairs = zip(weights, self._returns, strict=False)
        return change * (change + 2.0 * sum([weight * old for weight, old in pairs]))

    def _realise(self, a_second: float, market: MarketSettings) -> None:
        kept = round(market.realised_window_s / market.volatility_sample_s)
        if kept or self._realised:
            self._realised.append(a_second)
            while len(self._realised) > kept:
                self._realised.popleft()

    def variance(self, market: MarketSettings) -> float:
        """Of the log price over a second, as estimated."""
        if market.realised_window_s and self._realised:
            return sum(self._realised) / len(self._realised)
        share = market.volatility_fast_share
        return share * self.fast + (1.0 - share) * self.slow

    def sigma_per_sqrt_s(self, market: MarketSettings) -> float:
        """Standard deviation of the log price over one second: widened while young, never under
        the floor, never over the ceiling."""
        youth = 1.0 + market.volatility_youth_s / self.seen_s if self.seen_s else 1.0
        variance = max(0.0, self.variance(market)) * youth
        floor, ceiling = market.volatility_floor_annual, market.volatility_ceiling_annual
        annual = math.sqrt(variance * SECONDS_PER_YEAR)
        return max(floor, min(ceiling, annual)) / math.sqrt(SECONDS_PER_YEAR)

    def state(self) -> tuple[object, ...]:
        return (
            self.fast,
            self.slow,
            self.seen_s,
            self._last_ns,
            self._last_log,
            self._last_mean,
            self._ends_ns,
            self._area,
            list(self._returns),
            list(self._realised),
        )
