from __future__ import annotations

import pytest

from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook, MatchKind, MatchResult
from polytui.sim.world.queues import Queued, QueuedLevel

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
GTC, FAK, FOK = TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK


def cents(value: float) -> Price:
    return Price(round(value * 10_000))


def shares(value: float) -> Shares:
    return Shares(round(value * MICRO))


def new_book() -> ConditionBook:
    return ConditionBook(Price(10_000), FeeSchedule(), shares(5))


def order(
    name: str,
    outcome: Outcome,
    side: Side,
    price: Price,
    size: Shares,
    tif: TimeInForce = GTC,
    is_post_only: bool = False,
) -> MatchOrder:
    return MatchOrder(name, f"owner of {name}", outcome, side, price, size, tif, is_post_only)


def test_an_order_that_crosses_nothing_rests_and_is_seen_from_both_outcomes() -> None:
    book = new_book()
    assert book.submit(order("a", DOWN, BUY, cents(40), shares(10))) == MatchResult((), shares(10))
    assert book.levels(DOWN, BUY) == [(cents(40), shares(10))]
    assert book.levels(UP, SELL) == [(cents(60), shares(10))]
    assert (book.best(UP, SELL), book.best(UP, BUY)) == (cents(60), None)
    assert book.remaining("a") == shares(10)
    assert book.depth(UP, SELL, cents(60)) == shares(10)


@pytest.mark.parametrize(
    ("maker", "taker", "kind", "maker_price", "taker_price"),
    [
        ((UP, SELL, 52), (UP, BUY, 55), MatchKind.NORMAL, 52, 52),
        ((UP, BUY, 52), (UP, SELL, 50), MatchKind.NORMAL, 52, 52),
        ((DOWN, BUY, 48), (UP, BUY, 55), MatchKind.MINT, 48, 52),
        ((DOWN, SELL, 48), (UP, SELL, 50), MatchKind.MERGE, 48, 52),
    ],
)
def test_execution_is_at_the_makers_price_and_the_improvement_is_the_takers(
    maker: tuple[Outcome, Side, int],
    taker: tuple[Outcome, Side, int],
    kind: MatchKind,
    maker_price: int,
    taker_price: int,
) -> None:
    book = new_book()
    book.submit(order("m", maker[0], maker[1], cents(maker[2]), shares(100)))
    result = book.submit(order("t", taker[0], taker[1], cents(taker[2]), shares(30)))
    (match,) = result.matches
    assert (match.maker_price, match.taker_price) == (cents(maker_price), cents(taker_price))
    assert (match.kind, match.shares) == (kind, shares(30))
    assert (match.maker_owner, match.taker_owner) == ("owner of m", "owner of t")
    assert match.taker_fee == 524_160  # 30 x 0.07 x 0.52 x 0.48
    assert book.remaining("m") == shares(70)
    assert book.last_trade(UP) == cents(52)
    assert book.last_trade(DOWN) == cents(48)


def test_the_better_price_goes_first_and_at_one_price_the_older_order() -> None:
    book = new_book()
    book.submit(order("late", UP, SELL, cents(51), shares(5)))
    book.submit(order("later", UP, SELL, cents(51), shares(5)))
    book.submit(order("best", DOWN, BUY, cents(50), shares(5)))
    result = book.submit(order("t", UP, BUY, cents(51), shares(12)))
    assert [match.maker_order_id for match in result.matches] == ["best", "late", "later"]
    assert [match.shares for match in result.matches] == [shares(5), shares(5), shares(2)]


