"""A strategy that quotes both outcomes, from its view to its orders and back, in a whole desk."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from attrs import define, evolve, field
from msgspec.structs import replace
from stories import PLAIN, Story, make_round, of_kind, only, with_risk

from polytui.config.deciding import DistanceFadeSettings, StrategySettings
from polytui.config.schema import Settings
from polytui.desk.snapshots_deciding import asset_limits, show_scores, show_signals
from polytui.model import events as ev
from polytui.model.effects import Cancel, Effect, Explain, Place, Reason, Trip, Why
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Quote, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.sim.world.refusals import NOTHING_TO_TAKE
from polytui.strategy.proposal import QuoteSet, Rung, View, Wake

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
GTC = TimeInForce.GTC
NAME = "three_rungs"
CROSSED = "invalid post-only order: order crosses book"


@define
class ThreeRungs:
    """Three buys an outcome, a cent apart below a middle, in whatever order they are listed; a
    sale of what it holds alone, at `sells_at` cents. State: what it is told, and what it saw."""

    name: str = NAME
    middle: int = 78
    shares: float = 10.0
    sells_at: int = 0
    listing: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    wake: Wake = Wake()
    why: Why = Why(Reason.NONE)
    is_enabled: bool = True
    intervals: tuple[Any, ...] = ()
    views: list[View] = field(factory=list)

    def thresholds(self, settings: Settings) -> StrategySettings:
        return StrategySettings(is_enabled=self.is_enabled, intervals=self.intervals)

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        self.views.append(view)
        size = Shares(round(self.shares * MICRO))
        rungs = [
            Rung(
                f"{outcome.value}-{number}", Quote(outcome, BUY, cents(at), size, is_post_only=True)
            )
            for outcome, top in ((UP, self.middle), (DOWN, 100 - self.middle))
            for number, at in enumerate(range(top - 1, top - 4, -1))
        ]
        rungs += [
            Rung("sale", Quote(outcome, SELL, cents(self.sells_at), held))
            for outcome in Outcome
            if self.sells_at and (held := view.side(outcome).held)
        ]
        listed = [rungs[n] for n in self.listing] + rungs[6:] if size else rungs[6:]
        return QuoteSet(tuple(listed), self.why, self.wake)

    @property
    def asked(self) -> int:
        return len(self.views)


def cents(number: int) -> Price:
    return Price(number * 10_000)


QUIET = evolve(PLAIN, distance_fade=DistanceFadeSettings(is_enabled=False))
QUIET = with_risk(QUIET, max_working_orders=20, max_round_usd=200.0, max_net_usd=200.0)
"""Nobody follows a signal."""
LOUD = evolve(QUIET, distance_fade=PLAIN.distance_fade)


def quoting(settings: Settings = QUIET, **told: Any) -> tuple[Story, ThreeRungs, list[Order]]:
    """A minute into a round: the story, who quotes, and its six orders, which all rest."""
    begun = _begun(settings, tuple(told.items()))
    story, maker = deepcopy(begun, begun[0].kept() | {id(begun[1].views): list(begun[1].views)})
    return story, maker, rungs_of(story.effects)


@cache
def _begun(settings: Settings, told: tuple[tuple[str, Any], ...]) -> tuple[Story, ThreeRungs]:
    """Lived once for all that are told the same."""
    maker = ThreeRungs(**dict(told))
    story = Story(settings, quoting=(maker,)).a_minute_in()
    for order in rungs_of(story.effects):
        story.tell(ev.Accepted(order.order_id))
    return story, maker


def rungs_of(effects: list[Effect]) -> list[Order]:
    return [effect.order for effect in of_kind(effects, Place) if effect.order.rung]


def ids_of(effects: list[Effect]) -> list[str]:
    return [effect.order_id for effect in of_kind(effects, Cancel)]


def said(effects: list[Effect], name: str = NAME) -> list[Reason]:
    told = [effect for effect in of_kind(effects, Explain) if effect.strategy == name]
    return [effect.why.reason for effect in told]


def books_down(story: Story) -> list[Effect]:
    return story.tell(ev.FeedDown(ev.BOOK_FEED, "cut", story.now_ns))


def keys(orders: list[Order]) -> list[str]:
    return sorted(order.rung for order in orders)


EVERY_KEY = [f"{one}-{n}" for one in ("down", "up") for n in range(3)]


# --- a whole ladder -------------------------------------------------------------------------------


def test_all_of_a_set_is_placed_and_then_left_alone() -> None:
    story, maker, orders = quoting()
    assert keys(orders) == EVERY_KEY
    assert len({order.order_id for order in orders}) == 6
    assert {(o.price, o.shares) for o in orders if o.rung == "up-0"} == {(770_000, 10 * MICRO)}
    assert all(order.is_post_only and order.strategy == NAME for order in orders)
    before = maker.asked
    assert of_kind(story.wait(30), Place, Cancel) == []
    assert maker.asked > before + 20


@pytest.mark.parametrize("listing", list(permutations(range(6)))[:: 720 // 24])
def test_in_any_order_it_is_the_same_set(listing: tuple[int, ...]) -> None:
    story, maker, _ = quoting()
    maker.listing = listing
    assert of_kind(story.wait(3), Place, Cancel) == []


def test_a_rung_that_is_wanted_no_more_goes_and_comes_again_once_it_is_gone() -> None:
    story, maker, orders = quoting()
    (top,) = [order for order in orders if order.rung == "up-2"]
    maker.listing = (0, 1, 3, 4, 5)
    assert ids_of(story.wait(1)) == [top.order_id]
    maker.listing = (0, 1, 2, 3, 4, 5)
    assert of_kind(story.wait(1), Place, Cancel) == []
    again = rungs_of(story.tell(ev.Cancelled(top.order_id, "asked")))
    assert keys(again) == ["up-2"]


def test_a_ladder_that_moves_up_moves_one_order_a_side_and_the_rest_stays() -> None:
    """The rung that comes is not held back by another one's cancel."""
    story, maker, orders = quoting()
    maker.middle = 79
    effects = story.wait(1)
    moved = {order.order_id: order.rung for order in orders}
    assert sorted(moved[one] for one in ids_of(effects)) == ["down-0", "up-2"]
    sent = [(order.rung, order.price) for order in rungs_of(effects)]
    assert sent == [("up-0", cents(78)), ("down-2", cents(18))]


