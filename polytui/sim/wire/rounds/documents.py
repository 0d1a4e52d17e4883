"""A round as Gamma describes it: event, market and series objects."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, Price, format_micro, to_float
from polytui.sim.wire.form.wire_text import float_e18, iso_spaced, iso_z
from polytui.sim.wire.rounds.lasting import Document, lasting_of, string_of
from polytui.sim.wire.rounds.numbers import event_number
from polytui.sim.world.calendar import SERIES
from polytui.sim.world.world import RoundStatus, World

_SERIES_SINCE = "2025-09-12T00:00:00Z"
TAGS: list[Document] = [
    {"id": "102127", "label": "Up or Down", "slug": "up-or-down"},
    {"id": "102169", "label": "Hide From New", "slug": "hide-from-new"},
    {"id": "101757", "label": "Recurring", "slug": "recurring"},
    {"id": "21", "label": "Crypto", "slug": "crypto"},
]


@frozen
class GammaView:
    """All that a round's documents are made of, at one moment."""

    round: Round
    status: RoundStatus
    now_ns: int
    tick: Price
    bid: Price | None = None
    """Of Up, as is the ask and the last trade."""
    ask: Price | None = None
    last: Price | None = None
    liquidity: float = 0.0
    """Dollars resting."""
    volume: float = 0.0
    """Dollars traded."""
    has_book: bool = True


def view_of(world: World, round_: Round, volume: float = 0.0) -> GammaView:
    slug = round_.slug
    status = world.status(slug)
    if status.resolved_ns is not None:
        return GammaView(round_, status, world.now_ns, world.tick(slug), volume=volume)
    book = world.book(slug)
    return GammaView(
        round_,
        status,
        world.now_ns,
        world.tick(slug),
        bid=book.best(Outcome.UP, Side.BUY),
        ask=book.best(Outcome.UP, Side.SELL),
        last=world.last_trade(slug, Outcome.UP),
        liquidity=liquidity_of(world, round_),
        volume=volume,
    )


def event_of(world: World, round_: Round) -> Document:
    """The event of a round as it stands now in the world."""
    return event_document(view_of(world, round_))


def event_document(view: GammaView) -> Document:
    """The event with its market.

    The price to beat appears in `eventMetadata` only when the venue has published it, minutes
    late, and the final price with the resolution. `startDate` is when the record opened; the
    round itself starts at `startTime`.
    """
    round_, status = view.round, view.status
    market = _market(view)
    document: Document = {
        "id": event_number(round_.slug),
        "ticker": round_.slug,
        "slug": round_.slug,
        **{name: market[name] for name in _SHARED},
        "title": market["question"],
        "creationDate": market["startDate"],
        "startTime": market["eventStartTime"],
        "new": False,
        "featured": False,
        "liquidity": market["liquidityNum"],
        "liquidityClob": market["liquidityNum"],
        "volume": market["volumeNum"],
        "openInterest": 0,
        "competitive": 0.999,
        "enableNegRisk": False,
        "commentCount": 0,
        "showAllOutcomes": True,
        "automaticallyActive": True,
        "seriesSlug": SERIES[round_.asset, round_.interval].slug,
        "markets": [market],
        "series": [series_of(round_.asset, round_.interval)],
        "tags": TAGS,
        **_metadata(status),
    }
    if status.resolved_ns is not None:
        document["closedTime"] = iso_z(status.resolved_ns)
    return document


_SHARED = (
    "description",
    "image",
    "icon",
    "volume24hr",
    "resolutionSource",
    "startDate",
    "endDate",
    "active",
    "closed",
    "archived",
    "restricted",
    "enableOrderBook",
    "negRisk",
    "createdAt",
    "updatedAt",
    "automaticallyResolved",
    "version",
)
"""What event and market say alike."""


def market_document(view: GammaView, *, has_tags: bool = False) -> Document:
    """The market alone, as `/markets/slug/{slug}` answers it."""
    slug, market = view.round.slug, _market(view)
    event = {
        "id": event_number(slug),
        "slug": slug,
        "ticker": slug,
        "title": market["question"],
        "closed": market["closed"],
        **_metadata(view.status),
    }
    return {**market, "events": [event], **({"tags": TAGS} if has_tags else {})}


