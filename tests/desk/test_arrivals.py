"""Shares and dollars that a match brought and no block has: held, counted, and not used before."""

from __future__ import annotations

import pytest
from attrs import evolve
from stories import PLAIN, STAKED, Story, make_round, of_kind, only, with_strategy

from polytui.config.load import canonical_json
from polytui.config.schema import Settings
from polytui.desk.checkpoint import checkpoint_of, restored
from polytui.desk.snapshots import show_round
from polytui.model import events as ev
from polytui.model.effects import Place, Reason
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Holding, Order, Quote, Side
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.risk.limits import AtStake, Exposure, Limits
from polytui.risk.pretrade import PreTrade, Refused, fit

SLUG = make_round().slug
LEAVING = with_strategy(PLAIN, is_held_to_settlement=False)
ONCE = evolve(LEAVING, risk=evolve(LEAVING.risk, max_trades_per_day=1))
"""One entry and no other, so that everything after it is a way out."""
POOR = evolve(ONCE, paper=evolve(ONCE.paper, starting_cash_usd=24.0))
"""Four dollars are left of it: too few to buy the other side of what it bought."""
PROFIT = (0.85, 0.87)


def on_the_way(up: float, down: float = 0, usd: float = 0) -> ev.InTransit:
    shares = [Shares(round(one * MICRO)) for one in (up, down)]
    return ev.InTransit(SLUG, *shares, Usd(round(usd * MICRO)))


def holding(settings: Settings = POOR, up: float = 32.42) -> tuple[Story, Order]:
    """A stake was bought, and so much of it has not arrived."""
    story = Story(settings).a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    story.tell(on_the_way(up), is_last=False)
    story.fill(order)
    story.wait(5)
    return story, order


def here(story: Story) -> int:
    return story.desk().exposure(story.now_ns, story.round()).up.here()


def test_an_exit_goes_the_moment_its_shares_are_there() -> None:
    story, _ = holding()
    assert of_kind(story.book(PROFIT), Place) == []
    assert story.said_last() is Reason.NOT_HERE
    assert of_kind(story.wait(3), Place) == []
    sale = only(story.tell(on_the_way(0)), Place).order
    assert (sale.outcome, sale.side, sale.shares) == (Outcome.UP, Side.SELL, STAKED)


def test_what_has_arrived_goes_now_and_the_rest_with_its_block_whatever_the_pause() -> None:
    story, _ = holding(up=20.0)
    part = only(story.book(PROFIT), Place).order
    assert part.shares == STAKED - 20 * MICRO
    assert story.said_last() is Reason.NOT_HERE
    story.tell(ev.Accepted(part.order_id))
    story.fill(part, trade_id="t2")
    # Sooner than two exits follow each other (`exits.retry_s`).
    rest = only(story.tell(on_the_way(0)), Place).order
    assert (rest.side, rest.shares) == (Side.SELL, 20 * MICRO)
    story.tell(ev.Accepted(rest.order_id))
    assert of_kind(story.tell(on_the_way(0)), Place) == []
    assert of_kind(story.wait(3), Place) == []


@pytest.mark.parametrize(
    ("awaited", "sold"),
    [(32.42, 0), (28.0, 0), (27.42, 5.0), (20.0, 12.42), (4.0, 27.42), (0.01, 27.42), (0, 32.42)],
)
def test_a_sale_is_cut_to_what_is_here_and_leaves_nothing_that_nobody_could_sell(
    awaited: float, sold: float
) -> None:
    """Five shares are the least that the venue takes, of the first part and of the rest."""
    story, _ = holding(up=awaited)
    placed = of_kind(story.book(PROFIT), Place)
    assert [one.order.shares for one in placed] == ([round(sold * MICRO)] if sold else [])


def test_who_can_buy_the_other_side_is_out_at_once() -> None:
    """A sale could not go before the block: a pair is worth the same."""
    story, _ = holding(ONCE)
    pair = only(story.book(PROFIT), Place).order
    assert (pair.outcome, pair.side) == (Outcome.DOWN, Side.BUY)
    here, _ = holding(ONCE, up=0)
    assert only(here.book(PROFIT), Place).order.side is Side.SELL