@pytest.mark.parametrize(("shares", "replaced"), [(12.0, 0), (8.4, 0), (12.6, 6), (8.3, 6)])
def test_a_size_is_replaced_beyond_the_tolerance_of_the_settings(
    shares: float, replaced: int
) -> None:
    story, maker, _ = quoting()
    maker.shares = shares
    assert len(ids_of(story.wait(1))) == replaced


def test_nobody_quotes_who_may_not_here() -> None:
    story, maker, orders = quoting(is_enabled=False)
    assert (maker.asked, orders, NAME in story.round().whys) == (0, [], False)


@pytest.mark.parametrize(
    ("blind", "reason"),
    [
        (
            lambda story: story.tell(ev.FeedDown(ev.BOOK_FEED, "cut", story.now_ns)),
            Reason.FEED_DOWN,
        ),
        (lambda story: story.silence(30.0), Reason.CHAINLINK_STALE),
        (lambda story: story.command(ev.Action.PAUSE), None),
    ],
)
def test_who_sees_nothing_or_may_not_enter_quotes_nothing(blind: Any, reason: Reason) -> None:
    story, _, orders = quoting()
    assert sorted(ids_of(blind(story))) == sorted(order.order_id for order in orders)
    assert reason is None or story.round().whys[NAME].reason is reason


def test_a_pause_leaves_the_rung_that_sells_what_is_held() -> None:
    story, maker, orders = quoting(sells_at=85)
    (top,) = [order for order in orders if order.rung == "up-0"]
    story.fill(top)
    (sale,) = [order for order in rungs_of(story.effects) if order.side is SELL]
    story.tell(ev.Accepted(sale.order_id))
    gone = ids_of(story.command(ev.Action.PAUSE))
    assert len(gone) == 6  # five that still work, and the one placed anew
    assert sale.order_id not in gone
    assert of_kind(story.wait(3), Place, Cancel) == []
    assert story.round().whys[NAME].reason is Reason.PAUSED
    maker.shares = 0.0


