"""What people are told of, line by line."""

from __future__ import annotations

import pytest

from polytui.ledger.working import WorkingOrders
from polytui.model.events import (
    CashKind,
    CashMoved,
    Event,
    FeedDown,
    FeedStale,
    FeedUp,
    Filled,
    Reconciled,
    Refused,
    Ticked,
)
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd
from polytui.runtime.notices import TOLD, AccountLines, is_of_account, words_of
from polytui.sim.world.refusals import NOT_ALL_THERE, NOTHING_TO_TAKE


def orders(side: Side, tif: TimeInForce = TimeInForce.GTC) -> WorkingOrders:
    price, shares = Price(420_000), Shares(44_390_000)
    order = Order("o-1", "slug", "token", Outcome.DOWN, side, price, shares, tif, False, "s", 0)
    known = WorkingOrders()
    known.add(order)
    return known


FILL = Filled("o-1", "t-1", Price(420_000), Shares(44_390_000), Usd(756_930), True)


def test_a_fill_says_what_changed_hands() -> None:
    assert words_of(FILL, orders(Side.BUY)) == ("info", "bought down 44.39 at 0.42, fee 0.75693")
    assert words_of(FILL, orders(Side.SELL)) == ("info", "sold down 44.39 at 0.42, fee 0.75693")


def test_a_fill_of_an_order_that_is_forgotten_still_says_how_much() -> None:
    free = Filled("gone", "t-2", Price(500_000), Shares(5_000_000), Usd(0), False)
    assert words_of(free, WorkingOrders()) == ("info", "filled 5.00 at 0.50")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Refused("o-1", "no luck"), ("warn", "order refused: no luck")),
        (
            Refused("o-1", "not sent: sells 5 shares, 0 are free", is_unsent=True),
            ("warn", "order not sent: sells 5 shares, 0 are free"),
        ),
        (FeedUp("book", 0), ("info", "book is up")),
        (FeedDown("rtds", "closed with 1006", 0), ("warn", "rtds is down: closed with 1006")),
        (FeedStale("rtds", 15_250, 0), ("warn", "rtds is stale: 15.2 s without data")),
    ],
)
def test_feeds_and_refusals(event: object, words: tuple[str, str]) -> None:
    assert isinstance(event, TOLD)
    assert words_of(event, WorkingOrders()) == words


def test_a_refusal_is_told_in_plain_words_with_the_venues_own_beside_them() -> None:
    own = "not enough balance / allowance: the allowance is not enough"
    all_of_it = f"POST https://clob.example:8/order: HTTP 400 {own}; ask for something else"
    level, text = words_of(Refused("o-1", all_of_it), WorkingOrders())
    assert level == "warn"
    assert text.startswith(
        "order refused: the exchange's contract may not move this wallet's money"
    )
    assert text.endswith(f"({own})")
    down = FeedDown("venue", "HTTP 503 post-only mode: only post-only orders", 0)
    level, text = words_of(down, WorkingOrders())
    assert level == "error"
    assert text.startswith("the venue is down: the venue takes only orders that rest")
    assert text.endswith("(post-only mode: only post-only orders)")


@pytest.mark.parametrize(
    ("tif", "own", "said"),
    [
        (TimeInForce.FAK, NOTHING_TO_TAKE, "nothing to match at 0.42: order refused"),
        (TimeInForce.FOK, NOT_ALL_THERE, "not all of it is there at 0.42: order refused"),
    ],
)
def test_who_finds_nobody_is_told_so_in_one_sentence(tif: TimeInForce, own: str, said: str) -> None:
    """No address and no status: the line is read while others come in."""
    whole = f"POST http://127.0.0.1:4/clob/order: HTTP 400 {own}; ask for something else"
    assert words_of(Refused("o-1", whole), orders(Side.BUY, tif)) == ("warn", said)
    forgotten = words_of(Refused("gone", whole), WorkingOrders())
    assert forgotten == ("warn", "nothing to match: order refused")


def test_nothing_else_is_told() -> None:
    assert not isinstance(Ticked(1), TOLD)
    with pytest.raises(TypeError, match="nobody wants to read a Ticked"):
        words_of(Ticked(1), WorkingOrders())


# --- lines of the account -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "is_it"),
    [
        (FeedUp("user", 0), True),
        (FeedDown("heartbeat", "lost", 0), True),
        (FeedDown("venue", "cancel-only", 0), True),
        (CashMoved(CashKind.DEPOSIT, Usd(5), "k", 0), True),
        (Reconciled(0, 1), True),
        (FeedUp("rtds", 0), False),
        (FeedDown("book", "closed", 0), False),
        (FILL, False),
    ],
)
def test_what_is_the_accounts(event: Event, is_it: bool) -> None:
    assert is_of_account(event) is is_it


def test_four_desks_hear_of_the_account_and_people_read_it_once() -> None:
    """Each in its own time, and the last one begins late."""
    down, up = FeedDown("user", "cut", 5), FeedUp("user", 9)
    lines, said = AccountLines(), list[str]()
    for event in (down, down, up, down, up, up, FeedDown("user", "cut", 12), up, down):
        text = words_of(event, WorkingOrders())[1]
        if lines.is_news(event, text):
            said.append(text)
    assert said == ["user channel is down: cut", "user channel is up", "user channel is down: cut"]


def test_one_feed_is_not_another_and_money_is_told_to_one_desk_anyway() -> None:
    lines = AccountLines()
    assert lines.is_news(FeedDown("user", "cut", 5), "a")
    assert lines.is_news(FeedDown("heartbeat", "lost", 3), "b")
    deposit = CashMoved(CashKind.DEPOSIT, Usd(5), "k", 0)
    assert lines.is_news(deposit, "c")
    assert lines.is_news(deposit, "c")
