"""What makes a desk decide: moves of the forecast, news of a book, the clock; and what does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from stories import CHEAP_BOOK, FAIR_BOOK, PLAIN, PRICE, Story, make_round, of_kind

from polytui.config.load import BadSettings, structure_settings
from polytui.config.schema import Settings
from polytui.desk.round import ESTIMATED, OBSERVED
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, Place, Reason
from polytui.model.instrument import Asset, Exchange, Outcome, PriceKind
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares

SHARE = 0.02
BID, ASK = Price(770_000), Price(790_000)
CHEAP = (Price(580_000), Price(600_000))
MANY = Shares(1_000 * MICRO)
EXCHANGES = tuple(exchange.value for exchange in Exchange)


def moving(share: float, settings: Settings = PLAIN) -> Settings:
    return evolve(settings, deciding=evolve(settings.deciding, least_move_sigmas=share))


def a_minute_in(settings: Settings = PLAIN) -> Story:
    """Decided a moment ago; features are good for another quarter of a second."""
    story = Story(settings).a_minute_in()
    story.silence(0.001)
    return story


def is_looked_at(story: Story) -> bool:
    """Whether the last event was a reason to decide; a nanosecond passes."""
    looked = story.round().looked_ns == story.now_ns
    story.now_ns += 1
    return looked


def change(
    story: Story,
    price: Price,
    shares: int,
    bests: tuple[Price, Price] = (BID, ASK),
    is_last: bool = True,
) -> list[Effect]:
    """Of one bid for Up; the best prices are those of the fair book unless told."""
    one = ev.LevelChange(make_round().up_token, Side.BUY, price, Shares(shares), *bests)
    return story.tell(ev.BookChanged((one,), story.now_ns, story.now_ns), is_last=is_last)


def move_all(story: Story, dollars: float) -> None:
    """The consensus moves by as much as every exchange does."""
    for venue in EXCHANGES:
        story.quote(venue, PRICE + dollars)


# --- prices -----------------------------------------------------------------------------------


def test_a_forecast_that_moved_by_less_than_its_share_is_no_reason() -> None:
    story = a_minute_in()
    band = story.round().band
    assert band == pytest.approx(SHARE * story.round().sigma)
    story.now_ns += 1
    move_all(story, 0.9 * band)
    assert not is_looked_at(story)
    move_all(story, 1.1 * band)
    assert is_looked_at(story)


def test_while_no_exchange_has_left_its_band_nothing_is_computed() -> None:
    story = a_minute_in()
    consensus = story.desk().prices.consensus
    assert [consensus.run(venue) for venue in EXCHANGES] == [0.0] * 3
    story.now_ns += 1
    story.quote("bybit", PRICE * 1.000001)
    assert consensus.run("bybit") == pytest.approx(1e-6, rel=1e-3)
    story.silence(0.5)
    assert [consensus.run(venue) for venue in EXCHANGES] == [0.0] * 3


def test_small_moves_add_up() -> None:
    story = a_minute_in()
    band = story.round().band
    looked = []
    for step in range(1, 5):
        story.now_ns += 1
        move_all(story, 0.3 * step * band)
        looked.append(is_looked_at(story))
    assert looked == [False, False, False, True]


def test_there_and_back_is_no_move() -> None:
    story = a_minute_in()
    band = story.round().band
    for dollars in (0.9 * band, -0.9 * band) * 5:
        story.now_ns += 1
        move_all(story, dollars)
        assert not is_looked_at(story)


def test_one_exchange_of_three_moves_the_consensus_by_its_share_alone() -> None:
    """What counts is the forecast, not the quote that moved it."""
    story = a_minute_in()
    band = story.round().band
    story.now_ns += 1
    story.quote("binance", PRICE + 1.5 * band)
    assert not is_looked_at(story)
    story.quote("binance", PRICE + 3.5 * band)
    assert is_looked_at(story)


def test_what_cannot_change_any_more_makes_the_band_wider() -> None:
    """In the average's last half minute a move of the price moves the forecast by half."""
    story = Story(PLAIN).a_minute_in()
    story.wait(210)
    market_round = story.round()
    assert market_round.sigma is not None
    known = 1.0 - SHARE * market_round.sigma / market_round.band
    assert 0.4 < known < 0.6


@given(st.lists(st.floats(-40.0, 40.0), min_size=1, max_size=30))
def test_a_round_is_never_further_from_its_last_look_than_its_band(moves: list[float]) -> None:
    story, price = a_minute_in(), PRICE
    for at, dollars in enumerate(moves):
        story.now_ns += 1
        price += dollars
        story.quote(EXCHANGES[at % 3], price)
        market_round, desk = story.round(), story.desk()
        estimate = desk.prices.estimate(story.now_ns, desk.settings.market)
        assert estimate is not None
        assert abs(estimate.price - market_round.seen_price) <= market_round.band * (1 + 1e-9)


