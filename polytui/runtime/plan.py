"""What a command line asks of an engine. Apart from the engine: a terminal that starts one as its
child plans it as well, and would wait for all of it to be loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from polytui.config.schema import Settings
from polytui.runtime.chaos import PlannedFault
from polytui.runtime.sudden_death import PlannedDeath
from polytui.sim.server.urls import Urls

if TYPE_CHECKING:
    from polytui.execution.arming import Armed, Unarmed
    from polytui.runtime.status import StatusConsole


@frozen
class Plan:
    """What a command line asks of the engine."""

    mode: str
    settings: Settings
    folder: Path
    """Made new for this session: journal, logs, summary."""
    socket: Path | None = None
    is_owned: bool = False
    config: Path | None = None
    """Where the settings came from, watched for changes; a venue of ours reads the same."""
    prices: Path | None = None
    armed: Armed | Unarmed | None = None
    """With whose wallet it trades live, or only signs; None for every other mode."""
    is_on_paper: bool = False
    """A demo whose orders the venue never hears of."""
    venue: Urls | None = None
    """A simulated venue that runs already, and outlives the session; None for one of our own."""
    is_fresh: bool = False
    """Begin anew, whatever the session before left, with a new account on paper."""
    chaos: tuple[PlannedFault, ...] = ()
    death: PlannedDeath | None = None
    """Where the process is to kill itself."""
    status: StatusConsole | None = field(default=None)
    """Where the status line goes; None for a session that a terminal watches."""
