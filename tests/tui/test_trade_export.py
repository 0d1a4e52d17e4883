"""A file of trades that is being written when the terminal ends, or a recording goes elsewhere."""

from __future__ import annotations

from pathlib import Path

from polytui.model.link import Forget
from polytui.model.query import Query, Subject
from polytui.tui.state import TerminalState
from polytui.tui.trade_export import TradeExport


def test_a_terminal_that_ends_leaves_nothing_half(tmp_path: Path) -> None:
    export = TradeExport()
    export.begin(Query(1, Subject.BLOTTER), tmp_path, 0.0, lambda query: True)
    assert list(tmp_path.iterdir())
    export.end()
    assert not export.is_running
    assert list(tmp_path.iterdir()) == []
    export.end()
    assert export.words == "not written: the terminal ended"


def test_a_recording_that_goes_elsewhere_leaves_nothing_half(tmp_path: Path) -> None:
    state = TerminalState()
    state.export.begin(Query(1, Subject.BLOTTER), tmp_path, 0.0, lambda query: True)
    assert list(tmp_path.iterdir())
    state.hear(Forget(), 0.1)
    assert list(tmp_path.iterdir()) == []
    assert (state.export.is_running, state.export.words) == (False, "")
