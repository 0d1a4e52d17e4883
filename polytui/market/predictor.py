"""Predictors: from what is known of a round to a probability that Up wins.

A learned one is a logistic regression on the documented feature vector and four numbers of the
question, each standardised, clipped and summed, and calibrated on its own logit:

    z_i  = clip((x_i - mean_i) / scale_i, -8, 8)        x_i = missing_i where it is missing
    logit = intercept + sum weight_i z_i
    p_up = 1 / (1 + exp(-(alpha + beta logit)))          (Platt 1999, for beta > 0)

An input of weight 0 is not used: whether it is there or not is the same to the model.

A prediction's confidence is 2 |p - 1/2| times how far the model may be relied on, by the figures
of its own test set: (1 - 2 calibration_error) x rounds / (rounds + 100). A model whose
probabilities are off by one half on average says nothing, and few rounds prove little.
"""

from __future__ import annotations

import hashlib
import math
from typing import Protocol, TypeVar

import msgspec
from attrs import frozen

from polytui.market.features import NAMES, SCHEMA_VERSION, FeatureSet

FORMAT = "polytui-logistic-2"
CONTEXT = ("fair_logit", "sigmas", "left_share", "mid_logit")
INPUTS = NAMES + CONTEXT
"""What a model's numbers stand for, in this order."""
FAR_OUT = 8.0
"""Scales: an input further from its mean is an error or a world that no model has seen."""
_SURE = 1e-6
"""Probabilities nearer to 0 or 1 than this have the logit of this."""
_MOST = 1e9
_LEAST_SCALE = 1e-9
_PROVING_ROUNDS = 100.0
_PROVING_BLOCKS = 10
_LONGEST = 80
"""Characters of a file in a message: enough to find the fault."""

_Kind = TypeVar("_Kind")


class Question(msgspec.Struct, frozen=True):
    """What a predictor may know of a round. Its names are part of a learned model's schema."""

    features: FeatureSet
    fair_up: float
    """Under the round's settlement rule, 0 to 1."""
    sigmas: float
    """Expected closing price less strike, in standard deviations of what is still open."""
    left_share: float
    """Of the round's length, 1 to 0."""
    mid_up: float | None
    """Middle of the Up book in dollars; None where it has one side only."""


class Prediction(msgspec.Struct, frozen=True):
    up: float
    """Probability, 0 to 1."""
    confidence: float
    """0 to 1: how much the predictor believes itself here."""


class Predictor(Protocol):
    """Pure: equal questions get equal answers. `digest` names the model in journals and views."""

    @property
    def digest(self) -> str: ...

    def predict(self, question: Question) -> Prediction | None:
        """None where too much of the question is missing."""
        ...


def inputs_of(question: Question) -> tuple[float, ...]:
    """The numbers a model is trained on and asked with, in the order of `INPUTS`.

    NaN where one is missing, stale or no number.
    """
    mid = math.nan if question.mid_up is None else logit_of(question.mid_up)
    context = (logit_of(question.fair_up), question.sigmas, question.left_share, mid)
    return question.features.vector() + context


def logit_of(probability: float) -> float:
    """log(p / (1 - p)), finite for certainty as well; NaN for what is no probability."""
    if not 0.0 <= probability <= 1.0:
        return math.nan
    held = min(max(probability, _SURE), 1.0 - _SURE)
    return math.log(held / (1.0 - held))


class FairValuePredictor:
    """The fair value itself: what a learned model has to beat. Stateless."""

    digest = "fair_value"

    def predict(self, question: Question) -> Prediction | None:
        up = question.fair_up
        if not 0.0 <= up <= 1.0:
            return None
        return Prediction(up, 2.0 * abs(up - 0.5))


# --- a learned model ------------------------------------------------------------------------------


class BadModel(ValueError):
    """A model file that cannot be used, and why, in words for the person who wrote it."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """logit' = alpha + beta logit."""

    alpha: float = 0.0
    beta: float = 1.0


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model was worth on rounds that it was not trained on."""

    rounds: int
    brier: float
    log_loss: float
    calibration_error: float
    """Mean distance between what was said and what came, over bins weighed by their rounds."""

    @property
    def reliability(self) -> float:
        """0 to 1; see the module's first lines."""
        proven = self.rounds / (self.rounds + _PROVING_ROUNDS)
        return max(0.0, 1.0 - 2.0 * self.calibration_error) * proven


