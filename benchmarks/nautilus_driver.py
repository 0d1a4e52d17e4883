"""A market through nautilus_trader's backtest, beside ours; for a Python that has it.

    python benchmarks/nautilus_driver.py MARKET EVERY_S [--streamed] [--lean]

MARKET is a file of `benchmarks/heard_market.py`. Books of both outcomes are venues' books of level
two, each a binary option; exchanges are quotes and trades of one more venue, Chainlink an index
price. Its strategy hears all of it, and every `every_s` seconds of the market it buys five shares
of Up, or of Down where Up is dear, or sells what it has. `--lean` leaves out what it could do
without: books of Down, and the books that it keeps for the strategy. Prints what came of it,
processor seconds of `run`, and megabytes above what the process had when everything was imported.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from nautilus_trader.model.currencies import BTC, USDC, USDT
from nautilus_trader.model.data import (
    BookOrder,
    IndexPriceUpdate,
    OrderBookDelta,
    OrderBookDeltas,
)
from nautilus_trader.model.enums import (
    AccountType,
    AssetClass,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    RecordFlag,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import BinaryOption, CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from benchmarks.driver_side import asking, say
from benchmarks.nautilus_ticks import price_of, quote_of, silent_engine, size_of, trade_of
from benchmarks.peak import peak_mb

_VENUE, _SPOT = Venue("POLYMARKET"), Venue("SPOT")
_NS_PER_S = 1_000_000_000
_SHARES = 5
_DEAR = 0.9
"""Dollars: where Up costs more, Down is bought."""
_CHUNK = 10_000
_MICRO = 1_000_000
_EXCHANGES = ("binance", "bybit", "coinbase")


class BackAndForth(Strategy):
    """State: what was counted, and when the next order is due."""

    def __init__(self, market: Market, every_ns: int) -> None:
        super().__init__()
        self.market, self.every_ns = market, every_ns
        self.next_ns = self.count = self.orders = self.fills = 0

    def on_start(self) -> None:
        is_kept = not self.market.is_lean
        for one in self.market.instruments():
            self.subscribe_trade_ticks(one.id)
            if isinstance(one, BinaryOption):
                self.subscribe_order_book_deltas(one.id, BookType.L2_MBP, managed=is_kept)
            else:
                self.subscribe_quote_ticks(one.id)
        self.subscribe_index_prices(_spot_id("chainlink"))

    def on_order_book_deltas(self, deltas: Any) -> None:
        self._next(deltas.ts_init)

    def on_quote_tick(self, tick: Any) -> None:
        self._next(tick.ts_init)

    def on_trade_tick(self, tick: Any) -> None:
        self._next(tick.ts_init)

    def on_index_price(self, price: Any) -> None:
        self._next(price.ts_init)

    def on_order_filled(self, _: Any) -> None:
        self.fills += 1

    def _next(self, now_ns: int) -> None:
        self.count += 1
        if now_ns >= self.next_ns:
            self.next_ns = now_ns + self.every_ns
            self._order(now_ns)

    def _order(self, now_ns: int) -> None:
        for opens_ns, closes_ns, up, down in self.market.rounds:
            if opens_ns <= now_ns < closes_ns:
                held = [one for one in (up, down) if not self.portfolio.is_flat(one.id)]
                option = held[0] if held else self._not_dear(up, down)
                side = OrderSide.SELL if held else OrderSide.BUY
                shares = option.make_qty(_SHARES)
                self.submit_order(self.order_factory.market(option.id, side, shares))
                self.orders += 1
                return

    def _not_dear(self, up: Any, down: Any) -> Any:
        book = None if self.market.is_lean else self.cache.order_book(up.id)
        ask = None if book is None else book.best_ask_price()
        return up if book is None or (ask is not None and ask <= _DEAR) else down


# --- the market -----------------------------------------------------------------------------------


def _spot_id(name: str) -> Any:
    return InstrumentId(Symbol(f"BTCUSDT-{name}"), _SPOT)


def _spot(name: str) -> Any:
    return CurrencyPair(
        instrument_id=_spot_id(name),
        raw_symbol=Symbol(name),
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=2,
        size_precision=6,
        price_increment=Price(0.01, 2),
        size_increment=Quantity(1e-6, 6),
        ts_event=0,
        ts_init=0,
    )


def _option(token: str, listed: dict[str, Any]) -> Any:
    return BinaryOption(
        instrument_id=InstrumentId(Symbol(token), _VENUE),
        raw_symbol=Symbol(token),
        asset_class=AssetClass.CRYPTOCURRENCY,
        currency=USDC,
        price_precision=6,
        size_precision=6,
        price_increment=Price(1e-6, 6),
        size_increment=Quantity(1e-6, 6),
        activation_ns=0,
        expiration_ns=2 * listed["closes_ns"],
        taker_fee=Decimal("0.02"),
        maker_fee=Decimal(0),
        ts_event=0,
        ts_init=0,
    )


class Market:
    """State: options by token, the rounds that were listed, and how many events were read."""

    def __init__(self, path: Path, is_lean: bool) -> None:
        self.path, self.is_lean = path, is_lean
        self.spots = {name: _spot(name) for name in (*_EXCHANGES, "chainlink")}
        self.options: dict[str, Any] = {}
        self.rounds: list[tuple[int, int, Any, Any]] = []
        self.number = 0
        for _, name, one in self._events():
            if name == "RoundFound":
                self._list(one["round"])

    def _list(self, listed: dict[str, Any]) -> None:
        up, down = listed["up_token"], listed["down_token"]
        pair = _option(up, listed), _option(down, listed)
        self.options |= {up: pair[0]} if self.is_lean else {up: pair[0], down: pair[1]}
        self.rounds.append((listed["opens_ns"], listed["closes_ns"], *pair))

    def instruments(self) -> list[Any]:
        return [*self.spots.values(), *self.options.values()]

    def _events(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                at_ns, events = json.loads(line)
                for name, one in events:
                    yield at_ns, name, one

    def data(self) -> Iterator[Any]:
        """Every event of the market as this program has it: of a change of both books, two."""
        for at_ns, name, one in self._events():
            self.number += 1
            if name == "ExchangeQuoted":
                yield self._quote(at_ns, one)
            elif name == "ExchangeTraded":
                price, size = price_of(one["price"]), size_of(one["size"])
                instrument, side = self.spots[one["venue"]], one["taker_side"]
                yield trade_of(instrument, at_ns, price, size, side, self.number)
            elif name == "ChainlinkPriced":
                yield IndexPriceUpdate(_spot_id("chainlink"), price_of(one["value"]), at_ns, at_ns)
            elif name == "BookChanged":
                yield from self._changes(at_ns, one)
            elif name == "BookSnapshotted" and one["token_id"] in self.options:
                yield self._book(at_ns, one)
            elif name == "TradePrinted" and one["token_id"] in self.options:
                price, shares = _micro_price(one["price"]), _micro_size(one["shares"])
                instrument, side = self.options[one["token_id"]], one["taker_side"]
                yield trade_of(instrument, at_ns, price, shares, side, self.number)

    def _quote(self, at_ns: int, one: dict[str, Any]) -> Any:
        told = (one[name] for name in ("bid", "bid_size", "ask", "ask_size"))
        return quote_of(self.spots[one["venue"]], at_ns, *told)

    def _changes(self, at_ns: int, one: dict[str, Any]) -> Iterator[Any]:
        by_token: dict[str, list[dict[str, Any]]] = {}
        for change in one["changes"]:
            by_token.setdefault(change["token_id"], []).append(change)
        for token, changes in by_token.items():
            if token in self.options:
                named = self.options[token].id
                yield OrderBookDeltas(named, [_delta(at_ns, named, each) for each in changes])

    def _book(self, at_ns: int, one: dict[str, Any]) -> Any:
        named = self.options[one["token_id"]].id
        deltas = [OrderBookDelta.clear(named, 0, at_ns, at_ns)]
        for side, levels in ((OrderSide.BUY, one["bids"]), (OrderSide.SELL, one["asks"])):
            for price, shares in levels:
                order = BookOrder(side, _micro_price(price), _micro_size(shares), price)
                flags = RecordFlag.F_SNAPSHOT
                deltas.append(OrderBookDelta(named, BookAction.ADD, order, flags, 0, at_ns, at_ns))
        return OrderBookDeltas(named, deltas)


def _delta(at_ns: int, named: Any, change: dict[str, Any]) -> Any:
    side = OrderSide.BUY if change["side"].lower() == "buy" else OrderSide.SELL
    price, shares = change["price"], change["shares"]
    action = BookAction.UPDATE if shares else BookAction.DELETE
    order = BookOrder(side, _micro_price(price), _micro_size(shares), price)
    return OrderBookDelta(named, action, order, RecordFlag.F_LAST, 0, at_ns, at_ns)


def _micro_price(price: int) -> Any:
    return Price(price / _MICRO, 6)


def _micro_size(shares: int) -> Any:
    return Quantity(shares / _MICRO, 6)


def _chunks(market: Market) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for one in market.data():
        chunk.append(one)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


# --- playing it -----------------------------------------------------------------------------------


def _engine(market: Market) -> Any:
    engine = silent_engine()
    cash = {"oms_type": OmsType.NETTING, "account_type": AccountType.CASH}
    engine.add_venue(
        venue=_VENUE,
        starting_balances=[Money(10_000, USDC)],
        book_type=BookType.L2_MBP,
        **cash,
    )
    engine.add_venue(venue=_SPOT, starting_balances=[Money(10_000, USDT)], **cash)
    for instrument in market.instruments():
        engine.add_instrument(instrument)
    return engine


def _play(engine: Any, chunk: list[Any]) -> float:
    """Processor seconds that the engine takes for it, as its documentation has it for more data
    than fits in memory. Who has data of an instrument is told apart when it is added."""
    kinds: dict[tuple[type, Any], list[Any]] = {}
    for one in chunk:
        kinds.setdefault((type(one), one.instrument_id), []).append(one)
    for each in kinds.values():
        engine.add_data(each, sort=False)
    engine.sort_data()
    began = time.process_time()
    engine.run(streaming=True)
    took = time.process_time() - began
    engine.clear_data()
    return took


def main() -> None:
    parser = asking("nautilus_driver", __doc__)
    parser.add_argument("--lean", action="store_true")
    options = parser.parse_args()
    idle_mb = peak_mb()
    market = Market(options.market, options.lean)
    engine = _engine(market)
    strategy = BackAndForth(market, int(options.every_s * _NS_PER_S))
    engine.add_strategy(strategy)
    chunks = _chunks(market) if options.streamed else iter([list(market.data())])
    took = sum(_play(engine, chunk) for chunk in chunks)
    engine.end()
    say(
        events=strategy.count,
        orders=strategy.orders,
        fills=strategy.fills,
        seconds=took,
        idle_mb=idle_mb,
    )
    engine.dispose()


if __name__ == "__main__":
    main()
