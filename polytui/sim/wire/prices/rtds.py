"""RTDS, the older price relay, for one client: text in, texts out, with its known quirks."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from polytui.model.instrument import Asset
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.prices.activity import KINDS, Activity
from polytui.sim.wire.prices.price_points import (
    BINANCE,
    SPOT,
    TWAP,
    TWAP_WINDOW_S,
    Point,
    PricePoints,
)
from polytui.sim.world.world_events import (
    BookSwept,
    ChainlinkTicked,
    ExchangeTrade,
    WorldEvent,
)

_SERIES = {
    "crypto_prices": BINANCE,
    "crypto_prices_chainlink": SPOT,
    "crypto_prices_twap_sixty": TWAP,
}
_TOPICS = {series: topic for topic, series in _SERIES.items()}
_ACTIVITY = "activity"
_SILENT_TOPICS = ("crypto_prices_twap_thirty", "equity_prices", "comments")
"""Topics the relay has and this venue has nothing to say about."""
_QUIET_S = 228.0
"""After so long without a word one observer of the live relay was given nothing more."""
_HISTORY_S = {BINANCE: 120, SPOT: 60, TWAP: 60}

_SYMBOLS = {
    BINANCE: {f"{asset.value}usdt": asset for asset in Asset},
    SPOT: {f"{asset.value}/usd": asset for asset in Asset},
    TWAP: {f"{asset.value}/usd": asset for asset in Asset},
}
_NAMES = {
    (series, asset): symbol for series, names in _SYMBOLS.items() for symbol, asset in names.items()
}


class _RefusedError(Exception):
    """One bad entry refuses the whole subscription frame."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RtdsSession:
    """One connection to the relay.

    Quirks of the live relay, all kept: an empty text frame on connect; `filters` is a string of
    JSON; a space inside it gives the history and then silence; one unknown topic refuses the
    whole array; the history of Chainlink's spot price comes under the topic `crypto_prices`;
    there is a history only for a subscription with a symbol. Values of Chainlink topics are
    dollars x 10^18, those of the Binance topic plain decimals.
    """

    WANTS: ClassVar[tuple[type, ...]] = (ChainlinkTicked, ExchangeTrade, BookSwept)
    ping_every_s: ClassVar[float | None] = None

    def __init__(
        self, points: PricePoints, activity: Activity, *, needs_text_pings: bool = False
    ) -> None:
        self.quiet_limit_s: float | None = _QUIET_S if needs_text_pings else None
        self._points = points
        self._activity = activity
        self._wanted: set[tuple[str, Asset | None]] = set()
        self._trades: set[tuple[str, str]] = set()
        """Kinds of activity, each with the slug it is wanted of; "" for all."""
        self.closing: tuple[int, str] | None = None

    def opening(self) -> list[str]:
        return [""]

    def receive(self, text: str) -> list[str]:
        """Answers to one client frame."""
        if text in ("PING", "ping"):
            return ["PONG" if text == "PING" else "pong"]
        try:
            return self._obey(parse_object(text))
        except _RefusedError as refused:
            return [_refusal(refused.status, str(refused))]

    def publish(self, world_event: WorldEvent) -> list[str]:
        """Updates of a world event for the symbols this client asked for."""
        if isinstance(world_event, BookSwept):
            return self._activity.of(world_event, self._trades) if self._trades else []
        if not self._wanted:
            return []
        return [update_text(point) for point in self._points.of(world_event) if self._wants(point)]

    def close(self) -> None:
        self._wanted.clear()
        self._trades.clear()

    def _wants(self, point: Point) -> bool:
        wanted = self._wanted
        return (point.series, point.asset) in wanted or (point.series, None) in wanted

    def _obey(self, frame: dict[str, Any] | None) -> list[str]:
        if frame is None or not isinstance(frame.get("subscriptions"), list):
            raise _RefusedError(400, "invalid request body")
        entries = [_entry(one) for one in frame["subscriptions"]]
        trades = {key for one in frame["subscriptions"] for key in _activity_keys(one)}
        if frame.get("action") == "unsubscribe":
            self._trades -= trades
            for topic, symbol, _ in entries:
                self._wanted -= set(_keys(topic, symbol))
            return []
        if frame.get("action") != "subscribe":
            raise _RefusedError(400, "invalid action")
        self._trades |= trades
        return [text for entry in entries for text in self._subscribe(*entry)]

    def _subscribe(self, topic: str, symbol: str | None, is_spaced: bool) -> list[str]:
        keys = _keys(topic, symbol)
        if not is_spaced:
            self._wanted.update(keys)
        return [self._history(series, asset) for series, asset in keys if asset is not None]

    def _history(self, series: str, asset: Asset) -> str:
        points = self._points.history(series, asset, _HISTORY_S[series])
        payload: dict[str, Any] = {
            "data": [_past(point) for point in points],
            "symbol": _NAMES[series, asset],
        }
        if series == TWAP:
            payload["window_s"] = TWAP_WINDOW_S
        return _json(
            {
                "payload": payload,
                "timestamp": self._points.now_ms,
                "topic": _TOPICS[TWAP] if series == TWAP else _TOPICS[BINANCE],
                "type": "subscribe",
            }
        )