def test_the_rest_of_a_gtc_rests_and_the_rest_of_a_fak_dies() -> None:
    book = new_book()
    book.submit(order("m", UP, SELL, cents(50), shares(10)))
    assert book.submit(order("gtc", UP, BUY, cents(50), shares(15))).resting == shares(5)
    assert book.best(UP, BUY) == cents(50)
    fak = book.submit(order("fak", UP, SELL, cents(50), shares(15), FAK))
    assert (fak.resting, len(fak.matches)) == (0, 1)
    assert book.levels(UP, SELL) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            order("x", UP, BUY, cents(52.5), shares(10)),
            "order x is invalid. Price (0.525) breaks minimum tick size rule: 0.01",
        ),
        (
            order("x", UP, BUY, Price(MICRO), shares(10)),
            "order x is invalid. Price (1) breaks minimum tick size rule: 0.01",
        ),
        (
            order("x", UP, BUY, cents(50), shares(3)),
            "order x is invalid. Size (3) lower than the minimum: 5",
        ),
        (
            order("x", UP, BUY, cents(50), shares(29.415)),
            "Size 29.415 has 3 decimal places. Maximum lot size is 2",
        ),
        (order("m", UP, BUY, cents(50), shares(10)), "order m is invalid. Duplicated."),
        (
            order("x", UP, BUY, cents(60), shares(10), GTC, True),
            "invalid post-only order: order crosses book",
        ),
        (
            order("x", UP, BUY, cents(10), shares(7)),
            "invalid amount for a marketable BUY order ($0.7), min size: $1",
        ),
        (
            order("x", UP, BUY, cents(9), shares(50), FAK),
            "no orders found to match with FAK order. "
            "FAK orders are partially filled or killed if no match is found.",
        ),
        (
            order("x", UP, BUY, cents(60), shares(21), FOK),
            "order couldn't be fully filled. FOK orders are fully filled or killed.",
        ),
    ],
)
def test_refusals_speak_the_venues_words_and_change_nothing(wrong: MatchOrder, words: str) -> None:
    book = new_book()
    book.submit(order("m", UP, SELL, cents(10), shares(20)))
    assert book.submit(wrong) == MatchResult(refusal=words)
    assert book.levels(UP, SELL) == [(cents(10), shares(20))]
    assert book.levels(UP, BUY) == []


def test_a_refused_id_may_be_sent_again_a_used_one_never() -> None:
    book = new_book()
    assert book.submit(order("a", UP, BUY, cents(50), shares(3))).refusal
    assert not book.submit(order("a", UP, BUY, cents(50), shares(10))).refusal
    assert book.cancel("a") == shares(10)
    assert book.submit(order("a", UP, BUY, cents(50), shares(10))).refusal.endswith("Duplicated.")


def test_a_cancel_answers_what_it_cancelled() -> None:
    book = new_book()
    book.submit(order("a", UP, BUY, cents(50), shares(10)))
    book.sweep(UP, SELL, cents(50), shares(4))
    assert book.cancel("a") == shares(6)
    assert book.cancel("a") == 0
    assert book.cancel("nobody") == 0
    assert book.levels(UP, BUY) == []


def test_the_crowd_joins_and_leaves_at_the_back_of_the_queue() -> None:
    book = new_book()
    book.show(BUY, cents(50), shares(100))
    book.submit(order("mine", UP, BUY, cents(50), shares(10)))
    book.show(BUY, cents(50), shares(150))
    assert book.depth(UP, BUY, cents(50)) == shares(160)
    book.show(BUY, cents(50), shares(80))
    assert book.shown(BUY, cents(50)) == shares(80)
    # Of 150 displayed, 50 stood behind and 20 of those in front left: 80 are still ahead.
    assert [m.maker_order_id for m in book.sweep(UP, SELL, cents(50), shares(80)).matches] == [""]
    (match,) = book.sweep(UP, SELL, cents(50), shares(99)).matches
    assert (match.maker_order_id, match.shares) == ("mine", shares(10))


