"""From an opinion to a quote: the limit, its slippage, its edge, and which side has more."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_views import EAGER, a_view, edge_of, evolve, side_of, tame_views

from polytui.config.deciding import GateSettings, StrategySettings
from polytui.config.schema import Settings
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.claims import Beliefs
from polytui.market.forecast_watch import Misfit
from polytui.model.effects import Reason, Why
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, Price, Shares, Usd, cost_of, proceeds_of
from polytui.strategy.entry import (
    Valuation,
    abstain,
    better_side,
    edge_bps,
    enter,
    value_opinion,
)
from polytui.strategy.exits import first_exit
from polytui.strategy.offer import offer_of
from polytui.strategy.probit import conviction_over, z_of
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.window import EntryWindow

SETTINGS = Settings()
TO_THE_END = StrategySettings(is_held_to_settlement=True)
"""Of a strategy that the exits do not ask to leave."""


def with_slippage(ticks: int) -> Settings:
    return evolve(SETTINGS, gates=GateSettings(max_slippage_ticks=ticks))


@pytest.mark.parametrize(
    ("ask", "ticks", "limit"),
    [
        (0.51, 0, 510_000),
        (0.51, 1, 520_000),
        (0.51, 3, 540_000),
        (0.97, 3, 990_000),
        (0.98, 1, 990_000),
        (0.99, 1, 990_000),
        (0.99, 0, 990_000),
        # No side, or one that is no price: the dollar that nobody pays.
        (1.0, 1, MICRO),
        (0.0, 1, MICRO),
    ],
)
def test_the_limit_stands_some_ticks_above_the_ask(ask: float, ticks: int, limit: int) -> None:
    view = a_view(up=side_of(0.0, ask))
    assert offer_of(view, Outcome.UP, with_slippage(ticks)).limit == limit


def test_a_finer_tick_is_a_smaller_slippage() -> None:
    view = a_view(up=side_of(0.96, 0.962), tick=Price(1_000))
    assert offer_of(view, Outcome.UP, with_slippage(2)).limit == 964_000


def test_another_fee_is_another_cost() -> None:
    dear = a_view(fees=FeeSchedule(rate_ppm=140_000))
    plain, more = (offer_of(one, Outcome.UP, SETTINGS) for one in (a_view(), dear))
    assert plain.limit == more.limit == 520_000
    assert plain.cost == pytest.approx(0.52 + 0.07 * 0.52 * 0.48)
    assert more.cost == pytest.approx(0.52 + 0.14 * 0.52 * 0.48)


def test_the_edge_is_counted_at_the_limit_with_its_fee() -> None:
    opinion = Valuation(Outcome.UP, 0.60, 1.0)
    offer = offer_of(a_view(), Outcome.UP, SETTINGS)
    assert edge_bps(opinion, offer) == pytest.approx(edge_of(0.60, 0.52))
    empty = offer_of(a_view(up=side_of(0.50, 1.0)), Outcome.UP, SETTINGS)
    assert edge_bps(opinion, empty) == -10_000.0


def test_the_side_with_more_edge_is_taken_and_up_where_they_are_equal() -> None:
    even = a_view(up=side_of(0.49, 0.51), down=side_of(0.49, 0.51))
    assert better_side(even, 0.50, SETTINGS) == value_opinion(even, Outcome.UP, 0.50, SETTINGS)
    assert better_side(even, 0.51, SETTINGS).outcome is Outcome.UP
    assert better_side(even, 0.49, SETTINGS) == value_opinion(even, Outcome.DOWN, 0.51, SETTINGS)


def test_a_strategy_that_prices_the_side_is_as_sure_as_its_margin_over_price_and_fee() -> None:
    """At one tick above the ask; the trust in the consensus is another number."""
    all_in = 0.52 + 0.07 * 0.52 * 0.48
    for trust in (0.3, 1.0):
        opinion = value_opinion(a_view(trust=trust), Outcome.UP, 0.60, SETTINGS)
        assert (opinion.outcome, opinion.worth) == (Outcome.UP, 0.60)
        assert opinion.confidence == pytest.approx(conviction_over(0.60, z_of(all_in)))


def test_an_empty_side_is_never_the_better_one() -> None:
    view = a_view(up=side_of(0.98, 1.0), down=side_of(0.0, 0.99))
    assert better_side(view, 0.9999, SETTINGS).outcome is Outcome.DOWN


# --- the proposal ---------------------------------------------------------------------------------


def entered(view: View, worth: float = 0.60, confidence: float = 1.0) -> Proposal:
    return enter(view, Valuation(Outcome.UP, worth, confidence), StrategySettings(), SETTINGS)


def test_a_quote_says_all_of_it() -> None:
    proposal = entered(a_view())
    # 0.52 and 0.07 x 0.52 x 0.48 of fee: 20 dollars buy 37.21 shares.
    quote = Quote(Outcome.UP, Side.BUY, Price(520_000), Shares(37_210_000))
    assert proposal.quotes == (quote,)
    assert proposal.why == Why(Reason.NONE)
    assert proposal.edge_bps == pytest.approx(edge_of(0.60, 0.52))
    assert (proposal.outcome, proposal.confidence) == (Outcome.UP, 1.0)
    assert proposal.weight == proposal.edge_bps


def test_the_weight_is_edge_times_confidence() -> None:
    proposal = entered(a_view(), confidence=0.7)
    assert proposal.weight == pytest.approx(0.7 * edge_of(0.60, 0.52))
    assert abstain(Why(Reason.NO_MODEL)).weight == 0.0


def test_edge_then_price_then_gates_then_size() -> None:
    nothing = a_view(since_open_s=1.0, up=side_of(0.94, 0.95, held=40, cost=20))
    assert entered(nothing, worth=0.95).why.reason is Reason.EDGE_SMALL
    assert entered(nothing, worth=1.0).why.reason is Reason.PRICE_FAR
    cheaper = evolve(nothing, up=side_of(0.50, 0.51, held=40, cost=20))
    assert entered(cheaper).why.reason is Reason.TOO_EARLY
    assert entered(evolve(cheaper, since_open_s=60.0)).why.reason is Reason.POSITION_HELD


def test_what_is_blocked_still_says_where_it_leans() -> None:
    proposal = entered(a_view(left_s=10.0), confidence=0.9)
    assert proposal.outcome is Outcome.UP
    assert proposal.edge_bps == pytest.approx(edge_of(0.60, 0.52))
    assert proposal.confidence == 0.9
    assert proposal.worth == 0.60


def test_a_window_of_its_own_replaces_that_of_the_gates() -> None:
    opinion = Valuation(Outcome.UP, 0.60, 1.0)
    late = a_view(left_s=10.0)
    window = EntryWindow(after_open_s=45.0, before_close_s=6.0)
    assert enter(late, opinion, TO_THE_END, SETTINGS, window).quotes
    assert not enter(late, opinion, TO_THE_END, SETTINGS).quotes


@pytest.mark.parametrize("worth", [math.nan, math.inf, -math.inf, -0.001, 1.001])
def test_what_is_no_price_is_not_paid(worth: float) -> None:
    assert entered(a_view(), worth=worth).why == Why(Reason.NO_PRICE)


@pytest.mark.parametrize("confidence", [math.nan, -0.001, 1.001])
def test_what_is_no_confidence_is_not_followed(confidence: float) -> None:
    proposal = entered(a_view(), confidence=confidence)
    assert (proposal.why, proposal.confidence) == (Why(Reason.NO_PRICE), None)


@pytest.mark.parametrize(
    ("ask", "tick", "reason"),
    [
        (0.510, 10_000, Reason.NONE),
        (0.511, 10_000, Reason.OFF_TICK),
        (0.509, 10_000, Reason.OFF_TICK),
        (0.511, 1_000, Reason.NONE),
        (0.5111, 1_000, Reason.OFF_TICK),
    ],
)
def test_a_book_between_the_ticks_is_an_old_one(ask: float, tick: int, reason: Reason) -> None:
    view = a_view(up=side_of(0.50, ask), tick=Price(tick))
    assert entered(view, worth=0.7).why.reason is reason


def test_a_limit_cut_off_at_the_top_is_still_not_below_the_ask() -> None:
    """0.995 and a tick of a cent: 0.99 would rest under the ask, on a tick that is gone."""
    view = a_view(up=side_of(0.98, 0.995))
    thresholds = StrategySettings(max_price=0.99, min_edge_bps=0.01)
    proposal = enter(view, Valuation(Outcome.UP, 1.0, 1.0), thresholds, SETTINGS)
    assert proposal.why.reason is Reason.OFF_TICK


# --- what would leave at once ---------------------------------------------------------------------

TAIL = a_view(up=side_of(0.08, 0.12), down=side_of(0.88, 0.92))
"""Four cents wide, as at a half; but a third of what a share costs here."""


def with_exits(settings: Settings = SETTINGS, **changes: Any) -> Settings:
    return evolve(settings, exits=evolve(settings.exits, **changes))


def tried(
    view: View,
    settings: Settings = SETTINGS,
    thresholds: StrategySettings = TO_THE_END,
    outcome: Outcome = Outcome.UP,
) -> Proposal:
    return enter(view, Valuation(outcome, 0.95, 1.0), thresholds, settings)


def loss_of(view: View, quote: Quote) -> float:
    """Of what was paid for it, when it is sold in the book that it was bought from."""
    bid, fees = view.side(quote.outcome).best_bid, view.fees
    cost = cost_of(quote.price, quote.shares) + fees.fee(quote.price, quote.shares)
    value = proceeds_of(bid, quote.shares) - fees.fee(bid, quote.shares)
    return (cost - value) / cost


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_its_own_stop_would_sell_in_this_book_is_not_bought(outcome: Outcome) -> None:
    view = TAIL if outcome is Outcome.UP else evolve(TAIL, up=TAIL.down, down=TAIL.up)
    (quote,) = tried(view, outcome=outcome).quotes
    proposal = tried(view, thresholds=StrategySettings(), outcome=outcome)
    loss = loss_of(view, quote)
    assert loss > 0.4
    assert proposal.why == Why(Reason.LEAVES_AT_ONCE, loss, 0.18, "of its cost")
    assert (proposal.quotes, proposal.outcome) == ((), outcome)
    assert proposal.edge_bps == pytest.approx(edge_of(0.95, 0.13))
    assert proposal.confidence == 1.0


@pytest.mark.parametrize(("aside", "enters"), [(-1, False), (0, False), (1, True)])
def test_a_loss_of_the_stop_itself_is_too_much_and_one_below_is_not(
    aside: int, enters: bool
) -> None:
    (quote,) = tried(TAIL).quotes
    loss = loss_of(TAIL, quote)
    settings = with_exits(stop_loss=loss + aside * 1e-9)
    proposal = tried(TAIL, settings, StrategySettings())
    assert proposal.quotes == ((quote,) if enters else ())
    assert (proposal.why.reason is Reason.LEAVES_AT_ONCE) is not enters


def test_who_is_never_asked_to_leave_may_enter_there() -> None:
    quotes = tried(TAIL).quotes
    assert quotes
    assert tried(TAIL, with_exits(is_enabled=False), StrategySettings()).quotes == quotes


def test_the_slippage_that_it_may_pay_is_part_of_what_it_would_lose() -> None:
    """At the ask 17 % with both fees, three ticks above it more than the stop."""
    view = a_view(up=side_of(0.36, 0.40), down=side_of(0.60, 0.64))
    assert tried(view, with_slippage(0), StrategySettings()).quotes
    assert tried(view, with_slippage(3), StrategySettings()).why.reason is Reason.LEAVES_AT_ONCE


def test_what_would_take_its_profit_in_this_book_is_not_bought_either() -> None:
    """Down at 0.21 makes a pair of it: 0.79 for what cost 0.52."""
    view = a_view(up=side_of(0.50, 0.51), down=side_of(0.20, 0.21))
    why = tried(view, thresholds=StrategySettings()).why
    assert (why.reason, why.limit, why.unit) == (Reason.LEAVES_AT_ONCE, 0.25, "of its cost")
    assert why.value > 0.25


@pytest.mark.parametrize(
    ("left_s", "limit_s", "enters"),
    [(20.001, 20.0, True), (20.0, 20.0, False), (19.999, 20.0, False), (5.0, 0.0, True)],
)
def test_in_the_time_in_which_everything_leaves_nothing_enters(
    left_s: float, limit_s: float, enters: bool
) -> None:
    to_the_end = evolve(SETTINGS, gates=GateSettings(before_close_s=0.0))
    settings = with_exits(to_the_end, before_close_s=limit_s)
    proposal = tried(a_view(left_s=left_s), settings, StrategySettings())
    why = Why(Reason.NONE) if enters else Why(Reason.LEAVES_AT_ONCE, left_s, limit_s, "s left")
    assert proposal.why == why
    assert bool(proposal.quotes) is enters
    assert tried(a_view(left_s=left_s), settings).quotes


@pytest.mark.parametrize(("ask", "enters"), [(0.44, False), (0.45, False), (0.46, True)])
def test_in_a_hollow_book_no_stop_is_asked(ask: float, enters: bool) -> None:
    """Whether anybody enters so wide a book is for the gate of spreads to say."""
    wide = evolve(SETTINGS, gates=GateSettings(max_spread_bps=10_000.0))
    view = a_view(up=side_of(0.30, ask), down=side_of(1 - ask, 0.70))
    proposal = tried(view, wide, StrategySettings())
    assert bool(proposal.quotes) is enters
    assert (proposal.why.reason is Reason.LEAVES_AT_ONCE) is not enters
    assert tried(view, thresholds=StrategySettings()).why.reason is Reason.SPREAD_WIDE


def test_it_is_asked_last_when_the_size_is_known() -> None:
    held = evolve(TAIL, up=side_of(0.08, 0.12, held=150, cost=20))
    assert tried(held, thresholds=StrategySettings()).why.reason is Reason.POSITION_HELD


@given(tame_views(), st.sampled_from(list(Outcome)), st.floats(0.5, 1.0))
def test_what_is_bought_may_stay_in_the_book_it_was_bought_from(
    view: View, outcome: Outcome, worth: float
) -> None:
    thresholds = StrategySettings(min_edge_bps=1.0, min_price=0.01, max_price=0.99)
    proposal = enter(view, Valuation(outcome, worth, 1.0), thresholds, EAGER)
    kept = evolve(thresholds, is_held_to_settlement=True)
    (anyway, *_) = (*enter(view, Valuation(outcome, worth, 1.0), kept, EAGER).quotes, None)
    if anyway is None:
        assert not proposal.quotes
        return
    cost = cost_of(anyway.price, anyway.shares) + view.fees.fee(anyway.price, anyway.shares)
    stake = StrategyPosition("it", outcome, anyway.shares, Usd(cost), view.now_ns)
    leaves = first_exit(view, stake, None, thresholds, EAGER.exits) is not None
    assert proposal.quotes == (() if leaves else (anyway,))


# --- what is believed of a claim --------------------------------------------------------------


def doubting(belief: float, **changes: Any) -> View:
    """A view in which a strategy's claims at middling prices are believed so far."""
    return a_view(beliefs=Beliefs(0.0, belief, 0.0), **changes)


