"""Binance's market streams for one client, without a socket: text in, texts out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec
from attrs import define

from polytui.model.instrument import Asset, Exchange
from polytui.sim.wire.form.wire_text import millis, parse_object
from polytui.sim.wire.spot.binance_rows import MICRO_NS, MILLI_NS, NAMES
from polytui.sim.wire.spot.quoted_book import QuotedBook
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent

_FIRST_ID = 4_000_000_000
_KEPT_TRADES = 60_000
"""Of one asset, for who asks by id: some hours."""
UPDATES = 3
"""Of the book, told by one quote: ids rise by more than one."""
_MOST_INBOUND = 5
"""Frames a second from one client; more end the connection."""


@define
class _Ids:
    """Ids of one symbol: each trade print is an aggregate of its own."""

    aggregate: int
    trade: int
    update: int


class BinanceFrames:
    """Writes each world event once for all sessions, and numbers trades without a gap."""

    def __init__(self) -> None:
        self._ids = {asset: _first_ids(asset) for asset in Asset}
        self._books = {asset: QuotedBook(asset) for asset in Asset}
        self._trades: dict[Asset, deque[tuple[int, int, ExchangeTrade]]] = {
            asset: deque(maxlen=_KEPT_TRADES) for asset in Asset
        }
        self._last: WorldEvent | None = None
        self._frames: tuple[tuple[str, str], ...] = ()
        self._micro_frames: tuple[tuple[str, str], ...] | None = None

    def note(self, world_event: WorldEvent) -> None:
        """Give the world event its ids; twice for the same one changes nothing."""
        if world_event is self._last:
            return
        self._last = world_event
        self._micro_frames = None
        if not _is_ours(world_event):
            self._frames = ()
        elif isinstance(world_event, ExchangeTrade):
            ids = self._ids[world_event.asset]
            ids.aggregate, ids.trade = ids.aggregate + 1, ids.trade + 1
            self._trades[world_event.asset].append((ids.aggregate, ids.trade, world_event))
            self._frames = _trade_frames(world_event, ids, millis(world_event.at_ns))
        elif isinstance(world_event, ExchangeQuote):
            ids = self._ids[world_event.asset]
            ids.update += UPDATES
            self._books[world_event.asset].note(world_event)
            self._frames = _quote_frames(world_event, ids)
        else:
            self._frames = ()

    def book(self, asset: Asset) -> QuotedBook:
        return self._books[asset]

    def update_id(self, asset: Asset) -> int:
        """Of the book as it stands."""
        return self._ids[asset].update

    def trade_id(self, asset: Asset) -> int:
        """Of the last trade."""
        return self._ids[asset].trade

    def trades(self, asset: Asset) -> Sequence[tuple[int, int, ExchangeTrade]]:
        """(aggregate id, trade id, trade) of the last ones, oldest first."""
        return self._trades[asset]

    def of(self, world_event: WorldEvent, *, is_micro: bool) -> tuple[tuple[str, str], ...]:
        """(stream, payload) pairs; times in microseconds where the client asked for them."""
        self.note(world_event)
        if not is_micro or not isinstance(world_event, ExchangeTrade) or not self._frames:
            return self._frames
        if self._micro_frames is None:
            ids = self._ids[world_event.asset]
            self._micro_frames = _trade_frames(world_event, ids, world_event.at_ns // 1000)
        return self._micro_frames


def _is_ours(world_event: WorldEvent) -> bool:
    return (
        isinstance(world_event, ExchangeTrade | ExchangeQuote)
        and world_event.venue is Exchange.BINANCE
    )


def _first_ids(asset: Asset) -> _Ids:
    first = _FIRST_ID + 1_000_000 * list(Asset).index(asset)
    # Raw trade ids run ahead of aggregate ids, as they do on the exchange.
    return _Ids(first, first * 2, first * 10)


def _trade_frames(trade: ExchangeTrade, ids: _Ids, stamp: int) -> tuple[tuple[str, str], ...]:
    symbol = NAMES[trade.asset]
    is_maker = "true" if trade.is_buyer_maker else "false"
    price, size = f"{trade.price:.8f}", f"{trade.size:.8f}"
    tail = f'"T":{stamp},"m":{is_maker},"M":true}}'
    aggregate = (
        f'{{"e":"aggTrade","E":{stamp},"s":"{symbol}","a":{ids.aggregate},"p":"{price}",'
        f'"q":"{size}","f":{ids.trade},"l":{ids.trade},{tail}'
    )
    single = (
        f'{{"e":"trade","E":{stamp},"s":"{symbol}","t":{ids.trade},"p":"{price}",'
        f'"q":"{size}",{tail}'
    )
    name = symbol.lower()
    return ((f"{name}@aggTrade", aggregate), (f"{name}@trade", single))


def _quote_frames(quote: ExchangeQuote, ids: _Ids) -> tuple[tuple[str, str], ...]:
    symbol = NAMES[quote.asset]
    text = (
        f'{{"u":{ids.update},"s":"{symbol}","b":"{quote.bid:.8f}","B":"{quote.bid_size:.8f}",'
        f'"a":"{quote.ask:.8f}","A":"{quote.ask_size:.8f}"}}'
    )
    return ((f"{symbol.lower()}@bookTicker", text),)


class ClockedStream(Protocol):
    """A stream that speaks by the clock of the world, to one client."""

    def due(self, at_ns: int) -> list[str]:
        """Its payloads, if the time for any has come."""
        ...


OpenClocked = Callable[[str, int], ClockedStream | None]
"""A stream by its name, `btcusdt@depth@100ms`, with times in some nanoseconds; None for a stream
that nobody has."""


class BinanceSession:
    """One connection to `/ws`, `/ws/<a>/<b>` or `/stream?streams=<a>/<b>`.

    Venue rules: control answers are never wrapped; an unknown stream is acknowledged and silent;
    on `/stream` every event is wrapped with its stream's name; the server pings every 20 s.
    """

    WANTS: ClassVar[tuple[type, ...]] = (ExchangeTrade, ExchangeQuote)
    ping_every_s: ClassVar[float | None] = 20.0
    quiet_limit_s: ClassVar[float | None] = None

    def __init__(
        self, frames: BinanceFrames, target: str, open_clocked: OpenClocked | None = None
    ) -> None:
        """`target` is the path and query of the request, from `/ws` or `/stream` on;
        `open_clocked` makes the streams that come by the clock."""
        self._frames = frames
        self._open_clocked = open_clocked
        self._clocked: dict[str, ClockedStream] = {}
        self._inbound: deque[int] = deque(maxlen=_MOST_INBOUND + 1)
        self._now_ns = 0
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        self._is_combined = parts.path == "/stream"
        self._is_micro = query.get("timeUnit", [""])[0].upper() == "MICROSECOND"
        listed = query.get("streams", [""])[0] if self._is_combined else parts.path[len("/ws") :]
        self._streams: dict[str, None] = {}
        self._join(name for name in listed.split("/") if name)
        self.closing: tuple[int, str] | None = None

    @staticmethod
    def knows(target: str) -> bool:
        """Whether the exchange answers an upgrade of this target."""
        path = urlsplit(target).path
        return path in ("/ws", "/stream") or path.startswith("/ws/")

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        """Answers to one control frame; too many within a second end the connection."""
        self._inbound.append(self._now_ns)
        if len(self._inbound) > _MOST_INBOUND and self._inbound[0] == self._now_ns != 0:
            self.closing = (1008, "Too many requests")
            return []
        frame = parse_object(text)
        if frame is None:
            return [_error(3, "Invalid JSON: expected value at line 1 column 1", None)]
        if "method" not in frame:
            return [_error(2, "Invalid request: missing field `method`", None)]
        return [self._obey(frame["method"], frame.get("params"), frame.get("id"))]

    def publish(self, world_event: WorldEvent) -> list[str]:
        """Events of a world event on the streams this client listens to."""
        streams = self._streams
        self._now_ns = world_event.at_ns
        if not streams:
            return []
        pairs = self._frames.of(world_event, is_micro=self._is_micro)
        for name, clocked in self._clocked.items():
            pairs += tuple((name, text) for text in clocked.due(world_event.at_ns))
        if self._is_combined:
            return [
                f'{{"stream":"{name}","data":{text}}}' for name, text in pairs if name in streams
            ]
        return [text for name, text in pairs if name in streams]

    def shut_down(self) -> list[str]:
        """The venue announces that it will close this connection."""
        event = f'{{"e":"serverShutdown","E":{millis(self._now_ns)}}}'
        if self._is_combined:
            return [f'{{"stream":"!serverShutdown","data":{event}}}']
        return [event]

    def close(self) -> None:
        self._streams.clear()
        self._clocked.clear()

    def _join(self, names: Iterable[str]) -> None:
        """Whoever joins a stream that speaks by the clock hears what changes from now on."""
        unit_ns = MICRO_NS if self._is_micro else MILLI_NS
        for name in names:
            is_new = name not in self._streams
            self._streams[name] = None
            clocked = self._open_clocked(name, unit_ns) if self._open_clocked and is_new else None
            if clocked is not None:
                self._clocked[name] = clocked

    def _obey(self, method: Any, params: Any, request_id: Any) -> str:
        if method == "LIST_SUBSCRIPTIONS":
            return _result(list(self._streams), request_id)
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(method, params, request_id)
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return _error(2, f"Invalid request: unknown variant `{method}`", request_id)
        if not isinstance(params, list) or not all(isinstance(one, str) for one in params):
            return _error(2, "Invalid request: params must be strings", request_id)
        if method == "SUBSCRIBE":
            self._join(params)
        else:
            for name in params:
                self._streams.pop(name, None)
                self._clocked.pop(name, None)
        return _result(None, request_id)

    def _property(self, method: str, params: Any, request_id: Any) -> str:
        if not isinstance(params, list) or not params or params[0] != "combined":
            return _error(0, "Unknown property", request_id)
        if method == "GET_PROPERTY":
            return _result(self._is_combined, request_id)
        if len(params) != 2 or not isinstance(params[1], bool):
            return _error(1, "Invalid value type: expected Boolean", request_id)
        self._is_combined = params[1]
        return _result(None, request_id)


def _result(result: Any, request_id: Any) -> str:
    return msgspec.json.encode({"result": result, "id": request_id}).decode()


def _error(code: int, message: str, request_id: Any) -> str:
    answer: dict[str, Any] = {"code": code, "msg": message}
    if request_id is not None:
        answer["id"] = request_id
    return msgspec.json.encode(answer).decode()
