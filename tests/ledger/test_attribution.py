"""Whose shares, whose money: split among strategies, and not a millionth lost or made."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st
from test_positions import of_all

from polytui.ledger.attribution import NOBODY, Attribution, StrategyPosition, StrategyResult
from polytui.ledger.positions import Positions
from polytui.model.events import HeldRound
from polytui.model.instrument import Asset, FeeSchedule, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Fill, Holding, Side
from polytui.model.units import MICRO, Price, Shares, Usd

LISTED = Round(
    "round", Asset.BTC, Interval.M5, "0x1", "111", "222", 0, Interval.M5.ns, SettlementRule.TWAP
)
UP, DOWN, BUY, SELL = Outcome.UP, Outcome.DOWN, Side.BUY, Side.SELL


def book(
    attribution: Attribution,
    strategy: str,
    side: Side,
    price: float,
    shares: float,
    *,
    fee: float = 0.0,
    outcome: Outcome = UP,
    now_ns: int = 1,
) -> None:
    fill = Fill("t", Price(micro(price)), Shares(micro(shares)), Usd(micro(fee)), True)
    attribution.fill("round", strategy, outcome, side, fill, now_ns)


def micro(value: float) -> int:
    return round(value * MICRO)


def held_round(up: float, up_cost: float, down: float, down_cost: float, flow: float) -> HeldRound:
    holdings = (
        Holding(UP, Shares(micro(up)), Usd(micro(up_cost))),
        Holding(DOWN, Shares(micro(down)), Usd(micro(down_cost))),
    )
    return HeldRound(LISTED, tuple(h for h in holdings if h.shares), Usd(micro(flow)))


def positions(attribution: Attribution) -> list[tuple[str, Outcome, float, float]]:
    return [
        (s.strategy, s.outcome, s.shares / MICRO, s.cost / MICRO) for s in attribution.open("round")
    ]


# --- buying and selling ---------------------------------------------------------------------------


def test_a_buy_is_the_strategys_own_with_its_fee() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.53, 10, fee=0.17437, now_ns=7)
    assert attribution.open("round") == (
        StrategyPosition("fade", UP, Shares(10_000_000), Usd(5_474_370), 7),
    )
    (result,) = attribution.results().values()
    assert result == StrategyResult(
        entries=1, staked=Usd(5_474_370), fees=Usd(174_370), open_cost=Usd(5_474_370)
    )


def test_buying_more_keeps_the_age_of_a_stake_and_is_one_entry() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.50, 10, now_ns=7)
    book(attribution, "fade", BUY, 0.60, 10, now_ns=9)
    assert attribution.open("round") == (
        StrategyPosition("fade", UP, Shares(20_000_000), Usd(11_000_000), 7),
    )
    assert attribution.results()["fade"].entries == 1


def test_a_sale_takes_its_part_of_the_sellers_own_average_cost() -> None:
    """The other strategy's cost is its own affair, whatever the average of both may be."""
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.50, 10)
    book(attribution, "sniper", BUY, 0.90, 10)
    book(attribution, "fade", SELL, 0.60, 4)
    assert positions(attribution) == [("fade", UP, 6.0, 3.0), ("sniper", UP, 10.0, 9.0)]


def test_a_stake_that_came_back_is_new() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.50, 10, now_ns=1)
    book(attribution, "sniper", BUY, 0.50, 10, now_ns=2)
    book(attribution, "fade", SELL, 0.50, 10, now_ns=3)
    book(attribution, "fade", BUY, 0.50, 10, now_ns=4)
    assert [(s.strategy, s.since_ns) for s in attribution.open("round")] == [
        ("sniper", 2),
        ("fade", 4),
    ]


