"""Student's t distribution: its cumulative probability, from the incomplete beta function.

The continued fraction is Lentz's method as usually given for I_x(a, b) (Abramowitz and Stegun
26.5.8); for t with v degrees of freedom P(T <= t) = 1 - I_{v/(v+t^2)}(v/2, 1/2) / 2 for t >= 0.
"""

from __future__ import annotations

import math

_MOST_STEPS = 200
_SMALL = 1e-300
_ENOUGH = 1e-15


def student_t_cdf(t: float, degrees: float) -> float:
    """P(T <= t) for `degrees` > 0."""
    tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
    return 1.0 - tail if t >= 0.0 else tail


def _incomplete_beta(x: float, a: float, b: float) -> float:
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    # The fraction converges fast on one side only; the other is its mirror.
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for step in range(1, _MOST_STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            d = 1.0 / _off_zero(1.0 + term * d)
            c = _off_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _ENOUGH:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _SMALL else _SMALL
