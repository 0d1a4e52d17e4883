"""The CLOB's public reads over HTTP, all of them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.builder_codes import BuilderCodes, is_builder_code
from polytui.sim.wire.clob.books import ClobBooks
from polytui.sim.wire.clob.history import ClobHistory
from polytui.sim.wire.clob.markets import ClobMarkets
from polytui.sim.wire.clob.tokens import KnownTokens
from polytui.sim.wire.form.api_answer import RefusedError, json_answer
from polytui.sim.wire.rounds.market_frames import MarketFrames
from polytui.sim.wire.rounds.public_record import PublicRecord
from polytui.sim.wire.rounds.quirks import Quirks
from polytui.sim.world.world import World


class ClobApi:
    """Routes of the CLOB over a simulated world."""

    def __init__(
        self,
        world: World,
        frames: MarketFrames,
        record: PublicRecord,
        quirks: Quirks,
        builders: BuilderCodes,
    ) -> None:
        known = KnownTokens(world, frames.listing, quirks)
        self._world = world
        self._builders = builders
        self._books = ClobBooks(world, frames, known)
        self._markets = ClobMarkets(world, known, record)
        self._history = ClobHistory(world, frames.listing, record)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.version),
            Route("/version", self.version),
            Route("/ok", self.ok),
            Route("/time", self.time),
            Route("/fees/builder-fees/{code}", self.builder_fees),
            *self._markets.routes(),
            *self._books.routes(),
            *self._history.routes(),
        ]

    async def version(self, _request: Request) -> Response:
        return json_answer({"version": 2})

    async def ok(self, _request: Request) -> Response:
        return json_answer("OK")

    async def time(self, _request: Request) -> Response:
        return json_answer(self._world.now_ns // NS_PER_S)

    async def builder_fees(self, request: Request) -> Response:
        """No builder asks for a fee here; 404 for a code that nobody registered."""
        code = request.path_params["code"]
        if not is_builder_code(code):
            raise RefusedError(400, {"error": "Invalid builder code"})
        if not self._builders.is_known(code):
            raise RefusedError(404, {"error": "builder code not found"})
        return json_answer({"builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0})
