"""A tape's market as a file that any program can read: what was heard when, decoded.

Lines are [at_ns, [[class, fields], ...]], events as journals write them (`model/events.py`), and a
`Ticked` a second. Prices and shares of the venue's books are millionths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.tape import TapeLine, heard
from polytui.backtest.moments import Moment
from polytui.journal.codec import decode_event, encode_event
from polytui.model import events as ev
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S

ASSET = Asset.BTC
_MARKET = (
    ev.BookSnapshotted,
    ev.BookChanged,
    ev.TradePrinted,
    ev.ExchangeQuoted,
    ev.ExchangeTraded,
    ev.ChainlinkPriced,
)
"""What every program has a class for; the rest is our clock, our feeds and the venue's listings."""


def write(path: Path, tape: list[TapeLine]) -> None:
    with path.open("wb") as file:
        for at_ns, events in _with_seconds(heard(tape)):
            said = b",".join([encode_event(one) for one in events])
            file.write(b"[%d,[%s]]\n" % (at_ns, said))


def moments(path: Path) -> Iterator[Moment]:
    """Line by line, as they are asked for."""
    decode = msgspec.json.Decoder(tuple[int, list[msgspec.Raw]]).decode
    with path.open("rb") as file:
        for line in file:
            at_ns, said = decode(line)
            yield Moment(at_ns, ASSET, tuple([decode_event(one) for one in said]))


def market_events(told: Iterable[Moment]) -> int:
    return sum(isinstance(one, _MARKET) for moment in told for one in moment.events)


def _with_seconds(
    told: Iterable[tuple[int, Sequence[ev.Event]]],
) -> Iterator[tuple[int, Sequence[ev.Event]]]:
    next_ns = 0
    for at_ns, events in told:
        next_ns = next_ns or at_ns
        while next_ns <= at_ns:
            yield next_ns, (ev.Ticked(next_ns),)
            next_ns += NS_PER_S
        if events:
            yield at_ns, events
