"""When a stake must be left, which way, and why it cannot be: every threshold from both sides."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_views import evolve

from polytui.config.deciding import ExitSettings, StrategySettings
from polytui.ledger.attribution import StrategyPosition
from polytui.market.features import NO_FEATURES
from polytui.model.amounts import are_amounts_exact
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.units import (
    LOT,
    MICRO,
    NS_PER_S,
    Price,
    Shares,
    Usd,
    cost_of,
    floor_to_lot,
    proceeds_of,
)
from polytui.strategy.exits import first_exit, leave, value_of_leaving
from polytui.strategy.proposal import OutcomeView, Proposal, View

UP, DOWN = Outcome.UP, Outcome.DOWN
NOW_NS = 1_795_204_800 * NS_PER_S
FREE = FeeSchedule(rate_ppm=0)
THRESHOLDS = StrategySettings(min_edge_bps=150.0)
EXITS = ExitSettings(take_profit=0.25, stop_loss=0.18, before_close_s=20.0, max_hold_s=0.0)
FLATTEN = Why(Reason.FORCED_EXIT)
STOP = Why(Reason.STOP_LOSS, 0.2, 0.18, "of its cost")


def side_of(bid: float, ask: float) -> OutcomeView:
    return OutcomeView(
        best_bid=Price(round(bid * MICRO)),
        best_ask=Price(round(ask * MICRO)),
        ask_shares=Shares(100 * MICRO),
        bid_shares=Shares(100 * MICRO),
        held=Shares(0),
        cost=Usd(0),
    )


def a_view(up: tuple[float, float], down: tuple[float, float] | None = None, **more: Any) -> View:
    """Half-way through a round without fees; Down's ladder mirrors Up's where none is given."""
    down = down or (1 - up[1], 1 - up[0])
    view = View(
        now_ns=NOW_NS,
        since_open_s=150.0,
        left_s=150.0,
        strike=100_000.0,
        price=100_010.0,
        fair_up=0.5,
        sigma=30.0,
        mean=100_010.0,
        sigma_per_sqrt_s=3.0,
        volatility=0.5,
        window_s=60,
        known=0.5,
        trust=1.0,
        book_age_ms=0,
        features=NO_FEATURES,
        predictor=None,
        up=side_of(*up),
        down=side_of(*down),
        tick=Price(10_000),
        min_shares=Shares(5 * MICRO),
        fees=FREE,
        free_cash=Usd(1_000 * MICRO),
    )
    return evolve(view, **more)


def a_stake(
    shares: float = 20, cost: float = 10.0, outcome: Outcome = UP, held_s: float = 60
) -> StrategyPosition:
    since_ns = NOW_NS - round(held_s * NS_PER_S)
    return StrategyPosition(
        "fade", outcome, Shares(round(shares * MICRO)), Usd(round(cost * MICRO)), since_ns
    )


def a_lean(outcome: Outcome | None, edge_bps: float | None) -> Proposal:
    return Proposal((), Why(Reason.OTHER_SIDE_HELD), outcome, edge_bps, 0.9)


STILL = a_view((0.50, 0.51))
"""Worth what ten dollars bought: nothing to gain, nothing to lose."""


def exit_of(
    view: View = STILL,
    stake: StrategyPosition | None = None,
    lean: Proposal | None = None,
    thresholds: StrategySettings = THRESHOLDS,
    exits: ExitSettings = EXITS,
) -> Why | None:
    return first_exit(view, stake or a_stake(), lean, thresholds, exits)


# --- must we leave? -------------------------------------------------------------------------------


def test_a_stake_worth_its_price_stays() -> None:
    assert exit_of() is None


@pytest.mark.parametrize(
    ("cost", "leaves"),
    # 20 shares bid at 0.625 are 12.50: a quarter above ten dollars
    [(9.999999, True), (10.0, True), (10.000001, False)],
)
def test_profit_is_taken_at_a_quarter_of_the_cost(cost: float, leaves: bool) -> None:
    why = exit_of(a_view((0.625, 0.635)), a_stake(cost=cost))
    assert (why is not None and why.reason is Reason.TAKE_PROFIT) is leaves
    if cost == 10.0:
        assert why == Why(Reason.TAKE_PROFIT, 0.25, 0.25, "of its cost")


@pytest.mark.parametrize(
    ("cost", "leaves"),
    # 20 shares bid at 0.41 are 8.20: 18 % below ten dollars
    [(9.999999, False), (10.0, True), (10.000001, True)],
)
def test_a_loss_is_stopped_at_eighteen_hundredths_of_the_cost(cost: float, leaves: bool) -> None:
    why = exit_of(a_view((0.41, 0.42)), a_stake(cost=cost))
    assert (why is not None and why.reason is Reason.STOP_LOSS) is leaves
    if cost == 10.0:
        assert why == Why(Reason.STOP_LOSS, 0.18, 0.18, "of its cost")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_fee_of_leaving_counts(outcome: Outcome) -> None:
    """0.42 stops nothing, but 0.42 less its fee of 0.017052 does."""
    ladder = (0.42, 0.43)
    sides = {"up": ladder} if outcome is UP else {"up": (0.57, 0.58), "down": ladder}
    assert exit_of(a_view(**sides), a_stake(outcome=outcome)) is None  # type: ignore[arg-type]
    why = exit_of(a_view(**sides, fees=FeeSchedule()), a_stake(outcome=outcome))  # type: ignore[arg-type]
    assert why is not None
    assert why.reason is Reason.STOP_LOSS
    assert why.value == pytest.approx(1 - 20 * (0.42 - 0.07 * 0.42 * 0.58) / 10)


def test_the_better_of_two_ways_is_what_a_stake_is_worth() -> None:
    """A bid of 0.40 alone would stop it; the complement at 0.55 is worth 0.45."""
    assert exit_of(a_view((0.40, 0.50), (0.40, 0.60))) is not None
    assert exit_of(a_view((0.40, 0.50), (0.40, 0.55))) is None


HOLLOW = a_view((0.30, 0.70))
"""Forty cents wide: its bid would stop what cost a half."""


@pytest.mark.parametrize(
    ("bid", "ask", "limit_bps", "waits"),
    [
        (0.40, 0.5499, 1_500.0, False),
        (0.40, 0.55, 1_500.0, False),
        (0.40, 0.5501, 1_500.0, True),
        (0.40, 0.41, 100.0, False),
        (0.40, 0.410001, 100.0, True),
        (0.40, 0.41, 99.999, True),
    ],
)
@pytest.mark.parametrize(("cost", "reason"), [(10.0, Reason.STOP_LOSS), (6.0, Reason.TAKE_PROFIT)])
def test_profit_and_loss_wait_in_a_hollow_book(
    bid: float, ask: float, limit_bps: float, waits: bool, cost: float, reason: Reason
) -> None:
    exits = evolve(EXITS, max_spread_bps=limit_bps)
    why = exit_of(a_view((bid, ask)), a_stake(cost=cost), exits=exits)
    assert (None if why is None else why.reason) == (None if waits else reason)


def test_time_and_a_signal_do_not_wait_in_a_hollow_book() -> None:
    assert exit_of(HOLLOW) is None
    late = exit_of(evolve(HOLLOW, left_s=5.0))
    assert late == Why(Reason.TIME_EXIT, 5.0, 20.0, "s left")
    old = exit_of(HOLLOW, exits=evolve(EXITS, max_hold_s=60.0))
    assert old == Why(Reason.TIME_EXIT, 60.0, 60.0, "s held")
    flipped = exit_of(HOLLOW, lean=a_lean(DOWN, 900.0))
    assert flipped == Why(Reason.SIGNAL_FLIP, 900.0, 150.0, "bps")


def test_a_book_is_hollow_for_the_outcome_whose_it_is() -> None:
    """Down at 0.40 is a price; what Up is worth nobody knows."""
    view = a_view((0.30, 0.70), (0.40, 0.42))
    why = exit_of(view, a_stake(outcome=DOWN))
    assert why is not None
    assert why.reason is Reason.STOP_LOSS
    assert exit_of(view, a_stake(outcome=UP, cost=20.0)) is None


@pytest.mark.parametrize(
    ("left_s", "limit_s", "leaves"),
    [
        (20.001, 20.0, False),
        (20.0, 20.0, True),
        (19.999, 20.0, True),
        (-3.0, 20.0, True),
        (0.0, 0.0, False),
        (-1.0, 0.0, False),
        (float("nan"), 20.0, False),
    ],
)
def test_what_is_open_leaves_before_the_close(left_s: float, limit_s: float, leaves: bool) -> None:
    why = exit_of(evolve(STILL, left_s=left_s), exits=evolve(EXITS, before_close_s=limit_s))
    assert why == (Why(Reason.TIME_EXIT, left_s, limit_s, "s left") if leaves else None)


@pytest.mark.parametrize(
    ("held_s", "limit_s", "leaves"),
    [
        (89.999, 90.0, False),
        (90.0, 90.0, True),
        (90.001, 90.0, True),
        (9_000.0, 0.0, False),
        (0.0, 0.0, False),
    ],
)
def test_no_stake_is_held_for_longer_than_allowed(
    held_s: float, limit_s: float, leaves: bool
) -> None:
    why = exit_of(stake=a_stake(held_s=held_s), exits=evolve(EXITS, max_hold_s=limit_s))
    assert why == (Why(Reason.TIME_EXIT, held_s, limit_s, "s held") if leaves else None)


@pytest.mark.parametrize(
    ("outcome", "edge_bps", "leaves"),
    [
        (DOWN, 149.999, False),
        (DOWN, 150.0, True),
        (DOWN, 150.001, True),
        (DOWN, None, False),
        (DOWN, float("nan"), False),
        (UP, 900.0, False),
        (None, 900.0, False),
    ],
)
def test_a_stake_leaves_when_its_strategy_leans_to_the_other_side_with_an_edge(
    outcome: Outcome | None, edge_bps: float | None, leaves: bool
) -> None:
    lean = a_lean(outcome, edge_bps)
    why = exit_of(lean=lean)
    assert (why is not None and why.reason is Reason.SIGNAL_FLIP) is leaves
    if edge_bps == 150.0:
        assert why == Why(Reason.SIGNAL_FLIP, 150.0, 150.0, "bps")
    assert exit_of(lean=lean, exits=evolve(EXITS, is_flip_exit=False)) is None


def test_a_stake_of_down_flips_when_its_strategy_leans_up() -> None:
    view, stake = a_view((0.49, 0.50)), a_stake(outcome=DOWN)
    assert exit_of(view, stake, a_lean(DOWN, 900.0)) is None
    why = exit_of(view, stake, a_lean(UP, 900.0))
    assert why == Why(Reason.SIGNAL_FLIP, 900.0, 150.0, "bps")


def test_the_first_reason_in_the_order_of_the_settings_is_the_one_that_is_said() -> None:
    flip, late = a_lean(DOWN, 900.0), evolve(EXITS, max_hold_s=1.0)
    gain, loss = a_view((0.70, 0.71), left_s=5.0), a_view((0.30, 0.31), left_s=5.0)
    still = evolve(STILL, left_s=5.0)

    def said(view: View, exits: ExitSettings) -> tuple[Reason, str]:
        why = exit_of(view, lean=flip, exits=exits)
        assert why is not None
        return why.reason, why.unit

    assert said(gain, late) == (Reason.TAKE_PROFIT, "of its cost")
    assert said(loss, late) == (Reason.STOP_LOSS, "of its cost")
    assert said(still, late) == (Reason.TIME_EXIT, "s left")
    assert said(STILL, late) == (Reason.TIME_EXIT, "s held")
    assert said(STILL, EXITS) == (Reason.SIGNAL_FLIP, "bps")


ALL_AT_ONCE = [
    (a_view((0.70, 0.71)), None),
    (a_view((0.30, 0.31)), None),
    (evolve(STILL, left_s=5.0), None),
    (STILL, a_lean(DOWN, 900.0)),
]


@pytest.mark.parametrize(("view", "lean"), ALL_AT_ONCE)
def test_what_is_held_to_settlement_has_no_exit(view: View, lean: Proposal | None) -> None:
    assert exit_of(view, lean=lean) is not None
    held = evolve(THRESHOLDS, is_held_to_settlement=True)
    assert exit_of(view, lean=lean, thresholds=held) is None
    assert exit_of(view, lean=lean, exits=evolve(EXITS, is_enabled=False)) is None


def test_an_empty_book_is_no_price_but_time_passes() -> None:
    nobody = a_view((0.0, 1.0))
    assert exit_of(nobody) is None
    why = exit_of(evolve(nobody, left_s=5.0))
    assert why == Why(Reason.TIME_EXIT, 5.0, 20.0, "s left")


def test_what_cost_nothing_has_neither_profit_nor_loss() -> None:
    assert exit_of(stake=a_stake(cost=0.0)) is None


# --- which way? -----------------------------------------------------------------------------------


def sale(price: float, shares: float = 20, outcome: Outcome = UP) -> Quote:
    micro = Price(round(price * MICRO)), Shares(round(shares * MICRO))
    return Quote(outcome, Side.SELL, *micro, TimeInForce.FAK)


def pair(price: float, shares: float = 20, outcome: Outcome = DOWN) -> Quote:
    micro = Price(round(price * MICRO)), Shares(round(shares * MICRO))
    return Quote(outcome, Side.BUY, *micro, TimeInForce.FAK)


@pytest.mark.parametrize("fees", [FREE, FeeSchedule()])
@pytest.mark.parametrize(
    ("bid", "complement", "quote"),
    [
        (0.45, 0.54, pair(0.54)),
        (0.45, 0.55, sale(0.45)),  # the same: cash now
        (0.45, 0.56, sale(0.45)),
        (0.0, 0.55, pair(0.55)),
        (0.45, 1.0, sale(0.45)),
        (0.01, 0.99, sale(0.01)),
        (0.99, 0.05, sale(0.99)),
        (1.0, 0.55, pair(0.55)),  # no such bid
        (0.45, 0.0, sale(0.45)),  # no such offer
    ],
)
def test_the_cheaper_way_out_and_a_sale_where_they_are_equal(
    bid: float, complement: float, quote: Quote, fees: FeeSchedule
) -> None:
    view = a_view((bid, 1.0), (0.0, complement), fees=fees)
    assert leave(view, a_stake(), STOP) == quote


def test_a_stake_of_down_is_left_by_selling_down_or_buying_up() -> None:
    stake = a_stake(outcome=DOWN)
    assert leave(a_view((0.50, 0.51), (0.49, 0.50)), stake, STOP) == sale(0.49, outcome=DOWN)
    assert leave(a_view((0.50, 0.51), (0.48, 0.50)), stake, STOP) == pair(0.51, outcome=UP)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize(
    ("bid", "ticks", "tick", "limit"),
    [
        (0.50, 0, 0.01, 0.50),
        (0.50, 1, 0.01, 0.49),
        (0.50, 3, 0.01, 0.47),
        # Never less than a tick: nothing else is a price.
        (0.03, 2, 0.01, 0.01),
        (0.03, 3, 0.01, 0.01),
        (0.03, 50, 0.01, 0.01),
        (0.01, 1, 0.01, 0.01),
        (0.004, 3, 0.001, 0.001),
        (0.004, 4, 0.001, 0.001),
    ],
)
def test_a_sale_takes_bids_some_ticks_below_the_best(
    bid: float, ticks: int, tick: float, limit: float, outcome: Outcome
) -> None:
    here, there = (bid, bid + 0.02), (0.0, 1.0)
    sides = (here, there) if outcome is UP else (there, here)
    view = a_view(*sides, tick=Price(round(tick * MICRO)))
    assert leave(view, a_stake(outcome=outcome), STOP, ticks) == sale(limit, outcome=outcome)


@pytest.mark.parametrize("ticks", [0, 1, 50])
def test_a_purchase_of_the_complement_pays_the_best_ask_and_no_more(ticks: int) -> None:
    """The venue spends what the price allows: for more of it there would be too many shares."""
    assert leave(a_view((0.45, 1.0), (0.0, 0.54)), a_stake(), STOP, ticks) == pair(0.54)


def test_which_way_is_cheaper_is_asked_at_the_best_prices() -> None:
    """A sale at 0.46 beats 0.45; that it would take 0.41 as well changes nothing."""
    view = a_view((0.46, 1.0), (0.0, 0.55))
    assert leave(view, a_stake(), STOP, 5) == sale(0.41)


def test_a_command_sells_to_whoever_bids() -> None:
    """The kill switch stops purchases; a person's way out must not depend on one."""
    view = a_view((0.30, 1.0), (0.0, 0.55))
    assert leave(view, a_stake(), STOP) == pair(0.55)
    assert leave(view, a_stake(), FLATTEN) == sale(0.30)
    assert leave(a_view((0.0, 1.0), (0.0, 0.55)), a_stake(), FLATTEN) == pair(0.55)


