"""Money for any wallet, and what a wallet has, over HTTP: for whoever started the venue."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import MICRO, Usd, format_micro, parse_micro
from polytui.sim.exchange.contracts import AUTO_REDEEMER, CONDITIONAL_TOKENS, POSITION_MANAGER
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.wallets import EOA, SIGNATURE_TYPES, Wallets
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.wire.desk.account_documents import (
    Document,
    fill_documents,
    order_document,
    trade_document,
)
from polytui.sim.wire.desk.private_request import address_of, bad, only
from polytui.sim.wire.desk.seen_balances import SeenBalances
from polytui.sim.wire.form.api_answer import json_answer

_MOST_USD = 1_000_000_000 * MICRO
_ADDRESS = "0x and 40 hexadecimal digits"
_Type = Annotated[int, msgspec.Meta(ge=min(SIGNATURE_TYPES), le=max(SIGNATURE_TYPES))]


class _Money(msgspec.Struct, forbid_unknown_fields=True):
    dollars: str = ""
    """A plain decimal of at most six places."""
    usdc_e: str = ""
    """The same of the token that is not wrapped yet."""
    owner: str = ""
    """The EOA that signs; left out it is the wallet itself."""
    wallet: str = ""
    """Left out it is the owner's own for this type."""
    signature_type: _Type = EOA
    is_approved: bool = True
    """Whether every contract of the venue may move its dollars and shares."""
    is_redeemed: bool = True
    """Whether the venue's own redeemer may bring its winners home, where the others may."""


class Faucet:
    """`POST /faucet` and `GET /account?wallet=0x...`."""

    def __init__(
        self, exchange: Exchange, wallets: Wallets, seen: SeenBalances, door: ControlDoor
    ) -> None:
        self._exchange = exchange
        self._wallets = wallets
        self._seen = seen
        self._door = door

    def routes(self) -> list[Route]:
        return [
            Route("/faucet", self.fund, methods=["POST"]),
            Route("/account", self.account),
        ]

    async def fund(self, request: Request) -> Response:
        """New dollars on the chain; the venue sees its own deposit at once."""
        order = await self._door.read(request, _Money)
        if not order.dollars and not order.usdc_e:
            raise bad("give dollars, usdc_e, or both")
        usd = _dollars("dollars", order.dollars) if order.dollars else None
        other = _dollars("usdc_e", order.usdc_e) if order.usdc_e else None
        wallet, owner = self._whose(order)
        self._wallets.deploy(wallet)
        if usd is not None:
            self._exchange.fund(wallet, usd, is_approved=order.is_approved)
            if not order.is_redeemed:
                self._forbid_redeemer(wallet)
        if other is not None:
            self._exchange.holdings.fund_usdc_e(wallet, other)
        self._seen.forget(wallet)
        return json_answer(
            {
                "wallet": wallet,
                "owner": owner,
                "signature_type": order.signature_type,
                "balance": format_micro(self._exchange.holdings.usd(wallet)),
            }
        )

    def _forbid_redeemer(self, wallet: str) -> None:
        approvals = self._exchange.holdings.approvals
        for token in (CONDITIONAL_TOKENS, POSITION_MANAGER):
            approvals.approve_all(wallet, token, AUTO_REDEEMER, False)

    async def account(self, request: Request) -> Response:
        """What a wallet has and what it did, whatever key did it."""
        self._door.check(request)
        asked = only(request, ("wallet",), "give wallet, and nothing else")
        wallet = address_of(asked.get("wallet", ""), f"wallet must be {_ADDRESS}")
        return json_answer(self._account(wallet))

    def _whose(self, order: _Money) -> tuple[str, str]:
        """The wallet that is meant and its owner; 400 where that cannot be."""
        if not order.owner and not order.wallet:
            raise bad("give owner, wallet, or both")
        owner = address_of(order.owner or order.wallet, f"owner must be {_ADDRESS}")
        if not order.wallet:
            derived = self._wallets.wallet_of(owner, order.signature_type)
            if derived is None:
                raise bad("this type of wallet does not follow from its owner: give wallet")
            if order.signature_type != EOA:
                self._wallets.register(derived, owner, order.signature_type)
            return derived, owner
        wallet = address_of(order.wallet, f"wallet must be {_ADDRESS}")
        if order.signature_type == EOA:
            if wallet != owner:
                raise bad("a wallet of type 0 is its own owner")
        elif wallet == owner:
            raise bad("a wallet of this type has an owner: give owner")
        elif not self._may_be_of(wallet, owner, order.signature_type):
            raise bad("this wallet is somebody else's")
        return wallet, owner

    def _may_be_of(self, wallet: str, owner: str, signature_type: int) -> bool:
        """From now on it is. One that has money already belongs to whoever it was given to."""
        is_free = not self._exchange.holdings.usd(wallet)
        is_his = self._wallets.is_wallet_of(wallet, owner, signature_type)
        return (is_free or is_his) and self._wallets.register(wallet, owner, signature_type)

    def _account(self, wallet: str) -> Document:
        exchange = self._exchange
        holdings = exchange.holdings
        shares = {one: format_micro(held) for one, held in holdings.positions(wallet).items()}
        trades = exchange.trades(wallet)
        return {
            "wallet": wallet,
            "usd": format_micro(holdings.usd(wallet)),
            "usdc_e": format_micro(holdings.usdc_e(wallet)),
            "free_usd": format_micro(exchange.free_usd(wallet)),
            "shares": shares,
            "orders": [order_document(order) for order in exchange.orders_of(wallet)],
            "trades": [trade_document(trade, trade.taker_api_key) for trade in trades],
            "fills": [fill for trade in trades for fill in fill_documents(trade, wallet)],
        }


def _dollars(what: str, text: str) -> Usd:
    try:
        usd = parse_micro(text)
    except ValueError:
        raise bad(f"{what} must be a plain decimal of at most six places, in quotes") from None
    if not 0 < usd <= _MOST_USD:
        raise bad(f"{what} must be above nothing, and a thousand million at most")
    return Usd(usd)
