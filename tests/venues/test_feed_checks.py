"""The checks every codec stands on."""

from __future__ import annotations

import pytest

from polytui.venues.feed import (
    NOTHING,
    Parsed,
    guarded,
    not_negative,
    ns_of_ms,
    ns_of_rfc3339,
    positive,
    positive_number,
    rejected,
)


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("12", 12.0), (".5", 0.5), ("7.", 7.0)])
def test_plain_decimals_are_numbers(text: str, value: float) -> None:
    assert positive(text) == value


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1e5", "nan", "inf", "1_0", " 1", "0x1", "²", "1.2.3", "9" * 30]
)
def test_anything_else_is_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        not_negative(text)


@pytest.mark.parametrize("text", ["0", "0.000", "."])
def test_zero_is_a_size_but_no_price(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        positive(text)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e16])
def test_json_numbers_must_be_prices(value: float) -> None:
    with pytest.raises(ValueError, match="not a price"):
        positive_number(value)


def test_milliseconds_as_number_and_as_string() -> None:
    assert ns_of_ms(1_776_081_408_433) == ns_of_ms("1776081408433") == 1_776_081_408_433_000_000


@pytest.mark.parametrize("ms", [0, -5, 10**14, "", "-5", "1e3", "17760814084330000", "٣"])
def test_other_times_are_refused(ms: int | str) -> None:
    with pytest.raises(ValueError, match="not milliseconds"):
        ns_of_ms(ms)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-10-03T10:20:00Z", 1_791_022_800_000_000_000),
        ("2026-10-03T10:20:00.5Z", 1_791_022_800_500_000_000),
        ("2026-10-03T10:20:00.118203991Z", 1_791_022_800_118_203_991),
        ("2026-10-03T10:20:00.000001+00:00", 1_791_022_800_000_001_000),
        ("2026-10-03 10:20:00+00:00", 1_791_022_800_000_000_000),
    ],
)
def test_utc_times_to_the_nanosecond(text: str, ns: int) -> None:
    assert ns_of_rfc3339(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "2026-10-03",
        "2026-10-03T10:20:00",
        "2026-10-03T10:20:00+02:00",
        "2026-13-03T10:20:00Z",
        "2026-10-03T10:20:00.Zx",
        "2026-10-03T10:20:00.1234567890Z",
        "2026-10-03T10:20:00,5Z",
        "1969-10-03T10:20:00Z",
    ],
)
def test_other_spellings_of_time_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ns_of_rfc3339(text)


def test_a_reason_is_one_printable_line_and_never_empty() -> None:
    assert rejected("a\nb\x1b[31m\ud800").rejected == "a\\nb\\x1b[31m\\ud800"
    assert len(rejected("x" * 1000).rejected) == 160
    assert rejected(ValueError()).rejected == "ValueError"


def test_bytes_are_checked_as_utf8_before_anything_is_believed() -> None:
    def parse(text: str, received_ns: int) -> Parsed:
        return NOTHING

    assert guarded(parse, b"{}", 1) is NOTHING
    assert "utf-8" in guarded(parse, b"\xff", 1).rejected
