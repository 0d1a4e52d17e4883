"""A whole demo in one plain loop: a simulated world, its desks, and paper."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from polytui.backtest.drive import Drive
from polytui.backtest.played_journal import JournalSink, PlayedJournal
from polytui.backtest.world_source import WorldSource
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.execution.client import VenueMoney
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset, Interval
from polytui.sim.world.demo_world import world_of
from polytui.sim.world.world import WorldSettings


@frozen
class Played:
    """What a session came to: the mind with its account, the venue's money, lines of a journal that
    was written nowhere."""

    mind: Mind
    venue: VenueMoney
    lines: list[bytes]
    rejected: int


Heard = Callable[[Mind, Asset, ev.Event], None]
"""Told every event after its desk has taken it, to look and not to touch."""


class InProcess:
    """State: the world as a source, and who writes down what is made of it."""

    def __init__(
        self,
        settings: Settings,
        world: WorldSettings,
        heard: Heard | None = None,
        model: ev.ModelLoaded | None = None,
        told: Callable[[int, str, str | ev.Event], None] | None = None,
        journal: PlayedJournal | None = None,
    ) -> None:
        """`model`, `told`: as `Drive` and `WorldSource` take them. `journal`: where lines go as
        they come; kept in memory and given at the end where there is none."""
        self._lines: list[bytes] = []
        self._source = WorldSource(settings, world, told)
        listening = [] if heard is None else [_Listening(heard)]
        writing = JournalSink(settings.journal, self._lines if journal is None else journal)
        self._drive = Drive(settings, self._source, [*listening, writing], model=model)

    def play(self) -> Played:
        """Run until every asset has settled the rounds that the settings ask for."""
        driven = self._drive.play()
        return Played(driven.mind, driven.venue, self._lines, self._source.rejected)


@frozen
class _Listening:
    """A `Sink` for whoever asks for no more than this."""

    tell: Heard

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        self.tell(mind, asset, event)


def play(
    settings: Settings,
    *,
    seed: int,
    start_ns: int,
    intervals: tuple[Interval, ...],
    heard: Heard | None = None,
) -> Played:
    """A session of `settings.session.rounds` rounds against a world of its own, of the sort that
    `settings.demo` asks for."""
    assets = settings.session.assets
    world = world_of(
        settings.demo, seed=seed, start_ns=start_ns, assets=assets, intervals=intervals
    )
    return InProcess(settings, world, heard).play()
