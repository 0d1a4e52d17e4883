"""Bybit's spot streams for one client, without a socket: text in, texts out."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec
from attrs import define

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.spot.bybit_frames import DEPTHS, MINUTES, SYMBOLS, BybitFrames
from polytui.sim.world.world_events import ExchangeQuote, ExchangeTrade, WorldEvent

_MOST_ARGS = 10
_MOST_ARGS_CHARS = 21_000
_RESEND_NS = 3 * NS_PER_S
"""A best that does not change is told again."""
_BOOKS = {f"orderbook.{depth}": depth for depth in DEPTHS}
_KLINES = {f"kline.{interval}": interval for interval in MINUTES}
_KINDS = {"publicTrade", "tickers", *_BOOKS, *_KLINES}


@define
class _Clocked:
    """A topic that speaks by the clock: a candle, or a best that does not change."""

    asset: Asset
    kind: str
    told_ns: int
    """When it spoke last; of a candle, when the first one opens that was not told as closed."""


class BybitSession:
    """One connection to `/v5/public/spot`.

    Venue rules: more than ten topics refuse the whole request, and so does one that nobody has; an
    answer names the operation in `ret_msg`; a pong says op "ping"; ten minutes of silence end it.
    """

    WANTS: ClassVar[tuple[type, ...]] = (ExchangeTrade, ExchangeQuote)
    ping_every_s: ClassVar[float | None] = None

    def __init__(self, frames: BybitFrames, number: int) -> None:
        self.quiet_limit_s: float | None = 600.0
        self.closing: tuple[int, str] | None = None
        self._frames = frames
        self._id = str(UUID(int=number))
        self._topics: dict[str, Asset] = {}
        self._clocked: dict[str, _Clocked] = {}
        self._second = 0
        self._now_ns = 0

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        request = parse_object(text)
        if request is None:
            return [self._answer("", None, "error:request is not json")]
        operation, request_id = request.get("op"), request.get("req_id")
        if operation == "ping":
            return [self._answer("ping", request_id, "pong", is_ok=True)]
        args = request.get("args")
        if operation not in ("subscribe", "unsubscribe") or not isinstance(args, list):
            return [self._answer(str(operation), request_id, "error:unknown operation")]
        return self._change(operation, args, request_id)

    def _change(self, operation: str, topics: list[Any], request_id: Any) -> list[str]:
        fault = self._fault(operation, topics)
        if fault:
            return [self._answer(operation, request_id, fault)]
        frames = [self._answer(operation, request_id, operation, is_ok=True)]
        for topic in topics:
            if operation == "unsubscribe":
                self._topics.pop(topic, None)
                self._clocked.pop(topic, None)
            else:
                frames += self._join(topic)
        return frames

    def _join(self, topic: str) -> list[str]:
        """What is known of the topic is told at once."""
        kind, _, symbol = topic.rpartition(".")
        asset = self._topics[topic] = SYMBOLS[symbol]
        if kind in _KLINES:
            self._clocked[topic] = _Clocked(asset, kind, 0)
        if kind == "orderbook.1":
            self._clocked[topic] = _Clocked(asset, kind, self._now_ns)
        if kind in _BOOKS:
            snapshot = self._frames.snapshot(asset, _BOOKS[kind])
            return [snapshot] if snapshot else []
        return [self._frames.ticker(asset, self._now_ns)] if kind == "tickers" else []

    def _fault(self, operation: str, topics: list[Any]) -> str:
        if len(topics) > _MOST_ARGS:
            return f"args size >{_MOST_ARGS}"
        for topic in topics:
            kind, _, symbol = str(topic).rpartition(".")
            if symbol not in SYMBOLS or not self._frames.is_traded(SYMBOLS[symbol]):
                return f"Invalid symbol :[{topic}]"
            if kind not in _KINDS:
                return f"error:handler not found,topic:{topic}"
            if operation == "subscribe" and topic in self._topics:
                return f"error:already subscribed,topic:{topic}"
        if sum(map(len, (*self._topics, *topics))) > _MOST_ARGS_CHARS:
            return "args length is too large"
        return ""

    def publish(self, world_event: WorldEvent) -> list[str]:
        self._now_ns = at_ns = world_event.at_ns
        frames = self._frames.of(world_event, self._topics)
        if self._clocked and at_ns // NS_PER_S != self._second:
            self._second = at_ns // NS_PER_S
            for clocked in self._clocked.values():
                frames += self._by_clock(clocked, at_ns)
        return frames

    def _by_clock(self, clocked: _Clocked, at_ns: int) -> list[str]:
        asset = clocked.asset
        if clocked.kind in _KLINES:
            interval = _KLINES[clocked.kind]
            bars = self._frames.bars(asset, interval, clocked.told_ns, at_ns)
            length_ns = MINUTES[interval] * 60 * NS_PER_S
            clocked.told_ns = at_ns - at_ns % length_ns
            return [self._frames.kline(asset, interval, bar, at_ns) for bar in bars]
        quiet_ns = at_ns - max(clocked.told_ns, self._frames.market(asset).changed_ns)
        snapshot = self._frames.snapshot(asset, 1) if quiet_ns >= _RESEND_NS else None
        if snapshot is None:
            return []
        clocked.told_ns = at_ns
        return [snapshot]

    def close(self) -> None:
        self._topics.clear()
        self._clocked.clear()

    def _answer(self, operation: str, request_id: Any, words: str, *, is_ok: bool = False) -> str:
        answer: dict[str, Any] = {"success": is_ok, "ret_msg": words, "conn_id": self._id}
        if request_id is not None and operation != "ping":
            answer["req_id"] = request_id
        answer["op"] = operation
        return msgspec.json.encode(answer).decode()
