"""What polymarket-client asks of services that this venue does not have: perpetuals, combos,
sports. It is told that they are not found, and nobody else is asked."""

from __future__ import annotations

from typing import Any

import polymarket
from rows import Rows, Venue
from unified_reads import first_of

NOT_FOUND = "not found"
NEEDS_A_BUILDER = "builder api key"
NOBODY = "0x" + "22" * 20


async def elsewhere_rows(
    rows: Rows, client: Any, venue: Venue, *, is_secure: bool, is_async: bool
) -> None:
    calls = _chatter(client)
    for name, call in calls.items():
        await rows.wait(name, call, holds=lambda it: len(getattr(it, "items", it)) == 0)
    await rows.wait(
        "get_sports_market_types",
        client.get_sports_market_types,
        holds=lambda it: len(it.market_types) == 0,
    )
    await rows.wait(
        "get_public_profile",
        lambda: client.get_public_profile(NOBODY),
        holds=lambda it: it is None,
    )
    refused = {"list_combo_markets": first_of(client.list_combo_markets)}
    if is_async:
        refused |= _perpetuals(client)
    for name, call in refused.items():
        await rows.wait(name, call, refused=NOT_FOUND)
    if is_secure:
        await _secure_rows(rows, client, venue, is_async=is_async)


def _chatter(client: Any) -> dict[str, Any]:
    """Gamma answers, and there is nothing of it: nobody has said a word here."""
    return {
        "list_comments": first_of(
            lambda: client.list_comments(parent_entity_id="1", parent_entity_type="Event")
        ),
        "list_comments_by_user_address": first_of(
            lambda: client.list_comments_by_user_address(address=NOBODY)
        ),
        "get_comment_thread": lambda: client.get_comment_thread("1"),
        "list_teams": first_of(client.list_teams),
        "get_sports": client.get_sports,
    }


def _perpetuals(client: Any) -> dict[str, Any]:
    return {
        "fetch_perps_book": lambda: client.fetch_perps_book(instrument_id=1),
        "fetch_perps_builder_status": lambda: client.fetch_perps_builder_status(address=NOBODY),
        "fetch_perps_fees": client.fetch_perps_fees,
        "fetch_perps_instruments": client.fetch_perps_instruments,
        "fetch_perps_position_snapshots": lambda: client.fetch_perps_position_snapshots(
            address=NOBODY, active_instrument_ids=[1]
        ),
        "fetch_perps_registration": lambda: client.fetch_perps_registration(address=NOBODY),
        "fetch_perps_ticker": lambda: client.fetch_perps_ticker(instrument_id=1),
        "fetch_perps_tickers": client.fetch_perps_tickers,
        "list_perps_candles": first_of(
            lambda: client.list_perps_candles(instrument_id=1, interval="1m")
        ),
        "list_perps_funding_history": first_of(
            lambda: client.list_perps_funding_history(instrument_id=1)
        ),
        "list_perps_trades": first_of(lambda: client.list_perps_trades(instrument_id=1)),
    }


async def _secure_rows(rows: Rows, client: Any, venue: Venue, *, is_async: bool) -> None:
    up, down = venue.round["up"], venue.round["down"]
    is_deposit_wallet = client.wallet_type == "DEPOSIT_WALLET"
    quote = {"rfq_id": "r", "quote_id": "q"}
    calls: dict[str, tuple[Any, str]] = {
        "fetch_rfq_status": (lambda: client.fetch_rfq_status(rfq_id="r"), NOT_FOUND),
        "wait_for_combo_fill": (lambda: client.wait_for_combo_fill(rfq_id="r"), NOT_FOUND),
        "request_combo_quote": (
            lambda: client.request_combo_quote(
                leg_position_ids=[up, down], direction="BUY", amount=5
            ),
            NEEDS_A_BUILDER,
        ),
        "accept_combo_quote": (lambda: client.accept_combo_quote(quote), "quote"),
        "plan_collateral_return": (
            client.plan_collateral_return,
            NOT_FOUND if is_deposit_wallet else "EOA wallets are not supported",
        ),
        "execute_collateral_return_plan": (
            lambda: client.execute_collateral_return_plan(plan=_plan(str(client.wallet))),
            NOT_FOUND if is_deposit_wallet else "Relayer API Key",
        ),
        "authorize_session_key (without a builder's key)": (
            lambda: client.authorize_session_key(address=NOBODY),
            "builder API-key" if is_deposit_wallet else "Deposit Wallet",
        ),
    }
    if not is_deposit_wallet:
        calls["revoke_session_key"] = (
            lambda: client.revoke_session_key(address=NOBODY),
            "Deposit Wallet",
        )
    if is_async:
        calls |= {
            "open_perps_session": (client.open_perps_session, NOT_FOUND),
            "revoke_perps_credentials": (
                lambda: client.revoke_perps_credentials(proxy=NOBODY),
                NOT_FOUND,
            ),
            "withdraw_from_perps": (lambda: client.withdraw_from_perps(amount=1), NOT_FOUND),
            "open_rfq_session": (lambda: _opened(client), "404"),
        }
        # A dollar to a contract's address is a transfer like any other.
        await rows.wait("deposit_to_perps", lambda: client.deposit_to_perps(amount=1_000_000))
    for name, (call, words) in calls.items():
        await rows.wait(name, call, refused=words)


def _plan(wallet: str) -> Any:
    """What a service of combos would have planned: nothing."""
    return polymarket.CollateralReturnPlanResponse.model_validate(
        {
            "plan_hash": "0x" + "00" * 32, "chain_id": 137, "wallet": wallet, "block_number": 1,
            "starting_pusd": "0", "net_pusd_out": "0", "final_pusd": "0", "operations": [],
            "operation_count": 0, "truncated": False, "estimated_cost": 0.0,
            "required_pusd_input": "0", "required_positions": [], "candidate_position_ids": [],
            "router_call": {"to": NOBODY, "data": "0x"},
        }
    )  # fmt: skip


async def _opened(client: Any) -> Any:
    async with client.open_rfq_session() as session:
        return session