@pytest.mark.parametrize(
    ("seller", "shares", "left"),
    [
        ("flatten", 4, [("one", 6), ("two", 10), ("three", 10)]),
        ("flatten", 10, [("two", 10), ("three", 10)]),
        ("flatten", 10.000001, [("two", 9.999999), ("three", 10)]),
        ("flatten", 25, [("three", 5)]),
        ("flatten", 30, []),
        ("two", 4, [("one", 10), ("two", 6), ("three", 10)]),
        # more than its own: then as anybody else's
        ("two", 13, [("one", 7), ("three", 10)]),
    ],
)
def test_a_sale_takes_the_sellers_own_then_the_oldest(
    seller: str, shares: float, left: list[tuple[str, float]]
) -> None:
    attribution = Attribution()
    for name in ("one", "two", "three"):
        book(attribution, name, BUY, 0.50, 10)
    book(attribution, seller, SELL, 0.50, shares)
    assert [(name, amount) for name, _, amount, _ in positions(attribution)] == left
    assert seller == "two" or "flatten" not in attribution.results()


def test_the_order_of_entry_is_that_of_the_stake_not_of_the_name() -> None:
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 10)
    book(attribution, "two", BUY, 0.50, 10)
    book(attribution, "one", SELL, 0.50, 10)
    book(attribution, "one", BUY, 0.50, 10)
    book(attribution, "flatten", SELL, 0.50, 10)
    assert [name for name, *_ in positions(attribution)] == ["one"]


def test_proceeds_and_fee_of_a_shared_sale_are_split_to_the_millionth() -> None:
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 1)
    book(attribution, "two", BUY, 0.50, 2)
    # brings 1.000002 less 0.000100: 999_902 for three shares
    fill = Fill("t", Price(333_334), Shares(3 * MICRO), Usd(100), True)
    attribution.fill("round", "flatten", UP, SELL, fill, 5)
    assert {name: r.fees for name, r in attribution.results().items()} == {"one": 33, "two": 67}
    # a third of it rounded down, and the rest
    assert attribution.settle("round", UP) == {"one": 333_300 - 500_000, "two": 666_602 - 1_000_000}


@pytest.mark.parametrize("seller", ["one", "flatten"])
@pytest.mark.parametrize(
    ("outcome", "shares", "is_held"),
    [(UP, 19.999999, True), (UP, 20, True), (UP, 20.000001, False), (DOWN, 0.000001, False)],
)
def test_nobody_sells_what_nobody_holds(
    seller: str, outcome: Outcome, shares: float, is_held: bool
) -> None:
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 10)
    book(attribution, "two", BUY, 0.50, 10)
    before = attribution.state()
    if is_held:
        book(attribution, seller, SELL, 0.50, shares, outcome=outcome)
        return
    book(attribution, seller, SELL, 0.50, shares, outcome=outcome)
    assert attribution.state() != before
    if outcome is UP:
        assert attribution.open("round") == ()  # all that was held is gone, and some is owed
    owed = round(shares * MICRO) - (20 * MICRO if outcome is UP else 0)
    won = sum(attribution.settle("round", outcome).values())
    paid = 10 * MICRO - round(shares * MICRO / 2)
    assert won == -owed - paid


def test_what_is_owed_is_paid_back_by_the_next_purchase() -> None:
    """The user channel keeps no order: a sale may be told before the purchase it sells."""
    attribution = Attribution()
    book(attribution, "one", SELL, 0.50, 1)
    assert attribution.open("round") == ()
    book(attribution, "one", BUY, 0.40, 3)
    assert positions(attribution) == [("one", UP, 2.0, 0.8)]
    assert attribution.settle("round", UP) == {"one": 500_000 - 1_200_000 + 2 * MICRO}


# --- pairs ----------------------------------------------------------------------------------------


def test_both_outcomes_of_one_strategy_are_pairs_and_the_rest_is_open() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    book(attribution, "fade", BUY, 0.30, 4, outcome=DOWN)
    assert positions(attribution) == [("fade", UP, 6.0, 3.6)]
    assert attribution.paired("round") == 4_000_000
    assert attribution.held("round", "fade", UP) == 10_000_000
    assert attribution.results()["fade"].open_cost == 7_200_000
    assert attribution.settle("round", DOWN) == {"fade": 4_000_000 - 7_200_000}