@pytest.mark.parametrize(
    ("shares", "quoted"),
    [(5.0, 5.0), (5.000001, 5.0), (5.009999, 5.0), (5.01, 5.01), (20.004567, 20.0)],
)
def test_all_of_it_in_whole_lots_and_never_more(shares: float, quoted: float) -> None:
    assert leave(STILL, a_stake(shares), STOP) == sale(0.50, quoted)


@pytest.mark.parametrize("shares", [4.999999, 4.99, 0.000001])
@pytest.mark.parametrize("why", [STOP, FLATTEN])
def test_too_little_to_trade_is_held_to_settlement_and_said_so(shares: float, why: Why) -> None:
    assert leave(STILL, a_stake(shares), why) == Why(Reason.DUST, shares, 5.0, "shares")


def test_nobody_on_either_side_is_a_reason() -> None:
    view = a_view((0.0, 1.0))
    assert leave(view, a_stake(), STOP) == Why(Reason.DEPTH_THIN, 0.0, 20.0, "shares")
    assert value_of_leaving(view, a_stake()) is None


@pytest.mark.parametrize(
    ("ask", "shares", "pairs"),
    [(0.05, 20, True), (0.05, 19.99, False), (0.10, 10, True), (0.10, 9.99, False)],
)
def test_a_complement_worth_less_than_a_dollar_cannot_be_bought(
    ask: float, shares: float, pairs: bool
) -> None:
    view, stake = a_view((0.0, 1.0), (0.0, ask)), a_stake(shares)
    assert isinstance(leave(view, stake, STOP), Quote) is pairs
    assert (value_of_leaving(view, stake) is not None) is pairs


