"""The exchange on paper: a fill on paper must have been possible, and must be paid for."""

from __future__ import annotations

import pytest

from polytui.config.schema import PaperSettings
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_transit import PaperWord
from polytui.model import events as ev
from polytui.model.effects import Cancel, CancelAll, Place, Stamp
from polytui.model.events import Level
from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, Price, Shares, Usd, complement

START_NS = 1_795_204_800 * NS_PER_S
ROUND = Round(
    "btc-updown-5m-1795204800",
    Asset.BTC,
    Interval.M5,
    "0x1",
    "up-token",
    "down-token",
    START_NS,
    START_NS + Interval.M5.ns,
    SettlementRule.TWAP,
)
UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
GTC, FAK, FOK = TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK


def micro(value: float) -> int:
    return round(value * MICRO)


NEAR = PaperSettings(
    order_latency_ms=0.0, answer_latency_ms=0.0, mined_least_s=0.0, mined_most_s=0.0
)
"""At the venue's own door, and the chain takes no time: only the venue's hold and its work do."""


class Table:
    """Hands at a round whose book shows 100 shares at 0.50 / 0.52, and the time."""

    def __init__(self, cash: float = 1_000.0, settings: PaperSettings = NEAR) -> None:
        self.account = PaperAccount(Usd(micro(cash)))
        self.simulator = PaperSimulator(settings, self.account)
        self.now_ns = START_NS
        self.orders = 0
        self.see(ev.RoundFound(ROUND))
        self.show([(0.50, 100)], [(0.52, 100)])

    def see(self, event: ev.Event) -> list[PaperWord]:
        return self.simulator.observe(event)

    def show(
        self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]
    ) -> list[PaperWord]:
        """Up's whole book, best first."""
        return self.see(
            ev.BookSnapshotted(
                "up-token", _levels(bids), _levels(asks), None, self.now_ns, self.now_ns
            )
        )

    def move(self, side: Side, price: float, shares: float) -> list[PaperWord]:
        """One level of Up's book now shows another size."""
        change = ev.LevelChange(
            "up-token", side, Price(micro(price)), Shares(micro(shares)), None, None
        )
        return self.see(ev.BookChanged((change,), self.now_ns, self.now_ns))

    def print_trade(
        self, taker_side: Side, price: float, shares: float, token: str = "up-token"
    ) -> list[PaperWord]:
        at, size = Price(micro(price)), Shares(micro(shares))
        return self.see(ev.TradePrinted(token, at, size, taker_side, self.now_ns, self.now_ns))

    def send(
        self,
        side: Side,
        price: float,
        shares: float,
        outcome: Outcome = UP,
        tif: TimeInForce = GTC,
        *,
        is_post_only: bool = False,
    ) -> Order:
        order = self.made(side, price, shares, outcome, tif, is_post_only=is_post_only)
        self.simulator.perform(Place(order, Stamp.grant(order.quote, Usd(0))), self.now_ns)
        return order

    def made(
        self,
        side: Side,
        price: float,
        shares: float,
        outcome: Outcome = UP,
        tif: TimeInForce = GTC,
        *,
        is_post_only: bool = False,
    ) -> Order:
        """An order that is not sent yet."""
        self.orders += 1
        return Order(
            f"o-{self.orders}",
            ROUND.slug,
            ROUND.token_of(outcome),
            outcome,
            side,
            Price(micro(price)),
            Shares(micro(shares)),
            tif,
            is_post_only,
            "test",
            self.now_ns,
        )

    def cancel(self, order: Order) -> None:
        self.simulator.perform(Cancel(order.order_id), self.now_ns)

    def after(self, ms: float) -> list[PaperWord]:
        self.now_ns += round(ms * NS_PER_MS)
        return self.simulator.advance(self.now_ns)

    def resting(self, *arguments: object, **options: object) -> Order:
        """An order that was taken and rests."""
        order = self.send(*arguments, **options)  # type: ignore[arg-type]
        assert self.after(40) == [ev.Accepted(order.order_id)]
        return order

    def settle(self, winner: Outcome) -> list[PaperWord]:
        token = ROUND.token_of(winner)
        return self.see(ev.RoundSettled("0x1", token, "stream", self.now_ns))

    @property
    def held(self) -> dict[Outcome, int]:
        opening = self.simulator.opening(Asset.BTC, 2)
        return {h.outcome: h.shares for held in opening.held for h in held.holdings}


