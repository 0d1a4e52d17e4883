"""PolyBolt, the current price relay, for one client: text in, texts out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar

import msgspec

from polytui.model.instrument import Asset
from polytui.sim.wire.form.wire_text import parse_object, plain_e18
from polytui.sim.wire.prices.price_points import SPOT, TWAP, TWAP_WINDOW_S, Point, PricePoints
from polytui.sim.world.world_events import ChainlinkTicked, WorldEvent

_SERIES = {"price.crypto": SPOT, "price.crypto.twap": TWAP}
_CHANNELS = {series: channel for channel, series in _SERIES.items()}
_SYMBOLS = {f"{asset.value}usd": asset for asset in Asset}
_SNAPSHOT_S = 120
_MOST_SUBSCRIPTIONS = 64
_MOST_SUBSCRIBES_PER_S = 20
_MOST_AUTHS = 8
_MOST_CHARS = 64 * 1024
_POLICY = 4008
_AUTH = 4001
_CREDENTIALS = ("apiKey", "secret", "passphrase")

_Key = tuple[str, Asset]


class PolyBoltSession:
    """One connection to the relay.

    Venue rules: credentials first; one acknowledgement per item in request order; a snapshot of
    the last two minutes and then about one update a second; `seq` is dense per channel of this
    connection; values are plain decimals. Any complete set of credentials is taken here.
    """

    WANTS: ClassVar[tuple[type, ...]] = (ChainlinkTicked,)
    ping_every_s: ClassVar[float | None] = 25.0
    quiet_limit_s: ClassVar[float | None] = None

    def __init__(self, points: PricePoints, now_s: Callable[[], float] = monotonic) -> None:
        self._points = points
        self._now_s = now_s
        self._is_authed = False
        self._auths = 0
        self._wanted: set[_Key] = set()
        self._seqs = dict.fromkeys(_CHANNELS.values(), 0)
        self._subscribes: deque[float] = deque(maxlen=_MOST_SUBSCRIBES_PER_S)
        self.closing: tuple[int, str] | None = None

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        """Answers to one client frame; `closing` is set where the venue would hang up."""
        if len(text) > _MOST_CHARS:
            self.closing = (_POLICY, "frame too large")
            return []
        frame = parse_object(text)
        return [_error("bad_op", None)] if frame is None else self._obey(frame)

    def publish(self, world_event: WorldEvent) -> list[str]:
        """Updates of a world event for the items this client subscribed to."""
        if not self._wanted:
            return []
        return [
            self._numbered(point.series, point.sent_ms, f'"payload":{_payload(point)}')
            for point in self._points.of(world_event)
            if (point.series, point.asset) in self._wanted
        ]

    def close(self) -> None:
        self._wanted.clear()

    def _obey(self, frame: dict[str, Any]) -> list[str]:
        rid, op = frame.get("rid"), frame.get("op")
        if op == "ping":
            return [_ack("pong", rid)]
        if op == "auth":
            return [self._auth(rid, frame.get("auth"))]
        if op not in ("subscribe", "unsubscribe"):
            return [_error("bad_op", rid)]
        items = frame.get("subscriptions")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            return [_error("bad_op", rid)]
        if not self._is_authed:
            return [_error("auth_required", rid, item.get("channel")) for item in items]
        if op == "unsubscribe":
            return [self._unsubscribe(rid, item) for item in items]
        if self._is_hurried():
            return [_error("rate_limited", rid, item.get("channel")) for item in items]
        return self._subscribe(rid, items)

    def _auth(self, rid: Any, given: Any) -> str:
        self._auths += 1
        if self._auths > _MOST_AUTHS:
            self.closing = (_AUTH, "auth attempts")
            return _error("auth_attempts", rid)
        if not isinstance(given, dict) or not all(_is_word(given.get(k)) for k in _CREDENTIALS):
            return _error("auth_invalid", rid)
        self._is_authed = True
        return _ack("authed", rid)

    def _is_hurried(self) -> bool:
        now = self._now_s()
        is_full = len(self._subscribes) == _MOST_SUBSCRIBES_PER_S
        is_hurried = is_full and now - self._subscribes[0] < 1.0
        self._subscribes.append(now)
        return is_hurried

    def _subscribe(self, rid: Any, items: list[dict[str, Any]]) -> list[str]:
        answers, snapshots = [], []
        for item in items:
            key, code = self._judge(item)
            channel = item.get("channel")
            if key is None:
                answers.append(_error(code, rid, channel))
                continue
            answers.append(_ack("subscribed", rid, channel))
            if key not in self._wanted:
                self._wanted.add(key)
                snapshots.append(key)
        return answers + [self._snapshot(*key) for key in snapshots]

    def _unsubscribe(self, rid: Any, item: dict[str, Any]) -> str:
        key, code = _parse(item)
        if key is None:
            return _error(code, rid, item.get("channel"))
        self._wanted.discard(key)
        return _ack("unsubscribed", rid, item.get("channel"))

    def _judge(self, item: dict[str, Any]) -> tuple[_Key | None, str]:
        key, code = _parse(item)
        is_full = len(self._wanted) >= _MOST_SUBSCRIPTIONS
        return (None, "sub_limit") if key is not None and is_full else (key, code)

    def _snapshot(self, series: str, asset: Asset) -> str:
        points = self._points.history(series, asset, _SNAPSHOT_S)
        window = f',"window_seconds":{TWAP_WINDOW_S}' if series == TWAP else ""
        data = ",".join(f"{{{_values(point)}}}" for point in points)
        payload = f'{{"symbol":"{asset.value}usd","source":"chainlink"{window},"data":[{data}]}}'
        return self._numbered(series, self._points.now_ms, f'"snapshot":true,"payload":{payload}')

    def _numbered(self, series: str, sent_ms: int, rest: str) -> str:
        channel = _CHANNELS[series]
        self._seqs[channel] += 1
        return f'{{"v":1,"channel":"{channel}","seq":{self._seqs[channel]},"ts":{sent_ms},{rest}}}'


def _parse(item: dict[str, Any]) -> tuple[_Key | None, str]:
    """What an item asks for, or the venue's code for what is wrong with it."""
    series = _SERIES.get(str(item.get("channel")))
    wanted = item.get("filter")
    if series is None:
        return None, "bad_channel"
    if not isinstance(wanted, dict):
        return None, "bad_filter"
    asset = _SYMBOLS.get(str(wanted.get("symbol")))
    is_window_right = series == SPOT or wanted.get("window_seconds") == TWAP_WINDOW_S
    is_provider_right = wanted.get("provider", "chainlink") == "chainlink"
    if asset is None or not is_window_right or not is_provider_right:
        return None, "bad_filter"
    return (series, asset), ""


def _values(point: Point) -> str:
    exact = plain_e18(point.value_e18)
    return f'"timestamp":{point.stamp_ms},"value":{point.value!r},"full_accuracy_value":"{exact}"'


def _payload(point: Point) -> str:
    window = f',"window_seconds":{TWAP_WINDOW_S}' if point.series == TWAP else ""
    symbol = f"{point.asset.value}usd"
    return f'{{"symbol":"{symbol}",{_values(point)},"source":"chainlink"{window}}}'


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _ack(op: str, rid: Any, channel: Any = None) -> str:
    return _control({"op": op, "rid": rid, "channel": channel})


def _error(code: str, rid: Any, channel: Any = None) -> str:
    return _control({"op": "error", "rid": rid, "channel": channel, "code": code})


def _control(fields: dict[str, Any]) -> str:
    known = {name: value for name, value in fields.items() if value is not None}
    return msgspec.json.encode(known).decode()
