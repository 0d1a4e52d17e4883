"""The honest report: what is drawn again, what is concluded, and that no money is lost."""

from __future__ import annotations

import io

import numpy as np
import pytest
from attrs import frozen
from rich.console import Console

from benchmarks.edge import (
    DELAYS_S,
    REAL_S,
    SLOW_MS,
    USUAL_MS,
    Claimed,
    Collector,
    Figures,
    Point,
    Row,
    Sat,
    Sitting,
    all_figures,
    bootstrap,
    conclusion,
    curve_sittings,
    curve_table,
    curves_of,
    figures_of,
    pooled,
    race_of,
    settings_of,
    sittings,
    table_of,
)
from polytui.model.units import MICRO
from polytui.strategy.registry import STRATEGIES


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def rows(pnls: list[float], stake: float = 10.0, strategy: str = "fade") -> list[Row]:
    return [
        Row("calm", strategy, str(n), round(stake * MICRO), round(pnl * MICRO))
        for n, pnl in enumerate(pnls)
    ]


# --- statistics ---------------------------------------------------------------------------------


def test_the_interval_is_that_of_the_mean_where_stakes_are_equal() -> None:
    pnls = rng().normal(0.3, 2.0, 400).tolist()
    low, high = bootstrap([1.0] * 400, pnls, rng(), 8_000)
    error = float(np.std(pnls)) / 20.0
    mean = float(np.mean(pnls))
    assert low == pytest.approx(mean - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.15 * error)


def test_a_round_is_drawn_with_its_stake() -> None:
    # Every round earns a tenth of its stake: however they are drawn, there is nothing to doubt.
    low, high = bootstrap([1.0, 50.0, 3.0], [0.1, 5.0, 0.3], rng(), 500)
    assert (low, high) == (pytest.approx(0.1), pytest.approx(0.1))


def test_one_seed_one_answer() -> None:
    found = rows([1.0, -2.0, 3.0] * 10)
    assert all_figures(found) == all_figures(found)


@pytest.mark.parametrize(
    ("pnls", "verdict"),
    [
        ([1.0, 2.0] * 20, "an edge against this crowd"),
        ([-1.0, -2.0] * 20, "loses"),
        ([5.0, -5.0] * 20, "no edge shown"),
        ([5.0, -4.0] * 20, "no edge shown"),
        ([1.0] * 20, "an edge against this crowd"),
        ([1.0] * 19, "too few rounds to say"),
    ],
)
def test_the_verdict_hangs_on_the_interval_and_on_enough_rounds(
    pnls: list[float], verdict: str
) -> None:
    assert figures_of(rows(pnls), rng()).verdict == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0, 0.1, "no edge shown"),
        (1e-9, 0.1, "an edge against this crowd"),
        (-0.1, 0.0, "no edge shown"),
        (-0.1, -1e-9, "loses"),
    ],
)
def test_an_interval_that_touches_zero_shows_nothing(low: float, high: float, verdict: str) -> None:
    assert Figures("calm", "fade", 20, 1, 0, 0.0, low, high).verdict == verdict


def test_money_adds_up_and_idle_rounds_do_not_count() -> None:
    found = [*rows([1.5, -0.25]), Row("calm", "fade", "idle", 0, 0)]
    figures = figures_of(found, rng())
    assert (figures.rounds, figures.staked, figures.pnl) == (2, 20_000_000, 1_250_000)
    assert figures.per_dollar == pytest.approx(0.0625)


def test_who_never_trades_is_shown_so() -> None:
    figures = figures_of([Row("calm", "fade", "", 0, 0)], rng())
    assert figures.verdict == "did not trade"
    assert figures.per_dollar is None


# --- words --------------------------------------------------------------------------------------


def test_the_table_says_it_all() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table_of(all_figures(rows([5.0, -5.0] * 20)), "edge"))
    text = console.export_text()
    for word in ("calm", "fade", "40", "400.00", "+0.00", "+0.0%", "no edge shown"):
        assert word in text


def test_the_conclusion_names_the_worlds_and_what_chance_does() -> None:
    figures = [
        Figures("calm", "fade", 40, 1, 1, 0.1, 0.05, 0.2),
        Figures("jumpy", "fade", 40, 1, 1, 0.1, -0.05, 0.2),
        Figures("calm", "vote", 40, 1, 1, 0.1, -0.05, 0.2),
        Figures("jumpy", "vote", 9, 1, 1, 0.1, -0.05, 0.2),
    ]
    text = conclusion(figures)
    assert "fade: an edge against this crowd (calm); no edge shown (jumpy)" in text
    assert "vote: no edge shown (calm); too few rounds to say (jumpy)" in text
    assert "Of 3 intervals of 95 %, about 0.2 miss the truth" in text
    assert "proves nothing about the real venue" in text


# --- races --------------------------------------------------------------------------------------


def earns(low: float, high: float = 0.5, rounds: int = 40) -> Figures:
    return Figures("lifelike", "fade", rounds, 1, 1, (low + high) / 2, low, high)


def curve(usual: list[float], slow: list[float] | None = None) -> dict[Point, Figures]:
    """Lower ends of the intervals at each delay of the crowd."""
    points = {Point(d, USUAL_MS): earns(low) for d, low in zip(DELAYS_S, usual, strict=True)}
    late = slow or [-0.1] * len(DELAYS_S)
    return points | {Point(d, SLOW_MS): earns(low) for d, low in zip(DELAYS_S, late, strict=True)}


