"""Our own price: the exchange that leads, corrected by what it usually is off."""

from __future__ import annotations

import math

import pytest

from polytui.market.oracle import OraclePrice
from polytui.model.units import NS_PER_MS, NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
HALF_LIFE_S = 180.0
FRESH_MS = 3000


def ns(at_s: float) -> int:
    return START_NS + round(at_s * NS_PER_S)


def test_nothing_is_known_before_the_oracle_was_heard() -> None:
    oracle = OraclePrice()
    oracle.take_mid(100.0, ns(0))
    assert oracle.price(ns(0), FRESH_MS) is None
    assert oracle.mid(ns(0), FRESH_MS) == 100.0


def test_an_exchange_never_heard_has_no_mid() -> None:
    assert OraclePrice().mid(ns(0), FRESH_MS) is None


def test_without_an_exchange_it_is_the_oracles_last_word() -> None:
    oracle = OraclePrice()
    oracle.take_spot(99.0, ns(0), HALF_LIFE_S)
    assert oracle.price(ns(50), FRESH_MS) == 99.0
    assert oracle.basis_bps is None


def test_a_fresh_exchange_leads_by_its_move_less_its_basis() -> None:
    oracle = OraclePrice()
    oracle.take_mid(101.0, ns(0))
    oracle.take_spot(100.0, ns(1), HALF_LIFE_S)
    oracle.take_mid(102.01, ns(2))
    assert oracle.basis_bps == pytest.approx(math.log(1.01) * 10_000)
    assert oracle.price(ns(2), FRESH_MS) == pytest.approx(101.0)


@pytest.mark.parametrize(("age_ms", "leads"), [(2999, True), (3000, True), (3001, False)])
def test_an_exchange_older_than_the_limit_no_longer_leads(age_ms: int, leads: bool) -> None:
    oracle = OraclePrice()
    oracle.take_mid(101.0, ns(0))
    oracle.take_spot(100.0, ns(0.5), HALF_LIFE_S)
    oracle.take_mid(202.0, ns(1))
    price = oracle.price(ns(1) + age_ms * NS_PER_MS, FRESH_MS)
    assert price == pytest.approx(200.0 if leads else 100.0)
    mid = oracle.mid(ns(1) + age_ms * NS_PER_MS, FRESH_MS)
    assert mid == (202.0 if leads else None)


def test_the_basis_is_measured_at_the_second_the_oracle_speaks_of() -> None:
    """The oracle is heard a second late; the exchange has moved on by then."""
    oracle = OraclePrice()
    oracle.take_mid(101.0, ns(0))
    oracle.take_mid(150.0, ns(2))
    oracle.take_spot(100.0, ns(1), HALF_LIFE_S)
    assert oracle.basis_bps == pytest.approx(math.log(1.01) * 10_000)


def test_a_steady_basis_is_learned_whatever_the_first_sample_was() -> None:
    oracle = OraclePrice()
    oracle.take_mid(150.0, ns(0))
    oracle.take_spot(100.0, ns(0.1), HALF_LIFE_S)
    for second in range(1, 900):
        oracle.take_mid(100.2, ns(second))
        oracle.take_spot(100.0, ns(second + 0.1), HALF_LIFE_S)
    assert oracle.basis_bps == pytest.approx(math.log(1.002) * 10_000, abs=30)


def test_a_jump_of_the_basis_is_half_forgotten_after_its_half_life() -> None:
    oracle = OraclePrice()
    for second in range(3_000):
        oracle.take_mid(100.0, ns(second))
        oracle.take_spot(100.0, ns(second + 0.1), HALF_LIFE_S)
    for second in range(3_000, 3_180):
        oracle.take_mid(101.0, ns(second))
        oracle.take_spot(100.0, ns(second + 0.1), HALF_LIFE_S)
    assert oracle.basis_bps == pytest.approx(math.log(1.01) * 5_000, rel=0.01)


def test_a_late_word_about_an_older_second_is_not_the_last_word() -> None:
    oracle = OraclePrice()
    oracle.take_spot(100.0, ns(10), HALF_LIFE_S)
    oracle.take_spot(90.0, ns(8), HALF_LIFE_S)
    assert oracle.price(ns(11), FRESH_MS) == 100.0


def test_only_some_seconds_of_mids_are_kept() -> None:
    oracle = OraclePrice()
    for step in range(5_000):
        oracle.take_mid(100.0, ns(step / 50))
    assert len(oracle._mids) <= 82