def _levels(pairs: list[tuple[float, float]]) -> tuple[Level, ...]:
    """Worst first, as on the wire."""
    return tuple((micro(price), micro(shares)) for price, shares in reversed(pairs))


def fills(reports: list[PaperWord]) -> list[tuple[int, int]]:
    return [(r.price, r.shares) for r in reports if isinstance(r, ev.Filled)]


# --- takers -----------------------------------------------------------------------------------


def test_a_taker_is_matched_after_the_venues_delay_and_not_before() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 10)
    assert table.after(149.999) == []
    assert table.simulator.next_due_ns == START_NS + 150 * NS_PER_MS
    accepted, filled = table.after(0.001)
    assert accepted == ev.Accepted(order.order_id)
    assert isinstance(filled, ev.Filled)
    fee = FeeSchedule().fee(Price(520_000), Shares(10 * MICRO))
    assert (filled.price, filled.shares, filled.fee, filled.is_taker) == (
        520_000,
        10 * MICRO,
        fee,
        True,
    )
    assert table.account.cash == 1_000 * MICRO - 5_200_000 - fee
    assert not table.simulator.has_working_orders


def test_a_taker_gets_what_is_displayed_when_it_arrives() -> None:
    table = Table()
    table.send(BUY, 0.54, 150)
    table.show([(0.50, 100)], [(0.53, 20), (0.54, 30), (0.55, 500)])
    assert fills(table.after(150)) == [(530_000, 20 * MICRO), (540_000, 30 * MICRO)]
    assert table.simulator.has_working_orders


def test_a_book_that_ran_away_leaves_the_order_resting() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.show([(0.54, 100)], [(0.56, 100)])
    assert table.after(150) == [ev.Accepted("o-1")]
    assert table.simulator.has_working_orders


def test_buying_down_takes_the_bids_of_up() -> None:
    table = Table()
    table.send(BUY, 0.50, 30, DOWN)
    assert fills(table.after(150)) == [(500_000, 30 * MICRO)]
    assert table.held == {DOWN: 30 * MICRO}


def test_taken_liquidity_is_not_taken_twice_while_the_level_is_unchanged() -> None:
    table = Table()
    table.send(BUY, 0.52, 70)
    table.after(150)
    table.send(BUY, 0.52, 70)
    assert fills(table.after(150)) == [(520_000, 30 * MICRO)]
    table.move(SELL, 0.53, 9)
    table.send(BUY, 0.52, 10)
    assert fills(table.after(150)) == []


def test_a_snapshot_with_the_same_size_is_the_same_liquidity() -> None:
    table = Table()
    table.send(BUY, 0.52, 100)
    table.after(150)
    table.show([(0.50, 100)], [(0.52, 100)])
    table.send(BUY, 0.52, 10, tif=FAK)
    assert fills(table.after(150)) == []


@pytest.mark.parametrize(
    ("shown", "there_is"),
    [
        ([99.99], 0),  # a hundredth went: of what was taken nothing is back
        ([100.01], 0.01),
        ([99.99, 100.0], 0.01),
        ([40.0], 0),
        ([40.0, 70.0], 30),  # it fell below what we took, and thirty came
        ([0.0, 70.0], 70),  # gone, and quoted anew
    ],
)
def test_a_level_that_was_taken_is_not_whole_again_when_it_changes(
    shown: list[float], there_is: float
) -> None:
    table = Table()
    table.send(BUY, 0.52, 100)
    assert fills(table.after(150)) == [(520_000, 100 * MICRO)]
    for shares in shown:
        table.move(SELL, 0.52, shares)
    table.send(BUY, 0.52, 99)
    assert sum(shares for _, shares in fills(table.after(150))) == micro(there_is)


