"""When a desk trades, and what it says when it does not."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    FAIR_BOOK,
    OPENS_NS,
    PLAIN,
    PRICE,
    STAKED,
    STRIKE,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
    reasons,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.config.schema import SessionSettings
from polytui.desk.round_phase import Phase
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Credit, Explain, Place, Reason, Resync
from polytui.model.instrument import Asset, Exchange, Outcome, PriceKind, SettlementRule
from polytui.model.orders import OrderState, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares

# --- an edge, an order ------------------------------------------------------------------------


def test_a_cheap_outcome_is_bought_at_the_ask_with_the_stake_and_no_more() -> None:
    story = Story().a_minute_in()
    place = only(story.book(CHEAP_BOOK), Place)
    order = place.order
    assert (order.outcome, order.side, order.tif) == (Outcome.UP, Side.BUY, TimeInForce.GTC)
    assert (order.price, order.shares) == (600_000, STAKED)
    assert order.token_id == make_round().up_token
    assert order.placed_ns == story.now_ns
    assert bought_for(order) <= 20 * MICRO
    assert place.stamp.exposure == bought_for(order)


def test_the_other_outcome_is_bought_when_that_is_the_cheap_one() -> None:
    story = Story().a_minute_in()
    order = only(story.book((0.90, 0.92)), Place).order
    assert (order.outcome, order.price) == (Outcome.DOWN, 100_000)
    assert order.token_id == make_round().down_token


def test_an_order_is_named_by_its_round_and_the_event_it_answers() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    assert order.order_id == f"{order.slug}-{story.mind.seq}-1"


def test_an_order_says_what_was_known_when_it_was_sent() -> None:
    story = Story().a_minute_in()
    known = only(story.book(CHEAP_BOOK), Place).grounds
    said = story.round().proposals["distance_fade"]
    assert (known.is_exit, known.strike) == (False, STRIKE)
    assert known.price == pytest.approx(PRICE)
    assert known.fair == pytest.approx(story.round().fair_up)
    assert known.mid == Price(590_000)
    assert (known.confidence, known.edge_bps) == (said.confidence, said.edge_bps)


def test_what_is_known_of_down_is_of_down() -> None:
    story = Story().a_minute_in()
    known = only(story.book((0.90, 0.92)), Place).grounds
    assert known.mid == Price(90_000)
    assert known.fair == pytest.approx(1.0 - (story.round().fair_up or 0.0))


def test_the_fair_value_is_that_of_the_average() -> None:
    story = Story().a_minute_in()
    fair = story.round().fair_up
    assert fair is not None
    assert 0.78 < fair < 0.80
    assert story.round().strike == STRIKE


def test_a_burst_decides_once_at_its_end() -> None:
    story = Story().a_minute_in()
    book = story.book(CHEAP_BOOK)
    assert len(of_kind(book, Place)) == 1
    assert story.said[-2][3] is False


def test_an_order_that_works_is_not_placed_again() -> None:
    story = Story().a_minute_in()
    story.buying()
    assert of_kind(story.book(CHEAP_BOOK), Place) == []
    assert of_kind(story.wait(10), Place) == []


def test_a_stake_that_is_in_stays_in() -> None:
    story = Story().a_minute_in()
    story.holding()
    assert of_kind(story.wait(10), Place) == []
    assert story.said_last() is Reason.POSITION_HELD


def test_an_order_follows_the_book_only_after_its_predecessor_is_gone() -> None:
    story = Story().a_minute_in()
    first = story.buying()
    story.tell(ev.Accepted(first.order_id))
    # Three ticks lower: paying 0.60 is no longer wanted.
    moved = story.book((0.55, 0.57))
    assert of_kind(moved, Cancel) == [Cancel(first.order_id)]
    assert of_kind(moved, Place) == []
    assert of_kind(story.wait(5), Place, Cancel) == []
    again = only(story.tell(ev.Cancelled(first.order_id, "by request")), Place).order
    assert again.price == 570_000


def test_a_price_within_the_tolerance_is_left_alone() -> None:
    story = Story().a_minute_in()
    story.buying()
    assert of_kind(story.book((0.60, 0.62)), Cancel) == []
    assert len(of_kind(story.book((0.61, 0.63)), Cancel)) == 1


def test_entries_keep_their_distance_in_time() -> None:
    story = Story().a_minute_in()
    first = story.buying()
    story.now_ns += NS_PER_S
    refused = story.tell(ev.Refused(first.order_id, "no"))
    assert reasons(refused) == [Reason.COOLDOWN]
    assert len(of_kind(story.wait(4), Place)) == 1


def test_a_strategy_that_is_not_enabled_is_asked_and_does_not_trade() -> None:
    story = Story(with_strategy(PLAIN, is_enabled=False)).a_minute_in()
    effects = story.book(CHEAP_BOOK)
    assert of_kind(effects, Place) == []
    assert story.round().proposals["distance_fade"].outcome is Outcome.UP
    assert story.said_last() is Reason.SHADOW
    story.wait(1)  # the venue's hold and the way there
    stake = story.desk().asset_account.shadow.position(make_round().slug, "distance_fade")
    assert stake is not None
    assert (stake.outcome, stake.shares) == (Outcome.UP, STAKED)
    assert story.desk().asset_account.live.open(make_round().slug) == ()


def test_settings_that_change_count_from_the_next_event() -> None:
    story = Story(with_strategy(PLAIN, is_enabled=False)).a_minute_in()
    story.book(CHEAP_BOOK)
    effects = story.tell(ev.SettingsChanged(canonical_json(PLAIN)))
    assert len(of_kind(effects, Place)) == 1


# --- reasons ------------------------------------------------------------------------------------


def test_no_strike_no_trade() -> None:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.wait(70)
    # Nothing is heard for so long that the average at the open cannot be reckoned either.
    story.silence(20)
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    story.book(CHEAP_BOOK)
    story.chainlink()
    story.chainlink(STRIKE, kind=PriceKind.TWAP, observed_ns=OPENS_NS + 1)
    assert story.said_last() is Reason.NO_STRIKE
    story.wait(30)
    # The venue's own word comes late, and is good enough.
    effects = story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    assert len(of_kind(effects, Place)) == 1


def test_chainlinks_own_strike_overrules_a_copy_that_is_no_price() -> None:
    story = Story().a_minute_in()
    story.tell(ev.StrikePublished(make_round().slug, 1.0, "gamma"))
    assert story.round().strike == STRIKE
    late = Story()
    late.tell(ev.RoundFound(make_round()))
    late.tell(ev.RoundOpened(make_round().slug, late.now_ns))
    late.tell(ev.StrikePublished(make_round().slug, 1.0, "gamma"))
    late.tell(ev.StrikePublished(make_round().slug, 2.0, "gamma"))
    assert late.round().strike == 1.0
    late.now_ns = OPENS_NS
    late.strike()
    late.wait(1)
    assert late.round().strike == STRIKE


def test_a_stale_chainlink_is_a_reason_with_its_age() -> None:
    story = Story().a_minute_in()
    story.buying()
    story.silence(8.0)
    assert story.said_last() is not Reason.CHAINLINK_STALE
    effects = story.silence(0.001)
    whys = {effect.why for effect in of_kind(effects, Explain)}
    (why,) = whys
    assert (why.reason, why.value, why.limit, why.unit) == (
        Reason.CHAINLINK_STALE,
        8001.0,
        8000.0,
        "ms",
    )
    assert len(of_kind(effects, Cancel)) == 1


def test_chainlink_never_heard_is_no_price() -> None:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    assert reasons(story.book(CHEAP_BOOK)) == [Reason.NO_PRICE]


def test_nothing_is_traded_before_the_volatility_is_known() -> None:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.now_ns = OPENS_NS + 20 * NS_PER_S
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns))
    story.chainlink()
    story.strike()
    story.tell(ev.StrikePublished(make_round().slug, STRIKE, "gamma"))
    story.book(CHEAP_BOOK)
    assert of_kind(story.wait(60), Place) == []
    assert story.said_last() is Reason.NO_VOLATILITY
    assert len(of_kind(story.wait(1), Place)) == 1


def test_a_reason_is_said_when_it_becomes_another_and_not_again() -> None:
    story = Story().a_minute_in()
    assert story.said_last() is Reason.EDGE_SMALL
    assert of_kind(story.wait(20), Explain) == []
    assert reasons(story.command(ev.Action.PAUSE)) == [Reason.PAUSED]
    assert reasons(story.command(ev.Action.PAUSE)) == []
    assert reasons(story.command(ev.Action.RESUME)) == [Reason.EDGE_SMALL]


def test_a_round_that_is_only_listed_is_not_traded() -> None:
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(make_round()))
    story.wait(85)
    story.book(CHEAP_BOOK)
    assert of_kind(story.effects, Place) == []
    assert story.round().phase is Phase.LISTED


def test_an_hourly_round_is_not_traded_on_an_exchange_that_fell_silent() -> None:
    """Its settlement is the exchange's candle: the last mid of a dead feed is no price."""
    hourly = evolve(make_round(), settlement=SettlementRule.CANDLE, window_s=0)
    story = Story()
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.tell(ev.RoundFound(hourly))
    story.wait(90)
    story.tell(ev.RoundOpened(hourly.slug, story.now_ns))
    story.tell(ev.StrikePublished(hourly.slug, STRIKE, "binance"))
    story.wait(30)
    now_ns = story.now_ns
    story.tell(ev.ExchangeQuoted(Asset.BTC, "binance", PRICE, 1.0, PRICE, 1.0, now_ns, now_ns))
    story.wait(4, exchanges=(Exchange.COINBASE,))
    assert of_kind(story.book(CHEAP_BOOK), Place) == []
    assert story.said_last() is Reason.NO_PRICE


