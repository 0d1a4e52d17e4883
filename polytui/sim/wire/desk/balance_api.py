"""`/balance-allowance`: what the CLOB believes the caller's wallet has, and a new look at it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.hex_text import NOBODY
from polytui.sim.exchange.wallets import SIGNATURE_TYPES, Wallets
from polytui.sim.wire.desk.private_request import bad, only, token_of
from polytui.sim.wire.desk.seen_balances import DOLLARS, SeenBalance, SeenBalances
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth

_PARAMS = ("asset_type", "token_id", "signature_type")
_COLLATERAL, _SHARES, _POSITIONS = "COLLATERAL", "CONDITIONAL", "CONDITIONAL-V2"
_POSITION_ZEROS = ((1 << 64) - 1) << 40
"""Bits that are none in a position id of a "v2" market (as both official clients tell them)."""
_CHECKSUMMED = (
    "0xE111180000d2663C0091e4f400237545B87B996B",
    "0xe2222d279d744050d28e00520010520000310F59",
    "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa",
)
_SPELT = {address.lower(): address for address in _CHECKSUMMED}


class BalanceApi:
    """The wallet is not named: it follows from the key's address and the signature type, so a wrong
    type reads another wallet, which has nothing (venue trap)."""

    def __init__(self, seen: SeenBalances, wallets: Wallets, auth: VenueAuth) -> None:
        self._seen = seen
        self._wallets = wallets
        self._auth = auth

    def routes(self) -> list[Route]:
        return [
            Route("/balance-allowance", self.read),
            Route("/balance-allowance/update", self.update),
        ]

    async def read(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        wallet, token_id = self._asked(request, caller)
        return json_answer(_document(self._seen.read(wallet, token_id)))

    async def update(self, request: Request) -> Response:
        caller = await self._auth.l2(request)
        wallet, token_id = self._asked(request, caller)
        return json_answer(_document(self._seen.look(wallet, token_id)))

    def _asked(self, request: Request, caller: Caller) -> tuple[str, str]:
        """Wallet and token id, which is empty for dollars."""
        asked = only(request, _PARAMS, "Invalid payload")
        kind = asked.get("asset_type", "")
        if kind not in (_COLLATERAL, _SHARES, _POSITIONS):
            raise bad("Invalid asset type")
        wallet = self._wallets.wallet_of(caller.address, signature_type_of(asked))
        if wallet is None:
            raise bad("Invalid signature_type")
        if kind == _COLLATERAL:
            return wallet, DOLLARS
        token_id = token_of(asked.get("token_id", ""))
        is_position = not int(token_id) & _POSITION_ZEROS
        # One contract knows nothing of the other's tokens: a balance of nobody.
        return (wallet if is_position is (kind == _POSITIONS) else NOBODY, token_id)


def signature_type_of(asked: dict[str, str]) -> int:
    """Of a query; an EOA where it is left out."""
    given = asked.get("signature_type", "0")
    if given not in map(str, SIGNATURE_TYPES):
        raise bad("Invalid signature_type")
    return int(given)


def _document(seen: SeenBalance) -> dict[str, object]:
    allowances = {_SPELT[spender]: str(left) for spender, left in seen.allowances.items()}
    return {"balance": str(seen.balance), "allowances": allowances}
