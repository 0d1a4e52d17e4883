"""Our bot and two official clients in one book for two rounds; `make trio` is the same for twenty,
where each of them must also have taken from each."""

from __future__ import annotations

import pytest
import trio

from benchmarks.strangers.clients import CLOB, UNIFIED
from benchmarks.three_traders.__main__ import trade


@pytest.mark.long
@pytest.mark.skipif(
    bool(CLOB.absent() or UNIFIED.absent()),
    reason=f"two official clients are needed: {CLOB.absent()}; {UNIFIED.absent()}",
)
def test_everybodys_trades_agree() -> None:
    played = trio.run(trade, 2, 1, 2.0)
    assert played.faults == []
    assert all(played.agreement.legs[name] for name in played.names)
