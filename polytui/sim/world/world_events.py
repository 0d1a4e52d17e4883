"""What happens in the simulated world, before anybody wraps it in a wire format.

`sim/world/world.py` yields these in time order; `sim/wire/polymarket.py` and
`sim/wire/exchanges.py` turn them into frames for whoever is subscribed. All times are the world's
nanoseconds.
"""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset, Exchange, Outcome, Round
from polytui.model.orders import Side


@frozen
class ChainlinkTicked:
    """A spot observation of Chainlink, `value_e18` being dollars x 10^18."""

    at_ns: int
    """When the relay sends it; the observation itself is a second or two older."""
    asset: Asset
    observed_ns: int
    value_e18: int
    twap_e18: int | None
    """The 60 s average ending at the same observation; None until a minute has been seen."""


@frozen
class ExchangeTrade:
    at_ns: int
    asset: Asset
    price: float
    size: float
    is_buyer_maker: bool
    venue: Exchange = Exchange.BINANCE


@frozen
class ExchangeQuote:
    at_ns: int
    asset: Asset
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    venue: Exchange = Exchange.BINANCE


@frozen
class LevelSet:
    """One level of the Up token's book now holds `shares` (0: gone)."""

    side: Side
    price: int
    shares: int


@frozen
class BookMoved:
    """Makers placed or cancelled: single level changes, each a frame of its own."""

    at_ns: int
    slug: str
    level: LevelSet


@frozen
class PrintedLeg:
    """One match of a sweep, seen from the token the taker traded."""

    price: int
    shares: int


@frozen
class BookSwept:
    """A taker went through the book. `levels` in wire order: the taker's resting rest first
    (if any), then each consumed or reduced level with what is left of it."""

    at_ns: int
    slug: str
    outcome: Outcome
    taker_side: Side
    legs: tuple[PrintedLeg, ...]
    levels: tuple[LevelSet, ...]


@frozen
class TickChanged:
    at_ns: int
    slug: str
    old: int
    new: int


@frozen
class RoundListed:
    at_ns: int
    round: Round


@frozen
class StrikeKnown:
    """The venue's own record of the price to beat, as late as the venue is."""

    at_ns: int
    slug: str
    strike_e18: int


@frozen
class RoundResolved:
    at_ns: int
    slug: str
    winner: Outcome | None
    """None: the round is void, and every share is paid half a dollar."""
    strike_e18: int
    final_e18: int


@frozen
class AccountEvent:
    """Something that only the accounts it concerns hear of: `sim/exchange/account_events.py`."""

    at_ns: int


WorldEvent = (
    ChainlinkTicked
    | ExchangeTrade
    | ExchangeQuote
    | BookMoved
    | BookSwept
    | TickChanged
    | RoundListed
    | StrikeKnown
    | RoundResolved
    | AccountEvent
)