def test_at_zero_every_move_of_a_mid_decides_and_a_quote_that_stays_does_not() -> None:
    story = a_minute_in(moving(0.0))
    story.now_ns += 1
    story.quote("binance", PRICE + 1e-6)
    assert is_looked_at(story)
    story.quote("binance", PRICE + 1e-6)
    assert not is_looked_at(story)


def test_an_absurd_share_leaves_the_clock() -> None:
    """All of a sigma: what a desk decides by then are seconds, features, books and reports."""
    story = a_minute_in(moving(1.0))
    story.now_ns += 1
    move_all(story, 0.5 * (story.round().sigma or 0.0))
    assert not is_looked_at(story)
    story.silence(0.9)
    assert is_looked_at(story)


@pytest.mark.parametrize("share", [-0.01, 1.01, math.inf, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadSettings, match=r"deciding\.least_move_sigmas|deciding"):
        structure_settings({"deciding": {"least_move_sigmas": share}})


# --- books ------------------------------------------------------------------------------------


def test_a_best_price_decides_and_sizes_do_not() -> None:
    story = a_minute_in()
    story.now_ns += 1
    change(story, BID, 2 * MANY)
    assert not is_looked_at(story)
    change(story, Price(500_000), MANY)
    assert not is_looked_at(story)
    story.book((0.76, 0.79))
    assert is_looked_at(story)


def test_at_zero_a_size_at_the_best_decides_and_one_behind_it_does_not() -> None:
    story = a_minute_in(moving(0.0))
    story.now_ns += 1
    change(story, Price(500_000), MANY)
    assert not is_looked_at(story)
    change(story, BID, 2 * MANY)
    assert is_looked_at(story)


def test_a_book_that_does_not_add_up_is_noticed() -> None:
    story = a_minute_in()
    story.now_ns += 1
    one = ev.LevelChange(make_round().up_token, Side.BUY, Price(500_000), MANY, Price(780_000), ASK)
    story.tell(ev.BookChanged((one,), story.now_ns, story.now_ns))
    assert story.said_last() is Reason.BOOK_UNSETTLED
    assert is_looked_at(story)


def test_the_same_book_again_is_no_reason() -> None:
    story = a_minute_in()
    story.now_ns += 1
    story.book(FAIR_BOOK)
    assert not is_looked_at(story)


def test_a_burst_is_applied_whole_in_its_order_and_decided_once() -> None:
    """A thousand changes in one batch: the last word on each level stands."""
    story = a_minute_in()
    story.now_ns += 1
    before = len(story.effects)
    for number in range(999):
        change(story, Price(10_000 * (1 + number % 70)), MICRO * (1 + number), is_last=False)
        assert story.round().looked_ns < story.now_ns
    story.book(CHEAP_BOOK)
    assert is_looked_at(story)
    assert len(of_kind(story.effects[before:], Place)) == 1
    book = story.round().book(Outcome.UP)
    assert book.bids == {Price(580_000): MANY}
    change(story, Price(580_000), 7 * MICRO)
    assert book.bids[Price(580_000)] == 7 * MICRO


# --- who is about to trade ----------------------------------------------------------------------


def waiting(settings: Settings = PLAIN) -> Story:
    """A signal that is young for a second and a half."""
    story = a_minute_in(evolve(settings, gates=evolve(settings.gates, entry_delay_s=1.5)))
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.SIGNAL_YOUNG
    return story


def test_a_signal_that_is_old_enough_makes_every_change_a_reason() -> None:
    story = waiting()
    since_ns = story.now_ns
    story.now_ns = since_ns + 1_300 * NS_PER_MS
    story.silence(0.0)
    story.now_ns += 1
    change(story, CHEAP[0], 2 * MANY, CHEAP)
    assert not is_looked_at(story), "a fifth of a second too young"
    story.now_ns = since_ns + 1_500 * NS_PER_MS
    assert len(of_kind(change(story, CHEAP[0], 3 * MANY, CHEAP), Place)) == 1


def test_so_does_a_quote() -> None:
    story = waiting()
    story.now_ns += 1_500 * NS_PER_MS - 1
    story.silence(0.0)
    story.now_ns += 1
    assert len(of_kind(story.quote("binance", PRICE + 1e-4), Place)) == 1


def test_an_order_that_waits_for_depth_hears_of_every_size() -> None:
    """Five hundred times the order must be offered: a moment later it is, of a small one."""
    deep = evolve(PLAIN, gates=evolve(PLAIN.gates, min_depth=500.0))
    story = a_minute_in(deep)
    assert of_kind(story.book(CHEAP_BOOK), Place) == []
    assert story.said_last() is Reason.DEPTH_THIN
    story.now_ns += 1
    more = ev.LevelChange(make_round().up_token, Side.SELL, CHEAP[1], Shares(4 * MANY), *CHEAP)
    effects = story.tell(ev.BookChanged((more,), story.now_ns, story.now_ns))
    assert len(of_kind(effects, Place)) == 1


# --- the clock --------------------------------------------------------------------------------


def trade(story: Story) -> list[Effect]:
    """An exchange's trade: no reason by itself."""
    at_ns = story.now_ns
    traded = ev.ExchangeTraded(Asset.BTC, "binance", 1, PRICE, 0.01, Side.BUY, at_ns, at_ns)
    return story.tell(traded)


def test_whatever_comes_when_features_are_due_decides() -> None:
    story = a_minute_in()
    made_ns = story.desk().prices.features.latest.at_ns
    story.now_ns = made_ns + 250 * NS_PER_MS - 1
    trade(story)
    assert not is_looked_at(story)
    trade(story)
    assert is_looked_at(story)
    assert story.desk().prices.features.latest.at_ns == story.now_ns - 1


def test_chainlinks_word_decides_and_its_averages_do_not() -> None:
    story = a_minute_in()
    story.now_ns += 1
    second_ns = story.now_ns // NS_PER_S * NS_PER_S + NS_PER_S
    story.chainlink(PRICE, kind=PriceKind.TWAP, observed_ns=second_ns)
    assert not is_looked_at(story)
    story.chainlink(PRICE + 0.01, observed_ns=second_ns)
    assert is_looked_at(story)


def just_open() -> Story:
    """A round whose first entry is twenty seconds away."""
    story = Story(PLAIN)
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.wait(90)
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    story.strike()
    return story


def test_a_window_is_noticed_by_the_first_event_after_it_opened() -> None:
    """Twenty seconds after the open, whatever was decided a moment ago."""
    story = just_open()
    story.wait(19)
    story.book(CHEAP_BOOK)
    opens_ns = make_round().opens_ns + 20 * NS_PER_S
    story.now_ns = opens_ns - 1
    story.silence(0.0)
    assert story.said_last() is Reason.TOO_EARLY
    story.now_ns = opens_ns
    trade(story)
    assert is_looked_at(story)
    assert len(of_kind(story.effects, Place)) == 1


def test_a_round_that_nobody_may_enter_is_looked_at_once_a_second() -> None:
    """The first seconds: nothing is held, and no window is near."""
    story = just_open()
    story.book(FAIR_BOOK)
    story.wait(18)
    assert story.round().is_quiet
    story.now_ns += 1
    story.book(CHEAP_BOOK)
    assert not is_looked_at(story)
    move_all(story, 1_000.0)
    assert not is_looked_at(story)
    story.now_ns += 300 * NS_PER_MS
    trade(story)
    assert not is_looked_at(story), "features alone are no reason for it"
    story.silence(0.5)
    assert is_looked_at(story)
    story.wait(1)
    assert not story.round().is_quiet, "a second before the window"


def nothing(_: Story) -> None:
    """Nobody wants anything."""


def held(story: Story) -> None:
    story.holding()
    story.book(FAIR_BOOK)  # before any shadow could buy


def working(story: Story) -> None:
    story.buying()
    story.book(FAIR_BOOK)


def shadowed(story: Story) -> None:
    """Where nobody trades, everybody does in shadow."""
    enabled = evolve(story.settings.distance_fade, is_enabled=False)
    story.settings = evolve(story.settings, distance_fade=enabled)
    story.limit()
    story.book(CHEAP_BOOK)


@pytest.mark.parametrize(
    ("do", "is_quiet"), [(nothing, True), (held, False), (working, False), (shadowed, False)]
)
def test_a_round_in_which_there_is_something_to_leave_is_never_quiet(
    do: Callable[[Story], None], is_quiet: bool
) -> None:
    """Windows that have closed, a long time before the round does."""
    story = Story(evolve(PLAIN, gates=evolve(PLAIN.gates, before_close_s=235.0))).a_minute_in()
    do(story)
    story.wait(6)
    assert story.round().is_quiet is is_quiet


def test_it_is_looked_at_when_a_window_opens_and_when_positions_must_leave() -> None:
    story, closes_ns = Story(PLAIN).a_minute_in(), make_round().closes_ns
    sniper, exits = PLAIN.settlement_sniper, PLAIN.exits
    assert story.round().wakes_ns == closes_ns - int(sniper.from_left_s * NS_PER_S)
    story.wait(200)
    assert story.round().wakes_ns == closes_ns - int(exits.before_close_s * NS_PER_S)


def test_only_the_round_that_was_touched_is_looked_at() -> None:
    story = Story(PLAIN).a_minute_in()
    other = make_round(number=1)
    story.tell(ev.RoundFound(other))
    story.tell(ev.RoundOpened(other.slug, story.now_ns))
    story.book(FAIR_BOOK, number=1)
    story.now_ns += 1
    story.book((0.70, 0.72), number=1)
    assert story.round(number=1).looked_ns == story.now_ns
    assert story.round().looked_ns < story.now_ns


# --- what happens elsewhere, or in between --------------------------------------------------------


def test_a_kill_is_heard_by_every_desk_at_its_next_event() -> None:
    """Whoever it was said to: the account is everybody's."""
    story = Story(PLAIN, (Asset.BTC, Asset.ETH)).a_minute_in(Asset.BTC, Asset.ETH)
    story.buying()
    story.command(ev.Action.KILL, Asset.ETH)
    story.now_ns += 5 * NS_PER_MS
    assert len(of_kind(trade(story), Cancel)) == 1
    assert is_looked_at(story)
    trade(story)
    assert not is_looked_at(story)


def test_a_price_that_moves_because_one_falls_silent_is_seen_as_well() -> None:
    """Two exchanges far apart, of which one goes on: the mean goes to it, and no mid moves."""
    story = a_minute_in()
    story.now_ns += 1
    story.quote("binance", PRICE + 30.0)
    story.quote("bybit", PRICE - 30.0)
    story.quote("coinbase", PRICE)
    story.silence(0.0)
    desk = story.desk()
    for _ in range(8):
        story.now_ns += 110 * NS_PER_MS
        story.quote("bybit", PRICE - 30.0)
        estimate, market_round = (
            desk.prices.estimate(story.now_ns, desk.settings.market),
            story.round(),
        )
        assert estimate is not None
        assert abs(estimate.price - market_round.seen_price) <= market_round.band


def test_a_round_that_has_ended_is_no_reason_to_look_at_the_next() -> None:
    """Its last moments passed unseen: nothing was heard for a while."""
    story = Story(PLAIN).a_minute_in()
    story.wait(215)
    following = make_round(number=1)
    story.tell(ev.RoundFound(following))
    story.now_ns = following.opens_ns
    story.tell(ev.RoundClosed(make_round().slug, story.now_ns), is_last=False)
    story.tell(ev.RoundOpened(following.slug, story.now_ns), is_last=False)
    story.silence(0.0)
    looked_ns = story.round(number=1).looked_ns
    for _ in range(10):
        story.now_ns += 1
        trade(story)
    assert story.round(number=1).looked_ns == looked_ns


def test_a_share_that_is_set_to_zero_leaves_no_old_moment_behind() -> None:
    story = a_minute_in()
    assert story.round().wakes_ns < story.now_ns + 300 * NS_PER_S
    story.settings = moving(0.0)
    story.limit()
    story.now_ns = story.round().wakes_ns + 1
    story.silence(0.0)
    story.now_ns += 1
    trade(story)
    assert not is_looked_at(story)


def test_an_entry_leaves_at_the_first_event_after_its_window_has_closed() -> None:
    closing = evolve(PLAIN, gates=evolve(PLAIN.gates, before_close_s=235.0))
    story = Story(closing).a_minute_in()
    story.wait(4)
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    last_ns = make_round().closes_ns - 235 * NS_PER_S
    story.now_ns = last_ns
    story.silence(0.0)
    story.now_ns += 5 * NS_PER_MS
    assert len(of_kind(trade(story), Cancel)) == 1


@pytest.mark.parametrize("share", [0.0, SHARE])
def test_depth_behind_the_best_and_inside_the_limit_is_depth(share: float) -> None:
    gates = evolve(PLAIN.gates, min_depth=500.0, max_slippage_ticks=1)
    story = a_minute_in(moving(share, evolve(PLAIN, gates=gates)))
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.DEPTH_THIN
    story.now_ns += 1
    more = ev.LevelChange(
        make_round().up_token, Side.SELL, Price(610_000), Shares(40 * MANY), *CHEAP
    )
    effects = story.tell(ev.BookChanged((more,), story.now_ns, story.now_ns))
    assert len(of_kind(effects, Place)) == 1


def test_the_average_that_decides_a_round_is_a_reason_while_it_has_no_strike() -> None:
    story = Story(PLAIN)
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.wait(90)
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    story.book(FAIR_BOOK)
    assert story.round().strike_source == ESTIMATED
    story.now_ns += 1
    story.strike()
    assert is_looked_at(story)
    assert story.round().strike_source == OBSERVED


def test_a_round_is_not_quiet_while_a_shadow_is_on_its_way() -> None:
    closing = evolve(PLAIN, gates=evolve(PLAIN.gates, before_close_s=235.0))
    story = Story(closing).a_minute_in()
    story.wait(5)
    shadowed(story)
    story.now_ns += 5 * NS_PER_MS
    story.silence(0.0)
    assert not story.round().is_quiet
