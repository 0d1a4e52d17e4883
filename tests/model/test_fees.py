"""The venue's fee curve against fills that were really charged."""

from __future__ import annotations

import pytest

from polytui.model.instrument import FeeSchedule
from polytui.model.units import Price, Shares, parse_micro, parse_price

CRYPTO = FeeSchedule()


@pytest.mark.parametrize(
    ("shares", "price", "rate_ppm", "fee"),
    [
        ("1.219511", "0.82", 70_000, "0.01259"),
        ("2.083334", "0.48", 70_000, "0.03640"),
        ("5.149310", "0.971", 70_000, "0.01014"),
        ("5.14", "0.965", 70_000, "0.01215"),
        ("5", "0.31", 50_000, "0.05347"),
        ("7.042251", "0.71", 50_000, "0.07249"),
    ],
)
def test_fees_of_real_fills(shares: str, price: str, rate_ppm: int, fee: str) -> None:
    schedule = FeeSchedule(rate_ppm=rate_ppm)
    charged = schedule.fee(parse_price(price), Shares(parse_micro(shares)))
    assert charged == parse_micro(fee)


@pytest.mark.parametrize(
    ("price", "fee"),
    [
        ("0.01", "0.0693"),
        ("0.05", "0.3325"),
        ("0.10", "0.63"),
        ("0.15", "0.8925"),
        ("0.20", "1.12"),
        ("0.25", "1.3125"),
        ("0.30", "1.47"),
        ("0.35", "1.5925"),
        ("0.40", "1.68"),
        ("0.45", "1.7325"),
        ("0.50", "1.75"),
    ],
)
def test_fees_of_a_hundred_shares_are_the_same_on_both_sides(price: str, fee: str) -> None:
    hundred, at = Shares(100_000_000), parse_price(price)
    assert CRYPTO.fee(at, hundred) == parse_micro(fee)
    assert CRYPTO.fee(Price(1_000_000 - at), hundred) == parse_micro(fee)


def test_fees_are_floored_at_five_decimals_never_rounded() -> None:
    # 0.07 * 0.01 * 0.99 = 0.000693 a share: 0.14 shares cost 0.00009702.
    assert CRYPTO.fee(Price(10_000), Shares(140_000)) == 90


def test_a_fee_under_the_step_is_none() -> None:
    assert CRYPTO.fee(Price(10_000), Shares(10_000)) == 0
    assert CRYPTO.fee(Price(0), Shares(10**9)) == 0


def test_the_older_curve_has_a_square() -> None:
    v1 = FeeSchedule(rate_ppm=250_000, exponent=2)
    assert v1.fee(Price(500_000), Shares(100_000_000)) == 1_562_500


@pytest.mark.parametrize("exponent", [0, 1, 2])
def test_the_floats_of_thinking_agree_with_the_integers_of_trading(exponent: int) -> None:
    schedule = FeeSchedule(exponent=exponent)
    for cents in range(1, 100):
        exact = schedule.fee(Price(cents * 10_000), Shares(10**12)) / 10**12
        assert schedule.per_share(cents / 100) == pytest.approx(exact, abs=1e-10)


@pytest.mark.parametrize("wrong", [{"rate_ppm": -1}, {"exponent": -1}, {"rebate_ppm": -1}])
def test_negative_terms_are_no_fee_schedule(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=">= 0"):
        FeeSchedule(**wrong)
