"""How long trades of a session waited for their blocks, of what its desks were told.

A fill is told with its trade, and `InTransit` says what of a round is on its way: more before the
fill, less when a block has it. Which trade came with less is known by how much it is less.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field, frozen

from polytui.model import events as ev
from polytui.model.instrument import Asset
from polytui.model.orders import Side
from polytui.model.units import proceeds_of

_Of = tuple[str, str]
"""A round, and a field of `InTransit`."""
_FIELDS = ("up", "down", "usd")


@frozen
class Mined:
    """One trade of an order: so many nanoseconds from its match, as it was told, to its block."""

    order_id: str
    filled_ns: int
    after_ns: int


@define
class MinedTimes:
    """State: what of each round was on its way last, and the fills that wait for a block."""

    _told: dict[str, ev.InTransit] = field(factory=dict)
    _tokens: dict[str, _Of] = field(factory=dict)
    """By token: its round, and the outcome's field."""
    _assets: dict[str, Asset] = field(factory=dict)
    """By round."""
    _waiting: dict[_Of, list[tuple[ev.Filled, int, int]]] = field(factory=dict)
    """Fill, when it was told, and what it brings, the oldest first."""

    def hear(self, event: ev.Event, at_ns: int) -> list[Mined]:
        """One event of a desk; the trades that a block has with it."""
        match event:
            case ev.RoundFound(round=listed):
                self._assets[listed.slug] = listed.asset
                self._tokens[listed.up_token] = listed.slug, "up"
                self._tokens[listed.down_token] = listed.slug, "down"
            case ev.DeskOpened():
                self._begin(event, at_ns)
            case ev.Filled():
                self._wait(event, at_ns)
            case ev.InTransit():
                return list(self._arrived(event, at_ns))
        return []

    def _begin(self, event: ev.DeskOpened, at_ns: int) -> None:
        """A life begins with all that is on its way. What came while nobody listened has a block of
        which nobody knows when it was."""
        now = {one.slug: one for one in event.in_transit}
        of_it = [slug for slug in self._told if self._assets.get(slug) is event.asset]
        for slug in (*of_it, *now):
            for _ in self._arrived(now.get(slug) or ev.InTransit(slug), at_ns):
                pass

    def _wait(self, fill: ev.Filled, at_ns: int) -> None:
        """Only what was said to be on its way is waited for."""
        slug, name = self._tokens.get(fill.token_id, ("", ""))
        brings: int = fill.shares
        if fill.side is Side.SELL:
            name, brings = "usd", proceeds_of(fill.price, fill.shares) - fill.fee
        if slug in self._told and brings > 0:
            self._waiting.setdefault((slug, name), []).append((fill, at_ns, brings))

    def _arrived(self, event: ev.InTransit, at_ns: int) -> Iterator[Mined]:
        before = self._told.pop(event.slug, ev.InTransit(event.slug))
        if event != ev.InTransit(event.slug):
            self._told[event.slug] = event
        for name in _FIELDS:
            less: int = getattr(before, name) - getattr(event, name)
            waiting = self._waiting.get((event.slug, name))
            if less > 0 and waiting:
                for one in _of_these(waiting, less):
                    waiting.remove(one)
                    yield Mined(one[0].order_id, one[1], at_ns - one[1])


def _of_these(
    waiting: list[tuple[ev.Filled, int, int]], less: int
) -> list[tuple[ev.Filled, int, int]]:
    """The one that brings so much; else the parts of one order that do; else the oldest, as many as
    fit."""
    for one in waiting:
        if one[2] == less:
            return [one]
    for fill, at_ns, _ in waiting:
        parts = [one for one in waiting if (one[0].order_id, one[1]) == (fill.order_id, at_ns)]
        if sum(brings for _, _, brings in parts) == less:
            return parts
    found = list[tuple[ev.Filled, int, int]]()
    for one in waiting:
        if one[2] <= less:
            found.append(one)
            less -= one[2]
    return found
