"""What the venue tells an account apart from its stream: a letter box of two days."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S, format_micro
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.wire.desk.account_documents import SIDES, Document
from polytui.sim.world.world_events import WorldEvent

_CANCELLED, _FILLED, _FILL_FAILED = 1, 2, 8
"""Kinds of letters, as the venue numbers them."""
_KEPT_NS = 48 * 3600 * NS_PER_S
_MOST_OF_ONE = 1000
_OF_A_TRADE = {TradeStatus.MINED: _FILLED, TradeStatus.FAILED: _FILL_FAILED}
_INDEX = {Outcome.UP: 0, Outcome.DOWN: 1}


@frozen
class _Letter:
    number: int
    kind: int
    owner: str
    written_ns: int
    payload: Document


class Notices:
    """State: the letters of each address, the oldest first."""

    def __init__(self, keys: ApiKeys, order: Callable[[str], VenueOrder | None]) -> None:
        """`order`: an order by its id, as it is now."""
        self._keys = keys
        self._order = order
        self._letters: defaultdict[str, deque[_Letter]] = defaultdict(
            lambda: deque(maxlen=_MOST_OF_ONE)
        )
        self._count = 0

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event."""
        if isinstance(world_event, OrderTold):
            if world_event.change is OrderChange.CANCELLATION:
                self._write(_CANCELLED, world_event.order, world_event.at_ns, None)
        elif isinstance(world_event, TradeTold) and world_event.trade.status in _OF_A_TRADE:
            self._tell_all(world_event.trade, world_event.at_ns)

    def read(self, address: str, now_ns: int) -> list[Document]:
        """The newest first."""
        letters = self._letters[address] if address in self._letters else deque()
        while letters and letters[0].written_ns < now_ns - _KEPT_NS:
            letters.popleft()
        return [_document(letter) for letter in reversed(letters)]

    def drop(self, address: str, numbers: set[int]) -> None:
        """Numbers of others' letters and of none do nothing."""
        if address in self._letters:
            kept = [one for one in self._letters[address] if one.number not in numbers]
            self._letters[address].clear()
            self._letters[address].extend(kept)

    def _tell_all(self, trade: VenueTrade, at_ns: int) -> None:
        """Every order that took part, once however many of its parts did."""
        for order_id in dict.fromkeys(
            (trade.taker_order_id, *(part.order_id for part in trade.maker_parts))
        ):
            order = self._order(order_id)
            if order is not None:
                self._write(_OF_A_TRADE[trade.status], order, at_ns, trade)

    def _write(self, kind: int, order: VenueOrder, at_ns: int, trade: VenueTrade | None) -> None:
        self._count += 1
        letter = _Letter(self._count, kind, order.api_key, at_ns, _payload(order, trade))
        self._letters[self._keys.address_of(order.api_key)].append(letter)


def _payload(order: VenueOrder, trade: VenueTrade | None) -> Document:
    return {
        "asset_id": order.signed.token_id,
        "market": order.condition_id,
        "order_id": order.order_id,
        "side": SIDES[order.side],
        "type": order.signed.order_type.value,
        "price": format_micro(order.price),
        "original_size": format_micro(order.original),
        "matched_size": format_micro(order.matched),
        "remaining_size": format_micro(order.remaining),
        "outcome": order.outcome.value.capitalize(),
        "outcome_index": _INDEX[order.outcome],
        "transaction_hash": "" if trade is None else trade.transaction_hash,
        "trade_id": "" if trade is None else trade.trade_id,
        "question": "",
        "market_slug": order.slug,
        "icon": "",
        "image": "",
        "eventSlug": order.slug,
        "seriesSlug": "",
    }


def _document(letter: _Letter) -> Document:
    return {
        "id": letter.number,
        "type": letter.kind,
        "owner": letter.owner,
        "timestamp": letter.written_ns // NS_PER_S,
        "payload": letter.payload,
    }
