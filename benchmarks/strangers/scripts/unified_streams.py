"""What polymarket-client hears: market and user channel, prices of both relays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from polymarket.streams import (
    CommentsSpec,
    CryptoPricesChainlinkTwapSpec,
    CryptoPriceSpec,
    CryptoPricesSpec,
    CryptoTwapPriceSpec,
    MarketSpec,
    UserSpec,
)
from rows import Rows, Venue
from unified_reads import settled

HEARD_WITHIN_S = 30.0
SUBSCRIBE = "subscribe"


async def public_stream_rows(rows: Rows, client: Any, venue: Venue) -> None:
    up = venue.round["up"]
    market = MarketSpec(asset_ids=[up], custom_feature_enabled=True)
    await rows.wait(
        f"{SUBSCRIBE} (market)",
        lambda: heard(client, market),
        holds=lambda it: it.topic == "market",
    )
    for topic in ("prices.crypto.binance", "prices.crypto.chainlink"):
        spec = CryptoPricesSpec(topic=topic)
        await rows.wait(
            f"{SUBSCRIBE} ({topic})",
            lambda spec=spec: heard(client, spec),
            holds=lambda it: it.payload.value > 0,
        )
    twap = CryptoPricesChainlinkTwapSpec(window_seconds=60)
    await rows.wait(
        f"{SUBSCRIBE} (Chainlink TWAP)",
        lambda: heard(client, twap),
        holds=lambda it: it.payload.value > 0,
    )
    await rows.wait(f"{SUBSCRIBE} (comments)", lambda: opened(client, CommentsSpec()))


async def secure_stream_rows(rows: Rows, client: Any, venue: Venue) -> None:
    await rows.wait(
        f"{SUBSCRIBE} (market)",
        lambda: heard(client, MarketSpec(asset_ids=[venue.round["up"]])),
        holds=lambda it: it.topic == "market",
    )
    for spec in (CryptoPriceSpec(symbols=["btcusd"]), CryptoTwapPriceSpec(symbols=["btcusd"])):
        await rows.wait(
            f"{SUBSCRIBE} ({spec.topic})",
            lambda spec=spec: heard(client, spec, lambda it: it.type == "update"),
            holds=lambda it: it.payload.value > 0,
        )
    await rows.wait(
        f"{SUBSCRIBE} (user)",
        lambda: _own_order(client, venue),
        holds=lambda it: it == {"PLACEMENT", "CANCELLATION"},
    )
    await rows.wait(
        f"{SUBSCRIBE} (user, a fill)",
        lambda: _own_trade(client, venue),
        holds=lambda it: it[0] == "MATCHED" and it[-1] == "CONFIRMED",
    )


async def heard(client: Any, spec: Any, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    """The first wanted event of a stream."""
    async with asyncio.timeout(HEARD_WITHIN_S):
        async with await client.subscribe(spec) as stream:
            async for event in stream:
                if wanted(event):
                    return event
    raise AssertionError("the stream ended")


async def opened(client: Any, spec: Any) -> Any:
    async with asyncio.timeout(HEARD_WITHIN_S):
        stream = await client.subscribe(spec)
        await stream.close()


async def _own_order(client: Any, venue: Venue) -> set[str]:
    """What is said of an order that is placed and taken back."""
    said = set[str]()
    async with asyncio.timeout(HEARD_WITHIN_S):
        async with await client.subscribe(UserSpec()) as stream:
            await asyncio.sleep(1.0)
            placed = await settled(
                client.place_limit_order(
                    asset_id=venue.round["up"], price=Decimal("0.01"), size=11, side="BUY"
                )
            )
            await settled(client.cancel_order(order_id=placed.order_id))
            async for event in stream:
                if getattr(event.payload, "id", "") == placed.order_id:
                    said.add(event.payload.order_event_type)
                if "CANCELLATION" in said:
                    return said
    return said


async def _own_trade(client: Any, venue: Venue) -> list[str]:
    """The life of a trade of ours."""
    said = list[str]()
    async with asyncio.timeout(2 * HEARD_WITHIN_S):
        async with await client.subscribe(
            UserSpec(markets=[venue.round["condition_id"]])
        ) as stream:
            await asyncio.sleep(1.0)
            placed = await settled(
                client.place_market_order(asset_id=venue.round["up"], side="BUY", amount=5)
            )
            async for event in stream:
                if getattr(event.payload, "id", "") in placed.trade_ids:
                    said.append(str(event.payload.status))
                    if said[-1] in ("CONFIRMED", "FAILED"):
                        return said
    return said
