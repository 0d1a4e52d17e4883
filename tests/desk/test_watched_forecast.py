"""The forecast of a desk is watched: samples come of prices, words of rounds, and misfits make less
of an entry before it is sent."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import CHEAP_BOOK, PLAIN, Story, make_round, of_kind, with_strategy

from polytui.config.schema import Settings
from polytui.journal.codec import decode_risk_state, encode_risk_state
from polytui.market.forecast_watch import HORIZONS_S, ForecastWatch
from polytui.model import events as ev
from polytui.model.effects import Explain, Place, Reason
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import Usd

FADE = "distance_fade"
SIZED = with_strategy(PLAIN, sizing="confidence")


def fitted(sd: float, samples: float = 200.0) -> ev.RiskStateRestored:
    """A record of another session: at every horizon what came was so many sigmas."""
    horizons = tuple((s, samples, samples * sd * sd) for s in HORIZONS_S)
    forecasts = (ev.ForecastLeft("btc", horizons),)
    return ev.RiskStateRestored(20_000, Usd(0), 0, Usd(0), (), "", 0, forecasts=forecasts)


def told(sd: float, settings: Settings = SIZED, samples: float = 200.0) -> Story:
    """A minute into a round, after a session whose forecast fitted so."""
    story = Story(settings)
    story.tell(fitted(sd, samples))
    return story.a_minute_in()


def watch_of(story: Story) -> ForecastWatch:
    return story.desk().asset_account.watch


def test_samples_come_of_the_settlement_prices_own_seconds() -> None:
    story = Story().a_minute_in()
    story.wait(60)
    found = {fit.horizon_s: fit.samples for fit in watch_of(story).fits()}
    # From the end of the warm-up on: two minutes and three quarters, one forecast at a time.
    assert found[10] == pytest.approx(15, abs=2)
    assert found[30] == pytest.approx(4.5, abs=1)
    assert found[60] == pytest.approx(2, abs=1)
    assert found[300] == 0.0
    assert all(fit.sd < 0.1 for fit in watch_of(story).fits() if fit.samples), "nothing moved"


def test_no_forecast_is_made_before_there_is_a_volatility() -> None:
    story = Story()
    story.wait(int(PLAIN.market.volatility_warmup_s) - 5)
    assert watch_of(story).is_due(story.now_ns)


def test_what_was_said_of_a_round_is_counted_when_it_is_settled() -> None:
    story = Story().a_minute_in()
    story.wait(235)
    story.settle(Outcome.UP)
    found = {one.left_s: one for one in watch_of(story).reliabilities()}
    assert [found[s].rounds for s in (240, 120, 60, 30, 10)] == [1.0] * 5
    ((_, said, came),) = [one for one in found[120].bins if one[0]]
    assert 0.75 < said < 1.0, "the fair value of the story is 0.79, and then more"
    assert (came, found[120].brier) == (1.0, pytest.approx((1.0 - said) ** 2))


def test_it_decides_less_where_it_was_too_sure() -> None:
    fits, off = told(1.0), told(1.5)
    whole = of_kind(fits.book(CHEAP_BOOK), Place)[0].order
    less = of_kind(off.book(CHEAP_BOOK), Place)[0].order
    assert less.shares < whole.shares
    assert fits.round().whys[FADE].reason is Reason.NONE
    why = off.round().whys[FADE]
    assert why.reason is Reason.FORECAST_OFF
    assert (why.limit, why.unit) == (1.25, "sd of what came, 300 s ahead")
    assert why.value == pytest.approx(1.5, abs=0.01)
    assert any(one.why.reason is Reason.FORECAST_OFF for one in of_kind(off.effects, Explain))


def test_nobody_enters_where_it_was_far_too_sure() -> None:
    story = told(4.0)
    assert of_kind([*story.book(CHEAP_BOOK), *story.wait(5)], Place) == []
    assert story.round().whys[FADE].reason is Reason.FORECAST_OFF


@pytest.mark.parametrize("case", ["few samples", "off", "fits"])
def test_otherwise_it_decides_as_ever(case: str) -> None:
    settings = SIZED
    if case == "off":
        settings = evolve(SIZED, watch=evolve(SIZED.watch, is_enabled=False))
    story = told(
        1.2 if case == "fits" else 4.0, settings, samples=30.0 if case == "few samples" else 200.0
    )
    (place,) = of_kind(story.book(CHEAP_BOOK), Place)
    assert place.order.shares == of_kind(told(1.0).book(CHEAP_BOOK), Place)[0].order.shares


def test_it_outlives_its_desk_and_its_session() -> None:
    story = told(1.5)
    before = watch_of(story).fits()
    story.tell(ev.DeskOpened(Asset.BTC, 2, story.cash))
    assert watch_of(story).fits() == before
    risk_state = story.mind.account.risk_state(story.now_ns)
    again = decode_risk_state(encode_risk_state(risk_state).rstrip(b"\n"))
    assert again.forecasts == risk_state.forecasts
    (left,) = again.forecasts
    assert left.asset == "btc"
    assert len(left.horizons) == len(HORIZONS_S)


def test_it_is_part_of_what_decides() -> None:
    assert told(1.5).mind.digest() != told(1.4).mind.digest()
    assert told(1.5).mind.digest() == told(1.5).mind.digest()


def test_a_void_round_is_no_word_kept() -> None:
    story = Story().a_minute_in()
    story.wait(235)
    listed = make_round()
    story.tell(ev.RoundSettled(listed.condition_id, "", "gamma", story.now_ns))
    assert all(one.rounds == 0.0 for one in watch_of(story).reliabilities())
