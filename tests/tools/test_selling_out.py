"""What is sold at the venue without an engine: no pair, and nothing twice."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from live_bench import LiveBench, live_bench, live_desk
from small_world import START_NS, make_round
from trio.testing import MockClock

from polytui.execution.arming import arm_simulated
from polytui.model.errors import Unknown
from polytui.model.instrument import Outcome
from polytui.model.orders import TimeInForce
from polytui.model.units import MICRO, Price, Shares
from polytui.tools.held_positions import HeldPosition, PositionState
from polytui.tools.selling_out import SellingOut, unpaired, why_not
from polytui.venues.polymarket.signing import OrderSigner

HELD = HeldPosition(
    make_round(START_NS), Outcome.UP, Shares(0), PositionState.OPEN, None, Price(400_000)
)
amounts = st.integers(0, 50).map(lambda shares: Shares(shares * MICRO))


@given(up=amounts, down=amounts)
def test_pairs_are_kept_and_the_rest_is_sold(up: Shares, down: Shares) -> None:
    held = [evolve(HELD, shares=up), evolve(HELD, shares=down, outcome=Outcome.DOWN)]
    kept_up, kept_down = (one.shares for one in unpaired(held))
    assert (kept_up, kept_down) == (up - min(up, down), down - min(up, down))


def test_a_pair_is_no_failure_and_is_named() -> None:
    pair = [evolve(HELD, shares=9 * MICRO), evolve(HELD, shares=9 * MICRO, outcome=Outcome.DOWN)]
    assert {why_not(one).partition(":")[0] for one in unpaired(pair)} == {
        "every share has its pair"
    }


def test_what_is_decided_has_no_pairs() -> None:
    won = evolve(HELD, shares=Shares(9 * MICRO), state=PositionState.REDEEMABLE)
    lost = evolve(won, outcome=Outcome.DOWN, state=PositionState.LOST)
    assert unpaired([won, lost]) == [won, lost]


# --- what a look proves ---------------------------------------------------------------------------


@attrs.define
class Account:
    """As much of a `VenueAccount` as one order takes."""

    orders: Any
    wallet: Any
    clock: Any


async def sent(bench: LiveBench, asked: list[str]) -> int:
    """How much of an order for 6 shares, all of them there, the seller takes for matched."""
    async with live_desk(bench) as desk:
        account = Account(desk.execution.account, bench.wallet, bench.clock)
        armed = arm_simulated(bench.wallet, None, [])
        order = bench.an_order(price=0.50, shares=6, tif=TimeInForce.FAK)
        signed = OrderSigner(bench.wallet).sign(order, bench.venue.round)
        before = len(bench.requests)
        try:
            return await SellingOut(account, armed)._sent(signed)
        finally:
            asked += bench.requests[before:]


def unseen(bench: LiveBench, looks: int, *, is_lost: bool, is_heard: bool = True) -> None:
    """The venue shows nothing of an order to so many looks; what it said of it may be lost, or what
    was said to it."""
    left = [looks]

    async def before(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/order") and not is_heard:
            raise httpx.ReadError("the line was cut", request=request)
        if "/data/order/" in request.url.path and left[0]:
            left[0] -= 1
            return httpx.Response(200, content=b"null")
        return None

    async def after(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/order") and is_lost:
            raise httpx.ReadError("the line was cut", request=request)
        return None

    bench.spoil, bench.after = before, after


@pytest.mark.trio
@pytest.mark.parametrize("is_lost", [True, False])
async def test_one_look_that_finds_nothing_does_not_sell_twice(
    is_lost: bool, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 6)
        unseen(bench, 1, is_lost=is_lost)
        assert await sent(bench, []) == 6 * MICRO


@pytest.mark.trio
async def test_two_looks_five_seconds_apart_say_that_it_never_came(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        unseen(bench, 0, is_lost=False, is_heard=False)
        asked: list[str] = []
        assert await sent(bench, asked) == 0
        assert len([one for one in asked if "/data/order/" in one]) == 2


@pytest.mark.trio
async def test_what_the_venue_took_and_does_not_show_is_nobodys_guess(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_bench(monkeypatch) as bench:
        bench.venue.sell_shown(0.50, 6)
        unseen(bench, 9, is_lost=False)
        with pytest.raises(ExceptionGroup) as ended:
            await sent(bench, [])
        assert ended.value.split(Unknown)[1] is None
