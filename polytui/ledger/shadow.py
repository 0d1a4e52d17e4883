"""Virtual trading of strategies that may not trade, so that they are scored all the same.

A shadow takes what the book shows at its best price and no more, pays the venue's fee, and moves
nothing: no order, no effect, no queue. It flatters a strategy a little: it is never late, nobody
answers its trades, and a bid that it sold to is still there when it sells the rest.
"""

from __future__ import annotations

from attrs import frozen

from polytui.ledger.track import Result, Stake, Track
from polytui.model.instrument import FeeSchedule, Outcome
from polytui.model.orders import Fill, Quote, Side
from polytui.model.units import ONE, Price, Shares, Usd, floor_to_lot


@frozen
class Facing:
    """What a quote meets: the best price of the other side of its book, and the shares there."""

    price: Price
    shares: Shares
    fees: FeeSchedule

    def meets(self, quote: Quote) -> bool:
        """Whether the quote would trade at it; an empty side stands at 0 or 1 dollar."""
        if not 0 < self.price < ONE:
            return False
        if quote.side is Side.BUY:
            return self.price <= quote.price
        return self.price >= quote.price


class Shadow:
    """State: the virtual stakes and results of one asset, and which sides were entered."""

    def __init__(self) -> None:
        self._track = Track()
        self._spent: dict[str, list[tuple[str, str]]] = {}
        """By round, (strategy, outcome)."""

    def follow(self, slug: str, strategy: str, quote: Quote, facing: Facing, now_ns: int) -> Shares:
        """Enter as a signal says; the shares bought. Each side of a round is entered once."""
        side = (strategy, quote.outcome.value)
        if quote.side is not Side.BUY or side in self._spent.get(slug, ()):
            return Shares(0)
        shares = self._trade(slug, strategy, quote, facing, quote.shares, now_ns)
        if shares:
            self._spent.setdefault(slug, []).append(side)
        return shares

    def leave(self, slug: str, strategy: str, quote: Quote, facing: Facing, now_ns: int) -> Shares:
        """Leave as an exit says, by selling or by buying the complement; the shares traded.
        Never more than the strategy has open on the side it leaves."""
        leaving = quote.outcome if quote.side is Side.SELL else quote.outcome.other
        held = self._open_shares(slug, strategy, leaving)
        return self._trade(slug, strategy, quote, facing, min(quote.shares, held), now_ns)

    def settle(self, slug: str, winner: Outcome | None) -> dict[str, Usd]:
        """Close a round: virtual PnL by strategy."""
        self._spent.pop(slug, None)
        return self._track.settle(slug, winner)

    def forget(self, slug: str) -> None:
        """A round that ended unseen."""
        self._spent.pop(slug, None)
        self._track.forget(slug)

    def open(self, slug: str) -> tuple[Stake, ...]:
        """The unpaired virtual stakes of a round."""
        return self._track.open(slug)

    def results(self) -> dict[str, Result]:
        return self._track.results()

    def state(self) -> tuple[object, ...]:
        return (self._track.state(), sorted((slug, *sides) for slug, sides in self._spent.items()))

    def _open_shares(self, slug: str, strategy: str, outcome: Outcome) -> int:
        for stake in self._track.open(slug):
            if stake.strategy == strategy and stake.outcome is outcome:
                return stake.shares
        return 0

    def _trade(
        self, slug: str, strategy: str, quote: Quote, facing: Facing, most: int, now_ns: int
    ) -> Shares:
        shares = floor_to_lot(min(most, facing.shares))
        if shares <= 0 or not facing.meets(quote):
            return Shares(0)
        fee = facing.fees.fee(facing.price, shares)
        fill = Fill("", facing.price, shares, fee, is_taker=True)
        self._track.fill(slug, strategy, quote.outcome, quote.side, fill, now_ns)
        return shares
