"""What is believed of a claim: the prior, the record, and what others show; and how it is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.deciding import ClaimSettings
from polytui.ledger.attribution import Attribution, Claim
from polytui.ledger.claims import BELIEVED, Beliefs, Claims
from polytui.model.events import ClaimsLeft, HeldRound
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import MICRO, Price, Shares, Usd

BTC, ETH = Asset.BTC, Asset.ETH
LASTING = ClaimSettings(half_life=1e6)
"""Nothing fades while a test looks."""
HUNDRED = 100 * MICRO
LISTED = Round(
    "round", BTC, Interval.M5, "0x1", "111", "222", 0, Interval.M5.ns, SettlementRule.TWAP
)


def settled(
    claims: Claims,
    worth: float,
    price: float,
    won: float,
    *,
    times: int = 1,
    asset: Asset = BTC,
    strategy: str = "fade",
    thresholds: ClaimSettings = LASTING,
) -> Claims:
    """A hundred shares at `price` that were said to be worth `worth`, and brought `won` each."""
    for _ in range(times):
        claim = Claim(strategy, HUNDRED, round(price * HUNDRED), worth)
        pnl = Usd(round((won - price) * HUNDRED))
        claims.settle(asset, [claim], {strategy: pnl}, thresholds)
    return claims


def believed(claims: Claims, thresholds: ClaimSettings = LASTING, asset: Asset = BTC) -> Beliefs:
    return claims.beliefs(asset, "fade", thresholds)


# --- the formula ----------------------------------------------------------------------------------


def test_before_anything_came_of_a_claim_the_prior_is_believed() -> None:
    assert believed(Claims()) == BELIEVED
    assert believed(Claims(), ClaimSettings(prior=0.6)) == Beliefs(0.6, 0.6, 0.6)


def test_one_claim_by_hand() -> None:
    """Ten cents at even odds that were lost: c 0.1, r -0.5, v 0.25. (4 - 0.2) / (4 + 0.04)."""
    claims = settled(Claims(), worth=0.6, price=0.5, won=0.0)
    assert believed(claims).middle == pytest.approx(3.8 / 4.04)
    # The other thirds hear half of it.
    assert believed(claims).low == pytest.approx(3.9 / 4.02) == believed(claims).high


def test_a_cheap_share_weighs_more_for_it_varies_less() -> None:
    """c 0.2, r -0.1, v 0.09: (4 - 0.2222) / (4 + 0.4444)."""
    claims = settled(Claims(), worth=0.3, price=0.1, won=0.0)
    assert believed(claims).low == pytest.approx(3.777778 / 4.444444)


def test_other_assets_are_heard_by_half_and_other_strategies_not_at_all() -> None:
    claims = settled(Claims(), 0.6, 0.5, 0.0, asset=ETH)
    assert believed(claims, asset=ETH).middle == pytest.approx(3.8 / 4.04)
    assert believed(claims).middle == pytest.approx(3.9 / 4.02)
    assert believed(claims, evolve(LASTING, pooled=0.0)) == BELIEVED
    assert claims.beliefs(BTC, "sniper", LASTING) == BELIEVED


@pytest.mark.parametrize(("price", "third"), [
    (0.29, "low"), (0.30, "middle"), (0.70, "middle"), (0.71, "high"),
])  # fmt: skip
def test_thirds_of_prices(price: float, third: str) -> None:
    """Where a claim is kept, and where it is looked up."""
    claims = settled(Claims(), price + 0.1, price, 0.0, thresholds=LASTING)
    found = claims.beliefs(BTC, "fade", evolve(LASTING, pooled=0.0))
    assert [name for name in ("low", "middle", "high") if getattr(found, name) < 1.0] == [third]
    assert found.at(price) == getattr(found, third)


def test_a_claim_that_comes_true_is_believed_and_one_that_does_not_is_not() -> None:
    """Ten cents at even odds: six of ten win, or four of ten."""
    honest, boaster = Claims(), Claims()
    for _ in range(100):
        settled(honest, 0.6, 0.5, 1.0, times=6)
        settled(honest, 0.6, 0.5, 0.0, times=4)
        settled(boaster, 0.6, 0.5, 1.0, times=4)
        settled(boaster, 0.6, 0.5, 0.0, times=6)
    assert believed(honest).middle == pytest.approx(1.0, abs=1e-4)
    assert believed(boaster) == Beliefs(0.0, 0.0, 0.0)


def test_half_of_a_claim_that_comes_true_is_half_believed_in_the_end() -> None:
    claims = Claims()
    for _ in range(2_000):
        settled(claims, 0.7, 0.5, 1.0, times=6)
        settled(claims, 0.7, 0.5, 0.0, times=4)
    assert believed(claims).middle == pytest.approx(0.5, abs=0.01)


def test_nobody_is_believed_more_than_he_says() -> None:
    assert believed(settled(Claims(), 0.55, 0.5, 1.0, times=200)) == BELIEVED


def test_a_claim_counts_once_whatever_its_size() -> None:
    small, large = Claims(), Claims()
    small.settle(
        BTC, [Claim("fade", 5 * MICRO, 3 * MICRO, 0.8)], {"fade": Usd(-3 * MICRO)}, LASTING
    )
    large.settle(
        BTC, [Claim("fade", 500 * MICRO, 300 * MICRO, 0.8)], {"fade": Usd(-300 * MICRO)}, LASTING
    )
    assert small.state() == large.state()


def test_old_claims_fade() -> None:
    thresholds = ClaimSettings(half_life=10.0)
    claims = settled(Claims(), 0.7, 0.5, 0.0, times=50, thresholds=thresholds)
    low = believed(claims, thresholds).middle
    settled(claims, 0.7, 0.5, 0.7, times=100, thresholds=thresholds)
    assert low < 0.3
    assert believed(claims, thresholds).middle > 0.9
    assert claims.record(BTC, "fade", thresholds).count == pytest.approx(14.93, abs=0.1)


def test_off_every_claim_is_believed_whole() -> None:
    claims = settled(Claims(), 0.7, 0.5, 0.0, times=100)
    assert believed(claims).middle < 0.1
    assert believed(claims, evolve(LASTING, is_calibrated=False)) == BELIEVED


@given(
    st.lists(
        st.tuples(st.floats(0.01, 0.99), st.floats(0.0, 1.0), st.floats(-0.1, 1.0), st.booleans()),
        max_size=30,
    ),
    st.floats(0.0, 1.0),
)
def test_beliefs_are_shares_of_a_claim(
    seen: Sequence[tuple[float, float, float, bool]], prior: float
) -> None:
    claims = Claims()
    for price, worth, won, is_btc in seen:
        settled(claims, worth, price, won, asset=BTC if is_btc else ETH)
    for asset in (BTC, ETH):
        found = believed(claims, ClaimSettings(prior=prior), asset)
        assert all(0.0 <= one <= 1.0 for one in (found.low, found.middle, found.high))


# --- what is shown --------------------------------------------------------------------------------


def test_the_record_says_what_was_claimed_realised_and_is_used() -> None:
    claims = settled(Claims(), 0.6, 0.5, 1.0)
    settled(claims, 0.3, 0.2, 0.0)
    record = claims.record(BTC, "fade", LASTING)
    assert record.count == pytest.approx(2.0)
    assert record.claimed == pytest.approx(0.1)
    assert record.realised == pytest.approx(0.15)
    found = believed(claims)
    assert record.used == pytest.approx(0.1 * (found.low + found.middle) / 2)
    assert claims.record(ETH, "fade", LASTING).count == 0.0


def test_looking_changes_nothing() -> None:
    claims = settled(Claims(), 0.6, 0.5, 1.0)
    before = claims.state()
    claims.record(ETH, "nobody", LASTING)
    believed(claims, asset=ETH)
    claims.left()
    assert claims.state() == before


# --- through restarts -----------------------------------------------------------------------------


def test_another_session_goes_on_where_this_one_ended() -> None:
    claims = settled(Claims(), 0.6, 0.5, 0.0, times=7)
    settled(claims, 0.3, 0.2, 0.0, asset=ETH, strategy="sniper")
    again = Claims()
    again.restore(claims.left())
    assert again.state() == claims.state()
    assert believed(again) == believed(claims)
    assert believed(settled(again, 0.6, 0.5, 0.0)) == believed(settled(claims, 0.6, 0.5, 0.0))


@pytest.mark.parametrize(
    "bad",
    [
        ClaimsLeft("doge", "fade", "low", 1.0, 0.1, 0.1, 0.1, 0.1),
        ClaimsLeft("btc", "fade", "fourth", 1.0, 0.1, 0.1, 0.1, 0.1),
        ClaimsLeft("btc", "fade", "low", math.nan, 0.1, 0.1, 0.1, 0.1),
        ClaimsLeft("btc", "fade", "low", 1.0, math.inf, 0.1, 0.1, 0.1),
        ClaimsLeft("btc", "fade", "low", -1.0, 0.1, 0.1, 0.1, 0.1),
        ClaimsLeft("btc", "fade", "low", 1.0, 0.1, 0.1, 0.1, -0.1),
        ClaimsLeft("btc", "fade", "low", 1.0, 0.1, 0.1, 1e300, 0.1),
    ],
)
def test_what_cannot_be_a_record_is_left_out(bad: ClaimsLeft) -> None:
    claims = Claims()
    claims.restore([bad, ClaimsLeft("btc", "fade", "low", 1.0, 0.1, -0.2, -0.1, 0.1)])
    assert len(claims.left()) == 1
    assert 0.0 <= believed(claims).low < 1.0


# --- what a round leaves of a claim ---------------------------------------------------------------


def filled(
    track: Attribution, side: Side, price: float, shares: float, worth: float | None = None
) -> None:
    fill = Fill("t", Price(round(price * MICRO)), Shares(round(shares * MICRO)), Usd(0), True)
    track.fill("round", "fade", Outcome.UP, side, fill, 1, worth)


def test_a_claim_is_the_mean_over_the_shares_that_were_bought() -> None:
    track = Attribution()
    filled(track, Side.BUY, 0.5, 10, worth=0.6)
    filled(track, Side.BUY, 0.6, 30, worth=0.8)
    (claim,) = track.claims("round")
    assert (claim.strategy, claim.shares, claim.cost) == ("fade", 40 * MICRO, 23 * MICRO)
    assert claim.worth == pytest.approx(0.75)


def test_whoever_left_early_realised_what_it_was_sold_for() -> None:
    """Bought at 0.50, said to be worth 0.60, sold at 0.45: five cents a share were lost."""
    track, claims = Attribution(), Claims()
    filled(track, Side.BUY, 0.5, 10, worth=0.6)
    filled(track, Side.SELL, 0.45, 10)
    said = track.claims("round")
    claims.settle(BTC, said, track.settle("round", Outcome.UP), LASTING)
    record = claims.record(BTC, "fade", LASTING)
    assert (record.claimed, record.realised) == pytest.approx((0.1, -0.05))


def test_what_claims_nothing_is_no_claim() -> None:
    track = Attribution()
    filled(track, Side.BUY, 0.5, 10)
    assert track.claims("round") == ()
    assert track.claims("another") == ()


@pytest.mark.parametrize(("held", "is_kept"), [(10.0, True), (4.0, False)])
def test_shares_that_left_unseen_prove_nothing(held: float, is_kept: bool) -> None:
    """A desk that lives again hears what the client holds: all of it, or not."""
    track = Attribution()
    filled(track, Side.BUY, 0.5, 10, worth=0.6)
    shares = Shares(round(held * MICRO))
    flow = Usd(-5 * MICRO) if is_kept else Usd(-2 * MICRO)
    client = HeldRound(LISTED, (Holding(Outcome.UP, shares, Usd(round(held * MICRO / 2))),), flow)
    track.restore(client, 2)
    assert bool(track.claims("round")) is is_kept
    if not is_kept:
        filled(track, Side.BUY, 0.5, 10, worth=0.6)
        assert track.claims("round") == (), "nor does what is bought after it"
