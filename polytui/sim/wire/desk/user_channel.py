"""The CLOB's user channel for one client, without a socket: text in, texts out."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from attrs import frozen

from polytui.sim.exchange.account_events import OrderTold, TradeTold
from polytui.sim.exchange.api_keys import ApiKeys, Caller
from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.wire.desk.odd_forms import OddForms
from polytui.sim.wire.desk.user_frames import order_frame, trade_frame
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.world.world_events import ChainlinkTicked, WorldEvent

_UNKNOWN_S = 30.0
"""Real seconds a client may stay without saying who it is."""
_QUIET_S = 60.0
_MOST_MARKETS, _LONGEST_MARKET = 1_000, 66
_INVALID = "INVALID OPERATION"
_WRONG_KEY = (1008, "invalid credentials")


class _Auth(msgspec.Struct):
    apiKey: str  # noqa: N815 - as the venue spells it
    secret: str
    passphrase: str


@frozen
class UserChannelSettings:
    """What is not known of the real venue, or seen in one way and another."""

    closes_on_wrong_key: bool = True
    """Otherwise it stays open and silent."""
    is_hostile: bool = False
    """Send the odd forms of `odd_forms.py`."""


class UserSession:
    """One connection to `/ws/user`.

    Venue rules: the first frame names a key and, if it likes, markets by condition id; without
    markets the whole account is told. Nothing is replayed. An operation changes the markets, and
    none left means all of them.
    """

    WANTS: ClassVar[tuple[type, ...]] = (OrderTold, TradeTold, ChainlinkTicked)
    ping_every_s: ClassVar[float | None] = None

    def __init__(
        self, keys: ApiKeys, settings: UserChannelSettings, *, hears_pings: bool = True
    ) -> None:
        """`hears_pings`: whether protocol pings alone keep it open."""
        self.hears_pings = hears_pings
        self._keys = keys
        self._settings = settings
        self._address: str | None = None
        self._has_spoken = False
        self._markets: set[str] = set()
        self._odd: OddForms | None = None
        self.closing: tuple[int, str] | None = None

    @property
    def quiet_limit_s(self) -> float | None:
        return _QUIET_S if self._has_spoken else _UNKNOWN_S

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        """Answers to one client frame."""
        if text == "PING":
            return ["PONG"]
        frame = parse_object(text)
        if frame is None:
            return [_INVALID]
        if str(frame.get("type", "")).lower() == "user":
            return self._come_in(frame)
        return self._change_markets(frame)

    def publish(self, world_event: WorldEvent) -> list[str]:
        """What this client sees of a world event."""
        if self._address is None:
            return []
        return [msgspec.json.encode(frame).decode() for frame in self._frames(world_event)]

    def close(self) -> None:
        """The client is gone; nobody keeps anything for it."""

    def _frames(self, world_event: WorldEvent) -> list[Document]:
        if isinstance(world_event, OrderTold):
            order = world_event.order
            if not self._is_mine(order.api_key) or self._is_elsewhere(order.condition_id):
                return []
            frame = order_frame(world_event)
            return [frame] if self._odd is None else self._odd.order(frame)
        if isinstance(world_event, TradeTold):
            reader = self._part_in(world_event)
            if reader is None or self._is_elsewhere(world_event.trade.condition_id):
                return []
            frame = trade_frame(world_event, reader)
            return [frame] if self._odd is None else self._odd.trade(frame)
        return [] if self._odd is None else self._odd.late()

    def _part_in(self, told: TradeTold) -> str | None:
        """The key of this account that took part, the taker's first; None where none did."""
        keys = (told.trade.taker_api_key, *(part.api_key for part in told.trade.maker_parts))
        return next((key for key in keys if self._is_mine(key)), None)

    def _is_mine(self, api_key: str) -> bool:
        return bool(api_key) and self._keys.address_of(api_key) == self._address

    def _is_elsewhere(self, condition_id: str) -> bool:
        return bool(self._markets) and condition_id not in self._markets

    def _come_in(self, frame: dict[str, Any]) -> list[str]:
        self._has_spoken = True
        caller = self._caller(frame.get("auth"))
        if caller is None:
            return self._turn_away()
        markets = _markets_of(frame)
        if markets is None:
            return [_INVALID]
        self._address = caller.address
        self._markets = set(markets)
        if self._settings.is_hostile and self._odd is None:
            self._odd = OddForms(caller.api_key)
        return []

    def _caller(self, auth: Any) -> Caller | None:
        try:
            given = msgspec.convert(auth, _Auth)
        except msgspec.ValidationError:
            return None
        return self._keys.find(given.apiKey, given.secret, given.passphrase)

    def _turn_away(self) -> list[str]:
        if self._settings.closes_on_wrong_key:
            self.closing = _WRONG_KEY
        return []

    def _change_markets(self, frame: dict[str, Any]) -> list[str]:
        operation, markets = frame.get("operation"), _markets_of(frame)
        if self._address is None or markets is None:
            return [_INVALID]
        if operation == "subscribe":
            if len(self._markets) + len(markets) > _MOST_MARKETS:
                return [_INVALID]
            self._markets.update(markets)
        elif operation == "unsubscribe":
            self._markets.difference_update(markets)
        else:
            return [_INVALID]
        return []


def _markets_of(frame: dict[str, Any]) -> list[str] | None:
    """Condition ids in small letters; none where they are left out; None for anything else."""
    markets = frame.get("markets")
    if markets is None:
        return []
    if not isinstance(markets, list) or len(markets) > _MOST_MARKETS:
        return None
    if not all(isinstance(one, str) and len(one) <= _LONGEST_MARKET for one in markets):
        return None
    return [one.lower() for one in markets]
