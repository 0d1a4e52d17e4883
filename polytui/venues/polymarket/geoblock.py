"""Whether trading is allowed from here, as the venue's website says it of the caller's address.

Its word is the last: what cannot be read is no permission, and nothing here looks for a way around.
"""

from __future__ import annotations

import msgspec
from attrs import frozen

from polytui.model.plain_text import plain
from polytui.net.http import Http
from polytui.venues.polymarket.clob_answers import readable

_PATH = "/api/geoblock"
_MOST_OF_A_PLACE = 40


@frozen
class Place:
    """Where we are, the same word as for what the mind does with an order: so the venue has it."""

    is_blocked: bool
    country: str = ""
    region: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.country, self.region) if part) or "a place unknown"


class _GeoblockBody(msgspec.Struct, gc=False):
    blocked: bool
    country: str | None = ""
    region: str | None = ""


_decode = msgspec.json.Decoder(_GeoblockBody).decode


async def place_of(http: Http) -> Place:
    """Of the website's host (`endpoints.geoblock`). Retry where it does not answer, or not
    readably; Rejected where it refuses."""
    answer = readable(http.where("GET", _PATH), await http.get(_PATH), _decode)
    return Place(
        answer.blocked,
        plain(answer.country or "", _MOST_OF_A_PLACE),
        plain(answer.region or "", _MOST_OF_A_PLACE),
    )
