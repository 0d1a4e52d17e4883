"""Which events people want to read line by line, and in what words."""

from __future__ import annotations

from attrs import define, field

from polytui.ledger.working import WorkingOrders
from polytui.model.effects import Release, Trip, Warn
from polytui.model.events import (
    ACCOUNT_FEEDS,
    USER_FEED,
    VENUE_FEED,
    CashMoved,
    Event,
    FeedDown,
    FeedGapped,
    FeedMended,
    FeedRefused,
    FeedStale,
    FeedUp,
    Filled,
    PairsMerged,
    Reconciled,
    Refused,
    Reversed,
    WinnersRedeemed,
)
from polytui.model.instrument import Asset
from polytui.model.notice_kinds import FEED, FILL
from polytui.model.orders import Side, TimeInForce
from polytui.model.refusals import found_nobody
from polytui.model.ticket import is_by_hand
from polytui.model.units import format_micro
from polytui.venues.polymarket.plain_refusals import in_a_sentence

TOLD = (
    Filled,
    Reversed,
    Refused,
    FeedUp,
    FeedStale,
    FeedDown,
    FeedGapped,
    FeedMended,
    FeedRefused,
    CashMoved,
    PairsMerged,
    WinnersRedeemed,
    Reconciled,
)
"""Everything else is in the journal, or has a line of its own where it is decided."""


def is_of_account(event: Event) -> bool:
    """Whether it is the account's, and not of the asset whose desk hears it."""
    if isinstance(event, FeedUp | FeedDown):
        return event.feed in ACCOUNT_FEEDS
    return isinstance(event, CashMoved | Reconciled)


def kind_of(event: Event) -> str:
    """What somebody who looks away is told of; empty for everything else."""
    if isinstance(event, Filled | Reversed):
        return FILL
    return FEED if isinstance(event, FeedDown) else ""


@define
class AccountLines:
    """State: what people were told of the account last: all desks hear it, they read it once."""

    _health: dict[str, tuple[int, str]] = field(factory=dict)
    """By feed, when it was so, and the words."""

    def is_news(self, event: Event, text: str) -> bool:
        """Money and comparisons are told to one desk alone; health to each of them, late to one
        that begins late."""
        if not isinstance(event, FeedUp | FeedDown):
            return True
        last_ns, said = self._health.get(event.feed, (-1, ""))
        if event.at_ns < last_ns or (event.at_ns, text) == (last_ns, said):
            return False
        self._health[event.feed] = event.at_ns, text
        return True


def words_of(event: Event, orders: WorkingOrders) -> tuple[str, str]:
    """(level, text) of one of `TOLD`; no text where nothing is worth a line."""
    match event:
        case Filled() | Reversed() | Refused():
            return _order_words(event, orders)
        case CashMoved() | Reconciled() | PairsMerged() | WinnersRedeemed():
            return _account_words(event)
        case FeedStale(feed, age_ms, _, stream):
            since = "no data yet" if age_ms < 0 else f"{age_ms / 1000:.1f} s without data"
            return "warn", f"{feed} is stale: {since}" + (f" of {stream}" if stream else "")
        case FeedGapped(feed, missed, detail):
            return "warn", f"{feed} missed {missed}: {detail}"
        case FeedMended(feed, recovered, is_whole):
            rest = "nothing is missing" if is_whole else "not everything"
            return "info", f"{feed} gave {recovered} trades again, {rest}"
        case FeedRefused(feed, detail):
            return "warn", f"{feed} refuses: {detail}"
        case FeedDown() | FeedUp():
            return _health_words(event)
    raise TypeError(f"nobody wants to read a {type(event).__name__}")


def _health_words(event: FeedDown | FeedUp) -> tuple[str, str]:
    name = {USER_FEED: "user channel", VENUE_FEED: "the venue"}.get(event.feed, event.feed)
    if isinstance(event, FeedUp):
        return "info", f"{name} is up"
    level = "error" if event.feed in ACCOUNT_FEEDS else "warn"
    return level, f"{name} is down: {in_a_sentence(event.detail)}"


def _account_words(
    event: CashMoved | Reconciled | PairsMerged | WinnersRedeemed,
) -> tuple[str, str]:
    match event:
        case PairsMerged(slug, shares):
            usd = format_micro(shares, 2)
            return "info", f"merged {usd} pairs of {slug} into {usd} dollars"
        case WinnersRedeemed(slug, amount):
            return "info", f"redeemed {format_micro(amount, 2)} dollars of {slug}"
        case CashMoved(kind, amount, _, _, detail):
            said = f"{kind.value} {'+' if amount >= 0 else ''}{format_micro(amount, 6)}: no result"
            return "info", f"{said}; {detail}" if detail else said
        case Reconciled(_, differences):
            differed = f"reconciled with the venue: {differences} differed and are corrected"
            return "warn", differed if differences else ""


def _order_words(event: Filled | Reversed | Refused, orders: WorkingOrders) -> tuple[str, str]:
    match event:
        case Filled():
            return "info", _fill(event, orders)
        case Reversed(detail=detail):
            return "error", f"a trade failed, {_quantity(event)} are taken back: {detail}"
        case Refused():
            return "warn", _refusal(event, orders)


def _refusal(event: Refused, orders: WorkingOrders) -> str:
    """Ours is plain as it is; the venue's own words stand beside what they mean."""
    if event.is_unsent:
        return f"order {event.detail}"
    if not found_nobody(event.detail):
        return f"order refused: {in_a_sentence(event.detail)}"
    entry = orders.get(event.order_id)
    if entry is None:
        return "nothing to match: order refused"
    order = entry.order
    missing = "not all of it is there" if order.tif is TimeInForce.FOK else "nothing to match"
    return f"{missing} at {format_micro(order.price, 2)}: order refused"


def words_of_breaker(effect: Trip | Release | Warn, asset: Asset) -> tuple[str, str, str]:
    """(level, asset, text) of what a breaker did."""
    match effect:
        case Trip(why, until_ns):
            end = "until you resume it" if not until_ns else "until it has cooled down"
            return "error", asset.value, f"no entries {end}: {why.text()}"
        case Release(reason):
            return "info", asset.value, f"entries again: {reason.value} is over"
        case Warn(why):
            return "warn", asset.value, why.text()


def _quantity(event: Filled | Reversed) -> str:
    return f"{format_micro(event.shares, 2)} at {format_micro(event.price, 2)}"


def _fill(event: Filled, orders: WorkingOrders) -> str:
    entry = orders.get(event.order_id)
    what = _quantity(event)
    fee = f", fee {format_micro(event.fee, 2)}" if event.fee else ""
    if entry is None:
        return f"filled {what}{fee}"
    verb = "bought" if entry.order.side is Side.BUY else "sold"
    whose = " by hand" if is_by_hand(entry.order) else ""
    return f"{verb} {entry.order.outcome.value} {what}{fee}{whose}"
