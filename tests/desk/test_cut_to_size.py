"""An order cut to the room that the book and the limits leave it: at, just under and just over."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from stories import (
    CHEAP_BOOK,
    PLAIN,
    Story,
    bought_for,
    make_round,
    of_kind,
    only,
    reasons,
    with_risk,
)

from polytui.config.schema import Settings
from polytui.desk.quoting import Quoter
from polytui.desk.step import Step
from polytui.ledger.diff import WantedQuote
from polytui.model import events as ev
from polytui.model.effects import Place, Reason, Why
from polytui.model.events import Level
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, cost_of

HALF = 0.50
A_SHARE = 0.5175
"""Of a dollar: one at fifty cents with its fee. Twenty cost 10.35, five 2.5875."""
BTC, ETH = Asset.BTC, Asset.ETH
LOOSE = evolve(PLAIN, gates=evolve(PLAIN.gates, cooldown_s=0.0))
DOLLAR_LIMITS = {
    "max_order_usd": Reason.LIMIT_ORDER,
    "max_position_usd": Reason.LIMIT_POSITION,
    "max_round_usd": Reason.LIMIT_ROUND,
    "max_asset_usd": Reason.LIMIT_ASSET,
    "max_account_usd": Reason.LIMIT_ACCOUNT,
}


def shares_of(number: float) -> Shares:
    return Shares(round(number * MICRO))


def a_quote(
    shares: float = 20.0,
    price: float = HALF,
    outcome: Outcome = Outcome.UP,
    side: Side = Side.BUY,
) -> Quote:
    return Quote(outcome, side, Price(round(price * MICRO)), shares_of(shares))


class ByHand:
    """State: a story whose rounds are only listed, so that nothing is wanted but by hand."""

    def __init__(self, cash: float = 1_000.0, min_shares: float = 5.0) -> None:
        paper = evolve(LOOSE.paper, starting_cash_usd=cash)
        self.story = Story(evolve(LOOSE, paper=paper), (BTC, ETH))
        for asset, number in ((BTC, 0), (BTC, 1), (ETH, 0)):
            listed = evolve(make_round(asset, number), min_shares=shares_of(min_shares))
            self.story.tell(ev.RoundFound(listed), asset)

    def offer(self, *levels: tuple[float, float], outcome: Outcome = Outcome.UP) -> None:
        """The asks of one book: price and shares."""
        asks: list[Level] = [
            (Price(round(price * MICRO)), shares_of(shares)) for price, shares in levels
        ]
        token = make_round().token_of(outcome)
        worst_first, now_ns = tuple(sorted(asks, reverse=True)), self.story.now_ns
        self.story.tell(ev.BookSnapshotted(token, (), worst_first, None, now_ns, now_ns))

    def want(
        self,
        quote: Quote,
        settings: Settings = LOOSE,
        *,
        is_exit: bool = False,
        asset: Asset = BTC,
        number: int = 0,
    ) -> tuple[Order | None, Why | None]:
        """What is sent of it, and the limit that was said."""
        desk, market_round = self.story.desk(asset), self.story.round(asset, number)
        quoter = Quoter(asset, self.story.mind.account, desk.ledger)
        self.story.mind.seq += 1
        step = Step(self.story.mind.seq, self.story.now_ns)
        wanted = [WantedQuote("distance_fade", quote, is_exit=is_exit)]
        whys = quoter.want(step, market_round, wanted, settings)
        sent = of_kind(step.effects, Place)
        assert len(sent) <= 1
        assert len(sent) == len(step.effects)
        return (sent[0].order if sent else None), whys.get("distance_fade")

    def hold(self, shares: float = 10.0, **where: Any) -> Order:
        """Bought at half a dollar and filled, five seconds ago."""
        outcome = where.pop("outcome", Outcome.UP)
        order, why = self.want(a_quote(shares, outcome=outcome), **where)
        assert order is not None
        assert why is None
        self.story.fill(order)
        self.story.now_ns += 5 * NS_PER_S
        return order


def cut(sent: tuple[Order | None, Why | None]) -> tuple[float | None, Reason | None]:
    order, why = sent
    return (order.shares / MICRO if order else None), (why.reason if why else None)


# --- dollars --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "reason"), DOLLAR_LIMITS.items())
@pytest.mark.parametrize(
    ("allowed", "shares", "is_cut"),
    [
        (10.350001, 20.0, False),
        (10.35, 20.0, False),
        (10.349999, 19.99, True),
        (5.175, 10.0, True),
        # Five shares are the least that the venue takes.
        (2.5875, 5.0, True),
        (2.587499, None, True),
        (0.01, None, True),
    ],
)
def test_a_purchase_is_cut_to_a_limit_of_dollars(
    limit: str, reason: Reason, allowed: float, shares: float | None, is_cut: bool
) -> None:
    sent = ByHand().want(a_quote(), with_risk(LOOSE, **{limit: allowed}))
    assert cut(sent) == (shares, reason if is_cut else None)


@pytest.mark.parametrize(
    ("cash", "shares", "reason"),
    [
        (10.35, 20.0, None),
        (10.349999, 19.99, Reason.LIMIT_CASH),
        (2.5875, 5.0, Reason.LIMIT_CASH),
        (2.587499, None, Reason.LIMIT_CASH),
    ],
)
def test_a_purchase_is_cut_to_the_cash(
    cash: float, shares: float | None, reason: Reason | None
) -> None:
    assert cut(ByHand(cash).want(a_quote())) == (shares, reason)


def test_the_limit_is_said_of_the_whole_order_with_both_numbers() -> None:
    _, why = ByHand().want(a_quote(), with_risk(LOOSE, max_order_usd=5.175))
    assert why == Why(Reason.LIMIT_ORDER, 10.35, 5.175, "USD")


WHERE: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"max_position_usd", "max_round_usd", "max_asset_usd", "max_account_usd"}),
    ({"outcome": Outcome.DOWN}, {"max_round_usd", "max_asset_usd", "max_account_usd"}),
    ({"number": 1}, {"max_asset_usd", "max_account_usd"}),
    ({"asset": ETH}, {"max_account_usd"}),
]


@pytest.mark.parametrize("limit", DOLLAR_LIMITS)
@pytest.mark.parametrize(("where", "counted_by"), WHERE)
def test_what_is_held_takes_room_where_it_counts(
    where: dict[str, Any], counted_by: set[str], limit: str
) -> None:
    """Fifteen shares' dollars: ten are held somewhere, so five are left, or all fifteen."""
    by_hand = ByHand()
    by_hand.hold(10.0, **where)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, **{limit: 15 * A_SHARE}))
    assert cut(sent) == (5.0 if limit in counted_by else 15.0, DOLLAR_LIMITS[limit])


