"""Routes about keys: making, finding, listing and deleting them, and what an account may do."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.api_keys import ApiKeys, KeyKind, VenueKey
from polytui.sim.exchange.wallets import DEPOSIT_WALLET, Wallets
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.form.strict_json import strict_json
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth

NO_NEW_KEY = "Could not create api key"
NO_SUCH_KEY = "Could not derive api key!"


@define(eq=False)
class AuthApi:
    """`/auth/*` and the two questions of an account about itself."""

    auth: VenueAuth
    keys: ApiKeys
    wallets: Wallets
    now_ns: Callable[[], int]
    may_only_close: Callable[[str], bool]
    """Whether the account of an EOA may open nothing."""
    tier_of: Callable[[str], str]
    """The rate limit tier of a signer, in the venue's words."""

    def routes(self) -> list[Route]:
        """Of the CLOB."""
        return [
            Route("/auth/api-key", self.create, methods=["POST"]),
            Route("/auth/api-key", self.delete, methods=["DELETE"]),
            Route("/auth/derive-api-key", self.derive),
            Route("/auth/api-keys", self.list_keys),
            Route("/auth/ban-status/closed-only", self.closed_only),
            Route("/auth/readonly-api-key", self.create_reader, methods=["POST"]),
            Route("/auth/readonly-api-key", self.delete_reader, methods=["DELETE"]),
            Route("/auth/readonly-api-keys", self.list_readers),
            Route("/auth/builder-api-key", self.create_builder, methods=["POST"]),
            Route("/auth/builder-api-key", self.list_builders),
            Route("/auth/builder-api-key", self.revoke_builder, methods=["DELETE"]),
            Route("/v1/user/rate-limit-tier", self.tier),
            Route("/v1/user/session-signers", self.session_signers),
        ]

    async def create(self, request: Request) -> Response:
        who = await self.auth.l1(request)
        key = self.keys.create(who.address, who.nonce, self.now_ns())
        if key is None:
            raise RefusedError(400, {"error": NO_NEW_KEY})
        return json_answer(_credentials(key))

    async def derive(self, request: Request) -> Response:
        who = await self.auth.l1(request)
        key = self.keys.derive(who.address, who.nonce)
        if key is None:
            raise RefusedError(400, {"error": NO_SUCH_KEY})
        return json_answer(_credentials(key))

    async def list_keys(self, request: Request) -> Response:
        who = await self.auth.l2(request)
        return json_answer({"apiKeys": [one.api_key for one in self.keys.of(who.address)]})

    async def delete(self, request: Request) -> Response:
        """The key that signs the request."""
        who = await self.auth.l2(request)
        self.keys.delete(who.api_key, self.now_ns())
        return json_answer("OK")

    async def closed_only(self, request: Request) -> Response:
        who = await self.auth.l2(request)
        return json_answer({"closed_only": self.may_only_close(who.address)})

    async def create_reader(self, request: Request) -> Response:
        """With secret and passphrase: clients keep the name alone, whoever wants to ask with it
        needs the rest."""
        return json_answer(_credentials(await self._other(request, KeyKind.READ_ONLY)))

    async def list_readers(self, request: Request) -> Response:
        who = await self.auth.l2(request)
        readers = self.keys.of(who.address, KeyKind.READ_ONLY)
        return json_answer({"readonlyApiKeys": [one.api_key for one in readers]})

    async def delete_reader(self, request: Request) -> Response:
        """Whether the key that is named was one of the account."""
        who = await self.auth.l2(request)
        named = _named_key(await request.body())
        key = self.keys.get(named)
        is_own = key is not None and (key.address, key.kind) == (who.address, KeyKind.READ_ONLY)
        return json_answer(is_own and self.keys.delete(named, self.now_ns()))

    async def create_builder(self, request: Request) -> Response:
        key = await self._other(request, KeyKind.BUILDER)
        return json_answer({"key": key.api_key, "secret": key.secret, "passphrase": key.passphrase})

    async def list_builders(self, request: Request) -> Response:
        """Those in force and those that were revoked, with the moments in milliseconds."""
        who = await self.auth.l2(request)
        past = self.keys.revoked(who.address, KeyKind.BUILDER)
        known = [*past, *self.keys.of(who.address, KeyKind.BUILDER)]
        return json_answer(
            [
                {"key": one.api_key, "createdAt": one.created_ms, "revokedAt": one.revoked_ms}
                for one in known
            ]
        )

    async def revoke_builder(self, request: Request) -> Response:
        """The builder key that signs the request, or every one of the account that does."""
        if "poly_builder_api_key" in request.headers:
            revoked = [(await self.auth.builder(request)).api_key]
        else:
            who = await self.auth.l2(request)
            revoked = [one.api_key for one in self.keys.of(who.address, KeyKind.BUILDER)]
        for api_key in revoked:
            self.keys.delete(api_key, self.now_ns())
        return json_answer("OK")

    async def tier(self, request: Request) -> Response:
        who = await self.auth.l2(request)
        return json_answer({"tier": self.tier_of(who.address)})

    async def session_signers(self, request: Request) -> Response:
        """Of the account's deposit wallet."""
        who = await self.auth.l2(request)
        wallet = self.wallets.wallet_of(who.address, DEPOSIT_WALLET) or who.address
        signers = self.wallets.sessions(wallet, self.now_ns() // NS_PER_S)
        return json_answer(
            {
                "wallet": wallet,
                "signers": [
                    {
                        "address": one.address,
                        "scopes": list(one.scopes),
                        "valid_until": one.valid_until_s,
                    }
                    for one in signers
                ],
            }
        )

    async def _other(self, request: Request, kind: KeyKind) -> VenueKey:
        who = await self.auth.l2(request)
        key = self.keys.create_other(who.address, kind, self.now_ns())
        if key is None:
            raise RefusedError(400, {"error": NO_NEW_KEY})
        return key


def _credentials(key: VenueKey) -> dict[str, str]:
    return {"apiKey": key.api_key, "secret": key.secret, "passphrase": key.passphrase}


def _named_key(body: bytes) -> str:
    """The `key` of a body."""
    try:
        document = strict_json(body)
    except ValueError:
        document = None
    named = document.get("key") if isinstance(document, dict) else None
    if not isinstance(named, str):
        raise RefusedError(400, {"error": "Invalid payload"})
    return named
