"""What exchanges said as nautilus_trader has it, and an engine of it that writes no log; for a
Python that has it."""

from __future__ import annotations

from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.model.data import QuoteTick, TradeTick
from nautilus_trader.model.enums import AggressorSide
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.objects import Price, Quantity

_LEAST_SIZE, _MOST_SIZE = 1e-6, 1e6


def silent_engine() -> Any:
    return BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))


def price_of(dollars: float) -> Any:
    return Price(dollars, 2)


def size_of(size: float) -> Any:
    return Quantity(max(_LEAST_SIZE, min(size, _MOST_SIZE)), 6)


def quote_of(
    instrument: Any, at_ns: int, bid: float, bid_size: float, ask: float, ask_size: float
) -> Any:
    prices, sizes = (price_of(bid), price_of(ask)), (size_of(bid_size), size_of(ask_size))
    return QuoteTick(instrument.id, *prices, *sizes, at_ns, at_ns)


def trade_of(
    instrument: Any, at_ns: int, price: Any, size: Any, taker_side: str, number: int
) -> Any:
    """`price` and `size` as it has them; `taker_side`: buy or sell."""
    side = AggressorSide.BUYER if taker_side.lower() == "buy" else AggressorSide.SELLER
    return TradeTick(instrument.id, price, size, side, TradeId(str(number)), at_ns, at_ns)