def test_what_is_believed_of_an_edge_is_what_competes() -> None:
    whole, half = entered(a_view(), confidence=0.7), entered(doubting(0.5), confidence=0.7)
    assert whole.claimed_bps == half.claimed_bps == whole.edge_bps
    assert half.edge_bps == pytest.approx(whole.edge_bps * 0.5)
    assert half.confidence == pytest.approx(0.6)
    assert half.weight == pytest.approx(whole.weight * 0.5 * 6 / 7)
    assert half.doubted == ()
    # 0.60 takes half of the stake, 0.70 three quarters.
    (less,), (more,) = half.quotes, whole.quotes
    assert less.shares / more.shares == pytest.approx(2 / 3, abs=0.001)
    assert less.worth == more.worth == half.worth == whole.worth == 0.60


def test_kelly_stakes_what_is_believed_of_the_edge() -> None:
    kelly = StrategySettings(sizing="half_kelly", stake_usd=500.0, is_held_to_settlement=True)
    opinion = Valuation(Outcome.UP, 0.60, 1.0)
    (whole,) = enter(a_view(), opinion, kelly, SETTINGS).quotes
    (half,) = enter(doubting(0.5), opinion, kelly, SETTINGS).quotes
    assert half.shares / whole.shares == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(("over", "buys"), [(-1e-6, False), (1e-6, True)])