def test_who_would_meet_only_what_we_took_is_not_held() -> None:
    """At a venue nothing would be there: what must trade is refused at once, what may rest rests
    before the level is quoted anew."""
    table = Table()
    table.send(BUY, 0.52, 100)
    table.after(150)
    kill, rest = table.send(BUY, 0.52, 10, tif=FAK), table.send(BUY, 0.52, 10)
    said = table.after(40)
    assert [type(one) for one in said] == [ev.Refused, ev.Accepted]
    assert [one.order_id for one in said] == [kill.order_id, rest.order_id]
    table.move(SELL, 0.52, 0)
    (filled,) = table.move(SELL, 0.52, 70)
    assert isinstance(filled, ev.Filled)
    assert not filled.is_taker, "the crowd came to ours"


def test_what_was_taken_is_remembered_while_the_feed_is_away() -> None:
    table = Table()
    table.send(BUY, 0.52, 100)
    table.after(150)
    table.see(ev.FeedDown(ev.BOOK_FEED, "gone", table.now_ns))
    table.show([(0.50, 100)], [(0.52, 120)])
    table.send(BUY, 0.52, 99)
    assert fills(table.after(150)) == [(520_000, 20 * MICRO)]


def test_a_level_that_a_new_book_does_not_list_is_new_when_it_comes() -> None:
    table = Table()
    table.send(BUY, 0.52, 100)
    table.after(150)
    table.show([(0.50, 100)], [(0.53, 100)])
    table.show([(0.50, 100)], [(0.52, 100)])
    table.send(BUY, 0.52, 99)
    assert fills(table.after(150)) == [(520_000, 99 * MICRO)]


def test_a_cheaper_book_gives_a_market_purchase_more_shares_for_its_dollars() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 10, tif=FAK)  # 5.20 dollars
    table.show([(0.38, 100)], [(0.40, 100)])
    accepted, filled = table.after(150)
    assert accepted == ev.Accepted(order.order_id)
    assert fills([filled]) == [(400_000, 13 * MICRO)]
    assert table.account.traded == -5_200_000 - FeeSchedule().fee(
        Price(400_000), Shares(13 * MICRO)
    )
    assert not table.simulator.has_working_orders


def test_a_market_purchase_that_finds_too_little_ends_with_what_it_got() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 10, tif=FAK)
    table.show([(0.38, 100)], [(0.40, 12)])  # 4.80 of 5.20 dollars, and more than ten shares
    reports = table.after(150)
    assert fills(reports) == [(400_000, 12 * MICRO)]
    assert reports[-1] == ev.Cancelled(order.order_id, "nothing more to match")


def test_a_market_purchase_pays_for_the_larger_fee_of_cheaper_shares() -> None:
    """The fee of a dollar is the larger the cheaper the share; cash does not fall below nothing."""
    table = Table(cash=5.2 + 0.18)  # at 0.52 the fee is 0.17472; at 0.40 it is 0.2184
    table.send(BUY, 0.52, 10, tif=FAK)
    table.show([(0.38, 100)], [(0.40, 100)])
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert table.account.cash == micro(5.38)


def test_an_order_does_not_trade_with_another_of_ours() -> None:
    table = Table()
    table.send(BUY, 0.52, 20)
    table.after(150)
    table.resting(SELL, 0.53, 10)
    table.show([(0.50, 100)], [])
    table.send(BUY, 0.54, 10)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert "another order of ours" in refused.detail
    # One that has enough before it gets there is none of that.
    table.show([(0.50, 100)], [(0.52, 10)])
    table.send(BUY, 0.54, 10)
    assert fills(table.after(150)) == [(520_000, 10 * MICRO)]
    # Buying Down at 0.47 sells Up at 0.53: that is our own side.
    table.send(BUY, 0.47, 10, DOWN, is_post_only=True)
    assert table.after(40) == [ev.Accepted("o-5")]
    # And post-only at 0.53 would take our offer.
    table.show([(0.50, 100)], [])
    table.send(BUY, 0.53, 10, is_post_only=True)
    (refused,) = table.after(40)
    assert isinstance(refused, ev.Refused)


def test_an_order_that_comes_to_rest_as_the_book_moves_to_it_is_held_after_all() -> None:
    table = Table()
    order = table.send(BUY, 0.51, 10)
    table.after(30)
    table.show([(0.50, 100)], [(0.51, 100)])
    assert table.after(10) == []
    assert table.after(149) == []
    accepted, filled = table.after(1)
    assert accepted == ev.Accepted(order.order_id)
    assert fills([filled]) == [(510_000, 10 * MICRO)]


