"""What the rows of the fold come to while something is played: rounds, trades, fills, orders and
equity, of orders that were sent and of those that shadows would have sent."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np
from attrs import define, field, frozen

from polytui.model.units import NS_PER_S
from polytui.results.evidence import (
    EquityCurve,
    OrderCount,
    PlayedFill,
    PlayedRound,
    PlayedTrade,
)
from polytui.store.fold import OPENING
from polytui.store.row_fields import gone_on
from polytui.store.rows import EquityRow, FillRow, RoundRow, TradeRow, WalletRow
from polytui.store.trades import SETTLED, SOLD

SETTLEMENT = "settlement"
_UNSAID = "sold"
"""An exit that no strategy gave a reason for: a person sold everything."""
_TRADED = frozenset({"payout", "merge"})
"""Rows of the wallet that tell of trading."""

_TradeKey = tuple[bool, str, str, int]


@frozen
class SentTerms:
    """What is asked of an order later."""

    strategy: str
    mid: int | None
    """Of its outcome's book when it was decided."""
    is_exit: bool
    why: str
    """Why it leaves; empty where it enters."""


@define
class _OrderSums:
    sent: int = 0
    refused: int = 0
    filled: set[str] = field(factory=set)
    """Orders of rounds that are not settled."""
    filled_before: int = 0


