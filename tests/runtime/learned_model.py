"""The text of a model file as `polytui train` would write it, of a model that knows nothing."""

from __future__ import annotations

from polytui.market.features import SCHEMA_VERSION
from polytui.market.predictor import FORMAT, INPUTS, Calibration, Figures, Model, parse_model

_ZEROS = (0.0,) * len(INPUTS)
_MODEL = Model(
    format=FORMAT,
    schema_version=SCHEMA_VERSION,
    names=INPUTS,
    weights=_ZEROS,
    means=_ZEROS,
    scales=(1.0,) * len(INPUTS),
    missing=_ZEROS,
    intercept=0.0,
    calibration=Calibration(),
    trained_on="nothing",
    made_with="nothing",
    test=Figures(rounds=1, brier=0.25, log_loss=0.693, calibration_error=0.5),
    against=(),
    sha256="",
)
MODEL_TEXT = _MODEL.sealed().canonical_json()
DIGEST = parse_model(MODEL_TEXT).digest
