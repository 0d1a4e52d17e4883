"""Every trade of somebody named, found by its id and by whoever takes part in it."""

from __future__ import annotations

from polytui.sim.exchange.venue_trade import TRADE_MOVES, VenueTrade


class TradeFile:
    """State: the latest state of each trade, in the order of their matching."""

    def __init__(self) -> None:
        self._trades: dict[str, VenueTrade] = {}
        self._by_party: dict[str, list[str]] = {}
        """Ids by key and by wallet."""

    def __len__(self) -> int:
        return len(self._trades)

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
                self._by_party.setdefault(party, []).append(trade.trade_id)

    def of(self, party: str) -> list[VenueTrade]:
        """Oldest first; `party` is a key or a wallet, as taker or as maker."""
        return [self._trades[name] for name in self._by_party.get(party, ())]

    def every(self) -> list[VenueTrade]:
        return list(self._trades.values())
