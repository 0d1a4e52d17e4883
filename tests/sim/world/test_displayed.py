"""An order among what is displayed: what it does not reach need not be shown to it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.ledger.taken_liquidity import TakenLiquidity
from polytui.market.book import TokenBook
from polytui.model.events import BookSnapshotted
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Side, TimeInForce
from polytui.model.units import MICRO, Price, Shares
from polytui.sim.world.displayed import meet
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import ConditionBook, MatchResult

CENT = MICRO // 100
LISTED = Round(
    "btc", Asset.BTC, Interval.M5, "0x1", "up", "down", 0, Interval.M5.ns, SettlementRule.TWAP
)
cents = st.integers(47, 53).map(lambda at: Price(at * CENT))
below, above = cents.filter(lambda at: at <= MICRO // 2), cents.filter(lambda at: at >= MICRO // 2)
"""Both halves may show the middle: then they cross."""
lots = st.integers(5, 40).map(lambda lot: Shares(lot * MICRO))
orders = st.builds(
    MatchOrder,
    st.just("ours"),
    st.just("us"),
    st.sampled_from(Outcome),
    st.sampled_from(Side),
    cents,
    lots,
    st.sampled_from((TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK)),
    st.sampled_from((False, False, False, True)),
)


def among_everything(book: TokenBook, taken: TakenLiquidity, order: MatchOrder) -> MatchResult:
    exchange = ConditionBook(LISTED.tick, LISTED.fees, LISTED.min_shares)
    for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
        for price, shares in taken.left(side, levels):
            exchange.show(side, price, shares)
    return exchange.submit(order)


@settings(max_examples=300)
@given(
    st.dictionaries(below, lots, min_size=1),
    st.dictionaries(above, lots, min_size=1),
    st.lists(st.tuples(st.sampled_from(Side), cents, lots)),
    orders,
)
def test_what_it_does_not_reach_changes_nothing(
    bids: dict[Price, Shares],
    asks: dict[Price, Shares],
    took: list[tuple[Side, Price, Shares]],
    order: MatchOrder,
) -> None:
    """Crossed books are among them, whose halves make way for one another."""
    book, taken = TokenBook(), TakenLiquidity()
    book.replace(BookSnapshotted("up", tuple(bids.items()), tuple(asks.items()), None, 1, 1))
    for side, price, shares in took:
        taken.take(side, price, shares)
    assert meet(LISTED, book, taken, order) == among_everything(book, taken, order)
