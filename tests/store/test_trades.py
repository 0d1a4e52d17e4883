"""Trades of a round: what is split among them adds up to what attribution gives each strategy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polytui.ledger.bookings import Booking, Reckoning
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import MICRO, Price, Shares, Usd
from polytui.store.trades import SETTLED, SOLD, TradeBook

_OUTCOMES, _SIDES = list(Outcome), list(Side)


def fill(
    number: int,
    outcome: Outcome,
    side: Side,
    price: float,
    shares: float,
    *,
    strategy: str = "one",
    fee: int = 0,
) -> Booking:
    made = Fill(
        f"t{number}", Price(int(price * MICRO)), Shares(int(shares * MICRO)), Usd(fee), True
    )
    return Booking("slug", f"o{number}", outcome, side, strategy, made, number)


def book(*lines: Booking) -> TradeBook:
    made = TradeBook("slug")
    made.apply(lines)
    return made


def test_a_position_that_was_sold() -> None:
    made = book(
        fill(1, Outcome.UP, Side.BUY, 0.5, 10, fee=100),
        fill(2, Outcome.UP, Side.BUY, 0.6, 10),
        fill(3, Outcome.UP, Side.SELL, 0.7, 20, fee=50),
    )
    (one,) = made.trades
    assert (one.opened_ns, one.closed_ns, one.ended) == (1, 3, SOLD)
    assert (one.entered, one.entry_px, one.exit_px) == (20 * MICRO, 550_000, 700_000)
    assert (one.entry_order_id, one.exit_order_id) == ("o1", "o3")
    assert (one.stake, one.fees, one.pnl) == (11 * MICRO + 100, 150, 3 * MICRO - 150)


def test_a_position_that_was_held_to_the_end() -> None:
    made = book(fill(1, Outcome.DOWN, Side.BUY, 0.4, 10))
    made.settle(Outcome.DOWN, 9)
    (one,) = made.trades
    assert (one.closed_ns, one.ended, one.exit_px) == (9, SETTLED, MICRO)
    assert (one.payout, one.pnl, one.exit_order_id) == (10 * MICRO, 6 * MICRO, "")


def test_who_buys_the_complement_has_left() -> None:
    """A pair pays its dollar whoever wins: out at one less what the other side cost."""
    made = book(fill(1, Outcome.UP, Side.BUY, 0.5, 10), fill(2, Outcome.DOWN, Side.BUY, 0.3, 10))
    (one,) = made.trades
    assert (one.closed_ns, one.exit_px, one.pnl) == (2, 700_000, 2 * MICRO)
    made.settle(Outcome.DOWN, 9)
    assert (one.pnl, one.ended) == (2 * MICRO, SOLD)


def test_a_fill_that_turns_a_position_round_ends_one_trade_and_begins_the_next() -> None:
    made = book(
        fill(1, Outcome.UP, Side.BUY, 0.5, 10), fill(2, Outcome.DOWN, Side.BUY, 0.3, 25, fee=25)
    )
    first, second = made.trades
    assert (first.outcome, first.closed_ns, first.fees) == (Outcome.UP, 2, 10)
    assert (second.outcome, second.closed_ns, second.entered) == (Outcome.DOWN, None, 15 * MICRO)
    assert (second.number, second.entry_px, second.fees) == (2, 300_000, 15)


def test_a_void_round_pays_half() -> None:
    made = book(fill(1, Outcome.UP, Side.BUY, 0.4, 10))
    made.settle(None, 9)
    (one,) = made.trades
    assert (one.payout, one.exit_px, one.pnl, one.ended) == (5 * MICRO, 500_000, MICRO, "void")


fills = st.lists(
    st.tuples(
        st.sampled_from(_OUTCOMES),
        st.sampled_from(_SIDES),
        st.integers(1, 99),
        st.integers(1, 40_000_000),
        st.sampled_from(["one", "two", "flatten"]),
        st.integers(0, 5_000_000),
    ),
    max_size=14,
)


@given(fills, st.sampled_from([Outcome.UP, Outcome.DOWN, None]))
def test_every_millionth_belongs_to_one_trade(
    drawn: list[tuple[Outcome, Side, int, int, str, int]], winner: Outcome | None
) -> None:
    lines = [
        fill(at, outcome, side, cents / 100, shares / MICRO, strategy=strategy, fee=fee)
        for at, (outcome, side, cents, shares, strategy, fee) in enumerate(drawn, start=1)
    ]
    made, reckoned = book(*lines), Reckoning.of("slug", lines)
    parts = reckoned.attribution.parts("slug")
    for strategy, part in parts.items():
        own = [one for one in made.trades if one.strategy == strategy]
        assert sum(one.up for one in own) == part.up
        assert sum(one.down for one in own) == part.down
        assert sum(one.flow for one in own) == part.flow
        assert sum(one.fees for one in own) == part.fees
    entries = {name: one.entries for name, one in reckoned.attribution.results().items()}
    pnls = reckoned.attribution.settle("slug", winner)
    made.settle(winner, 99)
    for strategy, pnl in pnls.items():
        own = [one for one in made.trades if one.strategy == strategy]
        assert sum(one.pnl or 0 for one in own) == pnl
        counted = [one for one in own if one.entered]
        assert len(counted) >= entries.get(strategy, 0)


@given(fills)
def test_line_by_line_is_all_at_once(
    drawn: list[tuple[Outcome, Side, int, int, str, int]],
) -> None:
    lines = [
        fill(at, outcome, side, cents / 100, shares / MICRO, strategy=strategy, fee=fee)
        for at, (outcome, side, cents, shares, strategy, fee) in enumerate(drawn, start=1)
    ]
    slowly = TradeBook("slug")
    for at in range(len(lines)):
        assert slowly.follows(lines[: at + 1])
        slowly.apply(lines[len(slowly.lines) : at + 1])
    assert slowly.trades == book(*lines).trades
