"""A trader with py-clob-client-v2."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from clob import refusal_of
from obeying import obey
from py_clob_client_v2 import clob_types as ct
from py_clob_client_v2.client import ClobClient


class ClobTrader:
    """State: the last heartbeat's id."""

    def __init__(self, told: dict[str, Any]) -> None:
        options = told["options"]
        client = ClobClient(
            told["urls"]["clob"],
            137,
            key=told["key"],
            signature_type=options.get("signature_type"),
            funder=options.get("wallet"),
        )
        client.set_api_creds(client.create_or_derive_api_key())
        self._client = client
        self._positions = set[str]()
        self._beat = ""
        if told["round"]["is_v2"]:
            self.learn([told["round"]["up"], told["round"]["down"]])

    def who(self) -> dict[str, str]:
        creds = self._client.creds
        return {
            "address": self._client.get_address(),
            "key": creds.api_key,
            "secret": creds.api_secret,
            "passphrase": creds.api_passphrase,
        }

    def learn(self, positions: list[str]) -> None:
        """These are of rounds of the second protocol: a position is signed against another domain
        than a token, and the client has to be told."""
        self._positions.update(positions)

    def rest(
        self,
        token: str,
        side: str,
        price: float,
        size: float,
        kind: str = "GTC",
        post_only: bool = False,
        expiration: int = 0,
    ) -> Any:
        """A limit order; what the venue says of it."""
        order = self._client.create_order(
            ct.OrderArgs(
                price=price, size=size, side=side, expiration=expiration, **self._named(token)
            )
        )
        return self._client.post_order(order, kind, post_only, defer_exec=True)

    def take(self, token: str, side: str, amount: float, price: float, kind: str) -> Any:
        """A market order: dollars to spend or shares to sell, at `price` or better."""
        args = ct.MarketOrderArgs(
            amount=amount, side=side, price=price, order_type=kind, **self._named(token)
        )
        return self._client.post_order(
            self._client.create_market_order(args), kind, defer_exec=True
        )

    def cancel(self, order_id: str) -> Any:
        return self._client.cancel_order(ct.OrderPayload(order_id))

    def cancel_all(self) -> Any:
        return self._client.cancel_all()

    def orders(self) -> Any:
        return [one["id"] for one in self._client.get_open_orders()]

    def order(self, order_id: str) -> Any:
        found = self._client.get_order(order_id)
        return {"status": found["status"], "matched": found["size_matched"]}

    def trades(self) -> Any:
        """Status by id."""
        return {
            one["id"]: one["status"].removeprefix("TRADE_STATUS_")
            for one in self._client.get_trades()
        }

    def fills(self) -> list[dict[str, Any]]:
        """Everything that the account's list says of each of its trades."""
        return [
            {
                "trade": one["id"],
                "order": one["taker_order_id"],
                "wallet": one["maker_address"],
                "token": one["asset_id"],
                "side": one["side"],
                "price": one["price"],
                "size": one["size"],
                "role": one["trader_side"],
                "status": one["status"].removeprefix("TRADE_STATUS_"),
                "parts": [
                    {
                        "order": part["order_id"],
                        "wallet": part["maker_address"],
                        "token": part["asset_id"],
                        "side": part["side"],
                        "price": part["price"],
                        "size": part["matched_amount"],
                    }
                    for part in one["maker_orders"]
                ],
            }
            for one in self._client.get_trades()
        ]

    def usd(self) -> int:
        """Millionths."""
        params = ct.BalanceAllowanceParams(asset_type=ct.AssetType.COLLATERAL)
        return int(self._client.get_balance_allowance(params)["balance"])

    def shares(self, token: str) -> int:
        """Millionths."""
        kind = "CONDITIONAL-V2" if token in self._positions else "CONDITIONAL"
        params = ct.BalanceAllowanceParams(asset_type=kind, token_id=token)
        self._client.update_balance_allowance(params)
        return int(self._client.get_balance_allowance(params)["balance"])

    def _named(self, token: str) -> dict[str, str]:
        return {"position_id" if token in self._positions else "token_id": token}

    def beat(self) -> str:
        self._beat = self._client.post_heartbeat(self._beat)["heartbeat_id"]
        return self._beat


if __name__ == "__main__":
    logging.disable()
    asyncio.run(obey(ClobTrader(json.loads(sys.stdin.readline())), refusal_of))
