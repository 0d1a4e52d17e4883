"""The consensus: who has a vote, how much, and how sure the whole is."""

from __future__ import annotations

import math

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import MarketSettings
from polytui.market.consensus import Consensus, Estimate, Part
from polytui.model.units import NS_PER_MS, NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
MARKET = MarketSettings()
BASES = {"binance": 1.0008, "bybit": 1.00075, "coinbase": 1.0}


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def quoted(consensus: Consensus, venue: str, price: float, seconds: float) -> None:
    """A quote whose price, less the venue's basis, is `price`."""
    consensus.take_quote(venue, price * BASES[venue], at(seconds), at(seconds))


def begun(*venues: str) -> Consensus:
    """A minute in which everybody says 100 in his own currency."""
    consensus = Consensus()
    for second in range(60):
        for venue in venues or tuple(BASES):
            quoted(consensus, venue, 100.0, second)
        consensus.take_settlement(100.0, at(second), MARKET)
    return consensus


def estimate(consensus: Consensus, seconds: float, market: MarketSettings = MARKET) -> Estimate:
    consensus.judge(at(seconds), market)
    found = consensus.estimate(at(seconds), market)
    assert found is not None
    return found


def parts(consensus: Consensus, seconds: float = 60) -> tuple[Part, ...]:
    return consensus.parts(at(seconds), MARKET)


def test_nothing_before_the_chainlink_was_heard() -> None:
    consensus = Consensus()
    quoted(consensus, "binance", 100.0, 0)
    assert consensus.estimate(at(0), MARKET) is None
    assert consensus.mid("binance", at(0), 3000) == pytest.approx(100.08)


def test_each_venue_has_its_own_basis_and_all_lead_together() -> None:
    consensus = begun()
    for venue in BASES:
        quoted(consensus, venue, 100.05, 60)
    found = estimate(consensus, 60)
    assert found.price == pytest.approx(100.05)
    assert found.lead_bps == pytest.approx(5.0, abs=0.01)
    bases = {part.venue: part.basis_bps for part in parts(consensus)}
    assert bases["binance"] == pytest.approx(8.0, abs=0.01)
    assert bases["coinbase"] == pytest.approx(0.0, abs=0.01)
    assert found.trust > 0.9


def test_without_an_exchange_it_is_chainlinks_last_word_and_unsure() -> None:
    found = estimate(begun(), 70)
    assert found.price == 100.0
    assert found.trust <= 0.4
    assert found.as_of_ns == at(59)
    assert estimate(begun(), 90).trust < found.trust


def test_a_stale_or_dead_exchange_lowers_trust_and_nothing_else() -> None:
    consensus = begun()
    for venue in ("binance", "bybit"):
        quoted(consensus, venue, 100.02, 62.5)
    two = estimate(consensus, 62.5)
    assert two.price == pytest.approx(100.02, abs=0.003)
    consensus.set_live("bybit", False, at(62.6))
    one = estimate(consensus, 62.6)
    assert one.price == pytest.approx(100.02, abs=0.003)
    assert one.trust < two.trust
    assert {part.venue: part.weight for part in parts(consensus, 62.6)}["bybit"] == 0.0


@pytest.mark.parametrize(("off_bps", "is_out"), [(14.0, False), (16.0, True), (-16.0, True)])
def test_a_venue_far_from_the_others_has_no_vote(off_bps: float, is_out: bool) -> None:
    consensus = begun()
    quoted(consensus, "binance", 100.0, 60)
    quoted(consensus, "coinbase", 100.0, 60)
    quoted(consensus, "bybit", 100.0 * (1 + off_bps / 10_000), 60)
    found = estimate(consensus, 60)
    outliers = [part.venue for part in parts(consensus) if part.is_outlier]
    assert outliers == (["bybit"] if is_out else [])
    if is_out:
        assert found.price == pytest.approx(100.0)


def test_of_two_that_disagree_the_one_nearer_the_chainlink_is_believed() -> None:
    consensus = begun("binance", "coinbase")
    quoted(consensus, "binance", 100.3, 60)
    quoted(consensus, "coinbase", 100.01, 60)
    found = estimate(consensus, 60)
    assert found.price == pytest.approx(100.01)
    assert [part.venue for part in parts(consensus) if part.is_outlier] == ["binance"]


def test_an_outlier_teaches_no_basis_and_comes_back_when_it_agrees_again() -> None:
    consensus = begun()
    for second in range(60, 120):
        quoted(consensus, "binance", 100.0, second)
        quoted(consensus, "coinbase", 100.0, second)
        quoted(consensus, "bybit", 101.0, second)
        consensus.judge(at(second), MARKET)
        consensus.take_settlement(100.0, at(second), MARKET)
    quoted(consensus, "bybit", 100.0, 120)
    estimate(consensus, 120)
    found = {part.venue: part for part in parts(consensus, 120)}
    assert not found["bybit"].is_outlier
    assert found["bybit"].basis_bps == pytest.approx(7.5, abs=0.01)
    assert 0.0 < found["bybit"].weight < found["binance"].weight + found["coinbase"].weight