HOURLY = evolve(make_round(), settlement=SettlementRule.CANDLE, window_s=0)


def a_trade(number: int, price: float, at_ns: int) -> ev.ExchangeTraded:
    return ev.ExchangeTraded(Asset.BTC, "binance", number, price, 1.0, Side.BUY, at_ns, at_ns + 5)


def strike_after(*events: ev.Event) -> float | None:
    story = Story()
    story.tell(ev.RoundFound(HOURLY))
    for event in events:
        story.tell(event)
    return story.round().strike


def test_the_first_trade_of_a_candle_is_its_strike() -> None:
    before, first = a_trade(1, 5.0, OPENS_NS - 1), a_trade(2, 6.0, OPENS_NS)
    assert strike_after(before, first, a_trade(3, 7.0, OPENS_NS)) == 6.0


def test_a_trade_is_not_the_first_if_none_before_was_seen() -> None:
    assert strike_after(a_trade(2, 6.0, OPENS_NS + 1)) is None


def test_a_trade_is_not_the_first_if_the_feed_was_away_meanwhile() -> None:
    """Half a minute of trades was missed around the open: what comes next opened nothing."""
    away = ev.FeedDown("binance", "reset by peer", OPENS_NS - NS_PER_S)
    back = ev.FeedUp("binance", OPENS_NS + 30 * NS_PER_S)
    before, later = a_trade(1, 5.0, OPENS_NS - 1), a_trade(900, 7.0, OPENS_NS + 31 * NS_PER_S)
    assert strike_after(before, away, back, later) is None


