"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from polytui.model.errors import Rejected
from polytui.model.units import NS_PER_S
from polytui.player.moments import moment_of


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


FIRST, LAST = ns("2026-11-20 20:00:00"), ns("2026-11-21 04:00:00")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("21:30:05", "2026-11-20 21:30:05"),
        ("21:30", "2026-11-20 21:30:00"),
        ("3:59", "2026-11-21 03:59:00"),
        (" 00:00:00 ", "2026-11-21 00:00:00"),
        ("2026-11-21 01:02", "2026-11-21 01:02:00"),
        ("2026-11-21T01:02:03Z", "2026-11-21 01:02:03"),
        ("25%", "2026-11-20 22:00:00"),
        ("0.5", "2026-11-21 00:00:00"),
        (".5", "2026-11-21 00:00:00"),
        ("0", "2026-11-20 20:00:00"),
        ("1", "2026-11-21 04:00:00"),
        ("100 %", "2026-11-21 04:00:00"),
        ("+90s", "2026-11-20 20:01:30"),
        ("+ 2h", "2026-11-20 22:00:00"),
        ("+5", "2026-11-20 20:00:05"),
        ("-5m", "2026-11-20 20:00:00"),
        ("+999999h", "2026-11-21 04:00:00"),
    ],
)
def test_a_moment_is_found(text: str, wanted: str) -> None:
    assert moment_of(text, FIRST, FIRST, LAST) == ns(wanted)


def test_of_two_days_the_nearer_is_meant() -> None:
    last = ns("2026-11-22 20:00:00")
    assert moment_of("21:00", ns("2026-11-20 20:30:00"), FIRST, last) == ns("2026-11-20 21:00:00")
    assert moment_of("21:00", ns("2026-11-21 20:30:00"), FIRST, last) == ns("2026-11-21 21:00:00")


def test_parts_of_a_second() -> None:
    assert moment_of("21:00:00.25", FIRST, FIRST, LAST) == ns("2026-11-20 21:00:00") + NS_PER_S // 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no moment"), ("noon", "no moment"), ("25:00", "no time of a day"),
        ("12:60", "no time of a day"), ("12:00", "is not in it: 2026-11-20 20:00:00 to"),
        ("101%", "more than the whole"), ("2026-13-45 12:00", "no day"), ("9" * 400, "no moment"),
        ("2026-11-21 junk", "no moment"), ("\x1b[2J", "no moment"),
    ],
)  # fmt: skip
def test_what_is_none_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(Rejected, match=words) as found:
        moment_of(text, FIRST, FIRST, LAST)
    assert str(found.value).isprintable()