def test_the_late_and_the_old_weigh_less() -> None:
    consensus = begun()
    consensus.take_quote("bybit", 100.075, at(59.0), at(60))
    for _ in range(200):
        consensus.take_quote("bybit", 100.075, at(59.0), at(60))
    quoted(consensus, "binance", 100.0, 60)
    quoted(consensus, "coinbase", 100.0, 59.3)
    weights = {part.venue: part.weight for part in parts(consensus)}
    assert weights["bybit"] < 0.3 * weights["binance"]
    assert weights["coinbase"] == pytest.approx(0.5 * weights["binance"], rel=0.01)


def test_disagreement_halves_trust_at_the_setting() -> None:
    calm, consensus = estimate(begun(), 59.0), begun()
    quoted(consensus, "binance", 100.03, 60)
    quoted(consensus, "bybit", 99.97, 60)
    quoted(consensus, "coinbase", 100.0, 60)
    wide = estimate(consensus, 60, evolve(MARKET, agreement_bps=2.0))
    assert wide.disagreement_bps == pytest.approx(2.0, rel=0.05)
    assert wide.trust == pytest.approx(calm.trust * 0.5, rel=0.1)


def together(lead_bps: float) -> Consensus:
    """All exchanges agree, so far away from what Chainlink said last."""
    consensus = begun()
    for venue in BASES:
        quoted(consensus, venue, 100.0 * math.exp(lead_bps / 10_000), 60)
    return consensus


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_lead_that_runs_away_from_the_chainlink_halves_trust(side: float) -> None:
    """Prices do not run away for long. Beyond `outlier_bps`, and not a hair before it; above
    Chainlink and below it; by the setting in force."""
    calm = estimate(together(0.0), 60)
    inside, beyond = estimate(together(side * 14.9), 60), estimate(together(side * 15.1), 60)
    assert inside.lead_bps == pytest.approx(side * 14.9)
    assert inside.trust == pytest.approx(calm.trust)
    assert beyond.trust == pytest.approx(calm.trust / 2.0)
    assert beyond.price == pytest.approx(100.0 * math.exp(side * 15.1 / 10_000))
    wide = evolve(MARKET, outlier_bps=20.0)
    assert estimate(together(side * 15.1), 60, wide).trust == pytest.approx(calm.trust)


@pytest.mark.parametrize(("age_s", "share"), [(3.0, 1.0), (11.0, 0.5), (19.0, 0.25)])
def test_trust_halves_with_every_eight_seconds_of_an_old_chainlink(
    age_s: float, share: float
) -> None:
    """Three seconds are usual."""
    consensus = begun()
    for venue in BASES:
        quoted(consensus, venue, 100.0, 59.0 + age_s)
    calm = estimate(together(0.0), 60)
    assert estimate(consensus, 59.0 + age_s).trust == pytest.approx(calm.trust * share)


def test_few_exchanges_are_trusted_less_and_nobody_more_than_the_usual_share() -> None:
    """One fresh and prompt venue weighs 1: 1 / 1.15; three weigh 3."""
    one = begun("binance")
    quoted(one, "binance", 100.0, 60)
    assert estimate(one, 60).trust == pytest.approx(1 / 1.15, rel=0.01)
    assert estimate(together(0.0), 60).trust == pytest.approx(3 / 3.15, rel=0.01)


def test_asking_changes_nothing() -> None:
    consensus = begun()
    before = consensus.state()
    for step in range(50):
        consensus.estimate(at(60) + step * NS_PER_MS, MARKET)
    assert consensus.state() == before


@given(
    st.lists(
        st.tuples(st.sampled_from(tuple(BASES)), st.floats(90.0, 110.0), st.floats(60.0, 70.0)),
        max_size=20,
    )
)
def test_the_price_lies_among_those_that_have_a_vote(
    quotes: list[tuple[str, float, float]],
) -> None:
    consensus = begun()
    for venue, price, seconds in sorted(quotes, key=lambda one: one[2]):
        quoted(consensus, venue, price, seconds)
    found = estimate(consensus, 70.0)
    assert math.isfinite(found.price)
    assert 0.0 <= found.trust <= 1.0
    voting = [part.adjusted for part in parts(consensus, 70) if part.weight > 0 and part.adjusted]
    if voting:
        assert min(voting) * (1 - 1e-12) <= found.price <= max(voting) * (1 + 1e-12)
        assert sum(part.weight for part in parts(consensus, 70)) == pytest.approx(1.0)
    else:
        assert found.price == 100.0


def test_a_mid_that_stood_too_long_teaches_no_basis() -> None:
    """A feed that is up but quotes nothing must not learn that its old price is right."""
    consensus, market = Consensus(), MarketSettings()
    for second in range(60):
        at_ns = (1_000 + second) * NS_PER_S
        consensus.take_quote("coinbase", 100_000.0, at_ns, at_ns)
        consensus.take_settlement(100_000.0, at_ns, market)
    for second in range(60, 300):
        consensus.take_settlement(100_100.0, (1_000 + second) * NS_PER_S, market)
    (part,) = consensus.parts(1_300 * NS_PER_S, market)
    assert part.basis_bps is not None
    assert abs(part.basis_bps) < 1.5, "eight seconds still count, four minutes do not"
