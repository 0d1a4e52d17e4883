"""What the user channel says of orders and trades.

Seconds stand in every time but `timestamp`, which has milliseconds; statuses carry no prefix
(venue forms; `odd_forms.py` has those that were seen besides).
"""

from __future__ import annotations

from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S, format_micro
from polytui.sim.exchange.account_events import OrderChange, OrderTold, TradeTold
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import MakerPart
from polytui.sim.wire.desk.account_documents import SIDES, Document, maker_document, trader_side
from polytui.sim.wire.form.wire_text import millis

_INDEX = {Outcome.UP: 0, Outcome.DOWN: 1}


def order_frame(told: OrderTold) -> Document:
    """One change of an order. `associate_trades` may be null here, in REST it is a list."""
    order = told.order
    signed = order.signed
    return {
        "event_type": "order",
        "id": signed.order_id,
        "owner": signed.api_key,
        "market": order.condition_id,
        "asset_id": signed.token_id,
        "side": SIDES[signed.side],
        "order_owner": signed.api_key,
        "original_size": _original(told),
        "size_matched": format_micro(order.matched),
        "price": format_micro(order.price),
        "associate_trades": list(order.trade_ids) or None,
        "outcome": order.outcome.value.capitalize(),
        "type": told.change.value,
        "created_at": str(order.created_ns // NS_PER_S),
        "expiration": str(signed.expiration_s),
        "order_type": signed.order_type.value,
        "status": _status(order),
        "maker_address": signed.maker,
        "timestamp": str(millis(told.at_ns)),
    }


def trade_frame(told: TradeTold, reader: str) -> Document:
    """One state of a trade, whole, to the key `reader`: as maker it finds itself in
    `maker_orders`; the rest describes the taker."""
    trade = told.trade
    return {
        "event_type": "trade",
        "type": "TRADE",
        "id": trade.trade_id,
        "taker_order_id": trade.taker_order_id,
        "market": trade.condition_id,
        "asset_id": trade.token_id,
        "side": SIDES[trade.side],
        "size": format_micro(trade.shares),
        "price": format_micro(trade.price),
        "fee_rate_bps": "0",
        "status": trade.status.value,
        "matchtime": str(trade.matched_ns // NS_PER_S),
        "last_update": str(trade.updated_ns // NS_PER_S),
        "outcome": trade.outcome.value.capitalize(),
        "owner": trade.taker_api_key,
        "trade_owner": trade.taker_api_key,
        "maker_address": trade.taker_wallet,
        "transaction_hash": trade.transaction_hash,
        "bucket_index": trade.bucket_index,
        "maker_orders": [_maker_part(part) for part in trade.maker_parts],
        "trader_side": trader_side(trade, reader),
        "timestamp": str(millis(told.at_ns)),
    }


def _status(order: VenueOrder) -> str:
    """A reason in words follows the status that it explains (seen so)."""
    return f"CANCELED_{order.words}" if order.words else order.status.value


def _original(told: OrderTold) -> str:
    """Shares; of a market purchase that was killed, the dollars it was for (seen so)."""
    order = told.order
    is_killed = told.change is OrderChange.CANCELLATION and not order.matched
    is_in_dollars = is_killed and order.signed.is_for_dollars
    return format_micro(order.signed.dollars if is_in_dollars else order.original)


def _maker_part(part: MakerPart) -> Document:
    return {**maker_document(part), "outcome_index": _INDEX[part.outcome]}
