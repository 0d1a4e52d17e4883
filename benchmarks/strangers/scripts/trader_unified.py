"""A trader with polymarket-client, who also hears what the user channel says of his account."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import polymarket
from obeying import obey
from polymarket.streams import UserSpec
from rows import Venue
from unified import address_of, environment_of, refusal_of


class UnifiedTrader:
    """State: what its user stream has said that nobody has asked for, and the last heartbeat."""

    def __init__(self, client: Any, positions: list[str]) -> None:
        self._client = client
        self._positions = set(positions)
        self._heard = list[dict[str, Any]]()
        self._beat = ""
        self._stream: Any = None
        self._hearing: asyncio.Task[None] | None = None

    @classmethod
    async def created(cls, told: dict[str, Any]) -> UnifiedTrader:
        """As the options say: with a deposit wallet, or with the keys of another client."""
        venue, options = Venue(told), told["options"]
        given: dict[str, Any] = {"wallet": options["wallet"]} if "wallet" in options else {}
        if "credentials" in options:
            given["credentials"] = polymarket.ApiKeyCreds.model_validate(options["credentials"])
        if "has_relayer" in options:
            owner = address_of(told["key"])
            key = venue.relayer_key(owner)
            given["api_key"] = polymarket.RelayerApiKey(key=key, address=owner)
        trader = cls(
            await polymarket.AsyncSecureClient.create(
                private_key=told["key"], environment=environment_of(venue), **given
            ),
            [venue.round["up"], venue.round["down"]] if venue.round["is_v2"] else [],
        )
        await trader.listen()
        return trader

    async def listen(self) -> None:
        self._stream = await self._client.subscribe(UserSpec())
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        async for event in self._stream:
            payload = event.payload
            if event.type == "order":
                said = {
                    "order": payload.id,
                    "says": payload.order_event_type,
                    "status": str(payload.status),
                    "matched": str(payload.size_matched),
                }
            else:
                said = {
                    "trade": payload.id,
                    "says": str(payload.status),
                    "as": str(payload.trader_side),
                    "size": str(payload.size),
                    "parts": [
                        {"order": part.order_id, "size": str(part.matched_amount)}
                        for part in payload.maker_orders or ()
                    ],
                }
            self._heard.append(said)

    def heard(self) -> list[dict[str, Any]]:
        """What the user channel said since this was asked last."""
        heard, self._heard = self._heard, []
        return heard

    def learn(self, positions: list[str]) -> None:
        """These are of rounds of the second protocol."""
        self._positions.update(positions)

    def who(self) -> dict[str, str]:
        return {"address": str(self._client.signer), "wallet": str(self._client.wallet)}

    async def rest(
        self,
        token: str,
        side: str,
        price: float,
        size: float,
        kind: str = "GTC",
        post_only: bool = False,
        expiration: int = 0,
    ) -> Any:
        until = {"expiration": expiration} if kind == "GTD" else {}
        return _told(
            await self._client.place_limit_order(
                asset_id=token,
                price=str(price),
                size=str(size),
                side=side,
                post_only=post_only,
                **until,
            )
        )

    async def take(self, token: str, side: str, amount: float, price: float, kind: str) -> Any:
        bound = (
            {"amount": str(amount), "max_price": str(price)}
            if side == "BUY"
            else {"shares": str(amount), "min_price": str(price)}
        )
        return _told(
            await self._client.place_market_order(
                asset_id=token, side=side, order_type=kind, **bound
            )
        )

    async def cancel(self, order_id: str) -> Any:
        return _cancelled(await self._client.cancel_order(order_id=order_id))

    async def cancel_all(self) -> Any:
        return _cancelled(await self._client.cancel_all())

    async def orders(self) -> list[str]:
        return [one.id async for one in self._client.list_open_orders().iter_items()]

    async def order(self, order_id: str) -> dict[str, str]:
        found = await self._client.get_order(order_id=order_id)
        return {"status": found.status, "matched": str(found.size_matched)}

    async def trades(self) -> dict[str, str]:
        return {
            one.id: str(one.status) async for one in self._client.list_account_trades().iter_items()
        }

    async def fills(self) -> list[dict[str, Any]]:
        """Everything that the account's list says of each of its trades."""
        return [
            {
                "trade": one.id,
                "order": one.taker_order_id,
                "wallet": str(one.maker_address),
                "token": str(one.asset_id),
                "side": str(one.side),
                "price": str(one.price),
                "size": str(one.size),
                "role": str(one.trader_side),
                "status": str(one.status),
                "parts": [
                    {
                        "order": part.order_id,
                        "wallet": str(part.maker_address),
                        "token": str(part.asset_id),
                        "side": str(part.side),
                        "price": str(part.price),
                        "size": str(part.matched_amount),
                    }
                    for part in one.maker_orders
                ],
            }
            async for one in self._client.list_account_trades().iter_items()
        ]

    async def usd(self) -> int:
        return int((await self._client.get_balance_allowance(asset_type="COLLATERAL")).balance)

    async def shares(self, token: str) -> int:
        kind = "CONDITIONAL-V2" if token in self._positions else "CONDITIONAL"
        held = await self._client.get_balance_allowance(asset_type=kind, asset_id=token)
        return int(held.balance)

    async def approve(self) -> str:
        await (await self._client.setup_trading_approvals()).wait()
        return "approved"

    async def split(self, condition: str, amount: int) -> str:
        handle = await self._client.split_position(condition_id=condition, amount=amount)
        return str((await handle.wait()).transaction_hash)

    async def merge(self, condition: str, amount: int) -> str:
        handle = await self._client.merge_positions(condition_id=condition, amount=amount)
        return str((await handle.wait()).transaction_hash)

    async def redeem(self, condition: str) -> str:
        handle = await self._client.redeem_positions(condition_id=condition)
        return str((await handle.wait()).transaction_hash)

    async def beat(self) -> str:
        beat = await self._client.send_order_heartbeat(heartbeat_id=self._beat)
        self._beat = beat.heartbeat_id
        return self._beat


def _told(answer: Any) -> dict[str, Any]:
    """An answer as the venue writes it."""
    if not answer.ok:
        return {"success": False, "errorMsg": answer.message}
    return {
        "success": True,
        "orderID": answer.order_id,
        "status": answer.status,
        "makingAmount": str(answer.making_amount),
        "takingAmount": str(answer.taking_amount),
        "tradeIDs": list(answer.trade_ids),
    }


def _cancelled(answer: Any) -> dict[str, Any]:
    return {"canceled": list(answer.canceled), "not_canceled": dict(answer.not_canceled)}


async def main() -> None:
    told = json.loads(sys.stdin.readline())
    await obey(await UnifiedTrader.created(told), refusal_of)


if __name__ == "__main__":
    asyncio.run(main())