def test_a_set_without_a_rung_says_why() -> None:
    story, maker, _ = quoting()
    maker.shares, maker.why = 0.0, Why(Reason.MARKET_WILD, 9.0, 3.0, "a year")
    effects = story.wait(1)
    assert len(ids_of(effects)) == 6
    assert said(effects) == [Reason.MARKET_WILD]


# --- what it sees of itself -----------------------------------------------------------------------


def test_it_sees_its_inventory_and_not_its_pairs() -> None:
    story, maker, orders = quoting()
    up, down = (next(o for o in orders if o.rung == f"{one.value}-0") for one in Outcome)
    story.fill(up, trade_id="t1")
    assert (maker.views[-1].up.held, maker.views[-1].down.held) == (10 * MICRO, 0)
    story.fill(down, shares=4.0, trade_id="t2")
    assert (maker.views[-1].up.held, maker.views[-1].down.held) == (6 * MICRO, 0)
    story.fill(down, shares=6.0, trade_id="t3")
    assert (maker.views[-1].up.held, maker.views[-1].down.held) == (0, 0)


def test_its_inventory_is_its_own_to_quote_out_of() -> None:
    """Neither stop loss nor time exit of the settings sells it."""
    strict = evolve(QUIET, exits=evolve(QUIET.exits, stop_loss=0.01, max_hold_s=1.0))
    story, _, orders = quoting(strict)
    story.fill(orders[0])
    story.book((0.30, 0.32))
    assert [o for o in of_kind(story.wait(5), Place) if o.order.side is SELL] == []


def test_what_it_trades_is_settled_to_its_name() -> None:
    story, _, orders = quoting()
    up = next(order for order in orders if order.rung == "up-0")
    story.fill(up)
    story.tell(ev.RoundClosed(make_round().slug, story.now_ns))
    story.settle(UP)
    result = story.desk().asset_account.live.results()[NAME]
    assert (result.entries, result.wins, result.pnl > 0) == (1, 1, True)
    assert story.mind.account.exposure == 0


def test_faces_see_it_as_any_strategy() -> None:
    story, maker, _ = quoting()
    maker.why = Why(Reason.MARKET_CALM)
    story.wait(1)
    (line,) = [one for one in show_signals(story.desk(), story.round()) if one.strategy == NAME]
    assert line.is_live
    assert (line.direction, line.reason) == ("", Reason.MARKET_CALM.value)
    # 0.77 + 0.76 + 0.75 and 0.21 + 0.20 + 0.19 for ten shares each
    assert line.size_usd == pytest.approx(28.8)
    (score,) = [one for one in show_scores(story.desk()) if one.strategy == NAME]
    assert score.is_live


def test_the_panel_has_a_bar_of_rungs_where_somebody_quotes() -> None:
    story, _, orders = quoting()
    (bar,) = [one for one in asset_limits(story.desk(), story.now_ns) if "rungs" in one.name]
    assert (bar.used, bar.allowed) == (len(orders), 2_000)
    quiet = asset_limits(Story(QUIET).a_minute_in().desk(), story.now_ns)
    assert "net inventory" in [one.name for one in quiet]
    assert not [one for one in quiet if "rungs" in one.name]


# --- beside signals -------------------------------------------------------------------------------


def test_requotes_leave_a_signal_its_orders_and_its_time() -> None:
    """Two orders of the round and an hour between entries are for those who follow signals."""
    loud = evolve(LOUD, gates=evolve(LOUD.gates, cooldown_s=3_600.0))
    story, maker, _ = quoting(with_risk(loud, max_orders_per_round=2), middle=62)
    for _ in range(5):  # each time all go, and come again
        maker.shares = 30.0 - maker.shares
        for order_id in ids_of(story.wait(1)):
            story.tell(ev.Cancelled(order_id, "asked"))
    assert len(rungs_of(story.effects)) > 30
    signal = only([e for e in story.book((0.58, 0.60)) if not is_rung(e)], Place).order
    assert signal.strategy == "distance_fade"
    assert story.round().entries == 1
    # The cooldown that the signal began keeps no rung.
    story.tell(ev.Accepted(signal.order_id))
    maker.shares = 30.0 - maker.shares
    for order_id in ids_of(story.wait(1)):
        story.tell(ev.Cancelled(order_id, "asked"))
    assert story.round().requotes > 36


