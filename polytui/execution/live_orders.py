"""Orders of ours, as the venue tells of them: each one's life and end are told once.

An end is the end, whatever comes after it: a LIVE that is older than it may come later, in a frame
or in an answer, and only frames say when they were true.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, evolve

from polytui.execution.live_rounds import LiveRounds, TokenPlace
from polytui.execution.live_trades import LiveTrades, Say, Told
from polytui.execution.order_names import OrderNames
from polytui.model.events import Accepted, Cancelled, FoundOrder, OrderFound
from polytui.model.instrument import Asset
from polytui.model.orders import Order, TimeInForce
from polytui.model.units import Shares, Usd, cost_of
from polytui.venues.polymarket.user_channel import UserOrder

_TIFS = {one.value.upper(): one for one in TimeInForce}
_NEVER_REST = (TimeInForce.FAK, TimeInForce.FOK)
_NO_MORE = "works no more"


@define
class KnownOrder:
    """What was told of one order."""

    asset: Asset
    is_accepted: bool = False
    is_over: bool = False
    ends_at: Shares | None = None
    """The venue matches nothing more of it, and so many shares in all: it is over once its trades
    are known."""


class LiveOrders:
    """State: what was told of each order, by its name at the venue."""

    def __init__(self, rounds: LiveRounds, names: OrderNames, trades: LiveTrades, say: Say) -> None:
        self._rounds = rounds
        self._names = names
        self._trades = trades
        self._say = say
        self._orders: dict[str, KnownOrder] = {}

    def take(self, order: UserOrder) -> Told:
        """One message or row about one order; what is new in it."""
        place, ours = self._rounds.place_of(order.token_id), self._names.ours(order.order_id)
        if place is None:
            return []
        if not ours:
            return self._meet(order, place)
        self._recall(order, ours, place)
        asset = place.listed.asset
        known = self._orders.setdefault(order.order_id, KnownOrder(asset))
        if known.is_over:
            return []
        is_end = order.is_over and not order.is_matched
        if is_end or (order.is_unmatched and not self._may_rest(order)):
            known.is_over = True
            return [(asset, Cancelled(ours, _words(order)))]
        if order.is_matched and self._is_done(order):
            known.ends_at = order.matched
        return self._accept(order.order_id, ours, known) + self.complete(order.order_id)

    def _recall(self, order: UserOrder, ours: str, place: TokenPlace) -> None:
        """Of one of an earlier session a name may be all that is known: its fills were counted, and
        its terms forgotten, or another version decided otherwise. The venue tells them again."""
        if self._names.order(order.order_id) is None:
            self._names.know(evolve(_order_of(order, place), order_id=ours), order.order_id)

    def _is_done(self, order: UserOrder) -> bool:
        """MATCHED ends what may not rest, however little of it matched, and no CANCELLATION need
        follow. Of the others a part may have matched, and its rest rests."""
        if order.matched >= order.original:
            return True
        return not self._may_rest(order)

    def _may_rest(self, order: UserOrder) -> bool:
        """As far as is known here, or told with it."""
        sent = self._names.order(order.order_id)
        tif = _TIFS.get(order.order_type, TimeInForce.GTC) if sent is None else sent.tif
        return tif not in _NEVER_REST

    def complete(self, venue_id: str) -> Told:
        """It is over if every trade that the venue counts in it is known; what did not match of it
        never will."""
        known, ours = self._orders.get(venue_id), self._names.ours(venue_id)
        if known is None or known.is_over or known.ends_at is None:
            return []
        matched = self._trades.shares_of(ours)
        known.is_over = matched >= known.ends_at
        order = self._names.order(venue_id)
        if not known.is_over or order is None or matched >= order.shares:
            return []
        return [(known.asset, Cancelled(ours, _NO_MORE))]

    def _meet(self, order: UserOrder, place: TokenPlace) -> Told:
        """One that nobody here knows, in a round that is played: the desk must know of it. One of
        another key is not ours to cancel; its fills come all the same."""
        if order.is_over or (order.is_unmatched and not self._may_rest(order)):
            return []
        asset, slug = place.listed.asset, place.listed.slug
        if order.is_of_another_key:
            if order.order_id not in self._orders:
                self._orders[order.order_id] = KnownOrder(asset)
                words = f"an order of another API key of this account works in {slug}: left alone"
                self._say("warn", asset.value, words)
            return []
        self._names.know(_order_of(order, place), order.order_id)
        self._orders[order.order_id] = KnownOrder(asset, is_accepted=True)
        self._say("warn", asset.value, f"an order that nobody here sent works in {slug}")
        return [(asset, OrderFound(self.found(order.order_id)))]

    def accepted(self, order_id: str) -> Told:
        """The answer to an order said that it was taken."""
        venue_id = self._names.venue(order_id)
        known = self._known(venue_id)
        return [] if known is None or known.is_over else self._accept(venue_id, order_id, known)

    def refused(self, order_id: str) -> None:
        """The answer to an order proved that it never lived: whoever answered says so."""
        known = self._known(self._names.venue(order_id))
        if known is not None:
            known.is_over = True

    def _known(self, venue_id: str) -> KnownOrder | None:
        order = self._names.order(venue_id)
        place = None if order is None else self._rounds.place_of(order.token_id)
        if place is None:
            return self._orders.get(venue_id)
        return self._orders.setdefault(venue_id, KnownOrder(place.listed.asset))

    def _accept(self, venue_id: str, ours: str, known: KnownOrder) -> Told:
        if known.is_accepted:
            return []
        known.is_accepted = True
        return [(known.asset, Accepted(ours, venue_id))]

    def answer_look(self, order: UserOrder) -> Told:
        """What the venue said of an order that somebody asked for; told again where it was told
        before. Its fills were taken already."""
        told = self.take(order)
        known = self._orders.get(order.order_id)
        if told or known is None or not self._names.is_ours(order.order_id):
            return told
        if known.is_over:
            ours = self._names.ours(order.order_id)
            return [(known.asset, Cancelled(ours, _NO_MORE))]
        return [(known.asset, OrderFound(self.found(order.order_id)))]

    def asset_of(self, venue_id: str) -> Asset | None:
        known = self._known(venue_id)
        return None if known is None else known.asset

    def is_thought_over(self, venue_id: str) -> bool:
        known = self._orders.get(venue_id)
        return known is not None and known.is_over

    def thought_open(self) -> Iterator[str]:
        """The venue's names of orders of ours that it took and that did not end."""
        for venue_id, known in self._orders.items():
            if known.is_accepted and not known.is_over and self._names.is_ours(venue_id):
                yield venue_id

    def found(self, venue_id: str, *, is_certain: bool = True) -> FoundOrder:
        """An order with the fills that were told of it."""
        order = self._names.order(venue_id)
        if order is None:
            raise LookupError(venue_id)
        live = self._rounds.get(order.slug)
        fills = (
            []
            if live is None
            else [fill for fill in live.fills.values() if fill.order_id == order.order_id]
        )
        spent = sum(cost_of(fill.price, fill.shares) for fill in fills)
        return FoundOrder(
            order,
            Shares(sum(fill.shares for fill in fills)),
            Usd(min(order.dollars, spent)),
            tuple(fill.trade_id for fill in fills),
            is_certain,
        )

    def forget(self, venue_id: str) -> None:
        self._orders.pop(venue_id, None)


def _words(order: UserOrder) -> str:
    return order.status or order.change.value


def _order_of(order: UserOrder, place: TokenPlace) -> Order:
    """As far as the venue tells it. Shares, where it says dollars for a purchase of either kind."""
    tif = _TIFS.get(order.order_type, TimeInForce.GTC)
    return Order(
        order.order_id,
        place.listed.slug,
        order.token_id,
        place.outcome,
        order.side,
        order.price,
        order.original,
        tif,
        is_post_only=False,
        strategy="",
        placed_ns=order.venue_ns,
    )
