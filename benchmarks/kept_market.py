"""A market that is made before it is played, as feeds would have made it.

Codecs look up what a venue spells again and again (`polytui/venues/spelled.py`), so events of a
feed share tokens, prices and names. What is read from a file shares nothing: here it is given the
same objects again, which takes half of its memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from polytui.backtest.moments import Moment
from polytui.model import events as ev
from polytui.model.events import LevelChange
from polytui.model.units import Price

_Number = TypeVar("_Number", int, float)
_Kind = TypeVar("_Kind", bound=int)


def kept(told: Iterable[Moment]) -> list[Moment]:
    """All of them."""
    shared = _Shared()
    return [shared.moment(one) for one in told]


class _Shared:
    """State: texts and prices met so far, and the last quote of each exchange."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._prices: dict[Price, Price] = {}
        self._quotes: dict[str, ev.ExchangeQuoted] = {}

    def moment(self, told: Moment) -> Moment:
        events = tuple([self._event(one, told.at_ns) for one in told.events])
        return Moment(told.at_ns, told.asset, events)

    def _event(self, event: ev.Event, at_ns: int) -> ev.Event:
        if isinstance(event, ev.BookChanged):
            changes = tuple([self._change(one) for one in event.changes])
            return ev.BookChanged(changes, event.venue_ns, _same(event.received_ns, at_ns))
        if isinstance(event, ev.ExchangeQuoted):
            return self._quote(event, at_ns)
        if isinstance(event, ev.ExchangeTraded):
            return self._trade(event, at_ns)
        return event

    def _change(self, one: LevelChange) -> LevelChange:
        price, best_bid, best_ask = one.price, one.best_bid, one.best_ask
        return LevelChange(
            self._texts.setdefault(one.token_id, one.token_id),
            one.side,
            _met(self._prices, price),
            one.shares,
            None if best_bid is None else _met(self._prices, best_bid),
            None if best_ask is None else _met(self._prices, best_ask),
        )

    def _quote(self, one: ev.ExchangeQuoted, at_ns: int) -> ev.ExchangeQuoted:
        """Mostly one number of four is another than before."""
        before = self._quotes.get(one.venue, one)
        made = self._quotes[before.venue] = ev.ExchangeQuoted(
            one.asset,
            before.venue,
            _same(one.bid, before.bid),
            _same(one.bid_size, before.bid_size),
            _same(one.ask, before.ask),
            _same(one.ask_size, before.ask_size),
            one.venue_ns,
            _same(one.received_ns, at_ns),
            _same(one.bid_depth, before.bid_depth),
            _same(one.ask_depth, before.ask_depth),
        )
        return made

    def _trade(self, one: ev.ExchangeTraded, at_ns: int) -> ev.ExchangeTraded:
        return ev.ExchangeTraded(
            one.asset,
            self._texts.setdefault(one.venue, one.venue),
            one.trade_id,
            one.price,
            one.size,
            one.taker_side,
            one.venue_ns,
            _same(one.received_ns, at_ns),
            one.is_history,
        )


def _met(prices: dict[_Kind, _Kind], price: _Kind) -> _Kind:
    return prices.setdefault(price, price)


def _same(value: _Number, other: _Number) -> _Number:
    """One object for two that are equal."""
    return other if other == value else value
