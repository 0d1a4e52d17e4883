"""Whose key a request to the relayer bears, and what he may submit with it."""

from __future__ import annotations

from attrs import frozen
from starlette.requests import Request

from polytui.sim.exchange.relayer import (
    KeyTier,
    RelayedBatch,
    Relayer,
    RelayerRefusedError,
    WalletBatch,
)
from polytui.sim.exchange.relayer_keys import is_relayer_key
from polytui.sim.wire.chain.asked import refused
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.signed.l1_l2_auth import BAD_BUILDER, VenueAuth


@frozen
class Submitter:
    """Whose key it is that a request bears."""

    key: str
    tier: KeyTier
    owner: str = ""
    """The only one a relayer key may submit for; empty for builder keys."""

    def may_submit_for(self, owner: str) -> bool:
        return self.owner in ("", owner)


class Submitters:
    """Keys in headers are either the relayer's or a builder's."""

    def __init__(self, seed: int, relayer: Relayer, auth: VenueAuth) -> None:
        self._seed = seed
        self._relayer = relayer
        self._auth = auth

    async def of(self, request: Request) -> Submitter:
        """RefusedError, 401, without a key that is somebody's."""
        key = request.headers.get("relayer_api_key")
        if key is None:
            return await self.builder(request)
        owner = request.headers.get("relayer_api_key_address", "").lower()
        if not is_relayer_key(self._seed, owner, key):
            raise refused(BAD_BUILDER, 401)
        return Submitter(key, KeyTier.OWN, owner)

    async def builder(self, request: Request) -> Submitter:
        """RefusedError, 401, without a builder's key."""
        caller = await self._auth.builder(request)
        is_verified = self._relayer.settings.are_builders_verified
        return Submitter(caller.api_key, KeyTier.VERIFIED if is_verified else KeyTier.UNVERIFIED)


def submitted(relayer: Relayer, batch: WalletBatch, submitter: Submitter) -> RelayedBatch:
    """The batch on its way; RefusedError where he may not, or the relayer does not take it."""
    if not submitter.may_submit_for(batch.owner):
        raise refused(BAD_BUILDER, 401)
    try:
        return relayer.submit(batch, submitter.key, submitter.tier)
    except RelayerRefusedError as error:
        headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s else None
        raise RefusedError(error.status, {"error": error.words}, headers) from None
