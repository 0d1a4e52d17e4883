"""A match on paper is no share before its block: nothing of it is sold, nor spent, until then."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from test_paper_simulator import BUY, FAK, NEAR, ROUND, SELL, UP, Table, fills, micro

from polytui.config.schema import PaperSettings
from polytui.execution.latency import Latencies
from polytui.execution.paper_transit import PaperWord
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd

MINED = evolve(NEAR, mined_least_s=4.0, mined_most_s=4.0)
MINED_MS = 4_000.0
SLUG = ROUND.slug


def awaited(up: float = 0.0, down: float = 0.0, usd: int = 0) -> ev.InTransit:
    return ev.InTransit(SLUG, Shares(micro(up)), Shares(micro(down)), Usd(usd))


def bought(shares: float = 10.0) -> Table:
    """So many shares of Up, a moment ago."""
    table = Table(settings=MINED)
    order = table.send(BUY, 0.52, shares)
    told = table.after(150)
    assert [type(one) for one in told] == [ev.Accepted, ev.InTransit, ev.Filled]
    assert told[1] == awaited(shares), "told before the fill that brings it"
    assert order.order_id == told[2].order_id
    return table


def test_what_was_bought_is_sold_when_a_block_has_it_and_not_before() -> None:
    table = bought()
    early = table.send(SELL, 0.50, 10, tif=FAK)
    (refused,) = table.after(150)
    assert refused == ev.Refused(early.order_id, "not enough balance: 0 of 10000000")
    assert table.after(MINED_MS - 151) == []
    assert table.after(1) == [awaited()]
    table.send(SELL, 0.50, 10, tif=FAK)
    assert fills(table.after(150)) == [(micro(0.50), micro(10))]
    assert table.held == {}


def test_what_is_here_already_can_be_sold_while_more_is_on_its_way() -> None:
    table = bought()
    table.after(MINED_MS)
    table.move(SELL, 0.52, 100)
    table.send(BUY, 0.52, 5)
    assert awaited(5) in table.after(150)
    more, all_of_it = table.send(SELL, 0.51, 10), table.send(SELL, 0.51, 5)
    told = table.after(150)
    assert ev.Accepted(more.order_id) in told
    assert ev.Refused(all_of_it.order_id, "not enough balance: 0 of 5000000") in told


def test_what_a_sale_brought_is_spent_when_a_block_has_it_and_not_before() -> None:
    table = bought()
    table.after(MINED_MS)
    free = table.account.free
    table.send(SELL, 0.50, 10, tif=FAK)
    told = table.after(150)
    (fill,) = [one for one in told if isinstance(one, ev.Filled)]
    brings = micro(5.0) - fill.fee
    assert awaited(usd=brings) in told
    assert (table.account.free, table.account.cash) == (free, free + brings)
    assert table.after(MINED_MS) == [awaited()]
    assert table.account.free == free + brings


def test_who_rested_waits_for_a_block_as_well() -> None:
    table = Table(settings=MINED)
    table.resting(BUY, 0.51, 10, is_post_only=True)
    told = table.print_trade(SELL, 0.50, 200)
    assert [type(one) for one in told] == [ev.InTransit, ev.Filled]
    assert table.after(MINED_MS) == [awaited()]


def test_what_a_taker_met_at_two_prices_is_one_transaction() -> None:
    table = Table(settings=MINED)
    table.show([(0.50, 100)], [(0.52, 4), (0.53, 100)])
    table.send(BUY, 0.53, 10)
    told = table.after(150)
    assert [type(one) for one in told] == [ev.Accepted, ev.InTransit, ev.Filled, ev.Filled]
    assert told[1] == awaited(10)
    assert table.after(MINED_MS) == [awaited()]


def test_a_desk_that_begins_anew_is_told_and_its_blocks_come() -> None:
    table = bought()
    assert table.simulator.cancel_at_once() == 0
    assert table.simulator.opening(Asset.BTC, 2).in_transit == (awaited(10),)
    assert table.after(MINED_MS) == [awaited()]
    assert table.simulator.opening(Asset.BTC, 3).in_transit == ()


def test_a_round_that_is_settled_before_the_block_is_paid_to_the_millionth() -> None:
    table = bought()
    cash = table.account.cash
    table.settle(UP)
    assert table.account.cash == cash + micro(10)
    assert table.after(MINED_MS) == [awaited()]
    assert table.account.free == table.account.cash


_ASKED = st.lists(
    st.tuples(
        st.sampled_from(Side), st.sampled_from(Outcome), st.integers(1, 30), st.integers(0, 6)
    ),
    max_size=20,
)


@given(_ASKED)
def test_a_desk_knows_what_the_exchange_would_sell_and_in_the_end_everything_is_here(
    asked: list[tuple[Side, Outcome, int, int]],
) -> None:
    table, said = Table(settings=evolve(MINED, mined_least_s=1.0)), awaited()
    for side, outcome, shares, seconds in asked:
        table.show([(0.50, 1_000)], [(0.52, 1_000)])
        price = 0.60 if side is BUY else 0.40
        table.send(side, price, shares, outcome, FAK)
        said = _newest(table.after(149.999999), said)
        here = table.held.get(outcome, 0) - said.shares(outcome)
        told = [*table.after(0.000001), *table.after(1_000 * seconds)]
        is_short = any("not enough balance" in getattr(one, "detail", "") for one in told)
        if side is SELL and shares >= ROUND.min_shares / MICRO:
            assert is_short is (micro(shares) > here)
        said = _newest(told, said)
        (now,) = table.simulator.opening(Asset.BTC, 2).in_transit or (awaited(),)
        assert now == said
    table.after(5_000)
    assert table.simulator.opening(Asset.BTC, 2).in_transit == ()
    assert table.account.free == table.account.cash


def _newest(told: list[PaperWord], said: ev.InTransit) -> ev.InTransit:
    return next((one for one in reversed(told) if isinstance(one, ev.InTransit)), said)


def test_blocks_are_drawn_by_trade_between_the_least_and_the_most() -> None:
    latencies = Latencies(PaperSettings())
    drawn = [latencies.mined_ns("o", f"o-t{number}") for number in range(500)]
    assert drawn == [latencies.mined_ns("p", f"o-t{number}") for number in range(500)]
    assert min(drawn) >= 2 * NS_PER_S
    assert max(drawn) <= 10 * NS_PER_S
    assert abs(sum(drawn) / len(drawn) - PaperSettings().mined_ns) < NS_PER_S / 2
    assert len(set(drawn)) > 490
