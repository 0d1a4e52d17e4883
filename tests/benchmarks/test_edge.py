"""The honest report: what is drawn again, what is concluded, and that no money is lost."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks.edge import (
    DELAYS_S,
    REAL_S,
    SLOW_MS,
    USUAL_MS,
    Claimed,
    Figures,
    Point,
    Row,
    Sat,
    Sitting,
    all_figures,
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
from polytui.model.units import MICRO, NS_PER_S
from polytui.results.kept_verdicts import EdgeWord
from polytui.strategy.registry import STRATEGIES


def rows(pnls: list[float], stake: float = 10.0, strategy: str = "fade") -> list[Row]:
    """A round each quarter of an hour."""
    return [
        Row(
            *("calm", strategy, str(n), (n + 1) * 900 * NS_PER_S),
            *(round(stake * MICRO), round(pnl * MICRO)),
        )
        for n, pnl in enumerate(pnls)
    ]


# --- statistics ---------------------------------------------------------------------------------


def test_one_seed_one_answer() -> None:
    found = rows([1.0, -2.0, 3.0] * 10)
    assert all_figures(found) == all_figures(found)


@pytest.mark.parametrize(
    ("pnls", "verdict"),
    [
        ([3.0, 5.0] * 20, "an edge against this crowd"),
        ([-1.0, -2.0] * 20, "no edge"),
        ([5.0, -5.0] * 20, "not enough data"),
        ([5.0, -4.0] * 20, "not enough data"),
        ([4.0] * 20, "an edge against this crowd"),
        ([4.0] * 19, "not enough data"),
    ],
)
def test_the_verdict_is_that_of_the_reports(pnls: list[float], verdict: str) -> None:
    assert figures_of(rows(pnls)).verdict == verdict


def test_money_adds_up_and_idle_rounds_do_not_count() -> None:
    found = [*rows([1.5, -0.25]), Row("calm", "fade", "idle", 1, 0, 0)]
    figures = figures_of(found)
    assert (figures.rounds, figures.staked, figures.pnl) == (2, 20_000_000, 1_250_000)
    assert figures.per_dollar == pytest.approx(0.0625)


def test_who_never_trades_is_shown_so() -> None:
    figures = figures_of([Row("calm", "fade", "", 0, 0, 0)])
    assert figures.verdict == "did not trade"
    assert figures.per_dollar is None


# --- words --------------------------------------------------------------------------------------


def test_the_table_says_it_all() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table_of(all_figures(rows([5.0, -5.0] * 20)), "edge"))
    text = console.export_text()
    for word in ("calm", "fade", "40", "400.00", "+0.00", "+0.0%", "not enough data"):
        assert word in text


def test_the_conclusion_names_the_worlds_and_what_chance_does() -> None:
    figures = [
        Figures("calm", "fade", 40, 1, 1, 0.1, 0.05, 0.2, EdgeWord.POSITIVE),
        Figures("jumpy", "fade", 40, 1, 1, 0.1, -0.05, 0.2, EdgeWord.NONE),
        Figures("calm", "vote", 40, 1, 1, 0.1, -0.05, 0.2, EdgeWord.NONE),
        Figures("jumpy", "vote", 9, 1, 1, 0.1, -0.05, 0.2),
    ]
    text = conclusion(figures)
    assert "fade: an edge against this crowd (calm); no edge (jumpy)" in text
    assert "vote: no edge (calm); not enough data (jumpy)" in text
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
