"""What an account says of its money reaches a desk, whichever of them live."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from live_bench import LiveBench, live_bench
from trio.testing import MockClock

from polytui.execution.client import Execution
from polytui.execution.live import LiveExecution, open_live
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.instrument import Asset
from polytui.model.units import MICRO

pytestmark = pytest.mark.trio


async def _deposit(bench: LiveBench, execution: Execution, dollars: int) -> None:
    assert isinstance(execution, LiveExecution)
    bench.venue.fund(bench.wallet.funder.lower(), dollars)
    await execution.account.refresh_collateral()
    await trio.sleep(300)


async def test_money_is_told_to_a_desk_that_lives_and_waits_where_none_does(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asset is halted: its desk was opened and hears nothing any more."""
    async with live_bench(monkeypatch) as bench, open_live(bench.needs()) as execution:
        halted, lives = execution.client(Asset.BTC), execution.client(Asset.ETH)
        await _deposit(bench, execution, 5)  # nobody lives
        await halted.open(1)
        opened, told = await lives.open(1), list[Any]()
        _, performed = trio.open_memory_channel[Effect](1)
        async with trio.open_nursery() as life:
            life.start_soon(lives.run, performed, told.append)
            await trio.sleep(1)
            (moved,) = [one for one in told if isinstance(one, ev.CashMoved)]
            assert moved.amount == 5 * MICRO
            assert opened.cash == 1_000 * MICRO  # it is told by the move alone
            assert len([one for one in told if isinstance(one, ev.Reconciled)]) < 5
            told.clear()
            await _deposit(bench, execution, 7)
            (moved,) = [one for one in told if isinstance(one, ev.CashMoved)]
            assert moved.amount == 7 * MICRO
            assert [one for one in told if isinstance(one, ev.Reconciled)]
            life.cancel_scope.cancel()