@pytest.mark.parametrize(
    ("cash", "pairs"), [(8_000_000, True), (8_336_000, True), (8_335_999, False), (-1, False)]
)
def test_a_complement_beyond_the_cash_cannot_be_bought(cash: int, pairs: bool) -> None:
    """20 at 0.40 are eight dollars, and 0.336 of fee."""
    fees = FREE if cash == 8_000_000 else FeeSchedule()
    view = a_view((0.0, 1.0), (0.0, 0.40), free_cash=Usd(cash), fees=fees)
    assert isinstance(leave(view, a_stake(), STOP), Quote) is pairs


@pytest.mark.parametrize(
    ("bid", "complement", "value"),
    [
        # 20 x 0.60 less 0.07 x 0.24 x 20
        (0.60, 1.0, 12_000_000 - 336_000),
        # 20 less 20 x 0.40 less the same fee
        (0.0, 0.40, 12_000_000 - 336_000),
        (0.60, 0.40, 11_664_000),
        (0.60, 0.39, 20_000_000 - 7_800_000 - 333_060),
        (0.0, 1.0, None),
        (1.0, 0.0, None),
    ],
)
def test_the_value_of_leaving_is_after_fees(
    bid: float, complement: float, value: int | None
) -> None:
    view = a_view((bid, 1.0), (0.0, complement), fees=FeeSchedule())
    assert value_of_leaving(view, a_stake()) == value


