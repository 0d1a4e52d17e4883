"""What an open round can still lose, whoever wins and whichever working orders fill.

With u shares of Up and d of Down a round pays u or d. An order that works may fill, all of it or a
part, or not at all, and of each the worse is taken. By the winner it costs at most

    order                of the winner               of the loser
    buy of n for c       c - n, if that is more      c
    sale of n for s      n - s, if that is more      nothing

with c and s at the order's own price, the fee of a taker included: a better price only costs less.
Such costs grow with the shares that fill, so the worst is at all or at nothing, and they do not
depend on one another, so that they add up. A round that is cancelled pays half of each share: that
is between the two (half the sum of the two columns is never less than what an order costs there).
"""

from __future__ import annotations

from collections.abc import Iterable

from polytui.ledger.positions import Position
from polytui.ledger.working import WorkingOrder
from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import Usd, proceeds_of


def at_stake(position: Position, working: Iterable[WorkingOrder]) -> Usd:
    """Dollars between what a round has won or lost so far and its worst end; never negative.

    So far: what is held at its cost and pairs at their dollar, as `Position.carried` has it.
    """
    orders = list(working)
    ends = (
        position.shares(winner) - sum(_harm(each, winner) for each in orders) for winner in Outcome
    )
    return Usd(position.carried - min(ends))


def _harm(working: WorkingOrder, winner: Outcome) -> int:
    """What it may take from the round's result, filled or not, if this outcome wins."""
    order = working.order
    if order.side is Side.BUY:
        won = working.left if order.outcome is winner else 0
        return max(0, working.reserved - won)
    if order.outcome is not winner or not working.state.is_working:
        return 0
    return max(0, working.left - (proceeds_of(order.price, working.left) - working.fee_left))
