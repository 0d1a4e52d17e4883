"""A session brings its winners home and melts its pairs, through the venue's relayer or a node:
once, whoever dies in between, and the money is the venue's to the millionth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
from live_engine import LiveEngine, open_live_engine, open_live_venue
from live_venue import LiveVenue, venue_of
from quoting_ladder import live_settings
from trio.testing import MockClock

from polytui.config.schema import Settings
from polytui.execution.client import WORK_CONFIRMED, WORK_MEANT, WORK_MINED, WORK_SUBMITTED
from polytui.model.errors import Unknown
from polytui.model.events import PairsMerged, WinnersRedeemed
from polytui.model.units import MICRO
from polytui.sim.exchange.auto_redeemer import RedeemerSettings
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.venues.polymarket.wallet import WalletType

pytestmark = pytest.mark.trio
WORLD = "a world"
NOBODY_ELSE = OnChainSettings(redeemer=RedeemerSettings(is_at_work=False))
"""The venue's own redeemer is not at work: what comes home we brought."""
SOON = {"within_s": 20.0, "look_every_s": 2.0, "merge_pairs_usd": 5.0}


def settings(**more: Any) -> Settings:
    return live_settings(redeem={**SOON, **more})


async def wins(engine: LiveEngine) -> None:
    """Trades, until a round in which it held something is settled."""
    there = engine.there
    account = engine.session.mind.account
    with trio.fail_after(900):
        while not account.of(engine.runs[0].asset).rounds_settled:
            for one in there.working():
                there.meet(one.order_id, 6 * MICRO)
            await trio.sleep(1.0)


async def is_home(engine: LiveEngine) -> None:
    """Everything that was won so far, and nothing is under way."""
    redeemer = engine.execution.redeemer
    assert redeemer is not None
    unredeemed = engine.execution.unredeemed
    with trio.fail_after(300):
        while redeemer.log.open or unredeemed.waiting or redeemer.log.owed:
            await trio.sleep(0.5)


def told(engine: LiveEngine, kind: type) -> list[Any]:
    return [one for one in engine.told.all_of(kind)]


@pytest.mark.parametrize("kind", list(WalletType), ids=lambda kind: kind.label)
async def test_whatever_the_wallet_its_winners_come_home_and_its_pairs_are_melted(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: WalletType
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    venue = venue_of(8.0, on_chain=NOBODY_ELSE)
    async with open_live_venue(monkeypatch, venue):
        venue.take_wallet(kind)
        armed = venue.arm_with_relayer()
        async with open_live_engine(venue, tmp_path / "a", settings(), armed=armed) as engine:
            await wins(engine)
            await is_home(engine)
            await engine.rest()
            engine.check()
            assert not engine.session.errors
            assert not engine.session.mind.account.moves.total, "every dollar is explained"
            redeemer = engine.execution.redeemer
            assert redeemer is not None
            assert redeemer.done
            print(kind, redeemer.done, [one.intent.works for one in redeemer.log.ended.values()])
