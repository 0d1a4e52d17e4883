"""What we took of levels on paper that still display it.

A fill on paper leaves no trace in the real book: what we took is still displayed. So it is
remembered, by level, and cannot be taken again. The rule, for a level that displays D of which we
took T:

* D - T is there for us: as much as the level would really hold without what we took;
* growth is the crowd's and new: D rises, T stays;
* a fall is read as the others' first, whether they traded or left: T falls only with D below it,
  to nothing when the level is gone. A level that comes back, and one at another price, is new.

The frames say the size of a level and never whose shares left (`price_change.size` is absolute), so
of the possible readings this is the one that is worst for us, as the risk-averse queue model of
backtesting is for makers (a queue moves only by trades). It never fills what a real order could
not have filled; where makers would have filled the hole at once, it fills less.
"""

from __future__ import annotations

from collections.abc import Mapping

from polytui.model.orders import Side
from polytui.model.units import Price, Shares

Levels = Mapping[Price, Shares]
"""Shares displayed, by price, on one side of Up's book."""


class TakenLiquidity:
    """State: by side and price of Up's book, the shares that we took and that still show."""

    def __init__(self) -> None:
        self._shares: dict[tuple[Side, Price], int] = {}

    @property
    def is_empty(self) -> bool:
        return not self._shares

    def saw(self, side: Side, price: Price, displayed: int) -> None:
        """A level displays another size."""
        taken = self._shares.get((side, price))
        if taken is None or displayed >= taken:
            return
        if displayed > 0:
            self._shares[side, price] = displayed
        else:
            del self._shares[side, price]

    def saw_all(self, bids: Levels, asks: Levels) -> None:
        """A whole book; a level that it does not list is gone."""
        for side, price in list(self._shares):
            levels = bids if side is Side.BUY else asks
            self.saw(side, price, levels.get(price, 0))

    def take(self, side: Side, price: Price, shares: int) -> None:
        self._shares[side, price] = self._shares.get((side, price), 0) + shares

    def left(self, side: Side, levels: Levels) -> list[tuple[Price, Shares]]:
        """(price, shares) that are there for us on one side, best first."""
        shown = sorted(levels.items(), reverse=side is Side.BUY)
        free = ((price, shares - self._shares.get((side, price), 0)) for price, shares in shown)
        return [(price, Shares(shares)) for price, shares in free if shares > 0]

    def state(self) -> tuple[object, ...]:
        return tuple(
            (side.value, price, shares) for (side, price), shares in sorted(self._shares.items())
        )
