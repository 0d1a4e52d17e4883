"""Dollars and shares are conserved: what came in, went out, is held or was paid."""

from __future__ import annotations

from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.positions import Positions
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import MICRO, Price, Shares, Usd


def of_all(positions: Positions, name: str) -> int:
    """A sum over every round."""
    return sum(getattr(positions.of(str(slug)), name) for slug, *_ in positions.state())  # type: ignore[misc]


SLUGS = ("one", "two")


@define
class Deal:
    slug: str
    outcome: Outcome
    side: Side
    price: Price
    shares: Shares
    is_taker: bool

    def fill(self, number: int) -> Fill:
        fee = FeeSchedule().fee(self.price, self.shares) if self.is_taker else Usd(0)
        return Fill(f"t{number}", self.price, self.shares, fee, self.is_taker)


DEALS = st.builds(
    Deal,
    st.sampled_from(SLUGS),
    st.sampled_from(list(Outcome)),
    st.sampled_from(list(Side)),
    st.integers(1, MICRO - 1).map(Price),
    st.integers(1, 50_000_000).map(Shares),
    st.booleans(),
)
WINNERS = st.tuples(st.sampled_from(list(Outcome)), st.sampled_from(list(Outcome)))


@given(st.lists(DEALS, max_size=40), WINNERS)
def test_cash_and_payout_are_all_the_profit_there_is(
    deals: list[Deal], winners: tuple[Outcome, Outcome]
) -> None:
    positions, cash = Positions(), 0
    held = {(slug, outcome): 0 for slug in SLUGS for outcome in Outcome}
    for number, deal in enumerate(deals):
        key = (deal.slug, deal.outcome)
        cash += positions.fill(deal.slug, deal.outcome, deal.side, deal.fill(number))
        held[key] += deal.shares if deal.side is Side.BUY else -deal.shares
        _check_holdings(positions, held)
        assert of_all(positions, "cash_flow") == cash
    _check_settlement(positions, held, cash, winners)


def _check_holdings(positions: Positions, held: dict[tuple[str, Outcome], int]) -> None:
    for (slug, outcome), shares in held.items():
        position = positions.of(slug)
        assert position.pays(outcome) == shares
        assert position.shares(outcome) == max(0, shares)
        assert position.cost(outcome) >= 0
        assert shares > 0 or position.cost(outcome) == 0


def _check_settlement(
    positions: Positions,
    held: dict[tuple[str, Outcome], int],
    cash: int,
    winners: tuple[Outcome, Outcome],
) -> None:
    payouts = profits = 0
    for slug, winner in zip(SLUGS, winners, strict=True):
        payout, pnl = positions.settle(slug, winner)
        assert payout == held[slug, winner]
        payouts, profits = payouts + payout, profits + pnl
    assert cash + payouts == profits
    assert of_all(positions, "total_cost") == of_all(positions, "cash_flow") == 0
    assert positions.state() == ()


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 9_999_999)), min_size=1, max_size=8))
def test_selling_everything_in_pieces_leaves_no_cost(buys: list[tuple[int, int]]) -> None:
    positions = Positions()
    for number, (cents, shares) in enumerate(buys):
        fill = Fill(f"b{number}", Price(cents * 10_000), Shares(shares), Usd(0), False)
        positions.fill("one", Outcome.UP, Side.BUY, fill)
    for number, (cents, shares) in enumerate(reversed(buys)):
        before = positions.of("one").up_cost
        fill = Fill(f"s{number}", Price(cents * 10_000), Shares(shares), Usd(0), False)
        positions.fill("one", Outcome.UP, Side.SELL, fill)
        assert 0 <= positions.of("one").up_cost <= before
    assert positions.of("one").total_cost == 0
    assert positions.of("one").up == 0
