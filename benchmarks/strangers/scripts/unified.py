"""Every method of polymarket-client against the simulated venue: the asyncio client with a deposit
wallet (the relayer moves it), or the blocking one with a wallet of one key (whose transactions go
over JSON-RPC); and the clients without a key."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from typing import Any

import polymarket
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment
from rows import Rows, Venue
from unified_chain import chain_rows, redeem_rows
from unified_elsewhere import elsewhere_rows
from unified_reads import data_rows, gamma_rows, indexed_rows, market_rows, settled, sums_rows
from unified_sessions import session_rows
from unified_streams import public_stream_rows, secure_stream_rows
from unified_trading import account_rows, key_rows, order_rows, reward_rows

POLL_MS = 200


def environment_of(venue: Venue) -> polymarket.Environment:
    """The package's own production settings with the venue's addresses; contracts and chain id stay
    as they are."""
    urls = venue.urls
    root = urls["geoblock"]
    sockets = urls["market_ws"].removesuffix("/ws/market")
    config = dataclasses.replace(
        PRODUCTION_CONFIG,
        clob_url=urls["clob"],
        gamma_url=urls["gamma"],
        data_url=urls["data_api"],
        relayer_url=urls.get("relayer", f"{root}/relayer"),
        rpc_url=urls.get("rpc", f"{root}/rpc"),
        clob_market_ws_url=urls["market_ws"],
        clob_user_ws_url=urls.get("user_ws", f"{sockets}/ws/user"),
        rtds_ws_url=urls["rtds_ws"],
        realtime_ws_url=urls["polybolt_ws"],
        # What this venue does not have is asked of it all the same, never of anybody else.
        rfq_url=f"{root}/rfq",
        perps_url=f"{root}/perps",
        builder_gateway_url=f"{root}/builder-gateway",
        collateral_return_url=f"{root}/collateral-return",
        sports_ws_url=f"{sockets}/sports",
        perps_ws_url=f"{sockets}/perps",
        rfq_quoter_ws_url=f"{sockets}/rfq",
        relayer_poll_frequency_ms=POLL_MS,
    )
    return create_environment(name="simulated", config=config)


def refusal_of(error: Exception) -> str | None:
    if isinstance(error, polymarket.RequestRejectedError):
        return f"{error.status} {error}"
    if isinstance(error, polymarket.RateLimitError):
        return f"429 {error}"
    if isinstance(error, polymarket.UserInputError):
        return f"the client itself: {error}"
    if isinstance(error, polymarket.TransportError) and "HTTP 404" in str(error):
        return f"404 {error}"
    return None


async def main() -> None:
    venue = Venue.told()
    is_async = venue.options["kind"] == "async"
    rows = Rows(f"polymarket-client ({venue.options['kind']})", refusal_of)
    environment = environment_of(venue)
    secure_kind: Any = polymarket.AsyncSecureClient if is_async else polymarket.SecureClient
    public_kind: Any = polymarket.AsyncPublicClient if is_async else polymarket.PublicClient
    await _without_a_key(rows, public_kind(environment=environment), venue, is_async=is_async)
    rows.named("public.").untried(public_kind)
    client = await _created(rows, secure_kind, environment, venue, is_async=is_async)
    if client is not None:
        await _with_a_key(rows, client, secure_kind, venue, is_async=is_async)
        rows.untried(secure_kind)


async def _without_a_key(rows: Rows, client: Any, venue: Venue, *, is_async: bool) -> None:
    named = rows.named("public.")
    await market_rows(named, client, venue)
    await sums_rows(named, client, venue)
    await gamma_rows(named, client, venue)
    await data_rows(named, client, venue, nobody(venue), is_public=True)
    await elsewhere_rows(named, client, venue, is_secure=False, is_async=is_async)
    if is_async:
        await public_stream_rows(named, client, venue)
    await named.wait("close", client.close)


async def _created(rows: Rows, kind: Any, environment: Any, venue: Venue, *, is_async: bool) -> Any:
    """The client with its wallet, which has money."""
    owner = address_of(venue.key)
    control = rows.named("control.")
    key = control.call("relayer key", lambda: venue.relayer_key(owner), holds=bool) or "none"
    api_key = polymarket.RelayerApiKey(key=key, address=owner)

    def create() -> Any:
        if is_async:
            return kind.create(private_key=venue.key, environment=environment, api_key=api_key)
        return kind.create(private_key=venue.key, environment=environment, wallet=owner)

    wanted = ("DEPOSIT_WALLET", 3) if is_async else ("EOA", 0)
    client = await rows.wait("create", create, holds=lambda it: it.wallet_type == wanted[0])
    if client is not None:
        # Whose contracts may not move it yet: the client sees to that itself.
        control.call(
            "faucet",
            lambda: venue.fund(owner, signature_type=wanted[1], is_approved=False),
            holds=lambda it: it["wallet"] == str(client.wallet).lower(),
        )
    return client


async def _other_keys(rows: Rows, client: Any, kind: Any, venue: Venue) -> None:
    """Keys that are given back: a builder's own, and one of another nonce."""
    made = await settled(client.create_builder_api_key())
    common = {
        "private_key": venue.key,
        "environment": client.environment,
        "wallet": str(client.wallet),
    }
    builder = await rows.wait(
        "create (with a builder's key)",
        lambda: kind.create(**common, credentials=client.credentials, api_key=made),
        holds=lambda it: it.credentials.key == client.credentials.key,
    )
    await rows.wait("revoke_builder_api_key", builder.revoke_builder_api_key)
    await rows.wait(
        "fetch_builder_api_keys (one is gone)",
        client.fetch_builder_api_keys,
        holds=lambda it: all(one.revoked_at for one in it if one.key == made.key),
    )
    other = await rows.wait(
        "create (another nonce)",
        lambda: kind.create(**common, nonce=9),
        holds=lambda it: it.credentials.key != client.credentials.key,
    )
    await rows.wait("delete_api_key", other.delete_api_key)
    await rows.wait("fetch_api_keys (of a key that is gone)", other.fetch_api_keys, refused="401 ")
    for one in (builder, other):
        await settled(one.close())


async def _with_a_key(rows: Rows, client: Any, kind: Any, venue: Venue, *, is_async: bool) -> None:
    await market_rows(rows, client, venue)
    await sums_rows(rows, client, venue)
    await gamma_rows(rows, client, venue)
    await key_rows(rows, client, venue)
    await _other_keys(rows, client, kind, venue)
    await chain_rows(rows, client, venue)
    await order_rows(rows, client, venue)
    await account_rows(rows, client, venue)
    if client.wallet_type == "DEPOSIT_WALLET":
        await session_rows(rows, client, kind, venue)
    await reward_rows(rows, client, venue)
    await data_rows(rows, client, venue, str(client.wallet), is_public=False)
    if is_async:
        await secure_stream_rows(rows, client, venue)
    await elsewhere_rows(rows, client, venue, is_secure=True, is_async=is_async)
    if is_async:
        await redeem_rows(rows, client, venue)
        await indexed_rows(rows, client, venue)
    public = await rows.wait(
        "end_authentication", client.end_authentication, holds=lambda it: it.environment
    )
    await rows.wait("close", client.close)
    if public is not None:
        await settled(public.close())


def nobody(venue: Venue) -> str:
    """A wallet that has never done anything."""
    return "0x" + venue.key[-40:]


def address_of(key: str) -> str:
    from eth_account import Account

    return str(Account.from_key(key).address)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
