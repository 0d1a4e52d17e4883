"""A shadow is as late as an order, and stopped by whatever stops one."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    FAIR_BOOK,
    PLAIN,
    STAKED,
    Story,
    make_round,
    of_kind,
    with_risk,
    with_strategy,
)

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk.mind import Mind
from polytui.ledger.attribution import StrategyPosition
from polytui.model import events as ev
from polytui.model.effects import Place, Reason
from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares, complement

SHADOWED = with_strategy(PLAIN, is_enabled=False)
MINED = with_strategy(SHADOWED, is_held_to_settlement=False)
"""It leaves, once a block has what it bought."""
LEAVING = evolve(MINED, paper=evolve(MINED.paper, mined_least_s=0.0, mined_most_s=0.0))
HOLD_NS = (30 + 150 + 30) * NS_PER_MS
"""There, the venue's hold, and back."""
UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL


def told(settings: Settings = SHADOWED) -> Story:
    return Story(settings).a_minute_in()


def later(story: Story, ns: int) -> None:
    """Time passes, and nothing else."""
    story.now_ns += ns
    story.tell(ev.Ticked(story.now_ns))


def offer(story: Story, price: float, shares: float, side: Side = SELL) -> None:
    """One level of Up's book, and its mirror in Down's."""
    listed, at = make_round(), Price(round(price * MICRO))
    size = Shares(round(shares * MICRO))
    changes = (
        ev.LevelChange(listed.up_token, side, at, size, None, None),
        ev.LevelChange(listed.down_token, side.other, complement(at), size, None, None),
    )
    story.tell(ev.BookChanged(changes, story.now_ns, story.now_ns))


def stake(story: Story) -> StrategyPosition | None:
    return story.desk().asset_account.shadow.position(make_round().slug, "distance_fade")


def cost_a_share(found: StrategyPosition | None) -> float:
    assert found is not None
    return found.cost / found.shares


def test_it_is_filled_after_the_hold_and_not_before() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    decided_ns = story.now_ns
    assert story.said_last() is Reason.SHADOW
    later(story, HOLD_NS - 1)
    assert stake(story) is None
    later(story, 1)
    found = stake(story)
    assert found is not None
    assert (found.outcome, found.shares, found.since_ns) == (UP, STAKED, decided_ns + HOLD_NS)
    # 0.60 and 0.07 x 0.6 x 0.4 of fee
    assert found.cost == -(-STAKED * 6 // 10) + make_round().fees.fee(Price(600_000), STAKED)
    assert story.desk().asset_account.live.open(make_round().slug) == ()
    assert of_kind(story.effects, Place) == []


@pytest.mark.parametrize(
    ("ask_then", "pays"), [(0.60, 0.60), (0.58, 0.58), (0.61, None), (0.70, None)]
)
def test_it_meets_the_book_as_it_is_after_the_hold(ask_then: float, pays: float | None) -> None:
    story = told()
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS - 1)
    story.book((ask_then - 0.02, ask_then))
    later(story, 1)
    # The next look may have sent it again; nothing of that has arrived.
    if pays is None:
        assert stake(story) is None
    else:
        fee = 0.07 * pays * (1 - pays)
        assert cost_a_share(stake(story)) == pytest.approx(pays + fee, abs=1e-5)


def test_what_changes_the_book_after_the_hold_comes_too_late() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    story.now_ns += HOLD_NS + 1
    story.book((0.75, 0.77))
    assert cost_a_share(stake(story)) == pytest.approx(0.6168, abs=1e-5)


@pytest.mark.parametrize(
    ("offered", "bought"), [(1_000, 32.42), (5.0, 5.0), (4.99, None), (0.01, None), (7.559, 7.559)]
)
def test_it_buys_five_shares_or_none(offered: float, bought: float | None) -> None:
    story = told()
    story.book(CHEAP_BOOK)
    offer(story, 0.60, offered)
    later(story, HOLD_NS)
    found = stake(story)
    assert (None if found is None else found.shares / MICRO) == bought


def test_a_book_that_nobody_knows_fills_nobody() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    story.tell(ev.FeedDown(ev.BOOK_FEED, "gone", story.now_ns))
    later(story, HOLD_NS)
    story.tell(ev.FeedUp(ev.BOOK_FEED, story.now_ns))
    story.book(FAIR_BOOK)
    assert stake(story) is None


def test_in_the_middle_of_a_sweep_the_book_after_it_is_meant() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    offer(story, 0.59, 50, BUY)
    crossed = ev.LevelChange(
        make_round().up_token, BUY, Price(600_000), Shares(MICRO), Price(590_000), Price(600_000)
    )
    story.tell(ev.BookChanged((crossed,), story.now_ns, story.now_ns))
    later(story, HOLD_NS)
    assert stake(story) is None
    settled = evolve_change(crossed, shares=Shares(0))
    story.tell(ev.BookChanged((settled,), story.now_ns, story.now_ns))
    assert stake(story) is None, "only what comes after it finds it settled"
    later(story, NS_PER_MS)
    assert stake(story) is not None


