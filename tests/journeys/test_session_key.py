"""A session's key at the simulated venue, over loopback: it trades for its owner's wallet, sees its
own orders alone, and the session ends."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import trio
from eth_abi.abi import encode
from live_accounts import PATIENT, Trader
from wallet_stand import KEY, WalletStand, wallet_stand

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import BuilderKey
from polytui.config.secrets import Secret
from polytui.execution.senders import sender_of
from polytui.model.errors import Fatal, Rejected
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.venues.polymarket.api_keys import api_key_of
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_auth import l2_headers
from polytui.venues.polymarket.ethereum import keccak
from polytui.venues.polymarket.relayer_auth import relayer_headers
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of
from polytui.venues.polymarket.wallet_batch import BatchSigner

pytestmark = pytest.mark.trio
SESSION_KEY = Secret("0x" + "5e" * 32)
DAY_S = 86_400


async def trader(stand: WalletStand, http: Http, wallet: Wallet, name: str) -> Trader:
    account = ClobAccount(http, wallet, await api_key_of(http, wallet), stand.clock)
    return Trader(account, OrderSigner(wallet), stand.rounds[-1], stand.clock, name)


class Owner:
    """Gives sessions and takes them back, over the relayer's routes and as its own client does."""

    def __init__(self, stand: WalletStand, wallet: Wallet, builder: BuilderKey) -> None:
        self._stand, self._wallet, self._builder = stand, wallet, builder

    @classmethod
    async def of(cls, stand: WalletStand, at: Trader) -> Owner:
        """With a builder's key, which the venue wants for this."""
        path, who = "/auth/builder-api-key", at.account.wallet
        now_s = stand.clock.now_ns() // NS_PER_S
        headers = l2_headers(at.account.api_key, who.owner, now_s, "POST", path, b"")
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{stand.urls.clob}{path}", headers=headers)
        told = answer.raise_for_status().json()
        key = ApiKey(told["key"], Secret(told["secret"]), Secret(told["passphrase"]))
        return cls(stand, who, BuilderKey(key))

    async def give(self, session: Wallet, until_s: int) -> None:
        kinds = ["address", "uint256"]
        named = {"validUntil": str(until_s), "scopes": ["ALL"]}
        await self._ask("authorize", kinds, [session.owner, until_s], named)

    async def take_back(self, session: Wallet) -> None:
        await self._ask("revoke", ["address"], [session.owner], {})

    async def _ask(
        self, what: str, kinds: list[str], values: list[Any], named: dict[str, Any]
    ) -> None:
        data = keccak(f"{what}SessionSigner({','.join(kinds)})".encode())[:4]
        data += encode(kinds, values)
        nonce = await self._stand.sender(WalletType.DEPOSIT).nonce()
        until_s = self._stand.clock.now_ns() // NS_PER_S + 600
        call = Call(self._wallet.funder, data)
        signed = BatchSigner(self._wallet).sign([call], nonce, deadline_s=until_s)
        body = json.dumps({
            "walletAddress": self._wallet.funder, "sessionSignerAddress": values[0],
            "nonce": str(nonce), "deadline": str(until_s), "signature": signed.signature,
            **named,
        }).encode()  # fmt: skip
        kind = {"authorize": "authorizations", "revoke": "revocations"}[what]
        path = f"/v1/session-signers/{kind}"
        headers = {
            **relayer_headers(self._builder, "POST", path, body),
            "Content-Type": "application/json",
        }
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{self._stand.urls.relayer}{path}", content=body, headers=headers
            )
        assert answer.status_code == 200, answer.text


async def may_send(one: Trader) -> bool:
    """Not before the batch that gives the session is mined."""
    try:
        await one.send(one.order(Side.BUY, 9))
    except Rejected:
        return False
    return True


async def test_it_trades_for_the_wallet_and_sees_its_own_alone() -> None:
    async with wallet_stand() as stand:
        owners = await stand.fund(WalletType.DEPOSIT)
        session = wallet_of(SESSION_KEY, WalletType.DEPOSIT, owners.funder)
        assert session.is_in_session
        http = Http(stand.urls.clob, PATIENT, is_loopback_only=True)
        try:
            owner = await trader(stand, http, owners, "owner")
            ours = await trader(stand, http, session, "ours")
            with pytest.raises(Rejected, match="signer"):
                await ours.send(ours.order(Side.BUY, 10))
            giving = await Owner.of(stand, owner)
            await giving.give(session, stand.clock.now_ns() // NS_PER_S + DAY_S)
            while not await may_send(ours):
                await trio.sleep(0.1)
            await ours.account.cancel_all()
            order = ours.order(Side.BUY, 10)
            assert (await ours.send(order)).status == "live"
            theirs = owner.order(Side.BUY, 11)
            await owner.send(theirs)
            (seen,) = await ours.account.open_orders()
            assert seen.order_id == ours.venue_id(order)
            (seen,) = await owner.account.open_orders()
            assert seen.order_id == owner.venue_id(theirs)
            assert await stand.has(owners) == (1_000_000_000, {})
            await giving.take_back(session)
            with pytest.raises(Rejected, match="signer"):
                await ours.send(ours.order(Side.BUY, 12))
        finally:
            await http.close()


async def test_it_moves_nothing_else() -> None:
    async with wallet_stand() as stand:
        owners = wallet_of(KEY, WalletType.DEPOSIT)
        session = wallet_of(SESSION_KEY, WalletType.DEPOSIT, owners.funder)
        with pytest.raises(Fatal, match="its owner's key redeems"):
            sender_of(session, stand.key, stand.clock, stand.relayer, stand.node)