def _past(point: Point) -> dict[str, Any]:
    past: dict[str, Any] = {"timestamp": point.stamp_ms, "value": point.value}
    if point.series == TWAP:
        past["full_accuracy_value"] = str(point.value_e18)
    return past


def _entry(raw: Any) -> tuple[str, str | None, bool]:
    """Topic, symbol (None for all) and whether the filter has the space that silences it."""
    if not isinstance(raw, dict) or not isinstance(raw.get("topic"), str):
        raise _RefusedError(400, "invalid subscription")
    topic, filters = raw["topic"], raw.get("filters", "")
    if topic not in (*_SERIES, _ACTIVITY, *_SILENT_TOPICS):
        raise _RefusedError(401, f"leger GetTopics error: {topic} not found")
    if not isinstance(filters, str):
        raise _RefusedError(400, "filters must be a string")
    return topic, _symbol_of(topic, filters), " " in filters


def _activity_keys(raw: dict[str, Any]) -> list[tuple[str, str]]:
    """What an entry wants of the activity; nothing for another topic."""
    if raw["topic"] != _ACTIVITY:
        return []
    wanted = parse_object(raw.get("filters") or "{}") or {}
    slug = str(wanted.get("event_slug") or wanted.get("market_slug") or "")
    kind = raw.get("type")
    return [(one, slug) for one in KINDS if kind in ("*", one)]


def _symbol_of(topic: str, filters: str) -> str | None:
    if not filters:
        return None
    wanted = parse_object(filters)
    if wanted is not None:
        return str(wanted.get("symbol"))
    if _SERIES.get(topic) == BINANCE:
        return filters  # a comma list is taken for a symbol nobody has: accepted, no data
    raise _RefusedError(400, "invalid filters")


def _keys(topic: str, symbol: str | None) -> list[tuple[str, Asset | None]]:
    series = _SERIES.get(topic)
    if series is None:
        return []
    if symbol is None:
        return [(series, None)]
    asset = _SYMBOLS[series].get(symbol.lower())
    return [] if asset is None else [(series, asset)]


def update_text(point: Point) -> str:
    """One update frame."""
    exact = f"{point.value:.8f}" if point.series == BINANCE else str(point.value_e18)
    window = f',"window_s":{TWAP_WINDOW_S}' if point.series == TWAP else ""
    return (
        f'{{"payload":{{"full_accuracy_value":"{exact}","symbol":"'
        f'{_NAMES[point.series, point.asset]}","timestamp":{point.stamp_ms},'
        f'"value":{point.value!r}{window}}},"timestamp":{point.sent_ms},'
        f'"topic":"{_TOPICS[point.series]}","type":"update"}}'
    )


def _refusal(status: int, message: str) -> str:
    return _json({"body": {"message": message}, "statusCode": status})


def _json(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
