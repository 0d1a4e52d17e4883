"""Tokens of signers and windows of network addresses, in the world's time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.exchange.rate_limits import (
    TIERS,
    AddressLimits,
    SignerLimits,
    TokenBucket,
    Window,
    tier_of_volume,
)

ANNA, BELA = "0x" + "aa" * 20, "0x" + "bb" * 20
START_NS = 1_795_204_800 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S


@pytest.mark.parametrize("tier", TIERS, ids=lambda one: one.name)
def test_a_tier_has_its_burst_and_then_its_rate(tier: object) -> None:
    chosen = next(one for one in TIERS if one is tier)
    limits = SignerLimits(lambda address: chosen.least_usd * MICRO)
    assert limits.tier_of(ANNA, START_NS) == chosen.name
    for burst, per_s, take in (
        (chosen.place_burst, chosen.place_per_s, limits.place),
        (chosen.cancel_burst, chosen.cancel_per_s, limits.cancel),
    ):
        assert all(take(ANNA, 1, START_NS).is_within for _ in range(burst))
        assert not take(ANNA, 1, START_NS).is_within
        later = START_NS + NS_PER_S
        assert sum(take(ANNA, 1, later).is_within for _ in range(per_s + 5)) == per_s
        assert take(BELA, burst, START_NS).is_within, "everybody has tokens of their own"


@pytest.mark.parametrize(
    ("usd", "name"),
    [
        (0, "Standard"), (29_999, "Standard"), (30_000, "Copper"), (50_000, "Bronze"),
        (100_000, "Silver"), (500_000, "Gold"), (2_500_000, "Platinum"),
        (4_999_999, "Platinum"), (5_000_000, "Diamond"), (10_000_000, "Elite"),
        (10**9, "Elite"),
    ],
)  # fmt: skip
def test_a_tier_is_of_thirty_days_volume(usd: int, name: str) -> None:
    assert tier_of_volume(usd * MICRO).name == name
    if usd in {one.least_usd for one in TIERS[1:]}:
        assert tier_of_volume(usd * MICRO - 1).name != name


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    limits = SignerLimits()
    first = limits.place(ANNA, 50, START_NS)
    assert (first.is_within, first.remaining, first.reset_ns) == (True, 10, START_NS)
    refused = limits.place(ANNA, 15, START_NS)
    assert (refused.is_within, refused.remaining) == (False, 10)
    assert refused.reset_ns == START_NS + NS_PER_S * 5 // 40, "five tokens at forty a second"
    assert not limits.place(ANNA, 15, refused.reset_ns - 1).is_within
    taken = limits.place(ANNA, 15, refused.reset_ns)
    assert (taken.is_within, taken.remaining) == (True, 0)
    assert taken.reset_ns == refused.reset_ns + NS_PER_S // 40, "until there is one again"


def test_more_than_a_burst_is_never_taken() -> None:
    limits = SignerLimits()
    refused = limits.place(ANNA, 61, START_NS)
    assert not refused.is_within
    assert not limits.place(ANNA, 61, START_NS + HOUR_NS).is_within
    assert limits.place(ANNA, 60, START_NS).is_within, "and costs nothing"


def test_a_sweep_may_owe_tokens_and_pays_before_the_next() -> None:
    limits = SignerLimits()
    swept = limits.sweep(ANNA, 280, START_NS)
    assert (swept.is_within, swept.remaining) == (True, 120 - 281)
    assert swept.reset_ns == START_NS + NS_PER_S * 162 // 80
    assert not limits.cancel(ANNA, 1, START_NS + NS_PER_S * 2).is_within
    assert not limits.sweep(ANNA, 0, START_NS + NS_PER_S * 2).is_within
    assert limits.cancel(ANNA, 1, swept.reset_ns).is_within
    assert limits.place(ANNA, 60, START_NS).is_within, "another bucket"


def test_who_is_above_gold_owes_nothing() -> None:
    limits = SignerLimits()
    assert limits.give(ANNA, "platinum")
    assert limits.sweep(ANNA, 5_000, START_NS).is_within
    assert limits.cancel(ANNA, 1, START_NS + NS_PER_S // 900 + 1).is_within
    assert limits.give(BELA, "Gold")
    assert limits.sweep(BELA, 5_000, START_NS).remaining == 1_200 - 5_001
    assert not limits.cancel(BELA, 1, START_NS + NS_PER_S).is_within


def test_a_tier_is_up_to_three_hours_old() -> None:
    volume = {ANNA: 0}
    limits = SignerLimits(lambda address: volume[address])
    assert limits.tier_of(ANNA, START_NS) == "Standard"
    volume[ANNA] = 600_000 * MICRO
    assert limits.tier_of(ANNA, START_NS + 3 * HOUR_NS - 1) == "Standard"
    assert limits.tier_of(ANNA, START_NS + 3 * HOUR_NS) == "Gold"
    assert limits.place(ANNA, 60, START_NS + 3 * HOUR_NS).is_within, "what was saved"
    assert not limits.place(ANNA, 1, START_NS + 3 * HOUR_NS).is_within
    assert limits.place(ANNA, 600, START_NS + 4 * HOUR_NS).is_within


def test_a_tier_that_was_given_holds_at_once() -> None:
    limits = SignerLimits()
    assert limits.tier_of(ANNA, START_NS) == "Standard"
    assert not limits.give(ANNA, "Tin")
    assert limits.give(ANNA, "elite")
    assert limits.tier_of(ANNA, START_NS) == "Elite"
    assert limits.tier_of(BELA, START_NS) == "Standard"


doings = st.lists(st.tuples(st.integers(0, 2 * NS_PER_S), st.integers(1, 80)), max_size=40)


@given(st.integers(1, 50), st.integers(1, 80), doings)
def test_nobody_ever_has_more_than_burst_and_rate_allow(
    per_s: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    bucket, now_ns, taken = TokenBucket.full(per_s, burst, START_NS), START_NS, 0
    for later_ns, tokens in steps:
        now_ns += later_ns
        if bucket.has(tokens, now_ns):
            bucket.take(tokens)
            taken += tokens
        else:
            wait_ns, is_possible = bucket.wait_ns(tokens), tokens <= burst
            assert wait_ns > 0 or not is_possible
            assert bucket.has(min(tokens, burst), now_ns + wait_ns)
            assert is_possible or not bucket.has(tokens, now_ns + 10 * HOUR_NS)
            now_ns += wait_ns if is_possible else 10 * HOUR_NS
        assert 0 <= bucket.whole <= burst
        assert taken * NS_PER_S <= burst * NS_PER_S + per_s * (now_ns - START_NS)


def test_a_window_lets_so_many_through_and_slides() -> None:
    limits, window = AddressLimits(), (Window("few", 10),)
    for at in range(10):
        assert limits.wait_ns("::1", window, START_NS + at * NS_PER_S // 2) == 0
    now_ns = START_NS + 5 * NS_PER_S
    wait_ns = limits.wait_ns("::1", window, now_ns)
    assert wait_ns == 5 * NS_PER_S
    assert limits.wait_ns("127.0.0.1", window, now_ns) == 0
    assert limits.wait_ns("::1", window, now_ns + wait_ns - 1) > 0
    assert limits.wait_ns("::1", window, now_ns + wait_ns) == 0
    assert limits.wait_ns("::1", window, now_ns + wait_ns) > 0, "one has left, one has come"


def test_a_request_that_one_window_refuses_counts_in_none() -> None:
    limits, few, many = AddressLimits(), Window("few", 1), Window("many", 3)
    assert limits.wait_ns("a", (many, few), START_NS) == 0
    for _ in range(5):
        assert limits.wait_ns("a", (many, few), START_NS) > 0
    assert limits.wait_ns("a", (many,), START_NS) == 0
    assert limits.wait_ns("a", (many,), START_NS) == 0
    assert limits.wait_ns("a", (many,), START_NS) > 0
    assert limits.wait_ns("a", (), START_NS) == 0


@given(st.lists(st.integers(0, 3 * NS_PER_S), max_size=60))
def test_no_window_ever_holds_more_than_it_may(steps: list[int]) -> None:
    limits, window, now_ns = AddressLimits(), Window("few", 5), START_NS
    let_in: list[int] = []
    for step_ns in steps:
        now_ns += step_ns
        if limits.wait_ns("a", (window,), now_ns) == 0:
            let_in.append(now_ns)
        slot_ns = 10 * NS_PER_S // 20
        assert sum(one > now_ns - 10 * NS_PER_S + slot_ns for one in let_in) <= 5


def test_strangers_are_forgotten_in_the_end() -> None:
    limits, addresses = SignerLimits(), AddressLimits()
    for number in range(10_500):
        limits.place(f"{number}", 60, START_NS)
        addresses.wait_ns(f"{number}", (Window("few", 1),), START_NS)
    assert len(limits._signers) == 10_000
    assert len(addresses._counts) == 1_000
    assert not limits.place("10499", 1, START_NS).is_within
    assert limits.place("0", 60, START_NS).is_within