def is_rung(effect: Effect) -> bool:
    return isinstance(effect, Place) and bool(effect.order.rung)


def test_a_signal_still_has_its_orders_counted_and_its_distance_in_time() -> None:
    one = with_risk(LOUD, max_orders_per_round=1)
    story, _, _ = quoting(one, middle=62)
    order = only([e for e in story.book((0.58, 0.60)) if not is_rung(e)], Place).order
    story.tell(ev.Accepted(order.order_id))
    story.fill(order, shares=10.0)
    story.tell(ev.Cancelled(order.order_id, "venue"))
    assert [e for e in of_kind(story.wait(10), Place) if not e.order.rung] == []
    assert story.said_last() is Reason.LIMIT_ROUND_ORDERS


def test_a_rung_is_a_trade_of_the_day_once_it_fills() -> None:
    story, _, orders = quoting()
    account = story.mind.account
    assert account.trades_today(story.now_ns) == 0
    story.fill(orders[0], shares=4.0, trade_id="t1")
    story.fill(orders[0], shares=2.0, trade_id="t2")
    assert account.trades_today(story.now_ns) == 1
    story.fill(orders[1], trade_id="t3")
    assert account.trades_today(story.now_ns) == 2


def test_no_more_rungs_work_than_may_become_trades_of_the_day() -> None:
    _, _, orders = quoting(with_risk(QUIET, max_trades_per_day=4))
    assert len(orders) == 4


def test_a_signal_enters_whatever_a_set_holds_or_offers() -> None:
    """A set is on both sides by its nature; among signals the other side is sacred still."""
    story, _, orders = quoting(LOUD, middle=62)
    down = next(order for order in orders if order.rung == "down-0")
    story.fill(down)
    signal = [e.order for e in of_kind(story.book((0.58, 0.60)), Place) if not e.order.rung]
    assert [order.outcome for order in signal] == [UP]


def test_a_rung_makes_way_for_a_signal_that_it_would_meet() -> None:
    """Ours to buy Down at 44 cents is ours to sell Up at 56: a signal that pays 60 waits for it."""
    story, maker, _ = quoting(LOUD, middle=55)
    effects = story.book((0.58, 0.60))
    assert said(effects) == [Reason.OWN_ORDER]
    gone = ids_of(effects)
    working = {o.order_id: o for o in rungs_of(story.effects)}
    assert {working[one].outcome for one in gone} == {DOWN}
    assert len(gone) == 3
    assert [e for e in of_kind(effects, Place) if not e.order.rung] == []
    for order_id in gone[:2]:
        assert of_kind(story.tell(ev.Cancelled(order_id, "asked")), Place) == []
    last = story.tell(ev.Cancelled(gone[2], "asked"))
    assert [place.order.strategy for place in of_kind(last, Place)] == ["distance_fade"]
    assert len([one for one in maker.views if one]) == maker.asked


def test_of_a_set_that_would_meet_itself_one_side_is_kept() -> None:
    class Crossed(ThreeRungs):
        def quote(self, view: View, settings: Settings) -> QuoteSet:
            both = [Quote(one, BUY, cents(50), Shares(10 * MICRO)) for one in Outcome]
            return QuoteSet((Rung("a", both[0]), Rung("b", both[1])))

    story = Story(QUIET, quoting=(Crossed(),)).a_minute_in()
    assert keys(rungs_of(story.effects)) == ["a"]
    assert story.round().whys[NAME] == Why(Reason.OWN_ORDER, 0.5, 0.5, f"USD of {NAME}")


# --- limits ---------------------------------------------------------------------------------------


def test_room_goes_to_those_nearest_to_the_market_first() -> None:
    """Of 19 dollars: 7.70 and 2.10 with their fees, 7.60, and of the next what is left."""
    _, _, orders = quoting(with_risk(QUIET, max_round_usd=19.0), listing=(2, 5, 1, 4, 0, 3))
    assert [order.rung for order in orders] == ["up-0", "down-0", "up-1", "down-1"]
    assert [order.shares / MICRO for order in orders[:3]] == [10.0, 10.0, 10.0]
    assert orders[3].shares < 10 * MICRO == orders[3].asked