def test_half_a_sweep_is_waited_for() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.after(149)
    table.move(BUY, 0.52, 30)  # the taker's rest comes before the levels that he took
    assert table.after(1) == []
    table.move(SELL, 0.52, 0)
    table.show([(0.52, 30)], [(0.53, 100)])
    assert table.after(5) == [ev.Accepted("o-1")]
    assert table.simulator.has_working_orders


def test_a_book_that_stays_crossed_matches_nobody() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.move(BUY, 0.52, 30)
    assert table.after(150 + 999) == []
    (refused,) = table.after(2)
    assert isinstance(refused, ev.Refused)
    assert "not known well enough" in refused.detail


def test_an_emptied_book_takes_what_rests_and_kills_what_may_not() -> None:
    table = Table()
    table.show([], [])
    table.send(BUY, 0.52, 10, tif=FAK)
    rests = table.send(BUY, 0.52, 10)
    refused, accepted = table.after(40)
    assert isinstance(refused, ev.Refused)
    assert "no orders found" in refused.detail
    assert accepted == ev.Accepted(rests.order_id)
    assert fills(table.print_trade(SELL, 0.52, 4)) == [(520_000, 4 * MICRO)]


def test_what_rests_lives_through_another_tick_and_less_than_an_order_of_it_fills() -> None:
    table = Table()
    table.resting(BUY, 0.51, 10)
    table.see(ev.TickSizeChanged("up-token", Price(1_000), table.now_ns, table.now_ns))
    table.show([(0.50, 100)], [(0.52, 100)])
    assert fills(table.print_trade(SELL, 0.51, 8)) == [(510_000, 8 * MICRO)]
    assert fills(table.print_trade(SELL, 0.509, 8)) == [(510_000, 2 * MICRO)]


def test_fill_and_kill_lets_the_rest_die() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 150, tif=FAK)
    reports = table.after(150)
    assert fills(reports) == [(520_000, 100 * MICRO)]
    assert reports[-1] == ev.Cancelled(order.order_id, "nothing more to match")
    assert not table.simulator.has_working_orders


def test_fill_or_kill_is_all_or_nothing() -> None:
    table = Table()
    table.send(BUY, 0.52, 100.01, tif=FOK)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    table.send(BUY, 0.52, 100, tif=FOK)
    assert fills(table.after(150)) == [(520_000, 100 * MICRO)]


@pytest.mark.parametrize(
    ("price", "shares", "says"),
    [
        (0.525, 10, "minimum tick size"),
        (0.52, 4.99, "lower than the minimum"),
        (0.52, 10.001, "decimal places"),
        (0.52, 2_000, "not enough balance"),
        (0.10, 9.99, "GTC"),
        (0.52, 10.03, "max accuracy of 2 decimals"),
        (0.52, 4.9039, "lower than the minimum"),
    ],
)
def test_what_the_venue_would_refuse_is_refused(price: float, shares: float, says: str) -> None:
    table = Table()
    is_market = "decimals" in says or shares == 4.9039
    if says == "GTC":
        table.show([(0.05, 100)], [(0.10, 100)])
        says = "marketable BUY order ($0.999), min size: $1"
    table.send(BUY, price, shares, tif=FAK if is_market else GTC)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert says in refused.detail
    assert table.account.cash == 1_000 * MICRO


def test_post_only_that_crosses_is_refused_without_the_takers_delay() -> None:
    table = Table()
    table.send(BUY, 0.52, 10, is_post_only=True)
    (refused,) = table.after(40)
    assert isinstance(refused, ev.Refused)
    assert "post-only" in refused.detail


def test_what_is_not_held_cannot_be_sold() -> None:
    table = Table()
    table.send(SELL, 0.50, 10)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert "not enough balance: 0 of 10000000" in refused.detail


def test_what_rests_is_not_free_to_spend() -> None:
    table = Table(cash=10.0)
    table.resting(BUY, 0.40, 20)
    table.send(BUY, 0.40, 6)
    (refused,) = table.after(40)
    assert isinstance(refused, ev.Refused)