def test_flattening_waits_for_what_is_on_its_way() -> None:
    story, _ = holding(up=20.0)
    part = only(story.command(ev.Action.FLATTEN), Place).order
    assert part.shares == STAKED - 20 * MICRO
    story.tell(ev.Accepted(part.order_id))
    story.fill(part, trade_id="t2")
    assert story.desk().asset_account.is_flattening
    rest = only(story.tell(on_the_way(0)), Place).order
    assert rest.shares == 20 * MICRO
    story.fill(rest, trade_id="t3")
    story.silence(1)
    assert not story.desk().asset_account.is_flattening


def test_dollars_of_a_sale_are_spent_when_they_are_there() -> None:
    story, _ = holding(up=0)
    sale = only(story.book(PROFIT), Place).order
    before = story.mind.account.free_cash
    story.tell(on_the_way(0, usd=24.5))
    assert story.mind.account.free_cash == before - 24_500_000
    story.fill(sale, trade_id="t2")
    cash = story.mind.account.cash
    assert story.mind.account.free_cash == cash - 24_500_000
    story.settle(Outcome.UP)
    assert story.mind.account.free_cash == cash - 24_500_000, "a settled round's sale as well"
    story.tell(on_the_way(0))
    assert story.mind.account.free_cash == cash


def test_a_trade_that_failed_leaves_nothing_on_its_way() -> None:
    story, order = holding(up=32.42)
    fee = make_round().fees.fee(order.price, order.shares)
    back = ev.Reversed(
        order.order_id, "t1", order.token_id, Side.BUY, order.price, order.shares, fee, "FAILED"
    )
    story.tell(back, is_last=False)
    assert of_kind(story.tell(on_the_way(0)), Place) == [] == of_kind(story.book(PROFIT), Place)
    assert story.desk().ledger.positions.of(SLUG).up == 0


def test_what_was_said_before_a_life_began_is_what_it_begins_with() -> None:
    story, order = holding(up=32.42)
    cost = Usd(20_000_000)
    held = ev.HeldRound(make_round(), (Holding(Outcome.UP, STAKED, cost),), Usd(-cost))
    counted = ((order.order_id, "t1"),)
    opened = ev.DeskOpened(
        Asset.BTC, 2, story.cash, Usd(0), (held,), counted, in_transit=(on_the_way(12.42),)
    )
    story.tell(opened)
    story.tell(ev.SettingsChanged(canonical_json(story.settings)))
    assert here(story) == 20 * MICRO
    again = evolve(opened, life=3, in_transit=())
    story.tell(again)
    assert here(story) == STAKED


def test_a_face_is_told_how_much_can_be_sold() -> None:
    story, _ = holding(up=20.0)
    shown = show_round(story.desk(), story.round(), story.now_ns)
    assert (shown.up_shares, shown.up_awaited, shown.down_awaited) == (STAKED, 20 * MICRO, 0)


def test_it_is_in_the_digest_and_in_a_checkpoint_while_there_is_any() -> None:
    story, _ = holding(up=20.0)
    mind = story.mind
    before = mind.digest()
    assert restored(checkpoint_of(mind)).digest() == before
    assert restored(checkpoint_of(mind)).account.of(Asset.BTC).arrivals.awaited
    account = mind.account.of(Asset.BTC)
    account.arrivals.begin(())
    assert mind.digest() != before


def test_a_refusal_of_our_own_is_counted_and_opens_no_breaker() -> None:
    story = Story(PLAIN).a_minute_in()
    for unsent, is_open in ((True, False), (False, True)):
        for number in range(40):
            story.tell(ev.Refused(f"x{number}", "not sent: no", is_unsent=unsent))
        blocked = story.desk().breakers.blocking()
        assert (blocked is not None and blocked.reason is Reason.REJECTS) is is_open
    assert story.desk().asset_account.unsent == 40


@pytest.mark.parametrize("wanted", [32.43, 40.0])
def test_more_than_is_held_is_refused_as_ever(wanted: float) -> None:
    listed = make_round()
    sale = Quote(Outcome.UP, Side.SELL, Price(700_000), Shares(round(wanted * MICRO)))
    asked = PreTrade(
        quote=sale,
        now_ns=1,
        tick=listed.tick,
        fees=listed.fees,
        min_shares=listed.min_shares,
        is_exit=True,
    )
    exposure = Exposure(up=AtStake(shares=STAKED, awaited=20 * MICRO))
    answer = fit(asked, exposure, Limits(PLAIN))
    assert isinstance(answer, Refused)
    assert answer.why.reason is Reason.NOT_HELD