@pytest.mark.parametrize(("allowed", "is_replaced"), [(19.3, False), (19.9, True)])
def test_a_cut_rung_is_placed_anew_for_more_room_than_is_tolerated(
    allowed: float, is_replaced: bool
) -> None:
    """5.82 shares of ten: at 19.3 dollars there is room for 7.24, at 19.9 for all."""
    story, _, orders = quoting(with_risk(QUIET, max_round_usd=19.0))
    gone = ids_of(story.limit(max_round_usd=allowed))
    assert gone == ([orders[3].order_id] if is_replaced else [])


def test_depth_is_not_asked_of_who_takes_nothing() -> None:
    deep = evolve(QUIET, gates=evolve(QUIET.gates, min_depth=5.0))
    assert keys(quoting(deep)[2]) == EVERY_KEY


def test_a_rung_that_was_cut_is_left_alone_until_there_is_more_room() -> None:
    story, _, orders = quoting(with_risk(QUIET, max_round_usd=19.0))
    assert of_kind(story.wait(5), Place, Cancel) == []
    grown = story.limit(max_round_usd=200.0)
    assert ids_of(grown) == [orders[3].order_id]
    beside, again = rungs_of(grown), rungs_of(story.tell(ev.Cancelled(orders[3].order_id, "asked")))
    assert (keys(beside), keys(again)) == (["down-2", "up-2"], ["down-1"])
    assert {order.shares for order in beside + again} == {10 * MICRO}


def test_a_rung_waits_for_what_is_leaving_where_both_would_break_a_limit() -> None:
    """Six dollars are left beside the old ladder: enough for the new rung of Down at once, and for
    a part of that of Up, which waits until the old one is gone, and is whole then."""
    story, maker, orders = quoting(with_risk(QUIET, max_round_usd=36.0))
    assert len(orders) == 6
    maker.middle = 79
    effects = story.wait(1)
    assert len(ids_of(effects)) == 2
    assert keys(rungs_of(effects)) == ["down-2"]
    dear = next(order for order in orders if order.rung == "up-2")
    again = rungs_of(story.tell(ev.Cancelled(dear.order_id, "asked")))
    assert [(order.rung, order.shares) for order in again] == [("up-0", 10 * MICRO)]


@pytest.mark.parametrize("rung", ["up-0", "up-2", "down-1", "sale"])
def test_exposure_without_an_order_is_what_is_left_once_it_has_gone(rung: str) -> None:
    """Whatever a cut rung is measured by: of pairs, of both outcomes, of a sale."""
    story, _, orders = quoting(sells_at=85)
    for key in ("up-0", "down-0"):
        story.fill(next(one for one in orders if one.rung == key), 6.0, trade_id=key)
    story.fill(next(one for one in orders if one.rung == "up-0"), 2.0, trade_id="more")
    desk, now_ns = story.desk(), story.now_ns
    (gone,) = [one.order for one in desk.ledger.orders.working() if one.order.rung == rung]
    kept = desk.ledger.exposure.rounds[gone.slug].by_order[gone.order_id]
    without = desk.exposure(now_ns, story.round()).without(gone.outcome, kept)
    desk.ledger.reported(ev.Cancelled(gone.order_id, "venue"), 0, lambda _: None)
    after = desk.exposure(now_ns, story.round())
    assert without == replace(after, trades_today=without.trades_today)


@pytest.mark.parametrize(
    ("most", "up", "down"), [(30.0, 3, 3), (23.0, 2, 3), (16.0, 2, 3), (8.1, 1, 3), (2.5, 0, 1)]
)
def test_net_inventory_is_counted_for_each_side_by_itself(most: float, up: int, down: int) -> None:
    """Three of Up cost 23.3, three of Down 6.4: each outcome may be lost for so much."""
    _, _, orders = quoting(with_risk(QUIET, max_net_usd=most))
    whole = [order for order in orders if not order.asked]
    assert [sum(o.outcome is one for o in whole) for one in Outcome] == [up, down]


