"""Whatever ten strangers, the crowd and trouble do, the venue's books and accounts add up."""

from __future__ import annotations

import random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import RULES, Strangers, audit_the_end

from polytui.sim.exchange.rules import ExchangeRules

ORDERS = 4_000
MANY = 10_000

_TOLD = evolve(RULES, is_delay_told=True, is_unmatched_told=True, news_ms=400)


@given(st.data(), st.integers(0, 3), st.sampled_from([RULES, _TOLD]))
@settings(deadline=None, max_examples=max(settings().max_examples // 4, 1))
def test_whatever_is_done_everything_adds_up(
    data: st.DataObject, seed: int, rules: ExchangeRules
) -> None:
    strangers = Strangers(lambda bound: data.draw(st.integers(0, bound - 1)), seed, rules)
    for _ in range(data.draw(st.integers(1, 30))):
        strangers.step()
    strangers.come_to_rest()
    audit_the_end(strangers)


@pytest.mark.parametrize("orders", [ORDERS, pytest.param(MANY, marks=pytest.mark.long)])
def test_thousands_of_orders_of_ten_strangers_add_up(orders: int) -> None:
    strangers = Strangers(random.Random(15).randrange, 15)
    while strangers.placed < orders:
        strangers.step()
    strangers.come_to_rest()
    audit_the_end(strangers)
    # It means something only where all of it happened.
    trades = strangers.exchange.every_trade()
    statuses = {trade.status.value for trade in trades}
    assert statuses == {"CONFIRMED", "FAILED"}
    both = [trade for trade in trades if len(trade.api_keys) > 1]
    kinds = {
        (trade.side, part.outcome is trade.outcome)
        for trade in both
        for part in trade.maker_parts
        if part.api_key
    }
    assert len(kinds) == 4, "bought, sold, minted and melted between strangers"
    assert any(not trade.taker_api_key for trade in trades), "the crowd took"
    ends = {told[-1].order.status.value for told in strangers.orders_told.values()}
    assert ends >= {
        "MATCHED",
        "CANCELED",
        "CANCELED_MARKET_RESOLVED",
        "CANCELED_EXPIRED_ORDER",
        "CANCELED_NOT_ENOUGH_BALANCE",
    }
    assert strangers.exchange.rebates
