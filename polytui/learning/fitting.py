"""A logistic regression on standardised inputs, as strong as the past bears, and calibrated.

    minimise  sum over rows of w (log loss)  +  1/(2C) sum beta_i^2

with w so that each round weighs 1. Fair value and the market's price are given ten times as large
as the rest, so that they pay a hundredth of the penalty: a model that has learned nothing is a mix
of these two, not a coin. C is chosen by walking forward through the past, the strictest whose log
loss is within one standard error of the best (Breiman et al., 1984, 3.4.3); the same
predictions, each by a model that had not seen its round, make the calibration (Platt 1999).

scikit-learn, an extra, is asked for here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from polytui.learning.bad_samples import BadSamples
from polytui.learning.samples import SampleTable
from polytui.learning.scores import log_losses, round_means, sigmoid
from polytui.learning.time_cuts import walk_forward
from polytui.market.predictor import FAR_OUT, INPUTS, Calibration
from polytui.model.errors import Fatal

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""C, the strictest first."""
FOLDS = 4
_TRUSTED = {"fair_logit": 10.0, "mid_logit": 10.0}
_LEAST_THERE = 0.5
"""An input that is missing in more of the past is not learned from."""
_LEAST_SCALE = 1e-9
_CALIBRATION_STRENGTH = 10.0
_MOST_STEPS = 1_000


@frozen(eq=False)
class Fit:
    """A model's numbers, by `INPUTS`."""

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    intercept: float

    def logits(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """What `LearnedPredictor` says before its calibration; what is missing is the mean."""
        return standardised(inputs, self.means, self.scales) @ self.weights + self.intercept


@frozen(eq=False)
class Fitted:
    """The model of all the past, and how it was chosen."""

    fit: Fit
    calibration: Calibration
    strength: float
    tried: tuple[tuple[float, float], ...]
    """(C, mean log loss per round on rounds not seen)."""
    unused: tuple[str, ...]
    """Inputs that were missing too often, or never moved."""


def library() -> Any:
    """scikit-learn's LogisticRegression. Fatal, in one line, where it is not installed."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise Fatal(
            "training needs scikit-learn, which is not installed: pip install 'polytui[learn]'"
        ) from error
    return LogisticRegression


def library_version() -> str:
    library()
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


def fit_past(past: SampleTable, embargo_ns: int) -> Fitted:
    """Choose, calibrate and fit. BadSamples where the past cannot tell."""
    library()
    from threadpoolctl import threadpool_limits

    # Tables are small: threads cost more than they bring, and add up in another order each time.
    with threadpool_limits(1):
        return _fitted(past, embargo_ns)


def _fitted(past: SampleTable, embargo_ns: int) -> Fitted:
    _both_sides(past, "the rounds to learn from")
    rounds, logits = _unseen_logits(past, embargo_ns)
    seen = past.of_rounds(rounds)
    losses = [round_means(seen, log_losses(sigmoid(column), seen.up_won)) for column in logits]
    chosen = _strictest_of_the_best(losses)
    calibration = calibrated(logits[chosen], seen.up_won, seen.weights)
    fit = fit_samples(past, STRENGTHS[chosen])
    return Fitted(
        fit,
        calibration,
        STRENGTHS[chosen],
        tuple((c, float(one.mean())) for c, one in zip(STRENGTHS, losses, strict=True)),
        tuple(name for name, weight in zip(INPUTS, fit.weights, strict=True) if weight == 0.0),
    )


def fit_samples(samples: SampleTable, strength: float) -> Fit:
    """One regression."""
    means, scales, is_used = _moments(samples)
    table = standardised(samples.inputs, means, scales)[:, is_used]
    trusts = np.array([_TRUSTED.get(name, 1.0) for name in INPUTS])[is_used]
    model = library()(C=strength, max_iter=_MOST_STEPS, tol=1e-8)
    model.fit(table * trusts, samples.up_won, sample_weight=samples.weights)
    weights = np.zeros(len(INPUTS))
    weights[is_used] = model.coef_[0] * trusts
    return Fit(weights, means, scales, float(model.intercept_[0]))


def calibrated(
    logits: NDArray[np.float64], up_won: NDArray[np.float64], weights: NDArray[np.float64]
) -> Calibration:
    """Platt's line. BadSamples where it would turn the model round: it has learned nothing."""
    model = library()(C=_CALIBRATION_STRENGTH, max_iter=_MOST_STEPS, tol=1e-8)
    model.fit(logits.reshape(-1, 1), up_won, sample_weight=weights)
    alpha, beta = float(model.intercept_[0]), float(model.coef_[0][0])
    if beta <= 0.0:
        raise BadSamples(
            "nothing was learned: on rounds that it had not seen the model was wrong more often"
            " than right. More rounds may tell more"
        )
    return Calibration(alpha, beta)


def standardised(
    inputs: NDArray[np.float64], means: NDArray[np.float64], scales: NDArray[np.float64]
) -> NDArray[np.float64]:
    """As `LearnedPredictor` does it: 0 for what is missing, held at `FAR_OUT`."""
    held = np.clip((inputs - means) / scales, -FAR_OUT, FAR_OUT)
    return np.where(np.isfinite(inputs), held, 0.0)


def _moments(
    samples: SampleTable,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Mean and standard deviation of what is there, and which inputs are used."""
    weights = samples.weights[:, np.newaxis]
    is_there = np.isfinite(samples.inputs)
    there = np.where(is_there, samples.inputs, 0.0)
    total = (is_there * weights).sum(axis=0)
    safe = np.where(total > 0.0, total, 1.0)
    means = (there * weights).sum(axis=0) / safe
    squares = np.where(is_there, (samples.inputs - means) ** 2, 0.0)
    scales = np.sqrt((squares * weights).sum(axis=0) / safe)
    is_used = (total >= _LEAST_THERE * len(samples.rounds)) & (scales > _LEAST_SCALE)
    return np.where(is_used, means, 0.0), np.where(is_used, scales, 1.0), is_used


def _unseen_logits(
    past: SampleTable, embargo_ns: int
) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Rounds by index, and for each strength the logits of their rows by models of their past."""
    found: list[NDArray[np.int64]] = []
    logits: list[list[NDArray[np.float64]]] = [[] for _ in STRENGTHS]
    for cut in walk_forward(past.rounds, FOLDS, embargo_ns):
        before = past.of_rounds(cut.past)
        if not len(cut.future) or not _has_both_sides(before):
            continue
        after = past.of_rounds(cut.future)
        found.append(cut.future)
        for column, strength in zip(logits, STRENGTHS, strict=True):
            column.append(fit_samples(before, strength).logits(after.inputs))
    if not found:
        raise BadSamples(
            "too few rounds are far enough apart in time to try a model on what came after it"
        )
    rounds = np.concatenate(found)
    _both_sides(past.of_rounds(rounds), "the later rounds to learn from")
    return rounds, [np.concatenate(column) for column in logits]


def _strictest_of_the_best(losses: Sequence[NDArray[np.float64]]) -> int:
    means = [float(one.mean()) for one in losses]
    best = int(np.argmin(means))
    count = len(losses[best])
    error = float(losses[best].std(ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    return next(index for index, mean in enumerate(means) if mean <= means[best] + error)


def _has_both_sides(samples: SampleTable) -> bool:
    return len({one.up_won for one in samples.rounds}) == 2


def _both_sides(samples: SampleTable, what: str) -> None:
    if not _has_both_sides(samples):
        won = "Up" if samples.rounds and samples.rounds[0].up_won else "Down"
        count = len(samples.rounds)
        raise BadSamples(f"{won} won all {count} of {what}: of one side alone nothing is learned")