def test_pairs_are_made_within_a_strategy_only() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    book(attribution, "sniper", BUY, 0.30, 10, outcome=DOWN)
    assert attribution.paired("round") == 0
    assert len(attribution.open("round")) == 2


def test_more_of_the_complement_than_was_to_be_left_is_a_stake_of_the_other_side() -> None:
    """The venue may give more shares than were asked for; they are not lost from sight."""
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10, now_ns=1)
    book(attribution, "fade", BUY, 0.30, 10.02, outcome=DOWN, now_ns=9)
    (position,) = attribution.open("round")
    assert (position.outcome, position.shares, position.since_ns) == (DOWN, 20_000, 9)


@pytest.mark.parametrize(
    ("leaving", "exits"),
    [(9.98, 0), (9.99, 0), (9.990001, 1), (10.0, 1), (10.009999, 1)],
)
@pytest.mark.parametrize("is_pairing", [False, True])
def test_left_is_left_when_less_than_a_lot_remains(
    leaving: float, exits: int, is_pairing: bool
) -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    if is_pairing:
        book(attribution, "fade", BUY, 0.40, leaving, outcome=DOWN)
    else:
        book(attribution, "fade", SELL, 0.60, min(leaving, 10.0))
    assert (attribution.results()["fade"].entries, attribution.results()["fade"].exits) == (
        1,
        exits,
    )
    # and what remains, however little, is still seen
    assert sum(s.shares for s in attribution.open("round")) == abs(
        10 * MICRO - micro(leaving if is_pairing else min(leaving, 10.0))
    )


def test_a_complement_beyond_the_pair_is_an_exit_and_an_entry() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    book(attribution, "fade", BUY, 0.30, 10.01, outcome=DOWN)
    assert (attribution.results()["fade"].entries, attribution.results()["fade"].exits) == (2, 1)


# --- settlement -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "pnl", "wins", "losses"),
    [(0.999999, 10, 1, 0), (1.0, 0, 0, 0), (1.000001, -10, 0, 1)],
)
def test_a_win_is_above_zero_after_fees(price: float, pnl: int, wins: int, losses: int) -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, price, 10)
    assert attribution.settle("round", UP) == {"fade": pnl}
    result = attribution.results()["fade"]
    assert (result.wins, result.losses, result.pnl, result.open_cost) == (wins, losses, pnl, 0)


def test_a_settled_round_is_forgotten_and_its_results_stay() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    assert attribution.rounds == ("round",)
    attribution.settle("round", DOWN)
    assert (attribution.rounds, attribution.open("round"), attribution.paired("round")) == (
        (),
        (),
        0,
    )
    assert attribution.settle("round", UP) == {}
    assert attribution.results()["fade"].pnl == -6_000_000


def test_a_round_that_ended_unseen_is_nobodys_result() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    attribution.forget("round")
    attribution.forget("another")
    assert (attribution.rounds, attribution.results()["fade"].pnl) == ((), 0)
    assert attribution.results()["fade"].open_cost == 0


def test_results_that_were_given_away_do_not_change() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    before = attribution.results()
    book(attribution, "fade", SELL, 0.60, 10)
    assert before["fade"].exits == 0
    assert attribution.results()["fade"].exits == 1


# --- after a crash --------------------------------------------------------------------------------


def test_a_track_that_agrees_with_the_hands_is_left_alone() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    before = attribution.state()
    attribution.restore(held_round(10, 6, 0, 0, -6), 99)
    assert attribution.state() == before


def test_what_an_earlier_life_held_is_nobodys() -> None:
    attribution = Attribution()
    attribution.restore(held_round(10, 6, 4, 1, -6.5), 99)
    assert attribution.open("round") == (
        StrategyPosition(NOBODY, UP, Shares(6_000_000), Usd(3_600_000), 99),
    )
    assert attribution.settle("round", UP) == {NOBODY: 3_500_000}


def test_shares_that_nobody_accounts_for_do_not_touch_those_of_a_strategy() -> None:
    attribution = Attribution()
    book(attribution, "fade", BUY, 0.60, 10)
    attribution.restore(held_round(15, 8, 0, 0, -8), 99)
    assert positions(attribution) == [("fade", UP, 10.0, 6.0), (NOBODY, UP, 5.0, 2.0)]


