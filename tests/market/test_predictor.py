"""Predictors: the formula of a learned one by hand, and every way its file can be wrong."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.market.features import NAMES, NO_FEATURES, SCHEMA_VERSION, Feature, FeatureSet
from polytui.market.predictor import (
    CONTEXT,
    FORMAT,
    INPUTS,
    BadModel,
    FairValuePredictor,
    LearnedPredictor,
    Model,
    Prediction,
    Question,
    inputs_of,
    logit_of,
    parse_model,
)

COUNT = len(INPUTS)
A_LITTLE = 1e-12
"""The weight of an input that counts as used and changes nothing."""
AGAINST = {
    "rival": "the market",
    "rounds": 800,
    "blocks": 300,
    "brier": 0.21,
    "log_loss": 0.61,
    "brier_gain": [0.01, 0.001, 0.02],
    "log_loss_gain": [0.01, 0.002, 0.02],
}


def a_file(**changes: Any) -> dict[str, Any]:
    """A model of nothing: every weight 0; with its seal, if it is any model."""
    file: dict[str, Any] = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "names": list(INPUTS),
        "weights": [0.0] * COUNT,
        "means": [0.0] * COUNT,
        "scales": [1.0] * COUNT,
        "missing": [0.0] * COUNT,
        "intercept": 0.0,
        "calibration": {"alpha": 0.0, "beta": 1.0},
        "trained_on": "btc 5m, 2026-06-01 to 2026-06-30, 8,000 rounds",
        "made_with": "scikit-learn 1.9.1",
        "test": {"rounds": 900, "brier": 0.2, "log_loss": 0.6, "calibration_error": 0.02},
        "against": [AGAINST],
        "sha256": "",
    }
    file |= changes
    with suppress(msgspec.ValidationError, ValueError, OverflowError, TypeError):
        file["sha256"] = msgspec.convert(file, Model).sealed().sha256
    return file


def learned(**changes: Any) -> LearnedPredictor:
    return parse_model(json.dumps(a_file(**changes)))


def at(name: str, value: float, fill: float = 0.0) -> list[float]:
    return [value if one == name else fill for one in INPUTS]


def question(
    features: dict[str, float | None] | None = None,
    fair_up: float = 0.5,
    sigmas: float = 0.0,
    mid_up: float | None = 0.5,
    stale: str = "",
) -> Question:
    """Half-way; a feature that is not named is 0."""
    values = dict.fromkeys(NAMES, 0.0) | (features or {})
    made = [Feature(name, values[name], 1, name == stale) for name in NAMES]
    return Question(FeatureSet(1, tuple(made)), fair_up, sigmas, 0.5, mid_up)


def up_of(predictor: LearnedPredictor, asked: Question) -> float:
    said = predictor.predict(asked)
    assert said is not None
    return said.up


def sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))


# --- the fair value -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fair", "confidence"), [(0.5, 0.0), (0.75, 0.5), (0.25, 0.5), (1.0, 1.0), (0.0, 1.0)]
)
def test_the_fair_value_believes_itself_by_its_distance_from_even(
    fair: float, confidence: float
) -> None:
    assert FairValuePredictor().predict(question(fair_up=fair)) == Prediction(fair, confidence)


@pytest.mark.parametrize("fair", [math.nan, math.inf, -0.01, 1.01])
def test_the_fair_value_of_nothing_is_nothing(fair: float) -> None:
    assert FairValuePredictor().predict(question(fair_up=fair)) is None


# --- what a model is asked ------------------------------------------------------------------------


def test_inputs_are_the_features_and_the_question_in_their_order() -> None:
    assert CONTEXT == ("fair_logit", "sigmas", "left_share", "mid_logit")
    asked = question({"rsi_14": 61.0, "lead_lag": 0.5}, fair_up=0.75, sigmas=1.5, mid_up=0.6)
    inputs = dict(zip(INPUTS, inputs_of(asked), strict=True))
    assert INPUTS == NAMES + CONTEXT
    assert (inputs["rsi_14"], inputs["lead_lag"], inputs["macd_bps"]) == (61.0, 0.5, 0.0)
    assert inputs["fair_logit"] == pytest.approx(math.log(3.0))
    assert inputs["mid_logit"] == pytest.approx(math.log(1.5))
    assert (inputs["sigmas"], inputs["left_share"]) == (1.5, 0.5)


@pytest.mark.parametrize(
    ("probability", "logit"),
    [(0.5, 0.0), (0.25, -math.log(3.0)), (1.0, 13.815510), (0.0, -13.815510)],
)
def test_a_logit_is_finite_even_for_certainty(probability: float, logit: float) -> None:
    assert logit_of(probability) == pytest.approx(logit, abs=1e-5)


def test_what_is_no_probability_has_no_logit() -> None:
    for value in (math.nan, -1e-9, 1.0 + 1e-9, math.inf):
        assert math.isnan(logit_of(value))


# --- a learned model ------------------------------------------------------------------------------


def test_the_logit_is_the_weighed_sum_of_standardised_inputs() -> None:
    weights = at("rsi_14", 0.5)
    weights[INPUTS.index("sigmas")] = 2.0
    means, scales = at("rsi_14", 50.0), at("rsi_14", 10.0, 1.0)
    predictor = learned(weights=weights, means=means, scales=scales, intercept=-0.25)
    asked = question({"rsi_14": 65.0}, sigmas=0.75)
    assert up_of(predictor, asked) == pytest.approx(sigmoid(-0.25 + 0.5 * 1.5 + 2.0 * 0.75))


def test_calibration_is_a_line_on_the_logit() -> None:
    predictor = learned(weights=at("fair_logit", 1.0), calibration={"alpha": 0.3, "beta": 0.5})
    asked = question(fair_up=0.9)
    assert up_of(predictor, asked) == pytest.approx(sigmoid(0.3 + 0.5 * math.log(9.0)))


@pytest.mark.parametrize(
    ("value", "scales"), [(7.99, 7.99), (8.0, 8.0), (8.01, 8.0), (1e300, 8.0), (-1e300, -8.0)]
)
def test_an_input_far_out_is_held_at_eight_scales(value: float, scales: float) -> None:
    predictor = learned(weights=at("order_flow", 0.25))
    assert up_of(predictor, question({"order_flow": value})) == pytest.approx(
        sigmoid(0.25 * scales)
    )


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_missing_has_the_files_stand_in(value: float | None) -> None:
    predictor = learned(
        weights=at("rsi_14", 1.0, A_LITTLE),
        means=at("rsi_14", 50.0),
        scales=at("rsi_14", 10.0, 1.0),
        missing=at("rsi_14", 55.0),
    )
    assert up_of(predictor, question({"rsi_14": value})) == pytest.approx(sigmoid(0.5))
    stale = question({"rsi_14": 90.0}, stale="rsi_14")
    assert up_of(predictor, stale) == pytest.approx(sigmoid(0.5))


def test_a_book_with_one_side_has_its_stand_in_too() -> None:
    predictor = learned(weights=at("mid_logit", 1.0, A_LITTLE), missing=at("mid_logit", -1.0))
    assert up_of(predictor, question(mid_up=None)) == pytest.approx(sigmoid(-1.0))
    assert up_of(predictor, question(mid_up=0.75)) == pytest.approx(0.75)


@pytest.mark.parametrize(("missing", "speaks"), [(7, True), (8, True), (9, False), (22, False)])
def test_it_is_silent_when_more_than_a_third_is_missing(missing: int, speaks: bool) -> None:
    """Eight of twenty-six inputs are less than a third, nine are more."""
    assert COUNT == 26
    asked = question(dict.fromkeys(NAMES[:missing]))
    assert (learned(weights=[0.1] * COUNT).predict(asked) is not None) is speaks


def test_what_it_does_not_use_may_be_missing() -> None:
    """A model that was learned on recordings without an exchange's trades speaks without them."""
    weights = at("fair_logit", 1.0)
    weights[INPUTS.index("rsi_14")] = weights[INPUTS.index("velocity_bps_s")] = 0.5
    predictor = learned(weights=weights)
    asked = dict.fromkeys(name for name in NAMES if name != "rsi_14")
    assert predictor.predict(question(asked)) is not None
    assert predictor.predict(question(asked | {"rsi_14": None})) is None


