"""Student's t distribution: its cumulative probability.

For whole degrees v it is a finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4): P = 1/2 + A / 2
with tan a = t / sqrt(v) and

    v even   A = sin a (1 + 1/2 cos^2 a + (1 3)/(2 4) cos^4 a + ... to cos^(v-2) a)
    v odd    A = 2/pi (a + sin a (cos a + 2/3 cos^3 a + ... to cos^(v-2) a))

It is several times quicker than the incomplete beta function, and every decision asks for it. Far
out 1 - A has no digits left, and other degrees have no such sum: there it is the function, whose
continued fraction is Lentz's method as usually given for I_x(a, b) (26.5.8); for t with v degrees
of freedom P(T <= t) = 1 - I_{v/(v+t^2)}(v/2, 1/2) / 2 for t >= 0.
"""

from __future__ import annotations

import math

_MOST_STEPS = 200
_SMALL = 1e-300
_ENOUGH = 1e-15
_MOST_TERMS = 60
_FAR_OUT = 1e-6
"""A tail that is smaller is no longer one less a sum."""


def student_t_cdf(t: float, degrees: float) -> float:
    """P(T <= t) for `degrees` > 0."""
    tail = 0.0
    if degrees <= _MOST_TERMS and degrees == int(degrees):
        tail = 0.5 * (1.0 - _between(abs(t), int(degrees)))
    if not tail > _FAR_OUT:
        tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
    return 1.0 - tail if t >= 0.0 else tail


def _between(t: float, degrees: int) -> float:
    """P(-t <= T <= t) by the sum."""
    square = degrees / (degrees + t * t)
    sine, is_odd = math.sqrt(1.0 - square), degrees % 2
    term = math.sqrt(square) if is_odd else 1.0
    total = 0.0
    for step in range(2 + is_odd, degrees + 1, 2):
        total += term
        term *= square * (step - 1) / step
    if is_odd:
        return 2.0 / math.pi * (math.atan(t / math.sqrt(degrees)) + sine * total)
    return sine * total


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
