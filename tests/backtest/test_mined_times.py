"""Which trade of a session came with which block, of what its desks were told."""

from __future__ import annotations

from small_world import make_round

from polytui.backtest.latency import SampledLatencies
from polytui.backtest.mined_times import Mined, MinedTimes
from polytui.config.schema import PaperSettings
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

ROUND = make_round(1_795_204_800 * NS_PER_S)
UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL


def way(up: int = 0, down: int = 0, usd: int = 0) -> ev.InTransit:
    return ev.InTransit(ROUND.slug, Shares(up * MICRO), Shares(down * MICRO), Usd(usd))


def fill(order_id: str, shares: int, outcome: Outcome = UP, side: Side = BUY) -> ev.Filled:
    price, fee = Price(500_000), Usd(1_000)
    token = ROUND.token_of(outcome)
    return ev.Filled(
        order_id, f"{order_id}-t", price, Shares(shares * MICRO), fee, True, token, side
    )


def told(*events: ev.Event) -> list[Mined]:
    """A second apart, from the round's listing on."""
    times, found = MinedTimes(), list[Mined]()
    for at_s, event in enumerate((ev.RoundFound(ROUND), *events)):
        found += times.hear(event, at_s * NS_PER_S)
    return found


def mined(order_id: str, filled_s: int, after_s: int) -> Mined:
    return Mined(order_id, filled_s * NS_PER_S, after_s * NS_PER_S)


def test_a_block_is_that_of_the_trade_by_which_less_is_on_its_way() -> None:
    """The second is in a block before the first."""
    found = told(way(5), fill("a", 5), way(12), fill("b", 7), way(5), way())
    assert found == [mined("b", 4, 1), mined("a", 2, 4)]


def life(*in_transit: ev.InTransit, asset: Asset = ROUND.asset) -> ev.DeskOpened:
    return ev.DeskOpened(asset, 2, Usd(0), in_transit=in_transit)


def test_a_block_between_two_lives_is_no_block_that_was_seen() -> None:
    """A new life knows what is on its way by its opening, and hears fills that waited for it."""
    assert told(way(5), fill("a", 5), life(), way(3), fill("b", 3), way()) == [mined("b", 5, 1)]
    assert told(life(way(5)), fill("a", 5), way()) == [mined("a", 2, 1)]
    both = told(way(5), fill("a", 5), way(12), fill("b", 7), life(way(7)), way())
    assert both == [mined("b", 4, 2)]
    assert told(way(5), fill("a", 5), life(asset=Asset.XRP), way()) == [mined("a", 2, 2)]


def test_of_two_that_brought_as_much_the_older_is_first() -> None:
    found = told(way(5), fill("a", 5), way(10), fill("b", 5), way(5), way())
    assert found == [mined("a", 2, 3), mined("b", 4, 2)]


def test_parts_of_one_transaction_come_together() -> None:
    times = MinedTimes()
    events = (ev.RoundFound(ROUND), way(8), fill("a", 3), fill("a", 5))
    for event in events:
        assert times.hear(event, NS_PER_S) == []
    times.hear(way(10), NS_PER_S)
    times.hear(fill("b", 2), NS_PER_S)
    assert times.hear(way(2), 4 * NS_PER_S) == [mined("a", 1, 3)] * 2
    assert times.hear(way(), 5 * NS_PER_S) == [mined("b", 1, 4)]


def test_a_sale_waits_with_its_dollars_and_the_other_side_with_its_own_shares() -> None:
    usd = 5 * MICRO // 2 - 1_000
    sold = told(way(usd=usd), fill("s", 5, UP, SELL), way(0, 4, usd), fill("d", 4, DOWN), way(0, 4))
    assert sold == [mined("s", 2, 3)]


def test_where_nothing_was_said_to_be_on_its_way_no_block_is_waited_for() -> None:
    assert told(fill("a", 5), way(3), fill("b", 3), way()) == [mined("b", 3, 1)]


def test_what_was_measured_is_what_is_drawn_and_the_settings_where_nothing_was() -> None:
    waited = (3 * NS_PER_S, 7 * NS_PER_S)
    drawn = SampledLatencies(PaperSettings(), (1,), waited)
    assert {drawn.mined_ns("o", f"t{number}") for number in range(40)} == set(waited)
    plain = SampledLatencies(PaperSettings(mined_least_s=5.0, mined_most_s=5.0), (1,))
    assert plain.mined_ns("o", "t") == 5 * NS_PER_S
