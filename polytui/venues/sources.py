"""Recorded frames by the name of their source: who reads them, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from polytui.model.instrument import Asset
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec, Parsed
from polytui.venues.polymarket.gamma_frames import GammaFrames
from polytui.venues.polymarket.price_streams import Credentials, PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.user_channel import UserChannel

_NOBODY = Credentials("", "", "")


@frozen
class Reading:
    """What one recorded frame meant, whoever understood it."""

    events: Sequence[Any]
    parsed: Parsed


class Reader(Protocol):
    def read(self, frame: str | bytes, received_ns: int) -> Reading: ...


@frozen
class _ByAsset:
    """A frame is offered to the codec of each asset; the first that understands it has it."""

    codecs: Sequence[Codec]

    def read(self, frame: str | bytes, received_ns: int) -> Reading:
        parsed = Parsed()
        for codec in self.codecs:
            parsed = codec.parse(frame, received_ns)
            if not parsed.ignored or parsed.is_closing:
                break
        return Reading(parsed.events, parsed)


@frozen
class _Plain:
    """Wires whose events are not those of a desk."""

    source: UserChannel | GammaFrames

    def read(self, frame: str | bytes, received_ns: int) -> Reading:
        return Reading(*self.source.read(frame))


def _by_asset(make: Callable[[Asset], Codec]) -> Callable[[], Reader]:
    return lambda: _ByAsset([make(asset) for asset in Asset])


SOURCES: Mapping[str, Callable[[], Reader]] = {
    "binance": _by_asset(lambda asset: BinanceStreams(asset, is_in_url=True)),
    "bybit": _by_asset(BybitStreams),
    "coinbase": _by_asset(CoinbaseStreams),
    "clob-market": lambda: _ByAsset([MarketChannel(is_for_all=True)]),
    "clob-user": lambda: _Plain(UserChannel()),
    "rtds": _by_asset(Rtds),
    "polybolt": _by_asset(lambda asset: PolyBolt(asset, _NOBODY)),
    "gamma": lambda: _Plain(GammaFrames()),
}