def test_a_book_that_stays_doubtful_fills_nobody() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS - 1)
    story.tell(ev.FrameRejected(ev.BOOK_FEED, "no JSON", 3, "abc", story.now_ns))
    later(story, 1)
    shadow = story.desk().asset_account.shadow
    assert shadow.is_waiting(make_round().slug, "distance_fade")
    story.silence(1.0)
    assert not shadow.is_waiting(make_round().slug, "distance_fade")
    story.book(CHEAP_BOOK)
    assert stake(story) is None


def evolve_change(change: ev.LevelChange, shares: Shares) -> ev.LevelChange:
    return ev.LevelChange(
        change.token_id, change.side, change.price, shares, change.best_bid, change.best_ask
    )


# --- what stops it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "reason"),
    [(ev.Action.PAUSE, Reason.PAUSED), (ev.Action.KILL, Reason.KILL_SWITCH)],
)
def test_who_may_not_enter_does_not_in_shadow_either(action: ev.Action, reason: Reason) -> None:
    story = told()
    story.command(action)
    story.book(CHEAP_BOOK)
    assert story.said_last() is reason
    later(story, HOLD_NS)
    assert stake(story) is None


def test_a_breaker_stops_it() -> None:
    story = told()
    desk = story.desk()
    trip = desk.breakers.reconnected
    for _ in range(20):
        trip(story.now_ns, SHADOWED.breakers)
    assert desk.breakers.blocking() is not None
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.RECONNECTS
    later(story, HOLD_NS)
    assert stake(story) is None


@pytest.mark.parametrize("limit", ["max_order_usd", "max_position_usd", "max_round_usd"])
def test_a_limit_cuts_it(limit: str) -> None:
    story = told(with_risk(SHADOWED, **{limit: 10.0}))
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    found = stake(story)
    assert found is not None
    assert 9_990_000 < found.cost <= 10 * MICRO


def test_a_limit_that_leaves_less_than_an_order_stops_it() -> None:
    story = told(with_risk(SHADOWED, max_order_usd=3.0))
    story.book(CHEAP_BOOK)
    assert story.said_last() is Reason.LIMIT_ORDER
    later(story, HOLD_NS)
    assert stake(story) is None


def test_thin_depth_cuts_it_when_it_goes() -> None:
    story = told(evolve(SHADOWED, gates=evolve(SHADOWED.gates, min_depth=4.0)))
    story.book(FAIR_BOOK)
    offer(story, 0.60, 40)
    offer(story, 0.77, 0, BUY)
    offer(story, 0.58, 1_000, BUY)
    later(story, HOLD_NS)
    found = stake(story)
    assert found is not None
    assert found.shares == 10 * MICRO


def test_each_side_is_entered_once() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    first = stake(story)
    for _ in range(5):
        later(story, HOLD_NS)
        story.book(CHEAP_BOOK)
    assert stake(story) == first


def test_what_it_holds_keeps_it_from_the_other_side() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    # Up is worth 0.79: Down at 0.10 is cheap as well.
    story.book((0.90, 0.92))
    assert story.said_last() is Reason.OTHER_SIDE_HELD
    later(story, HOLD_NS)
    assert [one.outcome for one in story.desk().asset_account.shadow.open(make_round().slug)] == [
        UP
    ]


# --- leaving ------------------------------------------------------------------------------------


def holding() -> Story:
    story = told(LEAVING)
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    assert stake(story) is not None
    return story


def test_it_leaves_after_the_hold_at_the_bid_of_then() -> None:
    story = holding()
    story.book((0.40, 0.42))
    later(story, HOLD_NS - 1)
    assert stake(story) is not None
    story.book((0.38, 0.40))  # two ticks lower, and a sale may slip by one
    later(story, 1)
    assert stake(story) is not None
    story.silence(1.0)
    story.silence(1.0)
    assert stake(story) is None
    result = story.desk().asset_account.shadow.results()["distance_fade"]
    assert (result.entries, result.exits) == (1, 1)


def test_it_does_not_sell_what_no_block_has() -> None:
    """A block takes six seconds, in the middle. Down is so dear that to buy it is no way out."""
    story = told(MINED)
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    bought_ns, shadow = story.now_ns, story.desk().asset_account.shadow
    for after_s, is_leaving in ((1, False), (5.999, False), (6, True)):
        later(story, bought_ns + int(after_s * NS_PER_S) - story.now_ns)
        story.two_books((0.40, 0.42), (0.58, 0.65))
        assert shadow.is_waiting(make_round().slug, "distance_fade") is is_leaving
    later(story, HOLD_NS)
    assert stake(story) is None
    assert {one.line.outcome for one in shadow.filled(make_round().slug)} == {UP}


def test_it_buys_the_other_side_while_no_block_has_what_it_would_sell() -> None:
    ways = {}
    for settings in (MINED, LEAVING):
        story = told(settings)
        story.book(CHEAP_BOOK)
        later(story, HOLD_NS)
        story.book((0.40, 0.42))
        later(story, HOLD_NS)
        *_, left = story.desk().asset_account.shadow.filled(make_round().slug)
        ways[settings] = left.line.side, left.line.outcome
    assert ways == {MINED: (BUY, DOWN), LEAVING: (SELL, UP)}


