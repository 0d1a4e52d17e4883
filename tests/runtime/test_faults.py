"""What the engine does to itself when a plan says so: felt where a breaker looks, and once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio
from virtual_engine import VirtualClock, open_session, paper_client

from polytui.config.schema import PaperSettings, Settings
from polytui.model.effects import Place, Stamp
from polytui.model.errors import Rejected
from polytui.model.events import Action, Refused, Report, Ticked
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_MS, Price, Shares, Usd
from polytui.runtime.asset import AssetRun
from polytui.runtime.chaos import Chaos, parse_chaos
from polytui.runtime.faults import Faults, flood
from polytui.runtime.inbox import Inbox

pytestmark = pytest.mark.trio


def a_run(asset: Asset = Asset.BTC, limit: int = 100) -> AssetRun:
    # At the venue's door: what it does is told to the millisecond.
    near = PaperSettings(order_latency_ms=0.0, answer_latency_ms=0.0)
    clock = VirtualClock(0)
    return AssetRun(asset, clock, paper_client(clock, asset, near, 0.0), Inbox(limit))  # type: ignore[arg-type]


@pytest.mark.parametrize(("share", "waiting"), [(0.5, 50), (0.9, 90), (0.0, 0)])
async def test_a_flood_fills_so_much_of_the_inbox(share: float, waiting: int) -> None:
    run = a_run()
    flood(run, share)
    assert run.inbox.waiting == waiting
    assert run.inbox.fullest_share() == share
    assert all(isinstance(item.event, Ticked) for item in run.inbox.take_nowait())


async def test_what_waits_already_counts_and_nothing_is_ever_lost() -> None:
    run = a_run()
    flood(run, 0.6)
    flood(run, 0.5)
    assert run.inbox.waiting == 60
    flood(run, 0.9)
    assert run.inbox.waiting == 90


async def test_a_flood_wakes_whoever_waits(autojump_clock: trio.testing.MockClock) -> None:
    run = a_run()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def take() -> None:
            with trio.fail_after(1):
                assert len(await run.inbox.batch()) == 80

        await trio.testing.wait_all_tasks_blocked()
        flood(run, 0.8)


async def test_a_stall_holds_the_next_decision_and_no_other() -> None:
    run, decided = a_run(), list[float]()
    run.begin_life(lambda: decided.append(time.perf_counter()))
    run.stall_s = 0.05
    began = time.perf_counter()
    assert not decided, "between frames nobody could see it"
    run.deliver_frame([Ticked(1)], time.perf_counter_ns())
    assert decided[0] - began >= 0.05
    assert run.stall_s == 0.0


def faults_of(tmp_path: Path, *runs: AssetRun, says_no: bool = False) -> tuple[Faults, list[str]]:
    session = open_session(VirtualClock(0), tmp_path, Settings())
    heard: list[str] = []

    async def obey(action: Action, asset: str, origin: str) -> object:
        await trio.lowlevel.checkpoint()
        heard.append(f"{action.value} {asset or 'all'} {origin}")
        if says_no:
            raise Rejected("it is restarting")
        return ()

    return Faults(session, runs, obey), heard


async def make(faults: Faults, plan: str) -> None:
    for run in faults.runs:
        faults.session.mind.account.of(run.asset).rounds_opened += 1
    try:
        clock = faults.session.clock
        await faults.make_when_due(Chaos(list(parse_chaos(plan)), clock))
    finally:
        faults.session.journal.close()


@pytest.mark.parametrize("says_no", [False, True])
async def test_a_kill_is_a_command_whose_origin_is_chaos(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, says_no: bool
) -> None:
    faults, heard = faults_of(tmp_path, a_run(), says_no=says_no)
    await make(faults, "kill:all@round1")
    assert heard == ["kill all chaos"], "and a refusal of it does not end the session"


async def test_only_the_named_asset_suffers(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    btc, eth = a_run(), a_run(Asset.ETH)
    faults, _ = faults_of(tmp_path, btc, eth)
    await make(faults, "flood:eth@round1x7,stall:eth@round1")
    assert (btc.inbox.waiting, eth.inbox.waiting) == (0, 70)
    assert (btc.stall_s, eth.stall_s) == (0.0, 1.2)


async def test_hands_refuse_for_real_seconds_of_the_session(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    run = a_run()
    run.clock.speed = 20.0  # type: ignore[misc, union-attr]
    faults, _ = faults_of(tmp_path, run)
    await make(faults, "reject:btc@round1x3")
    just_before, at = (sent_to(run, 60_000 - _ACK_MS - early_ms) for early_ms in (1, 0))
    assert just_before == [Refused("o-1", "chaos: the venue refuses orders")]
    assert at == [Refused("o-1", "the orderbook does not exist")], "as it would be without chaos"


_ACK_MS = Settings().paper.ack_delay_ms


def sent_to(run: AssetRun, at_ms: int) -> list[Report]:
    """What becomes of an order for a round that nobody lists."""
    order = Order(
        "o-1", "no-round", "token", Outcome.UP, Side.BUY, Price(500_000), Shares(5_000_000),
        TimeInForce.GTC, False, "test", 0,
    )  # fmt: skip
    run.client.simulator.perform(Place(order, Stamp.grant(order.quote, Usd(0))), at_ms * NS_PER_MS)
    return run.client.simulator.advance((at_ms + _ACK_MS) * NS_PER_MS)