# --- what the venue says --------------------------------------------------------------------------


def refuse(story: Story, orders: list[Order], detail: str) -> list[Effect]:
    return [e for one in orders for e in story.tell(ev.Refused(one.order_id, detail))]


def silent(**told: Any) -> tuple[Story, ThreeRungs, list[Order]]:
    """The same before the venue has answered."""
    maker = ThreeRungs(**told)
    story = Story(QUIET, quoting=(maker,)).a_minute_in()
    return story, maker, rungs_of(story.effects)


@pytest.mark.parametrize(
    ("detail", "trips"),
    [
        (CROSSED, 0),
        ("order 0xabc crosses the book", 0),
        ("INVALID_POST_ONLY_ORDER", 0),
        (NOTHING_TO_TAKE, 1),
        ("not enough balance / allowance", 1),
        ("", 1),
    ],
)
def test_a_post_only_refusal_is_no_refusal_to_the_breaker_but_others_are(
    detail: str, trips: int
) -> None:
    story, _, orders = silent()
    effects = refuse(story, orders, detail)
    assert [trip.why.reason for trip in of_kind(effects, Trip)] == [Reason.REJECTS] * trips


@pytest.mark.parametrize("detail", [CROSSED, NOTHING_TO_TAKE])
def test_what_may_rest_is_refused_like_any_other(detail: str) -> None:
    story, trips = Story(LOUD).a_minute_in(), list[Effect]()
    story.book((0.58, 0.60))
    for _ in range(6):
        order = of_kind(story.effects, Place)[-1].order
        trips += story.tell(ev.Refused(order.order_id, detail))
        trips += story.wait(5)
    assert [trip.why.reason for trip in of_kind(trips, Trip)] == [Reason.REJECTS]


def test_a_refused_rung_is_not_tried_again_at_once() -> None:
    story, _, orders = silent()
    first = next(order for order in orders if order.rung == "up-0")
    assert rungs_of(refuse(story, [first], CROSSED)) == []
    assert story.round().whys[NAME].reason is Reason.COOLDOWN
    story.now_ns += NS_PER_S - 1
    assert rungs_of(story.silence(0.0)) == []
    story.now_ns += 1
    again = rungs_of(story.silence(0.0))
    assert keys(again) == ["up-0"]
    story.tell(ev.Accepted(again[0].order_id))
    assert story.round().refused == {}


def test_nor_is_one_that_the_venue_took_back_but_one_that_we_did() -> None:
    story, maker, orders = quoting()
    up, down = (next(o for o in orders if o.rung == f"{one.value}-0") for one in Outcome)
    assert rungs_of(story.tell(ev.Cancelled(up.order_id, "venue"))) == []
    maker.listing = (0, 1, 2, 4, 5)
    assert ids_of(story.silence(0.0)) == [down.order_id]
    maker.listing = (0, 1, 2, 3, 4, 5)
    assert keys(rungs_of(story.tell(ev.Cancelled(down.order_id, "asked")))) == ["down-0"]
    story.now_ns += NS_PER_S
    assert keys(rungs_of(story.silence(0.0))) == ["up-0"]


# --- what wakes it --------------------------------------------------------------------------------


def trade(story: Story, price: float, venue: str = "binance", **more: Any) -> list[Effect]:
    """An exchange's trade: no desk decides because of it."""
    at_ns = story.now_ns
    event = ev.ExchangeTraded(Asset.BTC, venue, 1, price, 0.01, BUY, at_ns, at_ns, **more)
    return story.tell(event)


def woken(maker: ThreeRungs, act: Any) -> int:
    before = maker.asked
    act()
    return maker.asked - before


@pytest.mark.parametrize(
    ("move_bps", "price", "is_woken"),
    [
        (0.0, 200_000.0, False),
        (5.0, 100_049.9, False),
        (5.0, 100_050.0, True),
        (5.0, 99_950.0, True),
        (5.0, 99_950.1, False),
    ],
)
def test_a_price_that_ran_wakes_who_asked_for_it(
    move_bps: float, price: float, is_woken: bool
) -> None:
    story, maker, _ = quoting(wake=Wake(move_bps=move_bps))
    assert woken(maker, lambda: trade(story, 100_000.0)) == 0
    assert woken(maker, lambda: trade(story, price)) == is_woken


