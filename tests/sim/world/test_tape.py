"""The tape of an exchange: how far it reaches back, whatever was traded when."""

from __future__ import annotations

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.sim.world.candles import Tape
from polytui.sim.world.paths import LIFELIKE, BasisSettings
from polytui.sim.world.shared_prices import chainlink_of, exchange_of, past_of

_START_S = 1_795_186_790
_REACH_S = 1_200


def _tape() -> Tape:
    path = chainlink_of(7, Asset.BTC, LIFELIKE[Asset.BTC], _START_S)
    mids = exchange_of(7, Asset.BTC, path, BasisSettings(), "")
    return Tape(past_of("7:tape", mids, 0.01, _START_S - 3_600, _START_S, 1.0))


def _has_second(tape: Tape, second: int) -> bool:
    return bool(tape.candles(1, second * NS_PER_S, second * NS_PER_S, 1))


def test_seconds_reach_back_twenty_minutes_though_most_have_no_trade() -> None:
    # Every third second, then every fifth: what grows old seldom has a successor to the second.
    tape = _tape()
    traded = [*range(_START_S, _START_S + 900, 3), *range(_START_S + 900, _START_S + 3_000, 5)]
    for second in traded:
        tape.note(second * NS_PER_S, 90_000.0, 0.1)
    newest = traded[-1]
    for second in traded:
        assert _has_second(tape, second) is (second > newest - _REACH_S)
