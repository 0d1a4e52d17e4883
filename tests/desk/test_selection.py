"""Who may trade, who is the strongest, and what keeps both outcomes of a round apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.deciding import StrategySettings
from polytui.desk.selection import Candidate, coherence_block, may_trade, outbid, strongest
from polytui.ledger.attribution import NOBODY, StrategyPosition
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Order, OrderState, Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.strategy.proposal import Proposal

UP, DOWN = Outcome.UP, Outcome.DOWN
BUY, SELL = Side.BUY, Side.SELL


def bids(strategy: str, edge_bps: float | None, confidence: float | None) -> Candidate:
    return Candidate(strategy, Proposal((), Why(Reason.NONE), UP, edge_bps, confidence))


def stake_of(outcome: Outcome, shares: float = 7.5, strategy: str = "somebody") -> StrategyPosition:
    return StrategyPosition(strategy, outcome, Shares(round(shares * MICRO)), Usd(4 * MICRO), 1)


def order_of(
    outcome: Outcome,
    side: Side = BUY,
    state: OrderState = OrderState.LIVE,
    filled: float = 0.0,
) -> WorkingOrder:
    """Ten shares, less what was filled."""
    order = Order(
        order_id=f"{outcome.value} {side.value}",
        slug="a round",
        token_id=outcome.value,
        outcome=outcome,
        side=side,
        price=Price(600_000),
        shares=Shares(10 * MICRO),
        tif=TimeInForce.GTC,
        is_post_only=False,
        strategy="somebody",
        placed_ns=1,
    )
    return WorkingOrder(order, state, filled=Shares(round(filled * MICRO)))


# --- who may trade ----------------------------------------------------------------------------

BTC, ETH, M5, H1 = Asset.BTC, Asset.ETH, Interval.M5, Interval.H1


@pytest.mark.parametrize(
    ("assets", "intervals", "may"),
    [
        ((), (), True),  # where none is named, all are
        ((BTC,), (), True),
        ((ETH,), (), False),
        ((ETH, BTC), (), True),
        ((), (M5,), True),
        ((), (H1,), False),
        ((), (H1, M5), True),
        ((BTC,), (M5,), True),
        ((BTC,), (H1,), False),
        ((ETH,), (M5,), False),
        ((ETH,), (H1,), False),
    ],
)
def test_a_strategy_trades_where_its_settings_say(
    assets: tuple[Asset, ...], intervals: tuple[Interval, ...], may: bool
) -> None:
    enabled = StrategySettings(is_enabled=True, assets=assets, intervals=intervals)
    assert may_trade(enabled, BTC, M5) is may
    disabled = StrategySettings(is_enabled=False, assets=assets, intervals=intervals)
    assert may_trade(disabled, BTC, M5) is False


# --- the strongest ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ([bids("one", 200.0, 0.5), bids("two", 100.0, 0.9)], "one"),  # 100 against 90
        ([bids("one", 200.0, 0.4), bids("two", 100.0, 0.9)], "two"),  # more edge, less of both
        ([bids("one", 100.0, 0.8), bids("two", 100.0, 0.9)], "two"),
        ([bids("one", 100.0, 0.9), bids("two", 101.0, 0.9)], "two"),
        ([bids("one", 300.0, 0.5), bids("two", 200.0, 0.75)], "one"),  # equal
        ([bids("one", 0.0, 1.0), bids("two", 300.0, 0.5), bids("three", 200.0, 0.75)], "two"),
        ([bids("one", None, 1.0), bids("two", 1.0, 0.1)], "two"),  # without an edge no weight
        ([bids("one", 500.0, None), bids("two", 1.0, 0.1)], "two"),
        ([bids("one", None, None)], "one"),
    ],
)
def test_the_strongest_has_most_edge_times_confidence(
    candidates: list[Candidate], name: str
) -> None:
    best = strongest(candidates)
    assert best is not None
    assert best.strategy == name


def test_of_nobody_nobody_is_the_strongest() -> None:
    assert strongest([]) is None


_BIDS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6)
"""Small whole numbers, so that many weigh the same."""


@given(_BIDS)
def test_of_equals_the_first_is_the_strongest(numbers: list[tuple[int, int]]) -> None:
    weights = [edge * confidence for edge, confidence in numbers]
    candidates = [bids(str(i), float(e), float(c)) for i, (e, c) in enumerate(numbers)]
    best = strongest(iter(candidates))
    assert best is candidates[weights.index(max(weights))]


def test_who_is_outbid_is_told_by_whom_and_how_far() -> None:
    why = outbid(bids("weak", 200.0, 0.25), bids("strong", 400.0, 0.75))
    assert why == Why(Reason.OUTBID, 50.0, 300.0, "bps x confidence of strong")
    assert why.text() == "better signal elsewhere: 50 < 300 bps x confidence of strong"


# --- one side only ----------------------------------------------------------------------------


def block(
    outcome: Outcome, working: Sequence[WorkingOrder] = (), held: Sequence[StrategyPosition] = ()
) -> Why | None:
    return coherence_block(outcome, working, held)


@pytest.mark.parametrize("wanted", [UP, DOWN])
def test_nothing_held_and_nothing_working_is_in_nobodys_way(wanted: Outcome) -> None:
    assert block(wanted) is None


@pytest.mark.parametrize("wanted", [UP, DOWN])
@pytest.mark.parametrize("strategy", ["somebody", NOBODY])
def test_a_stake_of_the_other_outcome_blocks_whoever_holds_it(
    wanted: Outcome, strategy: str
) -> None:
    expected = Why(Reason.OTHER_SIDE_HELD, 7.5, 0.0, "shares")
    assert block(wanted, held=[stake_of(wanted.other, strategy=strategy)]) == expected
    assert block(wanted, held=[stake_of(wanted, strategy=strategy)]) is None


def test_the_least_stake_of_the_other_outcome_blocks() -> None:
    why = block(UP, held=[stake_of(UP), stake_of(DOWN, shares=0.01)])
    assert why == Why(Reason.OTHER_SIDE_HELD, 0.01, 0.0, "shares")
    # What the whole cents of a purchase left without its pair.
    assert block(UP, held=[stake_of(UP), stake_of(DOWN, shares=0.009999)]) is None


@pytest.mark.parametrize("wanted", [UP, DOWN])
def test_a_working_buy_of_the_other_outcome_blocks(wanted: Outcome) -> None:
    expected = Why(Reason.OTHER_SIDE_HELD, 10.0, 0.0, "shares on order")
    assert block(wanted, [order_of(wanted.other)]) == expected
    assert block(wanted, [order_of(wanted)]) is None


@pytest.mark.parametrize("wanted", [UP, DOWN])
@pytest.mark.parametrize("sold", [UP, DOWN])
def test_a_working_sale_of_either_outcome_blocks_nothing(wanted: Outcome, sold: Outcome) -> None:
    assert block(wanted, [order_of(sold, SELL)]) is None


@pytest.mark.parametrize("state", [state for state in OrderState if state.is_working])
def test_a_buy_that_may_still_fill_blocks_whatever_is_known_of_it(state: OrderState) -> None:
    assert block(UP, [order_of(DOWN, state=state)]) is not None


def test_the_rest_of_a_buy_that_filled_in_part_is_the_number() -> None:
    why = block(UP, [order_of(DOWN, filled=7.5)])
    assert why == Why(Reason.OTHER_SIDE_HELD, 2.5, 0.0, "shares on order")


def test_one_order_in_the_way_is_found_behind_those_that_are_not() -> None:
    harmless = [order_of(UP), order_of(UP, SELL), order_of(DOWN, SELL)]
    assert block(UP, harmless, [stake_of(UP)]) is None
    why = block(UP, [*harmless, order_of(DOWN)], [stake_of(UP)])
    assert why == Why(Reason.OTHER_SIDE_HELD, 10.0, 0.0, "shares on order")


def test_what_is_held_is_said_before_what_is_on_order() -> None:
    why = block(UP, [order_of(DOWN)], [stake_of(DOWN)])
    assert why == Why(Reason.OTHER_SIDE_HELD, 7.5, 0.0, "shares")
