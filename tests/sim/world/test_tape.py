"""The tape of an exchange: how far it reaches back, whatever was traded when."""

from __future__ import annotations

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.sim.world.candles import Tape, TapeBar, TapePast
from polytui.sim.world.paths import LIFELIKE, BasisSettings
from polytui.sim.world.shared_prices import chainlink_of, exchange_of, forget_prices, history_of

_START_S = 1_795_186_790
_REACH_S = 1_200


def _tape(start_s: int = _START_S) -> Tape:
    path = chainlink_of(7, Asset.BTC, LIFELIKE[Asset.BTC], start_s)
    mids = exchange_of(7, Asset.BTC, path, BasisSettings(), "")
    history = history_of("7:tape", mids, 0.01, 1.0)
    return Tape(TapePast(history, start_s - 3_600, start_s))


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


def _everything(tape: Tape, start_s: int) -> list[list[TapeBar]]:
    first_ns, last_ns = (start_s - 4_000) * NS_PER_S, start_s * NS_PER_S
    return [tape.candles(seconds, first_ns, last_ns, 4_000) for seconds in (1, 60, 300)]


def test_worlds_share_their_past_and_it_is_the_one_that_each_would_make() -> None:
    """Begun within one hour or not, within a minute or at its start: what is old to one is young
    to another, and the first and last minute of each is cut where it begins."""
    starts = [_START_S + later_s for later_s in (0, 10, 17, 1_300, 2_999, 5_000, -40)]
    shared = [_everything(_tape(start_s), start_s) for start_s in starts]
    for start_s, known in zip(starts, shared, strict=True):
        forget_prices()
        assert _everything(_tape(start_s), start_s) == known


def test_what_begins_within_an_hour_has_one_path() -> None:
    def path(start_s: int) -> object:
        return chainlink_of(7, Asset.BTC, LIFELIKE[Asset.BTC], start_s)

    hour_s = 3_600 * (_START_S // 3_600)
    assert path(hour_s + 1) is path(hour_s + 3_600)
    assert path(hour_s) is not path(hour_s + 1)


def test_the_minute_in_which_it_begins_has_what_was_traded_until_then() -> None:
    tape = _tape(start_s := _START_S + 7)
    minute_s = start_s - start_s % 60
    (whole,) = tape.candles(60, minute_s * NS_PER_S, start_s * NS_PER_S, 1)
    parts = tape.candles(1, minute_s * NS_PER_S, (start_s + 60) * NS_PER_S, 60)
    assert whole.trades == sum(part.trades for part in parts) == 2 * (start_s - minute_s)
