"""How good our fair value was as a forecast, beside the market's own price at the same moments.

Brier (1950) is the mean squared error, log loss (Good 1952) the mean negative log likelihood: of
both less is better. Moments of one round have one end, so errors are drawn by blocks of rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polytui.results.bootstrap import Measured, mean_interval
from polytui.results.evidence import Evidence, Floats, Forecasts, PlayedRound

_CLIP = 1e-6
"""Probabilities are kept so far from certainty: one sure mistake would be all that is seen."""
_BINS = 10
_NEARLY = "under a minute left", "1 to 5 minutes left", "over 5 minutes left"


@frozen
class Bin:
    """Forecasts of about the same probability: what was said, and how often it came."""

    said: float
    came: float
    count: int
    rounds: int


@frozen
class Score:
    """Of the same moments: ours, the market's, and ours less the market's (below zero: better)."""

    label: str
    moments: int
    rounds: int
    brier: float
    market_brier: float
    brier_gap: Measured
    log_loss: float
    market_log_loss: float
    log_loss_gap: Measured


@frozen
class ForecastFigures:
    scores: tuple[Score, ...]
    """All moments first, then by the time that was left."""
    reliability: tuple[Bin, ...]
    market_reliability: tuple[Bin, ...]
    missed: int
    """Moments at which our fair value or the mid was not known."""


def forecast_figures(evidence: Evidence) -> ForecastFigures | None:
    """None where no round has an end that is known."""
    seen, rounds = evidence.forecasts, evidence.rounds
    came = np.array([_came(one) for one in rounds], dtype=np.float64)
    known = ~np.isnan(came[seen.round]) if len(seen.round) else np.zeros(0, dtype=bool)
    if not known.any():
        return None
    parts = _Parts.of(seen, came, rounds, known)
    left = parts.left_s
    groups = zip(
        _NEARLY, (left < 60.0, (left >= 60.0) & (left < 300.0), left >= 300.0), strict=True
    )
    scores = [parts.score("all moments", np.ones(len(left), dtype=bool))]
    scores += [parts.score(label, chosen) for label, chosen in groups if chosen.any()]
    return ForecastFigures(
        tuple(scores),
        _bins(parts.fair, parts.came, parts.round),
        _bins(parts.mid, parts.came, parts.round),
        seen.missed,
    )


def _came(one: PlayedRound) -> float:
    return {"up": 1.0, "down": 0.0}.get(one.winner, float("nan"))


@frozen(eq=False)
class _Parts:
    """Columns of the moments of rounds that have an end."""

    round: np.ndarray
    left_s: Floats
    fair: Floats
    mid: Floats
    came: Floats
    closes_ns: np.ndarray

    @classmethod
    def of(
        cls, seen: Forecasts, came: Floats, rounds: Sequence[PlayedRound], known: np.ndarray
    ) -> _Parts:
        number = seen.round[known]
        closes = np.array([one.closes_ns for one in rounds], dtype=np.int64)
        return cls(
            number,
            seen.left_s[known],
            seen.fair_up[known],
            seen.mid_up[known],
            came[number],
            closes[number],
        )

    def score(self, label: str, chosen: np.ndarray) -> Score:
        came = self.came[chosen]
        losses = [
            (np.square(p - came), _log_loss(p, came)) for p in (self.fair[chosen], self.mid[chosen])
        ]
        (brier, log_loss), (market_brier, market_log_loss) = losses
        closes = self.closes_ns[chosen].tolist()
        return Score(
            label,
            len(came),
            len(np.unique(self.round[chosen])),
            float(brier.mean()),
            float(market_brier.mean()),
            mean_interval((brier - market_brier).tolist(), closes),
            float(log_loss.mean()),
            float(market_log_loss.mean()),
            mean_interval((log_loss - market_log_loss).tolist(), closes),
        )


def _log_loss(said: Floats, came: Floats) -> Floats:
    kept = np.clip(said, _CLIP, 1.0 - _CLIP)
    return np.asarray(-np.log(np.where(came > 0.5, kept, 1.0 - kept)))


def _bins(said: Floats, came: Floats, rounds: np.ndarray) -> tuple[Bin, ...]:
    """Ten of one width; those in which nothing was said are left out."""
    numbers = np.minimum((said * _BINS).astype(np.int64), _BINS - 1)
    found = list[Bin]()
    for number in np.unique(numbers):
        chosen = numbers == number
        found.append(
            Bin(
                float(said[chosen].mean()),
                float(came[chosen].mean()),
                int(chosen.sum()),
                len(np.unique(rounds[chosen])),
            )
        )
    return tuple(found)