def test_after_it_was_woken_a_move_is_measured_anew() -> None:
    story, maker, _ = quoting(wake=Wake(move_bps=5.0))
    trade(story, 100_000.0)
    assert woken(maker, lambda: trade(story, 100_060.0)) == 1
    assert woken(maker, lambda: trade(story, 100_080.0)) == 0
    assert woken(maker, lambda: trade(story, 100_000.0)) == 1


def test_each_exchange_is_measured_by_itself_and_history_by_nobody() -> None:
    story, maker, _ = quoting(wake=Wake(move_bps=5.0))
    trade(story, 100_000.0)
    assert woken(maker, lambda: trade(story, 100_300.0, "elsewhere")) == 0
    assert woken(maker, lambda: trade(story, 100_301.0, "elsewhere")) == 0
    assert woken(maker, lambda: trade(story, 100_500.0, "elsewhere")) == 1
    assert woken(maker, lambda: trade(story, 200_000.0, is_history=True)) == 0


def test_a_move_in_the_middle_of_a_batch_wakes_at_its_end() -> None:
    story, maker, _ = quoting(wake=Wake(move_bps=5.0))
    trade(story, 100_000.0)
    at_ns = story.now_ns
    events = [
        ev.ExchangeTraded(Asset.BTC, "binance", 1, price, 0.01, BUY, at_ns, at_ns)
        for price in (100_100.0, 100_000.0)
    ]
    assert woken(maker, lambda: story.tell(events[0], is_last=False)) == 0
    assert woken(maker, lambda: story.tell(events[1])) == 1


def test_who_is_blind_is_not_woken() -> None:
    story, maker, _ = quoting(wake=Wake(move_bps=5.0))
    trade(story, 100_000.0)
    books_down(story)
    before = len(story.effects), maker.asked, story.round().looked_ns
    story.now_ns += 1
    trade(story, 100_200.0)
    assert (len(story.effects), maker.asked, story.round().looked_ns) == before


def test_a_round_that_is_decided_measures_no_move_of_another_anew() -> None:
    """Five bps in steps of one, while the other round's book moves at each of them."""
    maker = ThreeRungs(wake=Wake(move_bps=5.0))
    settings = evolve(QUIET, deciding=evolve(QUIET.deciding, least_move_sigmas=1.0))
    story = Story(settings, quoting=(maker,)).a_minute_in()
    other = make_round(number=1)
    story.tell(ev.RoundFound(other))
    story.tell(ev.RoundOpened(other.slug, story.now_ns))
    story.book((0.50, 0.52), number=1)
    asked = maker.asked
    for step in range(1, 6):
        story.now_ns += 1
        story.book((0.50 + 0.01 * (step % 2), 0.52 + 0.01 * (step % 2)), number=1)
        trade(story, 100_000.0 * (1 + step / 10_000))
        first = [view for view in maker.views[asked:] if view.up.best_ask == cents(79)]
        assert len(first) == (1 if step == 5 else 0)


@pytest.mark.parametrize(
    ("side", "bests", "markout"),
    [
        # Bought Up at 77 cents; the middle is 79 cents, or 60.
        (UP, (0.78, 0.80), 200.0),
        (UP, (0.59, 0.61), -1_700.0),
        # Bought Down at 21 cents; Up's middle at 60 is Down's at 40.
        (DOWN, (0.59, 0.61), 1_900.0),
    ],
)
def test_a_fill_grown_old_wakes_who_asked_and_is_in_its_view(
    side: Outcome, bests: tuple[float, float], markout: float
) -> None:
    story, maker, orders = quoting(wake=Wake(markout_s=0.5))
    order = next(one for one in orders if one.rung == f"{side.value}-0")
    story.fill(order)
    story.book(bests)
    assert maker.views[-1].markout_bps is None
    story.now_ns += NS_PER_S // 2 - 1
    trade(story, 100_000.0)  # features are due as well, and wake everybody
    assert woken(maker, lambda: trade(story, 100_000.0)) == 0
    story.now_ns += 1
    assert woken(maker, lambda: trade(story, 100_000.0)) == 1
    assert maker.views[-1].markout_bps == pytest.approx(markout)
    assert woken(maker, lambda: trade(story, 100_000.0)) == 0


