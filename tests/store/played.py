"""A real demo session, played in this process into a folder: made once for all who look at it."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import evolve, frozen

from polytui.backtest.inprocess import InProcess
from polytui.backtest.played_journal import PlayedJournal
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.journal.codec import FORMAT, Header
from polytui.journal.log import JournalLog
from polytui.model.instrument import Asset
from polytui.runtime.modes import MODES
from polytui.runtime.summary import money_summary
from polytui.sim_world import world_settings

ASSETS = (Asset.BTC, Asset.ETH)
FEW = 0.01
"""Messages, a quarter of what is usual: they are of every kind, and nobody here counts them."""
NAME = "20261126-180000-demo-1"


@frozen
class PlayedSession:
    folder: Path
    mind: Mind
    summary: dict[str, Any]

    def copied(self, directory: Path, name: str = NAME) -> Path:
        """A folder of one's own, to be spoiled."""
        return Path(shutil.copytree(self.folder, directory / name))


@cache
def played_session() -> PlayedSession:
    settings = MODES["demo"].adapted(Settings(), Settings())
    settings = evolve(
        settings,
        session=evolve(settings.session, rounds=1, assets=ASSETS),
        demo=evolve(settings.demo, messages=FEW),
        journal=evolve(settings.journal, checkpoint_every=1_000, digest_every=1_000),
    )
    world = world_settings(settings, settings.session.intervals, None)
    folder = Path(mkdtemp()) / NAME
    header = Header(FORMAT, "0", "demo", NAME, world.start_ns, settings.demo.seed)
    journal = PlayedJournal(JournalLog(folder, header, settings.journal))
    played = InProcess(settings, world, journal=journal).play()
    assert journal.close() == ""
    summary = money_summary(played.mind.account, ASSETS, played.venue, settings.claims)
    return PlayedSession(folder, played.mind, summary)