def test_before_anything_was_heard_it_is_silent() -> None:
    predictor = learned(weights=[0.1] * COUNT)
    assert predictor.predict(Question(NO_FEATURES, 0.5, 0.0, 1.0, 0.5)) is None


@pytest.mark.parametrize(
    ("rounds", "error", "reliability"),
    [(900, 0.0, 0.9), (100, 0.0, 0.5), (900, 0.1, 0.72), (900, 0.5, 0.0), (900, 0.7, 0.0)],
)
def test_confidence_is_distance_from_even_times_reliability(
    rounds: int, error: float, reliability: float
) -> None:
    test = a_file()["test"] | {"rounds": rounds, "calibration_error": error}
    predictor = learned(weights=at("fair_logit", 1.0), test=test)
    for fair in (0.75, 0.25):
        said = predictor.predict(question(fair_up=fair))
        assert said is not None
        assert said.up == pytest.approx(fair)
        assert said.confidence == pytest.approx(0.5 * reliability)


_ANY = st.floats() | st.none()


@given(st.lists(_ANY, min_size=22, max_size=22), _ANY, st.floats(), _ANY)
def test_no_question_gets_an_answer_that_is_no_probability(
    values: list[float | None], fair: float | None, sigmas: float, mid: float | None
) -> None:
    heavy = parse_model(json.dumps(a_file(weights=[1e9, -1e9] * 13, scales=[1e-9] * COUNT)))
    features = dict(zip(NAMES, values, strict=True))
    asked = question(features, math.nan if fair is None else fair, sigmas, mid)
    for predictor in (heavy, learned(weights=at("fair_logit", 1.0)), FairValuePredictor()):
        said = predictor.predict(asked)
        assert said is None or (0.0 <= said.up <= 1.0 and 0.0 <= said.confidence <= 1.0)
        assert said == predictor.predict(asked)