def test_a_taker_must_afford_its_fee_as_well() -> None:
    """The fee is taken on top: paper cash cannot fall below nothing."""
    table = Table(cash=5.2)
    table.send(BUY, 0.52, 10)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    table = Table(cash=5.38)
    table.send(BUY, 0.52, 10)
    assert fills(table.after(150)) == [(520_000, 10 * MICRO)]
    assert table.account.cash >= 0


def test_the_venue_asks_for_what_an_order_may_cost_at_its_limit() -> None:
    table = Table(cash=5.45)  # 5.375 would do at 0.52; at 0.54 it may be 5.574
    table.send(BUY, 0.54, 10)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)


def test_shares_on_offer_cannot_be_offered_again() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.after(150)
    table.resting(SELL, 0.60, 6)
    table.send(SELL, 0.61, 5)
    (refused,) = table.after(40)
    assert isinstance(refused, ev.Refused)


def test_a_refusing_venue_refuses_what_arrives_and_lets_go_of_what_rests() -> None:
    table = Table()
    rests = table.resting(BUY, 0.49, 10)
    table.simulator.refuse_orders(table.now_ns + 100 * NS_PER_MS, "closed")
    order = table.send(BUY, 0.49, 10)
    table.cancel(rests)
    assert table.after(40) == [
        ev.Cancelled(rests.order_id, "by request"),
        ev.Refused(order.order_id, "closed"),
    ]
    table.after(59)
    late = table.send(BUY, 0.49, 10)
    assert table.after(40) == [ev.Accepted(late.order_id)], "counted from its arrival"


def test_without_a_settled_book_nothing_is_matched() -> None:
    table = Table()
    table.see(ev.FeedDown(ev.BOOK_FEED, "gone", table.now_ns))
    table.send(BUY, 0.52, 10)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert "not known well enough" in refused.detail


# --- makers -----------------------------------------------------------------------------------


def test_a_resting_order_waits_behind_what_was_displayed() -> None:
    table = Table()
    order = table.resting(BUY, 0.50, 10)
    assert table.print_trade(SELL, 0.50, 60) == []
    (filled,) = table.print_trade(SELL, 0.50, 45)
    assert isinstance(filled, ev.Filled)
    assert (filled.order_id, filled.price, filled.shares) == (order.order_id, 500_000, 5 * MICRO)
    assert (filled.fee, filled.is_taker) == (0, False)
    assert fills(table.print_trade(SELL, 0.50, 99)) == [(500_000, 5 * MICRO)]
    assert not table.simulator.has_working_orders


def test_a_better_price_has_nobody_ahead() -> None:
    table = Table()
    table.resting(BUY, 0.51, 10)
    assert fills(table.print_trade(SELL, 0.51, 4)) == [(510_000, 4 * MICRO)]


def test_a_trade_through_our_price_fills_us_at_our_price() -> None:
    table = Table()
    table.resting(BUY, 0.50, 10)
    assert fills(table.print_trade(SELL, 0.49, 300)) == [(500_000, 10 * MICRO)]


def test_a_trade_through_us_fills_no_more_than_it_traded() -> None:
    table = Table()
    table.resting(BUY, 0.50, 10)
    assert fills(table.print_trade(SELL, 0.49, 4)) == [(500_000, 4 * MICRO)]


def test_trades_elsewhere_or_on_our_own_side_are_not_ours() -> None:
    table = Table()
    table.resting(BUY, 0.51, 10)
    assert table.print_trade(BUY, 0.52, 50) == []
    assert table.print_trade(BUY, 0.51, 50) == []
    assert table.print_trade(SELL, 0.52, 50) == []


def test_the_same_trade_seen_from_the_other_token() -> None:
    """Somebody buys Down at 0.49: that is a sale of Up at 0.51."""
    table = Table()
    table.resting(BUY, 0.51, 10)
    assert fills(table.print_trade(BUY, 0.49, 3, "down-token")) == [(510_000, 3 * MICRO)]


def test_one_print_fills_two_orders_with_no_more_than_it_traded() -> None:
    table = Table()
    table.send(BUY, 0.50, 20, DOWN)
    table.after(150)
    table.resting(BUY, 0.51, 10)
    table.resting(SELL, 0.49, 10, DOWN)
    filled = fills(table.print_trade(SELL, 0.51, 12))
    assert sum(shares for _, shares in filled) == 12 * MICRO


