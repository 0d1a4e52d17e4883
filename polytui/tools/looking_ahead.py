"""`polytui lookahead`: a past, played until it is known what each decision knew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from polytui.backtest.drive import Drive
from polytui.backtest.early_events import Remake
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.look_ahead import LookedAhead, look_ahead
from polytui.backtest.moments import Source
from polytui.config.schema import Settings
from polytui.model.events import ModelLoaded
from polytui.model.units import NS_PER_MS
from polytui.runtime.model_file import model_of
from polytui.tools.given_data import recorded


def look_at_session(path: Path, cuts: int, skew_ms: int) -> LookedAhead:
    """What a journal heard, decided as its session would, with orders on paper. Fatal for what is
    no journal."""
    first = beginning_of(path)
    remake = partial(_journal, path)
    return _looked(remake, first.settings, first.model, cuts, skew_ms)


def look_at_recordings(
    paths: Sequence[Path], settings: Settings, cuts: int, skew_ms: int
) -> LookedAhead:
    """What a desk under these settings decides on recordings. Fatal for what cannot be played."""
    data, settings = recorded(paths, settings)
    return _looked(lambda _: data, settings, model_of(settings.predictor), cuts, skew_ms)


def _looked(
    remake: Remake, settings: Settings, model: ModelLoaded | None, cuts: int, skew_ms: int
) -> LookedAhead:
    def play(source: Source, sinks: Sequence[Any]) -> None:
        Drive(settings, source, sinks, model=model).play()

    return look_ahead(remake, play, cuts=cuts, skew_ns=skew_ms * NS_PER_MS)


def _journal(path: Path, _: int | None) -> Source:
    """From its beginning; whoever plays it ends where he wants."""
    return JournalSource(path, is_as_then=True)
