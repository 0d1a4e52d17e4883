"""A trade in the venue's file: who met whom, and how far its settlement on the chain has come."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from polytui.model.instrument import Outcome
from polytui.model.orders import Side
from polytui.model.units import Price, Shares, Usd


class TradeStatus(str, Enum):
    """The venue's; `venues/polymarket` has the same word for what it reads, and shares nothing
    with us on purpose."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    """Money and shares have moved."""
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"
    """It never happened: nothing moves any more."""


TRADE_MOVES: dict[TradeStatus, frozenset[TradeStatus]] = {
    TradeStatus.MATCHED: frozenset({TradeStatus.MINED, TradeStatus.RETRYING}),
    TradeStatus.RETRYING: frozenset({TradeStatus.MINED, TradeStatus.FAILED}),
    TradeStatus.MINED: frozenset({TradeStatus.CONFIRMED}),
    TradeStatus.CONFIRMED: frozenset(),
    TradeStatus.FAILED: frozenset(),
}


@frozen
class MakerPart:
    """One maker's part of a trade. The crowd's has an id of nobody and an empty `api_key`."""

    order_id: str
    api_key: str
    maker: str
    """His wallet."""
    token_id: str
    outcome: Outcome
    side: Side
    price: Price
    """In his own outcome."""
    shares: Shares
    usd: Usd
    """What he pays for them, or receives: makers have no fee."""
    taker_usd: Usd
    """What the taker pays or receives for this part: as much, or the rest of a dollar a share where
    the two minted or melted sets."""
    fee_rate_bps: int = 0


@frozen
class VenueTrade:
    """One price at which a taker met makers. Replaced, never changed, as a `VenueOrder`.

    A taker who goes through several prices makes as many trades, counted by `bucket_index`: each
    settles in a transaction of its own.
    """

    trade_id: str
    taker_order_id: str
    taker_api_key: str
    """Empty where the crowd took."""
    taker_wallet: str
    slug: str
    condition_id: str
    token_id: str
    outcome: Outcome
    side: Side
    price: Price
    """In the taker's outcome."""
    shares: Shares
    cost: Usd
    """What the taker pays for them, or receives, before the fee."""
    fee: Usd
    """The taker's."""
    matched_ns: int
    updated_ns: int
    maker_parts: tuple[MakerPart, ...]
    status: TradeStatus = TradeStatus.MATCHED
    transaction_hash: str = ""
    """Known once it is mined."""
    bucket_index: int = 0
    error: str = ""
    """Why it is tried again, or failed."""

    @property
    def is_over(self) -> bool:
        return not TRADE_MOVES[self.status]

    @property
    def api_keys(self) -> frozenset[str]:
        """Of everybody who takes part in it, the crowd apart."""
        keys = {self.taker_api_key, *(part.api_key for part in self.maker_parts)}
        return frozenset(keys - {""})

    @property
    def wallets(self) -> frozenset[str]:
        return frozenset({self.taker_wallet, *(part.maker for part in self.maker_parts)})