def test_two_orders_at_one_price_share_the_queue_before_them() -> None:
    """A hundred stood there when both came: of 120 twenty are ours, not 25."""
    table = Table()
    first = table.resting(BUY, 0.50, 10)
    second = table.resting(BUY, 0.50, 15)
    reports = table.print_trade(SELL, 0.50, 120)
    assert fills(reports) == [(500_000, 10 * MICRO), (500_000, 10 * MICRO)]
    assert [report.order_id for report in reports] == [first.order_id, second.order_id]
    assert fills(table.print_trade(SELL, 0.50, 120)) == [(500_000, 5 * MICRO)]


def test_who_came_between_two_of_ours_trades_between_them() -> None:
    table = Table()
    table.resting(BUY, 0.50, 10)
    table.move(BUY, 0.50, 130)
    table.resting(BUY, 0.50, 15)
    assert fills(table.print_trade(SELL, 0.50, 110)) == [(500_000, 10 * MICRO)]
    assert fills(table.print_trade(SELL, 0.50, 29)) == []
    assert fills(table.print_trade(SELL, 0.50, 4)) == [(500_000, 3 * MICRO)]


def test_the_queue_before_an_order_that_is_cancelled_stays_before_the_next() -> None:
    table = Table()
    first = table.resting(BUY, 0.50, 10)
    table.resting(BUY, 0.50, 15)
    table.cancel(first)
    table.after(40)
    assert fills(table.print_trade(SELL, 0.50, 99)) == []
    assert fills(table.print_trade(SELL, 0.50, 6)) == [(500_000, 5 * MICRO)]


def test_the_better_of_two_prices_is_met_first_whichever_came_first() -> None:
    table = Table()
    table.resting(BUY, 0.50, 10)
    better = table.resting(BUY, 0.51, 10)
    (filled,) = table.print_trade(SELL, 0.50, 10)
    assert isinstance(filled, ev.Filled)
    assert filled.order_id == better.order_id


def test_what_rests_of_one_asset_is_not_free_to_spend_for_another() -> None:
    table = Table(cash=10.0)
    table.resting(BUY, 0.45, 20)
    other = PaperSimulator(NEAR, table.account)
    other.observe(ev.RoundFound(ROUND))
    other.observe(ev.BookSnapshotted("up-token", (), (), None, table.now_ns, table.now_ns))
    table.simulator = other
    table.send(BUY, 0.40, 6)
    (refused,) = table.after(40)
    assert isinstance(refused, ev.Refused)
    assert "not enough balance" in refused.detail


def test_offers_that_come_to_our_price_meet_us() -> None:
    table = Table()
    table.resting(BUY, 0.51, 10)
    # The crossing bid of ours is not in the displayed book, so the book itself stays settled.
    assert fills(table.move(SELL, 0.51, 6)) == [(510_000, 6 * MICRO)]
    assert table.move(SELL, 0.51, 6) == []
    # Six of the seven are those that we had.
    assert fills(table.move(SELL, 0.51, 7)) == [(510_000, 1 * MICRO)]
    assert fills(table.move(SELL, 0.51, 0)) == []
    assert fills(table.move(SELL, 0.51, 9)) == [(510_000, 3 * MICRO)]


def test_a_quiet_market_fills_nobody() -> None:
    table = Table()
    table.resting(BUY, 0.50, 10)
    table.resting(BUY, 0.40, 10)
    for shares in (500, 3, 100, 0):
        assert table.move(BUY, 0.50, shares) == []
    assert table.move(BUY, 0.51, 50) == []
    assert table.after(60_000) == []
    assert table.account.cash == 1_000 * MICRO


def test_a_crossed_book_between_two_frames_fills_nobody() -> None:
    table = Table()
    table.resting(BUY, 0.48, 10)
    assert table.move(SELL, 0.47, 50) == []
    assert table.simulator.has_working_orders


def test_a_resting_sale_of_down_is_a_bid_for_up() -> None:
    table = Table()
    table.send(BUY, 0.50, 20, DOWN)
    table.after(150)
    table.resting(SELL, 0.49, 20, DOWN)
    assert fills(table.move(SELL, 0.51, 20)) == [(490_000, 20 * MICRO)]
    assert table.held == {}