def test_an_edge_that_the_record_shrinks_under_the_threshold_is_refused_with_its_number(
    over: float, buys: bool
) -> None:
    claimed = entered(a_view()).edge_bps
    assert claimed is not None
    proposal = entered(doubting((150.0 + over) / claimed))
    assert bool(proposal.quotes) is buys
    assert bool(proposal.doubted) is not buys
    if not buys:
        why = proposal.why
        assert (why.reason, why.limit) == (Reason.CLAIM_SHRUNK, 150.0)
        assert why.value == pytest.approx(150.0)
        assert why.text().startswith("claim shrunk by its record: 149.9")
        assert why.text().endswith(" bps of 625 claimed")
        assert proposal.doubted == entered(a_view()).quotes
        believed = proposal.as_claimed()
        assert (believed.quotes, believed.edge_bps) == (proposal.doubted, claimed)
        assert believed.why.reason is Reason.NONE


def test_the_strategys_own_reasons_come_before_its_record() -> None:
    assert entered(doubting(0.1), worth=0.53).why.reason is Reason.EDGE_SMALL
    assert entered(doubting(0.1, left_s=1.0)).why.reason is Reason.TOO_LATE
    assert entered(doubting(0.1, left_s=1.0)).doubted == ()


def test_a_stake_that_only_disbelief_makes_too_small_says_so() -> None:
    """Confidence 0.55 takes three eighths of 8 dollars: 5.58 shares; what is left of it fewer."""
    small = StrategySettings(stake_usd=8.0)
    proposal = enter(doubting(0.5), Valuation(Outcome.UP, 0.60, 0.55), small, SETTINGS)
    assert proposal.quotes == ()
    assert proposal.why == Why(Reason.CLAIM_SHRUNK, 0.525, 0.55, "confidence")
    assert len(proposal.doubted) == 1


