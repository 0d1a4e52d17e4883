"""What polymarket-client does with its keys, orders, account and rewards."""

from __future__ import annotations

import time
from decimal import Decimal
from hashlib import sha256
from typing import Any

from rows import Rows, Venue
from unified_reads import TODAY, first_of, is_page, settled

TINY = Decimal("0.01")
"""A price at which the crowd sells nothing."""
USD = "COLLATERAL"


async def key_rows(rows: Rows, client: Any, venue: Venue) -> None:
    await rows.wait(
        "fetch_api_keys", client.fetch_api_keys, holds=lambda it: client.credentials.key in it
    )
    await rows.wait(
        "get_closed_only_mode", client.get_closed_only_mode, holds=lambda it: it is False
    )
    made = await rows.wait(
        "create_builder_api_key", client.create_builder_api_key, holds=lambda it: it.key
    )
    await rows.wait(
        "fetch_builder_api_keys",
        client.fetch_builder_api_keys,
        holds=lambda it: made.key in {one.key for one in it},
    )
    await rows.wait(
        "fetch_session_keys",
        client.fetch_session_keys,
        **(
            {"holds": lambda it: it == ()}
            if client.wallet_type == "DEPOSIT_WALLET"
            else {"refused": "deposit wallet"}
        ),
    )
    code = "0x" + sha256(f"builder {venue.key}".encode()).hexdigest()
    await rows.wait(
        "get_builder_fee_rates (of nobody)",
        lambda: client.get_builder_fee_rates(code),
        refused="Unknown builder code",
    )
    rows.named("control.").call(
        "builder",
        lambda: venue.control("/builder", {"code": code}),
        holds=lambda it: it == {"code": code},
    )
    await rows.wait(
        "get_builder_fee_rates",
        lambda: client.get_builder_fee_rates(code),
        holds=lambda it: (it.maker, it.taker) == (0, 0),
    )


async def order_rows(rows: Rows, client: Any, venue: Venue) -> None:
    up, condition = venue.round["up"], venue.round["condition_id"]

    def rest(size: int, **options: Any) -> Any:
        return client.create_limit_order(asset_id=up, price=TINY, size=size, side="BUY", **options)

    signed = await rows.wait("create_limit_order", lambda: rest(10), holds=lambda it: it.signature)
    posted = await rows.wait(
        "post_order",
        lambda: client.post_order(signed),
        holds=lambda it: it.ok and it.status == "live",
    )
    await rows.wait("post_order (twice)", lambda: client.post_order(signed), refused="Duplicated")
    order_id = getattr(posted, "order_id", "0x" + "00" * 32)
    await rows.wait(
        "get_order",
        lambda: client.get_order(order_id=order_id),
        holds=lambda it: (it.price, it.original_size, it.size_matched) == (TINY, 10, 0),
    )
    await rows.wait(
        "list_open_orders",
        first_of(lambda: client.list_open_orders(market=condition)),
        holds=lambda it: [one.id for one in it.items] == [order_id],
    )
    await rows.wait("get_order_scoring", lambda: client.get_order_scoring(order_id=order_id))
    await rows.wait(
        "get_orders_scoring",
        lambda: client.get_orders_scoring(order_ids=[order_id]),
        holds=lambda it: set(it) == {order_id},
    )
    await rows.wait(
        "cancel_order",
        lambda: client.cancel_order(order_id=order_id),
        holds=lambda it: it.canceled == (order_id,),
    )
    await _batch_rows(rows, client, rest)
    await rows.wait(
        "place_limit_order",
        lambda: client.place_limit_order(
            asset_id=up, price=TINY, size=8, side="BUY", post_only=True
        ),
        holds=lambda it: it.ok and it.status == "live",
    )
    await rows.wait(
        "place_limit_order (GTD)",
        lambda: client.place_limit_order(
            asset_id=up, price=TINY, size=9, side="BUY", expiration=int(time.time()) + 600
        ),
        holds=lambda it: it.ok and it.status == "live",
    )
    await rows.wait(
        "place_limit_order (too small)",
        lambda: client.place_limit_order(asset_id=up, price=TINY, size=3, side="BUY"),
        refused="lower than the minimum: 5",
    )
    await rows.wait(
        "cancel_market_orders",
        lambda: client.cancel_market_orders(market=condition),
        holds=lambda it: len(it.canceled) == 2,
    )
    await _market_order_rows(rows, client, venue)
    await rows.wait(
        "cancel_all (nothing there)", client.cancel_all, holds=lambda it: it.canceled == ()
    )


