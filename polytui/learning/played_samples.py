"""Samples of a past that is played: a sink that looks with its desks, and waits for the winners."""

from __future__ import annotations

from polytui.backtest.recorded_views import SeenRow, ViewRecorder
from polytui.desk.mind import Mind
from polytui.learning.samples import SampleCollector
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Round
from polytui.model.units import NS_PER_S


class SampleSink:
    """State: views of rounds whose winner is not known yet, and which rounds those are."""

    def __init__(
        self, collector: SampleCollector, every_s: float, *, session: str, mode: str
    ) -> None:
        """`session` and `mode` say whose views they are, as the columns of these names."""
        self._collector = collector
        self._recorder = ViewRecorder(round(every_s * NS_PER_S))
        self._whose = {"session": session, "mode": mode}
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
        if isinstance(event, ev.RoundSettled):
            self._settled(event)
        for row in self._recorder.views(mind, asset, now_ns):
            self._note(mind, asset, row)

    def _note(self, mind: Mind, asset: Asset, row: SeenRow) -> None:
        slug = row["slug"]
        if slug not in self._waiting:
            self._waiting[slug] = []
            if seen := mind.desks[asset].rounds.get(slug):
                self._rounds[seen.round.condition_id] = seen.round
        self._waiting[slug].append(row)

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
        where = f"{self._whose['session']}, a view of {slug}"
        for row in self._waiting.pop(slug, ()):
            told = {**row, **self._whose, "winner": winner}
            self._collector.take(told, f"{where} at {row['at']}")