def test_the_belief_of_the_price_in_hand_counts() -> None:
    cheap = a_view(up=side_of(0.20, 0.21), down=side_of(0.79, 0.80), beliefs=Beliefs(0.5, 1.0, 1.0))
    proposal = entered(cheap, worth=0.40)
    assert proposal.claimed_bps is not None
    assert proposal.edge_bps == pytest.approx(proposal.claimed_bps * 0.5)


def test_disbelief_makes_no_bad_edge_better() -> None:
    proposal = entered(doubting(0.1), worth=0.40)
    assert proposal.edge_bps == proposal.claimed_bps
    assert proposal.edge_bps is not None
    assert proposal.edge_bps < 0.0


# --- a forecast that does not fit ---------------------------------------------------------------

TOO_SURE = Misfit(sd=1.5, bound=1.25, horizon_s=60)


def test_a_forecast_that_does_not_fit_makes_confidence_and_stake_fall_and_says_so() -> None:
    fits, off = (
        entered(a_view(), confidence=0.78),
        entered(a_view(misfit=TOO_SURE), confidence=0.78),
    )
    assert off.confidence == pytest.approx(0.78 / 1.2)
    assert off.edge_bps == fits.edge_bps
    (less,), (more,) = off.quotes, fits.quotes
    # 0.65 takes five eighths of the stake, 0.78 nineteen twentieths.
    assert less.shares / more.shares == pytest.approx(0.625 / 0.95, abs=0.001)
    assert fits.less is None
    unit = "sd of what came, 60 s ahead"
    assert off.less == Why(Reason.FORECAST_OFF, 1.5, 1.25, unit)
    assert off.less.text() == "forecast does not fit: 1.5 > 1.25 sd of what came, 60 s ahead"


