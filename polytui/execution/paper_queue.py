"""How an order on paper queues: what stands before it, and who of them is gone.

The venue shows how much a level holds, not who holds it. Trades that print take from the front;
who cancels may have stood anywhere. Five rules say what is thought of them, from the worst for us
to the best, so that a figure can be told with the bracket it lies in:

    through      nobody trades with ours at its price: only a trade or a quote beyond it fills it
    pessimistic  whoever cancels stood last: the most that the level allows is before ours
    realistic    those who cancel are spread evenly over the level
    optimistic   whoever cancels stood before ours
    touch        nobody stands before ours: a trade at its price fills it

The crowd's shares alone are counted. What a venue shows of orders of ours that are truly there is
for whoever tells this of its books to take out.
"""

from __future__ import annotations

from attrs import define

from polytui.model.orders import Order, Side
from polytui.model.units import Price, Shares

THROUGH, PESSIMISTIC, REALISTIC, OPTIMISTIC, TOUCH = QUEUE_RULES = (
    "through",
    "pessimistic",
    "realistic",
    "optimistic",
    "touch",
)
"""`paper.queue`, from the worst for us to the best."""


@define
class Resting:
    """Our order in a queue. `side` and `price` are those of Up's book."""

    order: Order
    side: Side
    price: Price
    left: Shares
    ahead: int
    """The crowd's shares that trade before ours, after those of ours that queue before it."""
    level: int = 0
    """What its level displayed last."""
    left_last: int = 0
    """Of those ahead, what the last change of the level showed to be gone. A trade that prints
    after it is why: the venue tells the level first."""
    fell_last: int = 0
    """By how much the last change made the level smaller, where no trade has explained it yet."""
    printed: int = 0
    """Trades at its price that the level has not shown yet: the next fall is not cancels."""


def is_at(entry: Resting, side: Side, price: Price) -> bool:
    return entry.side is side and entry.price == price


def forget_last(queue: list[Resting]) -> None:
    """The level changes anew: what went before is settled."""
    for entry in queue:
        entry.left_last = entry.fell_last = 0


def level_shows(queue: list[Resting], shown: int, rule: str) -> None:
    """A level with ours in it, the oldest first, displays so much now."""
    if not queue:
        return
    before = queue[0].level - queue[0].printed
    fell = max(0, before - shown)
    unseen = max(0, shown - before) if queue[0].printed else 0
    for entry in queue:
        entry.printed = min(entry.printed, unseen)
        entry.level = shown
        entry.fell_last += fell
    if fell and rule == REALISTIC:
        for entry in queue:
            _leave(entry, entry.ahead * fell // before)
    elif fell and rule == OPTIMISTIC:
        for entry in queue:
            fell -= _leave(entry, fell)
    gone = sum(entry.ahead for entry in queue) - shown
    for entry in reversed(queue):
        gone -= _leave(entry, gone)


def _leave(entry: Resting, shares: int) -> int:
    """So many of those ahead are gone, as far as there are any; how many that were."""
    left = max(0, min(entry.ahead, shares))
    entry.left_last += left
    entry.ahead -= left
    return left


def pass_crowd(entry: Resting, shares: int) -> int:
    """A trade at its price: what of it is left when those before it have had theirs."""
    entry.ahead += entry.left_last
    entry.left_last = 0
    passed = min(entry.ahead, shares)
    entry.ahead -= passed
    return shares - passed


def note_print(queue: list[Resting], shares: int) -> None:
    """A trade at this level's price: it explains the last fall, or the next one."""
    for entry in queue:
        explained = min(entry.fell_last, shares)
        entry.fell_last -= explained
        entry.printed += shares - explained
