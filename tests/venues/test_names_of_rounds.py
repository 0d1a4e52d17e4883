"""When a round opens, by its name alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.venues.polymarket.round_names import (
    has_name_of_its_own,
    is_round,
    opens_of,
    round_slug,
    window_of,
)


@given(st.sampled_from(Asset), st.sampled_from(Interval), st.integers(1_700_000_000, 1_900_000_000))
def test_a_name_says_when_its_round_opens(asset: Asset, interval: Interval, at_s: int) -> None:
    opens_ns = window_of(interval, at_s * NS_PER_S).opens_ns
    if has_name_of_its_own(interval, opens_ns):
        slug = round_slug(asset, interval, opens_ns)
        assert opens_of(slug) == opens_ns
        assert is_round(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "btc-updown-5m-1780876801",
        "doge-updown-5m-1780876800",
        "bitcoin-up-or-down-june-31-2026-1am-et",
        "bitcoin-up-or-down-sometime-3-2026-1am-et",
        "bitcoin-up-or-down-june-08-2026-1am-et",
        "",
    ],
)
def test_a_name_of_no_window_is_no_rounds(slug: str) -> None:
    assert not is_round(slug)