@pytest.mark.parametrize(
    ("usual", "slow", "words"),
    [
        ([-0.1, -0.1, -0.1, -0.1], None, "no edge shown against any crowd"),
        ([-0.1, -0.1, -0.1, 0.1], None, "only a race: earns from crowds 3 s late and more"),
        (
            [-0.1, -0.1, 0.1, 0.1],
            [-0.1, -0.1, -0.1, 0.1],
            "only a race: earns from crowds 1 s",
        ),
        ([-0.1, 0.1, 0.1, 0.1], [-0.1, -0.1, -0.1, 0.1], "only a race: gone when our orders"),
        ([0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1], "an edge against this crowd"),
        ([-0.1, 0.1, 0.1, 0.1], [-0.1, 0.1, 0.1, 0.1], "an edge against this crowd, 0.3 s late"),
        (
            [-0.1, 0.0, 0.1, 0.1],
            None,
            "only a race: earns from crowds 1 s late and more, not",
        ),
    ],
)
def test_what_slow_crowds_alone_pay_for_is_a_race(
    usual: list[float], slow: list[float] | None, words: str
) -> None:
    assert race_of(curve(usual, slow)).startswith(words)


def test_too_few_rounds_against_a_quick_crowd_prove_no_race() -> None:
    points = curve([-0.1, -0.1, 0.1, 0.1])
    few = {p: earns(-0.1, rounds=3) if p.delay_s <= REAL_S else one for p, one in points.items()}
    assert race_of(few).startswith("an edge against slow crowds; too few rounds")
    nobody = {point: Figures("lifelike", "fade", 0, 0, 0, None, None, None) for point in points}
    assert race_of(nobody) == "no edge shown against any crowd"


def test_the_curve_is_every_delay_with_usual_and_with_late_orders() -> None:
    planned = list(curve_sittings(2, 5))
    assert len(planned) == len(set(planned)) == 2 * 2 * len(DELAYS_S)
    assert DELAYS_S == (0.1, 0.3, 1.0, 3.0)
    assert {one.point.latency_ms for one in planned} == {USUAL_MS, SLOW_MS}
    assert USUAL_MS + 1_000.0 == SLOW_MS
    slow = settings_of(Sitting("lifelike", 1, 2, point=Point(3.0, SLOW_MS)))
    assert (slow.demo.crowd_delay_s, slow.paper.order_latency_ms) == (3.0, SLOW_MS)


def test_rows_go_to_their_point_and_silence_is_shown() -> None:
    sitting = Sitting("lifelike", 1, 2, point=Point(1.0, USUAL_MS))
    other = Sitting("lifelike", 1, 2, point=Point(3.0, USUAL_MS))
    name = STRATEGIES[0].name
    found = [Sat(sitting, rows([1.0, 2.0], strategy=name), []), Sat(other, [], [])]
    curves = curves_of(found)
    assert set(curves) == {strategy.name for strategy in STRATEGIES}
    assert curves[name][sitting.point].pnl == 3_000_000
    assert curves[name][other.point].verdict == "did not trade"
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(curve_table(curves))
    text = console.export_text()
    for word in ("crowd 1 s", "crowd 3 s", "order 30 ms", "+15.0%", "n 2", "none"):
        assert word in text
    assert "…" not in text, "every figure is whole"


def test_claims_of_sessions_are_weighed_by_their_number() -> None:
    (one, idle) = pooled(
        [
            Claimed("fade", 30.0, 0.10, 0.04, -0.02),
            Claimed("fade", 10.0, 0.02, 0.02, 0.06),
            Claimed("vote", 0.0, 0.0, 0.0, 0.0),
        ]
    )
    assert (one.count, idle.count) == (40.0, 0.0)
    assert one.claimed == pytest.approx(0.08)
    assert one.used == pytest.approx(0.035)
    assert one.realised == pytest.approx(0.0)


# --- collecting ---------------------------------------------------------------------------------


@frozen
class Total:
    staked: int
    pnl: int


def test_a_stake_belongs_to_the_round_that_was_open_and_a_result_to_the_one_settled() -> None:
    collector = Collector("calm", "s")
    collector.opened("one", {})
    collector.opened("two", {"fade": Total(10, 0)})
    # Two has begun, and staked 7, before one is settled.
    collector.settled("one", {"fade": Total(17, 4)})
    collector.opened("three", {"fade": Total(17, 4), "vote": Total(5, 0)})
    collector.settled("two", {"fade": Total(17, -2), "vote": Total(5, 5)})
    assert collector.rows == [
        Row("calm", "fade", "s:one", 10, 4),
        Row("calm", "fade", "s:two", 7, -6),
        Row("calm", "vote", "s:two", 5, 5),
    ]


def test_a_round_that_is_settled_while_it_is_the_open_one() -> None:
    collector = Collector("calm", "s")
    collector.opened("last", {"fade": Total(3, 0)})
    collector.settled("last", {"fade": Total(13, 5)})
    assert collector.rows == [Row("calm", "fade", "s:last", 10, 5)]


# --- sessions -----------------------------------------------------------------------------------


def enabled(sitting: Sitting) -> list[str]:
    settings = settings_of(sitting)
    return [s.name for s in STRATEGIES if s.thresholds(settings).is_enabled]


def test_in_shadow_nobody_may_trade_and_alone_only_one() -> None:
    assert enabled(Sitting("calm", 1, 2)) == []
    assert enabled(Sitting("calm", 1, 2, "confluence")) == ["confluence"]
    assert settings_of(Sitting("jumpy", 3, 2)).demo.world == "jumpy"


@pytest.mark.parametrize(("is_alone", "count"), [(False, 6), (True, 6 * len(STRATEGIES))])
def test_every_world_and_seed_is_played(is_alone: bool, count: int) -> None:
    planned = list(sittings(["calm", "jumpy"], 3, 24, is_alone=is_alone))
    assert len(planned) == len({repr(sitting) for sitting in planned}) == count
