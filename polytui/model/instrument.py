"""What is traded: assets, intervals, outcomes, and the round that ties them together."""

from __future__ import annotations

from enum import Enum

from attrs import evolve, field, frozen
from attrs.validators import ge, gt

from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd

_FEE_STEP = 10
"""Fees are floored at five decimals of a dollar, ten millionths (venue rule)."""


class Asset(str, Enum):
    """The coin whose price a round is about."""

    BTC = "btc"
    ETH = "eth"
    SOL = "sol"
    XRP = "xrp"


class Exchange(str, Enum):
    """A spot exchange whose prices lead Chainlink."""

    BINANCE = "binance"
    BYBIT = "bybit"
    COINBASE = "coinbase"


class Interval(str, Enum):
    """How long a round lasts."""

    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    H4 = "4h"

    @property
    def seconds(self) -> int:
        return _INTERVAL_SECONDS[self.value]

    @property
    def ns(self) -> int:
        return self.seconds * NS_PER_S


_INTERVAL_SECONDS = {"5m": 300, "15m": 900, "1h": 3600, "4h": 14400}


class Outcome(str, Enum):
    """One of the two tokens of a round."""

    UP = "up"
    DOWN = "down"

    @property
    def other(self) -> Outcome:
        return Outcome.DOWN if self is Outcome.UP else Outcome.UP


class PriceKind(str, Enum):
    """Which series of Chainlink a point belongs to."""

    SPOT = "spot"
    TWAP = "twap"


class SettlementRule(str, Enum):
    """What decides the winner. A tie is Up under every rule."""

    TWAP = "twap"
    """Chainlink time-weighted average at the close against the one at the open."""
    SPOT = "spot"
    """Chainlink spot at the close against spot at the open (rounds before 2026-08-07)."""
    CANDLE = "candle"
    """The Binance candle that starts with the round: close against open (hourly rounds)."""


@frozen
class FeeSchedule:
    """The venue's fee curve: shares x rate x (p x (1 - p)) ^ exponent, in dollars."""

    rate_ppm: int = field(default=70_000, validator=ge(0))
    exponent: int = field(default=1, validator=ge(0))
    is_taker_only: bool = True
    rebate_ppm: int = field(default=200_000, validator=ge(0))

    def fee(self, price: Price, shares: Shares) -> Usd:
        """The taker's fee of one fill, floored at five decimals of a dollar."""
        curve = (price * (MICRO - price)) ** self.exponent
        scale = MICRO ** (2 * self.exponent + 1)
        fee = shares * self.rate_ppm * curve // scale
        return Usd(fee // _FEE_STEP * _FEE_STEP)

    def per_share(self, price: float) -> float:
        """The same curve in floats, dollars per share, for thinking."""
        return self.rate_ppm / MICRO * float((price * (1.0 - price)) ** self.exponent)


@frozen
class Round:
    """One Up/Down market's life, [opens_ns, closes_ns), as the venue lists it."""

    slug: str
    asset: Asset
    interval: Interval
    condition_id: str
    up_token: str
    down_token: str
    opens_ns: int
    closes_ns: int
    settlement: SettlementRule
    window_s: int = field(default=60, validator=ge(0))
    """Look-back of the average; 0 where the rule has none."""
    tick: Price = field(default=Price(10_000), validator=gt(Price(0)))
    min_shares: Shares = Shares(5_000_000)
    fees: FeeSchedule = FeeSchedule()
    protocol: str = "v1"
    """"v1" (CTF tokens) or "v2" (position ids): decides how an order is signed."""
    is_neg_risk: bool = False
    takes_orders: bool = True
    """As it was listed; what became of it later is told by an event."""
    is_up_first: bool = True
    """The order of the outcomes at the venue, in which payouts are told."""
    is_one_book: bool = True
    """False where Up and Down are two markets of one event: their books do not mirror each other,
    and nothing is traded there."""

    def token_of(self, outcome: Outcome) -> str:
        return self.up_token if outcome is Outcome.UP else self.down_token

    def outcome_of(self, token_id: str) -> Outcome | None:
        """The outcome a token stands for; None for a token of another round."""
        if token_id == self.up_token:
            return Outcome.UP
        return Outcome.DOWN if token_id == self.down_token else None

    def with_tick(self, tick: Price) -> Round:
        return evolve(self, tick=tick)
