"""What a training came to, for people and for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from polytui.learning.training import Trained, described
from polytui.market.predictor import INPUTS, Against

_HEAVIEST = 6


def report_text(trained: Trained) -> str:
    """The verdict first, then what it rests on."""
    return "\n".join(_lines(trained))


def report_plain(trained: Trained) -> dict[str, Any]:
    """For JSON."""
    model, fitted, cut = trained.model, trained.fitted, trained.cut
    return {
        "verdict": verdict(trained),
        "digest": model.sha256[:12],
        "sha256": model.sha256,
        "trained_on": model.trained_on,
        "judged_on": described([trained.samples.rounds[index] for index in cut.future]),
        "made_with": model.made_with,
        "views": len(trained.samples.round_of),
        "left_out_views": dict(trained.samples.left_out),
        "purged_rounds": cut.purged,
        "embargoed_rounds": cut.embargoed,
        "test": msgspec.to_builtins(model.test),
        "against": [{**msgspec.to_builtins(one), "verdict": one.verdict} for one in model.against],
        "strength": fitted.strength,
        "tried": [{"strength": c, "log_loss": loss} for c, loss in fitted.tried],
        "weights": dict(zip(INPUTS, model.weights, strict=True)),
        "unused_inputs": list(fitted.unused),
    }


def verdict(trained: Trained) -> str:
    """ "beats fair value; not shown to beat the market's price"."""
    against = trained.model.against
    return "; ".join(one.verdict for one in against) or "there was nothing to judge it against"


def _lines(trained: Trained) -> Iterator[str]:
    model, cut = trained.model, trained.cut
    yield f"model {model.sha256[:12]}: {verdict(trained)}"
    yield f"learned from {model.trained_on}"
    future = described([trained.samples.rounds[index] for index in cut.future])
    yield f"judged on {future}, none of which it has seen"
    yield (
        f"between them {cut.purged} rounds overlap both and {cut.embargoed} are too near:"
        " left out of either"
    )
    for why, count in trained.samples.left_out:
        yield f"{count} views are left out: {why}"
    yield ""
    test = model.test
    yield f"{'':20} {'rounds':>6} {'Brier':>7} {'log loss':>9}   model is better by (95 %)"
    yield f"{'the model':20} {test.rounds:6} {test.brier:7.4f} {test.log_loss:9.4f}"
    for one in model.against:
        yield _against_line(one)
    yield (
        f"said and came are {test.calibration_error:.3f} apart on average; its confidence counts"
        f" {test.reliability:.2f}"
    )
    yield f"heaviest: {', '.join(_heaviest(trained))}"
    if trained.fitted.unused:
        yield f"not used, for it was missing or never moved: {', '.join(trained.fitted.unused)}"


def _against_line(one: Against) -> str:
    gains = (_gain(name, gain) for name, gain in _gains(one))
    head = f"{one.rival:20} {one.rounds:6} {one.brier:7.4f} {one.log_loss:9.4f}"
    return f"{head}   {', '.join(gains)}"


def _gains(one: Against) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    return ("Brier", one.brier_gain), ("log loss", one.log_loss_gain)


def _gain(name: str, gain: tuple[float, float, float]) -> str:
    mean, low, high = gain
    return f"{name} {mean:+.4f} ({low:+.4f} to {high:+.4f})"


def _heaviest(trained: Trained) -> Iterator[str]:
    weighed = sorted(zip(trained.model.weights, INPUTS, strict=True), key=lambda one: -abs(one[0]))
    return (f"{name} {weight:+.3f}" for weight, name in weighed[:_HEAVIEST] if weight)
