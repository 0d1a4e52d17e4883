"""The relayer over HTTP: batches that somebody else pays the gas for, and what became of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from attrs import frozen
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
from polytui.sim.exchange.relayer import (
    RELAY,
    BatchKind,
    KeyTier,
    RelayedBatch,
    Relayer,
    RelayerRefusedError,
    WalletBatch,
)
from polytui.sim.exchange.relayer_keys import is_relayer_key
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, PROXY, SAFE, Wallets
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.l1_l2_auth import BAD_BUILDER, VenueAuth
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

_BAD = "invalid transaction request payload"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
_MOST_METADATA = 500
_MOST_CALLS = 256
_KINDS = {"WALLET": DEPOSIT_WALLET, "SAFE": SAFE, "PROXY": PROXY}
_FREE = {
    "gasPrice": "0",
    "safeTxnGas": "0",
    "baseGas": "0",
    "gasToken": "0x" + "00" * 20,
    "refundReceiver": "0x" + "00" * 20,
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


@frozen
class _Submitter:
    """Whose key it is that a request bears."""

    key: str
    tier: KeyTier
    owner: str = ""
    """The only one a relayer key may submit for; empty for builder keys."""


class RelayerApi:
    """Keys in headers are either the relayer's or a builder's."""

    def __init__(self, world: World, relayer: Relayer, wallets: Wallets, auth: VenueAuth) -> None:
        self._world = world
        self._relayer = relayer
        self._wallets = wallets
        self._auth = auth

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
        ]

    async def deployed(self, request: Request) -> Response:
        """Safes and proxies are made by the website with the account: they are always there."""
        wallet = _address(request.query_params.get("address", ""))
        kind = request.query_params.get("type", "WALLET")
        if kind not in (*_KINDS, "SAFE-CREATE"):
            raise _refused(_BAD)
        is_deployed = kind != "WALLET" or self._wallets.is_deployed(wallet)
        return json_answer({"deployed": is_deployed})

    async def nonce(self, request: Request) -> Response:
        _, nonce = await self._next(request)
        return json_answer({"nonce": str(nonce)})

    async def params(self, request: Request) -> Response:
        """For somebody who is about to sign; the address is his own again."""
        await self._submitter(request)
        owner, nonce = await self._next(request)
        return json_answer({"address": owner, "nonce": str(nonce)})

    async def relay_payload(self, request: Request) -> Response:
        """The address is the relay's, which a proxy's owner signs."""
        _, nonce = await self._next(request)
        return json_answer({"address": RELAY, "nonce": str(nonce)})

    async def submit(self, request: Request) -> Response:
        submitter = await self._submitter(request)
        try:
            asked = msgspec.convert(strict_json(await request.body()), _Submission)
        except (ValueError, msgspec.MsgspecError):
            raise _refused(_BAD) from None
        await load_ethereum()
        batch = await self._batch(asked)
        if submitter.owner not in ("", batch.owner):
            raise _refused(BAD_BUILDER, 401)
        try:
            taken = self._relayer.submit(batch, submitter.key, submitter.tier)
        except RelayerRefusedError as error:
            headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else None
            raise RefusedError(error.status, {"error": error.words}, headers) from None
        return json_answer({"transactionID": taken.transaction_id, "state": taken.state.value})

    async def transaction(self, request: Request) -> Response:
        """An array with one, or with none (venue rule)."""
        found = self._relayer.find(request.query_params.get("id", ""))
        return json_answer([] if found is None else [_whole(found)])

    async def transactions(self, request: Request) -> Response:
        submitter = await self._submitter(request)
        return json_answer([_whole(one) for one in self._relayer.recent(submitter.key)])

    async def account_transaction(self, request: Request) -> Response:
        await self._submitter(request)
        found = self._relayer.find(request.path_params["name"])
        if found is None:
            raise _refused("transaction not found", 404)
        return json_answer(
            {
                "transaction_id": found.transaction_id,
                "transaction_hash": found.transaction_hash or None,
                "state": found.state.value,
                "error_msg": found.error,
            }
        )

    async def _submitter(self, request: Request) -> _Submitter:
        """RefusedError, 401, without a key that is somebody's."""
        key = request.headers.get("relayer_api_key")
        if key is None:
            caller = await self._auth.builder(request)
            is_verified = self._relayer.settings.are_builders_verified
            return _Submitter(
                caller.api_key, KeyTier.VERIFIED if is_verified else KeyTier.UNVERIFIED
            )
        owner = request.headers.get("relayer_api_key_address", "").lower()
        if not is_relayer_key(self._world.seed, owner, key):
            raise _refused(BAD_BUILDER, 401)
        return _Submitter(key, KeyTier.OWN, owner)

    async def _next(self, request: Request) -> tuple[str, int]:
        """The owner asked for, and the nonce of his wallet's next batch."""
        owner = _address(request.query_params.get("address", ""))
        kind = request.query_params.get("type", "")
        if kind not in _KINDS:
            raise _refused(_BAD)
        await load_ethereum()
        wallet = self._wallets.wallet_of(owner, _KINDS[kind]) or owner
        return owner, self._relayer.nonce(wallet, BatchKind(kind))

    async def _batch(self, asked: _Submission) -> WalletBatch:
        """What was signed, and by its owner; RefusedError otherwise."""
        from polytui.sim.wire.signed.call_data import CallDataError, read_call

        owner, to = _address(asked.owner), _address(asked.to)
        if len(asked.metadata) > _MOST_METADATA:
            raise _refused(_BAD)
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
                    raise _refused(_BAD)
        except CallDataError:
            raise _refused(_BAD) from None
        return WalletBatch(
            kind=BatchKind(asked.type),
            owner=owner,
            wallet=wallet,
            nonce=_number(asked.nonce) if calls else 0,
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
            raise _refused(_BAD)
        if not 0 < len(params.calls) <= _MOST_CALLS:
            raise _refused(_BAD)
        calls = [
            RawCall(_address(one.target), _number(one.value), _bytes(one.data))
            for one in params.calls
        ]
        deadline_s = _number(params.deadline)
        wallet = self._owned(params.deposit_wallet, owner, DEPOSIT_WALLET)
        signed = tuple(WalletCall(one.target, one.value, one.data) for one in calls)
        signer, session = await trio.to_thread.run_sync(
            batch_signer,
            wallet,
            _number(asked.nonce),
            deadline_s,
            signed,
            signature_bytes(asked.signature),
        )
        # A session may trade, and not move what the wallet has.
        if signer != owner or session:
            raise _refused("invalid signature")
        if deadline_s * NS_PER_S <= self._world.now_ns:
            raise _refused("batch deadline expired")
        return wallet, calls

    async def _of_safe(self, asked: _Submission, owner: str, to: str) -> tuple[str, list[RawCall]]:
        from polytui.sim.wire.signed.call_data import RawCall, read_multisend

        given = asked.signature_params
        operation = given.get("operation", "")
        if any(given.get(name, "").lower() != usual for name, usual in _FREE.items()):
            raise _refused(_BAD)
        if operation not in ("0", "1") or _number(asked.value):
            raise _refused(_BAD)
        data, wallet = _bytes(asked.data), self._owned(asked.proxy_wallet, owner, SAFE)
        signer = await trio.to_thread.run_sync(
            safe_signer,
            wallet,
            to,
            data,
            int(operation),
            _number(asked.nonce),
            signature_bytes(asked.signature),
        )
        if signer != owner:
            raise _refused("invalid signature")
        if operation == "0":
            return wallet, [RawCall(to, 0, data)]
        # Code of anybody else would run as the safe itself.
        if to != SAFE_MULTISEND:
            raise _refused(_BAD)
        return wallet, read_multisend(data)

    async def _of_proxy(self, asked: _Submission, owner: str, to: str) -> tuple[str, list[RawCall]]:
        from polytui.sim.wire.signed.call_data import read_proxy_batch

        given = asked.signature_params
        relay, hub = given.get("relay", "").lower(), given.get("relayHub", "").lower()
        if to != PROXY_FACTORY or relay != RELAY or hub != RELAY_HUB:
            raise _refused(_BAD)
        data, wallet = _bytes(asked.data), self._owned(asked.proxy_wallet, owner, PROXY)
        signed = ProxyRequest(
            sender=owner,
            to=to,
            data=data,
            relayer_fee=_number(given.get("relayerFee", "")),
            gas_price=_number(given.get("gasPrice", "")),
            gas_limit=_number(given.get("gasLimit", "")),
            nonce=_number(asked.nonce),
            relay_hub=hub,
            relay=relay,
        )
        signer = await trio.to_thread.run_sync(
            proxy_signer, signed, signature_bytes(asked.signature)
        )
        if signer != owner:
            raise _refused("invalid signature")
        return wallet, read_proxy_batch(data)

    def _to_create(self, owner: str, to: str) -> str:
        wallet = self._wallets.wallet_of(owner, DEPOSIT_WALLET)
        if to != DEPOSIT_WALLET_FACTORY or wallet is None:
            raise _refused(_BAD)
        return wallet

    def _owned(self, text: str, owner: str, signature_type: int) -> str:
        wallet = _address(text)
        if not self._wallets.is_wallet_of(wallet, owner, signature_type):
            raise _refused(_BAD)
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


def _refused(words: str, status: int = 400) -> RefusedError:
    return RefusedError(status, {"error": words})


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise _refused(_BAD)
    return text.lower()


def _bytes(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise _refused(_BAD)
    return bytes.fromhex(text[2:])


def _number(text: str) -> int:
    """A uint256 in decimal digits."""
    if not _NUMBER.fullmatch(text) or int(text) >= 2**256:
        raise _refused(_BAD)
    return int(text)
