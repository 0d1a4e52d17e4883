"""The file of a learned model: read and judged here, so that the mind needs no disk."""

from __future__ import annotations

from pathlib import Path

import trio

from polytui.config.deciding import PredictorSettings
from polytui.market.predictor import BadModel, parse_model
from polytui.model.events import ModelLoaded

_LARGEST_BYTES = 4 << 20
"""It is in the journal as it is; a model of two dozen features has some kilobytes."""
_HOW = "train one with polytui train"


async def load_model(settings: PredictorSettings) -> ModelLoaded | None:
    """What desks are told of the model that the settings name; None where they name none."""
    if settings.kind != "learned":
        return None
    # A disk may be slow, and everything that trades waits in this thread.
    return await trio.to_thread.run_sync(model_of, settings, abandon_on_cancel=True)


def model_of(settings: PredictorSettings) -> ModelLoaded | None:
    """The same for whoever may wait for a disk."""
    return read_model(settings.model_file) if settings.kind == "learned" else None


def read_model(name: str) -> ModelLoaded:
    """The text of a good model, or why there is none: a bad one must not reach a desk, which
    could only break on it, and on every life again."""
    if not name:
        return ModelLoaded("", f"no model: predictor.model_file is empty; {_HOW}")
    try:
        with Path(name).open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        text = data.decode()
    except FileNotFoundError:
        return ModelLoaded("", f"no model at {_quoted(name)}: {_HOW}")
    except OSError as error:
        return ModelLoaded("", f"cannot read the model at {_quoted(name)}: {error.strerror}")
    except ValueError:  # a name that no file can have, or bytes that are no text
        return ModelLoaded("", f"{_quoted(name)} is no model: {_HOW}")
    if len(data) > _LARGEST_BYTES:
        return ModelLoaded("", f"{_quoted(name)} is too large for a model: {_HOW}")
    if not text.strip():
        return ModelLoaded("", f"{_quoted(name)} is empty: {_HOW}")
    return _judged(text, _quoted(name))


def _judged(text: str, name: str) -> ModelLoaded:
    try:
        learned = parse_model(text)
        verdicts = "; ".join(one.verdict for one in learned.model.against)
        worth = f": {verdicts}" if verdicts else ""
        return ModelLoaded(text, f"model {learned.digest} from {name}{worth}")
    except BadModel as error:
        return ModelLoaded("", f"no model at {name}: {error}")


def _quoted(name: str) -> str:
    """As it is where it can be written down anywhere."""
    return name if name.isprintable() else ascii(name)
