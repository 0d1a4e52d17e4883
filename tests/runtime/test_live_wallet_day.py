"""Two folders of one wallet have one day: its limits, its kill switch and its pauses go on."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import venue_of
from quoting_ladder import live_settings
from trio.testing import MockClock

from polytui.backtest.replay import replay_journal
from polytui.config.state_folder import IN_USE
from polytui.model.errors import Blocked
from polytui.model.events import Action, RiskStateRestored
from polytui.model.instrument import Asset

pytestmark = pytest.mark.trio
WORLD = "a world"


def day_of(engine: LiveEngine) -> tuple[int, int, int]:
    """(trades, result, below its highest) of today."""
    account = engine.session.mind.account
    left = account.risk_state(engine.there.clock.now_ns())
    return left.trades_today, left.realised_today, left.realised_peak


def is_replayed(folder: Path) -> bool:
    verdict = replay_journal(folder, is_verifying=True)
    print(verdict.text())
    return verdict.is_equal and verdict.is_verified


async def test_the_day_goes_on_in_another_folder_and_back(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    venue = venue_of(8.0)
    async with open_live_venue(monkeypatch, venue):
        async with open_live_engine(venue, tmp_path / "here/a", world=WORLD) as first:
            await first.trade(3)
            with pytest.raises(Blocked) as refused:
                async with open_live_engine(venue, tmp_path / "there/x", world=WORLD):
                    pass
            assert refused.value.tag == IN_USE
            assert "(a, process" in str(refused.value)
            await first.session.hub.command(Action.PAUSE, "btc", "test")
            await first.rest()
        had = day_of(first)
        assert had[0] > 0
        # No more than one other trade fits into the day, wherever it is made.
        few = live_settings(risk={"max_trades_per_day": had[0] + 1})
        async with open_live_engine(venue, tmp_path / "there/b", few, world=WORLD) as second:
            assert second.session.goes_on is None, "of that folder it is the first"
            assert day_of(second) == had
            asset = second.session.mind.account.of(Asset.BTC)
            assert asset.is_paused
            assert second.session.mind.account.kill_switch.is_on
            await second.rearm()
            await second.session.hub.command(Action.RESUME, "btc", "test")
            await second.until(lambda: day_of(second)[0] == had[0] + 1)
            await trio.sleep(20)
            assert day_of(second)[0] == had[0] + 1
            await second.rest()
        then = day_of(second)
        async with open_live_engine(venue, tmp_path / "here/c", few, world=WORLD) as third:
            assert third.session.goes_on is not None
            assert third.session.goes_on.continues.session == "a"
            assert day_of(third) == then
            await trio.sleep(20)
            assert day_of(third)[0] == then[0]
    (_, heard), *_ = second.events(RiskStateRestored)
    assert (heard.trades_today, heard.realised_today) == had[:2], "its journal has it"
    assert "counters of the day go on from the last session" in second.texts()
    said = "the last session of this wallet was {}: the counters of its day go on here"
    assert said.format("a") in second.texts()
    assert said.format("b") in third.texts()
    for folder in ("here/a", "there/b", "here/c"):
        assert is_replayed(tmp_path / folder)