# --- books ------------------------------------------------------------------------------------


def test_without_its_feed_no_book_is_true_and_nothing_works() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    down = story.tell(ev.FeedDown(ev.BOOK_FEED, "reset by peer", story.now_ns))
    assert of_kind(down, Cancel) == [Cancel(order.order_id)]
    assert reasons(down) == [Reason.FEED_DOWN]
    assert not (story.round().up_book.is_known)
    assert not (story.round().down_book.is_known)
    assert reasons(story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))) == [Reason.NO_BOOK]
    story.tell(ev.Cancelled(order.order_id, "by request"))
    assert len(of_kind([*story.wait(4), *story.book(CHEAP_BOOK)], Place)) == 1


def test_a_stale_book_feed_is_as_bad_as_none() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    stale = story.tell(ev.FeedStale(ev.BOOK_FEED, 30_000, story.now_ns))
    assert of_kind(stale, Cancel) == [Cancel(order.order_id)]
    assert story.round().up_book.is_known


def test_another_feed_may_die_without_the_books() -> None:
    story = Story().a_minute_in()
    story.buying()
    down = story.tell(ev.FeedDown("binance", "gone", story.now_ns))
    assert of_kind(down, Cancel, Place) == []
    assert reasons(down) == []
    assert story.round().up_book.is_known
    assert story.round().down_book.is_known


