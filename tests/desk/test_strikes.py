"""Who may say what the price to beat is, and what is traded before somebody has confirmed it."""

from __future__ import annotations

import attrs
import pytest
from attrs import evolve
from stories import CHEAP_BOOK, OPENS_NS, PLAIN, STRIKE, Story, make_round, of_kind

from polytui.desk.round import ESTIMATED, OBSERVED, DeskRound
from polytui.model import events as ev
from polytui.model.candle import Candle
from polytui.model.effects import Place, Reason
from polytui.model.events import FINAL
from polytui.model.instrument import Asset, Exchange, PriceKind, SettlementRule
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S

SLUG = make_round().slug
HOURLY = attrs.evolve(make_round(), settlement=SettlementRule.CANDLE, window_s=0)
SPOT = attrs.evolve(make_round(), settlement=SettlementRule.SPOT, window_s=0)
OFF = STRIKE + 15.0
"""What a relay two seconds off may say: fifteen dollars, far less than no price at all."""


def known(*words: tuple[float, str]) -> tuple[float | None, str, str]:
    market_round = DeskRound(make_round())
    for strike, source in words:
        market_round.know_strike(strike, source)
    return market_round.strike, market_round.strike_source, market_round.confirmed_by


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([(OFF, ESTIMATED)], (OFF, ESTIMATED, "")),
        ([(OFF, ESTIMATED), (STRIKE, OBSERVED)], (STRIKE, OBSERVED, "")),
        ([(STRIKE, OBSERVED), (OFF, ESTIMATED)], (STRIKE, OBSERVED, "")),
        ([(STRIKE, OBSERVED), (OFF, OBSERVED)], (STRIKE, OBSERVED, "")),
        ([(OFF, OBSERVED), (STRIKE, "gamma")], (STRIKE, "gamma", "gamma")),
        ([(OFF, OBSERVED), (STRIKE, FINAL)], (STRIKE, FINAL, FINAL)),
        ([(STRIKE, "gamma"), (OFF, OBSERVED)], (STRIKE, "gamma", "gamma")),
        ([(STRIKE, FINAL), (OFF, "gamma")], (OFF, "gamma", "gamma")),
        ([(STRIKE, "gamma"), (OFF, FINAL)], (STRIKE, "gamma", "gamma")),
        ([(STRIKE, "gamma"), (OFF, "gamma")], (STRIKE, "gamma", "gamma")),
        ([(STRIKE + 0.01, OBSERVED), (STRIKE, "gamma")], (STRIKE + 0.01, OBSERVED, "gamma")),
        ([(STRIKE, "gamma"), (STRIKE + 0.01, OBSERVED)], (STRIKE + 0.01, OBSERVED, "gamma")),
        ([(STRIKE, OBSERVED), (1.0, "gamma")], (STRIKE, OBSERVED, "")),
        ([(1.0, "gamma"), (STRIKE, OBSERVED)], (STRIKE, OBSERVED, "")),
    ],
)
def test_whose_word_stands(
    words: list[tuple[float, str]], told: tuple[float | None, str, str]
) -> None:
    assert known(*words) == told


# --- by the rule of the round ---------------------------------------------------------------------


def opened(listed: object) -> Story:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(listed))  # type: ignore[arg-type]
    story.now_ns = OPENS_NS + NS_PER_S
    story.tell(ev.RoundOpened(SLUG, story.now_ns))
    return story


def exchanges_say(story: Story) -> None:
    """Trades over the boundary, a minute's candle from there, and the candle that REST gives."""
    for venue in Exchange:
        for number, at_ns in enumerate((OPENS_NS - 1, OPENS_NS + 1), start=1):
            story.tell(
                ev.ExchangeTraded(
                    Asset.BTC, venue.value, number, 99_000.0, 1.0, Side.BUY, at_ns, story.now_ns
                )
            )
        minute = Candle(OPENS_NS, 99_000.0, 99_000.0, 99_000.0, 99_000.0, 1.0, 1)
        story.tell(ev.CandlesLoaded(Asset.BTC, venue.value, 60, (minute,), story.now_ns))
    story.tell(ev.StrikePublished(SLUG, 99_000.0, "binance"))


def chainlink_says(story: Story) -> None:
    for kind in PriceKind:
        story.chainlink(98_000.0, kind=kind, observed_ns=OPENS_NS)
    story.tell(ev.StrikePublished(SLUG, 98_000.0, FINAL))
    story.wait(1)


@pytest.mark.parametrize("listed", [make_round(), SPOT], ids=["average", "spot"])
def test_no_exchange_sets_the_strike_of_what_chainlink_settles(listed: object) -> None:
    story = opened(listed)
    exchanges_say(story)
    assert story.round().strike is None
    chainlink_says(story)
    exchanges_say(story)
    assert story.round().strike == 98_000.0


def test_no_chainlink_sets_the_strike_of_what_a_candle_settles() -> None:
    story = opened(HOURLY)
    chainlink_says(story)
    assert story.round().strike is None
    exchanges_say(story)
    chainlink_says(story)
    assert (story.round().strike, story.round().confirmed_by) == (99_000.0, "binance")


# --- before it is confirmed -----------------------------------------------------------------------


def eager(moved_usd: float, **gates: float) -> Story:
    """A cheap book, all else well, and Chainlink moved so much in the second before."""
    story = Story(evolve(PLAIN, gates=evolve(PLAIN.gates, **gates)))
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.chainlink()
    story.chainlink(STRIKE - moved_usd, kind=PriceKind.TWAP, observed_ns=OPENS_NS - NS_PER_S)
    story.now_ns = OPENS_NS
    story.tell(ev.RoundOpened(SLUG, story.now_ns))
    story.strike()
    story.wait(70)
    story.book(CHEAP_BOOK)
    return story


def test_what_a_skewed_relay_would_have_put_there_must_not_matter() -> None:
    story = eager(30.0)
    assert story.said_last() is Reason.STRIKE_UNSURE
    (why,) = {one for one in story.round().whys.values() if one.reason is Reason.STRIKE_UNSURE}
    assert why.value > why.limit == 200.0
    assert of_kind(story.effects, Place) == []
    effects = story.tell(ev.StrikePublished(SLUG, STRIKE, "gamma"))
    assert len(of_kind(effects, Place)) == 1, "confirmed"


def test_the_final_price_before_confirms_as_well() -> None:
    story = eager(30.0)
    effects = story.tell(ev.StrikePublished(SLUG, STRIKE + 1e-4, FINAL))
    assert len(of_kind(effects, Place)) == 1
    assert story.round().strike == STRIKE


def test_a_difference_that_does_not_matter_waits_for_nobody() -> None:
    story = eager(0.01)
    assert len(of_kind(story.effects, Place)) == 1
    assert story.round().confirmed_by == ""


def test_what_matters_is_a_setting() -> None:
    assert eager(0.01, max_strike_doubt_bps=0.0).said_last() is Reason.STRIKE_UNSURE
    assert len(of_kind(eager(30.0, max_strike_doubt_bps=10_000.0).effects, Place)) == 1


def test_a_strike_around_which_nothing_was_seen_waits_for_the_venue() -> None:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.now_ns = OPENS_NS + 30 * NS_PER_S
    story.tell(ev.RoundOpened(SLUG, story.now_ns))
    story.chainlink()
    story.strike()
    story.wait(70)
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.STRIKE_UNSURE
    assert len(of_kind(story.tell(ev.StrikePublished(SLUG, STRIKE, "gamma")), Place)) == 1
