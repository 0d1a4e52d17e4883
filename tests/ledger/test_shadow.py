"""Virtual fills: only what the book shows, at its price, with the venue's fee, each side once."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.shadow import Facing, Shadow
from polytui.ledger.track import Stake
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Quote, Side, TimeInForce
from polytui.model.units import LOT, MICRO, Price, Shares, Usd

UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL
ENTER = Quote(UP, BUY, Price(510_000), Shares(20 * MICRO))
SALE = Quote(UP, SELL, Price(600_000), Shares(20 * MICRO), TimeInForce.FAK)
PAIR = Quote(DOWN, BUY, Price(400_000), Shares(20 * MICRO), TimeInForce.FAK)


def facing(price: float, shares: float = 100) -> Facing:
    return Facing(Price(round(price * MICRO)), Shares(round(shares * MICRO)), FeeSchedule())


def entered(price: float = 0.50) -> Shadow:
    shadow = Shadow()
    assert shadow.follow("round", "fade", ENTER, facing(price), 5) == 20_000_000
    return shadow


def test_it_buys_at_the_best_ask_with_the_fee_not_at_the_limit() -> None:
    # 20 x 0.50, and 0.07 x 0.25 x 20 of fee
    assert entered().open("round") == (Stake("fade", UP, Shares(20_000_000), Usd(10_350_000), 5),)


def test_the_fee_is_floored_like_the_venues() -> None:
    shadow = Shadow()
    quote = evolve(ENTER, shares=Shares(5_010_000))
    shadow.follow("round", "fade", quote, facing(0.51), 5)
    # 5.01 x 0.07 x 0.51 x 0.49 = 0.0876399...: five decimals
    assert shadow.results()["fade"].fees == 87_630


@pytest.mark.parametrize(
    ("price", "fills"),
    [(0.0, False), (0.000001, True), (0.51, True), (0.510001, False), (1.0, False)],
)
def test_it_buys_up_to_the_limit_and_never_from_an_empty_side(price: float, fills: bool) -> None:
    shadow = Shadow()
    assert bool(shadow.follow("round", "fade", ENTER, facing(price), 5)) is fills
    assert bool(shadow.open("round")) is fills


def test_a_limit_of_a_dollar_buys_nothing_from_an_empty_side() -> None:
    quote = evolve(ENTER, price=Price(MICRO))
    assert Shadow().follow("round", "fade", quote, facing(1.0), 5) == 0


@pytest.mark.parametrize(
    ("offered", "bought"),
    [
        (0, 0),
        (0.009999, 0),
        (0.01, 0.01),
        (7.559, 7.55),
        (19.999999, 19.99),
        (20, 20),
        (20.01, 20),
    ],
)
def test_it_buys_at_most_what_is_offered_in_whole_lots(offered: float, bought: float) -> None:
    shadow = Shadow()
    shares = shadow.follow("round", "fade", ENTER, facing(0.50, offered), 5)
    assert shares == round(bought * MICRO)


def test_each_side_of_a_round_is_entered_once() -> None:
    shadow = entered()
    assert shadow.follow("round", "fade", ENTER, facing(0.40), 6) == 0
    shadow.leave("round", "fade", SALE, facing(0.60), 7)
    assert shadow.follow("round", "fade", ENTER, facing(0.40), 8) == 0
    # the other side, another strategy and another round are not spent
    assert shadow.follow("round", "fade", evolve(ENTER, outcome=DOWN), facing(0.40), 9)
    assert shadow.follow("round", "sniper", ENTER, facing(0.40), 9)
    assert shadow.follow("next", "fade", ENTER, facing(0.40), 9)


def test_a_signal_that_bought_nothing_is_not_spent() -> None:
    shadow = Shadow()
    assert shadow.follow("round", "fade", ENTER, facing(0.52), 5) == 0
    assert shadow.follow("round", "fade", ENTER, facing(0.50), 6) == 20_000_000


def test_a_sale_is_no_entry() -> None:
    assert entered().follow("round", "fade", SALE, facing(0.60), 6) == 0


@pytest.mark.parametrize(
    ("price", "fills"),
    [(0.0, False), (0.599999, False), (0.60, True), (0.70, True), (1.0, False)],
)
def test_it_sells_at_the_best_bid_down_to_the_limit(price: float, fills: bool) -> None:
    shadow = entered()
    assert bool(shadow.leave("round", "fade", SALE, facing(price), 6)) is fills
    assert bool(shadow.open("round")) is not fills


def test_a_sale_earns_the_bid_less_its_fee() -> None:
    shadow = entered()
    shadow.leave("round", "fade", SALE, facing(0.70), 6)
    # 14.00 - 0.29400 - 10.35
    assert shadow.settle("round", DOWN) == {"fade": 3_356_000}
    result = shadow.results()["fade"]
    assert (result.entries, result.exits, result.wins, result.losses) == (1, 1, 1, 0)


@pytest.mark.parametrize("winner", list(Outcome))
def test_a_pair_earns_a_dollar_whoever_wins(winner: Outcome) -> None:
    shadow = entered()
    assert shadow.leave("round", "fade", PAIR, facing(0.30), 6) == 20_000_000
    assert shadow.open("round") == ()
    # 20 - 10.35 - 6.00 - 0.29400
    assert shadow.settle("round", winner) == {"fade": 3_356_000}


@pytest.mark.parametrize("quote", [SALE, PAIR])
@pytest.mark.parametrize(("wanted", "left"), [(19.99, 0.01), (20, 0), (20.01, 0), (500, 0)])
def test_it_never_leaves_more_than_it_has(quote: Quote, wanted: float, left: float) -> None:
    shadow = entered()
    quote = evolve(quote, shares=Shares(round(wanted * MICRO)))
    price = 0.60 if quote.side is SELL else 0.40
    shadow.leave("round", "fade", quote, facing(price, 1_000), 6)
    assert sum(stake.shares for stake in shadow.open("round")) == round(left * MICRO)
    assert shadow.leave("round", "fade", quote, facing(price, 1_000), 7) == round(left * MICRO)


def test_nothing_is_left_of_what_another_holds() -> None:
    shadow = entered()
    assert shadow.leave("round", "sniper", SALE, facing(0.60), 6) == 0
    assert shadow.leave("next", "fade", SALE, facing(0.60), 6) == 0
    assert shadow.leave("round", "fade", evolve(SALE, outcome=DOWN), facing(0.60), 6) == 0
    assert shadow.leave("round", "fade", evolve(PAIR, outcome=UP), facing(0.40), 6) == 0


def test_a_settled_or_forgotten_round_may_be_entered_anew() -> None:
    for end in (lambda s: s.settle("round", UP), lambda s: s.forget("round")):
        shadow = entered()
        end(shadow)
        assert shadow.open("round") == ()
        assert shadow.follow("round", "fade", ENTER, facing(0.50), 6)


def test_spent_sides_are_part_of_the_state() -> None:
    one, other = entered(), Shadow()
    one.leave("round", "fade", SALE, facing(0.60), 6)
    assert one.state() != other.state()
    assert one.state() == one.state()


FACINGS = st.builds(
    Facing,
    st.integers(0, MICRO).map(Price),
    st.integers(0, 60_000_000).map(Shares),
    st.just(FeeSchedule()),
)
QUOTES = st.builds(
    Quote,
    st.sampled_from(list(Outcome)),
    st.sampled_from(list(Side)),
    st.integers(0, MICRO).map(Price),
    st.integers(0, 60_000_000).map(Shares),
)
STEPS = st.tuples(st.booleans(), st.sampled_from(("a", "b")), QUOTES, FACINGS)


@given(st.lists(STEPS, max_size=30), st.sampled_from(list(Outcome)))
def test_virtual_money_is_conserved(
    steps: list[tuple[bool, str, Quote, Facing]], winner: Outcome
) -> None:
    shadow = Shadow()
    flow = {"a": 0, "b": 0}
    held = {(name, outcome): 0 for name in flow for outcome in Outcome}
    for now_ns, (is_entry, name, quote, best) in enumerate(steps):
        act = shadow.follow if is_entry else shadow.leave
        shares = act("round", name, quote, best, now_ns)
        assert 0 <= shares <= min(quote.shares, best.shares)
        assert shares % LOT == 0
        fee = best.fees.fee(best.price, shares)
        sign = 1 if quote.side is BUY else -1
        # whole lots at prices in millionths: to be rounded against us all the same
        worth = best.price * shares
        flow[name] -= (-(-worth // MICRO) if sign > 0 else -(worth // MICRO)) + fee
        held[name, quote.outcome] += sign * shares
        assert held[name, quote.outcome] >= 0
    pnls = shadow.settle("round", winner)
    for name in flow:
        assert pnls.get(name, 0) == flow[name] + held[name, winner]
