"""What a session's market makes when it is played again on paper: under the settings that it had,
and under others.

`what_if.py` compares decisions one by one and says nothing of money, for orders that were never
sent have no answer. Here they are sent: to the exchange on paper that backtests have. So what comes
out is held against the same play without the wish, not against what the session made, whose venue
answered as it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from msgspec.structs import replace

from polytui.backtest.drive import Drive
from polytui.backtest.journal_source import JournalSource, beginning_of
from polytui.backtest.moments import Moment
from polytui.config.change import Wish, changed
from polytui.config.load import canonical_json, from_canonical_json
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset
from polytui.model.units import MICRO


@frozen
class Made:
    """Realised, in millionths of a dollar."""

    recorded: int
    """By the session itself, as its journal has it."""
    was: int
    """By its market on paper, under its own settings,"""
    now: int
    """and with the wishes."""

    def text(self) -> str:
        """ "the session made +1.20 USD; its market on paper makes +1.10, and +0.40 with the other
        setting"."""
        recorded, was, now = (f"{one / MICRO:+,.2f}" for one in (self.recorded, self.was, self.now))
        paper = f"its market on paper makes {was}, and {now} with the other setting"
        return f"the session made {recorded} USD; {paper}"


@frozen
class _Wished:
    """A source whose settings have other values from the start, and after each change of them."""

    source: JournalSource
    wishes: tuple[Wish, ...]

    def moments(self) -> Iterator[Moment]:
        for moment in self.source.moments():
            if any(isinstance(event, ev.SettingsChanged) for event in moment.events):
                moment = replace(moment, events=tuple(map(self._changed, moment.events)))
            yield moment

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        self.source.heed(asset, effects, now_ns)

    def _changed(self, event: ev.Event) -> ev.Event:
        if not isinstance(event, ev.SettingsChanged):
            return event
        settings = changed(from_canonical_json(event.settings_json), *self.wishes)
        return ev.SettingsChanged(canonical_json(settings))


def what_it_makes(path: Path, wishes: tuple[Wish, ...] = ()) -> int:
    """Realised by the market of a session on paper, as it then went but for the wishes. Fatal for
    what is no journal; BadSettings for a wish that cannot be."""
    begun = beginning_of(path)
    settings = changed(begun.settings, *wishes)
    source = _Wished(JournalSource(path, is_as_then=True), wishes)
    return Drive(settings, source, model=begun.model).play().mind.account.realised
