"""Recorded frames by the name of their source: who reads them, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen
from msgspec.structs import replace

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.instrument import Asset
from polytui.venues.binance import BinanceStreams
from polytui.venues.bybit import BybitStreams
from polytui.venues.coinbase import CoinbaseStreams
from polytui.venues.feed import Codec, Parsed
from polytui.venues.polymarket.gamma_frames import GammaFrames
from polytui.venues.polymarket.price_streams import PolyBolt, Rtds
from polytui.venues.polymarket.streams import MarketChannel
from polytui.venues.polymarket.user_channel import UserChannel

_NOBODY = ApiKey("", Secret(""), Secret(""))


@frozen
class FrameReading:
    """What one recorded frame meant, whoever understood it."""

    events: Sequence[Any]
    parsed: Parsed


class Reader(Protocol):
    def begin(self) -> None:
        """A new connection: what the last one counted is void."""

    def read(self, frame: str | bytes, received_ns: int) -> FrameReading: ...


@frozen
class _ByAsset:
    """A frame is offered to the codec of each asset; the first that understands it has it."""

    codecs: Sequence[Codec]

    def begin(self) -> None:
        for codec in self.codecs:
            codec.hello()

    def read(self, frame: str | bytes, received_ns: int) -> FrameReading:
        parsed = Parsed()
        for codec in self.codecs:
            parsed = codec.parse(frame, received_ns)
            if not parsed.ignored or parsed.is_closing:
                break
        return FrameReading(parsed.events, parsed)


@frozen
class _OneCount(_ByAsset):
    """One number counts the frames of all assets, so each codec has to see every frame."""

    def read(self, frame: str | bytes, received_ns: int) -> FrameReading:
        found = [codec.parse(frame, received_ns) for codec in self.codecs]
        for parsed in found:
            if parsed.rejected:
                return FrameReading((), parsed)
        telling = next((parsed for parsed in found if not parsed.ignored), found[0])
        together = replace(
            telling,
            events=tuple(event for parsed in found for event in parsed.events),
            lost=max(parsed.lost for parsed in found),
            duplicates=max(parsed.duplicates for parsed in found),
        )
        return FrameReading(together.events, together)


@frozen
class _Plain:
    """Wires whose events are not those of a desk."""

    source: UserChannel | GammaFrames

    def begin(self) -> None:
        """Nothing is counted there."""

    def read(self, frame: str | bytes, received_ns: int) -> FrameReading:
        return FrameReading(*self.source.read(frame))


MakeReader = Callable[[Sequence[Asset]], Reader]
"""Of the frames of some assets: all, where a recording does not say whose they are."""


def _by_asset(
    make: Callable[[Asset], Codec], kind: Callable[[Sequence[Codec]], Reader] = _ByAsset
) -> MakeReader:
    return lambda assets: kind([make(asset) for asset in assets])


SOURCES: Mapping[str, MakeReader] = {
    "binance": _by_asset(lambda asset: BinanceStreams(asset, is_in_url=True)),
    "bybit": _by_asset(BybitStreams),
    "coinbase": _by_asset(CoinbaseStreams, _OneCount),
    "clob-market": lambda _: _ByAsset([MarketChannel(is_for_all=True)]),
    "clob-user": lambda _: _Plain(UserChannel()),
    "rtds": _by_asset(Rtds),
    "polybolt": _by_asset(lambda asset: PolyBolt(asset, _NOBODY)),
    "gamma": lambda _: _Plain(GammaFrames()),
}
