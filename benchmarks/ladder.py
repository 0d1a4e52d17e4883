"""Somebody who quotes all the time, so that whatever goes wrong meets orders in every state.

`python -m benchmarks.ladder` is `polytui` with this one among its strategies: none that ships lets
orders rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.market.book import NO_ASK, NO_BID
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.strategy import registry
from polytui.strategy.proposal import QuoteSet, QuotingStrategy, Rung, View

_TURN_NS = 3 * NS_PER_S


class Ladder:
    """Quotes that never rest for long: both sides behind the market, a purchase at the ask, what is
    held at the ask and then at the bid. So there are orders of every kind, and most of them go."""

    name = "ladder"

    def __init__(self, rests: int) -> None:
        """`rests`: so many shares stand at each price behind the market."""
        self._rests = Shares(rests * MICRO)

    def thresholds(self, settings: Settings) -> StrategySettings:
        return settings.distance_fade

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        if view.left_s < 15.0:
            return QuoteSet(())
        turn = view.now_ns // _TURN_NS % 4
        behind = [self._behind(view, outcome, turn) for outcome in Outcome]
        return QuoteSet(tuple(filter(None, [*behind, self._takes(view, turn)])))

    def _behind(self, view: View, outcome: Outcome, turn: int) -> Rung | None:
        """A bid of our own, at another price each time."""
        price = view.side(outcome).best_bid - turn * view.tick
        if price <= NO_BID + view.tick:
            return None
        quote = Quote(outcome, Side.BUY, Price(price), self._rests, is_post_only=turn % 2 == 1)
        return Rung(f"bid {outcome.value}", quote)

    def _takes(self, view: View, turn: int) -> Rung | None:
        for outcome in Outcome:
            side = view.side(outcome)
            if side.held >= 5 * MICRO and turn in (1, 3):
                price = side.best_bid if turn == 3 else side.best_ask
                if NO_BID < price < NO_ASK:
                    whole = Shares(side.held // 10_000 * 10_000)
                    return Rung("out", Quote(outcome, Side.SELL, price, whole))
        outcome = Outcome.UP if turn == 0 else Outcome.DOWN
        ask = view.side(outcome).best_ask
        if turn in (0, 2) and NO_BID < ask < NO_ASK and view.side(outcome).held < 15 * MICRO:
            return Rung("in", Quote(outcome, Side.BUY, ask, Shares(7 * MICRO)))
        return None


LADDER = Ladder(12)
DEEP = (Ladder(80),)
"""More than whoever meets it usually takes: so orders are filled in part."""


@contextmanager
def quoting(strategies: tuple[QuotingStrategy, ...] = DEEP) -> Iterator[None]:
    """Minds that are made meanwhile have them: to replay what one of them has written."""
    from polytui.desk.checkpoint import restored
    from polytui.desk.desk import Desk
    from polytui.desk.mind import Mind

    made: tuple[Any, ...] = (Mind.__init__, Desk.__init__, restored)
    before = [one.__defaults__ for one in made]
    try:
        for one in made:
            one.__defaults__ = (strategies,)
        yield
    finally:
        for one, defaults in zip(made, before, strict=True):
            one.__defaults__ = defaults


def polytui_with(strategies: tuple[QuotingStrategy, ...]) -> None:
    """The command line, with these among its strategies."""
    # Before anything that makes minds is imported.
    registry.QUOTING = strategies
    from polytui.cli import main as polytui

    polytui()


if __name__ == "__main__":
    polytui_with(DEEP)
