"""One round in play: its book, and the prices between the crowd's cents where traders meet.

The round has a grid of a tenth of a cent and a crowd that keeps to whole cents. So whoever quotes
between two cents is first in line, and whoever else stands there is one of the three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from attrs import frozen

from benchmarks.strangers.control import Control
from benchmarks.strangers.running import round_of
from polytui.model.units import MICRO, NS_PER_S, parse_micro
from polytui.net.clock import Clock

GRID = "0.001"
TICK = 1_000
CENT = 10_000
_NEAR_THE_END = 110_000
"""No quotes below eleven cents and above eighty-nine: the crowd's own grid is finer there."""
_ROUND_S = 300


@frozen
class Level:
    price: int
    """In millionths of a dollar, of Up."""
    shares: int


@frozen
class Book:
    """Of Up; whatever waits for Down is in it too. Best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    def inside(self) -> tuple[int, int] | None:
        """The crowd's two cents around the market; None where there is no room between them."""
        if not (self.bids and self.asks):
            return None
        bottom = self.bids[0].price // CENT * CENT
        top = -(-self.asks[0].price // CENT) * CENT
        is_extreme = bottom < _NEAR_THE_END or top > MICRO - _NEAR_THE_END
        return None if is_extreme or top - bottom < CENT else (bottom, top)

    def between_cents(self) -> list[tuple[bool, Level]]:
        """(whether it is a bid, level) of those that are no crowd's."""
        sides = ((True, self.bids), (False, self.asks))
        return [(is_bid, one) for is_bid, side in sides for one in side if one.price % CENT]


@frozen
class Pit:
    """A round, and where it is asked for."""

    told: Mapping[str, Any]
    """As `round_of` says."""
    rate_ppm: int
    """Of a taker's fee."""
    closes_ns: int
    clob: str

    @property
    def slug(self) -> str:
        return str(self.told["slug"])

    @property
    def up(self) -> str:
        return str(self.told["up"])

    @property
    def down(self) -> str:
        return str(self.told["down"])

    @property
    def tokens(self) -> tuple[str, str]:
        return self.up, self.down

    async def book(self, http: httpx.AsyncClient) -> Book:
        answer = await http.get(f"{self.clob}/book", params={"token_id": self.up})
        told = answer.raise_for_status().json()
        bids, asks = (_levels(told[side]) for side in ("bids", "asks"))
        return Book(bids[::-1], asks[::-1])


def _levels(told: list[dict[str, str]]) -> tuple[Level, ...]:
    return tuple(Level(parse_micro(one["price"]), parse_micro(one["size"])) for one in told)


async def open_pit(control: Control, http: httpx.AsyncClient, asset: str, since_s: int) -> Pit:
    """The round of an asset that begins then, with its finer grid."""
    urls, slug = control.urls, f"{asset}-updown-5m-{since_s}"
    event = (await http.get(f"{urls['gamma']}/events/slug/{slug}")).raise_for_status().json()
    told = round_of(event)
    asked = f"{urls['clob']}/clob-markets/{told['condition_id']}"
    rate = (await http.get(asked)).raise_for_status().json()["fd"]["r"]
    await control.tell("/tick", tick=GRID, slug=slug)
    closes_ns = (since_s + _ROUND_S) * NS_PER_S
    return Pit(told, round(rate * MICRO), closes_ns, urls["clob"])


def clock_of(urls: Mapping[str, Any]) -> Clock:
    """The world's, which a machine's processes share."""
    return Clock(urls["epoch_ns"], urls["anchor_ns"], urls["speed"])


def next_opening_s(now_ns: int, ahead_s: int) -> int:
    """The first moment, so far ahead at least, at which rounds of five minutes begin."""
    at_s = now_ns // NS_PER_S + ahead_s
    return at_s + -at_s % _ROUND_S