@pytest.mark.parametrize(
    ("held", "left"),
    [
        (20, [("one", 10), ("two", 10)]),
        (19.999999, [("one", 10), ("two", 9.999999)]),
        (10, [("one", 10)]),
        (9.999999, [("one", 9.999999)]),
        (0, []),
    ],
)
def test_shares_too_many_leave_the_newest_first(held: float, left: list[tuple[str, float]]) -> None:
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 10)
    book(attribution, "two", BUY, 0.50, 10)
    attribution.restore(held_round(held, held / 2, 0, 0, -10), 99)
    assert [(name, amount) for name, _, amount, _ in positions(attribution)] == left


def test_the_cash_of_a_sale_never_heard_of_is_the_sellers() -> None:
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 10)
    book(attribution, "two", BUY, 0.50, 10)
    # ten were sold at 0.70 while the desk was down
    attribution.restore(held_round(10, 5, 0, 0, -3), 99)
    assert attribution.settle("round", DOWN) == {"one": -5_000_000, "two": 2_000_000}


def test_cash_without_shares_is_nobodys() -> None:
    """Bought and sold while the desk was down: only the cash can tell."""
    attribution = Attribution()
    book(attribution, "one", BUY, 0.50, 10)
    attribution.restore(held_round(10, 5, 0, 0, -4.25), 99)
    assert attribution.settle("round", DOWN) == {"one": -5_000_000, NOBODY: 750_000}


# --- properties -----------------------------------------------------------------------------------

SLUGS = ("one", "two")
NAMES = ("a", "b", "c")


@define
class Deal:
    slug: str
    strategy: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    is_taker: bool

    def fill(self) -> Fill:
        fee = FeeSchedule().fee(self.price, self.shares) if self.is_taker else Usd(0)
        return Fill("t", self.price, self.shares, fee, self.is_taker)


def deals(names: Sequence[str]) -> st.SearchStrategy[list[Deal]]:
    deal = st.builds(
        Deal,
        st.sampled_from(SLUGS),
        st.sampled_from(names),
        st.sampled_from(list(Outcome)),
        st.sampled_from(list(Side)),
        st.integers(1, MICRO - 1).map(Price),
        st.integers(1, 50_000_000).map(Shares),
        st.booleans(),
    )
    return st.lists(deal, max_size=40)


WINNERS = st.tuples(st.sampled_from(list(Outcome)), st.sampled_from(list(Outcome)))


def play(attribution: Attribution, positions: Positions, deal: Deal, now_ns: int) -> bool:
    """Both ledgers take the deal, unless more is sold than is held: that has a test of its own."""
    fill, held = deal.fill(), positions.of(deal.slug).shares(deal.outcome)
    if deal.side is Side.SELL and fill.shares > held:
        return False
    positions.fill(deal.slug, deal.outcome, deal.side, fill)
    attribution.fill(deal.slug, deal.strategy, deal.outcome, deal.side, fill, now_ns)
    return True


def check_shares(attribution: Attribution, positions: Positions) -> None:
    for slug in SLUGS:
        stakes_of = attribution.open(slug)
        for outcome in Outcome:
            held = [attribution.held(slug, name, outcome) for name in (*NAMES, "flatten", NOBODY)]
            assert min(held) >= 0
            assert sum(held) == positions.of(slug).shares(outcome)
            opened = sum(s.shares for s in stakes_of if s.outcome is outcome)
            assert opened + attribution.paired(slug) == sum(held)
        assert all(position.shares > 0 and position.cost >= 0 for position in stakes_of)
        assert sum(s.cost for s in stakes_of) <= sum(
            r.open_cost for r in attribution.results().values()
        )


def check_settlement(
    attribution: Attribution, positions: Positions, winners: tuple[Outcome, Outcome]
) -> None:
    for slug, winner in zip(SLUGS, winners, strict=True):
        assert sum(attribution.settle(slug, winner).values()) == positions.settle(slug, winner)[1]
    assert all(result.open_cost == 0 for result in attribution.results().values())


