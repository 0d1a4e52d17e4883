"""Whether a model beats fair value and the market's price, on rounds that it has not seen."""

from __future__ import annotations

from itertools import compress

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from polytui.learning.samples import SampleTable
from polytui.learning.scores import briers, calibration_error, log_losses, round_means
from polytui.learning.time_cuts import longest_ns
from polytui.market.predictor import Against, Figures
from polytui.model.units import NS_PER_S
from polytui.results.bootstrap import WIDE_BLOCK_S, Measured, mean_interval

FAIR_VALUE, MARKET = "fair value", "the market's price"


@frozen
class Judged:
    figures: Figures
    against: tuple[Against, ...]


def judge(test: SampleTable, up: NDArray[np.float64]) -> Judged:
    """`up`: what the model said, by row of `test`."""
    won = test.up_won
    model_brier, model_log = (
        round_means(test, by_row) for by_row in (briers(up, won), log_losses(up, won))
    )
    figures = Figures(
        len(test.rounds),
        float(model_brier.mean()),
        float(model_log.mean()),
        calibration_error(test, up),
    )
    rivals = ((FAIR_VALUE, test.fair_up), (MARKET, test.mid_up))
    found = (_against(name, test, up, said) for name, said in rivals)
    return Judged(figures, tuple(one for one in found if one is not None))


def _against(
    rival: str, test: SampleTable, up: NDArray[np.float64], said: NDArray[np.float64]
) -> Against | None:
    """The same rows for both, those where the rival spoke; None where it never did."""
    won = test.up_won
    is_said = np.isfinite(said)
    own = np.where(is_said, up, np.nan)
    brier = round_means(test, briers(said, won))
    loss = round_means(test, log_losses(said, won))
    is_judged = np.isfinite(brier)
    if not is_judged.any():
        return None
    brier_gain = _gain(test, is_judged, brier - round_means(test, briers(own, won)))
    loss_gain = _gain(test, is_judged, loss - round_means(test, log_losses(own, won)))
    return Against(
        rival,
        int(is_judged.sum()),
        brier_gain.blocks,
        float(brier[is_judged].mean()),
        float(loss[is_judged].mean()),
        (brier_gain.mean, brier_gain.low, brier_gain.high),
        (loss_gain.mean, loss_gain.low, loss_gain.high),
    )


def _gain(
    test: SampleTable, is_judged: NDArray[np.bool_], by_round: NDArray[np.float64]
) -> Measured:
    """Rounds that share their time share their luck: those of one block are drawn together."""
    block_s = max(WIDE_BLOCK_S, longest_ns(test.rounds) // NS_PER_S)
    closes = [one.closes_ns for one in compress(test.rounds, is_judged)]
    return mean_interval([float(gain) for gain in by_round[is_judged]], closes, block_s)
