"""An account whose venue is a function: answers at the byte level, time virtual."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import trio

from polytui.config.api_key import ApiKey
from polytui.config.secrets import Secret
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, Shares
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder
from polytui.venues.polymarket.wallet import WalletType, wallet_of

API_SECRET = "AAECAwQFBgcICQoLDA0ODw=="
KEY = ApiKey("9180014b-33c8-9240-a14b-bdca11c0a465", Secret(API_SECRET), Secret("a pass phrase"))
WALLET = wallet_of(Secret("0x" + "11" * 32), WalletType.EOA)
UP, DOWN = "1" * 70, "2" * 70
CONDITION = "0x" + "cd" * 32
NOW_S = 1_795_204_800
ROUND = Round(
    "btc-updown-5m-1795204800",
    Asset.BTC,
    Interval.M5,
    CONDITION,
    UP,
    DOWN,
    NOW_S * NS_PER_S,
    (NOW_S + 300) * NS_PER_S,
    SettlementRule.TWAP,
)
SIGNER = OrderSigner(WALLET)
Answer = httpx.Response | Exception
Respond = Callable[[httpx.Request], Answer]


def signed(number: int = 1, price: int = 520_000, shares: int = 10_000_000) -> SignedOrder:
    order = Order(
        f"{ROUND.slug}-{number}-1",
        ROUND.slug,
        UP,
        Outcome.UP,
        Side.BUY,
        Price(price),
        Shares(shares),
        TimeInForce.GTC,
        False,
        "test",
        NOW_S * NS_PER_S,
    )
    return SIGNER.sign(order, ROUND)


def taken(one: SignedOrder, **changes: Any) -> dict[str, Any]:
    """What the venue says of an order that it took."""
    return {
        "success": True,
        "errorMsg": "",
        "orderID": one.venue_id,
        "status": "live",
        "makingAmount": "",
        "takingAmount": "",
        **changes,
    }


def says(status: int, body: Any = None, **headers: str) -> httpx.Response:
    """`body`: text, bytes, or a document."""
    if isinstance(body, str):
        body = body.encode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(
        status, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


class Desk:
    """State: what was asked, and when."""

    def __init__(self, respond: Respond | Answer, tries: int = 1) -> None:
        self._respond: Respond = respond if callable(respond) else lambda _: respond
        self.asked: list[httpx.Request] = []
        self.at: list[float] = []
        settings = HttpSettings(tries=tries)
        self.http = Http("http://clob.test", settings, httpx.MockTransport(self._answer))
        self.clock = Clock.starting_at(NOW_S * NS_PER_S, 1.0)
        self.account = ClobAccount(self.http, WALLET, KEY, self.clock)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.at.append(trio.current_time())
        answer = self._respond(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )
