"""Every method of py-clob-client-v2 against the simulated venue, as a wallet of one key."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from py_clob_client_v2 import clob_types as ct
from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.exceptions import PolyApiException
from py_clob_client_v2.rfq import rfq_types as rfq
from py_clob_client_v2.rfq.rfq_client import RfqClient
from rows import Rows, Venue

CHAIN_ID = 137
BUILDER = "0x" + "b1" * 32
TODAY = time.strftime("%Y-%m-%d", time.gmtime())
TINY = 0.01
"""A price at which the crowd sells nothing."""
NOT_HERE = "not found"


def refusal_of(error: Exception) -> str | None:
    if not isinstance(error, PolyApiException) or error.status_code is None:
        return None
    told = error.error_msg
    words = told.get("error", told) if isinstance(told, dict) else told
    return f"{error.status_code} {words}"


def asset(venue: Venue) -> dict[str, str]:
    """Up, as the client wants it named: a position is signed against another domain."""
    return {"position_id" if venue.round["is_v2"] else "token_id": venue.round["up"]}


def limit(
    venue: Venue, price: float, size: float, side: str, expiration: int = 0
) -> ct.OrderArgsV2:
    return ct.OrderArgs(price=price, size=size, side=side, expiration=expiration, **asset(venue))


def market(venue: Venue, amount: float, side: str, order_type: str) -> ct.MarketOrderArgsV2:
    return ct.MarketOrderArgs(amount=amount, side=side, order_type=order_type, **asset(venue))


def main() -> None:
    logging.disable()
    venue = Venue.told()
    rows = Rows("py-clob-client-v2", refusal_of)
    client = ClobClient(venue.urls["clob"], CHAIN_ID, key=venue.key)
    _public(rows, client, venue)
    _keys(rows, client)
    if client.creds is not None:
        rows.named("control.").call("faucet", lambda: venue.fund(client.get_address()))
        _account(rows, client, venue)
        _orders(rows, client, venue)
        _other_wallets(rows, client, venue)
        _rewards(rows, client, venue)
        _rfq(rows, client, venue)
        _goodbye(rows, client)
    rows.untried(ClobClient)
    rows.named("rfq.").untried(RfqClient)


def _public(rows: Rows, client: ClobClient, venue: Venue) -> None:
    up, down, condition = (venue.round[name] for name in ("up", "down", "condition_id"))
    both = [ct.BookParams(up, "BUY"), ct.BookParams(down, "SELL")]
    rows.call("get_ok", client.get_ok, holds=lambda it: it == "OK")
    rows.call("get_version", client.get_version, holds=lambda it: it == 2)
    rows.call("get_server_time", client.get_server_time, holds=lambda it: abs(it - time.time()) < 5)
    for name in ("get_markets", "get_simplified_markets"):
        rows.call(name, getattr(client, name), holds=lambda it: it["data"] and it["next_cursor"])
    for name in ("get_sampling_markets", "get_sampling_simplified_markets"):
        rows.call(name, getattr(client, name), holds=lambda it: it["next_cursor"])
    rows.call(
        "get_market",
        lambda: client.get_market(condition),
        holds=lambda it: it["condition_id"] == condition,
    )
    rows.call(
        "get_market (unknown)",
        lambda: client.get_market("0x" + "00" * 32),
        refused="404 market not found",
    )
    # A client of its own for each cache that would answer in place of the venue.
    fresh = ClobClient(venue.urls["clob"], CHAIN_ID)
    rows.call("get_tick_size", lambda: fresh.get_tick_size(up), holds=lambda it: float(it) <= 0.01)
    rows.call("get_neg_risk", lambda: fresh.get_neg_risk(up), holds=lambda it: it is False)
    rows.call("get_fee_rate_bps", lambda: fresh.get_fee_rate_bps(up), holds=lambda it: it > 0)
    rows.call("get_fee_exponent", lambda: fresh.get_fee_exponent(up), holds=lambda it: it >= 1)
    rows.call(
        "get_clob_market_info",
        lambda: client.get_clob_market_info(condition),
        holds=lambda it: {token["t"] for token in it["t"]} == {up, down},
    )
    book = rows.call(
        "get_order_book",
        lambda: client.get_order_book(up),
        holds=lambda it: it["asks"] and it["asset_id"] == up,
    )
    rows.call(
        "get_order_book_hash",
        lambda: client.get_order_book_hash(dict(book)),
        holds=lambda it: it == book["hash"],
    )
    rows.call(
        "get_order_books", lambda: client.get_order_books(both), holds=lambda it: len(it) == 2
    )
    rows.call("get_price", lambda: client.get_price(up, "BUY"), holds=_has_number("price"))
    rows.call("get_prices", lambda: client.get_prices(both), holds=lambda it: float(it[up]["BUY"]))
    rows.call("get_midpoint", lambda: client.get_midpoint(up), holds=_has_number("mid"))
    rows.call(
        "get_midpoints", lambda: client.get_midpoints(both), holds=lambda it: set(it) == {up, down}
    )
    rows.call("get_spread", lambda: client.get_spread(up), holds=_has_number("spread"))
    rows.call(
        "get_spreads", lambda: client.get_spreads(both), holds=lambda it: set(it) == {up, down}
    )
    rows.call(
        "get_last_trade_price", lambda: client.get_last_trade_price(up), holds=_has_number("price")
    )
    rows.call(
        "get_last_trades_prices",
        lambda: client.get_last_trades_prices(both),
        holds=lambda it: {one["token_id"] for one in it} <= {up, down},
    )
    rows.call(
        "calculate_market_price",
        lambda: client.calculate_market_price(up, "BUY", 5.0),
        holds=lambda it: 0 < it < 1,
    )
    rows.call(
        "get_prices_history",
        lambda: client.get_prices_history(ct.PricesHistoryParams(market=up, interval="1h")),
        holds=lambda it: all(0 < point["p"] < 1 for point in it["history"]),
    )
    rows.call(
        "get_market_trades_events",
        lambda: client.get_market_trades_events(condition),
        holds=lambda it: isinstance(it, list),
    )
    rows.call("get_current_rewards", client.get_current_rewards, holds=_is_list)
    rows.call(
        "get_raw_rewards_for_market",
        lambda: client.get_raw_rewards_for_market(condition),
        holds=_is_list,
    )
    rows.call(
        "get_builder_trades",
        lambda: client.get_builder_trades(ct.BuilderTradeParams(builder_code=BUILDER)),
        holds=lambda it: it["trades"] == [],
    )


def _keys(rows: Rows, client: ClobClient) -> None:
    rows.call("assert_level_1_auth", client.assert_level_1_auth)
    rows.call("get_address", client.get_address, holds=lambda it: it.startswith("0x"))
    rows.call(
        "derive_api_key (none yet)",
        lambda: client.derive_api_key(7),
        refused="400 Could not derive api key!",
    )
    made = rows.call("create_api_key", lambda: client.create_api_key(7), holds=_is_key)
    rows.call(
        "create_api_key (again)",
        lambda: client.create_api_key(7),
        refused="400 Could not create api key",
    )
    rows.call(
        "derive_api_key",
        lambda: client.derive_api_key(7),
        holds=lambda it: _is_key(it) and it == made,
    )
    usual = rows.call("create_or_derive_api_key", client.create_or_derive_api_key, holds=_is_key)
    if usual is None:
        return
    rows.call("set_api_creds", lambda: client.set_api_creds(usual))
    rows.call("assert_level_2_auth", client.assert_level_2_auth)
    rows.call(
        "get_api_keys",
        client.get_api_keys,
        holds=lambda it: {usual.api_key, made.api_key} <= set(it["apiKeys"]),
    )
    rows.call(
        "get_closed_only_mode",
        client.get_closed_only_mode,
        holds=lambda it: it["closed_only"] is False,
    )
    client.set_api_creds(ct.ApiCreds(usual.api_key, usual.api_secret, "another"))
    rows.call("get_api_keys (wrong passphrase)", client.get_api_keys, refused="401 ")
    client.set_api_creds(usual)
    lesser = rows.call(
        "create_readonly_api_key", client.create_readonly_api_key, holds=lambda it: it["apiKey"]
    )
    rows.call(
        "get_readonly_api_keys",
        client.get_readonly_api_keys,
        holds=lambda it: lesser["apiKey"] in str(it),
    )
    rows.call("delete_readonly_api_key", lambda: client.delete_readonly_api_key(lesser["apiKey"]))
    builder = rows.call(
        "create_builder_api_key", client.create_builder_api_key, holds=lambda it: it["key"]
    )
    rows.call(
        "get_builder_api_keys",
        client.get_builder_api_keys,
        holds=lambda it: builder["key"] in str(it),
    )
    rows.call("revoke_builder_api_key", client.revoke_builder_api_key)


def _account(rows: Rows, client: ClobClient, venue: Venue) -> None:
    usd = ct.BalanceAllowanceParams(asset_type=ct.AssetType.COLLATERAL)
    shares = ct.BalanceAllowanceParams(
        asset_type="CONDITIONAL-V2" if venue.round["is_v2"] else "CONDITIONAL",
        token_id=venue.round["up"],
    )
    rows.call("update_balance_allowance", lambda: client.update_balance_allowance(usd))
    rows.call(
        "get_balance_allowance",
        lambda: client.get_balance_allowance(usd),
        holds=lambda it: int(it["balance"]) == 1_000_000_000 and it["allowances"],
    )
    rows.call(
        "get_balance_allowance (shares)",
        lambda: client.get_balance_allowance(shares),
        holds=lambda it: int(it["balance"]) == 0,
    )
    beat = rows.call("post_heartbeat", client.post_heartbeat, holds=lambda it: it["heartbeat_id"])
    rows.call(
        "post_heartbeat (wrong id)", lambda: client.post_heartbeat("not-the-last"), refused="400 "
    )
    if beat:
        client.post_heartbeat(beat["heartbeat_id"])


def _orders(rows: Rows, client: ClobClient, venue: Venue) -> None:
    condition = venue.round["condition_id"]

    def rest(
        size: float = 10.0, price: float = TINY, side: str = "BUY", expiration: int = 0
    ) -> Any:
        return client.create_order(limit(venue, price, size, side, expiration))

    def listed(order_type: str, size: float) -> ct.PostOrdersV2Args:
        return ct.PostOrdersV2Args(order=rest(size), orderType=order_type)

    signed = rows.call("create_order", rest, holds=lambda it: it.signature)
    posted = rows.call(
        "post_order", lambda: client.post_order(signed), holds=lambda it: it["status"] == "live"
    )
    rows.call("post_order (twice)", lambda: client.post_order(signed), refused="Duplicated")
    order_id = posted["orderID"] if posted else ""
    rows.call(
        "get_order",
        lambda: client.get_order(order_id),
        holds=lambda it: it["id"] == order_id and it["original_size"] in ("10", "10.0"),
    )
    rows.call("get_order (unknown)", lambda: client.get_order("0x" + "00" * 32), refused="404 ")
    rows.call(
        "get_open_orders",
        lambda: client.get_open_orders(ct.OpenOrderParams(market=condition)),
        holds=lambda it: [one["id"] for one in it] == [order_id],
    )
    rows.call(
        "is_order_scoring",
        lambda: client.is_order_scoring(ct.OrderScoringParams(order_id)),
        holds=lambda it: it["scoring"] in (True, False),
    )
    rows.call(
        "are_orders_scoring",
        lambda: client.are_orders_scoring(ct.OrdersScoringParams([order_id])),
        holds=lambda it: order_id in it,
    )
    rows.call(
        "cancel_order",
        lambda: client.cancel_order(ct.OrderPayload(order_id)),
        holds=lambda it: it["canceled"] == [order_id],
    )
    batch = rows.call(
        "post_orders",
        lambda: client.post_orders([listed("GTC", 6.0), listed("GTC", 7.0)]),
        holds=lambda it: [one["status"] for one in it] == ["live", "live"],
    )
    ids = [one["orderID"] for one in batch or ()]
    rows.call(
        "cancel_orders",
        lambda: client.cancel_orders(ids),
        holds=lambda it: sorted(it["canceled"]) == sorted(ids),
    )
    rows.call(
        "create_and_post_order",
        lambda: client.create_and_post_order(limit(venue, TINY, 8.0, "BUY"), post_only=True),
        holds=lambda it: it["status"] == "live",
    )
    rows.call(
        "create_and_post_order (GTD)",
        lambda: client.create_and_post_order(
            limit(venue, TINY, 9.0, "BUY", int(time.time()) + 600), order_type="GTD"
        ),
        holds=lambda it: it["status"] == "live",
    )
    rows.call(
        "create_and_post_order (too small)",
        lambda: client.create_and_post_order(limit(venue, TINY, 3.0, "BUY")),
        refused="lower than the minimum: 5",
    )
    rows.call(
        "create_and_post_order (nothing to sell)",
        lambda: client.create_and_post_order(limit(venue, 0.99, 50.0, "SELL")),
        refused="not enough balance",
    )
    rows.call(
        "cancel_market_orders",
        lambda: client.cancel_market_orders(ct.OrderMarketCancelParams(market=condition)),
        holds=lambda it: len(it["canceled"]) == 2,
    )
    bought = rows.call(
        "create_and_post_market_order",
        lambda: client.create_and_post_market_order(
            market(venue, 5.0, "BUY", "FAK"), order_type="FAK"
        ),
        holds=lambda it: it["status"] == "matched" and it["tradeIDs"] and it["transactionsHashes"],
    )
    signed = rows.call(
        "create_market_order",
        lambda: client.create_market_order(market(venue, 5.0, "SELL", "FOK")),
        holds=lambda it: it.signature,
    )
    rows.call(
        "post_order (FOK)",
        lambda: client.post_order(signed, "FOK"),
        holds=lambda it: it["status"] == "matched",
    )
    rows.call(
        "get_trades",
        lambda: client.get_trades(ct.TradeParams(market=condition)),
        holds=lambda it: set(bought["tradeIDs"]) <= {one["id"] for one in it},
    )
    rows.call("get_trades_paginated", client.get_trades_paginated, holds=lambda it: it["trades"])
    rows.call(
        "get_pre_migration_orders", client.get_pre_migration_orders, holds=lambda it: it == []
    )
    last = rows.call("post_order (the last)", lambda: client.post_order(rest(12.0)))
    rows.call(
        "cancel_all",
        client.cancel_all,
        holds=lambda it: it["canceled"] == [last["orderID"]],
    )
    told = rows.call("get_notifications", client.get_notifications, holds=_is_list)
    ids = [str(one["id"]) for one in told or ()] or ["1"]
    rows.call(
        "drop_notifications",
        lambda: client.drop_notifications(ct.DropNotificationParams(ids=ids)),
    )


def _other_wallets(rows: Rows, client: ClobClient, venue: Venue) -> None:
    """Whose owner signs with the same key: an order that rests, as each of them."""
    for signature_type, name in ((1, "proxy"), (2, "Safe"), (3, "deposit wallet")):
        money = rows.named("control.").call(
            f"faucet ({name})",
            lambda kind=signature_type: venue.fund(client.get_address(), signature_type=kind),
        )
        wallet = money["wallet"] if money else client.get_address()
        theirs = ClobClient(
            venue.urls["clob"],
            CHAIN_ID,
            key=venue.key,
            creds=client.creds,
            signature_type=signature_type,
            funder=wallet,
        )
        args = limit(venue, TINY, 10.0, "BUY")
        posted = rows.call(
            f"create_and_post_order ({name})",
            lambda theirs=theirs, args=args: theirs.create_and_post_order(args),
            holds=lambda it: it["status"] == "live",
        )
        usd = ct.BalanceAllowanceParams(asset_type=ct.AssetType.COLLATERAL)
        rows.call(
            f"get_balance_allowance ({name})",
            lambda theirs=theirs, usd=usd: theirs.get_balance_allowance(usd),
            holds=lambda it: int(it["balance"]) == 1_000_000_000,
        )
        rows.call(
            f"get_order ({name})",
            lambda theirs=theirs, posted=posted: theirs.get_order(posted["orderID"]),
            holds=lambda it, wallet=wallet: it["maker_address"].lower() == wallet,
        )
        theirs.cancel_all()


def _rewards(rows: Rows, client: ClobClient, venue: Venue) -> None:
    rows.call(
        "get_earnings_for_user_for_day",
        lambda: client.get_earnings_for_user_for_day(TODAY),
        holds=_is_list,
    )
    rows.call(
        "get_total_earnings_for_user_for_day",
        lambda: client.get_total_earnings_for_user_for_day(TODAY),
        holds=_is_list,
    )
    rows.call(
        "get_user_earnings_and_markets_config",
        lambda: client.get_user_earnings_and_markets_config(TODAY),
        holds=_is_list,
    )
    rows.call(
        "get_reward_percentages",
        client.get_reward_percentages,
        holds=lambda it: isinstance(it, dict),
    )


def _rfq(rows: Rows, client: ClobClient, venue: Venue) -> None:
    """Requests for quotes are of combos: this venue has none."""
    up, desk = venue.round["up"], client.rfq
    accept = rfq.AcceptQuoteParams("r", "q", int(time.time()) + 600)
    approve = rfq.ApproveOrderParams("r", "q", int(time.time()) + 600)
    calls: dict[str, Any] = {
        "create_rfq_request": lambda: desk.create_rfq_request(
            rfq.RfqUserRequest(up, 0.5, "BUY", 10.0)
        ),
        "cancel_rfq_request": lambda: desk.cancel_rfq_request(rfq.CancelRfqRequestParams("r")),
        "get_rfq_requests": desk.get_rfq_requests,
        "create_rfq_quote": lambda: desk.create_rfq_quote(
            rfq.RfqUserQuote("r", up, 0.5, "BUY", 10.0)
        ),
        "get_rfq_requester_quotes": desk.get_rfq_requester_quotes,
        "get_rfq_quoter_quotes": desk.get_rfq_quoter_quotes,
        "get_rfq_best_quote": desk.get_rfq_best_quote,
        "cancel_rfq_quote": lambda: desk.cancel_rfq_quote(rfq.CancelRfqQuoteParams("q")),
        "accept_rfq_quote": lambda: desk.accept_rfq_quote(accept),
        "approve_rfq_order": lambda: desk.approve_rfq_order(approve),
        "rfq_config": desk.rfq_config,
    }
    for name, call in calls.items():
        rows.named("rfq.").call(name, call, refused=NOT_HERE)


def _goodbye(rows: Rows, client: ClobClient) -> None:
    rows.call("delete_api_key", client.delete_api_key, holds=lambda it: it == "OK")
    rows.call("get_api_keys (of a key that is gone)", client.get_api_keys, refused="401 ")


def _has_number(name: str) -> Any:
    return lambda it: 0 <= float(it[name]) <= 1


def _is_list(it: object) -> bool:
    return isinstance(it, list)


def _is_key(it: Any) -> bool:
    return len(it.api_key) == 36 and bool(it.api_secret and it.api_passphrase)


if __name__ == "__main__":
    sys.exit(main())