# --- its name -------------------------------------------------------------------------------------


def test_the_digest_names_the_model_and_not_how_it_is_written() -> None:
    file = a_file()
    turned = dict(reversed(file.items())) | {"intercept": 0, "weights": [0] * COUNT}
    spaced = json.dumps(turned, indent=4)
    digest = parse_model(json.dumps(file)).digest
    assert parse_model(spaced).digest == digest
    assert len(digest) == 12
    int(digest, 16)


@pytest.mark.parametrize(
    "changes",
    [{"intercept": 1e-12}, {"weights": at("sigmas", 1e-12)}, {"trained_on": "something else"}],
)
def test_another_model_has_another_digest(changes: dict[str, Any]) -> None:
    assert learned(**changes).digest != learned().digest


def test_its_canonical_text_is_the_same_model() -> None:
    predictor = learned(weights=at("rsi_14", 0.1), intercept=0.3)
    again = parse_model(predictor.model.canonical_json())
    assert again.model == predictor.model
    assert again.digest == predictor.digest


def test_a_file_that_was_changed_after_its_hash_is_refused() -> None:
    """The smallest change, of a number or of what it was worth."""
    file = a_file(weights=at("rsi_14", 0.25))
    parse_model(json.dumps(file))
    for name, value in (
        ("weights", at("rsi_14", 0.2500001)),
        ("trained_on", "btc 5m, a good year"),
        ("test", file["test"] | {"rounds": 901}),
        ("against", [AGAINST | {"brier_gain": [0.1, 0.09, 0.2]}]),
        ("sha256", "0" * 64),
    ):
        with pytest.raises(BadModel, match="changed since it was written"):
            parse_model(json.dumps(file | {name: value}))
    with pytest.raises(BadModel, match="it has no sha256"):
        parse_model(json.dumps(file | {"sha256": ""}))


@pytest.mark.parametrize(
    ("brier_gain", "log_loss_gain", "verdict"),
    [
        ([0.01, 0.001, 0.02], [0.01, 0.001, 0.02], "beats the market"),
        ([0.01, 0.001, 0.02], [0.01, 0.0, 0.02], "not shown to beat the market"),
        ([0.01, -0.001, 0.02], [0.01, 0.001, 0.02], "not shown to beat the market"),
        ([-0.01, -0.02, -0.001], [-0.01, -0.02, 0.001], "not shown to beat the market"),
        ([-0.01, -0.02, -0.001], [-0.01, -0.02, -0.001], "worse than the market"),
    ],
)
def test_a_rival_is_beaten_where_both_intervals_say_so(
    brier_gain: list[float], log_loss_gain: list[float], verdict: str
) -> None:
    against = AGAINST | {"brier_gain": brier_gain, "log_loss_gain": log_loss_gain}
    assert learned(against=[against]).model.against[0].verdict == verdict
    few = learned(against=[against | {"blocks": 9}]).model.against[0].verdict
    assert few == "too few rounds to tell it from the market"


# --- what can be wrong with a file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON: "),
        ("{", "not JSON: "),
        ("\ud800", "not JSON: "),
        ("[" * 100_000, "not "),
        ("[]", "not a model of this program: "),
        ("null", "not a model of this program: "),
        ("{}", "not a model of this program: .*`format`"),
        ('{"format": 7, "schema_version": 1}', "not a model of this program: .*format"),
    ],
)
def test_a_text_that_is_no_model(text: str, words: str) -> None:
    with pytest.raises(BadModel, match=words):
        parse_model(text)


