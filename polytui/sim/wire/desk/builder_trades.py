"""Trades as `/builder/trades` spells them: one side each, in another hand than the CLOB's own."""

from __future__ import annotations

from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S, format_micro
from polytui.sim.exchange.venue_trade import VenueTrade
from polytui.sim.wire.desk.account_documents import SIDES, Document
from polytui.sim.wire.form.wire_text import iso_z

_INDEX = {Outcome.UP: 0, Outcome.DOWN: 1}


def builder_trade_document(trade: VenueTrade, builder: str) -> Document:
    """The taker's side, which alone carries a builder's code in this listing. No fee of a
    builder's own is taken here."""
    return {
        "id": trade.trade_id,
        "tradeType": "TAKER",
        "takerOrderHash": trade.taker_order_id,
        "builder": builder,
        "market": trade.condition_id,
        "assetId": trade.token_id,
        "side": SIDES[trade.side],
        "size": format_micro(trade.shares),
        "sizeUsdc": format_micro(trade.cost),
        "price": format_micro(trade.price),
        "status": f"TRADE_STATUS_{trade.status.value}",
        "outcome": trade.outcome.value.capitalize(),
        "outcomeIndex": _INDEX[trade.outcome],
        "owner": trade.taker_api_key,
        "maker": trade.taker_wallet,
        "transactionHash": trade.transaction_hash,
        "matchTime": str(trade.matched_ns // NS_PER_S),
        "bucketIndex": trade.bucket_index,
        "fee": "0",
        "feeUsdc": "0",
        "builderFee": "0",
        "builderCode": builder,
        "err_msg": trade.error or None,
        "createdAt": iso_z(trade.matched_ns),
        "updatedAt": iso_z(trade.updated_ns),
    }
