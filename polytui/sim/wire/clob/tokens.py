"""Which market a request to the CLOB is about, or the refusal it gets."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from starlette.requests import Request

from polytui.model.instrument import Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.sim.wire.form.api_answer import RefusedError
from polytui.sim.wire.rounds.documents import is_closed
from polytui.sim.wire.rounds.lasting import LISTED_AHEAD_NS
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.rounds.quirks import Quirks
from polytui.sim.world.world import World

MOST_TOKENS = 500
NO_BOOK = "No orderbook exists for the requested token id"
NO_MARKET = "market not found"
SIDES = ("BUY", "SELL")


class AskedToken(msgspec.Struct):
    """One entry of a batch; `side` counts for prices only, clients send it with the others too."""

    token_id: str
    side: str = ""


class KnownTokens:
    """What the CLOB knows of the world's rounds, which may be later than Gamma does."""

    def __init__(self, world: World, listing: Listing, quirks: Quirks) -> None:
        self._world = world
        self._listing = listing
        self._hydration_ns = int(quirks.hydration_s * NS_PER_S)

    def rounds(self) -> list[Round]:
        return [one for one in self._listing.all() if not self.dry_ns(one)]

    def by_condition(self, condition_id: str) -> Round:
        """Of a market that is new its parameters may be there before its tokens are."""
        found = self._listing.by_condition(condition_id.lower())
        if found is None or self.dry_ns(found) > self._hydration_ns // 2:
            raise missing(NO_MARKET)
        return found

    def by_token(self, token_id: str, error: str) -> Round:
        found = self._listing.by_token(token_id)
        if found is None or self.dry_ns(found[0]):
            raise missing(error)
        return found[0]

    def traded(self, token_id: str) -> tuple[Round, Outcome]:
        found = self.tradable(token_id)
        if found is None:
            raise missing(NO_BOOK)
        return found

    def tradable(self, token_id: str) -> tuple[Round, Outcome] | None:
        """A token's round and outcome while it has a book: until the round is resolved."""
        found = self._listing.by_token(token_id)
        if found is None or is_closed(self._world, found[0]) or self.dry_ns(found[0]):
            return None
        return found

    def dry_ns(self, round_: Round) -> int:
        """How long it still takes until the CLOB knows all of a new market; 0: it does."""
        if not self._hydration_ns:
            return 0
        ready_ns = round_.opens_ns - LISTED_AHEAD_NS + self._hydration_ns
        return max(0, ready_ns - self._world.now_ns)


def token_of(request: Request) -> str:
    """The token of a single read, in the query or in the path."""
    token = request.path_params.get("token_id") or request.query_params.get("token_id", "")
    if not token:
        raise RefusedError(400, {"error": "Invalid token id"})
    return str(token)


async def tokens_of(request: Request) -> list[AskedToken]:
    """The tokens of a batch: a JSON array in the body of a POST, commas in the query of a GET."""
    asked = _in_query(request) if request.method == "GET" else await _in_body(request)
    if len(asked) > MOST_TOKENS:
        raise RefusedError(400, {"error": "Payload exceeds the limit"})
    return asked


def side_of(text: str) -> str:
    side = text.upper()
    if side not in SIDES:
        raise RefusedError(400, {"error": "Invalid side"})
    return side


def only(request: Request, names: Collection[str]) -> None:
    """400 for a parameter that a list does not know: without it the answer would be another."""
    unknown = sorted(set(request.query_params) - set(names))
    if unknown:
        raise RefusedError(400, {"error": f"unknown parameter {unknown[0][:60]}"})


def missing(error: str) -> RefusedError:
    return RefusedError(404, {"error": error})


async def _in_body(request: Request) -> list[AskedToken]:
    try:
        return msgspec.json.decode(await request.body(), type=list[AskedToken])
    except (msgspec.MsgspecError, RecursionError):
        raise RefusedError(400, {"error": "Invalid payload"}) from None


def _in_query(request: Request) -> list[AskedToken]:
    tokens = request.query_params.get("token_ids", "").split(",")
    sides = request.query_params.get("sides")
    wanted = [""] * len(tokens) if sides is None else sides.split(",")
    if not all(tokens) or len(wanted) != len(tokens):
        raise RefusedError(400, {"error": "Invalid payload"})
    return [AskedToken(token, side) for token, side in zip(tokens, wanted, strict=True)]
