"""What everybody sees of named orders: changes of levels, and sweeps, like the crowd's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import Price, Shares
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.world.displayed import in_up
from polytui.sim.world.match_order import MatchOrder
from polytui.sim.world.matching import Match
from polytui.sim.world.takers import swept
from polytui.sim.world.world import World
from polytui.sim.world.world_events import BookMoved, BookSwept, LevelSet


def seen_by_all(
    world: World, listed: Round, asked: MatchOrder, matches: Sequence[Match], resting: Shares
) -> Iterator[BookMoved | BookSwept]:
    """An order that came into the book just now. The book must stand as it left it."""
    slug, outcome, side = listed.slug, asked.outcome, asked.side
    rest = (_level(world, slug, outcome, side, asked.price),) if resting else ()
    if matches:
        book = world.book(slug)
        yield swept(book, world.now_ns, slug, outcome, side, tuple(matches), rest)
    else:
        for level in rest:
            yield BookMoved(world.now_ns, slug, level)


def seen_to_leave(world: World, order: VenueOrder) -> BookMoved:
    """An order that left the book just now."""
    level = _level(world, order.slug, order.outcome, order.side, order.price)
    return BookMoved(world.now_ns, order.slug, level)


def _level(world: World, slug: str, outcome: Outcome, side: Side, price: Price) -> LevelSet:
    """The order's level of Up's book as it stands."""
    up_side, up_price = in_up(outcome, side, price)
    return LevelSet(up_side, up_price, world.book(slug).depth(Outcome.UP, up_side, up_price))
