"""What polymarket-client does with session keys: one is given, it trades, and it is taken back."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from eth_account import Account
from rows import Rows, Venue
from unified_reads import first_of, settled
from unified_trading import TINY


async def session_rows(rows: Rows, client: Any, kind: Any, venue: Venue) -> None:
    """Of a deposit wallet that may be traded already."""
    session_key = "0x" + sha256(venue.key.encode()).hexdigest()
    address = str(Account.from_key(session_key).address)
    common = {"environment": client.environment, "wallet": str(client.wallet)}
    api_key = await settled(client.create_builder_api_key())
    owner = await settled(
        kind.create(
            **common, private_key=venue.key, credentials=client.credentials, api_key=api_key
        )
    )
    await rows.wait(
        "authorize_session_key",
        lambda: owner.authorize_session_key(address=address),
        holds=lambda it: it.session_key.address == address and it.transaction.transaction_hash,
    )
    await rows.wait(
        "fetch_session_keys (one is there)",
        client.fetch_session_keys,
        holds=lambda it: [one.address for one in it] == [address],
    )
    session = await rows.wait(
        "create (with a session's key)",
        lambda: kind.create(**common, private_key=session_key),
        holds=lambda it: it.wallet == client.wallet,
    )
    if session is not None:
        await _trade(rows, session, client, venue)
    await rows.wait(
        "revoke_session_key",
        lambda: owner.revoke_session_key(address=address),
        holds=lambda it: it is None,
    )
    if session is not None:
        await rows.wait(
            "place_limit_order (after the session)",
            lambda: _placed(session, venue),
            refused="signer",
        )
        await settled(session.close())
    await settled(owner.revoke_builder_api_key())
    await settled(owner.close())


def _placed(client: Any, venue: Venue) -> Any:
    return client.place_limit_order(asset_id=venue.round["up"], price=TINY, size=11, side="BUY")


async def _trade(rows: Rows, session: Any, client: Any, venue: Venue) -> None:
    """Its orders are paid by the wallet, and are its own to see and to cancel."""
    placed = await rows.wait(
        "place_limit_order (in a session)",
        lambda: _placed(session, venue),
        holds=lambda it: it.ok and it.status == "live",
    )
    order_id = getattr(placed, "order_id", "0x" + "00" * 32)
    await rows.wait(
        "list_open_orders (in a session)",
        first_of(session.list_open_orders),
        holds=lambda it: (
            [(one.id, one.maker_address.lower()) for one in it.items]
            == [(order_id, str(client.wallet).lower())]
        ),
    )
    await rows.wait(
        "list_open_orders (not the session's)",
        first_of(client.list_open_orders),
        holds=lambda it: order_id not in {one.id for one in it.items},
    )
    await rows.wait(
        "cancel_order (in a session)",
        lambda: session.cancel_order(order_id=order_id),
        holds=lambda it: it.canceled == (order_id,),
    )
