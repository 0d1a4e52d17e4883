"""Quotes and trades through nautilus_trader's backtest, beside ours; for a Python that has it.

    python benchmarks/nautilus_peer.py EVENTS.jsonl

Lines are ["q", ns, bid, bid size, ask, ask size] and ["t", ns, price, size, "buy" or "sell"], of
one instrument. Its strategy keeps two exponential averages of the mid, counts trades, and sends a
market order every 997 events, buy and sell in turn. Prints events and processor seconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, PriceType
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from benchmarks.nautilus_ticks import price_of, quote_of, silent_engine, size_of, trade_of

_ORDER_EVERY = 997
_FAST, _SLOW = 20, 100


class Averages(Strategy):
    """State: two averages and a count."""

    def __init__(self, instrument: Any) -> None:
        super().__init__()
        self.instrument = instrument
        self.fast = ExponentialMovingAverage(_FAST, PriceType.MID)
        self.slow = ExponentialMovingAverage(_SLOW, PriceType.MID)
        self.count = 0

    def on_start(self) -> None:
        self.subscribe_quote_ticks(self.instrument.id)
        self.subscribe_trade_ticks(self.instrument.id)

    def on_quote_tick(self, tick: Any) -> None:
        self.fast.handle_quote_tick(tick)
        self.slow.handle_quote_tick(tick)
        self._next()

    def on_trade_tick(self, _: Any) -> None:
        self._next()

    def _next(self) -> None:
        self.count += 1
        if self.count % _ORDER_EVERY == 0:
            is_buy = self.count // _ORDER_EVERY % 2 == 1
            side = OrderSide.BUY if is_buy else OrderSide.SELL
            size = self.instrument.make_qty(Decimal("0.001"))
            self.submit_order(self.order_factory.market(self.instrument.id, side, size))


def ticks_of(path: Path, instrument: Any) -> list[Any]:
    found = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            kind, at_ns, *rest = json.loads(line)
            if kind == "q":
                tick = quote_of(instrument, at_ns, *rest)
            else:
                price, size, side = rest
                price, size = price_of(price), size_of(size)
                tick = trade_of(instrument, at_ns, price, size, side, number)
            found.append(tick)
    return found


def main() -> None:
    instrument = TestInstrumentProvider.btcusdt_binance()
    ticks = ticks_of(Path(sys.argv[1]), instrument)
    engine = silent_engine()
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[Money(10_000_000, USDT), Money(100, BTC)],
    )
    engine.add_instrument(instrument)
    engine.add_data(ticks)
    strategy = Averages(instrument)
    engine.add_strategy(strategy)
    began = time.process_time()
    engine.run()
    took = time.process_time() - began
    assert strategy.count == len(ticks), "it did not hear everything"
    print(json.dumps({"events": len(ticks), "seconds": took}))
    engine.dispose()


if __name__ == "__main__":
    main()
