"""Scores of probabilities: log loss, Brier, calibration error. Each round weighs 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polytui.learning.samples import SampleTable

_SURE = 1e-6
"""As the logits of `market/predictor.py`: nobody is surer than this."""
BINS = 10


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -700.0, 700.0))))


def log_losses(up: NDArray[np.float64], won: NDArray[np.float64]) -> NDArray[np.float64]:
    """By row; NaN where nothing was said."""
    held = np.clip(up, _SURE, 1.0 - _SURE)
    return np.asarray(-(won * np.log(held) + (1.0 - won) * np.log(1.0 - held)))


def briers(up: NDArray[np.float64], won: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((up - won) ** 2)


def round_means(samples: SampleTable, by_row: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each round's rows that are numbers; NaN for a round without any."""
    is_there = np.isfinite(by_row)
    count = len(samples.rounds)
    total = np.bincount(samples.round_of, np.where(is_there, by_row, 0.0), count)
    rows = np.bincount(samples.round_of, is_there, count)
    return np.asarray(np.where(rows > 0, total / np.where(rows > 0, rows, 1.0), np.nan))


def calibration_error(samples: SampleTable, up: NDArray[np.float64]) -> float:
    """Mean distance between what was said and what came, over ten bins of what was said, weighed by
    their rounds (Naeini, Cooper, Hauskrecht 2015)."""
    weights = samples.weights
    bins = np.minimum((up * BINS).astype(np.int64), BINS - 1)
    apart = np.bincount(bins, weights * (up - samples.up_won), BINS)
    return float(np.abs(apart).sum() / weights.sum())
