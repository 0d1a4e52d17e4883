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


class Decayed:
    """A sum whose terms lose half their weight every half-life."""

    __slots__ = ("at_ns", "value")

    def __init__(self) -> None:
        self.value = 0.0
        self.at_ns = 0

    def add(self, term: float, at_ns: int, half_life_ns: float) -> None:
        self.value = self.at(at_ns, half_life_ns) + term
        self.at_ns = max(at_ns, self.at_ns)

    def at(self, now_ns: int, half_life_ns: float) -> float:
        elapsed = now_ns - self.at_ns
        return self.value * float(0.5 ** (elapsed / half_life_ns)) if elapsed > 0 else self.value


class Microstructure:
    """State: the last quote, and decayed sums over quotes and trades."""

    __slots__ = (
        "_bought",
        "_count",
        "_depth",
        "_flow",
        "_last_price",
        "_momentum",
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
        self._flow = Decayed()
        self._depth = Decayed()
        self._quotes = Decayed()
        self._bought = Decayed()
        self._sold = Decayed()
        self._count = Decayed()
        self._momentum = Decayed()
        self._weight = Decayed()
        self._last_price = 0.0

    def quoted(self, event: ExchangeQuoted) -> None:
        before, self.quote = self.quote, event
        if before is None:
            return
        at_ns, half_life_ns = event.received_ns, self.half_life_ns
        self._flow.add(_flow_of(before, event), at_ns, half_life_ns)
        self._depth.add((event.bid_size + event.ask_size) / 2.0, at_ns, half_life_ns)
        self._quotes.add(1.0, at_ns, half_life_ns)

    def traded(self, event: ExchangeTraded) -> None:
        at_ns, half_life_ns = event.received_ns, self.half_life_ns
        taken = self._bought if event.taker_side is Side.BUY else self._sold
        taken.add(event.size, at_ns, half_life_ns)
        self._count.add(1.0, at_ns, half_life_ns)
        if self._last_price:
            change = (event.price / self._last_price - 1.0) * _BPS
            self._momentum.add(change * event.size, at_ns, half_life_ns)
            self._weight.add(event.size, at_ns, half_life_ns)
        self._last_price, self.traded_ns = event.price, at_ns

    def forget_quote(self) -> None:
        """The feed was away: the next quote does not follow from the last."""
        self.quote = None
        self._last_price = 0.0

    # --- readings -------------------------------------------------------------------------------

    def imbalance(self) -> float | None:
        """(bid size - ask size) over their sum at the bests, -1 to 1."""
        quote = self.quote
        return None if quote is None else _imbalance(quote.bid_size, quote.ask_size)

    def depth_imbalance(self) -> float | None:
        """The same over ten levels; None where the feed carries no depth."""
        quote = self.quote
        return None if quote is None else _imbalance(quote.bid_depth, quote.ask_depth)

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
        quotes = self._quotes.at(now_ns, self.half_life_ns)
        depth = self._depth.at(now_ns, self.half_life_ns)
        if quotes <= 0.0 or depth <= 0.0:
            return None
        return self._flow.at(now_ns, self.half_life_ns) / (depth / quotes)

    def trade_intensity(self, now_ns: int) -> float | None:
        """Trades a second: a decayed count over the mean time it remembers."""
        if not self.traded_ns:
            return None
        remembered_s = self.half_life_ns / NS_PER_S / math.log(2.0)
        return self._count.at(now_ns, self.half_life_ns) / remembered_s

    def trade_flow(self, now_ns: int) -> float | None:
        """(bought - sold) over their sum, by takers, -1 to 1."""
        bought = self._bought.at(now_ns, self.half_life_ns)
        return _imbalance(bought, self._sold.at(now_ns, self.half_life_ns))

    def volume_momentum_bps(self, now_ns: int) -> float | None:
        """The mean change from trade to trade, weighted with the later one's size."""
        weight = self._weight.at(now_ns, self.half_life_ns)
        return self._momentum.at(now_ns, self.half_life_ns) / weight if weight > 0.0 else None

    def state(self) -> tuple[object, ...]:
        sums = (self._flow, self._bought, self._sold, self._count, self._momentum)
        return (self.traded_ns, self._last_price, [(one.value, one.at_ns) for one in sums])


def _imbalance(bid: float, ask: float) -> float | None:
    total = bid + ask
    return (bid - ask) / total if total > 0.0 else None


def _flow_of(before: ExchangeQuoted, after: ExchangeQuoted) -> float:
    flow = 0.0
    if after.bid >= before.bid:
        flow += after.bid_size
    if after.bid <= before.bid:
        flow -= before.bid_size
    if after.ask <= before.ask:
        flow -= after.ask_size
    if after.ask >= before.ask:
        flow += before.ask_size
    return flow