def crossed_change(story: Story, *, is_crossed: bool) -> ev.BookChanged:
    """A bid at the ask, or its removal."""
    change = ev.LevelChange(
        make_round().up_token,
        Side.BUY,
        Price(790_000),
        Shares(MICRO if is_crossed else 0),
        None,
        None,
    )
    return ev.BookChanged((change,), story.now_ns, story.now_ns)


def test_a_book_that_stays_unsettled_is_read_anew_after_two_seconds_and_every_two() -> None:
    story = Story().a_minute_in()
    assert reasons(story.tell(crossed_change(story, is_crossed=True))) == [Reason.BOOK_UNSETTLED]
    assert of_kind(story.silence(2.0), Resync) == []
    assert of_kind(story.silence(0.001), Resync) == [Resync(make_round().slug)]
    assert of_kind(story.silence(2.0), Resync) == []
    assert len(of_kind(story.silence(0.001), Resync)) == 1


def test_a_book_that_settles_is_not_read_anew() -> None:
    story = Story().a_minute_in()
    story.tell(crossed_change(story, is_crossed=True))
    story.silence(1.5)
    story.tell(crossed_change(story, is_crossed=False))
    story.tell(crossed_change(story, is_crossed=True))
    assert of_kind(story.silence(1.9), Resync) == []


def test_a_paused_desk_still_asks_for_its_books() -> None:
    story = Story().a_minute_in()
    story.command(ev.Action.PAUSE)
    story.tell(crossed_change(story, is_crossed=True))
    assert of_kind(story.silence(2.5), Resync) == [Resync(make_round().slug)]


def test_a_new_tick_forgets_the_book_until_its_snapshot() -> None:
    story = Story().a_minute_in()
    tick = ev.TickSizeChanged(make_round().up_token, Price(1_000), story.now_ns, story.now_ns)
    assert reasons(story.tell(tick)) == [Reason.NO_BOOK]
    assert story.round().round.tick == 1_000
    order = only(story.book((0.58, 0.601)), Place).order
    assert order.price == 601_000


def test_news_of_strangers_changes_nothing() -> None:
    story = Story().a_minute_in()
    before = story.mind.desks[Asset.BTC].rounds.state()
    story.tell(ev.BookSnapshotted("999", (), (), None, story.now_ns, story.now_ns))
    story.tell(ev.TickSizeChanged("999", Price(1), story.now_ns, story.now_ns))
    story.tell(ev.RoundSettled("0xother", "999", "stream", story.now_ns))
    story.tell(ev.RoundSettled(make_round().condition_id, "999", "stream", story.now_ns))
    story.tell(ev.RoundOpened("unheard-of", story.now_ns))
    story.tell(ev.RoundClosed("unheard-of", story.now_ns))
    story.tell(ev.StrikePublished("unheard-of", 1.0, "gamma"))
    story.tell(ev.Accepted("nobody"))
    story.tell(ev.NotFound("nobody", story.now_ns))
    assert story.mind.desks[Asset.BTC].rounds.state() == before
    assert of_kind(story.effects, Place) == []


# --- the end of a round -----------------------------------------------------------------------


def test_a_closed_round_keeps_no_order() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    closed = story.tell(ev.RoundClosed(order.slug, story.now_ns))
    assert of_kind(closed, Cancel) == [Cancel(order.order_id)]
    assert of_kind(story.book((0.40, 0.42)), Place) == []


def test_a_winner_is_credited_to_the_millionth() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    paid = bought_for(order)
    story.tell(ev.RoundClosed(order.slug, story.now_ns))
    credit = only(story.settle(Outcome.UP), Credit)
    assert (credit.slug, credit.winner) == (order.slug, "up")
    assert credit.payout == order.shares
    assert credit.pnl == order.shares - paid
    assert story.mind.account.cash == 1_000 * MICRO + credit.pnl
    assert story.mind.account.realised == credit.pnl
    assert story.mind.account.exposure == 0


def test_a_loser_costs_what_was_paid() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    credit = only(story.settle(Outcome.DOWN), Credit)
    assert (credit.payout, credit.pnl) == (0, -bought_for(order))
    assert story.mind.account.fees == make_round().fees.fee(order.price, order.shares)