PRICES = st.integers(0, MICRO).map(Price)
SIDES = st.builds(
    OutcomeView, PRICES, PRICES, st.just(Shares(0)), st.just(Shares(0)), st.just(Shares(0)),
    st.just(Usd(0)),
)  # fmt: skip
STAKES = st.builds(
    StrategyPosition,
    st.just("fade"),
    st.sampled_from(list(Outcome)),
    st.integers(1, 500_000_000).map(Shares),
    st.integers(0, 500_000_000).map(Usd),
    st.integers(0, NOW_NS),
)


@given(SIDES, SIDES, STAKES, st.integers(0, 600_000_000).map(Usd), st.booleans())
def test_whatever_the_book_an_exit_is_sound(
    up: OutcomeView, down: OutcomeView, stake: StrategyPosition, cash: Usd, is_forced: bool
) -> None:
    """Never more than held, never at 0 or 1 dollar, and never the dearer way."""
    view = evolve(STILL, up=up, down=down, free_cash=cash, fees=FeeSchedule())
    why = first_exit(view, stake, None, THRESHOLDS, EXITS)
    assert why is None or math.isfinite(why.value)
    quote = leave(view, stake, FLATTEN if is_forced else STOP)
    if isinstance(quote, Why):
        assert quote.reason in (Reason.DUST, Reason.DEPTH_THIN)
        return
    assert view.min_shares <= quote.shares <= stake.shares
    if quote.side is Side.SELL:
        assert quote.shares % LOT == 0
    else:
        assert are_amounts_exact(quote.price, quote.shares, view.tick)
    assert 0 < quote.price < MICRO
    assert quote.tif is TimeInForce.FAK
    assert (quote.side is Side.SELL) is (quote.outcome is stake.outcome)
    _check_no_better_way(view, stake, quote, is_forced)