@pytest.mark.parametrize("sizing", ["confidence", "fixed", "half_kelly"])
@pytest.mark.parametrize(("sd", "buys"), [(2.4, True), (2.6, False)])
def test_where_nothing_is_left_of_confidence_nobody_enters(
    sizing: str, sd: float, buys: bool
) -> None:
    """0.80 / (2.5 / 1.25) is 0.40, at which nothing is staked."""
    thresholds = StrategySettings(sizing=sizing, is_held_to_settlement=True, stake_usd=100.0)
    view = a_view(misfit=Misfit(sd, 1.25, 30))
    proposal = enter(view, Valuation(Outcome.UP, 0.60, 0.80), thresholds, SETTINGS)
    assert bool(proposal.quotes) is buys
    if not buys:
        why = Why(Reason.FORECAST_OFF, sd, 1.25, "sd of what came, 30 s ahead")
        assert proposal.why == why


def test_kelly_stakes_as_much_less_as_the_forecast_is_off() -> None:
    kelly = StrategySettings(sizing="half_kelly", stake_usd=500.0, is_held_to_settlement=True)
    opinion = Valuation(Outcome.UP, 0.60, 1.0)
    (whole,) = enter(a_view(), opinion, kelly, SETTINGS).quotes
    (less,) = enter(a_view(misfit=TOO_SURE), opinion, kelly, SETTINGS).quotes
    assert less.shares / whole.shares == pytest.approx(1 / 1.2, abs=0.001)


def test_a_forecast_that_is_not_sure_enough_is_off_as_well() -> None:
    off = entered(a_view(misfit=Misfit(0.4, 0.8, 60)), confidence=1.0)
    assert off.confidence == pytest.approx(0.5)
    assert off.less is not None
    assert off.less.text() == "forecast does not fit: 0.4 < 0.8 sd of what came, 60 s ahead"