def _short(name: str) -> dict[str, Any]:
    return {name: [1.0] * (COUNT - 1)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "polytui-forest-9"}, "format is 'polytui-forest-9', this program reads "),
        (
            {"schema_version": SCHEMA_VERSION + 1},
            f"version {SCHEMA_VERSION + 1} of the features, .* version {SCHEMA_VERSION}: train it",
        ),
        ({"schema_version": 0, "names": []}, "version 0 of the features"),
        ({"names": [*INPUTS, "moon_phase"]}, "unknown names: moon_phase"),
        ({"names": list(INPUTS[1:])}, "missing names: rsi_14"),
        ({"names": [*INPUTS[2:], INPUTS[1], INPUTS[0]]}, "names in another order"),
        ({"names": [*INPUTS, "rsi_14"]}, "names come twice"),
        (_short("weights"), "weights has 25 numbers for 26 names"),
        (_short("means"), "means has 25 numbers for 26 names"),
        (_short("scales"), "scales has 25 numbers for 26 names"),
        (_short("missing"), "missing has 25 numbers for 26 names"),
        ({"weights": at("sigmas", 1.1e9)}, r"weights of sigmas is 1.1e\+09: not a finite"),
        ({"means": at("sigmas", -1.1e9)}, r"means of sigmas is -1.1e\+09"),
        ({"missing": at("rsi_14", 1e300)}, r"missing of rsi_14 is 1e\+300"),
        ({"scales": at("rsi_14", 0.0, 1.0)}, "scale of rsi_14 is 0: expected >= 1e-09"),
        ({"scales": at("rsi_14", -1.0, 1.0)}, "scale of rsi_14 is -1"),
        ({"scales": at("rsi_14", 0.9e-9, 1.0)}, "scale of rsi_14 is 9e-10"),
        ({"intercept": 1e300}, r"intercept is 1e\+300"),
        ({"calibration": {"alpha": 1e10, "beta": 1.0}}, r"alpha is 1e\+10"),
        ({"calibration": {"alpha": 0.0, "beta": 0.0}}, "beta is 0: expected > 0"),
        ({"calibration": {"alpha": 0.0, "beta": -1.0}}, "beta is -1: expected > 0"),
        ({"calibration": 1.0}, "calibration"),
        ({"trained_on": "  "}, "trained_on is empty"),
        ({"trained_on": None}, "trained_on"),
        ({"made_with": " "}, "made_with is empty"),
        ({"against": [AGAINST | {"brier": 1e300}]}, "a figure of against 'the market'"),
        ({"against": [AGAINST | {"rounds": 0}]}, "rounds of against 'the market' is 0"),
        ({"against": [AGAINST | {"brier_gain": [0.1, 0.2]}]}, "brier_gain"),
        ({"weights": "many"}, "weights"),
        ({"weights": ["1"] * COUNT}, "weights"),
        ({"weights": [None] * COUNT}, "weights"),
        ({"favourite": 1}, "favourite"),
    ],
)
def test_a_file_that_is_wrong_says_where(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadModel, match=words):
        learned(**changes)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("name", ["weights", "means", "scales", "missing"])
def test_numbers_that_are_none_are_refused(name: str, number: str) -> None:
    text = json.dumps(a_file(**{name: [0.125] * COUNT})).replace("0.125", number, 1)
    with pytest.raises(BadModel):
        parse_model(text)


@pytest.mark.parametrize("name", sorted(a_file()))
def test_a_missing_field_is_named(name: str) -> None:
    file = a_file()
    del file[name]
    with pytest.raises(BadModel, match=name):
        parse_model(json.dumps(file))


@pytest.mark.parametrize(
    ("figure", "good", "bad"),
    [
        ("rounds", [1, 10**9], [0, -1, 1.5, None]),
        ("brier", [0.0, 1.0], [-0.001, 1.001, "0.2"]),
        ("log_loss", [0.0, 20.0], [-0.001, 1e300]),
        ("calibration_error", [0.0, 1.0], [-0.001, 1.001]),
    ],
)
def test_the_figures_of_its_test(figure: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        learned(test=a_file()["test"] | {figure: value})
    for value in bad:
        with pytest.raises(BadModel, match=figure):
            learned(test=a_file()["test"] | {figure: value})


def test_numbers_at_their_bounds_are_taken() -> None:
    learned(weights=at("sigmas", 1e9), scales=at("sigmas", 1e-9, 1.0))


def test_a_fault_of_the_model_is_a_value_error_with_one_line() -> None:
    with pytest.raises(ValueError, match="unknown names: ") as caught:
        learned(names=[f"feature {number}" for number in range(500)])
    assert len(str(caught.value)) < 120


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(a_file())), _JSON)
def test_any_field_may_be_anything_and_only_bad_model_is_raised(name: str, value: Any) -> None:
    try:
        predictor = parse_model(json.dumps(a_file(**{name: value})))
    except BadModel:
        return
    predictor.predict(question())


@given(st.text())
def test_any_text_is_a_bad_model(text: str) -> None:
    with pytest.raises(BadModel):
        parse_model(text)
