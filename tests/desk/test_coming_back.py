"""A mind that another process goes on with decides as it would have, and forgets no cent."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import islice

import attrs
import msgspec
import pytest
from attrs import frozen
from stories import CHEAP_BOOK, OPENS_NS, Story, make_round

from polytui.backtest.inprocess import InProcess
from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk.checkpoint import checkpoint_of, restored
from polytui.desk.coming_back import GONE, come_back, gone_orders, unsettled, what_it_had
from polytui.desk.mind import Mind
from polytui.journal.codec import JournalRecord, decode_event, decode_record
from polytui.model import events as ev
from polytui.model.effects import Effect, Place, Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Order, OrderState
from polytui.model.snapshot import FeedState
from polytui.model.units import NS_PER_S
from polytui.sim.world.world import WorldSettings

BTC = Asset.BTC
DAY_NS = 86_400 * NS_PER_S
CUTS = 2
"""Before each order, as near as this many events; and one far from all of them."""
NEAR = 500
PROMPT = attrs.evolve(
    Settings(),
    session=attrs.evolve(Settings().session, assets=(BTC,), rounds=2),
    gates=attrs.evolve(Settings().gates, entry_delay_s=0.0, after_open_s=5.0),
    market=attrs.evolve(Settings().market, volatility_warmup_s=20.0),
    **{
        name: attrs.evolve(getattr(Settings(), name), is_enabled=name == "distance_fade")
        for name in ("confluence", "distance_fade", "momentum_score", "predictor")
    },
)
"""A signal is followed at once: how long one has lasted begins anew. And nobody reads features: the
trades between two processes are a hole of the candles until history is loaded."""
ENDLESS = attrs.evolve(PROMPT, session=attrs.evolve(PROMPT.session, rounds=0))
"""Each session counts its own rounds."""


def again(mind: Mind) -> Mind:
    """By way of bytes."""
    return restored(msgspec.msgpack.decode(msgspec.msgpack.encode(checkpoint_of(mind))))


def goes_on(mind: Mind, now_ns: int, settings: Settings) -> Mind:
    """Another process, at this time: what its engine tells the desk before anything happens."""
    mind = again(mind)
    feeds = dict(mind.desks[BTC].feeds)
    books = [
        ev.BookSnapshotted(
            market_round.round.token_of(outcome),
            tuple(book.bids.items()),
            tuple(book.asks.items()),
            None,
            book.venue_ns,
            now_ns,
            "rest",
        )
        for market_round in mind.desks[BTC].rounds
        for outcome in Outcome
        if (book := market_round.book(outcome)).is_known
    ]
    gone, rounds = gone_orders(mind, BTC), unsettled(mind, BTC)
    had = what_it_had(mind, BTC)
    assert had is not None
    come_back(mind, now_ns)
    told: list[ev.Event] = [
        *gone,
        attrs.evolve(had, life=1),
        ev.SettingsChanged(canonical_json(settings)),
        *map(ev.RoundFound, rounds),
        *(ev.FeedUp(name, now_ns) for name, state in feeds.items() if state is FeedState.UP),
        *books,
    ]
    for event in told:
        mind.take(BTC, now_ns, event, is_last=False)
    return mind


# --- the same decisions ---------------------------------------------------------------------------


@frozen
class Lived:
    """An event of the session, and whether an order came of it."""

    at: int
    event: ev.Event
    is_last: bool
    is_order: bool

    def take(self, mind: Mind) -> Sequence[Effect]:
        return mind.take(BTC, self.at, self.event, is_last=self.is_last).effects


def lived_as(record: JournalRecord) -> Lived:
    is_order = b'"Place"' in bytes(record.effects)
    return Lived(record.at, decode_event(record.event), record.last, is_order)


@pytest.fixture(scope="module")
def lived() -> list[Lived]:
    world = WorldSettings(5, OPENS_NS - 60 * NS_PER_S, (BTC,), (Interval.M5,), messages=0.02)
    lines = InProcess(PROMPT, world).play().lines
    records = [decode_record(line) for line in lines if line.startswith(b'{"seq":')]
    return [lived_as(record) for record in records if record.is_event]


Sent = tuple[int, str, Outcome, str, int, int, str]


def sent(order: Order, at_ns: int) -> Sent:
    """An order but for its id, which counts what was taken."""
    what = (order.side.value, order.price, order.shares, order.strategy)
    return (at_ns, order.slug, order.outcome, *what)


def next_order(mind: Mind, rest: Iterable[Lived]) -> Sent | None:
    """The first that it sends of these events."""
    for one in rest:
        for effect in one.take(mind):
            if isinstance(effect, Place):
                return sent(effect.order, one.at)
    return None


def test_nothing_missed_nothing_decided_otherwise(lived: list[Lived]) -> None:
    """Cut anywhere while nothing works: the next order is the same, at the same moment. Most cuts
    are near one, for all that is between them is played three times."""
    rng = random.Random(3)
    orders = [number for number, one in enumerate(lived, start=1) if one.is_order]
    near = [range(max(at - NEAR, len(lived) // 10), at) for at in orders[1:]]
    cuts = {cut for places in near for cut in rng.sample(places, CUTS)}
    cuts.add(next(at for at in range(orders[0] + NEAR, len(lived)) if lived[at - 1].is_last))
    mind, compared = Mind(), 0
    for number, one in enumerate(lived, start=1):
        one.take(mind)
        if number not in cuts or not one.is_last or mind.account.working_orders:
            continue
        lived_on = again(mind)
        endless = ev.SettingsChanged(canonical_json(ENDLESS))
        lived_on.take(BTC, one.at, endless, is_last=False)
        as_it_was = next_order(lived_on, islice(lived, number, None))
        after = next_order(goes_on(mind, one.at, ENDLESS), islice(lived, number, None))
        assert after == as_it_was, f"after event {number}"
        compared += as_it_was is not None
    assert compared > len(orders)


# --- the same money -------------------------------------------------------------------------------


def holding() -> Story:
    story = Story().a_minute_in()
    story.holding()
    return story


def test_money_counters_and_stops_are_what_they_were() -> None:
    story = holding()
    account = story.mind.account
    account.of(BTC).losses_in_a_row = 3
    account.kill_switch.trip("by hand", story.now_ns)
    mind = goes_on(story.mind, story.now_ns, story.settings)
    after = mind.account
    assert (after.cash, after.starting_cash) == (account.cash, account.starting_cash)
    assert after.of(BTC).exposure.open() == account.of(BTC).exposure.open() != {}
    assert after.of(BTC).live.results() == account.of(BTC).live.results()
    assert after.of(BTC).losses_in_a_row == 3
    assert after.kill_switch.why == "by hand"
    assert after.trades_today(story.now_ns) == account.trades_today(story.now_ns) == 1
    assert after.drawdown == account.drawdown
    earlier = after.of(BTC).earlier
    assert (earlier.orders, earlier.fills, earlier.fees) == (1, 1, account.fees)


def test_what_a_life_was_told_at_its_beginning_is_told_to_the_next_one() -> None:
    """A session that lost the end of its journal is told of those fills by the venue; else the one
    after it would count them again."""
    story = holding()
    had = what_it_had(story.mind, BTC)
    assert had is not None
    missed = ("0x" + "ab" * 32, "a trade of before")
    told = attrs.evolve(had, life=2, counted=(*had.counted, missed))
    story.tell(told)
    after = what_it_had(again(story.mind), BTC)
    assert after is not None
    assert missed in after.counted
    assert set(had.counted) <= set(after.counted)


def test_what_a_round_counted_that_ended_meanwhile_is_told_to_the_next_one() -> None:
    """A venue tells of its trades for minutes: whoever comes second would count them again."""
    story = holding()
    had = what_it_had(story.mind, BTC)
    assert had is not None
    assert had.counted
    story.tell(attrs.evolve(had, life=2, held=()))
    later = what_it_had(again(story.mind), BTC)
    assert later is not None
    assert set(had.counted) <= set(later.counted)


def test_a_loss_of_what_was_held_before_counts_in_the_row_of_losses() -> None:
    story = holding()
    mind = goes_on(story.mind, story.now_ns, story.settings)
    lost = make_round()
    settled = ev.RoundSettled(lost.condition_id, lost.down_token, "data", lost.closes_ns)
    mind.take(BTC, lost.closes_ns, settled, is_last=True)
    assert mind.account.of(BTC).losses_in_a_row == 1
    assert mind.account.cash == mind.account.starting_cash + mind.account.realised
    assert mind.account.realised < 0


@pytest.mark.parametrize("away_ns", [0, 10 * NS_PER_S, 4 * 3_600 * NS_PER_S, 26 * 3_600 * NS_PER_S])
def test_the_day_rolls_over_at_midnight(away_ns: int) -> None:
    """20:01 UTC: midnight is four hours away, less a minute."""
    story = holding()
    now_ns = story.now_ns + away_ns
    account = goes_on(story.mind, now_ns, story.settings).account
    is_same_day = now_ns // DAY_NS == story.now_ns // DAY_NS
    assert account.trades_today(now_ns) == (1 if is_same_day else 0)


def test_a_clock_that_was_set_back_takes_no_day_back_and_believes_no_price() -> None:
    story = holding()
    now_ns = story.now_ns - 3_600 * NS_PER_S
    why = Why(Reason.LATENCY, 900.0, 500.0, "ms")
    limits = story.settings.breakers
    story.desk().breakers.machine_doubted(story.now_ns, why, limits)
    mind = goes_on(story.mind, now_ns, story.settings)
    desk = mind.desks[BTC]
    assert mind.account.trades_today(now_ns) == 1
    assert desk.prices.settlement.last_spot is None
    assert desk.prices.estimate(now_ns, story.settings.market) is None
    assert [one.phase.value for one in desk.rounds] == ["listed"]
    ((_, until_ns),) = desk.breakers.open()
    assert until_ns == now_ns + int(limits.cool_down_s * NS_PER_S)
    assert mind.account.cash == story.mind.account.cash


def test_orders_are_gone_because_we_wanted_it() -> None:
    """Taken back by a venue a rung would not be tried again for a while."""
    story = Story().a_minute_in()
    order = story.buying()
    assert [one.detail for one in gone_orders(story.mind, BTC)] == [GONE]
    before = again(story.mind)
    come_back(before, story.now_ns)
    working = before.desks[BTC].ledger.orders.get(order.order_id)
    assert working is not None
    assert working.state is OrderState.CANCELLING
    mind = goes_on(story.mind, story.now_ns, story.settings)
    assert (mind.account.working_orders, mind.account.free_cash) == (0, mind.account.cash)
    assert mind.desks[BTC].rounds.get(order.slug) is not None


def test_a_book_of_before_is_no_book() -> None:
    story = holding()
    mind = again(story.mind)
    come_back(mind, story.now_ns)
    books = [one.book(outcome) for one in mind.desks[BTC].rounds for outcome in Outcome]
    assert not any(book.is_known for book in books)
    assert story.book(CHEAP_BOOK) is not None


def test_what_a_session_counts_begins_at_nothing() -> None:
    story = holding()
    before = story.mind.account.of(BTC)
    assert before.session_rounds
    after = goes_on(story.mind, story.now_ns, story.settings).account.of(BTC)
    assert (after.rounds_opened, after.rounds_settled, after.session_rounds) == (0, 0, {})
    assert after.last_opened == {}


def test_a_desk_that_broke_hands_nothing_on() -> None:
    story = holding()
    with pytest.raises(Exception, match=r"Expecting value|JSON"):
        story.tell(ev.SettingsChanged("nonsense"))
    mind = goes_on(story.mind, story.now_ns, story.settings)
    assert mind.desks[BTC].prices.settlement.last_spot is None
    assert mind.account.cash == story.mind.account.cash
    whole = goes_on(holding().mind, story.now_ns, story.settings)
    assert whole.desks[BTC].prices.settlement.last_spot is not None
