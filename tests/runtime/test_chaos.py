"""The plan of faults: every bad part names itself, every good one comes once."""

from __future__ import annotations

import pytest
import trio
from virtual_engine import VirtualClock

from polytui.desk.account import Account
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.runtime.chaos import Chaos, ChaosCrash, PlannedFault, parse_chaos, parse_deaths
from polytui.runtime.sudden_death import PlannedDeath, SuddenDeath


def test_a_plan_of_two() -> None:
    assert parse_chaos("crash:eth@round2, drop:all@round11") == (
        PlannedFault("crash", "eth", 2),
        PlannedFault("drop", "all", 11),
    )
    assert parse_chaos("silence:binance@round1+60sx2.5") == (
        PlannedFault("silence", "binance", 1, 60.0, 2.5),
    )


def test_what_the_engine_does_to_itself_and_what_the_markets_suffer() -> None:
    plan = "kill:all@round3,stall:btc@round1,reject:eth@round2x3,flood:sol@round1x6,"
    faults = parse_chaos(
        plan + "spread:market@round1+90sx5,divergence:market@round2,fees:market@round1"
    )
    assert [fault.is_in_engine for fault in faults] == [True] * 4 + [False] * 3
    assert [fault.is_at_venue for fault in faults] == [False] * 4 + [True] * 3
    assert [fault.seconds for fault in faults[1:4]] == [1.2, 3.0, 6.0]
    assert [fault.asset for fault in faults[:4]] == [None, Asset.BTC, Asset.ETH, Asset.SOL]
    assert parse_chaos("flood:btc@round1")[0].seconds == 8.0


@pytest.mark.parametrize("part", ["stall:btc@round1x2", "flood:btc@round1x9"])
def test_the_most_of_a_fault_is_allowed(part: str) -> None:
    assert parse_chaos(part)[0].seconds == float(part[-1])


