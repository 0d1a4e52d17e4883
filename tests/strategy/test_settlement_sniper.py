"""Settlement sniper: its window, the delay in its sum, and how sure it has to be."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_views import STRIKE, a_view, edge_of, evolve, quoted, side_of, with_thresholds

from polytui.config.schema import MarketSettings, Settings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.proposal import Proposal, View
from polytui.strategy.settlement_sniper import SettlementSniper, chance_up

SETTINGS = Settings(market=MarketSettings(tail_degrees=0.0))
SNIPER = SettlementSniper()
WIDE = 10.0 + 8.0 * math.sqrt(0.5)
"""Sigma of what is open, and half a second's delay at 8 dollars a root second."""


def late(gap: float = 2 * WIDE, left_s: float = 30.0, **changes: Any) -> View:
    """Half a minute before the close: a sigma of 10 dollars, and Up at 0.90/0.91."""
    books = {"up": side_of(0.90, 0.91), "down": side_of(0.09, 0.10)}
    view = a_view(
        mean=STRIKE + gap, sigma=10.0, left_s=left_s, since_open_s=300.0 - left_s, **books
    )
    return evolve(view, **changes)


def proposed(view: View, **changes: Any) -> Proposal:
    return SNIPER.propose(view, with_thresholds(SNIPER, SETTINGS, **changes))


def chance(view: View, **changes: Any) -> float:
    settings = with_thresholds(SNIPER, SETTINGS, **changes)
    return chance_up(view, settings.settlement_sniper, settings.market)


def test_what_may_move_until_the_match_widens_the_deviation() -> None:
    """Two sigmas are 0.97725 by the usual tables, and so are two of the wider ones."""
    assert chance(late()) == pytest.approx(0.9772499, abs=1e-7)
    assert chance(late(gap=20.0), taker_delay_ms=0.0) == pytest.approx(0.9772499, abs=1e-7)
    assert chance(late(gap=-36.0), taker_delay_ms=1000.0) == pytest.approx(0.0227501, abs=1e-7)


@given(st.floats(0.0, 5_000.0), st.floats(0.0, 5_000.0))
def test_a_longer_delay_is_never_surer(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert chance(late(), taker_delay_ms=more) <= chance(late(), taker_delay_ms=less)
    assert chance(late(gap=-9.0), taker_delay_ms=more) >= chance(
        late(gap=-9.0), taker_delay_ms=less
    )


def test_nothing_open_and_no_delay_is_certain_and_a_tie_is_up() -> None:
    decided = late(gap=0.0, sigma=0.0, sigma_per_sqrt_s=0.0)
    assert chance(decided) == 1.0
    assert chance(evolve(decided, mean=STRIKE - 0.01)) == 0.0


def test_tails_of_the_market_are_its_tails() -> None:
    fat = MarketSettings(tail_degrees=4.0)
    thresholds = SETTINGS.settlement_sniper
    assert chance_up(late(gap=4 * WIDE), thresholds, fat) < chance(late(gap=4 * WIDE))


@pytest.mark.parametrize(
    ("left_s", "why"),
    [
        (75.01, Why(Reason.TOO_EARLY, 75.01, 75.0, "s left")),
        (75.0, None),
        (74.99, None),
        (6.01, None),
        (6.0, None),
        (5.99, Why(Reason.TOO_LATE, 5.99, 6.0, "s left")),
        (0.0, Why(Reason.TOO_LATE, 0.0, 6.0, "s left")),
        (-1.0, Why(Reason.TOO_LATE, -1.0, 6.0, "s left")),
    ],
)
def test_it_acts_in_its_window_only(left_s: float, why: Why | None) -> None:
    """The gate of thirty seconds is for the others: it buys at ten."""
    proposal = proposed(late(left_s=left_s))
    assert bool(proposal.quotes) is (why is None)
    assert proposal.why == (why or Why(Reason.NONE))


def test_a_round_that_opened_late_is_too_early_for_it_too() -> None:
    proposal = proposed(late(since_open_s=44.99))
    assert proposal.why == Why(Reason.TOO_EARLY, 44.99, 45.0, "s after the open")
    assert proposed(late(since_open_s=45.0)).quotes


@pytest.mark.parametrize(("over", "buys"), [(-1e-9, True), (0.0, True), (1e-9, False)])
def test_it_is_sure_enough_or_not(over: float, buys: bool) -> None:
    fair = chance(late())
    proposal = proposed(late(), min_fair=fair + over)
    assert bool(proposal.quotes) is buys
    assert proposal.outcome is Outcome.UP
    assert buys or proposal.why == Why(Reason.FAIR_UNSURE, fair, fair + over, "of 1")


def test_the_edge_is_what_is_left_after_the_fee_at_the_limit() -> None:
    proposal = proposed(late())
    assert proposal.edge_bps == pytest.approx(edge_of(0.9772499, 0.92), abs=1e-3)
    assert quoted(proposal)[:2] == ("up", 920_000)


def test_it_buys_down_when_the_average_is_below() -> None:
    view = late(gap=-2 * WIDE, up=side_of(0.09, 0.10), down=side_of(0.90, 0.91))
    assert quoted(proposed(view))[:2] == ("down", 920_000)


def test_it_leaves_the_unlikely_side_alone_however_cheap() -> None:
    view = late(gap=-2 * WIDE, up=side_of(0.001, 0.002), down=side_of(0.998, 0.999))
    proposal = proposed(evolve(view, tick=1_000))
    assert proposal.outcome is Outcome.DOWN
    assert proposal.quotes == ()


# --- certainty is earned --------------------------------------------------------------------------


@pytest.mark.parametrize(("known", "buys"), [(0.0, False), (0.2499, False), (0.25, True)])
def test_too_much_of_the_average_is_open(known: float, buys: bool) -> None:
    proposal = proposed(late(known=known))
    assert bool(proposal.quotes) is buys
    assert buys or proposal.why == Why(Reason.AVERAGE_OPEN, known, 0.25, "of the average")


@pytest.mark.parametrize("left_s", [74.0, 30.0, 10.0, 6.1])
def test_a_round_that_no_average_settles_is_left_alone_however_sure(left_s: float) -> None:
    view = late(gap=40 * WIDE, left_s=left_s, window_s=0, known=0.0)
    assert chance(view) > 0.999
    assert proposed(view).why == Why(Reason.AVERAGE_OPEN, 0.0, 0.25, "no average settles it")
    assert proposed(view, min_known=0.0).quotes, "unless one asks for it"
