"""Where the venue thinks its callers are: the website's question, and the order desk's door."""

from __future__ import annotations

from attrs import define
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.sim.wire.form.api_answer import RefusedError, json_answer

REGION_STATES = ("open", "blocked", "unreadable")
_REFUSED = (
    "Trading restricted in your region, please refer to available regions - "
    "https://docs.polymarket.com/developers/CLOB/geoblock"
)
_NOWHERE = "XX"


@define
class GeoblockSwitch:
    """State: how it is for everybody, and the country they are said to be in."""

    state: str = "open"
    country: str = _NOWHERE

    def turn(self, state: str, country: str = _NOWHERE) -> None:
        """ValueError for a state that is none of `REGION_STATES`."""
        if state not in REGION_STATES:
            raise ValueError(f"state must be one of {', '.join(REGION_STATES)}")
        self.state, self.country = state, country

    def check(self) -> None:
        """403 for whoever would post an order from a blocked region."""
        if self.state == "blocked":
            raise RefusedError(403, {"error": _REFUSED})


class GeoblockApi:
    """`/api/geoblock` of the website."""

    def __init__(self, switch: GeoblockSwitch) -> None:
        self._switch = switch

    def routes(self) -> list[Route]:
        return [Route("/api/geoblock", self.answer)]

    async def answer(self, _request: Request) -> Response:
        if self._switch.state == "unreadable":
            raise RefusedError(503, {"error": "Service Unavailable"})
        return json_answer(
            {
                "blocked": self._switch.state == "blocked",
                "ip": "127.0.0.1",
                "country": self._switch.country,
                "region": "",
            }
        )
