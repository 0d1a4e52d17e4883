"""A session's own orders are no part of the crowd that its books show."""

from __future__ import annotations

import pytest

from polytui.backtest.own_displayed import OwnDisplayed
from polytui.market.book import TokenBook
from polytui.model import events as ev
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

OPENS_NS = 1_795_204_800 * NS_PER_S
ROUND = Round(
    "btc-updown-5m-1795204800",
    Asset.BTC,
    Interval.M5,
    "0x1",
    "up-token",
    "down-token",
    OPENS_NS,
    OPENS_NS + Interval.M5.ns,
    SettlementRule.TWAP,
)
P40, P60 = Price(400_000), Price(600_000)


def shares(count: float) -> Shares:
    return Shares(round(count * MICRO))


class Told:
    """Books as somebody hears them from whom ours are taken out."""

    def __init__(self) -> None:
        self.own, self.at_ns = OwnDisplayed(), OPENS_NS
        self.books = {"up-token": TokenBook(), "down-token": TokenBook()}
        self.tell(ev.RoundFound(ROUND))
        level = ((P40, shares(100)),)
        far = ((Price(700_000), shares(9)),)
        self.tell(ev.BookSnapshotted("up-token", level, far, None, self.at_ns, self.at_ns))
        offers = ((P60, shares(100)),)
        near = ((Price(300_000), shares(9)),)
        self.tell(ev.BookSnapshotted("down-token", near, offers, None, self.at_ns, self.at_ns))

    def tell(self, event: ev.Event) -> None:
        self.at_ns += 1
        left = self.own.without(event, self.at_ns)
        if isinstance(left, ev.BookSnapshotted):
            self.books[left.token_id].replace(left)
        elif isinstance(left, ev.BookChanged):
            for change in left.changes:
                self.books[change.token_id].change(change, left.venue_ns)

    def place(self, count: float) -> None:
        """A bid for Up at 0.40."""
        order = Order(
            "o-1", ROUND.slug, "up-token", Outcome.UP, Side.BUY, P40, shares(count),
            TimeInForce.GTC, True, "test", self.at_ns,
        )  # fmt: skip
        self.own.sent([order])

    def shows(self, up: float, best_bid: Price | None = P40) -> None:
        """The level in both books, as the venue tells it."""
        pair = (
            ev.LevelChange("up-token", Side.BUY, P40, shares(up), best_bid, Price(700_000)),
            ev.LevelChange("down-token", Side.SELL, P60, shares(up), Price(300_000), None),
        )
        self.tell(ev.BookChanged(pair, self.at_ns, self.at_ns))

    @property
    def crowd(self) -> tuple[float, float]:
        """At 0.40 of Up, and at 0.60 of Down."""
        up = self.books["up-token"].bids.get(P40, 0)
        return up / MICRO, self.books["down-token"].asks.get(P60, 0) / MICRO


def test_the_crowd_is_what_is_shown_less_ours_from_the_venues_word_to_the_end() -> None:
    told = Told()
    told.place(10)
    told.shows(110)
    assert told.crowd == (110, 110), "nobody said yet that it is ours"
    told.tell(ev.Accepted("o-1", "0xabc"))
    assert told.crowd == (100, 100)
    told.shows(130)
    assert told.crowd == (120, 120)
    told.shows(126)
    told.tell(ev.Filled("o-1", "t-1", P40, shares(4), Usd(0), False))
    assert told.crowd == (120, 120)
    told.shows(120)
    told.tell(ev.Cancelled("o-1", "by request"))
    assert told.crowd == (120, 120)


def test_a_book_that_is_read_anew_is_cleaned_as_well() -> None:
    told = Told()
    told.place(10)
    told.tell(ev.Accepted("o-1", "0xabc"))
    levels = ((Price(390_000), shares(5)), (P40, shares(10)))
    asks = ((Price(700_000), shares(9)),)
    told.tell(ev.BookSnapshotted("up-token", levels, asks, None, told.at_ns, told.at_ns))
    assert told.books["up-token"].bids == {Price(390_000): shares(5)}


def test_a_best_price_that_is_ours_alone_does_not_unsettle_the_book() -> None:
    told = Told()
    told.place(10)
    told.tell(ev.Accepted("o-1", "0xabc"))
    told.shows(10)
    book = told.books["up-token"]
    assert (book.bids, book.is_settled) == ({}, True)
    told.shows(12)
    assert (book.best_bid, book.is_settled) == (P40, True)


@pytest.mark.parametrize("word", [ev.Accepted("o-1"), ev.Accepted("o-2", "0xabc")])
def test_what_no_venue_has_and_what_is_not_ours_is_in_no_book(word: ev.Accepted) -> None:
    """On paper an order has no name at the venue: nobody saw it there."""
    told = Told()
    told.place(10)
    told.tell(word)
    told.shows(110)
    assert told.crowd == (110, 110)