def test_a_way_out_that_met_nobody_is_not_tried_at_every_frame() -> None:
    story = holding()
    story.book((0.40, 0.42))
    later(story, HOLD_NS - 1)
    story.book((0.38, 0.40))
    later(story, 1)
    shadow = story.desk().asset_account.shadow
    assert not shadow.is_waiting(make_round().slug, "distance_fade")
    later(story, 999 * NS_PER_MS)
    assert not shadow.is_waiting(make_round().slug, "distance_fade")
    later(story, NS_PER_MS)
    assert shadow.is_waiting(make_round().slug, "distance_fade")


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("max_asset_usd", 22.0, Reason.LIMIT_ASSET),
        ("max_account_usd", 22.0, Reason.LIMIT_ACCOUNT),
        ("max_open_positions", 1, Reason.LIMIT_OPEN),
    ],
)
def test_what_it_has_in_another_round_counts(limit: str, value: float, reason: Reason) -> None:
    story = told(with_risk(SHADOWED, **{limit: value}))
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    assert stake(story) is not None
    second = make_round(number=1)
    story.tell(ev.RoundFound(second))
    story.wait(250)
    story.tell(ev.RoundClosed(make_round().slug, story.now_ns))
    story.tell(ev.RoundOpened(second.slug, story.now_ns))
    story.strike(number=1)
    story.wait(30)
    story.book(CHEAP_BOOK, number=1)
    assert story.round(number=1).whys["distance_fade"].reason is reason
    later(story, HOLD_NS)
    assert story.desk().asset_account.shadow.position(second.slug, "distance_fade") is None


def test_it_does_not_sell_twice_to_one_bid() -> None:
    story = holding()
    offer(story, 0.42, 1_000)
    offer(story, 0.40, 12, BUY)
    offer(story, 0.58, 0, BUY)
    story.silence(1.2)
    story.silence(1.2)
    story.silence(1.2)
    found = stake(story)
    assert found is not None
    assert found.shares == STAKED - 12 * MICRO
    offer(story, 0.40, 12.01, BUY)
    story.silence(1.2)
    story.silence(1.2)
    found = stake(story)
    assert found is not None
    assert found.shares == STAKED - 12_010_000


# --- determinism --------------------------------------------------------------------------------


def test_what_is_on_its_way_is_in_the_digest_and_replays() -> None:
    story = told(LEAVING)
    story.book(CHEAP_BOOK)
    sent = story.mind.digest()
    story.desk().asset_account.shadow.arrived(story.now_ns + HOLD_NS)
    assert story.mind.digest() != sent
    story = holding()
    story.book((0.40, 0.42))
    again = Mind()
    for asset, _, event, is_last in story.said:
        again.take(asset, _, event, is_last=is_last)
    assert again.digest() == story.mind.digest()


# --- nobody is followed who may not trade -----------------------------------------------------


def alone(settings: Settings) -> Settings:
    return evolve(settings, deciding=evolve(settings.deciding, is_shadow_followed=False))


def test_who_is_not_followed_is_not_asked_and_says_that_it_is_in_shadow() -> None:
    story = told(alone(SHADOWED))
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    assert stake(story) is None
    assert story.said_last() is Reason.SHADOW
    assert "distance_fade" not in story.round().proposals


def test_what_it_wanted_before_is_forgotten_when_it_is_not_asked_any_more() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    assert "distance_fade" in story.round().proposals
    adopt(story, alone(SHADOWED))
    story.book(FAIR_BOOK)
    assert "distance_fade" not in story.round().proposals
    assert "distance_fade" not in story.round().persistences


def test_who_holds_something_is_asked_until_it_is_out() -> None:
    """It leaves when its signal turns, as one that may trade does."""
    story = told(alone(with_strategy(PLAIN, is_held_to_settlement=False)))
    story.holding()
    adopt(story, alone(LEAVING))
    story.book(CHEAP_BOOK)
    assert "distance_fade" in story.round().proposals


def test_what_is_held_in_shadow_waits_for_its_settlement_when_nobody_is_followed_any_more() -> None:
    story = told()
    story.book(CHEAP_BOOK)
    later(story, HOLD_NS)
    assert stake(story) is not None
    adopt(story, alone(SHADOWED))
    story.book(FAIR_BOOK)
    assert stake(story) is not None
    story.settle(UP)
    assert story.desk().asset_account.shadow.results()["distance_fade"].wins == 1


def test_those_that_trade_do_the_same_whoever_is_followed() -> None:
    def orders(settings: Settings) -> list[object]:
        story = told(settings)
        for book in (FAIR_BOOK, CHEAP_BOOK, FAIR_BOOK, CHEAP_BOOK):
            story.book(book)
            later(story, HOLD_NS)
        return [place.order for place in of_kind(story.effects, Place)]

    placed = orders(PLAIN)
    assert placed
    assert orders(alone(PLAIN)) == placed


def adopt(story: Story, settings: Settings) -> None:
    story.tell(ev.SettingsChanged(canonical_json(settings)))
