"""Who presses on the price: imbalance, micro-price, order flow and trade flow of one exchange.

Sums are decayed: a value x seconds old counts 2^-(x / half-life). Sources: queue imbalance, Gould
and Bonart 2016; weighted mid, Gatheral and Oomen 2010; order-flow imbalance, Cont, Kukanov and
Stoikov 2014, per change of the best quotes

    e = [bid >= bid'] size_bid - [bid <= bid'] size_bid'
      - [ask <= ask'] size_ask + [ask >= ask'] size_ask'

divided by the averaged size at the bests, so that it is comparable between coins.
"""

from __future__ import annotations

import math

from polytui.model.events import ExchangeQuoted, ExchangeTraded
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S

_BPS = 10_000.0
_LEAST_SIZE = 1e-12
"""Of a coin: less than that at the bests is no size to compare a flow with."""


def _faded(elapsed_ns: int, half_life_ns: float) -> float:
    """What is left of a term after that long, 0 to 1."""
    return float(0.5 ** (elapsed_ns / half_life_ns)) if elapsed_ns > 0 else 1.0


class Microstructure:
    """State: the last quote and trade, and sums over quotes and trades as they stood then."""

    __slots__ = (
        "_bought",
        "_count",
        "_depth",
        "_flow",
        "_last_price",
        "_momentum",
        "_quoted_ns",
        "_quotes",
        "_sold",
        "_weight",
        "half_life_ns",
        "quote",
        "traded_ns",
    )

    def __init__(self) -> None:
        self.half_life_ns = 10.0 * NS_PER_S
        self.quote: ExchangeQuoted | None = None
        self.traded_ns = 0
        self._quoted_ns = 0
        """When the sums over quotes were last added to; those over trades: `traded_ns`."""
        self._flow = self._depth = self._quotes = 0.0
        self._bought = self._sold = self._count = 0.0
        self._momentum = self._weight = 0.0
        self._last_price = 0.0

    def standing(self) -> Microstructure:
        """As it is now: a copy that nothing is added to. By hand: made with every decision, and a
        loop over the slots takes four times as long."""
        made = Microstructure.__new__(Microstructure)
        made.half_life_ns, made.quote = self.half_life_ns, self.quote
        made.traded_ns, made._quoted_ns = self.traded_ns, self._quoted_ns
        made._flow = self._flow
        made._depth, made._quotes = self._depth, self._quotes
        made._bought, made._sold, made._count = self._bought, self._sold, self._count
        made._momentum, made._weight = self._momentum, self._weight
        made._last_price = self._last_price
        return made

    def quoted(self, event: ExchangeQuoted) -> None:
        before, self.quote = self.quote, event
        if before is None:
            return
        now_ns, left, flow = event.received_ns, 1.0, 0.0
        if now_ns > self._quoted_ns:
            left = 0.5 ** ((now_ns - self._quoted_ns) / self.half_life_ns)
            self._quoted_ns = now_ns
        bid, bid_size, bid_before = event.bid, event.bid_size, before.bid
        if bid >= bid_before:
            flow += bid_size
        if bid <= bid_before:
            flow -= before.bid_size
        ask, ask_size, ask_before = event.ask, event.ask_size, before.ask
        if ask <= ask_before:
            flow -= ask_size
        if ask >= ask_before:
            flow += before.ask_size
        self._flow = self._flow * left + flow
        self._depth = self._depth * left + (bid_size + ask_size) / 2.0
        self._quotes = self._quotes * left + 1.0

    def traded(self, event: ExchangeTraded) -> None:
        left, size = _faded(event.received_ns - self.traded_ns, self.half_life_ns), event.size
        is_bought = event.taker_side is Side.BUY
        self._bought = self._bought * left + (size if is_bought else 0.0)
        self._sold = self._sold * left + (0.0 if is_bought else size)
        self._count = self._count * left + 1.0
        self._momentum *= left
        self._weight *= left
        if self._last_price:
            self._momentum += (event.price / self._last_price - 1.0) * _BPS * size
            self._weight += size
        self._last_price, self.traded_ns = event.price, max(self.traded_ns, event.received_ns)

    def forget_quote(self) -> None:
        """The feed was away: the next quote does not follow from the last."""
        self.quote = None
        self._last_price = 0.0

    # --- readings -------------------------------------------------------------------------------

    def imbalance(self) -> float | None:
        """(bid size - ask size) over their sum at the bests, -1 to 1."""
        quote = self.quote
        return None if quote is None else _imbalance(quote.bid_size, quote.ask_size)

    def spread_bps(self) -> float | None:
        quote = self.quote
        if quote is None:
            return None
        return (quote.ask - quote.bid) / (quote.ask + quote.bid) * 2.0 * _BPS

    def micro_gap_bps(self) -> float | None:
        """The size-weighted mid over the mid: towards the side that is thinner."""
        quote = self.quote
        if quote is None or quote.bid_size + quote.ask_size <= 0.0:
            return None
        share = quote.bid_size / (quote.bid_size + quote.ask_size)
        weighted = share * quote.ask + (1.0 - share) * quote.bid
        return (weighted / ((quote.ask + quote.bid) / 2.0) - 1.0) * _BPS

    def order_flow(self, now_ns: int) -> float | None:
        """Decayed order-flow imbalance in units of the averaged best size."""
        size = self._depth / self._quotes if self._quotes else 0.0
        if size < _LEAST_SIZE:
            return None
        left = _faded(now_ns - self._quoted_ns, self.half_life_ns)
        return self._flow * left / size

    def trade_intensity(self, now_ns: int) -> float | None:
        """Trades a second: a decayed count over the mean time it remembers."""
        if not self.traded_ns:
            return None
        remembered_s = self.half_life_ns / NS_PER_S / math.log(2.0)
        return self._count * _faded(now_ns - self.traded_ns, self.half_life_ns) / remembered_s

    def trade_flow(self) -> float | None:
        """(bought - sold) over their sum, by takers, -1 to 1."""
        return _imbalance(self._bought, self._sold)

    def volume_momentum_bps(self) -> float | None:
        """The mean change from trade to trade, weighted with the later one's size."""
        return self._momentum / self._weight if self._weight > 0.0 else None

    def state(self) -> tuple[object, ...]:
        quotes = (self._quoted_ns, self._flow, self._depth, self._quotes)
        trades = (self.traded_ns, self._bought, self._sold, self._count)
        return (quotes, trades, self._momentum, self._weight, self._last_price)


def depth_imbalance(quote: ExchangeQuoted | None) -> float | None:
    """(bids - asks) over their sum over ten levels, -1 to 1; None where the feed has no depth."""
    return None if quote is None else _imbalance(quote.bid_depth, quote.ask_depth)


def _imbalance(bid: float, ask: float) -> float | None:
    total = bid + ask
    return (bid - ask) / total if total > 0.0 else None
