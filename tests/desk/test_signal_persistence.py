"""How long a signal must last before it is followed, and how good it must be meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.desk.signal_persistence import SignalPersistence
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.strategy.proposal import Proposal

UP, DOWN = Outcome.UP, Outcome.DOWN
START_NS = 1_795_204_800 * NS_PER_S
DELAY_S = 1.5
DELAY_NS = 1_500_000_000
LEAST_BPS = 150.0


def wanting(outcome: Outcome = UP, edge_bps: float | None = 200.0) -> Proposal:
    quote = Quote(outcome, Side.BUY, Price(600_000), Shares(10 * MICRO))
    return Proposal((quote,), Why(Reason.NONE), outcome, edge_bps, 1.0)


def wanting_nothing(outcome: Outcome | None = UP) -> Proposal:
    """It leans that way and has its reasons not to buy."""
    return Proposal((), Why(Reason.SPREAD_WIDE), outcome, 900.0, 1.0)


def told(*said: tuple[int, Proposal], delay_s: float = DELAY_S) -> SignalPersistence:
    """A leaning that was told of these, each so many ns after the start."""
    persistence = SignalPersistence()
    for after_ns, proposal in said:
        persistence.note(proposal, START_NS + after_ns, delay_s)
    return persistence


def block(
    persistence: SignalPersistence,
    after_ns: int,
    delay_s: float = DELAY_S,
    least: float = LEAST_BPS,
) -> Why | None:
    return persistence.block(START_NS + after_ns, delay_s, least)


# --- how long ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after_ns", [0, 1, NS_PER_S, DELAY_NS - 1])
def test_a_signal_is_young_until_it_has_lasted_for_the_delay(after_ns: int) -> None:
    persistence = told((0, wanting()), (after_ns, wanting()))
    expected = Why(Reason.SIGNAL_YOUNG, after_ns / NS_PER_S, DELAY_S, "s")
    assert block(persistence, after_ns) == expected


@pytest.mark.parametrize("after_ns", [DELAY_NS, DELAY_NS + 1, 100 * NS_PER_S])
def test_a_signal_that_has_lasted_is_followed(after_ns: int) -> None:
    assert block(told((0, wanting()), (after_ns, wanting())), after_ns) is None


def test_how_often_it_was_said_makes_it_no_older() -> None:
    persistence = told(*((i, wanting()) for i in range(1_000)))
    why = block(persistence, 999)
    assert why is not None
    assert why.reason is Reason.SIGNAL_YOUNG


def test_a_delay_that_is_lengthened_meanwhile_counts_from_the_beginning() -> None:
    persistence = told((0, wanting()), (DELAY_NS, wanting()))
    assert block(persistence, DELAY_NS) is None
    persistence.note(wanting(), START_NS + 2 * NS_PER_S, 3.0)
    assert block(persistence, 2 * NS_PER_S, 3.0) == Why(Reason.SIGNAL_YOUNG, 2.0, 3.0, "s")
    persistence.note(wanting(), START_NS + 3 * NS_PER_S, 3.0)
    assert block(persistence, 3 * NS_PER_S, 3.0) is None


def test_what_was_never_said_is_not_followed() -> None:
    assert block(SignalPersistence(), 0) == Why(Reason.EDGE_SMALL, 0.0, LEAST_BPS, "bps on average")


# --- how good ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "mean"),
    [
        ((100.0, 200.0), None),  # at the least: 150
        ((100.0, 199.0), 149.5),
        ((100.0, 200.5), None),
        ((149.0, 149.0), 149.0),
        ((1_000.0, -800.0), 100.0),
        ((-100.0, 500.0), None),
        ((300.0, None), None),  # no edge counts as none: 150 on average
        ((299.0, None), 149.5),
    ],
)
def test_the_mean_of_its_edge_must_be_enough(
    edges: tuple[float | None, ...], mean: float | None
) -> None:
    """Each of two edges stood for half of the delay."""
    first, last = (wanting(edge_bps=edge) for edge in edges)
    persistence = told((0, first), (DELAY_NS // 2, last), (DELAY_NS, last))
    expected = mean and Why(Reason.EDGE_SMALL, mean, LEAST_BPS, "bps on average")
    assert block(persistence, DELAY_NS) == expected


def test_one_good_quote_after_poor_ones_is_no_signal() -> None:
    poor = [(i * NS_PER_S // 10, wanting(edge_bps=100.0)) for i in range(15)]
    why = block(told(*poor, (DELAY_NS, wanting(edge_bps=500.0))), DELAY_NS)
    assert why == Why(Reason.EDGE_SMALL, 100.0, LEAST_BPS, "bps on average")


def test_an_edge_counts_for_as_long_as_it_stood_however_often_it_was_said() -> None:
    poor = [(i, wanting(edge_bps=100.0)) for i in range(1_000)]
    good = (NS_PER_S // 2, wanting(edge_bps=400.0))
    why = block(told(*poor, good, (DELAY_NS, wanting(edge_bps=400.0))), DELAY_NS, least=300.5)
    assert why == Why(Reason.EDGE_SMALL, 300.0, 300.5, "bps on average")


def test_a_young_signal_is_told_its_age_before_its_edge() -> None:
    why = block(told((0, wanting(edge_bps=1.0))), 0)
    assert why is not None
    assert why.reason is Reason.SIGNAL_YOUNG


@pytest.mark.parametrize(
    ("after_ns", "mean"),
    [
        (DELAY_NS, 100.0),
        (DELAY_NS + 374_999_999, 149.99999986666666),
        (DELAY_NS + 375_000_000, None),
    ],
)
def test_an_edge_counts_until_it_is_older_than_the_delay(after_ns: int, mean: float | None) -> None:
    """Nothing for half of the delay and 200 from then on: 150 on average once a quarter of the
    window has nothing."""
    good = wanting(edge_bps=200.0)
    persistence = told((0, wanting(edge_bps=0.0)), (DELAY_NS // 2, good), (after_ns, good))
    expected = mean and Why(Reason.EDGE_SMALL, mean, LEAST_BPS, "bps on average")
    assert block(persistence, after_ns) == expected


def test_a_signal_that_faded_is_not_carried_by_how_good_it_was() -> None:
    persistence = told(*((i * NS_PER_S, wanting(edge_bps=9_000.0)) for i in range(10)))
    for after_ns in (11 * NS_PER_S, 12 * NS_PER_S, 13 * NS_PER_S):
        persistence.note(wanting(edge_bps=10.0), START_NS + after_ns, DELAY_S)
    assert block(persistence, 13 * NS_PER_S) == Why(
        Reason.EDGE_SMALL, 10.0, LEAST_BPS, "bps on average"
    )


# --- without a pause --------------------------------------------------------------------------


@pytest.mark.parametrize("pause", [wanting_nothing(), wanting_nothing(None), wanting(DOWN)])
def test_a_pause_or_the_other_side_begins_anew(pause: Proposal) -> None:
    persistence = told((0, wanting()), (NS_PER_S, pause), (NS_PER_S + 1, wanting()))
    assert block(persistence, DELAY_NS) == Why(
        Reason.SIGNAL_YOUNG, (DELAY_NS - NS_PER_S - 1) / NS_PER_S, DELAY_S, "s"
    )
    assert block(persistence, NS_PER_S + 1 + DELAY_NS) is None


def test_the_other_side_waits_for_a_delay_of_its_own() -> None:
    persistence = told((0, wanting(UP)), (DELAY_NS, wanting(UP)), (DELAY_NS, wanting(DOWN)))
    assert block(persistence, DELAY_NS) == Why(Reason.SIGNAL_YOUNG, 0.0, DELAY_S, "s")


@pytest.mark.parametrize("pause", [wanting_nothing(), wanting(DOWN, 9_000.0)])
def test_edges_from_before_a_pause_do_not_count(pause: Proposal) -> None:
    """Noted for a delay whose window reaches them, and asked without one."""
    before = [(i, wanting(edge_bps=9_000.0)) for i in range(3)]
    after = (4, wanting(edge_bps=100.0))
    persistence = told(*before, (3, pause), after)
    assert block(persistence, 4, 0.0) == Why(Reason.EDGE_SMALL, 100.0, LEAST_BPS, "bps on average")


def test_wanting_nothing_leaves_nothing_to_follow() -> None:
    persistence = told((0, wanting()), (DELAY_NS, wanting()), (DELAY_NS + 1, wanting_nothing()))
    assert block(persistence, DELAY_NS + 1) == Why(
        Reason.EDGE_SMALL, 0.0, LEAST_BPS, "bps on average"
    )


# --- no delay ---------------------------------------------------------------------------------


def test_without_a_delay_it_is_followed_at_once_by_its_edge_of_now() -> None:
    persistence = told((0, wanting(edge_bps=LEAST_BPS)), delay_s=0.0)
    assert block(persistence, 0, 0.0) is None
    persistence.note(wanting(edge_bps=LEAST_BPS - 0.5), START_NS + 1, 0.0)
    assert block(persistence, 1, 0.0) == Why(Reason.EDGE_SMALL, 149.5, LEAST_BPS, "bps on average")
    persistence.note(wanting(DOWN), START_NS + 2, 0.0)
    assert block(persistence, 2, 0.0) is None


# --- as one would say it ----------------------------------------------------------------------

_SIDES = st.sampled_from([UP, UP, UP, DOWN, None])
_SAID = st.tuples(st.integers(0, 800), _SIDES, st.integers(-400, 400))
"""Milliseconds since the last word, the side it wants, its edge in bps: exact in floats."""


def mean_of(run: list[tuple[int, int]], now_ms: int, delay_s: float) -> float:
    """Millisecond by millisecond: the last edge that was said by then."""
    seen = [
        [edge for then_ms, edge in run if then_ms <= at_ms][-1]
        for at_ms in range(now_ms - int(delay_s * 1_000), now_ms)
    ]
    return sum(seen) / len(seen) if seen else run[-1][1]


@given(st.lists(_SAID, min_size=1, max_size=40), st.sampled_from([0.0, 0.5, 1.5]))
def test_it_follows_the_last_run_of_one_side_and_its_mean_over_the_delay(
    said: list[tuple[int, Outcome | None, int]], delay_s: float
) -> None:
    persistence, at_ms, run = SignalPersistence(), 0, list[tuple[int, Outcome, int]]()
    for pause_ms, outcome, edge in said:
        at_ms += pause_ms
        proposal = wanting_nothing() if outcome is None else wanting(outcome, float(edge))
        persistence.note(proposal, START_NS + at_ms * 1_000_000, delay_s)
        if outcome is None or (run and run[-1][1] is not outcome):
            run = []
        if outcome is not None:
            run.append((at_ms, outcome, edge))
    why = block(persistence, at_ms * 1_000_000, delay_s, 50.0)
    if not run:
        assert why is not None
    elif at_ms - run[0][0] < delay_s * 1_000:
        assert why == Why(Reason.SIGNAL_YOUNG, (at_ms - run[0][0]) / 1_000, delay_s, "s")
    else:
        mean = mean_of([(then_ms, edge) for then_ms, _, edge in run], at_ms, delay_s)
        small = Why(Reason.EDGE_SMALL, pytest.approx(mean), 50.0, "bps on average")
        assert why == (small if mean < 50.0 else None)


# --- what is not believed ---------------------------------------------------------------------


def doubted(outcome: Outcome = UP, claimed_bps: float = 400.0) -> Proposal:
    """It would want something, and its claim is not believed."""
    quote = Quote(outcome, Side.BUY, Price(600_000), Shares(10 * MICRO))
    why = Why(Reason.CLAIM_SHRUNK, 100.0, LEAST_BPS)
    return Proposal((), why, outcome, 100.0, 1.0, claimed_bps, (quote,))


def test_a_doubted_signal_lasts_as_a_believed_one_does_by_what_it_claims() -> None:
    persistence = told((0, doubted()), (DELAY_NS - 1, doubted()))
    assert block(persistence, DELAY_NS - 1) is not None
    persistence.note(doubted(), START_NS + DELAY_NS, DELAY_S)
    assert block(persistence, DELAY_NS) is None
    weak = told((0, doubted(claimed_bps=149.0)), (DELAY_NS, doubted(claimed_bps=149.0)))
    assert block(weak, DELAY_NS) == Why(Reason.EDGE_SMALL, 149.0, LEAST_BPS, "bps on average")


def test_a_signal_that_is_believed_again_begins_anew() -> None:
    """Its mean may not hold what was claimed and not believed."""
    persistence = told(
        (0, doubted()), (DELAY_NS, doubted()), (DELAY_NS + 1, wanting(edge_bps=151.0))
    )
    blocked = block(persistence, DELAY_NS + 1)
    assert blocked is not None
    assert blocked.reason is Reason.SIGNAL_YOUNG
