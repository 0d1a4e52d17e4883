"""What the threshold of deciding changes: one tape, two minds, every order that is another one.

    python -m benchmarks.least_move TAPE

Both have the settings that ship, but that the second decides whatever changes
(`deciding.least_move_sigmas = 0`) and the limits that end a day are out of the way of both. Orders
are told apart by round, strategy, side and number; an order is the same where its price is, its
shares are within a twentieth (stakes follow a confidence that never stands still) and it was sent
within a quarter of a second, which is how old features may be. The first difference in a round
brings others, which only follow from it: they are counted apart. Of each first difference it is
said how far the price that one had seen was from the other's, as a move of the forecast in its own
sigmas.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import attrs
from attrs import define, field, frozen

from benchmarks.open_handed import open_handed
from benchmarks.tape import STRATEGIES, Rehearsal, TapeLine, read, settings_of
from polytui.config.schema import Settings
from polytui.model.instrument import Asset
from polytui.model.orders import Order
from polytui.model.units import MICRO, NS_PER_S

_ASSET = Asset.BTC
_SAME_SHARES = 0.05
_SAME_NS = NS_PER_S // 4
_Name = tuple[str, str, str, str, int]
"""Round, strategy, outcome, side, and the how many-th of those."""


@frozen
class OrderDifference:
    """An order of the one that decides always, or of the other."""

    name: _Name
    always: Order | None
    sometimes: Order | None
    moved_sigmas: float
    """How far the forecast had moved unseen when the first of the two was sent."""
    follows: bool
    """From an earlier one in its round."""

    def text(self) -> str:
        slug, strategy, outcome, side, number = self.name
        prices = [
            "none" if one is None else f"{one.price / MICRO:.3f} at {one.placed_ns / NS_PER_S:.2f}"
            for one in (self.always, self.sometimes)
        ]
        words = "follows" if self.follows else f"{self.moved_sigmas:.4f} sigmas unseen"
        return f"{slug} {strategy} {side} {outcome} {number}: {prices[0]} > {prices[1]} ({words})"


@define
class _Side:
    """State: a rehearsal, and its orders by name."""

    rehearsal: Rehearsal
    orders: dict[_Name, Order] = field(factory=dict)
    unseen: dict[_Name, float] = field(factory=dict)
    _seen: int = 0

    def new(self) -> Iterator[tuple[_Name, Order]]:
        """Orders since the last time."""
        placed = self.rehearsal.placed
        while self._seen < len(placed):
            order = placed[self._seen].order
            self._seen += 1
            told = (order.slug, order.strategy, order.outcome.value, order.side.value)
            number = 1 + sum(name[:4] == told for name in self.orders)
            name = (*told, number)
            self.orders[name] = order
            yield name, order


@frozen
class OrderComparison:
    always: int
    sometimes: int
    same: int
    exact: int
    """Of the same, those sent by the same event."""
    differences: tuple[OrderDifference, ...]

    @property
    def first(self) -> list[OrderDifference]:
        return [one for one in self.differences if not one.follows]

    def text(self) -> str:
        head = (
            f"{self.always} orders where everything decides, {self.sometimes} by the threshold:"
            f" {self.same} the same ({self.exact} to the event), {len(self.first)} others and"
            f" {len(self.differences) - len(self.first)} that follow from those"
        )
        return "\n".join([head, *(f"  {one.text()}" for one in self.differences)])


def compare(tape: list[TapeLine], settings: Settings, other: Settings) -> OrderComparison:
    """Play it to both, line by line. `other`: those of the mind that always decides."""
    sides = looks_always, looks_sometimes = _Side(Rehearsal(other)), _Side(Rehearsal(settings))
    for one in sides:
        one.rehearsal.begin(tape[0].at_ns)
    for line in tape:
        for one in sides:
            one.rehearsal.take(line)
        for one in sides:
            for name, order in one.new():
                one.unseen[name] = _moved(order.slug, looks_always, looks_sometimes)
    return _compared(looks_always, looks_sometimes)


def always(settings: Settings) -> Settings:
    """The same, but that every change decides."""
    return attrs.evolve(settings, deciding=attrs.evolve(settings.deciding, least_move_sigmas=0.0))


def _moved(slug: str, always: _Side, sometimes: _Side) -> float:
    """Between what each of them saw last of a round, in sigmas of its forecast."""
    known, seen = (one.rehearsal.mind.desks[_ASSET].rounds.get(slug) for one in (always, sometimes))
    if known is None or seen is None or not (known.seen_price and seen.seen_price):
        return 0.0
    if not seen.band:
        return 0.0
    least_move = sometimes.rehearsal.settings.deciding.least_move_sigmas
    return least_move * abs(known.seen_price - seen.seen_price) / seen.band


def _compared(always: _Side, sometimes: _Side) -> OrderComparison:
    every = {**always.orders, **sometimes.orders}
    names = sorted(every, key=lambda name: _first_ns(name, always, sometimes))
    found, same, exact, spoilt = list[OrderDifference](), 0, 0, set[str]()
    for name in names:
        one, other = always.orders.get(name), sometimes.orders.get(name)
        if one is not None and other is not None and _is_same(one, other):
            same += 1
            exact += one.placed_ns == other.placed_ns
            continue
        moved = always.unseen.get(name, sometimes.unseen.get(name, 0.0))
        found.append(OrderDifference(name, one, other, moved, name[0] in spoilt))
        spoilt.add(name[0])
    return OrderComparison(len(always.orders), len(sometimes.orders), same, exact, tuple(found))


def _is_same(one: Order, other: Order) -> bool:
    return (
        one.price == other.price
        and abs(one.shares - other.shares) <= _SAME_SHARES * one.shares
        and abs(one.placed_ns - other.placed_ns) <= _SAME_NS
    )


def _first_ns(name: _Name, *sides: _Side) -> int:
    return min(one.orders[name].placed_ns for one in sides if name in one.orders)


def main() -> None:
    parser = argparse.ArgumentParser(prog="least_move", description="What the threshold changes.")
    parser.add_argument("tape", type=Path)
    options = parser.parse_args()
    settings = open_handed(settings_of(STRATEGIES))
    print(compare(read(options.tape), settings, always(settings)).text())


if __name__ == "__main__":
    main()