def series_of(asset: Asset, interval: Interval) -> Document:
    series = SERIES[asset, interval]
    return {
        "id": series.series_id,
        "ticker": series.slug,
        "slug": series.slug,
        "title": series.title,
        "seriesType": "single",
        "recurrence": series.recurrence,
        "active": True,
        "closed": False,
        "archived": False,
        "featured": False,
        "restricted": True,
        "competitive": "0",
        "commentCount": 0,
        "image": "",
        "icon": "",
        "volume24hr": 0,
        "volume": 0,
        "liquidity": 0,
        "createdAt": _SERIES_SINCE,
        "startDate": _SERIES_SINCE,
    }


def is_closed(world: World, round_: Round) -> bool:
    return world.status(round_.slug).resolved_ns is not None


def _metadata(status: RoundStatus) -> Document:
    if status.strike_e18 is None:
        return {}
    metadata = {"priceToBeat": float_e18(status.strike_e18)}
    if status.resolved_ns is not None and status.final_e18 is not None:
        metadata["finalPrice"] = float_e18(status.final_e18)
    return {"eventMetadata": metadata}


def _market(view: GammaView) -> Document:
    round_ = view.round
    is_resolved = view.status.resolved_ns is not None
    is_v2 = round_.protocol == "v2"
    return {
        **lasting_of(round_),
        **({"resolutionStatus": "resolved" if is_resolved else "active"} if is_v2 else {}),
        "updatedAt": iso_z(view.now_ns),
        "closed": is_resolved,
        "acceptingOrders": view.has_book and not is_resolved,
        "enableOrderBook": view.has_book,
        "orderPriceMinTickSize": to_float(view.tick),
        "automaticallyResolved": is_resolved,
        **_volumes(view),
        **_prices(view),
    }


def _volumes(view: GammaView) -> Document:
    """A round lives for a day: what was traded was traded in the last one, while it is of any
    interest."""
    volume = round(view.volume, 6)
    return {
        "volume": str(volume),
        "volumeNum": volume,
        "volumeClob": volume,
        "volume24hr": volume,
        "competitive": 0.999,
    }


def _prices(view: GammaView) -> Document:
    """The liquidity is a text and a number of the same value, as at the venue."""
    liquidity = view.liquidity
    document = {
        "liquidity": str(liquidity),
        "liquidityNum": liquidity,
        "liquidityClob": liquidity,
    }
    resolved_ns = view.status.resolved_ns
    if resolved_ns is not None:
        paid = [format_micro(view.status.payout(one)) for one in Outcome]
        uma = {} if view.round.protocol == "v2" else {"umaResolutionStatus": "resolved"}
        return {
            **document,
            **uma,
            "outcomePrices": string_of(paid),
            "closedTime": iso_spaced(resolved_ns),
            "umaEndDate": iso_z(resolved_ns),
        }
    bid, ask = view.bid or 0, MICRO if view.ask is None else view.ask
    return {
        **document,
        "outcomePrices": string_of([format_micro(one) for one in middles(view.bid, view.ask)]),
        "bestBid": to_float(bid),
        "bestAsk": to_float(ask),
        "spread": to_float(ask - bid),
        **({} if view.last is None else {"lastTradePrice": to_float(view.last)}),
    }


def middles(bid: Price | None, ask: Price | None) -> tuple[int, int]:
    """Up's and Down's middle in millionths; an empty side counts as 0 or 1 dollar."""
    up = ((bid or 0) + (MICRO if ask is None else ask)) // 2
    return up, MICRO - up


def liquidity_of(world: World, round_: Round) -> float:
    """Dollars resting: what the bids offer for Up and for Down."""
    book = world.book(round_.slug)
    sides = [book.levels(outcome, Side.BUY) for outcome in Outcome]
    return round(sum(price * shares for side in sides for price, shares in side) / 1e12, 4)
