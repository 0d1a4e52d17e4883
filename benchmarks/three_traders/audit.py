"""At the end of it: what each of the three says, against what the venue's books say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import trio

from benchmarks.three_traders.agreement import Agreement, Has
from benchmarks.three_traders.floor import BOT, BOT_DOLLARS, DOLLARS, DOLLARS_MORE, Bot, Floor
from benchmarks.three_traders.legs import Told, told_by_client, told_by_journal, told_by_venue
from benchmarks.three_traders.strangers import Stranger
from polytui.model.units import MICRO, parse_micro


async def audit(floor: Floor) -> Agreement:
    """Everything that can be held against something else."""
    agreement = Agreement()
    accounts = {one: await floor.control.account(one) for one in floor.wallets}
    documents = [trade for account in accounts.values() for trade in account["trades"]]
    winners = await floor.winners({trade["market"] for trade in documents})
    for wallet, name in floor.wallets.items():
        account = accounts[wallet]
        there, has = told_by_venue(account), _has(account)
        if account["orders"] or account["free_usd"] != account["usd"]:
            agreement.differences.append(f"{name}: orders work on: {account['orders']}")
        if name == BOT:
            await _audit_bot(agreement, floor.bot, there, has, winners)
        else:
            stranger = next(one for one in floor.strangers if one.name == name)
            await _audit_stranger(agreement, floor, stranger, there, has, winners)
    agreement.meet(documents, floor.wallets)
    return agreement


async def _audit_bot(
    agreement: Agreement, bot: Bot, there: Told, has: Has, winners: Mapping[str, bool]
) -> None:
    """Rounds that are over it has counted as paid; the venue pays when it is asked to."""
    said = await trio.to_thread.run_sync(told_by_journal, bot.folder)
    paid = has.after(winners)
    agreement.compare(BOT, said, there)
    by_trades = Has(BOT_DOLLARS * MICRO + said.flow, said.held())
    agreement.hold(BOT, "its fills", by_trades.after(winners), paid)
    told = await bot.told()
    if told["difference"]:
        agreement.differences.append(f"{BOT}: its journal replays otherwise: {told['difference']}")
    known = Has(told["usd"], told["shares"])
    agreement.hold(BOT, "its ledger", known.after(winners), paid)


async def _audit_stranger(
    agreement: Agreement,
    floor: Floor,
    stranger: Stranger,
    there: Told,
    has: Has,
    winners: Mapping[str, bool],
) -> None:
    rates = {token: pit.rate_ppm for pit in floor.pits for token in pit.tokens}
    said = told_by_client(await stranger.hands.do("fills"), stranger.wallet, rates)
    agreement.compare(stranger.name, said, there)
    by_trades = Has((DOLLARS + DOLLARS_MORE) * MICRO + said.flow, said.held())
    agreement.hold(stranger.name, "its trades", by_trades.after(winners), has)
    shares = {token: await stranger.hands.do("shares", token=token) for token in rates}
    usd = await stranger.hands.do("usd")
    balances = Has(usd, {token: count for token, count in shares.items() if count})
    agreement.hold(stranger.name, "its balances", balances, has)
    if orders := await stranger.hands.do("orders"):
        agreement.differences.append(f"{stranger.name}: orders work on: {orders}")


def _has(account: Mapping[str, Any]) -> Has:
    shares = {token: parse_micro(text) for token, text in account["shares"].items()}
    held = {token: count for token, count in shares.items() if count}
    return Has(parse_micro(account["usd"]), held)
