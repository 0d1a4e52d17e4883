"""The Data API's resolutions, over HTTP: what the chain paid, minutes after it did."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.instrument import Outcome, Round
from polytui.model.units import NS_PER_S
from polytui.sim.wire.api_answer import RefusedError, json_answer
from polytui.sim.wire.gamma_event import Document
from polytui.sim.wire.listing import Listing
from polytui.sim.wire.wire_text import iso_z
from polytui.sim.world.world import World

_LAG_NS = 60 * NS_PER_S
"""The indexer is one to three minutes behind (venue rule)."""
_PAID = 1_000_000
_LIMIT = 100


class DataApiRoutes:
    """Routes of the Data API over a simulated world."""

    def __init__(self, world: World, listing: Listing) -> None:
        self._world = world
        self._listing = listing

    def routes(self) -> list[Route]:
        return [Route("/v2/resolutions", self.resolutions)]

    async def resolutions(self, request: Request) -> Response:
        """By `condition`; nothing for one that is not resolved or not indexed yet."""
        condition = request.query_params.get("condition", "")
        if not (condition.startswith("0x") and len(condition) == 66):
            error = {"error": "condition is not valid", "code": "bad_request", "retryable": False}
            raise RefusedError(400, error)
        found = self._listing.by_condition(condition)
        rows = [] if found is None else self._rows(found)
        page = {"limit": _LIMIT, "has_more": False, "next_cursor": None}
        return json_answer({"data": rows, "pagination": page})

    def _rows(self, listed: Round) -> list[Document]:
        status = self._world.status(listed.slug)
        resolved_ns = status.resolved_ns
        if resolved_ns is None or self._world.now_ns < resolved_ns + _LAG_NS:
            return []
        return [
            {
                "condition_id": listed.condition_id,
                "status": "RESOLVED",
                "market_type": "BINARY",
                "payouts": [_PAID if outcome is status.winner else 0 for outcome in Outcome],
                "reporter": "CHAINLINK",
                "resolved_at": iso_z(resolved_ns),
                "was_disputed": False,
                "last_update_timestamp": (resolved_ns + _LAG_NS) // NS_PER_S,
            }
        ]