def test_growth_of_the_crowd_takes_named_orders_it_crosses_and_shows_the_rest() -> None:
    book = new_book()
    book.show(BUY, cents(50), shares(100))
    book.submit(order("mine", UP, BUY, cents(51), shares(10)))
    book.submit(order("lower", UP, BUY, cents(50), shares(10)))
    matches = book.show(SELL, cents(50), shares(35))
    assert [(m.maker_order_id, m.taker_price) for m in matches] == [
        ("mine", cents(51)),
        ("lower", cents(50)),
    ]
    assert book.levels(UP, BUY) == []  # the crowd's older bids gave way
    assert book.levels(UP, SELL) == [(cents(50), shares(15))]
    assert book.best_shown(SELL) == cents(50)


def test_a_finer_tick_takes_finer_prices_and_keeps_what_rests() -> None:
    book = new_book()
    book.submit(order("a", UP, BUY, cents(96), shares(10)))
    assert book.submit(order("b", UP, BUY, cents(96.5), shares(10))).refusal
    book.set_tick(Price(1_000))
    assert not book.submit(order("b", UP, BUY, cents(96.5), shares(10))).refusal
    assert [price for price, _ in book.levels(UP, BUY)] == [cents(96.5), cents(96)]


def test_clearing_names_the_orders_that_rested() -> None:
    book = new_book()
    book.show(SELL, cents(60), shares(100))
    book.submit(order("a", UP, BUY, cents(50), shares(10)))
    assert book.clear() == (("a", shares(10)),)
    assert book.levels(UP, SELL) == book.levels(UP, BUY) == []
    assert book.remaining("a") == 0


@pytest.mark.parametrize(
    ("price", "size", "fee"),
    [
        (820_000, 1_219_511, 12_590),
        (480_000, 2_083_334, 36_400),
        (971_000, 5_149_310, 10_140),
        (965_000, 5_140_000, 12_150),
        (710_000, 7_042_251, 101_490),
    ],
)
def test_fees_are_floored_at_five_decimals(price: int, size: int, fee: int) -> None:
    """Fills as charged on the chain; the last with the rate of this schedule."""
    book = ConditionBook(Price(1_000), FeeSchedule(), shares(5))
    book.show(SELL, Price(price), Shares(size))
    (match,) = book.sweep(UP, BUY, Price(price), Shares(size)).matches
    assert match.taker_fee == fee


# --- market purchases are for dollars -----------------------------------------------------------


def offered(*levels: tuple[float, float]) -> ConditionBook:
    book = new_book()
    for price, size in levels:
        book.show(SELL, cents(price), shares(size))
    return book


@pytest.mark.parametrize("tif", [FAK, FOK])
def test_cheaper_shares_are_more_shares_for_the_same_dollars(tif: TimeInForce) -> None:
    """Six shares were asked for at 0.60: 3.60 dollars, which bring 6.10 at 0.59."""
    result = offered((59, 100)).submit(order("t", UP, BUY, cents(60), shares(6), tif))
    assert [(m.taker_price, m.shares) for m in result.matches] == [(cents(59), 6_101_694)]