def test_a_round_is_settled_once() -> None:
    story = Story().a_minute_in()
    story.holding()
    assert len(of_kind(story.settle(Outcome.UP), Credit)) == 1
    assert of_kind(story.settle(Outcome.UP), Credit) == []


def test_a_round_without_a_trade_is_credited_with_nothing() -> None:
    story = Story().a_minute_in()
    assert only(story.settle(Outcome.UP), Credit) == Credit(make_round().slug, "up", 0, 0)  # type: ignore[arg-type]


def test_reports_about_a_settled_round_are_history() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.settle(Outcome.UP)
    assert story.mind.account.working_orders == 0
    assert story.mind.account.exposure == 0
    assert story.tell(ev.Cancelled(order.order_id, "market resolved")) == []
    assert story.mind.account.cash == 1_000 * MICRO


def test_a_fill_that_is_heard_of_after_the_settlement_counts() -> None:
    """The venue matched it in the last second; its word was slower than the winner's."""
    story = Story().a_minute_in()
    order = story.buying()
    story.settle(Outcome.UP)
    story.fill(order)
    won = order.shares - bought_for(order)
    assert story.mind.account.realised == won
    assert story.mind.account.cash == 1_000 * MICRO + won
    assert story.mind.account.exposure == 0


def test_a_session_of_one_round_trades_the_first_and_no_other() -> None:
    story = Story(evolve(PLAIN, session=SessionSettings(rounds=1))).a_minute_in()
    story.tell(ev.RoundFound(make_round(number=1)))
    story.holding()
    story.wait(240)
    story.tell(ev.RoundClosed(make_round().slug, story.now_ns))
    story.tell(ev.RoundOpened(make_round(number=1).slug, story.now_ns))
    story.strike(number=1)
    story.book(CHEAP_BOOK, number=1)
    assert of_kind(story.wait(60), Place) == []
    why = story.round(number=1).whys["distance_fade"]
    assert why.reason is Reason.SESSION_DONE
    story.settle(Outcome.UP)
    assert story.desk().ledger.asset_account.rounds_settled == 1


def test_a_round_found_under_way_is_not_one_of_the_session() -> None:
    story = Story(evolve(PLAIN, session=SessionSettings(rounds=1)))
    story.tell(ev.RoundFound(make_round()))
    story.tell(ev.RoundOpened(make_round().slug, story.now_ns, is_late=True))
    story.settle(Outcome.UP)
    assert story.desk().ledger.asset_account.rounds_settled == 0
    assert story.desk().ledger.asset_account.session_rounds == {}


# --- orders that answer in their own way ------------------------------------------------------


def test_a_fill_before_the_acknowledgement_is_booked_once() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.fill(order, 12.0)
    story.fill(order, 12.0)
    story.tell(ev.Accepted(order.order_id))
    position = story.desk().ledger.positions.of(order.slug)
    assert position.up == 12 * MICRO
    assert story.desk().ledger.asset_account.fills == 1


def test_an_unanswered_order_counts_as_if_it_lived() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Unanswered(order.order_id, "timeout"))
    (entry,) = story.desk().ledger.orders.of_round(order.slug)
    assert entry.state is OrderState.UNKNOWN
    assert story.mind.account.exposure == bought_for(order)
    assert of_kind(story.wait(5), Place) == []


def test_a_cancel_that_lost_against_the_fill_is_a_fill() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.command(ev.Action.PAUSE)
    story.fill(order)
    story.tell(ev.CancelRefused(order.order_id, "already matched"))
    assert story.desk().ledger.positions.of(order.slug).up == order.shares
    assert story.mind.account.working_orders == 0


def test_a_refused_cancel_is_asked_again_while_the_order_is_unwanted() -> None:
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.command(ev.Action.PAUSE)
    refused = story.tell(ev.CancelRefused(order.order_id, "try later"))
    assert of_kind(refused, Cancel) == []  # not at once: it may have been filled
    assert of_kind(story.silence(0.5), Cancel) == []
    assert of_kind(story.silence(0.5), Cancel) == [Cancel(order.order_id)]


def test_nothing_is_left_of_the_fair_book_but_the_reason() -> None:
    story = Story().a_minute_in()
    assert of_kind(story.book(FAIR_BOOK), Place, Cancel, CancelAll) == []
    assert story.said_last() is Reason.EDGE_SMALL
