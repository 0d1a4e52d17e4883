"""A crash stays inside its asset; three of them halt it; the others never notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import EAGER, QUIET, VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.execution.client import ExecutionClient
from polytui.execution.paper_client import PaperClient
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import (
    Action,
    CashKind,
    CashMoved,
    DeskOpened,
    FeedDown,
    InTransit,
    RoundFound,
    RoundOpened,
    RoundSettled,
    SettingsChanged,
    Ticked,
)
from polytui.model.instrument import Asset
from polytui.model.snapshot import AssetState, FeedState
from polytui.model.units import Shares, Usd
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import InboxFull, Item

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH
BOTH = {"assets": (BTC, ETH)}


def poison(engine: VirtualEngine, asset: Asset) -> None:
    """An event that no desk survives: settings that are not JSON."""
    engine.run_of(asset).inbox.insist(Item(SettingsChanged("nonsense")))


async def test_three_crashes_halt_an_asset_and_its_sibling_lives_on(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = ",".join(["crash:eth@round1"] * 3)
    folder = tmp_path / "s"
    async with open_engine(
        monkeypatch, folder, quick_settings(session=BOTH), starts_before_s=3, chaos=plan
    ) as engine:
        btc, eth = engine.run_of(BTC), engine.run_of(ETH)
        await engine.until(lambda: eth.state is AssetState.HALTED)
        with pytest.raises(Rejected, match="eth is halted: restart the engine, then resume it"):
            await engine.session.hub.command(Action.RESUME, "eth", "test")
        seen = engine.session.mind.seq
        await trio.sleep(10)
        assert engine.session.mind.seq > seen, "BTC goes on"
        assert (btc.life, btc.state, eth.life) == (1, None, 3)
        assert [feed.state for feed in eth.feeds.values()] == [FeedState.DOWN] * 6
    crashes = [n.at_ns for n in engine.notices if n.text.startswith("crashed: ChaosCrash")]
    first_s, second_s = ((b - a) / 1e9 for a, b in pairwise(crashes))
    assert 0.5 <= first_s < 1.0, "the first backoff is half a second"
    assert 1.0 <= second_s < 1.5, "and then it doubles"
    assert engine.session.errors[-1].startswith("eth: halted: 3 crashes")
    assert len(engine.events(DeskOpened)) == 1 + 3 + 1, "the last one for the books alone"
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_money_of_the_account_outlives_the_asset_that_was_told_of_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session=BOTH, supervision={"max_crashes": 1})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=30) as engine:
        eth = engine.run_of(ETH)
        await engine.until(lambda: len(eth.followed) > 0)
        before = engine.session.mind.account.cash
        poison(engine, ETH)
        eth.deliver_report(CashMoved(CashKind.DEPOSIT, Usd(5_000_000), "key", 1))
        await engine.until(lambda: eth.state is AssetState.HALTED)
        assert engine.session.mind.account.cash == before + 5_000_000
    assert replay_journal(tmp_path / "s", is_verifying=True).is_equal


async def test_what_is_on_its_way_is_told_anew_and_what_the_life_before_was_told_is_not_believed(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The block that took it came while no desk listened, and is told to nobody any more."""
    folder, settings = tmp_path / "s", quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, folder, settings, starts_before_s=30) as engine:
        run = engine.run_of(BTC)
        await engine.until(lambda: len(run.followed) > 0)
        slug = next(iter(run.followed))
        poison(engine, BTC)
        run.deliver_report(InTransit(slug, Shares(5_000_000)))
        await engine.until(lambda: run.life == 2 and run.state is None)
        await trio.sleep(2)
        assert engine.session.mind.account.of(BTC).arrivals.awaited == {}
    assert engine.events(InTransit) == []
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_crashes_that_lie_apart_do_not_halt(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = ",".join(["crash:btc@round1"] * 3)
    settings = quick_settings(session={"assets": (BTC,)}, supervision={"window_s": 0.7})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=3, chaos=plan
    ) as engine:
        run = engine.run_of(BTC)
        await engine.until(lambda: run.life == 4 and run.state is None)
    assert run.state is AssetState.STOPPED


