"""What trades on paper brought and no block has taken yet: shares that cannot be sold, and dollars
of sales that cannot be spent.

    a match    what it brings is counted, and on its way; the desk hears that first (`InTransit`)
    its block  so many seconds later it is here, and the desk hears that

As a real account is told of it (`live_transit.py`), so that one desk deals with both alike. What a
trade gives is gone with its match, here as there.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polytui.model.events import Filled, InTransit, Report
from polytui.model.instrument import Outcome
from polytui.model.orders import Fill, Order, Side
from polytui.model.units import Shares, Usd, proceeds_of

PaperWord = Report | InTransit
"""What the exchange on paper says of orders, and of what they brought."""


@frozen
class Brought:
    """What one block will bring."""

    slug: str
    up: int = 0
    down: int = 0
    usd: int = 0


class PaperTransit:
    """State: what is on its way, by the name of what brings it, and by round."""

    def __init__(self) -> None:
        self._brought: dict[str, Brought] = {}
        self._sums: dict[str, InTransit] = {}
        """Of rounds for which anything is."""
        self.usd = 0
        """Of all rounds, settled ones too."""

    def match(self, name: str, order: Order, fills: Sequence[Fill]) -> InTransit:
        """A trade of an order is matched; what is on its way to its round from now on."""
        shares, usd = sum(fill.shares for fill in fills), 0
        if order.side is Side.SELL:
            usd = sum(proceeds_of(fill.price, fill.shares) - fill.fee for fill in fills)
            shares = 0
        up, down = (shares, 0) if order.outcome is Outcome.UP else (0, shares)
        brought = self._brought[name] = Brought(order.slug, up, down, max(0, usd))
        return self._add(brought, 1)

    def mine(self, name: str) -> InTransit:
        """Its block is there; what is on its way still."""
        return self._add(self._brought.pop(name), -1)

    def shares(self, slug: str, outcome: Outcome) -> int:
        one = self._sums.get(slug)
        return 0 if one is None else one.shares(outcome)

    def now(self) -> tuple[InTransit, ...]:
        """Of every round for which anything is."""
        return tuple(self._sums.values())

    def _add(self, brought: Brought, sign: int) -> InTransit:
        before = self._sums.pop(brought.slug, InTransit(brought.slug))
        self.usd += sign * brought.usd
        now = InTransit(
            brought.slug,
            Shares(before.up + sign * brought.up),
            Shares(before.down + sign * brought.down),
            Usd(before.usd + sign * brought.usd),
        )
        if now != InTransit(brought.slug):
            self._sums[brought.slug] = now
        return now


def filled(order: Order, fill: Fill) -> Filled:
    """A fill, as it is told."""
    return Filled(
        order.order_id,
        fill.trade_id,
        fill.price,
        fill.shares,
        fill.fee,
        fill.is_taker,
        order.token_id,
        order.side,
    )