def test_five_dollars_are_spent_whole_and_bring_six_decimals() -> None:
    result = offered((66, 100)).submit(order("t", UP, BUY, cents(66), Shares(7_575_800), FAK))
    (match,) = result.matches
    assert match.shares == 7_575_757  # the venue was seen to give one millionth more
    assert -(-match.shares * 66 // 100) == 5_000_000


def test_dollars_walk_the_levels_and_end_with_them() -> None:
    book = offered((50, 4), (52, 5), (53, 100))
    result = book.submit(order("t", UP, BUY, cents(52), shares(50), FAK))  # 26 dollars
    assert [(m.taker_price, m.shares) for m in result.matches] == [
        (cents(50), shares(4)),
        (cents(52), shares(5)),
    ]
    assert result.resting == 0


def test_a_purchase_of_down_spends_its_own_dollars() -> None:
    book = new_book()
    book.show(BUY, cents(70), shares(100))
    result = book.submit(order("t", DOWN, BUY, cents(40), shares(10), FAK))  # 4 dollars
    (match,) = result.matches
    assert (match.taker_price, match.shares) == (cents(30), 13_333_333)


def test_a_fok_purchase_asks_whether_its_dollars_can_be_spent() -> None:
    asked = order("t", UP, BUY, cents(52), shares(10), FOK)  # 5.20 dollars
    short = "order couldn't be fully filled. FOK orders are fully filled or killed."
    assert offered((50, 10.39)).submit(asked).refusal == short  # 5.195: ten shares, and too few
    assert not offered((50, 10.4)).submit(asked).refusal


@pytest.mark.parametrize(
    ("price", "size", "tick", "decimals"),
    [(53, 10.03, 10_000, 4), (53.5, 10.03, 1_000, 5), (52, 19.23078, 10_000, 4)],
)
def test_a_market_purchase_of_other_than_whole_cents_is_refused(
    price: float, size: float, tick: int, decimals: int
) -> None:
    book = ConditionBook(Price(tick), FeeSchedule(), shares(5))
    book.show(SELL, cents(50), shares(100))
    wrong = order("t", UP, BUY, cents(price), shares(size), FAK)
    assert book.submit(wrong).refusal == (
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 "
        f"decimals, taker amount a max of {decimals} decimals"
    )
    # A limit order of the same size counts shares, and so does a sale.
    if not shares(size) % 10_000:
        assert not book.submit(order("l", UP, BUY, cents(price), shares(size))).refusal


def test_a_market_purchase_of_less_than_a_dollar_or_five_shares_is_refused() -> None:
    book = offered((10, 100))
    dear = order("t", UP, BUY, cents(10), shares(9.9), FAK)
    assert book.submit(dear).refusal == (
        "invalid amount for a marketable BUY order ($0.99), min size: $1"
    )
    few = order("t", UP, BUY, cents(90), Shares(4_988_900), FAK)
    assert "Size (4.9889) lower than the minimum: 5" in book.submit(few).refusal


def test_nobody_is_looked_for_who_cancels_in_a_long_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = new_book()
    for number in range(200):
        book.submit(order(f"o{number}", UP, BUY, cents(40), shares(10)))
    compared: list[object] = []
    monkeypatch.setattr(Queued, "__eq__", lambda _one, other: compared.append(other))
    for number in range(1, 199):
        assert book.cancel(f"o{number}") == shares(10)
        assert book.cancel(f"o{number}") == 0
    assert not compared
    assert book.depth(UP, BUY, cents(40)) == shares(20)
    assert fills(book.sweep(UP, SELL, cents(40), shares(15))) == [("o0", 10), ("o199", 5)]


def fills(result: MatchResult) -> list[tuple[str, float]]:
    return [(match.maker_order_id, match.shares / MICRO) for match in result.matches]


def test_turns_are_kept_and_the_queue_stays_short_whoever_comes_and_goes() -> None:
    book, level = new_book(), QueuedLevel()
    waiting = [Queued(f"o{number}", "", UP, BUY, 10, 400_000) for number in range(500)]
    for resting in waiting:
        level.queue.append(resting)
        level.shares += 10
    chosen = [one for number, one in enumerate(waiting) if number % 5]
    for resting in chosen[::2] + chosen[1::2]:
        level.drop(resting)
        alive = [one for one in level.queue if one.shares]
        assert len(level.queue) <= max(2 * len(alive), len(alive) + 16)
        assert level.empty == len(level.queue) - len(alive)
        assert level.shares == 10 * len(alive)
    assert [one.order_id for one in level.queue if one.shares] == [
        one.order_id for one in waiting[::5]
    ]
    # In a book: who left the front, the middle or the end is passed over.
    for number in range(6):
        book.submit(order(f"o{number}", UP, BUY, cents(40), shares(10)))
    for number in (0, 2, 5):
        book.cancel(f"o{number}")
    assert book.outlook(order("t", UP, SELL, cents(40), shares(25))).shares == shares(25)
    assert fills(book.sweep(UP, SELL, cents(40), shares(25))) == [("o1", 10), ("o3", 10), ("o4", 5)]
