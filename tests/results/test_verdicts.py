"""An edge that is there is found, and one that is not there is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from attrs import evolve
from made_evidence import STRATEGIES, made_evidence, round_at, trade_in

from polytui.model.units import MICRO, NS_PER_S
from polytui.results.report import report_of
from polytui.results.verdicts import (
    EdgeVerdict,
    EdgeWord,
    RoundResult,
    gamblers_money,
    judged,
    verdicts_of,
)

_ROUNDS, _SEEDS = 400, 20
_QUARTER_NS = 900 * NS_PER_S


def results(returns: list[float] | np.ndarray) -> list[RoundResult]:
    """A dollar in each round, a round in each quarter of an hour."""
    return [
        RoundResult((n + 1) * _QUARTER_NS, MICRO, round(one * MICRO))
        for n, one in enumerate(returns)
    ]


def verdict(returns: list[float] | np.ndarray) -> EdgeVerdict:
    return judged("fade", False, results(returns))


def held(price: float, edge: float = 0.0) -> Callable[[np.random.Generator], np.ndarray]:
    """Returns of shares bought at a price and held, that win so much more often than it says."""

    def drawn(rng: np.random.Generator) -> np.ndarray:
        return np.where(rng.random(_ROUNDS) < price + edge, 1.0 / price - 1.0, -1.0)

    return drawn


def left_early(rng: np.random.Generator) -> np.ndarray:
    """Take profit soon, stop late: many small gains, few great losses, nothing in all."""
    return np.where(rng.random(_ROUNDS) < 5 / 6, 0.1, -0.5)


_FAIR = {
    "evens": held(0.5),
    "favourites": held(0.97),
    "at ninety": held(0.9),
    "outsiders": held(0.05),
    "left early": left_early,
}
_PLANTED = {"evens": held(0.5, 0.15), "favourites": held(0.9, 0.07), "outsiders": held(0.2, 0.15)}


@pytest.mark.parametrize("fair", list(_FAIR.values()), ids=list(_FAIR))
def test_a_fair_market_is_called_positive_once_in_twenty_at_most(
    fair: Callable[[np.random.Generator], np.ndarray],
) -> None:
    found = [verdict(fair(np.random.default_rng(seed))) for seed in range(_SEEDS)]
    assert sum(one.word is EdgeWord.POSITIVE for one in found) <= 1


@pytest.mark.parametrize("planted", list(_PLANTED.values()), ids=list(_PLANTED))
def test_a_planted_edge_is_found_nineteen_times_in_twenty(
    planted: Callable[[np.random.Generator], np.ndarray],
) -> None:
    found = [verdict(planted(np.random.default_rng(seed))) for seed in range(_SEEDS)]
    assert sum(one.word is EdgeWord.POSITIVE for one in found) >= 19


def test_twenty_wins_at_ninety_seven_cents_are_no_edge() -> None:
    """In a fair market that happens more often than not; every draw of it is above zero."""
    found = verdict([1 / 0.97 - 1] * 20)
    assert found.per_dollar is not None
    assert found.per_dollar.low > 0.0
    assert found.word is EdgeWord.UNKNOWN
    assert found.rounds_needed is not None
    assert 100 < found.rounds_needed < 300


def test_what_surely_loses_has_none() -> None:
    rng = np.random.default_rng(1)
    found = verdict(rng.normal(-0.1, 0.3, 300))
    assert (found.word, found.rounds_needed) == (EdgeWord.NONE, None)


@pytest.mark.parametrize("count", [0, 1, 19])
def test_few_rounds_are_not_enough(count: int) -> None:
    found = verdict([0.5] * count)
    assert (found.word, found.rounds) == (EdgeWord.UNKNOWN, count)


def test_rounds_needed_come_down_with_the_edge() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0.0, 1.0, 200)
    noise -= noise.mean()
    needed = [verdict(noise + edge).rounds_needed for edge in (0.05, 0.08, 0.11)]
    assert all(one is not None and one > 200 for one in needed)
    assert needed == sorted(needed, key=lambda one: -(one or 0))


def test_a_gambler_who_never_wins_never_grows() -> None:
    assert gamblers_money(np.full(50, -1.0)) < 0.25
    assert gamblers_money(np.zeros(50)) == pytest.approx(1.0)
    fair = np.where(np.random.default_rng(4).random(20_000) < 0.5, 1.0, -1.0)
    assert gamblers_money(fair) < 20.0


def test_orders_that_were_sent_count_before_virtual_ones() -> None:
    evidence = made_evidence(60)
    shadows = tuple(
        evolve(trade_in(one, 0.5), is_shadow=True, pnl=10 * MICRO) for one in evidence.rounds
    )
    found = {
        one.strategy: one for one in verdicts_of(evolve(evidence, trades=evidence.trades + shadows))
    }
    assert not found["confluence"].is_shadow
    assert found["confluence"].rounds == 60
    assert found["settlement_sniper"].is_shadow
    assert found["predictor"].word is EdgeWord.UNKNOWN, "it was asked, and did nothing"
    assert set(found) == {*STRATEGIES, "predictor"}


def test_who_did_nothing_is_in_shadow_where_it_might_not_trade() -> None:
    evidence = made_evidence(3)
    (asked,) = (one for one in evidence.blocks if one.strategy == "predictor")
    for is_shadow in (True, False):
        blocks = (evolve(asked, is_shadow=is_shadow), evolve(asked, is_shadow=True))
        (found,) = verdicts_of(evolve(evidence, trades=(), blocks=blocks))
        assert (found.rounds, found.is_shadow) == (0, is_shadow)


def test_rounds_whose_winner_nobody_knows_are_not_scored() -> None:
    evidence = made_evidence(30)
    unknown = round_at(40, "")
    more = evolve(trade_in(unknown, 0.5), pnl=1_000 * MICRO)
    found = verdicts_of(
        evolve(evidence, rounds=(*evidence.rounds, unknown), trades=(*evidence.trades, more))
    )
    assert [one for one in found if one.strategy == "confluence"] == [
        one for one in verdicts_of(evidence) if one.strategy == "confluence"
    ]


def test_a_verdict_is_one_line() -> None:
    text = verdict([1 / 0.97 - 1] * 20).text()
    assert text.startswith("not enough data: +3.1% per dollar staked")
    assert "it would take about" in text


def test_nobody_is_called_positive_for_beating_a_model_of_the_market() -> None:
    """However clear it is: nothing of it says anything about the venue."""
    evidence = made_evidence(2_000, edge=0.15)
    assert EdgeWord.POSITIVE in {one.word for one in verdicts_of(evidence)}
    coverage = evolve(evidence.coverage, is_market_modelled=True)
    report = report_of(evolve(evidence, coverage=coverage))
    assert {one.word for one in report.verdicts} == {EdgeWord.UNKNOWN}
    assert any("the market is a model" in line for line in report.warnings)
