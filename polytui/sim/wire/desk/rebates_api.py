"""What makers get back of takers' fees, and trades by the builder they came through."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Round
from polytui.model.units import MICRO, NS_PER_S, format_micro
from polytui.sim.exchange.builder_codes import is_builder_code
from polytui.sim.exchange.contracts import PUSD
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.venue_trade import TradeStatus, VenueTrade
from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.wire.desk.builder_trades import builder_trade_document
from polytui.sim.wire.desk.private_request import address_of, bad, only
from polytui.sim.wire.desk.rewards_api import day_of
from polytui.sim.wire.desk.trade_filters import TRADE_FILTERS, picked
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.paged import page_document
from polytui.sim.wire.rounds.listing import Listing

_WORDS = "Invalid payload"
_TRADE_WORDS = "Invalid trade params payload"
_PER_PAGE = 100
_PARAMS = (*TRADE_FILTERS, "builder_code", "next_cursor")
_DONE = (TradeStatus.MINED, TradeStatus.CONFIRMED)
"""Whose fees were paid."""


class RebatesApi:
    """`/rebates/current` and `/builder/trades`, which need no key."""

    def __init__(self, exchange: Exchange, listing: Listing) -> None:
        self._exchange = exchange
        self._listing = listing

    def routes(self) -> list[Route]:
        return [
            Route("/rebates/current", self.rebates),
            Route("/builder/trades", self.builder_trades),
        ]

    async def rebates(self, request: Request) -> Response:
        """Of one UTC day and one wallet, by condition: what was paid for it, or, while it lasts,
        what its settled trades have earned so far."""
        asked = only(request, ("date", "maker_address"), _WORDS)
        day = day_of(asked.get("date", ""), "Invalid date").isoformat()
        wallet = address_of(asked.get("maker_address", ""), "Invalid maker address")
        is_over = day < _day(self._exchange.now_ns())
        found = self._paid(wallet, day) if is_over else self._earned(wallet, day)
        return json_answer(
            [
                {
                    "date": day,
                    "condition_id": condition_id,
                    "asset_address": PUSD,
                    "maker_address": wallet,
                    "rebated_fees_usdc": format_micro(usd),
                }
                for condition_id, usd in found.items()
                if usd
            ]
        )

    def _paid(self, wallet: str, day: str) -> dict[str, int]:
        """A day is paid at its end."""
        found: defaultdict[str, int] = defaultdict(int)
        for rebate in self._exchange.rebates:
            if rebate.wallet == wallet and _day(rebate.at_ns - 1) == day:
                found[rebate.condition_id] += rebate.usd
        return found

    def _earned(self, wallet: str, day: str) -> dict[str, int]:
        found: defaultdict[str, int] = defaultdict(int)
        for trade in self._exchange.trades(wallet):
            listed = self._listing.by_condition(trade.condition_id)
            if listed is not None and _day(trade.matched_ns) == day and trade.status in _DONE:
                found[trade.condition_id] += _rebate(listed, trade, wallet)
        return found

    async def builder_trades(self, request: Request) -> Response:
        asked = only(request, _PARAMS, _TRADE_WORDS)
        code = asked.get("builder_code", "").lower()
        if not is_builder_code(code) or not code.strip("0x"):
            raise bad("Invalid builder code")
        found = [trade for trade in self._exchange.every_trade() if self._came_by(trade, code)]
        found = picked(found, asked, _TRADE_WORDS)

        def write(trade: VenueTrade) -> Document:
            return builder_trade_document(trade, code)

        return json_answer(page_document(found[::-1], request, _PER_PAGE, write))

    def _came_by(self, trade: VenueTrade, code: str) -> bool:
        order = self._exchange.order(trade.taker_order_id)
        return order is not None and order.signed.builder.lower() == code


def _rebate(listed: Round, trade: VenueTrade, wallet: str) -> int:
    """A market's takers pay for all makers in the measure of their fills: this one's share of what
    is given back is what its own fills would have cost a taker."""
    paid = sum(
        listed.fees.fee(part.price, part.shares)
        for part in trade.maker_parts
        if part.maker == wallet
    )
    return paid * listed.fees.rebate_ppm // MICRO


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).date().isoformat()
