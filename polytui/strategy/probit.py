"""Probabilities as distances from the strike: how sure a claim is, and how a lean moves a price.

A probability is a distance from the strike, z = F^-1(p), in sigmas of what is open. A strategy
that prices both sides claims that a share is worth more, p, than it costs with its fee, c. Between
the two lies a margin of

    d = F^-1(p) - F^-1(c)

sigmas by which the forecast may be wrong before the claim is. How wrong it usually is: by a
quarter of a sigma in its place, and by a quarter of z in its scale, which is the band within
which a forecast that watches itself is left alone (`market/forecast_watch.py`). So

    confidence = F(d / sqrt(u^2 + (u z)^2)),  u = 1/4

is 1/2 for a share that costs what it is worth and 1 for one whose edge no usual error takes away.
Four cents of edge at even odds are 0.66, eight are 0.79, and four cents at 0.95 are 0.74. F is
normal whatever the tails of the market: p has them already.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_UNIT = NormalDist()
_ROOT_2 = math.sqrt(2.0)
_EVEN = _UNIT.pdf(0.0)
_USUAL_ERROR = 0.25
_CERTAIN = 1e-9
"""Probabilities are held so far from 0 and 1, where z is endless."""


def conviction_over(worth: float, z_all_in: float) -> float:
    """0 to 1: for a share worth `worth` that costs, fee included, what is told as a distance; 0
    where it is worth no number."""
    if not math.isfinite(worth):
        return 0.0
    z = z_of(worth)
    margin = (z - z_all_in) / (_USUAL_ERROR * math.hypot(1.0, z))
    return 0.5 * (1.0 + math.erf(margin / _ROOT_2))


def moved(probability: float, dollars: float) -> float:
    """A probability moved by a lean that is worth so many dollars a share at even odds.

    A lean moves the closing price, not the share: by the same part of a sigma wherever the
    strike is. F(z(p) + dollars / F'(0)) is the old probability and so much at one half, and moves
    a side that has all but lost, or won, by next to nothing.
    """
    return _UNIT.cdf(z_of(probability) + dollars / _EVEN)


def z_of(probability: float) -> float:
    """F^-1(p): a probability as a distance from the strike."""
    return _UNIT.inv_cdf(min(1.0 - _CERTAIN, max(_CERTAIN, probability)))
