"""What a key has traded in a month, as taker and as maker."""

from __future__ import annotations

from attrs import evolve

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import Price, Shares, Usd
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade
from polytui.sim.exchange.volumes import Volumes

DAY_NS = 86_400 * 10**9
NOW_NS = 20_000 * DAY_NS


def part(api_key: str, usd: int) -> MakerPart:
    return MakerPart(
        "0x1", api_key, "0xb", "2", Outcome.DOWN, Side.BUY, Price(600_000), Shares(10), Usd(usd),
        Usd(1),
    )  # fmt: skip


TRADE = VenueTrade(
    "t", "0x0", "anna", "0xa", "slug", "0xc", "1", Outcome.UP, Side.BUY, Price(400_000),
    Shares(10_000_000), Usd(4_000_000), Usd(0), NOW_NS, NOW_NS,
    (part("bela", 2_000_000), part("", 3_000_000), part("bela", 1_000_000)),
)  # fmt: skip


def of(*trades: VenueTrade) -> Volumes:
    volumes = Volumes()
    for trade in trades:
        volumes.add(trade)
    return volumes


def test_both_sides_of_a_trade_count_what_they_paid() -> None:
    assert of(TRADE, TRADE).month_usd("anna", NOW_NS) == 8_000_000
    assert of(TRADE).month_usd("bela", NOW_NS) == 3_000_000
    assert of(TRADE).month_usd("cleo", NOW_NS) == 0
    assert of(TRADE).month_usd("", NOW_NS) == 0
    both = evolve(TRADE, taker_api_key="bela")
    assert of(both).month_usd("bela", NOW_NS) == 7_000_000


def test_thirty_days_count_and_what_failed_does_not() -> None:
    volumes = of(TRADE)
    assert volumes.month_usd("anna", NOW_NS + 31 * DAY_NS - 1) == 4_000_000
    assert volumes.month_usd("anna", NOW_NS + 31 * DAY_NS) == 0
    late_ns = NOW_NS + 31 * DAY_NS
    volumes.add(evolve(TRADE, matched_ns=late_ns))
    assert volumes.month_usd("anna", late_ns) == 4_000_000
    assert volumes.month_usd("anna", NOW_NS) == 4_000_000, "the first one's day is gone"
    volumes.take_back(evolve(TRADE, matched_ns=late_ns))
    assert volumes.month_usd("anna", late_ns) == 0
