"""Samples of a past that is played: a sink that looks with its desks, and waits for the winners."""

from __future__ import annotations

from polytui.backtest.recorded_views import SeenRow, ViewRecorder
from polytui.desk.mind import Mind
from polytui.learning.samples import SampleCollector
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Round
from polytui.model.units import NS_PER_S

_MODE = "recording"


class SampleSink:
    """State: views of rounds whose winner is not known yet, and which rounds there are. `name` says
    what is played, to people."""

    def __init__(self, collector: SampleCollector, every_s: float, name: str) -> None:
        self._collector = collector
        self._recorder = ViewRecorder(round(every_s * NS_PER_S))
        self._name = name
        self._waiting: dict[str, list[SeenRow]] = {}
        self._rounds: dict[str, Round] = {}
        """By condition."""

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        if isinstance(event, ev.RoundFound):
            self._rounds[event.round.condition_id] = event.round
        elif isinstance(event, ev.RoundSettled):
            self._settled(event)
        for row in self._recorder.views(mind, asset, now_ns):
            self._waiting.setdefault(row["slug"], []).append(row)

    def _settled(self, event: ev.RoundSettled) -> None:
        listed = self._rounds.pop(event.condition_id, None)
        if listed is None:
            return
        outcome = listed.outcome_of(event.winning_token_id)
        winner = None if outcome is None else outcome.value
        self._give(listed.slug, winner)

    def end(self) -> None:
        """Views whose winner nobody named are counted as such."""
        for slug in list(self._waiting):
            self._give(slug, None)

    def _give(self, slug: str, winner: str | None) -> None:
        for row in self._waiting.pop(slug, ()):
            told = {**row, "winner": winner, "mode": _MODE}
            self._collector.take(told, f"{self._name}, a view of {slug} at {row['at']}")
