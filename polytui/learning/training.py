"""From samples to a model that says what it is worth: cut by time, fit the past, judge the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import frozen

from polytui.learning.bad_samples import BadSamples
from polytui.learning.fitting import Fitted, fit_past, library_version
from polytui.learning.judging import Judged, judge
from polytui.learning.samples import SampledRound, SampleTable
from polytui.learning.scores import sigmoid
from polytui.learning.time_cuts import TimeCut, cut_off_last, longest_ns
from polytui.market.features import SCHEMA_VERSION
from polytui.market.predictor import FORMAT, INPUTS, Model
from polytui.model.units import NS_PER_S

LEAST_PAST, LEAST_FUTURE = 40, 20
"""Rounds: with fewer any model is chance. Hundreds are needed to tell it from the market."""


@frozen
class TrainingWishes:
    """How the rounds are divided."""

    test_share: float = 0.3
    """Of the rounds, the last ones: the model is judged by them and never sees them before."""
    embargo_rounds: float = 1.0
    """Lengths of the longest round left out before what a model is tried on."""


@frozen(eq=False)
class Trained:
    model: Model
    samples: SampleTable
    cut: TimeCut
    fitted: Fitted
    judged: Judged


def train(samples: SampleTable, wishes: TrainingWishes, made_with: str) -> Trained:
    """BadSamples where there is too little, or of one kind. `made_with`: this program."""
    versions = f"{made_with}, {library_version()}"
    embargo_ns = round(wishes.embargo_rounds * longest_ns(samples.rounds))
    cut = cut_off_last(samples.rounds, wishes.test_share, embargo_ns)
    _check_enough(samples, cut)
    past, test = samples.of_rounds(cut.past), samples.of_rounds(cut.future)
    fitted = fit_past(past, embargo_ns)
    calibration, fit = fitted.calibration, fitted.fit
    up = sigmoid(calibration.alpha + calibration.beta * fit.logits(test.inputs))
    judged = judge(test, up)
    model = Model(
        format=FORMAT,
        schema_version=SCHEMA_VERSION,
        names=INPUTS,
        weights=tuple(map(float, fit.weights)),
        means=tuple(map(float, fit.means)),
        scales=tuple(map(float, fit.scales)),
        missing=tuple(map(float, fit.means)),
        intercept=fit.intercept,
        calibration=calibration,
        trained_on=described(past.rounds),
        made_with=versions,
        test=judged.figures,
        against=judged.against,
        sha256="",
    )
    return Trained(model.sealed(), samples, cut, fitted, judged)


def described(rounds: Sequence[SampledRound]) -> str:
    """ "210 rounds (btc 5m 200, eth 1h 10), 2026-11-20 15:00 to 2026-11-21 08:00 UTC"."""
    kinds = Counter((one.asset.value, one.interval.value) for one in rounds)
    counted = ", ".join(f"{asset} {interval} {n}" for (asset, interval), n in sorted(kinds.items()))
    first, last = (
        datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M")
        for at_ns in (
            min(one.opens_ns for one in rounds),
            max(one.closes_ns for one in rounds),
        )
    )
    return f"{len(rounds)} rounds ({counted}), {first} to {last} UTC"


def _check_enough(samples: SampleTable, cut: TimeCut) -> None:
    past, future = len(cut.past), len(cut.future)
    if past >= LEAST_PAST and future >= LEAST_FUTURE:
        return
    between = cut.purged + cut.embargoed
    raise BadSamples(
        f"too few rounds with a winner: {len(samples.rounds)}, of which {past} are early enough to"
        f" learn from, {future} late enough to judge by and {between} too near to both; at least"
        f" {LEAST_PAST} and {LEAST_FUTURE} are needed, and hundreds to beat a market"
    )
