"""Claims on a desk: what came of them counts, what is not believed is not bought but goes on in
shadow, and another session knows of it."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import CHEAP_BOOK, FAIR_BOOK, PLAIN, Story, make_round, of_kind

from polytui.config.load import canonical_json
from polytui.journal.codec import decode_risk_state, encode_risk_state
from polytui.model import events as ev
from polytui.model.effects import Place, Reason
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import MICRO, Usd

FADE = "distance_fade"
EVERYWHERE = ("low", "middle", "high")


def boasted(*thirds: str, count: float = 100.0) -> ev.RiskStateRestored:
    """A record of claims of ten cents that brought ten cents of loss instead."""
    claims = tuple(
        ev.ClaimsLeft("btc", FADE, third, count, count * 0.1, -count * 0.1, -count * 0.04, 4.0)
        for third in thirds
    )
    return ev.RiskStateRestored(20_000, Usd(0), 0, Usd(0), (), "", 0, claims=claims)


class Boaster(Story):
    """A minute into a round, with a record from another session."""

    def __init__(self, *thirds: str, settings: object = PLAIN) -> None:
        super().__init__(settings)  # type: ignore[arg-type]
        self.tell(boasted(*thirds))
        self.a_minute_in()


def test_a_live_claim_is_settled_with_what_it_brought() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    assert order.worth is not None
    story.settle(Outcome.UP)
    claims = story.mind.account.claims
    record = claims.record(Asset.BTC, FADE, PLAIN.claims)
    paid = order.price / MICRO + make_round().fees.fee(order.price, order.shares) / order.shares
    assert record.count == 1.0
    assert record.claimed == pytest.approx(order.worth - paid)
    assert record.realised == pytest.approx(1.0 - paid)
    # Who was not asked to trade said something as well.
    assert {left.strategy for left in claims.left()} >= {FADE}


def test_a_round_that_is_void_proves_nobody_right_or_wrong() -> None:
    story = Story().a_minute_in()
    story.holding()
    listed = make_round()
    story.tell(ev.RoundSettled(listed.condition_id, "", "gamma", story.now_ns))
    assert story.mind.account.claims.left() == ()


def test_a_strategy_that_boasted_is_not_followed_and_says_by_how_much() -> None:
    story = Boaster(*EVERYWHERE)
    effects = story.book(CHEAP_BOOK)
    why = story.round().whys[FADE]
    proposal = story.round().proposals[FADE]
    assert of_kind(effects, Place) == []
    assert why.reason is Reason.CLAIM_SHRUNK
    assert (why.value, why.limit) == (proposal.edge_bps, PLAIN.distance_fade.min_edge_bps)
    assert "claimed" in why.unit
    assert proposal.claimed_bps is not None
    assert proposal.claimed_bps > PLAIN.distance_fade.min_edge_bps


def test_it_goes_on_in_shadow_so_that_it_can_be_believed_again() -> None:
    story = Boaster(*EVERYWHERE)
    story.book(CHEAP_BOOK)
    story.wait(5)
    asset_account = story.desk().asset_account
    (stake,) = [one for one in asset_account.shadow.open(make_round().slug) if one.strategy == FADE]
    assert stake.outcome is Outcome.UP
    assert asset_account.live.open(make_round().slug) == ()
    before = story.mind.account.claims.record(Asset.BTC, FADE, PLAIN.claims)
    story.settle(Outcome.UP)
    after = story.mind.account.claims.record(Asset.BTC, FADE, PLAIN.claims)
    assert after.count == pytest.approx(before.count + 1.0, rel=0.01)
    assert after.realised > before.realised


def test_what_is_believed_in_is_not_followed_in_shadow_as_well() -> None:
    story = Story().a_minute_in()
    story.holding()
    story.wait(10)
    assert [
        s for s in story.desk().asset_account.shadow.open(make_round().slug) if s.strategy == FADE
    ] == []


def test_who_is_believed_again_trades_for_real_and_not_in_shadow_too() -> None:
    """Its virtual stake of before stays, and grows by nothing."""
    story = Boaster(*EVERYWHERE)
    story.book(CHEAP_BOOK)
    story.wait(5)
    off = evolve(PLAIN, claims=evolve(PLAIN.claims, is_calibrated=False))
    story.book(FAIR_BOOK)
    story.tell(ev.SettingsChanged(canonical_json(off)))
    story.book((0.90, 0.92))
    story.wait(5)
    (order,) = [place.order for place in of_kind(story.effects, Place)]
    assert (order.strategy, order.outcome) == (FADE, Outcome.DOWN)
    shadow = story.desk().asset_account.shadow.open(make_round().slug)
    assert [one.outcome for one in shadow if one.strategy == FADE] == [Outcome.UP]


def test_without_calibration_it_is_followed_as_ever() -> None:
    off = evolve(PLAIN, claims=evolve(PLAIN.claims, is_calibrated=False))
    effects = Boaster(*EVERYWHERE, settings=off).book(CHEAP_BOOK)
    assert [place.order.strategy for place in of_kind(effects, Place)] == [FADE]


def test_the_record_is_part_of_what_decides() -> None:
    plain, boaster = Story().a_minute_in(), Boaster()
    told = Boaster("low")
    assert boaster.mind.digest() == Boaster().mind.digest()
    assert told.mind.digest() != boaster.mind.digest() != plain.mind.digest()


def test_it_is_left_to_the_next_session_as_a_line_of_the_journal() -> None:
    story = Boaster("low", "high")
    risk_state = story.mind.account.risk_state(story.now_ns)
    line = encode_risk_state(risk_state).rstrip(b"\n")
    again = decode_risk_state(line)
    assert again.claims == risk_state.claims == boasted("high", "low").claims


def test_a_risk_state_of_an_older_version_is_read_without_it() -> None:
    line = (
        b'{"risk_state":["RiskStateRestored",{"day":1,"realised_today":0,"trades_today":0,'
        b'"realised_peak":0,"losses_in_a_row":[],"kill_why":"","kill_since_ns":0}]}'
    )
    assert decode_risk_state(line).claims == ()
