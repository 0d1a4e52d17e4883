"""`polytui train`: from what was recorded to a model file that says what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

from polytui.config.schema import Settings
from polytui.learning.bad_samples import BadSamples
from polytui.learning.fitting import library as scikit_learn
from polytui.learning.samples import SampleCollector, SampleTable
from polytui.learning.training import Trained, TrainingWishes, train
from polytui.market.predictor import BadModel, parse_model
from polytui.model.errors import Fatal
from polytui.store.files.written import put_file
from polytui.tools.given_data import GivenData
from polytui.tools.seen_views import SeenFault, collect_files, collect_recordings, collect_session


@frozen(eq=False)
class Training:
    trained: Trained
    faults: list[SeenFault]
    modelled: list[str]
    """What nobody had recorded and something stood in for."""


def train_to_file(
    given: GivenData,
    settings: Settings,
    model_file: Path,
    wishes: TrainingWishes,
    every_s: float,
) -> Training:
    """The model is in its place once it was judged, whatever the verdict. `settings`: of a desk
    that looks at recordings. BadSamples, Fatal."""
    scikit_learn()
    _check_place(model_file)
    collector = SampleCollector(every_s)
    collect_files(given.views, collector)
    notes = list[str]()
    played = [collect_session(folder, collector, every_s) for folder in given.sessions]
    faults = [fault for fault in played if fault is not None]
    if given.recordings:
        found = collect_recordings(given.recordings, settings, collector, every_s)
        notes = list(found.modelled)
    trained = train(_samples(collector, faults), wishes, f"polytui {version('polytui')}")
    text = trained.model.canonical_json()
    # What a session will make of it: a model that it would refuse is not written.
    try:
        parse_model(text)
    except BadModel as error:
        raise BadSamples(f"these samples give no usable model: {error}") from error
    try:
        put_file(model_file, f"{text}\n".encode())
    except OSError as error:
        raise Fatal(f"cannot write {model_file}: {error.strerror}") from error
    return Training(trained, faults, notes)


def _samples(collector: SampleCollector, faults: Sequence[SeenFault]) -> SampleTable:
    """Where there are none, what was wrong with the sessions is the reason."""
    try:
        return collector.samples()
    except BadSamples as error:
        if not faults:
            raise
        told = "; ".join(f"{fault.session} is read no further: {fault.why}" for fault in faults)
        raise BadSamples(f"{error}; {told}") from error


def _check_place(model_file: Path) -> None:
    """Nothing but a model is written over, and that is known before hours of work."""
    try:
        text = model_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise Fatal(f"{model_file} is no model, and is not written over") from error
    if '"format":"polytui-logistic-' not in text and text.strip():
        raise Fatal(f"{model_file} is no model, and is not written over")