def test_a_sale_is_marked_the_other_way() -> None:
    story, maker, orders = quoting(wake=Wake(markout_s=0.5), sells_at=85)
    story.fill(next(one for one in orders if one.rung == "up-0"), trade_id="t1")
    (sale,) = [order for order in rungs_of(story.effects) if order.side is SELL]
    story.fill(sale, trade_id="t2")
    story.now_ns += NS_PER_S // 2
    trade(story, 100_000.0)
    assert maker.views[-1].markout_bps == pytest.approx(700.0)  # 85 against 78


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_mark_out_waits_for_the_book(is_cut: bool) -> None:
    """One that is gone, or in doubt."""
    story, maker, orders = quoting(wake=Wake(markout_s=0.5))
    story.fill(orders[0])
    if is_cut:
        books_down(story)
    else:
        story.tell(ev.FrameRejected(ev.BOOK_FEED, "cut short", 9, "", story.now_ns))
    story.now_ns += NS_PER_S
    trade(story, 100_000.0)
    assert story.desk()._waking.markout_bps(make_round().slug, NAME) is None
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.book((0.78, 0.80))
    assert maker.views[-1].markout_bps is not None


def test_nothing_is_kept_for_who_asks_for_nothing_and_nothing_after_the_round() -> None:
    quiet, _, orders = quoting()
    trade(quiet, 100_000.0)
    quiet.fill(orders[0])
    assert quiet.desk()._waking.state() == ([(make_round().slug, NAME, 0.0, 0.0)], [], [], [], [])
    story, _, orders = quoting(wake=Wake(5.0, 0.5))
    trade(story, 100_000.0)
    story.fill(orders[0])
    story.now_ns += NS_PER_S
    story.fill(orders[1], trade_id="t2")
    assert all(story.desk()._waking.state())
    story.tell(ev.RoundClosed(make_round().slug, story.now_ns))
    story.settle(UP)
    assert story.desk()._waking.state() == ([], [], [], [], [])


def test_two_minds_told_the_same_are_the_same() -> None:
    """Sets, what wakes them and what was refused are part of what decides."""
    story, maker, orders = quoting(wake=Wake(5.0, 0.5))
    trade(story, 100_060.0)
    story.fill(orders[0])
    before = story.mind.digest()
    trade(story, 100_061.0)
    again = Story(QUIET, quoting=(replaced(maker),))
    again.mind = type(story.mind)((replaced(maker),))
    for asset, now_ns, event, is_last in story.said:
        again.mind.take(asset, now_ns, event, is_last=is_last)
    assert again.mind.digest() == story.mind.digest() != before


@pytest.mark.parametrize("other", [Wake(6.0, 0.5), Wake(5.0, 0.6), Wake()])
def test_what_is_to_wake_somebody_is_in_the_digest(other: Wake) -> None:
    digests = {quoting(wake=wake)[0].mind.digest() for wake in (Wake(5.0, 0.5), other)}
    assert len(digests) == 2


def replaced(maker: ThreeRungs) -> ThreeRungs:
    return evolve(maker, views=[])


# --- rungs ----------------------------------------------------------------------------------------

A_RUNG = Rung("a", Quote(UP, BUY, cents(50), Shares(10 * MICRO)))


@pytest.mark.parametrize(
    "rungs",
    [
        (A_RUNG, A_RUNG),
        (A_RUNG, replace(A_RUNG, quote=Quote(DOWN, BUY, cents(40), Shares(10 * MICRO)))),
        (replace(A_RUNG, key=""),),
    ],
)
def test_rungs_without_a_key_of_their_own_are_no_set(rungs: tuple[Rung, ...]) -> None:
    with pytest.raises(ValueError, match="key of their own"):
        QuoteSet(rungs)


def test_a_rung_rests() -> None:
    for tif in (TimeInForce.FAK, TimeInForce.FOK):
        with pytest.raises(ValueError, match="may not rest"):
            QuoteSet((replace(A_RUNG, quote=evolve(A_RUNG.quote, tif=tif)),))
