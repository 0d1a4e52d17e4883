"""One session of virtual time, recorded once for all who watch it; and no log while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from quiet_log import quiet_log
from recorded_session import Recorded, record
from trio.testing import MockClock

__all__ = ["quiet_log"]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A round from before its open to behind its settlement, with what a terminal
    was shown at odd moments."""
    folder: Path = tmp_path_factory.mktemp("watched") / "20261120-200000-demo-1"
    # Undone before anybody else's test: a journey in this process dials for real.
    with pytest.MonkeyPatch.context() as patch:
        return trio.run(record, patch, folder, clock=MockClock(autojump_threshold=0))
