"""Orders and trades of an account as the CLOB's private reads spell them.

Sizes are decimal shares in strings, times whole seconds; a trade's status carries its prefix here
and none on the stream (venue forms).
"""

from __future__ import annotations

from typing import Any

from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, format_micro
from polytui.sim.exchange.venue_order import VenueOrder
from polytui.sim.exchange.venue_trade import MakerPart, VenueTrade

Document = dict[str, Any]
SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}
CAP_BPS = "1000"
"""What a trade names as its rate is the protocol's cap, not what was charged (venue trap)."""


def order_document(order: VenueOrder) -> Document:
    """One item of `GET /data/orders`. Nothing in it tells when its status changed."""
    signed = order.signed
    return {
        "id": signed.order_id,
        "status": order.status.value,
        "owner": signed.api_key,
        "maker_address": signed.maker,
        "market": order.condition_id,
        "asset_id": signed.token_id,
        "side": SIDES[signed.side],
        "original_size": format_micro(order.original),
        "size_matched": format_micro(order.matched),
        "price": format_micro(order.price),
        "outcome": order.outcome.value.capitalize(),
        "expiration": str(signed.expiration_s),
        "order_type": signed.order_type.value,
        "associate_trades": list(order.trade_ids),
        "created_at": order.created_ns // NS_PER_S,
    }


def trade_document(trade: VenueTrade, reader: str) -> Document:
    """One item of `GET /data/trades`. The whole of it goes to every side of the trade: whoever
    made finds itself among `maker_orders`. `reader` is the API key that asks."""
    return {
        "id": trade.trade_id,
        "taker_order_id": trade.taker_order_id,
        "market": trade.condition_id,
        "asset_id": trade.token_id,
        "side": SIDES[trade.side],
        "size": format_micro(trade.shares),
        "fee_rate_bps": CAP_BPS,
        "price": format_micro(trade.price),
        "status": f"TRADE_STATUS_{trade.status.value}",
        "match_time": str(trade.matched_ns // NS_PER_S),
        "match_time_nano": str(trade.matched_ns),
        "last_update": str(trade.updated_ns // NS_PER_S),
        "outcome": trade.outcome.value.capitalize(),
        "bucket_index": trade.bucket_index,
        "owner": trade.taker_api_key,
        "maker_address": trade.taker_wallet,
        "transaction_hash": trade.transaction_hash,
        "err_msg": trade.error,
        "maker_orders": [maker_document(part) for part in trade.maker_parts],
        "trader_side": trader_side(trade, reader),
    }


def trader_side(trade: VenueTrade, reader: str) -> str:
    return "TAKER" if trade.taker_api_key == reader else "MAKER"


def maker_document(part: MakerPart) -> Document:
    """In a match that mints or merges, the maker's token is the other outcome's."""
    return {
        "order_id": part.order_id,
        "owner": part.api_key,
        "maker_address": part.maker,
        "matched_amount": format_micro(part.shares),
        "price": format_micro(part.price),
        "fee_rate_bps": str(part.fee_rate_bps),
        "asset_id": part.token_id,
        "outcome": part.outcome.value.capitalize(),
        "side": SIDES[part.side],
    }


def fill_documents(trade: VenueTrade, wallet: str) -> list[Document]:
    """A wallet's sides of a trade with what the venue's books move for each: nothing that the real
    venue tells anybody, and the truth for whoever started this one."""
    of_trade = {"trade_id": trade.trade_id, "status": trade.status.value}
    found = [
        {**of_trade, **_fill(part, part.order_id, part.usd, 0), "is_taker": False}
        for part in trade.maker_parts
        if part.maker == wallet
    ]
    if trade.taker_wallet != wallet:
        return found
    taken = _fill(trade, trade.taker_order_id, trade.cost, trade.fee)
    return [{**of_trade, **taken, "is_taker": True}, *found]


def _fill(side: VenueTrade | MakerPart, order_id: str, usd: int, fee: int) -> Document:
    return {
        "order_id": order_id,
        "token_id": side.token_id,
        "side": SIDES[side.side],
        "price": format_micro(side.price),
        "shares": format_micro(side.shares),
        "usd": format_micro(usd),
        "fee": format_micro(fee),
    }