# --- cancels ----------------------------------------------------------------------------------


def test_a_cancel_is_acknowledged_after_its_delay() -> None:
    table = Table()
    order = table.resting(BUY, 0.45, 10)
    table.cancel(order)
    assert table.after(39.999) == []
    assert table.after(0.001) == [ev.Cancelled(order.order_id, "by request")]
    assert not table.simulator.has_working_orders


def test_a_held_taker_cannot_be_cancelled_before_it_is_matched() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 10)
    table.after(10)
    table.cancel(order)
    assert table.after(139) == []
    accepted, filled, refused = table.after(1)
    assert accepted == ev.Accepted(order.order_id)
    assert fills([filled]) == [(520_000, 10 * MICRO)]
    assert isinstance(refused, ev.CancelRefused)


def test_a_held_taker_that_rests_is_cancelled_at_once() -> None:
    table = Table()
    order = table.send(BUY, 0.52, 150)
    table.cancel(order)
    reports = table.after(150)
    assert fills(reports) == [(520_000, 100 * MICRO)]
    assert reports[-1] == ev.Cancelled(order.order_id, "by request")


def test_a_cancel_asked_twice_is_answered_twice() -> None:
    table = Table()
    order = table.resting(BUY, 0.45, 10)
    table.cancel(order)
    table.cancel(order)
    first, second = table.after(40)
    assert first == ev.Cancelled(order.order_id, "by request")
    assert isinstance(second, ev.CancelRefused)


def test_cancel_all_takes_what_rests_and_what_is_on_its_way() -> None:
    table = Table()
    resting = table.resting(BUY, 0.45, 10)
    coming = table.send(BUY, 0.44, 10)
    table.simulator.perform(CancelAll("kill switch"), table.now_ns)
    reports = table.after(200)
    gone = {report.order_id for report in reports if isinstance(report, ev.Cancelled)}
    assert gone == {resting.order_id, coming.order_id}
    assert not table.simulator.has_working_orders


# --- settlement and restarts --------------------------------------------------------------------


def test_winners_are_paid_a_dollar_a_share() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.send(BUY, 0.50, 30, DOWN)
    table.after(150)
    before = table.account.cash
    resting = table.resting(BUY, 0.45, 10)
    assert table.settle(DOWN) == [ev.Cancelled(resting.order_id, "market resolved")]
    assert table.account.cash == before + 30 * MICRO
    assert table.account.payouts == 30 * MICRO
    assert table.account.cash == 1_000 * MICRO + table.account.traded + table.account.payouts
    assert table.settle(DOWN) == []
    assert table.account.cash == before + 30 * MICRO


def test_an_order_that_arrives_after_the_end_is_refused() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.settle(UP)
    (refused,) = table.after(150)
    assert isinstance(refused, ev.Refused)
    assert "does not exist" in refused.detail


CASH = Usd(1_000 * MICRO)


def test_an_opening_says_what_is_held_and_what_was_realised() -> None:
    table = Table()
    assert table.simulator.opening(Asset.BTC, 1) == ev.DeskOpened(Asset.BTC, 1, CASH)
    table.send(BUY, 0.52, 10)
    table.after(150)
    paid = 1_000 * MICRO - table.account.cash
    (held,) = table.simulator.opening(Asset.BTC, 2).held
    assert held.round == ROUND
    assert held.cash_flow == -paid
    assert [(h.outcome, h.shares, h.cost) for h in held.holdings] == [(UP, 10 * MICRO, paid)]
    table.settle(UP)
    opening = table.simulator.opening(Asset.BTC, 3)
    assert len(opening.counted) == 1
    assert opening == ev.DeskOpened(Asset.BTC, 3, CASH, Usd(10 * MICRO - paid), (), opening.counted)


def test_what_was_sold_is_still_part_of_its_round() -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.after(150)
    table.send(SELL, 0.50, 10)
    table.after(150)
    (held,) = table.simulator.opening(Asset.BTC, 2).held
    assert held.holdings == ()
    assert held.cash_flow == table.account.cash - 1_000 * MICRO


