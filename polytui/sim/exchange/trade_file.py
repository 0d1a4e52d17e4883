"""Trades of whoever has a name, found by their id and by whoever takes part in them."""

from __future__ import annotations

from polytui.sim.exchange.venue_trade import TRADE_MOVES, VenueTrade


class TradeFile:
    """State: the latest state of each trade, in the order of their matching."""

    def __init__(self, keep_ns: int, keep_most: int) -> None:
        """`keep_ns`: how long one is remembered from its match; more than any takes to settle.
        `keep_most`: how many are, whatever their age. One that is not settled stays anyhow."""
        self._keep_ns = keep_ns
        self._keep_most = keep_most
        self._trades: dict[str, VenueTrade] = {}
        self._by_party: dict[str, dict[str, None]] = {}
        """Ids by key and by wallet."""

    def get(self, trade_id: str) -> VenueTrade | None:
        return self._trades.get(trade_id)

    def put(self, trade: VenueTrade) -> None:
        """ValueError for a step that no trade may take."""
        before = self._trades.get(trade.trade_id)
        if before is not None and trade.status not in TRADE_MOVES[before.status]:
            raise ValueError(f"{trade.trade_id}: {before.status.value} to {trade.status.value}")
        self._trades[trade.trade_id] = trade
        if before is None:
            for party in trade.api_keys | trade.wallets:
                self._by_party.setdefault(party, {})[trade.trade_id] = None
            self._forget_before(trade.matched_ns - self._keep_ns)

    def of(self, party: str) -> list[VenueTrade]:
        """Oldest first; `party` is a key or a wallet, as taker or as maker."""
        return [self._trades[name] for name in self._by_party.get(party, ())]

    def every(self) -> list[VenueTrade]:
        """Oldest first."""
        return list(self._trades.values())

    def _forget_before(self, matched_ns: int) -> None:
        while True:
            oldest = next(iter(self._trades.values()))
            is_old = oldest.matched_ns < matched_ns or len(self._trades) > self._keep_most
            if not (is_old and oldest.is_over):
                return
            del self._trades[oldest.trade_id]
            for party in oldest.api_keys | oldest.wallets:
                self._by_party[party].pop(oldest.trade_id)
                if not self._by_party[party]:
                    del self._by_party[party]
