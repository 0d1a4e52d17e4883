"""The relayer over HTTP: batches that somebody else pays the gas for, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.sim.exchange.contracts import (
    DEPOSIT_WALLET_FACTORY,
    PROXY_FACTORY,
    RELAY_HUB,
    SAFE_MULTISEND,
)
from polytui.sim.exchange.hex_text import NOBODY, is_bytes
from polytui.sim.exchange.relayer import (
    RELAY,
    BatchKind,
    RelayedBatch,
    Relayer,
    WalletBatch,
)
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, PROXY, SAFE, Wallets
from polytui.sim.wire.chain.asked import BAD, address_of, number_of, refused
from polytui.sim.wire.chain.session_signers_api import SessionSignersApi
from polytui.sim.wire.chain.submitters import Submitters, submitted
from polytui.sim.wire.desk.waiting import CutResponse
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.wire.signed.relayer_signatures import (
    ProxyRequest,
    WalletCall,
    batch_signer,
    proxy_signer,
    safe_signer,
)
from polytui.sim.wire.signed.typed_data import signature_bytes
from polytui.sim.world.world import World

if TYPE_CHECKING:
    from polytui.sim.wire.signed.call_data import RawCall

_MOST_METADATA = 500
_MOST_CALLS = 256
_KINDS = {"WALLET": DEPOSIT_WALLET, "SAFE": SAFE, "PROXY": PROXY}
_FREE = {
    "gasPrice": "0",
    "safeTxnGas": "0",
    "baseGas": "0",
    "gasToken": NOBODY,
    "refundReceiver": NOBODY,
}
"""What a safe's transaction costs it here."""


class _Call(msgspec.Struct):
    target: str
    data: str
    value: str = "0"


class _WalletParams(msgspec.Struct, rename="camel"):
    deposit_wallet: str
    deadline: str
    calls: list[_Call]


class _Submission(msgspec.Struct, rename="camel"):
    type: str
    owner: str = msgspec.field(name="from")
    to: str
    nonce: str = ""
    signature: str = ""
    metadata: str = ""
    proxy_wallet: str = ""
    data: str = "0x"
    value: str = "0"
    deposit_wallet_params: _WalletParams | None = None
    signature_params: dict[str, str] = {}


