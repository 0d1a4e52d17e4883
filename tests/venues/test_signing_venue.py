"""What we sign is taken by the simulated venue, which verifies with code that is not ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx
import pytest
from attrs import evolve
from desk_venue import DeskVenue
from eth_abi.abi import decode, encode
from test_signing import KEY, ORDER, ROUND
from test_signing_peer import EXCHANGES_BY_NAME, any_order, listed_of

from polytui.config.secrets import Secret
from polytui.model.orders import TimeInForce
from polytui.model.units import NS_PER_S
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.wallets import SessionSigner, Wallets
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.venues.polymarket.clob_auth import ApiKey, l1_headers, l2_headers
from polytui.venues.polymarket.signing import OrderSigner
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

pytestmark = pytest.mark.trio
API_KEY_ID = "00000000-0000-0000-0000-000000000001"
KIND = pytest.mark.parametrize("kind", WalletType)


class Trader:
    """Asks the venue's private routes with our headers."""

    def __init__(self, venue: DeskVenue, http: httpx.AsyncClient, wallet: Wallet) -> None:
        self._venue, self._http, self.wallet = venue, http, wallet
        self.api_key = ApiKey("", Secret(""), Secret(""))

    async def come_in(self) -> None:
        headers = l1_headers(self.wallet, self._venue.now_s)
        answer = await self._http.post("/clob/auth/api-key", headers=headers)
        assert answer.status_code == 200, answer.text
        key = answer.json()
        self.api_key = ApiKey(key["apiKey"], Secret(key["secret"]), Secret(key["passphrase"]))

    async def ask(self, method: str, path: str, body: bytes = b"") -> Any:
        owner, now_s = self.wallet.owner, self._venue.now_s
        headers = l2_headers(self.api_key, owner, now_s, method, path, body)
        answer = await self._http.request(method, f"/clob{path}", headers=headers, content=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def trading(venue: DeskVenue, kind: WalletType) -> AsyncIterator[Trader]:
    await load_ethereum()
    transport = httpx.ASGITransport(venue.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
        trader = Trader(venue, http, wallet_of(KEY, kind))
        await trader.come_in()
        venue.fund(trader.wallet.funder.lower(), 1_000)
        yield trader


@KIND
async def test_an_order_of_every_kind_of_wallet_rests_and_is_found_by_its_hash(
    kind: WalletType,
) -> None:
    venue = DeskVenue()
    async with trading(venue, kind) as trader:
        order = evolve(
            ORDER,
            token_id=venue.round.up_token,
            placed_ns=venue.now_s * NS_PER_S,
            is_post_only=True,
        )
        signed = OrderSigner(trader.wallet).sign(order, venue.round)
        answer = await trader.ask("POST", "/order", signed.body(trader.api_key.key))
        assert (answer["status"], answer["orderID"]) == ("live", signed.venue_id)
        found = await trader.ask("GET", f"/data/order/{signed.venue_id}")
        assert (found["price"], found["original_size"]) == ("0.52", "10")
        page = await trader.ask("GET", f"/data/orders?market={venue.round.condition_id}")
        assert [one["id"] for one in page["data"]] == [signed.venue_id]
        body = f'{{"orderID":"{signed.venue_id}"}}'.encode()
        gone = await trader.ask("DELETE", "/order", body)
        assert gone["canceled"] == [signed.venue_id]


async def test_an_order_with_an_end_is_gone_when_it_says() -> None:
    venue = DeskVenue()
    async with trading(venue, WalletType.DEPOSIT) as trader:
        now_ns, lives_s = venue.now_s * NS_PER_S, 130
        order = evolve(
            ORDER,
            token_id=venue.round.up_token,
            tif=TimeInForce.GTD,
            placed_ns=now_ns,
            expires_ns=now_ns + lives_s * NS_PER_S,
        )
        signed = OrderSigner(trader.wallet).sign(order, venue.round)
        await trader.ask("POST", "/order", signed.body(trader.api_key.key))
        path = f"/data/order/{signed.venue_id}"
        venue.play((order.expires_ns - venue.world.now_ns) / NS_PER_S - 2)
        assert (await trader.ask("GET", path))["status"] == "LIVE"
        venue.play(3)
        assert (await trader.ask("GET", path))["status"] == "CANCELED_EXPIRED_ORDER"


class Judge:
    """The venue's reading of one body, whatever round it is for."""

    def __init__(self, wallet: Wallet, exchange: str) -> None:
        self.now_s = 0
        self.wallets = Wallets(derived_wallets)
        self._payloads = OrderPayloads(
            find=lambda token: (listed_of(exchange, token), ORDER.outcome),
            wallets=self.wallets,
            now_s=lambda: self.now_s,
        )
        self._caller = Caller(API_KEY_ID, wallet.owner.lower())

    async def order_id(self, body: bytes) -> str:
        return (await self._payloads.one(body, self._caller)).order_id


@KIND
@pytest.mark.parametrize("exchange", EXCHANGES_BY_NAME)
async def test_the_venue_takes_them_for_what_they_are(kind: WalletType, exchange: str) -> None:
    rng, wallet = Random(f"{exchange}{kind}"), wallet_of(KEY, kind)
    judge, signer = Judge(wallet, exchange), OrderSigner(wallet)
    for _ in range(5):
        order = any_order(rng)
        signed = signer.sign(order, listed_of(exchange, order.token_id))
        assert await judge.order_id(signed.body(API_KEY_ID)) == signed.venue_id


@KIND
async def test_an_order_for_another_exchange_is_not_taken(kind: WalletType) -> None:
    wallet = wallet_of(KEY, kind)
    signed = OrderSigner(wallet).sign(ORDER, ROUND)
    with pytest.raises(RefusedError):
        await Judge(wallet, "neg_risk").order_id(signed.body(API_KEY_ID))


@KIND
async def test_an_order_that_was_changed_on_its_way_is_not_taken(kind: WalletType) -> None:
    wallet = wallet_of(KEY, kind)
    body = OrderSigner(wallet).sign(ORDER, ROUND).body(API_KEY_ID)
    changed = body.replace(b'"makerAmount":"5200000"', b'"makerAmount":"5300000"')
    assert changed != body
    with pytest.raises(RefusedError):
        await Judge(wallet, "standard").order_id(changed)


async def test_a_deposit_wallet_of_another_key_is_refused_by_the_venue() -> None:
    """What we cannot know for sure is let through, and the venue says what it is."""
    wallet = wallet_of(KEY, WalletType.DEPOSIT, "0x" + "22" * 20)
    signed = OrderSigner(wallet).sign(ORDER, ROUND)
    with pytest.raises(RefusedError):
        await Judge(wallet, "standard").order_id(signed.body(API_KEY_ID))


OWNERS = wallet_of(Secret("0x" + "77" * 32), WalletType.DEPOSIT)
SESSION = wallet_of(KEY, WalletType.DEPOSIT, OWNERS.funder)
"""Our key trades for the wallet of another one, whose owner gave it a session."""


@pytest.mark.parametrize("exchange", EXCHANGES_BY_NAME)
async def test_a_sessions_key_signs_for_the_wallet_until_the_session_ends(exchange: str) -> None:
    judge, signer = Judge(SESSION, exchange), OrderSigner(SESSION)
    given = SessionSigner(SESSION.owner.lower(), ("ALL",), 100)
    judge.wallets.register(OWNERS.funder.lower(), OWNERS.owner.lower(), 3)
    judge.wallets.authorize_session(OWNERS.funder.lower(), given)
    order = any_order(Random(exchange))
    signed = signer.sign(order, listed_of(exchange, order.token_id))
    assert (signed.maker, signed.signer) == (OWNERS.funder, OWNERS.funder)
    assert await judge.order_id(signed.body(API_KEY_ID)) == signed.venue_id
    judge.now_s = 100
    with pytest.raises(RefusedError):
        await judge.order_id(signed.body(API_KEY_ID))


async def test_a_sessions_signature_is_packed_as_contracts_pack_it() -> None:
    """As polymarket-client does: who signs, nothing, the signature, and a mark behind it."""
    sessions, owners = (
        bytes.fromhex(OrderSigner(one, salt=lambda *_: 7).sign(ORDER, ROUND).signature[2:])
        for one in (SESSION, OWNERS)
    )
    packed, mark = sessions[:-32], sessions[-32:]
    kinds = ["bytes32", "bytes32", "bytes"]
    who, nothing, inner = decode(kinds, packed)
    assert mark == bytes.fromhex("6492" * 16)
    assert (who, nothing) == (bytes.fromhex(SESSION.owner[2:]).rjust(32, b"\0"), bytes(32))
    assert packed == encode(kinds, [who, nothing, inner])
    assert inner[65:] == owners[65:], "what is signed differs by who signs alone"
    assert inner[:65] != owners[:65]
