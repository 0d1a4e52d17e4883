"""The relayer's routes for session keys: EOAs that trade for a deposit wallet until a moment.

The owner signs a batch of one call, which the wallet makes to itself; the relayer builds the call
anew from what the request names, so a signature for another key or another moment fits nothing.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.calls import NothingCall
from polytui.sim.exchange.contracts import DEPOSIT_WALLET_FACTORY
from polytui.sim.exchange.relayer import BatchKind, Relayer, WalletBatch
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, SESSION_SCOPES, SessionSigner, Wallets
from polytui.sim.wire.chain.asked import BAD, address_of, number_of, refused
from polytui.sim.wire.chain.submitters import Submitter, Submitters, submitted
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.relayer_signatures import WalletCall, batch_signer
from polytui.sim.wire.signed.typed_data import signature_bytes
from polytui.sim.world.world import World

_LONGEST_S = 180 * 86_400
"""From now to the end of a session."""
_MOST_REMEMBERED = 1_000
"""Requests that are answered again, not done again, when they are repeated."""
_MOST_KEY = 200


class _Revocation(msgspec.Struct, rename="camel"):
    wallet_address: str
    session_signer_address: str
    nonce: str
    deadline: str
    signature: str


class _Authorization(_Revocation):
    valid_until: str
    scopes: list[str]


_Asked = TypeVar("_Asked", bound=_Revocation)
_Name = tuple[str, str, str]
"""Path, the submitter's key and the key of one operation."""


class SessionSignersApi:
    """State: what was answered lately, by the operation's own key."""

    def __init__(
        self, world: World, relayer: Relayer, wallets: Wallets, submitters: Submitters
    ) -> None:
        self._world = world
        self._relayer = relayer
        self._wallets = wallets
        self._submitters = submitters
        self._answered: dict[_Name, tuple[bytes, dict[str, object]]] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/session-signers/authorizations", self.authorize, methods=["POST"]),
            Route("/v1/session-signers/revocations", self.revoke, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """It can sign once the batch is mined; with a builder's key alone (venue rule)."""
        submitter = await self._submitters.builder(request)
        asked = await _read(request, _Authorization)
        known = await self._known(request, submitter)
        if known is not None:
            return json_answer(known)
        session = self._session(asked)
        batch = await self._batch(asked, session)
        # An equal request may have come in while the signature was judged.
        known = await self._known(request, submitter)
        if known is None:
            taken = submitted(self._relayer, batch, submitter)
            known = {
                "status": "SUBMITTED",
                "transactionId": taken.transaction_id,
                "transactionHash": taken.transaction_hash or None,
            }
            await self._remember(request, submitter, known)
        return json_answer(known)

    async def revoke(self, request: Request) -> Response:
        """It can sign no longer from now on, whenever the chain hears of it."""
        submitter = await self._submitters.of(request)
        asked = await _read(request, _Revocation)
        known = await self._known(request, submitter)
        if known is not None:
            return json_answer(known)
        session = SessionSigner(address_of(asked.session_signer_address), (), 0)
        batch = await self._batch(asked, session)
        known = await self._known(request, submitter)
        if known is None:
            taken = submitted(self._relayer, batch, submitter)
            self._wallets.revoke_session(batch.wallet, session.address)
            known = {"status": "FENCED", "fenced": True, "transactionId": taken.transaction_id}
            await self._remember(request, submitter, known)
        return json_answer(known)

    def _session(self, asked: _Authorization) -> SessionSigner:
        address, until_s = address_of(asked.session_signer_address), number_of(asked.valid_until)
        left_s = until_s - self._world.now_ns // NS_PER_S
        if not 0 < left_s <= _LONGEST_S or not int(address, 16):
            raise refused(BAD)
        scopes = tuple(dict.fromkeys(asked.scopes))
        if not scopes or not set(scopes) <= SESSION_SCOPES or ("ALL" in scopes and scopes[1:]):
            raise refused(BAD)
        return SessionSigner(address, scopes, until_s)

    async def _batch(self, asked: _Revocation, session: SessionSigner) -> WalletBatch:
        """Signed by the wallet's owner himself; RefusedError otherwise."""
        await load_ethereum()
        from polytui.sim.wire.signed.call_data import session_call

        wallet, nonce = address_of(asked.wallet_address), number_of(asked.nonce)
        deadline_s = number_of(asked.deadline)
        data = session_call(session.address, session.valid_until_s)
        signer, in_session = await trio.to_thread.run_sync(
            batch_signer,
            wallet,
            nonce,
            deadline_s,
            (WalletCall(wallet, 0, data),),
            signature_bytes(asked.signature),
        )
        is_owner = bool(signer) and self._wallets.is_wallet_of(wallet, signer, DEPOSIT_WALLET)
        if not is_owner or in_session:
            raise refused("invalid signature")
        if deadline_s * NS_PER_S <= self._world.now_ns:
            raise refused("batch deadline expired")
        return WalletBatch(
            kind=BatchKind.WALLET,
            owner=signer,
            wallet=wallet,
            nonce=nonce,
            calls=(NothingCall(wallet),),
            size=len(data),
            to=DEPOSIT_WALLET_FACTORY,
            signature=asked.signature,
            session=session,
        )

    async def _known(self, request: Request, submitter: Submitter) -> dict[str, object] | None:
        """What an equal request was answered; RefusedError, 409, where its key was for another."""
        body, answer = self._answered.get(_name(request, submitter), (b"", None))
        if answer is not None and body != await request.body():
            raise refused("idempotency key was used for another request", 409)
        return answer

    async def _remember(
        self, request: Request, submitter: Submitter, answer: dict[str, object]
    ) -> None:
        name = _name(request, submitter)
        if not name[-1]:
            return
        self._answered[name] = (await request.body(), answer)
        if len(self._answered) > _MOST_REMEMBERED:
            del self._answered[next(iter(self._answered))]


def _name(request: Request, submitter: Submitter) -> _Name:
    key = request.headers.get("idempotency-key", "")[:_MOST_KEY]
    return request.url.path, submitter.key, key


async def _read(request: Request, kind: type[_Asked]) -> _Asked:
    try:
        return msgspec.convert(strict_json(await request.body()), kind)
    except (ValueError, msgspec.MsgspecError):
        raise refused(BAD) from None
