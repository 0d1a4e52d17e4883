"""How sure a claim is: one half at its price, more the wider its margin. And how far a lean moves a
probability."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.strategy.probit import conviction_over, moved, z_of

_CHANCES = st.floats(0.0, 1.0)


def conviction(worth: float, all_in: float) -> float:
    return conviction_over(worth, z_of(all_in))


@pytest.mark.parametrize(
    ("worth", "all_in", "sure"),
    [
        (0.5, 0.5, 0.5),
        # z 0 and -0.25335: one usual error, a quarter of a sigma, and 0.0134 of it more.
        (0.5, 0.4, 0.8446),
        # z 1 and 0 by the usual tables, over an error of sqrt(2) / 4.
        (0.8413447, 0.5, 0.99766),
        (0.1586553, 0.5, 0.00234),
        (1.0, 0.9, 0.99904),
        (0.0, 0.1, 0.00096),
    ],
)
def test_by_hand(worth: float, all_in: float, sure: float) -> None:
    assert conviction(worth, all_in) == pytest.approx(sure, abs=1e-4)


@given(_CHANCES, _CHANCES)
def test_it_is_a_probability_and_one_half_divides_gain_from_loss(
    worth: float, all_in: float
) -> None:
    found = conviction(worth, all_in)
    assert 0.0 <= found <= 1.0
    if abs(worth - all_in) > 1e-6:
        assert (found > 0.5) is (worth > all_in)


@given(_CHANCES, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_dearer_share_is_never_surer(worth: float, one: float, other: float) -> None:
    cheap, dear = sorted((one, other))
    assert conviction(worth, dear) <= conviction(worth, cheap)


def test_the_same_edge_far_out_asks_for_less_error_of_the_place_and_more_of_the_scale() -> None:
    """Four cents: their z is worth more far out, and so is a quarter of it."""
    assert conviction(0.55, 0.51) < conviction(0.95, 0.91) < conviction(0.75, 0.60)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_no_confidence(bad: float) -> None:
    assert conviction(bad, 0.5) == 0.0


# --- a lean -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probability", "dollars", "to"),
    [
        (0.5, 0.0, 0.5),
        # A cent at even odds is a cent, as good as.
        (0.5, 0.01, 0.51),
        (0.5, -0.01, 0.49),
        # z 0, 0.25335 and 1 by the usual tables; a quarter of a dollar is 0.62666.
        (0.5, 0.25, 0.734564),
        (0.6, 0.25, 0.810556),
        (0.8413447, -0.25, 0.645537),
    ],
)
def test_a_lean_by_hand(probability: float, dollars: float, to: float) -> None:
    assert moved(probability, dollars) == pytest.approx(to, abs=3e-5)


@given(_CHANCES, st.floats(-1.0, 1.0))
def test_a_lean_leaves_a_probability_that_points_its_way(
    probability: float, dollars: float
) -> None:
    found = moved(probability, dollars)
    assert 0.0 <= found <= 1.0
    assert (found - probability) * dollars >= -1e-9
    # Nowhere by more than at even odds, where the density is highest.
    assert abs(found - probability) <= abs(dollars) + 2e-9


@given(_CHANCES, st.floats(-1.0, 1.0))
def test_a_lean_in_a_mirror(probability: float, dollars: float) -> None:
    mirrored = 1.0 - moved(1.0 - probability, -dollars)
    assert moved(probability, dollars) == pytest.approx(mirrored, abs=1e-7)
