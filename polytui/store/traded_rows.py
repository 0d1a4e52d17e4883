"""Rows of what was traded: rounds, orders, fills, trades."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from polytui.store.row_fields import first, last


@frozen
class RoundRow:
    """Rounds that a desk followed, and what came of them."""

    TABLE: ClassVar[str] = "rounds"
    KEY: ClassVar[tuple[str, ...]] = ("root", "slug")
    root: str
    slug: str
    session: str | None = first()
    asset: str | None = first()
    interval: str | None = first()
    condition_id: str | None = first()
    up_token: str | None = first()
    down_token: str | None = first()
    opens_ns: int | None = first()
    closes_ns: int | None = first()
    rule: str | None = first()
    """What decides the winner: twap, spot or candle."""
    tick: int | None = last()
    fee_ppm: int | None = first()
    """The fee rate, in millionths."""
    opened_ns: int | None = first()
    """When it opened before our eyes; nothing for one that was found under way."""
    strike: float | None = last()
    """As it was published, dollars."""
    strike_source: str | None = last()
    winner: str | None = last()
    """up, down, or nobody where the round was cancelled; nothing while it is not settled."""
    winner_source: str | None = last()
    settled_ns: int | None = first()
    fills: int | None = last()
    fees: int | None = last()
    payout: int | None = last()
    """What the shares that were held at the end paid."""
    pnl: int | None = last()
    """Realised, after fees; with what was taken back after the settlement."""


@frozen
class OrderRow:
    """Orders and what became of them."""

    TABLE: ClassVar[str] = "orders"
    KEY: ClassVar[tuple[str, ...]] = ("root", "order_id")
    root: str
    order_id: str
    session: str | None = first()
    asset: str | None = first()
    interval: str | None = first()
    slug: str | None = first()
    strategy: str | None = first()
    """flatten for a person who sells everything; empty for an order of an earlier life."""
    outcome: str | None = first()
    side: str | None = first()
    price: int | None = first()
    shares: int | None = first()
    tif: str | None = first()
    """gtc, gtd, fok or fak."""
    is_post_only: bool | None = first()
    rung: str | None = first()
    """Which rung of a quote set it is; empty for what is none."""
    is_exit: bool | None = first()
    """Whether it only closes what is held, by a sale or by buying the complement."""
    seq: int | None = first()
    """The event that it was decided after."""
    placed_ns: int | None = first()
    exposure: int | None = first()
    """Dollars at risk in the account with this order counted in full."""
    worth: float | None = first()
    """Dollars that its strategy claimed a share to be worth."""
    consensus: float | None = first()
    """The price of the exchanges when it was decided, dollars."""
    strike: float | None = first()
    fair: float | None = first()
    """Our probability then that its outcome wins."""
    mid: int | None = first()
    """Of its outcome's book then."""
    confidence: float | None = first()
    edge_bps: float | None = first()
    state: str | None = last()
    """placing, unknown, live, cancelling, done (all filled) or dead."""
    accepted_ns: int | None = first()
    """When we heard that the venue has it."""
    first_fill_ns: int | None = first()
    cancel_asked_ns: int | None = first()
    ended_ns: int | None = last()
    filled: int | None = last()
    detail: str | None = last()
    """The last words of the venue that were no plain answer."""
    venue_id: str | None = first()
    """What the venue calls it: the hash that was signed; nothing of an order on paper, or before
    its answer."""


@frozen
class FillRow:
    """Our fills."""

    TABLE: ClassVar[str] = "fills"
    KEY: ClassVar[tuple[str, ...]] = ("root", "order_id", "trade_id")
    root: str
    order_id: str
    trade_id: str
    session: str | None = first()
    seq: int | None = first()
    at_ns: int | None = first()
    """When we heard of it."""
    asset: str | None = first()
    interval: str | None = first()
    slug: str | None = first()
    strategy: str | None = first()
    outcome: str | None = first()
    side: str | None = first()
    price: int | None = first()
    shares: int | None = first()
    fee: int | None = first()
    is_taker: bool | None = first()
    mark: int | None = first()
    """The mid of its outcome's book when we heard of it, where that was known."""
    is_reversed: bool | None = last()
    """Whether the trade failed in the end: then it counts for nothing."""


@frozen
class TradeRow:
    """One position of one strategy in one round, from its entry to its exit or settlement."""

    TABLE: ClassVar[str] = "trades"
    KEY: ClassVar[tuple[str, ...]] = ("root", "slug", "strategy", "number")
    root: str
    slug: str
    strategy: str
    """Empty for shares that nobody accounts for: found at the venue after a crash."""
    number: int
    """Of the positions of this strategy in this round, from 1."""
    session: str | None = first()
    asset: str | None = first()
    interval: str | None = first()
    outcome: str | None = last()
    """What it holds more of."""
    opened_ns: int | None = last()
    """Its first fill."""
    closed_ns: int | None = last()
    """When it was out, or the round was settled."""
    settled_ns: int | None = last()
    """When its money was final: the round's settlement."""
    entry_order_id: str | None = last()
    exit_order_id: str | None = last()
    """The last order by which it left; empty where it was held to settlement."""
    shares: int | None = last()
    """Bought in all."""
    entry_px: int | None = last()
    """Mean price of those, without fees."""
    exit_px: int | None = last()
    """Mean price of all that left: sold, paired at a dollar less what the complement cost, and what
    the settlement paid a share."""
    stake: int | None = last()
    """Paid for what it entered with, fees included."""
    fees: int | None = last()
    flow: int | None = last()
    """Received less paid so far, fees included."""
    payout: int | None = last()
    """What the settlement paid."""
    pnl: int | None = last()
    """Flow and payout. Before the settlement, of a position that is out: pairs at their dollar."""
    ended: str | None = last()
    """sold (or paired), settled, void, unseen (settled while no desk lived); empty while it is
    open."""
