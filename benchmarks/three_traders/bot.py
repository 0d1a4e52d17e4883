"""Our engine as a process, with one strategy more than it ships with: one that quotes.

The five that ship take what others offer, and rest only with what is left of that. Here everybody
is to make and to take, so one stands between the crowd's cents as well, on both outcomes.

    python -m benchmarks.three_traders.bot demo ...      as `polytui demo ...`
    python -m benchmarks.three_traders.bot told FOLDER   what a session's ledger has, as JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from polytui.config.deciding import StrategySettings
from polytui.config.schema import Settings
from polytui.model.instrument import Outcome
from polytui.model.orders import Quote, Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, floor_to_lot
from polytui.strategy import registry
from polytui.strategy.proposal import OutcomeView, QuoteSet, Rung, View

_TICK, _CENT = 1_000, 10_000
_STEP = 3 * _TICK
"""From the crowd's cent, towards the middle."""
_SHARES, _TAKEN = Shares(12 * MICRO), Shares(7 * MICRO)
_MOST_HELD = 60 * MICRO
_BAND = 110_000
"""Nearer to 0 or 1 the crowd itself stands between cents."""
_LEAST_LEFT_S = 15.0
_TURN_NS = 3 * NS_PER_S


class BetweenCents:
    """A bid on each outcome, what is held for sale, and in turns a little of what others offer
    there."""

    name = "between_cents"

    def thresholds(self, settings: Settings) -> StrategySettings:
        return settings.distance_fade

    def quote(self, view: View, settings: Settings) -> QuoteSet:
        if view.left_s < _LEAST_LEFT_S or view.tick != _TICK:
            return QuoteSet(())
        turn = view.now_ns // _TURN_NS % 4
        rungs = [rung for outcome in Outcome for rung in _rests(view.side(outcome), outcome)]
        if turn == 1:
            rungs += _takes(view, Outcome.UP)
        elif turn == 3:
            rungs += _takes(view, Outcome.DOWN)
        return QuoteSet(tuple(rungs))


def _cents(side: OutcomeView) -> tuple[int, int] | None:
    """The crowd's around the market; None where it leaves no room, or stands between them too."""
    bottom, top = side.best_bid // _CENT * _CENT, -(-side.best_ask // _CENT) * _CENT
    is_extreme = bottom < _BAND or top > MICRO - _BAND
    return None if is_extreme or top - bottom < _CENT else (bottom, top)


def _rests(side: OutcomeView, outcome: Outcome) -> list[Rung]:
    cents = _cents(side)
    if cents is None:
        return []
    rungs = []
    if side.held < _MOST_HELD:
        bid = Quote(outcome, Side.BUY, Price(cents[0] + _STEP), _SHARES, is_post_only=True)
        rungs.append(Rung(f"bid {outcome.value}", bid))
    if (held := floor_to_lot(side.held)) >= _SHARES:
        ask = Quote(outcome, Side.SELL, Price(cents[1] - _STEP), held, is_post_only=True)
        rungs.append(Rung(f"ask {outcome.value}", ask))
    return rungs


def _takes(view: View, outcome: Outcome) -> list[Rung]:
    """Of somebody else between the cents: our own stand a step from them."""
    side = view.side(outcome)
    cents = _cents(side)
    if cents is None or side.held > _MOST_HELD:
        return []
    is_ours = side.best_ask == cents[1] - _STEP
    if side.best_ask % _CENT == 0 or is_ours:
        return []
    return [Rung("take", Quote(outcome, Side.BUY, side.best_ask, _TAKEN))]


def _tell(folder: Path) -> None:
    """Its journal is played again, and must come to the same; then what it knows it has."""
    from benchmarks.restarts import held_by
    from polytui.backtest.replay import Replay
    from polytui.journal.reader import JournalReader

    replay, difference = Replay(is_verifying=True), ""
    with JournalReader(folder) as journal:
        for record in journal:
            difference = difference or replay.take(record)
    mind = replay.mind
    print(json.dumps({"difference": difference, "usd": mind.account.cash, "shares": held_by(mind)}))


def main() -> None:
    """Whoever quotes is known before any desk is: they take the list as they are loaded."""
    registry.QUOTING = (BetweenCents(),)
    if sys.argv[1:2] == ["told"]:
        _tell(Path(sys.argv[2]))
        return
    from polytui.cli.main import main as polytui

    polytui()


if __name__ == "__main__":
    main()
