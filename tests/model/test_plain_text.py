"""Text of others: one line, visible, bounded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.plain_text import MOST_CHARACTERS, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("Côte d’Ivoire 北京", "Côte d’Ivoire 北京"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        (
            "a\n2026-01-01T00:00:00.000 INFO forged\r\n",
            "a\\n2026-01-01T00:00:00.000 INFO forged\\r\\n",
        ),
        ("txt.\u202efdp", "txt.\\u202efdp"),
        ("zero\u200bwidth\u2060\ufeff", "zero\\u200bwidth\\u2060\\ufeff"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("\ud800", "\\ud800"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("no\u00a0break", "no break"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_could_do_something_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_marks_that_climb_are_left_out() -> None:
    assert plain("e" + "\u0301" * 400) == "e" + "\u0301" * 4


@given(st.text(max_size=2_000), st.integers(2, 600))
def test_any_text_is_one_line_of_its_length_and_drawn(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") for one in shown)
    assert plain(shown, most) == shown, "once is enough"


def test_a_long_one_says_that_it_was_cut() -> None:
    assert plain("x" * 10**7) == "x" * (MOST_CHARACTERS - 1) + "…"
    assert len(plain("\x00" * 10**7)) == MOST_CHARACTERS