async def _batch_rows(rows: Rows, client: Any, rest: Any) -> None:
    async def posted() -> Any:
        orders = [await settled(rest(6)), await settled(rest(7))]
        return await settled(client.post_orders(orders))

    batch = await rows.wait(
        "post_orders", posted, holds=lambda it: [one.status for one in it] == ["live", "live"]
    )
    ids = [one.order_id for one in batch or ()] or ["0x" + "00" * 32]
    await rows.wait(
        "cancel_orders",
        lambda: client.cancel_orders(order_ids=ids),
        holds=lambda it: sorted(it.canceled) == sorted(ids),
    )


async def _market_order_rows(rows: Rows, client: Any, venue: Venue) -> None:
    up, condition = venue.round["up"], venue.round["condition_id"]
    bought = await rows.wait(
        "place_market_order",
        lambda: client.place_market_order(asset_id=up, side="BUY", amount=10),
        holds=lambda it: it.ok and it.status == "matched" and it.trade_ids,
    )
    await rows.wait(
        "wait_for_order_fill_settlement",
        lambda: client.wait_for_order_fill_settlement(bought),
        holds=lambda it: len(it) >= 1,
    )
    signed = await rows.wait(
        "create_market_order",
        lambda: client.create_market_order(asset_id=up, side="SELL", shares=5, order_type="FOK"),
        holds=lambda it: it.signature,
    )
    await rows.wait(
        "post_order (FOK)",
        lambda: client.post_order(signed),
        holds=lambda it: it.ok and it.status == "matched",
    )
    await rows.wait(
        "list_account_trades",
        first_of(lambda: client.list_account_trades(market=condition)),
        holds=lambda it: set(bought.trade_ids) <= {one.id for one in it.items},
    )


async def account_rows(rows: Rows, client: Any, venue: Venue) -> None:
    await rows.wait(
        "get_balance_allowance",
        lambda: client.get_balance_allowance(asset_type=USD),
        holds=lambda it: 900_000_000 < it.balance < 1_000_000_000 and max(it.allowances.values()),
    )
    await rows.wait(
        "get_balance_allowance (shares)",
        lambda: client.get_balance_allowance(
            asset_type="CONDITIONAL-V2" if venue.round["is_v2"] else "CONDITIONAL",
            asset_id=venue.round["up"],
        ),
        holds=lambda it: it.balance > 0,
    )
    beat = await rows.wait(
        "send_order_heartbeat", client.send_order_heartbeat, holds=lambda it: it.heartbeat_id
    )
    await rows.wait(
        "send_order_heartbeat (next)",
        lambda: client.send_order_heartbeat(heartbeat_id=beat.heartbeat_id),
        holds=lambda it: it.heartbeat_id,
    )
    placed = await rows.wait(
        "place_limit_order (the last)",
        lambda: client.place_limit_order(
            asset_id=venue.round["up"], price=TINY, size=12, side="BUY"
        ),
    )
    await rows.wait(
        "cancel_all", client.cancel_all, holds=lambda it: it.canceled == (placed.order_id,)
    )
    told = await rows.wait(
        "get_notifications", client.get_notifications, holds=lambda it: isinstance(it, tuple)
    )
    ids = [one.id for one in told or ()] or [1]
    await rows.wait("drop_notifications", lambda: client.drop_notifications(ids=ids))


async def reward_rows(rows: Rows, client: Any, venue: Venue) -> None:
    await rows.wait(
        "list_user_earnings_for_day",
        first_of(lambda: client.list_user_earnings_for_day(date=TODAY)),
        holds=is_page,
    )
    await rows.wait(
        "get_total_earnings_for_user_for_day",
        lambda: client.get_total_earnings_for_user_for_day(date=TODAY),
        holds=lambda it: isinstance(it, tuple),
    )
    await rows.wait(
        "list_user_earnings_and_markets_config",
        first_of(lambda: client.list_user_earnings_and_markets_config(date=TODAY)),
        holds=is_page,
    )
    await rows.wait(
        "get_reward_percentages",
        client.get_reward_percentages,
        holds=lambda it: isinstance(it, dict),
    )
