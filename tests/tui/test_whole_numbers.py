"""A number is on the screen whole or not at all: half of one could be read as another."""

from __future__ import annotations

import re

import pytest
from attrs import evolve
from fake_engine import asset_at
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from polytui.model.snapshot import BookView, FeedState, FeedView
from polytui.model.units import MICRO
from polytui.tui.panels.feeds import feed_table
from polytui.tui.panels.figures import shares, whole_shares
from polytui.tui.panels.ladder import touch
from polytui.tui.styles import line, plain, styles_of
from polytui.tui.theme import load_themes

STYLES = styles_of(load_themes()["night"])
WORDS = st.lists(
    st.one_of(
        st.from_regex(r"[a-z]{1,9}", fullmatch=True),
        st.integers(-(10**7), 10**7).map("{:,}".format),
        st.floats(-99, 99, allow_nan=False).map("x{:.2f}".format),
        st.just("日本"),
    ),
    min_size=1,
    max_size=8,
)


@given(WORDS, st.integers(1, 60))
@example(["half", "at", "0.40"], 12)
@example(["134.56"], 4)
def test_what_is_cut_shows_no_part_of_a_number(words: list[str], width: int) -> None:
    shown = plain([line([(" ".join(words), STYLES.text)], width, STYLES.text)])
    numbers = [word for word in shown.replace("…", " ").split() if re.search(r"\d", word)]
    assert all(number in words for number in numbers)
    assert cell_len(shown) <= width
    assert ("…" in shown) == (cell_len(" ".join(words)) > width)


def test_a_number_that_has_its_room_stays() -> None:
    shown = plain([line([("fair 0.53 mid 0.52", STYLES.text)], 10, STYLES.text)])
    assert shown == "fair 0.53…"


@given(st.integers(1, 10**13))
def test_whole_shares_are_those_shares(micro: int) -> None:
    words = whole_shares(micro)
    assert len(words) <= 7
    if not words.endswith("M") and micro >= MICRO:
        assert abs(int(words.replace(",", "")) * MICRO - micro) <= MICRO / 2
    else:
        assert words == shares(micro)


LEVELS = st.tuples(st.integers(1, 9999).map(lambda tick: tick * 100), st.integers(1, 10**13))


@given(LEVELS, LEVELS, st.sampled_from([100, 1_000, 10_000]), st.integers(26, 60))
@example((40_000, 8_308_500_000), (47_000, 134_560_000), 1_000, 36)
def test_best_bid_and_ask_keep_their_numbers(
    bid: tuple[int, int], ask: tuple[int, int], tick: int, width: int
) -> None:
    shown = evolve(asset_at("btc", 0).rounds[0], book=BookView((bid,), (ask,), tick, True, 40))
    words = plain([touch(shown, STYLES, width)])
    assert "…" not in words
    found = re.fullmatch(r"bid ([\d.]+)(?: x(\S+))?  ask ([\d.]+)(?: x(\S+))?", words)
    assert found is not None
    assert (found[2] is None) == (found[4] is None)
    if found[2] is not None:
        assert {found[2], found[4]} <= {
            words_of(size) for size in (bid[1], ask[1]) for words_of in (shares, whole_shares)
        }


def test_decimals_go_before_sizes() -> None:
    book = BookView(((40_000, 8_308_500_000),), ((47_000, 134_560_000),), 1_000, True, 40)
    shown = evolve(asset_at("btc", 0).rounds[0], book=book)
    words = [plain([touch(shown, STYLES, width)]) for width in (37, 36, 32, 31)]
    assert words == [
        "bid 0.040 x8,308.5  ask 0.047 x134.56",
        "bid 0.040 x8,308  ask 0.047 x135",
        "bid 0.040 x8,308  ask 0.047 x135",
        "bid 0.040  ask 0.047",
    ]


@pytest.mark.parametrize("width", range(24, 90))
def test_a_feed_has_its_whole_name_and_what_is_wrong(width: int) -> None:
    up = FeedView("polybolt", FeedState.UP, 500, 581, 0, 0, 0, offset_ms=0.0)
    bad = evolve(up, name="coinbase", state=FeedState.STALE, reconnects=12, rejected=3)
    rows = plain(feed_table((up, bad), STYLES, width)).split("\n")
    assert "● polybolt " in rows[0]
    assert "◐ coinbase stale " in rows[1]
    assert all("0.5 s" in row and "…" not in row for row in rows)
    if width >= 36:
        assert "12 re" in rows[1]