class Against(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody else would have said of the same views of the same test rounds.

    Gains are the rival's score less the model's, above 0 where the model is better: the mean over
    rounds, and the ends of its 95 % interval.
    """

    rival: str
    rounds: int
    """Those of the test in which the rival said something."""
    blocks: int
    """Of time, in which rounds share their luck: so many were independent."""
    brier: float
    log_loss: float
    brier_gain: tuple[float, float, float]
    log_loss_gain: tuple[float, float, float]

    @property
    def verdict(self) -> str:
        """By log loss and Brier together: one alone is luck or a matter of taste."""
        if self.blocks < _PROVING_BLOCKS:
            return f"too few rounds to tell it from {self.rival}"
        lows = self.brier_gain[1], self.log_loss_gain[1]
        highs = self.brier_gain[2], self.log_loss_gain[2]
        if min(lows) > 0.0:
            return f"beats {self.rival}"
        return f"worse than {self.rival}" if max(highs) < 0.0 else f"not shown to beat {self.rival}"


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model file: JSON with these names."""

    format: str
    schema_version: int
    names: tuple[str, ...]
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    missing: tuple[float, ...]
    """What stands in for an input that is missing, in its own unit."""
    intercept: float
    calibration: Calibration
    trained_on: str
    """Assets, intervals, days and rounds, for people."""
    made_with: str
    """Versions of what fitted it."""
    test: Figures
    against: tuple[Against, ...]
    sha256: str
    """Of all the rest, as `content` writes it: a file that was changed since is refused."""

    def content(self) -> bytes:
        """The same model, always the same bytes, without their own hash."""
        return msgspec.json.encode(msgspec.structs.replace(self, sha256=""), order="sorted")

    def sealed(self) -> Model:
        """The same with its hash."""
        digest = hashlib.sha256(self.content()).hexdigest()
        return msgspec.structs.replace(self, sha256=digest)

    def canonical_json(self) -> str:
        """What stands in its file."""
        return msgspec.json.encode(self, order="sorted").decode()


class _Head(msgspec.Struct):
    """What is asked first, so that another version is called so and not a missing field."""

    format: str
    schema_version: int


@frozen
class _Term:
    """One input's part in the logit."""

    weight: float
    mean: float
    scale: float
    absent: float
    """The whole part of an input that is missing."""


class LearnedPredictor:
    """A parsed model, ready to be asked. Nothing in it changes."""

    __slots__ = ("_most_missing", "_reliability", "_terms", "digest", "model")

    def __init__(self, model: Model) -> None:
        """`model` must have passed `parse_model`, which is how to get one."""
        self.model = model
        self.digest = model.sha256[:12]
        self._reliability = model.test.reliability
        self._terms = _terms(model)
        self._most_missing = sum(weight != 0.0 for weight in model.weights) // 3

    def predict(self, question: Question) -> Prediction | None:
        """None where more than a third of the inputs that it uses are missing."""
        logit, missing = self.model.intercept, 0
        for value, term in zip(inputs_of(question), self._terms, strict=True):
            if math.isfinite(value):
                logit += term.weight * _standard(value, term.mean, term.scale)
            elif term.weight != 0.0:
                missing += 1
                logit += term.absent
        if missing > self._most_missing:
            return None
        up = _sigmoid(self.model.calibration.alpha + self.model.calibration.beta * logit)
        return Prediction(up, 2.0 * abs(up - 0.5) * self._reliability)


def _terms(model: Model) -> tuple[_Term, ...]:
    columns = zip(model.weights, model.means, model.scales, model.missing, strict=True)
    return tuple(
        _Term(weight, mean, scale, weight * _standard(missing, mean, scale))
        for weight, mean, scale, missing in columns
    )


def _standard(value: float, mean: float, scale: float) -> float:
    return min(FAR_OUT, max(-FAR_OUT, (value - mean) / scale))


def _sigmoid(logit: float) -> float:
    # exp of a large number overflows; of a small one it is 0.
    if logit < 0.0:
        odds = math.exp(logit)
        return odds / (1.0 + odds)
    return 1.0 / (1.0 + math.exp(-logit))


# --- reading a model file -------------------------------------------------------------------------


def parse_model(text: str) -> LearnedPredictor:
    """The model of a file's text; BadModel with the first thing that is wrong with it."""
    head = _decode(text, _Head)
    if head.format != FORMAT:
        raise BadModel(f"format is {head.format[:_LONGEST]!r}, this program reads {FORMAT!r}")
    if head.schema_version != SCHEMA_VERSION:
        raise BadModel(
            f"trained on version {head.schema_version} of the features, this program has"
            f" version {SCHEMA_VERSION}: train it anew with `polytui train`"
        )
    model = _decode(text, Model)
    fault = _names_fault(model) or _lengths_fault(model) or _numbers_fault(model)
    fault = fault or _figures_fault(model) or _seal_fault(model)
    if fault:
        raise BadModel(fault)
    return LearnedPredictor(model)


def _decode(text: str, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise BadModel(f"not a model of this program: {error}") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadModel(f"not JSON: {error}") from error


def _names_fault(model: Model) -> str:
    if model.names == INPUTS:
        return ""
    unknown = [name for name in model.names if name not in INPUTS]
    missing = [name for name in INPUTS if name not in model.names]
    if unknown:
        return f"unknown names: {_listed(unknown)}"
    if missing:
        return f"missing names: {_listed(missing)}"
    return "names come twice" if len(model.names) > len(INPUTS) else "names in another order"


def _listed(names: list[str]) -> str:
    text = ", ".join(names)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _lengths_fault(model: Model) -> str:
    for name in ("weights", "means", "scales", "missing"):
        count = len(getattr(model, name))
        if count != len(INPUTS):
            return f"{name} has {count} numbers for {len(INPUTS)} names"
    return ""


def _numbers_fault(model: Model) -> str:
    for name in ("weights", "means", "scales", "missing"):
        for place, value in zip(INPUTS, getattr(model, name), strict=True):
            if not abs(value) <= _MOST:
                return f"{name} of {place} is {value:g}: not a finite number below {_MOST:g}"
    for place, scale in zip(INPUTS, model.scales, strict=True):
        if scale < _LEAST_SCALE:
            return f"scale of {place} is {scale:g}: expected >= {_LEAST_SCALE:g}"
    for name, value in (("intercept", model.intercept), ("alpha", model.calibration.alpha)):
        if not abs(value) <= _MOST:
            return f"{name} is {value:g}: not a finite number below {_MOST:g}"
    beta = model.calibration.beta
    return "" if 0.0 < beta <= _MOST else f"beta is {beta:g}: expected > 0 and <= {_MOST:g}"


def _figures_fault(model: Model) -> str:
    test = model.test
    if not model.trained_on.strip():
        return "trained_on is empty"
    if test.rounds < 1:
        return f"test.rounds is {test.rounds}: expected >= 1"
    if not 0.0 <= test.brier <= 1.0:
        return f"test.brier is {test.brier:g}: expected 0 to 1"
    if not 0.0 <= test.log_loss <= _MOST:
        return f"test.log_loss is {test.log_loss:g}: expected >= 0"
    if not 0.0 <= test.calibration_error <= 1.0:
        return f"test.calibration_error is {test.calibration_error:g}: expected 0 to 1"
    return _against_fault(model)


def _against_fault(model: Model) -> str:
    if not model.made_with.strip():
        return "made_with is empty"
    for one in model.against:
        numbers = (one.brier, one.log_loss, *one.brier_gain, *one.log_loss_gain)
        if not all(abs(number) <= _MOST for number in numbers):
            return f"a figure of against {one.rival[:_LONGEST]!r} is not a finite number"
        if one.rounds < 1:
            return f"rounds of against {one.rival[:_LONGEST]!r} is {one.rounds}: expected >= 1"
    return ""


def _seal_fault(model: Model) -> str:
    """Last, so that whoever writes a file by hand is told of its faults first."""
    sealed = model.sealed().sha256
    if model.sha256 == sealed:
        return ""
    if not model.sha256:
        return "it has no sha256"
    return (
        f"changed since it was written: its sha256 is {model.sha256[:12]!r}, that of what it says"
        f" {sealed[:12]!r}"
    )