@given(deals((*NAMES, "flatten")), WINNERS)
def test_strategies_add_up_to_the_position(
    played: list[Deal], winners: tuple[Outcome, Outcome]
) -> None:
    """Shares, fees and PnL equal those of the account's ledger, to the millionth."""
    attribution, positions, fees = Attribution(), Positions(), 0
    for now_ns, deal in enumerate(played):
        if play(attribution, positions, deal, now_ns):
            fees += deal.fill().fee
        check_shares(attribution, positions)
        assert sum(result.fees for result in attribution.results().values()) == fees
    check_settlement(attribution, positions, winners)
    for result in attribution.results().values():
        assert result.exits <= result.entries
        assert result.wins + result.losses <= len(SLUGS)


@given(deals(NAMES), WINNERS)
def test_costs_add_up_while_one_strategy_at_a_time_holds_an_outcome(
    played: list[Deal], winners: tuple[Outcome, Outcome]
) -> None:
    """Two that hold the same outcome keep a cost each; the account's ledger has one average."""
    attribution, positions = Attribution(), Positions()
    for now_ns, deal in enumerate(played):
        others = [attribution.held(deal.slug, n, deal.outcome) for n in NAMES if n != deal.strategy]
        if deal.side is BUY and any(others):
            continue
        play(attribution, positions, deal, now_ns)
        costs = sum(result.open_cost for result in attribution.results().values())
        assert costs == of_all(positions, "total_cost")
    check_settlement(attribution, positions, winners)


@given(deals(NAMES))
def test_what_was_paid_is_held_or_was_sold_with_its_cost(played: list[Deal]) -> None:
    """No cost without shares, and none beyond what was paid."""
    attribution, positions = Attribution(), Positions()
    for now_ns, deal in enumerate(played):
        before = {name: result.open_cost for name, result in attribution.results().items()}
        if not play(attribution, positions, deal, now_ns):
            continue
        for name, result in attribution.results().items():
            assert 0 <= result.open_cost <= result.staked
            if deal.side is SELL:
                assert result.open_cost <= before[name]
            held = any(
                attribution.held(slug, name, outcome) for slug in SLUGS for outcome in Outcome
            )
            assert held or result.open_cost == 0


@given(
    deals(NAMES),
    st.lists(st.tuples(st.integers(0, 90_000_000), st.integers(0, 90_000_000)), max_size=3),
    st.integers(-90_000_000, 90_000_000),
    st.sampled_from(list(Outcome)),
)
def test_after_a_restore_shares_and_cash_are_those_of_the_hands(
    played: list[Deal], lots: list[tuple[int, int]], flow: int, winner: Outcome
) -> None:
    attribution, positions = Attribution(), Positions()
    for now_ns, deal in enumerate(played):
        play(attribution, positions, deal, now_ns)
    holdings = tuple(
        Holding(outcome, Shares(shares), Usd(cost))
        for outcome, (shares, cost) in zip(Outcome, lots, strict=False)
    )
    listed = Round(
        "one", Asset.BTC, Interval.M5, "0x1", "1", "2", 0, Interval.M5.ns, SettlementRule.TWAP
    )
    held = HeldRound(listed, holdings, Usd(flow))
    attribution.restore(held, 99)
    restored = Positions()
    restored.restore(held)
    for outcome in Outcome:
        shares = sum(attribution.held("one", name, outcome) for name in (*NAMES, NOBODY))
        assert shares == restored.of("one").shares(outcome)
    again = attribution.state()
    attribution.restore(held, 100)
    assert attribution.state() == again
    assert sum(attribution.settle("one", winner).values()) == restored.settle("one", winner)[1]


def test_the_state_is_plain_and_tells_all_apart() -> None:
    one, other = Attribution(), Attribution()
    book(one, "a", BUY, 0.50, 10)
    book(other, "b", BUY, 0.50, 10)
    assert one.state() != other.state()
