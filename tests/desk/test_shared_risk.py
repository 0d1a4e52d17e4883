"""What desks share: the day at its worst, one closing time, open rounds by asset and interval, a
half Kelly for all; and what reaches a drawdown, or a row, exactly. Fees are in every number."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import (
    CHEAP_BOOK,
    PLAIN,
    STAKED,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
    with_risk,
    with_strategy,
)

from polytui.model import events as ev
from polytui.model.effects import Place, Reason, Trip
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order
from polytui.model.units import MICRO, Price, Shares, cost_of

BTC, ETH = Asset.BTC, Asset.ETH
WHOLE = bought_for(Story().a_minute_in().buying())
"""Millionths that a whole stake costs with its fee: 19.99665 dollars."""
FIVE = Shares(5 * MICRO)


def two_desks(**risk: object) -> Story:
    return Story(with_risk(PLAIN, **risk), (BTC, ETH)).a_minute_in(BTC, ETH)


def bought(story: Story, asset: Asset) -> Order | None:
    sent = of_kind(story.book(CHEAP_BOOK, asset), Place)
    return sent[0].order if sent else None


# --- one after another: what the first has at stake is not there for the second ------------------


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("max_daily_loss_usd", Reason.LIMIT_DAILY_LOSS),
        ("max_closing_usd", Reason.LIMIT_CLOSING),
        ("max_account_usd", Reason.LIMIT_ACCOUNT),
    ],
)
@pytest.mark.parametrize(
    ("micro", "is_whole"), [(2 * WHOLE + 1, True), (2 * WHOLE, True), (2 * WHOLE - 1, False)]
)
@pytest.mark.parametrize("is_filled", [False, True])
def test_the_second_desk_has_what_the_first_left(
    limit: str, reason: Reason, micro: int, is_whole: bool, is_filled: bool
) -> None:
    story = two_desks(**{limit: micro / MICRO})
    first = bought(story, BTC)
    assert first is not None
    if is_filled:
        story.fill(first)
    second = bought(story, ETH)
    assert second is not None
    assert (second.shares == STAKED) is is_whole
    assert second.shares in (STAKED, STAKED - 10_000)
    assert (story.said_last(ETH) is reason) is not is_whole


def test_a_day_cannot_lose_more_than_its_limit_however_many_rounds_are_open() -> None:
    """It could lose the account's limit before: each stake was asked what was lost, not what may
    be."""
    assets = tuple(Asset)
    wide = with_risk(PLAIN, max_daily_loss_usd=50.0, max_account_usd=300.0)
    story = Story(wide, assets).a_minute_in(*assets)
    orders = [order for asset in assets if (order := bought(story, asset)) is not None]
    for number, order in enumerate(orders):
        story.fill(order, trade_id=f"t{number}")
    for asset in assets:
        story.settle(Outcome.DOWN, asset)
    lost = -story.mind.account.realised_today(story.now_ns)
    assert len(orders) == 3
    assert 50 * MICRO - 10_100 < lost <= 50 * MICRO
    assert not story.mind.account.kill_switch.is_on


def test_what_the_day_has_lost_is_not_there_for_the_next_round() -> None:
    story = two_desks(max_daily_loss_usd=(2 * WHOLE - 1) / MICRO)
    story.holding(BTC)
    story.settle(Outcome.DOWN, BTC)
    second = bought(story, ETH)
    assert second is not None
    assert second.shares == STAKED - 10_000
    assert story.said_last(ETH) is Reason.LIMIT_DAILY_LOSS


def test_what_the_day_has_won_may_be_lost_again() -> None:
    story = two_desks(max_daily_loss_usd=WHOLE / MICRO)
    story.holding(BTC)
    assert bought(story, ETH) is None, "all of it is at stake"
    story.settle(Outcome.UP, BTC)
    (second,) = of_kind(story.tell(ev.Ticked(story.now_ns), ETH), Place)
    assert second.order.shares == STAKED


def test_a_pair_is_at_stake_with_nothing() -> None:
    """Bought for more than its dollar: that is lost, and no more can be."""
    leaving = with_strategy(PLAIN, is_held_to_settlement=False)
    story = Story(leaving, (BTC, ETH)).a_minute_in(BTC, ETH)
    story.holding(BTC)
    account = story.mind.account
    closes_ns = make_round().closes_ns
    assert account.at_stake == account.at_risk.at_stake_at(closes_ns) == WHOLE
    order = only(story.two_books((0.30, 0.32), (0.58, 0.60)), Place).order
    assert order.outcome is Outcome.DOWN
    assert account.at_stake == WHOLE, "what works may not fill"
    story.fill(order, trade_id="t2")
    alone = STAKED - order.shares
    assert 0 <= alone < 10_000, "a purchase that spends dollars is for whole cents"
    assert account.at_stake == WHOLE * alone // STAKED
    assert account.realised_today(story.now_ns) < 0


def test_another_closing_time_has_room_of_its_own() -> None:
    story = two_desks(max_closing_usd=WHOLE / MICRO)
    story.holding(BTC)
    assert bought(story, ETH) is None
    assert story.said_last(ETH) is Reason.LIMIT_CLOSING
    story.tell(ev.RoundFound(make_round(ETH, 1)), ETH)
    story.tell(ev.RoundOpened(make_round(ETH, 1).slug, story.now_ns), ETH)
    story.tell(ev.StrikePublished(make_round(ETH, 1).slug, 99_980.0, "gamma"), ETH)
    story.now_ns = make_round(ETH, 1).opens_ns
    story.wait(60, BTC, ETH)
    (place,) = of_kind(story.book(CHEAP_BOOK, ETH, 1), Place)
    assert place.order.shares == STAKED


@pytest.mark.parametrize(
    ("limit", "reason", "is_of_all"),
    [
        ("max_open_positions", Reason.LIMIT_OPEN, True),
        ("max_interval_positions", Reason.LIMIT_OPEN_INTERVAL, True),
        ("max_asset_positions", Reason.LIMIT_OPEN_ASSET, False),
    ],
)
def test_one_open_round_at_a_time(limit: str, reason: Reason, is_of_all: bool) -> None:
    story = two_desks(**{limit: 1})
    assert bought(story, BTC) is not None
    assert (bought(story, ETH) is None) is is_of_all
    assert (story.said_last(ETH) is reason) is is_of_all


# --- half Kelly is one budget ---------------------------------------------------------------------


def kelly(cash: float = 100.0) -> Story:
    settings = with_strategy(PLAIN, sizing="half_kelly", stake_usd=1_000.0)
    wide = with_risk(
        settings,
        max_order_usd=1e4,
        max_position_usd=1e4,
        max_round_usd=1e4,
        max_asset_usd=1e4,
        max_account_usd=1e4,
        max_daily_loss_usd=1e4,
    )
    poor = evolve(wide, paper=evolve(wide.paper, starting_cash_usd=cash))
    return Story(poor, tuple(Asset)).a_minute_in(*Asset)


def test_equal_signals_of_four_coins_stake_together_what_one_would_alone() -> None:
    alone = kelly()
    (one,) = [order for asset in (Asset.XRP,) if (order := bought(alone, asset)) is not None]
    story = kelly()
    orders = [order for asset in Asset if (order := bought(story, asset)) is not None]
    assert len(orders) == 1
    assert bought_for(orders[0]) == bought_for(one)
    for asset in (ETH, Asset.SOL, Asset.XRP):
        why = story.round(asset).whys["distance_fade"]
        assert why.reason is Reason.KELLY_SPENT
        assert (why.value, why.unit) == (bought_for(one) / MICRO, "USD")
        assert why.value < why.limit < why.value + 5 * 0.6168, "less than five shares are left"


def test_a_better_signal_may_take_what_a_worse_one_left_of_its_own() -> None:
    """At 0.50 more of the cash is worth staking than at 0.60, and so much less is left of it."""
    lone, story = kelly(), kelly()
    (alone,) = of_kind(lone.book((0.48, 0.50), ETH), Place)
    first = bought(story, BTC)
    assert first is not None
    (second,) = of_kind(story.book((0.48, 0.50), ETH), Place)
    both = bought_for(first) + bought_for(second.order)
    assert both == pytest.approx(bought_for(alone.order), abs=2 * 10_100)


def test_its_own_order_leaves_a_signal_its_stake() -> None:
    """What a strategy works or holds in its round is its own budget's, not another's."""
    story = kelly()
    first = bought(story, BTC)
    assert first is not None
    story.tell(ev.Accepted(first.order_id))
    assert of_kind(story.wait(3), Place) == []
    proposal = story.round().proposals["distance_fade"]
    assert [quote.outcome for quote in proposal.quotes] == [Outcome.UP]


# --- reached exactly ------------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "is_paused"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("kind", ["USD", "%"])
def test_a_drawdown_pauses_at_its_limit(kind: str, more: int, is_paused: bool) -> None:
    """19.99665 dollars of a thousand are 1.999665 percent."""
    if kind == "USD":
        limit, reason = {"max_drawdown_usd": (WHOLE + more) / MICRO}, Reason.LIMIT_DRAWDOWN
    else:
        share = WHOLE * 100 // 1_000 + more
        limit, reason = {"max_drawdown_pct": share / MICRO}, Reason.LIMIT_DRAWDOWN_PCT
    story = two_desks(**limit)
    story.holding(BTC)
    trips = of_kind(story.settle(Outcome.DOWN, BTC), Trip)
    assert [trip.why.reason for trip in trips] == [reason] * is_paused
    assert story.desk(BTC).asset_account.is_paused is is_paused
    assert (bought(story, ETH) is None) is is_paused
    assert (story.said_last(ETH) is reason) is is_paused


def test_who_resumes_forgives_a_drawdown_in_percent_as_well() -> None:
    story = two_desks(max_drawdown_pct=1.0)
    story.holding(BTC)
    story.settle(Outcome.DOWN, BTC)
    story.command(ev.Action.PAUSE, ETH)
    story.command(ev.Action.RESUME, ETH)
    assert story.mind.account.drawdown_pct > MICRO, "another asset waits for a person"
    story.command(ev.Action.RESUME, BTC)
    assert story.mind.account.drawdown_pct == 0
    assert bought(story, ETH) is not None


@pytest.mark.parametrize(("row", "left"), [(1, 1), (2, 2), (3, 0), (4, 0)])
def test_a_row_of_losses_is_forgiven_where_it_was_reached_and_to_no_other(
    row: int, left: int
) -> None:
    """A pause by hand in the middle of a row is no reason to begin it anew."""
    story = two_desks(max_losses_in_a_row=3)
    books, others = story.desk(BTC).asset_account, story.desk(ETH).asset_account
    books.losses_in_a_row, others.losses_in_a_row = row, 3
    story.command(ev.Action.PAUSE, BTC)
    story.command(ev.Action.RESUME, BTC)
    assert (books.losses_in_a_row, others.losses_in_a_row) == (left, 3)
    assert (bought(story, BTC) is not None) is (left < 3)
    assert bought(story, ETH) is None
    assert story.said_last(ETH) is Reason.LIMIT_LOSSES


@pytest.mark.parametrize("less", [0, 1])
def test_five_shares_are_the_least_that_a_limit_is_cut_to(less: int) -> None:
    """With their fee, beside a whole stake of another desk at the same closing time."""
    price = Price(600_000)
    least = cost_of(price, FIVE) + make_round().fees.fee(price, FIVE)
    story = two_desks(max_closing_usd=(WHOLE + least - less) / MICRO)
    assert bought(story, BTC) is not None
    second = bought(story, ETH)
    assert (None if second is None else second.shares) == (None if less else FIVE)
    assert story.said_last(ETH) is Reason.LIMIT_CLOSING