@define
class Tables:
    """State: all of it, as far as it has come."""

    rounds: dict[str, RoundRow] = field(factory=dict)
    moves: Counter[str] = field(factory=Counter)
    start_usd: int = 0
    fills: dict[int, PlayedFill] = field(factory=dict)
    """By their numbers; marks are made later."""
    _numbers: dict[tuple[str, str], int] = field(factory=dict)
    _filled: int = 0
    _trades: dict[_TradeKey, TradeRow] = field(factory=dict)
    _left: dict[_TradeKey, str] = field(factory=dict)
    """Why a position was left."""
    _sent: dict[str, dict[str, SentTerms]] = field(factory=dict)
    """By round, until it is settled."""
    _orders: dict[str, _OrderSums] = field(factory=dict)
    _minutes: tuple[array[int], ...] = field(factory=lambda: (array("q"), array("q"), array("q")))

    # --- orders -----------------------------------------------------------------------------------

    def sent(self, slug: str, order_id: str, order: SentTerms) -> None:
        self._sent.setdefault(slug, {})[order_id] = order
        self._sums(order.strategy).sent += 1

    def sent_in_shadow(self, slug: str, name: str, order: SentTerms) -> None:
        """A virtual order, which nobody counts."""
        self._sent.setdefault(slug, {})[name] = order

    def refused(self, order_id: str) -> None:
        for orders in self._sent.values():
            if (order := orders.get(order_id)) is not None:
                self._sums(order.strategy).refused += 1

    def settled(self, slug: str) -> None:
        """Nobody asks any more about the orders of this round."""
        for order_id, order in self._sent.pop(slug, {}).items():
            sums = self._orders.get(order.strategy)
            if sums is not None and order_id in sums.filled:
                sums.filled.discard(order_id)
                sums.filled_before += 1

    def _sums(self, strategy: str) -> _OrderSums:
        return self._orders.setdefault(strategy, _OrderSums())

    # --- rows -------------------------------------------------------------------------------------

    def round_told(self, row: RoundRow) -> None:
        self.rounds[row.slug] = gone_on(self.rounds.get(row.slug), row)

    def trade_told(self, row: TradeRow, *, is_shadow: bool) -> None:
        key = (is_shadow, row.slug, row.strategy, row.number)
        self._trades[key] = trade = gone_on(self._trades.get(key), row)
        if trade.ended == SOLD:
            order = self._sent.get(row.slug, {}).get(trade.exit_order_id or "")
            if order is not None or key not in self._left:
                self._left[key] = (order.why if order is not None else "") or _UNSAID

    def fill_told(self, row: FillRow, mid: int | None, *, is_shadow: bool) -> int | None:
        """Its number, of a new one; one that never happened is gone."""
        key = (row.order_id, row.trade_id)
        if row.is_reversed:
            self.fills.pop(self._numbers.pop(key, -1), None)
            return None
        if row.seq is None:
            return None
        order = self._sent.get(row.slug or "", {}).get(row.order_id)
        if not is_shadow:
            self._sums(row.strategy or "").filled.add(row.order_id)
            self._numbers[key] = self._filled
        self.fills[self._filled] = _fill_of(row, order, mid, is_shadow)
        self._filled += 1
        return self._filled - 1

    def wallet_told(self, row: WalletRow) -> None:
        if row.kind == OPENING:
            self.start_usd += row.amount
        elif row.kind not in _TRADED:
            self.moves[row.kind] += row.amount

    def minute_told(self, row: EquityRow) -> None:
        for column, value in zip(
            self._minutes, (row.minute_ns, row.equity, row.exposure), strict=True
        ):
            column.append(value)

    # --- what they come to ------------------------------------------------------------------------

    def equity(self) -> EquityCurve:
        return EquityCurve(*[np.array(column, dtype=np.int64) for column in self._minutes])

    def played_rounds(self) -> tuple[PlayedRound, ...]:
        """Those that opened, the first one first."""
        rows = [row for row in self.rounds.values() if row.opened_ns or row.winner]
        found = [
            PlayedRound(
                row.slug,
                row.asset or "",
                row.interval or "",
                row.opens_ns or 0,
                row.closes_ns or 0,
                row.strike,
                row.winner or "",
            )
            for row in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.opens_ns, one.closes_ns, one.asset)))

    def played_trades(self) -> tuple[PlayedTrade, ...]:
        """In the order of their entries."""
        found = [self._trade(key, row) for key, row in self._trades.items()]
        return tuple(sorted(found, key=lambda one: one.opened_ns))

    def _trade(self, key: _TradeKey, row: TradeRow) -> PlayedTrade:
        listed, opened_ns = self.rounds.get(row.slug), row.opened_ns or 0
        closes_ns = None if listed is None else listed.closes_ns
        asset, interval = (row.asset, row.interval) if listed is None else _place(listed)
        return PlayedTrade(
            row.strategy,
            key[0],
            asset or "",
            interval or "",
            row.slug,
            row.outcome or "",
            opened_ns,
            row.closed_ns,
            None if closes_ns is None else (closes_ns - opened_ns) / NS_PER_S,
            row.shares or 0,
            row.entry_px,
            row.exit_px,
            row.stake or 0,
            row.fees or 0,
            row.pnl,
            self._ended(key, row.ended or ""),
        )

    def _ended(self, key: _TradeKey, ended: str) -> str:
        if ended == SOLD:
            return self._left.get(key, _UNSAID)
        return SETTLEMENT if ended == SETTLED else ended

    def shadow_pnls(self, asset: str) -> dict[str, int]:
        """Of settled rounds, by strategy."""
        found = Counter[str]()
        for key, row in self._trades.items():
            if key[0] and row.asset == asset and row.payout is not None:
                found[row.strategy] += row.pnl or 0
        return dict(found)

    def order_counts(self) -> tuple[OrderCount, ...]:
        return tuple(
            OrderCount(name, one.sent, one.filled_before + len(one.filled), one.refused)
            for name, one in self._orders.items()
        )


def _place(listed: RoundRow) -> tuple[str | None, str | None]:
    return listed.asset, listed.interval


def _fill_of(row: FillRow, order: SentTerms | None, mid: int | None, is_shadow: bool) -> PlayedFill:
    return PlayedFill(
        row.strategy or "",
        is_shadow,
        row.asset or "",
        row.interval or "",
        row.slug or "",
        row.outcome or "",
        row.side or "",
        row.price or 0,
        row.shares or 0,
        row.fee or 0,
        bool(row.is_taker),
        order is not None and order.is_exit,
        row.at_ns or 0,
        None if order is None else order.mid,
        mid,
    )