class RelayerApi:
    """Of whoever has a key of the relayer's or a builder's."""

    def __init__(self, world: World, relayer: Relayer, wallets: Wallets, auth: VenueAuth) -> None:
        self._world = world
        self._relayer = relayer
        self._wallets = wallets
        self._submitters = Submitters(world.seed, relayer, auth)
        self._sessions = SessionSignersApi(world, relayer, wallets, self._submitters)

    def routes(self) -> list[Route]:
        return [
            Route("/deployed", self.deployed),
            Route("/nonce", self.nonce),
            Route("/relay-payload", self.relay_payload),
            Route("/submit", self.submit, methods=["POST"]),
            Route("/transaction", self.transaction),
            Route("/transactions", self.transactions),
            Route("/v1/account/transactions/params", self.params),
            Route("/v1/account/transactions/{name}", self.account_transaction),
            *self._sessions.routes(),
        ]

    async def deployed(self, request: Request) -> Response:
        """Safes and proxies are made by the website with the account: they are always there."""
        wallet = address_of(request.query_params.get("address", ""))
        kind = request.query_params.get("type", "WALLET")
        if kind not in (*_KINDS, "SAFE-CREATE"):
            raise refused(BAD)
        is_deployed = kind != "WALLET" or self._wallets.is_deployed(wallet)
        return json_answer({"deployed": is_deployed})

    async def nonce(self, request: Request) -> Response:
        _, nonce = await self._next(request)
        return json_answer({"nonce": str(nonce)})

    async def params(self, request: Request) -> Response:
        """For somebody who is about to sign; the address is his own again."""
        await self._submitters.of(request)
        owner, nonce = await self._next(request)
        return json_answer({"address": owner, "nonce": str(nonce)})

    async def relay_payload(self, request: Request) -> Response:
        """The address is the relay's, which a proxy's owner signs."""
        _, nonce = await self._next(request)
        return json_answer({"address": RELAY, "nonce": str(nonce)})

    async def submit(self, request: Request) -> Response:
        submitter = await self._submitters.of(request)
        try:
            asked = msgspec.convert(strict_json(await request.body()), _Submission)
        except (ValueError, msgspec.MsgspecError):
            raise refused(BAD) from None
        await load_ethereum()
        batch = await self._batch(asked)
        troubles = self._relayer.troubles
        if troubles.strike("not_taken"):
            raise refused("internal server error", 500)
        taken = submitted(self._relayer, batch, submitter)
        if troubles.strike("lose_answer"):
            return CutResponse()
        if troubles.strike("unknown"):
            raise refused("internal server error", 500)
        return json_answer({"transactionID": taken.transaction_id, "state": taken.state.value})

    async def transaction(self, request: Request) -> Response:
        """An array with one, or with none (venue rule)."""
        found = self._relayer.find(request.query_params.get("id", ""))
        return json_answer([] if found is None else [_whole(found)])

    async def transactions(self, request: Request) -> Response:
        submitter = await self._submitters.of(request)
        return json_answer([_whole(one) for one in self._relayer.recent(submitter.key)])

    async def account_transaction(self, request: Request) -> Response:
        await self._submitters.of(request)
        found = self._relayer.find(request.path_params["name"])
        if found is None:
            raise refused("transaction not found", 404)
        return json_answer(
            {
                "transaction_id": found.transaction_id,
                "transaction_hash": found.transaction_hash or None,
                "state": found.state.value,
                "error_msg": found.error,
            }
        )

    async def _next(self, request: Request) -> tuple[str, int]:
        """The owner asked for, and the nonce of his wallet's next batch."""
        owner = address_of(request.query_params.get("address", ""))
        kind = request.query_params.get("type", "")
        if kind not in _KINDS:
            raise refused(BAD)
        await load_ethereum()
        wallet = self._wallets.wallet_of(owner, _KINDS[kind]) or owner
        return owner, self._relayer.nonce(wallet, BatchKind(kind))

    async def _batch(self, asked: _Submission) -> WalletBatch:
        """What was signed, and by its owner; RefusedError otherwise."""
        from polytui.sim.wire.signed.call_data import CallDataError, read_call

        owner, to = address_of(asked.owner), address_of(asked.to)
        if len(asked.metadata) > _MOST_METADATA:
            raise refused(BAD)
        try:
            match asked.type:
                case "WALLET":
                    wallet, calls = await self._of_wallet(asked, owner, to)
                case "SAFE":
                    wallet, calls = await self._of_safe(asked, owner, to)
                case "PROXY":
                    wallet, calls = await self._of_proxy(asked, owner, to)
                case "WALLET-CREATE":
                    wallet, calls = self._to_create(owner, to), []
                case _:
                    raise refused(BAD)
        except CallDataError:
            raise refused(BAD) from None
        return WalletBatch(
            kind=BatchKind(asked.type),
            owner=owner,
            wallet=wallet,
            nonce=number_of(asked.nonce) if calls else 0,
            calls=tuple(read_call(one) for one in calls),
            size=sum(len(one.data) for one in calls),
            to=to,
            data=asked.data,
            value=asked.value,
            signature=asked.signature,
            metadata=asked.metadata,
        )

    async def _of_wallet(
        self, asked: _Submission, owner: str, to: str
    ) -> tuple[str, list[RawCall]]:
        from polytui.sim.wire.signed.call_data import RawCall

        params = asked.deposit_wallet_params
        if params is None or to != DEPOSIT_WALLET_FACTORY:
            raise refused(BAD)
        if not 0 < len(params.calls) <= _MOST_CALLS:
            raise refused(BAD)
        calls = [
            RawCall(address_of(one.target), number_of(one.value), _bytes(one.data))
            for one in params.calls
        ]
        deadline_s = number_of(params.deadline)
        wallet = self._owned(params.deposit_wallet, owner, DEPOSIT_WALLET)
        signed = tuple(WalletCall(one.target, one.value, one.data) for one in calls)
        signer, session = await trio.to_thread.run_sync(
            batch_signer,
            wallet,
            number_of(asked.nonce),
            deadline_s,
            signed,
            signature_bytes(asked.signature),
        )
        # A session may trade, and not move what the wallet has.
        if signer != owner or session:
            raise refused("invalid signature")
        if deadline_s * NS_PER_S <= self._world.now_ns:
            raise refused("batch deadline expired")
        return wallet, calls

    async def _of_safe(self, asked: _Submission, owner: str, to: str) -> tuple[str, list[RawCall]]:
        from polytui.sim.wire.signed.call_data import RawCall, read_multisend

        given = asked.signature_params
        operation = given.get("operation", "")
        if any(given.get(name, "").lower() != usual for name, usual in _FREE.items()):
            raise refused(BAD)
        if operation not in ("0", "1") or number_of(asked.value):
            raise refused(BAD)
        data, wallet = _bytes(asked.data), self._owned(asked.proxy_wallet, owner, SAFE)
        signer = await trio.to_thread.run_sync(
            safe_signer,
            wallet,
            to,
            data,
            int(operation),
            number_of(asked.nonce),
            signature_bytes(asked.signature),
        )
        if signer != owner:
            raise refused("invalid signature")
        if operation == "0":
            return wallet, [RawCall(to, 0, data)]
        # Code of anybody else would run as the safe itself.
        if to != SAFE_MULTISEND:
            raise refused(BAD)
        return wallet, read_multisend(data)

    async def _of_proxy(self, asked: _Submission, owner: str, to: str) -> tuple[str, list[RawCall]]:
        from polytui.sim.wire.signed.call_data import read_proxy_batch

        given = asked.signature_params
        relay, hub = given.get("relay", "").lower(), given.get("relayHub", "").lower()
        if to != PROXY_FACTORY or relay != RELAY or hub != RELAY_HUB:
            raise refused(BAD)
        data, wallet = _bytes(asked.data), self._owned(asked.proxy_wallet, owner, PROXY)
        signed = ProxyRequest(
            sender=owner,
            to=to,
            data=data,
            relayer_fee=number_of(given.get("relayerFee", "")),
            gas_price=number_of(given.get("gasPrice", "")),
            gas_limit=number_of(given.get("gasLimit", "")),
            nonce=number_of(asked.nonce),
            relay_hub=hub,
            relay=relay,
        )
        signer = await trio.to_thread.run_sync(
            proxy_signer, signed, signature_bytes(asked.signature)
        )
        if signer != owner:
            raise refused("invalid signature")
        return wallet, read_proxy_batch(data)

    def _to_create(self, owner: str, to: str) -> str:
        wallet = self._wallets.wallet_of(owner, DEPOSIT_WALLET)
        if to != DEPOSIT_WALLET_FACTORY or wallet is None:
            raise refused(BAD)
        return wallet

    def _owned(self, text: str, owner: str, signature_type: int) -> str:
        wallet = address_of(text)
        if not self._wallets.is_wallet_of(wallet, owner, signature_type):
            raise refused(BAD)
        return wallet


def _whole(one: RelayedBatch) -> dict[str, Any]:
    batch = one.batch
    return {
        "transactionID": one.transaction_id,
        "transactionHash": one.transaction_hash,
        "from": batch.owner,
        "to": batch.to,
        "proxyAddress": batch.wallet,
        "data": batch.data,
        "nonce": str(batch.nonce),
        "value": batch.value,
        "signature": batch.signature,
        "state": one.state.value,
        "type": batch.kind.value,
        "owner": batch.owner,
        "metadata": batch.metadata,
        "errorMsg": one.error or "",
        "createdAt": _iso(one.created_ns),
        "updatedAt": _iso(one.updated_ns),
    }


def _iso(at_ns: int) -> str:
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns // NS_PER_MS % 1000:03d}Z"


def _bytes(text: str) -> bytes:
    if not is_bytes(text):
        raise refused(BAD)
    return bytes.fromhex(text[2:])
