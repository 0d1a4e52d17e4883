"""Money in, money out: not a millionth is lost, and roundings go the way that is safe."""

from __future__ import annotations

import pytest

from polytui.model.units import (
    MICRO,
    Price,
    Shares,
    complement,
    cost_of,
    floor_to_lot,
    format_micro,
    is_on_tick,
    parse_micro,
    parse_price,
    to_float,
    usd_from_float,
)

CENT, TENTH, HUNDREDTH = Price(10_000), Price(1_000), Price(100)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1", 1_000_000),
        ("0.53", 530_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("0.000001", 1),
        ("0.0000010000", 1),
        ("156606.14", 156_606_140_000),
        ("007", 7_000_000),
        ("999999999999.999999", 10**18 - 1),
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, value: int) -> None:
    assert parse_micro(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "-1", "+1", "1e3", " 1", "1 ", "1,5", "1_000", "nan", "inf", "0x1", "1.2.3"),
        *("0.0000001", "0.1234567", "1.000000x", "1.000000 ", "\u0661", "1\n", "1\u00b2"),
        "9" * 19,
        "9" * 400,
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|large"):
        parse_micro(text)


def test_a_price_is_at_most_a_dollar() -> None:
    assert parse_price("1") == MICRO
    assert parse_price("0") == 0
    with pytest.raises(ValueError, match="above one dollar"):
        parse_price("1.000001")


@pytest.mark.parametrize(
    ("value", "least", "text"),
    [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (530_000, 0, "0.53"),
        (500_000, 2, "0.50"),
        (1, 2, "0.000001"),
        (-1, 0, "-0.000001"),
        (-1_500_000, 2, "-1.50"),
        (123_000_000, 0, "123"),
        (1_234_500, 6, "1.234500"),
    ],
)
def test_formats_are_the_shortest_that_lose_nothing(value: int, least: int, text: str) -> None:
    assert format_micro(value, least) == text


@pytest.mark.parametrize("tick", [CENT, TENTH, HUNDREDTH, Price(5_000), Price(2_500)])
def test_the_venue_takes_prices_between_a_tick_and_a_dollar_less_a_tick(tick: Price) -> None:
    assert is_on_tick(tick, tick)
    assert is_on_tick(complement(tick), tick)
    assert not is_on_tick(Price(0), tick)
    assert not is_on_tick(Price(MICRO), tick)
    assert not is_on_tick(Price(tick + 1), tick)


def test_a_broken_millionth_is_always_ours_to_bear() -> None:
    price, shares = Price(333_333), Shares(1_000_001)
    assert price * shares % MICRO
    assert cost_of(price, shares) == price * shares // MICRO + 1


def test_whole_products_are_not_rounded_up() -> None:
    assert cost_of(Price(530_000), Shares(10_000_000)) == 5_300_000


@pytest.mark.parametrize(
    ("shares", "lots"), [(0, 0), (9_999, 0), (10_000, 10_000), (7_575_758, 7_570_000)]
)
def test_dust_under_a_lot_cannot_be_sold(shares: int, lots: int) -> None:
    assert floor_to_lot(shares) == lots


@pytest.mark.parametrize(
    ("value", "usd"), [(1000.0, 10**9), (0.1, 100_000), (0.29, 290_000), (59.7, 59_700_000)]
)
def test_a_setting_in_dollars_is_taken_as_printed(value: float, usd: int) -> None:
    assert usd_from_float(value) == usd
    assert to_float(usd) == value