def test_what_works_takes_room_as_if_it_were_filled() -> None:
    by_hand = ByHand()
    by_hand.want(a_quote(10.0), number=1)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, max_asset_usd=15 * A_SHARE))
    assert cut(sent) == (5.0, Reason.LIMIT_ASSET)


def test_a_limit_that_is_exceeded_already_leaves_nothing() -> None:
    by_hand = ByHand()
    by_hand.hold(20.0)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, max_round_usd=5.0))
    assert cut(sent) == (None, Reason.LIMIT_ROUND)


@pytest.mark.parametrize(
    ("order_usd", "account_usd", "shares", "reason"),
    [
        (15 * A_SHARE, 10 * A_SHARE, 10.0, Reason.LIMIT_ACCOUNT),
        (10 * A_SHARE, 15 * A_SHARE, 10.0, Reason.LIMIT_ORDER),
        (10 * A_SHARE, 10 * A_SHARE, 10.0, Reason.LIMIT_ORDER),
        (9.0, 2.0, None, Reason.LIMIT_ACCOUNT),
    ],
)
def test_the_tightest_limit_cuts_and_is_said(
    order_usd: float, account_usd: float, shares: float | None, reason: Reason
) -> None:
    settings = with_risk(LOOSE, max_order_usd=order_usd, max_account_usd=account_usd)
    assert cut(ByHand().want(a_quote(), settings)) == (shares, reason)


def test_the_tightest_limit_comes_with_its_own_numbers() -> None:
    by_hand = ByHand()
    by_hand.hold(10.0)
    _, why = by_hand.want(a_quote(), with_risk(LOOSE, max_order_usd=10.0, max_round_usd=10.0))
    assert why == Why(Reason.LIMIT_ROUND, 15.525, 10.0, "USD")


# --- the least order ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "shares"), [(1.063, 10.0), (1.062999, None), (2.0, 18.81), (2.126, 20.0)]
)
def test_a_dollar_is_the_least_at_ten_cents(allowed: float, shares: float | None) -> None:
    """Ten shares at ten cents are the dollar; 1.063 with their fee."""
    sent = ByHand().want(a_quote(price=0.10), with_risk(LOOSE, max_order_usd=allowed))
    assert cut(sent)[0] == shares


