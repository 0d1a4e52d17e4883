"""No sequence of events breaks a limit, even if everything that works fills; and each limit is
reached: with fees, two assets and two intervals.

For each there are days on which it is the only tight one. The audit finds it kept, as near as an
order can come to it; and broken on the same days where its row is taken out of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve, fields, frozen
from audit import Broken
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ASSETS, FAR, LOOSE, WORLD_EVENTS, World, WorldEvent, a_busy_day, lived, under

from polytui.config.deciding import StrategySettings
from polytui.config.schema import RiskSettings, Settings
from polytui.model.effects import Reason
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Price, Shares
from polytui.risk import limits
from polytui.strategy.proposal import QuoteSet, QuotingStrategy, Rung, View

LOT_USD = 10_100
"""Millionths that a hundredth of a share costs at most, with its fee; less room than that is
none."""
DAYS = 12
"""Enough for each; most are through after one or two."""


class Ladder:
    """Two buys an outcome below what the book bids, so that they move with it."""

    name = "ladder"

    def thresholds(self, settings: Settings) -> StrategySettings:
        return StrategySettings(is_enabled=True)

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        prices = [
            (outcome, number, Price(view.side(outcome).best_bid - (1 + number) * 10_000))
            for outcome in Outcome
            for number in range(2)
        ]
        return QuoteSet(
            tuple(
                Rung(f"{one.value}-{number}", Quote(one, Side.BUY, price, Shares(6 * MICRO)))
                for one, number, price in prices
                if price > 0
            )
        )


@frozen
class Tight:
    """One limit that is soon reached."""

    name: str
    value: float
    reason: Reason
    least_left: float = 0.0
    """Room that an entry left: millionths of a dollar, or a number of things, at most."""
    cash_usd: float = 1_000.0
    maker: QuotingStrategy | None = None

    @property
    def settings(self) -> Settings:
        risk = LOOSE if self.name == "cash" else evolve(LOOSE, **{self.name: self.value})
        return under(risk, self.cash_usd)


TIGHT = (
    Tight("max_order_usd", 7.0, Reason.LIMIT_ORDER, LOT_USD),
    Tight("max_position_usd", 13.0, Reason.LIMIT_POSITION, LOT_USD),
    Tight("max_round_usd", 13.0, Reason.LIMIT_ROUND, LOT_USD),
    Tight("max_net_usd", 13.0, Reason.LIMIT_NET, LOT_USD),
    Tight("max_asset_usd", 23.0, Reason.LIMIT_ASSET, LOT_USD),
    Tight("max_closing_usd", 33.0, Reason.LIMIT_CLOSING, LOT_USD),
    Tight("max_account_usd", 35.0, Reason.LIMIT_ACCOUNT, LOT_USD),
    Tight("max_daily_loss_usd", 47.0, Reason.LIMIT_DAILY_LOSS, LOT_USD),
    Tight("cash", 0.0, Reason.LIMIT_CASH, LOT_USD, cash_usd=53.0),
    Tight("max_open_positions", 2, Reason.LIMIT_OPEN),
    Tight("max_interval_positions", 1, Reason.LIMIT_OPEN_INTERVAL),
    Tight("max_asset_positions", 1, Reason.LIMIT_OPEN_ASSET),
    Tight("max_working_orders", 1, Reason.LIMIT_ORDERS),
    Tight("max_orders_per_round", 3, Reason.LIMIT_ROUND_ORDERS),
    Tight("max_rungs_per_round", 7, Reason.LIMIT_ROUND_RUNGS, maker=Ladder()),
    Tight("max_trades_per_day", 4, Reason.LIMIT_TRADES),
    Tight("max_drawdown_usd", 11.0, Reason.LIMIT_DRAWDOWN, 10.0),
    Tight("max_drawdown_pct", 1.1, Reason.LIMIT_DRAWDOWN_PCT, 1.0),
    Tight("max_losses_in_a_row", 1, Reason.LIMIT_LOSSES, 1),
)
every_limit = pytest.mark.parametrize("tight", TIGHT, ids=lambda tight: tight.name)


def test_there_is_a_day_for_every_limit() -> None:
    assert {tight.name for tight in TIGHT} == {field.name for field in fields(RiskSettings)} | {
        "cash"
    }
    exposure = World.begin().mind.desks[ASSETS[0]].exposure(0)
    everything = limits.limits_used(exposure, limits.Limits(Settings()))
    assert {tight.reason.value for tight in TIGHT} == {used.name for used in everything}


def days_of(tight: Tight) -> Iterator[World]:
    for seed in range(1, DAYS + 1):
        makers = () if tight.maker is None else (tight.maker,)
        yield lived(a_busy_day(seed), tight.settings, *makers)


@every_limit
def test_each_limit_is_reached_and_kept(tight: Tight) -> None:
    """At it, as near as an order can come; under it, with many; over it, when it is the reason."""
    entries, said, left = 0, set[Reason](), list[Any]()
    for world in days_of(tight):
        entries += world.audit.entries
        said |= world.said()
        left.append(world.audit.nearest.get(tight.name, FAR))
        if entries >= 5 and tight.reason in said and min(left) <= tight.least_left:
            return
    pytest.fail(f"{entries} entries, {min(left)} left, {sorted(said)}")


@every_limit
def test_without_its_row_each_limit_is_broken(
    tight: Tight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same days: what the audit says of them hangs on this row of the table alone."""
    less = [row for row in limits.LIMITS if row.reason is not tight.reason]
    assert len(less) == len(limits.LIMITS) - 1
    monkeypatch.setattr(limits, "LIMITS", tuple(less))
    with pytest.raises(Broken, match=f"^{tight.name}: "):
        list(days_of(tight))


DOLLARS = st.sampled_from([5.0, 12.5, 20.01, 33.333333, FAR])
ONES = st.sampled_from([1, 2, 3, 100])
RISKS = st.builds(
    RiskSettings,
    max_order_usd=DOLLARS,
    max_position_usd=DOLLARS,
    max_round_usd=DOLLARS,
    max_net_usd=DOLLARS,
    max_asset_usd=DOLLARS,
    max_closing_usd=DOLLARS,
    max_account_usd=DOLLARS,
    max_open_positions=ONES,
    max_interval_positions=ONES,
    max_asset_positions=ONES,
    max_working_orders=ONES,
    max_orders_per_round=ONES,
    max_rungs_per_round=ONES,
    max_trades_per_day=ONES,
    max_daily_loss_usd=DOLLARS,
    max_drawdown_usd=DOLLARS,
    max_drawdown_pct=st.sampled_from([0.5, 2.5, 100.0]),
    max_losses_in_a_row=ONES,
)


@settings(deadline=None)
@given(st.lists(WORLD_EVENTS, max_size=50), RISKS, st.sampled_from([20.0, 60.0, 1_000.0]))
def test_any_limits_hold_whatever_happens(
    world_events: list[WorldEvent], risk: RiskSettings, cash_usd: float
) -> None:
    lived(world_events, under(risk, cash_usd))
