"""A round that the venue cancels: nobody wins, every share pays half, and everybody is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from stories import PLAIN, Story, bought_for, make_round, of_kind, only

from polytui.ledger.attribution import Attribution
from polytui.ledger.positions import Positions
from polytui.model import events as ev
from polytui.model.effects import VOID, Credit, Reason, Warn
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import MICRO, Price, Shares, Usd


def cancelled(story: Story) -> ev.RoundSettled:
    return ev.RoundSettled(make_round().condition_id, ev.NO_WINNER, "gamma", story.now_ns)


def test_half_a_dollar_a_share_and_the_position_is_gone() -> None:
    story = Story().a_minute_in()
    order = story.holding()
    told = story.tell(cancelled(story))
    credit = only(told, Credit)
    assert (credit.winner, credit.payout) == (VOID, order.shares // 2)
    assert credit.pnl == order.shares // 2 - bought_for(order)
    assert only(told, Warn).why.reason is Reason.ROUND_VOID
    account = story.mind.account
    assert account.cash == Usd(round(PLAIN.paper.starting_cash_usd * MICRO)) + credit.pnl
    assert (account.exposure, account.open_rounds) == (0, 0)
    assert story.desk().asset_account.live.results()["distance_fade"].pnl == credit.pnl


def test_it_is_settled_once_and_only_with_a_word_about_this_round() -> None:
    story = Story().a_minute_in()
    story.holding()
    stranger = ev.RoundSettled(make_round().condition_id, "no token of it", "gamma", story.now_ns)
    other = ev.RoundSettled("0xother", ev.NO_WINNER, "gamma", story.now_ns)
    assert of_kind(story.tell(stranger), Credit) == []
    assert of_kind(story.tell(other), Credit) == []
    assert len(of_kind(story.tell(cancelled(story)), Credit)) == 1
    assert of_kind(story.tell(cancelled(story)), Credit) == []


def test_before_its_close_as_well() -> None:
    """What works is no order any more: the venue takes it back."""
    story = Story().a_minute_in()
    order = story.buying()
    story.tell(ev.Accepted(order.order_id))
    credit = only(story.tell(cancelled(story)), Credit)
    assert (credit.payout, credit.pnl) == (0, 0)
    assert story.mind.account.working_orders == 0
    assert story.mind.account.free_cash == story.mind.account.cash


BUYS = st.tuples(
    st.sampled_from(["fade", "sniper", "momentum"]),
    st.sampled_from(list(Outcome)),
    st.integers(1, 99),
    st.integers(1, 50_000_001),
)


@given(st.lists(BUYS, max_size=12))
def test_halves_of_odd_shares_add_up(buys: list[tuple[str, Outcome, int, int]]) -> None:
    """Strategies together get what the account gets, to the millionth of a share."""
    track, positions = Attribution(), Positions()
    for number, (strategy, outcome, cents, shares) in enumerate(buys):
        fill = Fill(str(number), Price(cents * 10_000), Shares(shares), Usd(0), True)
        track.fill("round", strategy, outcome, Side.BUY, fill, number)
        positions.fill("round", outcome, Side.BUY, fill)
    payout, pnl = positions.settle("round", None)
    assert payout == sum(shares for *_, shares in buys) // 2
    assert sum(track.settle("round", None).values()) == pnl