@pytest.mark.parametrize(("offered", "shares"), [(10.0, 10.0), (9.99, None)])
def test_a_dollar_is_the_least_of_a_thin_book(offered: float, shares: float | None) -> None:
    by_hand = ByHand()
    by_hand.offer((0.10, offered))
    sent = by_hand.want(a_quote(price=0.10), asking(1.0))
    assert cut(sent) == (shares, Reason.DEPTH_THIN)


@pytest.mark.parametrize(("offered", "shares"), [(15.0, 15.0), (14.99, None)])
def test_the_rounds_own_minimum_is_the_least(offered: float, shares: float | None) -> None:
    by_hand = ByHand(min_shares=15.0)
    by_hand.offer((HALF, offered))
    assert cut(by_hand.want(a_quote(), asking(1.0))) == (shares, Reason.DEPTH_THIN)
    limited = ByHand(min_shares=15.0).want(
        a_quote(), with_risk(LOOSE, max_order_usd=offered * A_SHARE)
    )
    assert cut(limited) == (shares, Reason.LIMIT_ORDER)


# --- depth ----------------------------------------------------------------------------------------


def asking(min_depth: float, settings: Settings = LOOSE) -> Settings:
    return evolve(settings, gates=evolve(settings.gates, min_depth=min_depth))


@pytest.mark.parametrize(
    ("min_depth", "offered", "shares", "is_cut"),
    [
        (1.0, 20.01, 20.0, False),
        (1.0, 20.0, 20.0, False),
        (1.0, 19.99, 19.99, True),
        (1.0, 5.0, 5.0, True),
        (1.0, 4.99, None, True),
        (2.0, 40.0, 20.0, False),
        (2.0, 39.99, 19.99, True),
        (2.0, 10.0, 5.0, True),
        (2.0, 9.99, None, True),
        (2.0, 0.0, None, True),
        (0.0, 0.0, 20.0, False),
    ],
)
def test_a_purchase_is_cut_to_the_depth_of_the_book(
    min_depth: float, offered: float, shares: float | None, is_cut: bool
) -> None:
    by_hand = ByHand()
    by_hand.offer((HALF, offered))
    sent = by_hand.want(a_quote(), asking(min_depth))
    assert cut(sent) == (shares, Reason.DEPTH_THIN if is_cut else None)


def test_only_what_is_offered_inside_the_limit_price_counts() -> None:
    by_hand = ByHand()
    by_hand.offer((0.49, 4.0), (HALF, 8.0), (0.51, 1_000.0))
    order, why = by_hand.want(a_quote(), asking(1.0))
    assert order is not None
    assert order.shares == shares_of(12.0)
    assert why == Why(Reason.DEPTH_THIN, 12.0, 20.0, "shares")


def test_the_other_outcomes_book_is_another() -> None:
    by_hand = ByHand()
    by_hand.offer((HALF, 1_000.0), outcome=Outcome.DOWN)
    assert cut(by_hand.want(a_quote(), asking(1.0))) == (None, Reason.DEPTH_THIN)


@pytest.mark.parametrize(
    ("offered", "allowed", "shares", "reason"),
    [
        # Cut twice: the limit is said, which came last.
        (15.0, 10 * A_SHARE, 10.0, Reason.LIMIT_ORDER),
        # What the book leaves fits under the limit.
        (10.0, 15 * A_SHARE, 10.0, Reason.DEPTH_THIN),
        (10.0, 10 * A_SHARE, 10.0, Reason.DEPTH_THIN),
        (10.0, 4 * A_SHARE, None, Reason.LIMIT_ORDER),
        (4.0, 10 * A_SHARE, None, Reason.DEPTH_THIN),
    ],
)
def test_a_thin_book_and_a_limit_together(
    offered: float, allowed: float, shares: float | None, reason: Reason
) -> None:
    by_hand = ByHand()
    by_hand.offer((HALF, offered))
    sent = by_hand.want(a_quote(), asking(1.0, with_risk(LOOSE, max_order_usd=allowed)))
    assert cut(sent) == (shares, reason)


# --- what is never cut ----------------------------------------------------------------------------


