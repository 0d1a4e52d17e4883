"""Training: what is there to be learned is learned, and what is not is said to be not."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from attrs import evolve
from made_rows import made_rows, made_samples

from polytui.learning.bad_samples import BadSamples
from polytui.learning.fitting import fit_samples
from polytui.learning.judging import FAIR_VALUE, MARKET, judge
from polytui.learning.samples import SampleTable, question_from
from polytui.learning.scores import sigmoid
from polytui.learning.training import Trained, TrainingWishes, train
from polytui.learning.training_report import report_plain, report_text
from polytui.market.predictor import INPUTS, parse_model
from polytui.model.errors import Fatal

WISHES = TrainingWishes()


@pytest.fixture(scope="module")
def secret() -> Trained:
    return train(made_samples(300, secret=2.0), WISHES, "polytui test")


@pytest.fixture(scope="module")
def null() -> Trained:
    return train(made_samples(300, seed=2), WISHES, "polytui test")


def test_a_feature_that_knows_more_than_the_market_is_found(secret: Trained) -> None:
    fair, market = secret.model.against
    assert (fair.rival, market.rival) == (FAIR_VALUE, MARKET)
    assert (fair.verdict, market.verdict) == (f"beats {FAIR_VALUE}", f"beats {MARKET}")
    heaviest = max(zip(secret.model.weights, INPUTS, strict=True), key=lambda one: abs(one[0]))
    assert heaviest[1] in ("velocity_bps_s", "mid_logit")
    assert secret.model.weights[INPUTS.index("velocity_bps_s")] > 0.5


def test_noise_is_not_sold_as_knowledge(null: Trained) -> None:
    market = null.model.against[1]
    assert market.verdict != f"beats {MARKET}"
    learned = abs(np.array(null.model.weights))
    known = learned[[INPUTS.index(name) for name in ("fair_logit", "mid_logit", "sigmas")]]
    assert known.sum() > 3 * learned.max(where=np.arange(len(INPUTS)) < 22, initial=0.0)


def test_the_model_is_judged_on_rounds_it_has_not_seen(secret: Trained) -> None:
    rounds, cut = secret.samples.rounds, secret.cut
    assert not set(cut.past) & set(cut.future)
    last_ns = max(rounds[index].closes_ns for index in cut.past)
    first_ns = min(rounds[index].opens_ns for index in cut.future)
    assert first_ns - last_ns >= 300 * 10**9
    assert cut.embargoed >= 1
    assert secret.model.test.rounds == len(cut.future)


def test_what_came_after_the_cut_changes_nothing_that_was_learned(secret: Trained) -> None:
    """The winners of all that it is judged by, turned round: other figures, the same numbers."""
    samples, cut = secret.samples, secret.cut
    turned = [
        evolve(one, up_won=not one.up_won) if index in set(cut.future) else one
        for index, one in enumerate(samples.rounds)
    ]
    other = train(evolve(samples, rounds=tuple(turned)), WISHES, "polytui test").model
    assert (other.weights, other.calibration) == (secret.model.weights, secret.model.calibration)
    assert other.test.brier > secret.model.test.brier + 0.1


def test_the_file_says_what_was_fitted_to_the_last_bit(secret: Trained) -> None:
    """A desk that reads the file says what was judged here."""
    predictor = parse_model(secret.model.canonical_json())
    rows = list(made_rows(300, secret=2.0))[-30:]
    fit, line = secret.fitted.fit, secret.fitted.calibration
    inputs = secret.samples.inputs[-30:]
    up = sigmoid(line.alpha + line.beta * fit.logits(inputs))
    for row, expected in zip(rows, up, strict=True):
        said = predictor.predict(question_from(row))
        assert said is not None
        assert said.up == pytest.approx(float(expected), abs=1e-12)


def test_the_same_samples_give_the_same_file(secret: Trained) -> None:
    again = train(made_samples(300, secret=2.0), WISHES, "polytui test")
    assert again.model.canonical_json() == secret.model.canonical_json()


def test_an_input_that_is_always_missing_is_not_used(secret: Trained) -> None:
    assert secret.fitted.unused == ("rsi_14",)
    assert secret.model.weights[INPUTS.index("rsi_14")] == 0.0


def test_its_probabilities_are_what_comes(secret: Trained) -> None:
    assert secret.model.test.calibration_error < 0.15
    assert 0.5 < secret.model.calibration.beta < 2.0


def test_the_report_begins_with_the_verdict(secret: Trained, null: Trained) -> None:
    first = report_text(secret).splitlines()[0]
    assert first == (
        f"model {secret.model.sha256[:12]}: beats fair value; beats the market's price"
    )
    assert "beats the market" not in report_text(null).splitlines()[0]
    plain = json.loads(json.dumps(report_plain(secret)))
    assert plain["test"]["rounds"] == secret.model.test.rounds
    assert [one["rival"] for one in plain["against"]] == [FAIR_VALUE, MARKET]


def test_a_model_that_says_what_the_market_says_gains_nothing() -> None:
    samples = made_samples(100)
    fair, market = judge(samples, samples.mid_up).against
    assert market.brier_gain == market.log_loss_gain == (0.0, 0.0, 0.0)
    assert fair.brier_gain[0] > 0.0


def test_rows_without_a_price_of_the_market_are_compared_with_nobody() -> None:
    samples = made_samples(100)
    silent = np.where(samples.round_of < 40, np.nan, samples.mid_up)
    fair, market = judge(evolve(samples, mid_up=silent), samples.fair_up).against
    assert (fair.rounds, market.rounds) == (100, 60)
    nobody = evolve(samples, mid_up=np.full(len(samples.mid_up), np.nan))
    assert [one.rival for one in judge(nobody, samples.fair_up).against] == [FAIR_VALUE]


def test_the_trust_in_the_market_is_not_paid_for_by_the_penalty() -> None:
    """Under the strictest penalty a model is still a mix of the two prices, not a coin."""
    samples = made_samples(300)
    fit = fit_samples(samples, 1e-3)
    up = sigmoid(fit.logits(samples.inputs))
    assert abs(up - samples.mid_up).mean() < 0.08
    assert fit.weights[INPUTS.index("fair_logit")] > 0.1


# --- what cannot be learned from ------------------------------------------------------------------


def test_too_few_rounds_are_counted() -> None:
    with pytest.raises(
        BadSamples, match=r"too few rounds with a winner: 50, of which 3\d are early"
    ):
        train(made_samples(50), WISHES, "test")


def _won_by(samples: SampleTable, up: bool) -> SampleTable:
    return evolve(samples, rounds=tuple(evolve(one, up_won=up) for one in samples.rounds))


@pytest.mark.parametrize(("up", "side"), [(True, "Up"), (False, "Down")])
def test_one_side_alone_is_refused(up: bool, side: str) -> None:
    with pytest.raises(BadSamples, match=f"{side} won all 69 of the rounds to learn from"):
        train(_won_by(made_samples(100), up), WISHES, "test")


def test_rounds_of_one_moment_cannot_be_cut_by_time() -> None:
    """Every round overlaps every other: whatever is judged would have been seen."""
    samples = made_samples(100)
    first = samples.rounds[0]
    at_once = [
        evolve(one, opens_ns=first.opens_ns, closes_ns=first.closes_ns) for one in samples.rounds
    ]
    with pytest.raises(BadSamples, match="of which 0 are early enough"):
        train(evolve(samples, rounds=tuple(at_once)), WISHES, "test")


def test_a_model_that_is_wrong_more_often_than_right_is_not_written() -> None:
    """What is known turns its sign in the middle of the past."""
    samples = made_samples(300, secret=0.0)
    flipped = evolve(
        samples,
        rounds=tuple(
            evolve(one, up_won=one.up_won != (index >= 45))
            for index, one in enumerate(samples.rounds)
        ),
    )
    with pytest.raises(BadSamples, match="nothing was learned"):
        train(flipped, TrainingWishes(test_share=0.7), "test")


def test_without_the_library_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(Fatal, match=r"pip install 'polytui\[learn\]'"):
        train(made_samples(100), WISHES, "test")