def test_after_a_crash_nothing_of_ours_is_left() -> None:
    table = Table()
    table.resting(BUY, 0.45, 10)
    table.send(BUY, 0.52, 10)
    assert table.simulator.cancel_at_once() == 2
    assert not table.simulator.has_working_orders
    assert table.simulator.next_due_ns is None
    assert table.after(1_000) == []
    assert table.print_trade(SELL, 0.40, 500) == []


def test_a_new_tick_is_the_venues_grid() -> None:
    table = Table()
    table.see(ev.TickSizeChanged("up-token", Price(1_000), table.now_ns, table.now_ns))
    table.show([(0.50, 100)], [(0.521, 100)])
    table.send(BUY, 0.521, 10)
    assert fills(table.after(150)) == [(521_000, 10 * MICRO)]


def test_up_and_down_are_two_sides_of_one_price() -> None:
    assert complement(Price(520_000)) == 480_000
    table = Table()
    table.send(BUY, 0.52, 20)
    table.send(BUY, 0.50, 20, DOWN)
    table.after(150)
    assert table.held == {UP: 20 * MICRO, DOWN: 20 * MICRO}
    paid = -table.account.traded
    assert paid == 20 * MICRO * 102 // 100 + sum(
        FeeSchedule().fee(Price(price), Shares(20 * MICRO)) for price in (520_000, 500_000)
    )


@pytest.mark.parametrize(
    ("condition", "token", "pays"),
    [("0x1", ev.NO_WINNER, 5), ("0x2", ev.NO_WINNER, None), ("0x1", "stranger", None)],
)
def test_a_cancelled_round_pays_half_a_dollar_a_share(
    condition: str, token: str, pays: int | None
) -> None:
    table = Table()
    table.send(BUY, 0.52, 10)
    table.after(150)
    before = table.account.cash
    table.see(ev.RoundSettled(condition, token, "gamma", table.now_ns))
    assert table.account.cash == before + (pays or 0) * MICRO
    assert bool(table.held) is (pays is None)


# --- books that cannot be true ------------------------------------------------------------------


def _with_tick(table: Table, tick: int, venue_ns: int) -> None:
    table.see(
        ev.BookSnapshotted(
            "up-token", _levels([(0.50, 1)]), _levels([(0.52, 1)]), Price(tick), venue_ns, venue_ns
        )
    )


@pytest.mark.parametrize("token", ["up-token", "down-token"])
@pytest.mark.parametrize("has_reconnected", [False, True])
def test_an_older_book_is_refused_with_its_tick_on_paper_as_well(
    token: str, has_reconnected: bool
) -> None:
    table = Table()
    paper_round = table.simulator._rounds[ROUND.slug]
    at_ns = table.now_ns + 10
    table.see(ev.TickSizeChanged(token, Price(1_000), at_ns, at_ns))
    if has_reconnected:
        table.see(ev.FeedDown(ev.BOOK_FEED, "gone", at_ns))
    _with_tick(table, 10_000, at_ns - 1)
    assert (paper_round.round.tick, paper_round.live.is_known) == (1_000, False)
    _with_tick(table, 1_000, at_ns)
    assert (paper_round.round.tick, paper_round.live.is_known) == (1_000, True)


def test_on_paper_nothing_is_matched_after_a_frame_that_could_not_be_read() -> None:
    table = Table()
    live = table.simulator._rounds[ROUND.slug].live
    table.see(ev.FrameRejected("rtds", "bad", 1, "", table.now_ns))
    assert live.is_settled
    table.see(ev.FrameRejected(ev.BOOK_FEED, "bad", 1, "", table.now_ns))
    assert not live.is_settled
    table.show([(0.50, 100)], [(0.52, 100)])
    assert live.is_settled


def test_on_paper_an_old_word_of_a_tick_changes_nothing() -> None:
    table = Table()
    paper_round = table.simulator._rounds[ROUND.slug]
    at_ns = table.now_ns + 10
    table.see(ev.TickSizeChanged("up-token", Price(1_000), at_ns, at_ns))
    _with_tick(table, 1_000, at_ns)
    table.see(ev.TickSizeChanged("down-token", Price(10_000), at_ns - 1, at_ns))
    assert (paper_round.round.tick, paper_round.live.is_known) == (1_000, True)
