"""Everything Gamma lists: the world's rounds, and zombies of months ago if one wants them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from polytui.model.instrument import Asset, Interval, Round
from polytui.model.units import MICRO, NS_PER_S
from polytui.sim.wire.rounds.documents import (
    GammaView,
    event_document,
    is_closed,
    liquidity_of,
    market_document,
    view_of,
)
from polytui.sim.wire.rounds.lasting import LISTED_AHEAD_NS, Document
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.rounds.numbers import (
    event_number,
    market_number,
    slug_of_event,
    slug_of_market,
)
from polytui.sim.wire.rounds.public_record import PublicRecord
from polytui.sim.world.calendar import windows
from polytui.sim.world.registry import make_round
from polytui.sim.world.world import RoundStatus, World

_ZOMBIES_BACK_NS = 90 * 86_400 * NS_PER_S
_QUICK: dict[str, Callable[[Round], Any]] = {
    "id": lambda one: int(event_number(one.slug)),
    "slug": lambda one: one.slug,
    "endDate": lambda one: one.closes_ns,
    "startTime": lambda one: one.opens_ns,
    "eventStartTime": lambda one: one.opens_ns,
    "startDate": lambda one: one.opens_ns,
    "createdAt": lambda one: one.opens_ns,
}
"""What orders a listing without a document being written: it goes by the same order."""

_AMOUNTS = (
    "volume",
    "volumeNum",
    "volumeClob",
    "volume24hr",
    "liquidity",
    "liquidityNum",
    "liquidityClob",
)


class GammaCatalogue:
    """Rounds, and what a listing filters and sorts them by."""

    def __init__(
        self, world: World, listing: Listing, record: PublicRecord, zombies: int = 0
    ) -> None:
        self._world = world
        self._listing = listing
        self._record = record
        self._zombies = _zombies(world.now_ns, zombies)

    def all(self) -> list[Round]:
        return [*self._zombies.values(), *self._listing.all()]

    def by_slug(self, slug: str) -> Round | None:
        return self._world.rounds.get(slug) or self._zombies.get(slug)

    def by_event(self, number: int) -> Round | None:
        return self.by_slug(slug_of_event(number) or "")

    def by_market(self, number: int) -> Round | None:
        return self.by_slug(slug_of_market(number) or "")

    def by_series(self, asset: Asset, interval: Interval) -> list[Round]:
        dead = [
            one for one in self._zombies.values() if (one.asset, one.interval) == (asset, interval)
        ]
        return [*dead, *self._listing.by_series(asset, interval)]

    def is_closed(self, round_: Round) -> bool:
        """A zombie never is: nobody came to resolve it."""
        return round_.slug not in self._zombies and is_closed(self._world, round_)

    def volume(self, round_: Round) -> float:
        return self._record.volume(round_.slug) / MICRO

    def liquidity(self, round_: Round) -> float:
        if round_.slug in self._zombies or self.is_closed(round_):
            return 0.0
        return liquidity_of(self._world, round_)

    def event(self, round_: Round) -> Document:
        return event_document(self._view(round_))

    def market(self, round_: Round, *, has_tags: bool = False) -> Document:
        return market_document(self._view(round_), has_tags=has_tags)

    def event_value(self, round_: Round, name: str) -> Any:
        """A field of the event, as one sorts by it."""
        if name in _QUICK:
            return _QUICK[name](round_)
        if name in _AMOUNTS:
            return self._amount(round_, name)
        return self.event(round_).get(name)

    def market_value(self, round_: Round, name: str) -> Any:
        """A market's `volume` and `liquidity` are texts and sort as such (venue trap): `volumeNum`
        and `liquidityNum` are the numbers."""
        if name in _QUICK:
            return _QUICK[name](round_)
        if name in ("volume", "liquidity"):
            return str(self._amount(round_, name))
        if name in _AMOUNTS:
            return self._amount(round_, name)
        return self.market(round_).get(name)

    def _amount(self, round_: Round, name: str) -> float:
        if name.startswith("liquidity"):
            return self.liquidity(round_)
        return round(self.volume(round_), 6)

    def _view(self, round_: Round) -> GammaView:
        if round_.slug in self._zombies:
            return GammaView(round_, RoundStatus(), self._world.now_ns, round_.tick, has_book=False)
        return view_of(self._world, round_, self.volume(round_))


def event_id(round_: Round) -> int:
    return int(event_number(round_.slug))


def market_id(round_: Round) -> int:
    return int(market_number(round_.slug))


def listed_ns(round_: Round) -> int:
    """What Gamma calls the start date: when the record opened."""
    return round_.opens_ns - LISTED_AHEAD_NS


def _zombies(now_ns: int, count: int) -> dict[str, Round]:
    """Five-minute rounds of three months ago, one after the other."""
    if not count:
        return {}
    from_ns = now_ns - _ZOMBIES_BACK_NS
    found = windows(Interval.M5, from_ns, from_ns + (count + 1) * Interval.M5.ns)
    make = partial(make_round, 0, Asset.BTC, Interval.M5)
    return {one.slug: one for one in map(make, list(found)[:count])}
