"""A file of trades that is being written when the terminal ends."""

from __future__ import annotations

from pathlib import Path

from polytui.model.query import Query, Subject
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