def test_a_price_off_the_tick_is_not_cut() -> None:
    assert cut(ByHand().want(a_quote(price=0.505))) == (None, Reason.OFF_TICK)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_open_positions": 1}, Reason.LIMIT_OPEN),
        ({"max_orders_per_round": 1}, Reason.LIMIT_ROUND_ORDERS),
        ({"max_trades_per_day": 2}, Reason.LIMIT_TRADES),
    ],
)
def test_a_limit_that_counts_things_blocks_and_cuts_nothing(
    changes: dict[str, int], reason: Reason
) -> None:
    by_hand = ByHand()
    by_hand.hold()
    by_hand.hold(asset=ETH)
    both = with_risk(LOOSE, max_order_usd=10 * A_SHARE, **changes)
    assert cut(by_hand.want(a_quote(), both)) == (None, reason)
    allowed = with_risk(both, **dict.fromkeys(changes, 9))
    assert cut(by_hand.want(a_quote(), allowed)) == (10.0, Reason.LIMIT_ORDER)


def test_a_limit_of_working_orders_blocks_and_cuts_nothing() -> None:
    by_hand = ByHand()
    by_hand.want(a_quote(), number=1)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, max_working_orders=1, max_order_usd=5.0))
    assert cut(sent) == (None, Reason.LIMIT_ORDERS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_daily_loss_usd": 5.175}, Reason.LIMIT_DAILY_LOSS),
        ({"max_drawdown_usd": 5.175}, Reason.LIMIT_DRAWDOWN),
        ({"max_losses_in_a_row": 1}, Reason.LIMIT_LOSSES),
    ],
)
def test_a_bad_result_blocks_and_cuts_nothing(changes: dict[str, float], reason: Reason) -> None:
    by_hand = ByHand()
    by_hand.hold(number=1)
    by_hand.story.settle(Outcome.DOWN, number=1)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, max_order_usd=5.0, **changes))
    assert cut(sent) == (None, reason)


def test_the_kill_switch_cuts_nothing() -> None:
    by_hand = ByHand()
    by_hand.story.command(ev.Action.KILL)
    sent = by_hand.want(a_quote(), with_risk(LOOSE, max_order_usd=5.0))
    assert cut(sent) == (None, Reason.KILL_SWITCH)


@pytest.mark.parametrize(("cooldown_s", "shares"), [(5.0, 10.0), (5.000001, None)])
def test_what_is_cut_still_keeps_its_distance_in_time(
    cooldown_s: float, shares: float | None
) -> None:
    by_hand = ByHand()
    by_hand.hold()
    settings = with_risk(LOOSE, max_order_usd=10 * A_SHARE)
    cool = evolve(settings, gates=evolve(settings.gates, cooldown_s=cooldown_s))
    reason = Reason.LIMIT_ORDER if shares else Reason.COOLDOWN
    assert cut(by_hand.want(a_quote(), cool)) == (shares, reason)


def test_a_sale_is_sent_whole_whatever_the_limits_and_the_book() -> None:
    by_hand = ByHand()
    by_hand.hold(20.0)
    tight = with_risk(asking(2.0), **dict.fromkeys(DOLLAR_LIMITS, 0.01))
    sale = a_quote(side=Side.SELL)
    assert cut(by_hand.want(evolve(sale, shares=shares_of(20.01)), tight, is_exit=True)) == (
        None,
        Reason.NOT_HELD,
    )
    assert cut(by_hand.want(sale, tight, is_exit=True)) == (20.0, None)


# --- buying the complement ------------------------------------------------------------------------


def pairing(by_hand: ByHand, settings: Settings, shares: float = 20.0) -> Any:
    """Twenty of Up are held; as many of Down end the risk."""
    by_hand.hold(20.0)
    return cut(by_hand.want(a_quote(shares, outcome=Outcome.DOWN), settings, is_exit=True))


@pytest.mark.parametrize("limit", [name for name in DOLLAR_LIMITS if name != "max_order_usd"])
def test_a_pairing_purchase_is_not_asked_what_guards_entries(limit: str) -> None:
    assert pairing(ByHand(), with_risk(LOOSE, **{limit: 0.01})) == (20.0, None)


def test_a_pairing_purchase_is_not_asked_for_depth() -> None:
    assert pairing(ByHand(), asking(2.0)) == (20.0, None)


@pytest.mark.parametrize(
    ("allowed", "shares", "reason"),
    [
        (10.35, 20.0, None),
        (10.349999, 19.99, Reason.LIMIT_ORDER),
        (2.5875, 5.0, Reason.LIMIT_ORDER),
        (2.587499, None, Reason.LIMIT_ORDER),
    ],
)
def test_a_pairing_purchase_is_cut_to_the_order_limit(
    allowed: float, shares: float | None, reason: Reason | None
) -> None:
    """The other limits are full: they neither block it nor take its room."""
    tight = dict.fromkeys(DOLLAR_LIMITS, 0.01) | {"max_order_usd": allowed}
    assert pairing(ByHand(), with_risk(LOOSE, **tight)) == (shares, reason)


