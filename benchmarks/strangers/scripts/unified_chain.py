"""What polymarket-client does on the chain: approvals, splitting, merging, transfers. The deposit
wallet is moved by the relayer, a wallet of one key sends transactions itself."""

from __future__ import annotations

import asyncio
from typing import Any

from polymarket._internal.actions.relayer.calls import erc20_approval_call
from polymarket._internal.environment import PRODUCTION_CONFIG as ON_CHAIN
from rows import Rows, Venue
from unified_reads import settled

SHARES = 20_000_000
"""Twenty shares, in millionths."""
RESOLVED_WITHIN_S = 700
"""From five minutes before the end of a round, with the time that its result takes."""


async def chain_rows(rows: Rows, client: Any, venue: Venue) -> None:
    await rows.wait("setup_gasless_wallet", client.setup_gasless_wallet)
    await rows.wait("is_gasless_ready", client.is_gasless_ready, holds=lambda it: it is True)
    await rows.wait(
        "get_trading_approvals_state (none yet)",
        client.get_trading_approvals_state,
        holds=lambda it: not it.is_fully_approved and it.missing.erc20 and it.missing.erc1155,
    )
    await rows.wait("setup_trading_approvals", mined(client.setup_trading_approvals))
    await rows.wait(
        "get_trading_approvals_state",
        client.get_trading_approvals_state,
        holds=lambda it: it.is_fully_approved,
    )
    spender = ON_CHAIN.standard_exchange
    await rows.wait(
        "approve_erc20",
        mined(
            lambda: client.approve_erc20(
                token_address=ON_CHAIN.collateral_token, spender_address=spender, amount="max"
            )
        ),
        holds=has_a_hash,
    )
    await rows.wait(
        "approve_erc1155_for_all",
        mined(
            lambda: client.approve_erc1155_for_all(
                token_address=ON_CHAIN.conditional_tokens, operator_address=spender
            )
        ),
        holds=has_a_hash,
    )
    await rows.wait(
        "transfer_erc20",
        mined(
            lambda: client.transfer_erc20(
                token_address=ON_CHAIN.collateral_token,
                recipient_address="0x" + "11" * 20,
                amount=1_000_000,
            )
        ),
        holds=has_a_hash,
    )
    await _set_rows(rows, client, venue)
    call = erc20_approval_call(
        token_address=ON_CHAIN.collateral_token, spender=spender, amount=2**256 - 1
    )
    await rows.wait(
        "execute_transaction",
        mined(lambda: client.execute_transaction(calls=[call])),
        holds=has_a_hash,
    )


async def _set_rows(rows: Rows, client: Any, venue: Venue) -> None:
    """Sets of Up and Down: made, and made into dollars again."""
    condition, other = venue.round["gamma_condition"], venue.brief["gamma_condition"]

    async def split() -> float:
        await mined(lambda: client.split_position(condition_id=condition, amount=SHARES))()
        return venue.shares(str(client.wallet), venue.round["up"])

    async def merged() -> float:
        await mined(lambda: client.merge_positions(condition_id=condition, amount=SHARES // 4))()
        return venue.shares(str(client.wallet), venue.round["up"])

    await rows.wait("split_position", split, holds=lambda it: it == 20)
    await rows.wait("merge_positions", merged, holds=lambda it: it == 15)
    await rows.wait(
        "merge_multiple_positions",
        mined(
            lambda: client.merge_multiple_positions(
                positions=[{"condition_id": condition, "amount": SHARES // 4}]
            )
        ),
        holds=has_a_hash,
    )
    if venue.is_patient:
        # The venue's own redeemer would be there first.
        await mined(
            lambda: client.approve_erc1155_for_all(
                token_address=(
                    ON_CHAIN.position_manager
                    if venue.brief["is_v2"]
                    else ON_CHAIN.conditional_tokens
                ),
                operator_address=ON_CHAIN.auto_redeem_operator,
                approved=False,
            )
        )()
        await rows.wait(
            "split_position (of a round that ends soon)",
            mined(lambda: client.split_position(condition_id=other, amount=SHARES)),
            holds=has_a_hash,
        )
    await rows.wait(
        "redeem_positions (too early)",
        lambda: client.redeem_positions(condition_id=other),
        refused="No market found",
    )


async def redeem_rows(rows: Rows, client: Any, venue: Venue) -> None:
    """Sets of a round that ended: what won is a dollar a share."""
    if not venue.is_patient:
        return
    condition = venue.brief["gamma_condition"]

    wallet = str(client.wallet)

    async def redeemed() -> float:
        async with asyncio.timeout(RESOLVED_WITHIN_S):
            while not await _closed(client, condition):
                await asyncio.sleep(5)
        before = venue.usd(wallet)
        await mined(lambda: client.redeem_positions(condition_id=condition))()
        return round(venue.usd(wallet) - before, 6)

    await rows.wait("redeem_positions", redeemed, holds=lambda it: it == 20)


async def _closed(client: Any, condition: str) -> bool:
    page = client.list_markets(condition_ids=[condition], closed=True).first_page()
    return bool((await settled(page)).items)


def mined(call: Any) -> Any:
    """A call whose transaction is waited for; its outcome."""

    async def waited() -> Any:
        handle = await settled(call())
        return await settled(handle.wait())

    return waited


def has_a_hash(outcome: Any) -> bool:
    return len(outcome.transaction_hash) == 66