async def test_what_broke_a_desk_is_journaled_and_breaks_the_replay_at_the_same_place(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    settings = quick_settings(session=BOTH)
    async with open_engine(monkeypatch, folder, settings, starts_before_s=30) as engine:
        eth = engine.run_of(ETH)
        await engine.until(lambda: len(eth.followed) > 0)
        poison(engine, ETH)
        await engine.until(lambda: eth.life == 2 and eth.state is None)
        await trio.sleep(5)
    raised = [record for record in engine.records() if record.raised]
    assert [(r.asset, r.raised.split(":")[0]) for r in raised] == [("eth", "JSONDecodeError")]
    verdict = replay_journal(folder, is_verifying=True)
    assert verdict.is_equal, verdict.text()
    assert verdict.checkpoints >= 2


async def test_an_order_on_its_way_does_not_outlive_its_desk(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    slow = {"ack_delay_ms": 5_000, "taker_delay_ms": 5_000}
    settings = quick_settings(session={"assets": (BTC,)}, paper=slow, **EAGER)
    async with open_engine(monkeypatch, folder, settings, starts_before_s=20) as engine:
        run, asset_account = engine.run_of(BTC), engine.session.mind.account.of(BTC)
        await engine.until(lambda: run.client.has_working_orders)
        assert asset_account.working == 1
        poison(engine, BTC)
        await engine.until(lambda: run.life == 2 and run.state is None)
        assert not run.client.has_working_orders
        assert asset_account.working == 0
        assert engine.account.traded == 0
    assert any("1 orders cancelled" in text for text in engine.texts("btc"))
    assert replay_journal(folder, is_verifying=True).is_equal


class Stubborn(PaperClient):
    """On paper, and its venue does not cancel as it should."""

    how: Callable[[], Awaitable[None]]

    async def cancel_all(self) -> int:
        await self.how()
        return 0


def ends_with(client: ExecutionClient, how: Callable[[], Awaitable[None]]) -> Stubborn:
    assert isinstance(client, PaperClient)
    stubborn = Stubborn(client.asset, client.simulator, client.clock)
    stubborn.how = how
    return stubborn


async def test_a_new_life_asks_through_the_clients_of_the_last_one(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pace, bans and warm connections are the venue's to count by address, not by life or asset."""
    settings = quick_settings(session=BOTH)
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        pools = engine.tree.surroundings.pools
        await engine.until(lambda: all(len(run.followed) > 0 for run in engine.runs))
        before = dict(pools._clients)
        asked = {host: http.requests for host, http in before.items()}
        poison(engine, ETH)
        await engine.until(lambda: engine.run_of(ETH).life == 2)
        await trio.sleep(10)
        assert pools._clients == before
        gamma = engine.session.settings.endpoints.gamma
        assert before[gamma].requests > asked[gamma]
    assert len(before) == len(set(map(id, before.values())))


async def test_a_client_that_does_not_answer_holds_no_new_life_up(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its orders may still work then: said, and the opening of the next life tells."""
    settings = quick_settings(session={"assets": (BTC,)}, execution={"cancel_all_s": 2.0})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        run = engine.run_of(BTC)
        await engine.until(lambda: len(run.followed) > 0)
        sound = run.client
        run.client = ends_with(sound, trio.sleep_forever)
        began = trio.current_time()
        poison(engine, BTC)
        await engine.until(lambda: run.life == 2 and run.state is None)
        assert trio.current_time() - began < 4.0
        run.client = sound
    assert any("orders may still work: no answer within 2 s" in one for one in engine.texts("btc"))


@pytest.mark.parametrize("error", [Retry("busy"), Unknown("lost"), Rejected("HTTP 403")])
async def test_a_cancel_that_fails_after_a_crash_is_said_and_survived(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: Exception,
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        run = engine.run_of(BTC)
        await engine.until(lambda: len(run.followed) > 0)

        async def fails() -> None:
            await trio.lowlevel.checkpoint()
            raise error

        sound = run.client
        run.client = ends_with(sound, fails)
        poison(engine, BTC)
        await engine.until(lambda: run.life == 2 and run.state is None)
        run.client = sound
    assert any(f"orders may still work: {error}" in one for one in engine.texts("btc"))


async def test_a_halted_asset_reserves_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    settings = quick_settings(
        session={"assets": (BTC,)},
        paper={"ack_delay_ms": 5_000, "taker_delay_ms": 5_000},
        supervision={"max_crashes": 1},
        **EAGER,
    )
    async with open_engine(monkeypatch, folder, settings, starts_before_s=20) as engine:
        run, account = engine.run_of(BTC), engine.session.mind.account
        await engine.until(lambda: run.client.has_working_orders)
        assert (account.working_orders, account.free_cash < account.cash) == (1, True)
        poison(engine, BTC)
        await engine.until(lambda: run.state is AssetState.HALTED)
        assert (account.working_orders, account.free_cash) == (0, account.cash)
    assert replay_journal(folder, is_verifying=True).is_equal


async def test_a_new_life_follows_the_same_rounds_and_counts_them_once(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,), "rounds": 1})
    async with open_engine(
        monkeypatch,
        tmp_path / "s",
        settings,
        starts_before_s=5,
        chaos="crash:btc@round1",
        messages=QUIET / 5,
    ) as engine:
        await engine.is_over.wait()
    assert engine.session.stop_reason == "1 rounds are settled"
    slug = next(e.slug for _, e in engine.events(RoundOpened) if not e.is_late)
    opened = [e for _, e in engine.events(RoundOpened) if e.slug == slug]
    assert [event.is_late for event in opened] == [False, True]
    assert len([e for _, e in engine.events(RoundFound) if e.round.slug == slug]) >= 2
    assert engine.session.mind.account.of(BTC).rounds_settled == 1
    assert engine.account.cash == engine.session.mind.account.cash


async def test_a_settlement_that_a_crash_swallowed_is_asked_for_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The event that breaks a desk is not taken again, and it may be the winner's name."""
    settings = quick_settings(session={"assets": (BTC,)})
    broken: list[str] = []
    step = DeskLoop._step

    def break_once(self: DeskLoop, item: Item, now_ns: int, *, is_last: bool) -> object:
        if isinstance(item.event, RoundSettled) and not broken:
            broken.append(item.event.source)
            raise RuntimeError("a fault in the very moment")
        return step(self, item, now_ns, is_last=is_last)

    monkeypatch.setattr(DeskLoop, "_step", break_once)
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=5) as engine:
        await engine.until(lambda: bool(broken))
        assert not engine.has_settled(BTC)
        await engine.until(lambda: engine.has_settled(BTC))
    assert engine.run_of(BTC).life == 2
    assert engine.account.cash == engine.session.mind.account.cash


async def test_a_pause_survives_a_crash(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, starts_before_s=5, messages=QUIET / 5
    ) as engine:
        await engine.session.hub.command(Action.PAUSE, "btc", "test")
        poison(engine, BTC)
        await engine.until(lambda: engine.run_of(BTC).life == 2)
        await trio.sleep(120)
        assert engine.session.mind.account.of(BTC).orders == 0
        assert engine.session.mind.account.of(BTC).is_paused


async def test_a_crash_takes_the_feeds_down_before_the_next_life_believes_them(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=5) as engine:
        await trio.sleep(2)
        poison(engine, BTC)
        await engine.until(lambda: engine.run_of(BTC).life == 2)
        await trio.sleep(2)
    downs = [event for _, event in engine.events(FeedDown) if event.detail == "its asset crashed"]
    assert {event.feed for event in downs} == {
        "book",
        "rtds",
        "polybolt",
        "binance",
        "bybit",
        "coinbase",
    }


async def test_a_full_inbox_is_a_crash_and_not_silence(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)}, queues={"inbox": 2_000})
    async with open_engine(monkeypatch, tmp_path / "s", settings, starts_before_s=5) as engine:
        run = engine.run_of(BTC)
        await trio.sleep(2)
        with suppress(InboxFull):
            for number in range(2_001):
                run.inbox.put(Item(Ticked(number)), wakes=False)
        await engine.until(lambda: run.life == 2 and run.state is None)
    assert "InboxFull" in engine.session.errors[0]
    assert "raise queues.inbox or lower the load" in engine.session.errors[0]