def _check_no_better_way(
    view: View, stake: StrategyPosition, quote: Quote, is_forced: bool
) -> None:
    bid, ask = view.side(stake.outcome).best_bid, view.side(stake.outcome.other).best_ask
    # Compared for the whole stake; a purchase is of as much of it as whole cents buy.
    shares, fees = floor_to_lot(stake.shares), view.fees
    sold = proceeds_of(bid, shares) - fees.fee(bid, shares) if 0 < bid < MICRO else None
    cost = cost_of(ask, shares) + fees.fee(ask, shares)
    may_pair = 0 < ask < MICRO and cost_of(ask, shares) >= MICRO and cost <= view.free_cash
    if quote.side is Side.BUY:
        assert may_pair
        assert sold is None or (shares - cost > sold and not is_forced)
    else:
        assert sold is not None
        assert is_forced or not may_pair or sold >= shares - cost


@given(SIDES, SIDES, STAKES, st.integers(0, 50), st.sampled_from([1_000, 10_000, 100_000]))
def test_slippage_moves_the_limit_of_a_sale_and_nothing_else(
    up: OutcomeView, down: OutcomeView, stake: StrategyPosition, ticks: int, tick: int
) -> None:
    view = evolve(STILL, up=up, down=down, tick=Price(tick))
    firm, loose = leave(view, stake, STOP), leave(view, stake, STOP, ticks)
    if isinstance(firm, Quote) and firm.side is Side.SELL:
        firm = evolve(firm, price=Price(max(tick, firm.price - ticks * tick)))
    assert loose == firm


@given(STAKES, st.integers(1, 99))
def test_on_the_venues_one_book_both_ways_are_equal_and_it_sells(
    stake: StrategyPosition, cents: int
) -> None:
    """Buying Down at p is selling Up at 1 - p: the ladders mirror each other, and so do fees."""
    bid = Price(cents * 10_000)
    mirrored = Price(MICRO - bid)
    view = evolve(
        STILL,
        up=evolve(STILL.up, best_bid=bid, best_ask=mirrored),
        down=evolve(STILL.down, best_bid=bid, best_ask=mirrored),
        fees=FeeSchedule(),
        min_shares=Shares(LOT),
    )
    quote = leave(view, stake, STOP)
    if isinstance(quote, Quote):
        assert (quote.side, quote.price) == (Side.SELL, bid)
