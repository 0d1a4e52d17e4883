"""How long a server asks us to stay away, in seconds or by a date."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.net.retry_after import retry_after_s

DATE = "Thu, 26 Nov 2026 14:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("7", "", 7.0),
        ("0", DATE, 0.0),
        ("Thu, 26 Nov 2026 14:01:30 GMT", DATE, 90.0),
        ("Thu, 26 Nov 2026 13:00:00 GMT", DATE, 0.0),
        ("Thursday, 26-Nov-26 14:00:05 GMT", DATE, 5.0),
        ("Thu, 26 Nov 2026 14:01:30 GMT", "", None),
        ("Thu, 26 Nov 2026 14:01:30", DATE, None),
        ("Thu, 26 Nov 99999999999 14:01:30 GMT", DATE, None),
        ("soon", DATE, None),
        ("-5", DATE, None),
        ("\u0667", DATE, None),
        ("", DATE, None),
    ],
)
def test_seconds_or_a_date_by_the_answers_own_clock(
    text: str, date: str, seconds: float | None
) -> None:
    assert retry_after_s(text, date) == seconds


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_stands_there_it_is_an_answer(text: str, date: str) -> None:
    found = retry_after_s(text, date)
    assert found is None or found >= 0.0