@pytest.mark.parametrize(
    ("left", "shares", "reason"),
    [
        (10.35, 20.0, None),
        (10.349999, 19.99, Reason.LIMIT_CASH),
        (2.5875, 5.0, Reason.LIMIT_CASH),
        (2.587499, None, Reason.LIMIT_CASH),
    ],
)
def test_a_pairing_purchase_is_cut_to_the_cash(
    left: float, shares: float | None, reason: Reason | None
) -> None:
    assert pairing(ByHand(cash=round(10.35 + left, 6)), LOOSE) == (shares, reason)


def test_a_share_more_than_is_held_is_not_cut_but_refused() -> None:
    assert pairing(ByHand(), LOOSE, 20.01) == (None, Reason.NOT_HELD)


# --- a desk that goes on --------------------------------------------------------------------------


def test_a_desk_places_the_cut_order_and_says_the_limit_once() -> None:
    story = Story(with_risk(PLAIN, max_order_usd=12.0)).a_minute_in()
    effects = story.book(CHEAP_BOOK)
    order = only(effects, Place).order
    assert order.shares == shares_of(19.45)
    assert bought_for(order) <= 12 * MICRO < bought_for(evolve(order, shares=shares_of(19.46)))
    assert reasons(effects) == [Reason.LIMIT_ORDER]
    # While it works nothing is added, though the strategy would have more.
    assert of_kind(story.wait(10), Place) == []


def test_a_desk_buys_the_rest_of_its_stake_later_and_no_more() -> None:
    story = Story(with_risk(PLAIN, max_order_usd=12.0)).a_minute_in()
    first = story.holding()
    rest = only(story.wait(5), Place).order
    assert rest.shares < first.shares
    story.fill(rest, trade_id="t2")
    stake = bought_for(first) + bought_for(rest)
    assert 19.99 * MICRO < stake <= 20 * MICRO
    assert of_kind(story.wait(10), Place) == []


def test_one_signal_a_side_is_spent_by_a_cut_order_too() -> None:
    once = evolve(PLAIN, gates=evolve(PLAIN.gates, is_one_signal_a_side=True))
    story = Story(with_risk(once, max_order_usd=12.0)).a_minute_in()
    story.holding()
    assert of_kind(story.wait(10), Place) == []
    assert story.said_last() is Reason.SIGNAL_SPENT


# --- for arbitrary room ---------------------------------------------------------------------------

ROOM = st.integers(1, 40 * MICRO).map(lambda value: value / MICRO)
FEES = make_round().fees


def most(price: Price, room: float, depth: float, wanted: Shares) -> int:
    """Lot by lot, as a person would try it: the largest order that fits into the room with its
    fee, finds its depth, and is all that was wanted or no less than the venue takes; else 0."""
    for shares in range(wanted, 0, -10_000):
        cost = cost_of(price, Shares(shares)) + FEES.fee(price, Shares(shares))
        if shares < wanted and (shares < 5 * MICRO or price * shares < MICRO * MICRO):
            break
        if cost <= round(room * MICRO) and shares <= depth:
            return shares
    return 0


@given(
    st.integers(1, 99),
    st.integers(500, 4_000),
    st.fixed_dictionaries(dict.fromkeys(DOLLAR_LIMITS, ROOM)),
    ROOM,
    st.integers(0, 5_000),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)
def test_an_order_is_as_large_as_it_may_be_and_no_larger(
    cents: int, lots: int, limits: dict[str, float], cash: float, offered: int, min_depth: float
) -> None:
    price, wanted = Price(cents * 10_000), Shares(lots * 10_000)
    by_hand = ByHand(cash)
    by_hand.offer((cents / 100, offered / 100))
    settings = asking(min_depth, with_risk(LOOSE, **limits))
    order, why = by_hand.want(Quote(Outcome.UP, Side.BUY, price, wanted), settings)
    depth = offered * 10_000 / min_depth if min_depth else float("inf")
    expected = most(price, min(*limits.values(), cash), depth, wanted)
    sent = order.shares if order else 0
    assert sent == expected
    assert (why is None) is (sent == wanted)
    assert by_hand.story.mind.account.exposure == (Usd(0) if order is None else bought_for(order))