def test_no_plan() -> None:
    assert parse_chaos("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("crash:eth", "'crash:eth' is not like crash:eth@round2"),
        ("crash:eth@round0", "'crash:eth@round0' is not like"),
        ("crash:eth@2", "'crash:eth@2' is not like"),
        ("smash:eth@round2", "use crash or one of drop, close,"),
        ("silence:kraken@round2", "kraken is none of all, market,"),
        ("silence:binance@round2+5", "is not like"),
        ("crash:eth@round2;drop:all@round1", "is not like"),
        ("crash:doge@round2", "doge is none of btc, eth, sol, xrp"),
        ("crash:all@round2", "all is none of btc, eth, sol, xrp"),
        ("drop:eth@round2", "eth is none of all, market,"),
        ("crash:eth@round1,nonsense", "'nonsense' is not like"),
        ("crash:eth@round1,", "'' is not like"),
        (",", "'' is not like"),
        ("stall:btc@round1x2.01", "a stall may be x2 at most"),
        ("flood:btc@round1x9.1", "a flood may be x9 at most"),
        ("stall:all@round1", "all is none of btc, eth, sol, xrp"),
        ("kill:btc@round1", "btc is none of all"),
        ("spread:btc@round1", "btc is none of market"),
        ("divergence:all@round1", "all is none of market"),
        ("fees:binance@round1", "binance is none of market"),
    ],
)
def test_a_bad_part_names_itself(text: str, words: str) -> None:
    with pytest.raises(Fatal) as caught:
        parse_chaos(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("kind", ["crash", "stall", "reject", "flood"])
def test_a_fault_that_could_never_come_is_refused(kind: str) -> None:
    with pytest.raises(Fatal, match="eth is not traded in this session"):
        parse_chaos(f"{kind}:eth@round1", (Asset.BTC,))


def account_at(**rounds: int) -> Account:
    account = Account()
    for name, count in rounds.items():
        account.of(Asset(name)).rounds_opened += count
    return account


def a_chaos(plan: str) -> Chaos:
    return Chaos(list(parse_chaos(plan)), VirtualClock(0))  # type: ignore[arg-type]


@pytest.mark.trio
async def test_a_crash_waits_for_its_round_and_happens_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    account, chaos = account_at(btc=5, eth=1), a_chaos("crash:eth@round2")
    with trio.move_on_after(10) as patience:
        await chaos.crash_when_due(Asset.ETH, account)
    assert patience.cancelled_caught, "only rounds of its own asset count"
    account.of(Asset.ETH).rounds_opened += 1
    with pytest.raises(ChaosCrash, match="round 2"):
        await chaos.crash_when_due(Asset.ETH, account)
    await chaos.crash_when_due(Asset.ETH, account)


@pytest.mark.trio
async def test_a_drop_is_due_with_the_first_asset_that_is_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    chaos = a_chaos("drop:all@round2")
    assets = (Asset.BTC, Asset.ETH)
    assert await chaos.next_network_fault(account_at(btc=1, eth=2), assets) == PlannedFault(
        "drop", "all", 2
    )
    assert await chaos.next_network_fault(account_at(btc=9), assets) is None, "none is left"


@pytest.mark.trio
async def test_weather_comes_so_long_after_its_round_has_opened(
    autojump_clock: trio.testing.MockClock,
) -> None:
    chaos, began = a_chaos("gap:bybit@round1+30sx4"), trio.current_time()
    fault = await chaos.next_network_fault(account_at(btc=1), (Asset.BTC,))
    assert fault == PlannedFault("gap", "bybit", 1, 30.0, 4.0)
    assert 30.0 <= trio.current_time() - began < 30.2


@pytest.mark.trio
async def test_each_asker_gets_its_own_kinds_and_each_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    chaos = a_chaos("stall:eth@round1,spread:market@round1,kill:all@round1,crash:btc@round1")
    account, assets = account_at(btc=1, eth=1), (Asset.BTC, Asset.ETH)
    asked = [await chaos.next_fault(account, assets) for _ in range(3)]
    assert [fault and fault.kind for fault in asked] == ["stall", "kill", None]
    faults = [await chaos.next_network_fault(account, assets) for _ in range(2)]
    assert [fault and fault.kind for fault in faults] == ["spread", None]
    assert [fault.kind for fault in chaos.faults] == ["crash"]


@pytest.mark.trio
async def test_a_stall_waits_for_the_round_of_its_own_asset(
    autojump_clock: trio.testing.MockClock,
) -> None:
    chaos, account = a_chaos("stall:eth@round2"), account_at(btc=5, eth=1)
    with trio.move_on_after(10) as patience:
        await chaos.next_fault(account, (Asset.BTC, Asset.ETH))
    assert patience.cancelled_caught
    account.of(Asset.ETH).rounds_opened += 1
    assert await chaos.next_fault(account, (Asset.BTC, Asset.ETH)) == PlannedFault(
        "stall", "eth", 2, 0, 1.2
    )


def test_a_process_that_kills_itself_is_planned_beside_other_faults() -> None:
    text = "kill9:btc@order-sent#3, crash:eth@round2,kill9:all@segment-turning"
    assert [fault.kind for fault in parse_chaos(text)] == ["crash"]
    first, second = parse_deaths(text)
    assert first == PlannedDeath("order-sent", "btc", 3)
    assert second == PlannedDeath("segment-turning", "", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kill9:btc@lunch", "lunch is none of order-sent, half-filled"),
        ("kill9:doge@order-sent", "doge is no asset, and not all"),
        ("kill9:btc@segment-turning", "all assets have one journal, say kill9:all@segment-turning"),
    ],
)
def test_a_death_that_cannot_be_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(Fatal, match=says):
        parse_chaos(text)


def test_it_dies_at_the_right_passing_of_the_right_asset() -> None:
    death = SuddenDeath(PlannedDeath("order-sent", "btc", 2))
    assert not death.is_at("order-sent", "eth")
    assert not death.is_at("half-filled", "btc")
    assert not death.is_at("order-sent", "btc")
    assert death.is_at("order-sent", "btc")
