"""One condition's book as the CLOB writes it, with the JSON of every level kept ready.

Both tokens share one book: a bid for Up at p is an ask for Down at 1 - p. Written worst level
first, Up's bids and Down's asks come in the same order (and Up's asks and Down's bids), so one
sorted list of prices carries the fragments of both tokens.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import sha1

from polytui.model.instrument import Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, format_micro
from polytui.sim.wire.form.wire_text import price_text, three_decimals

_Level = tuple[int, int]


def _fragment(price: int, size: str) -> str:
    return f'{{"price":"{price_text(price)}","size":"{size}"}}'


class SideText:
    """One side of Up's book, worst first, with the same levels seen from Down beside it."""

    def __init__(self, side: Side) -> None:
        # Bids are worst first when ascending, asks when descending: the sign makes both ascend.
        self._sign = 1 if side is Side.BUY else -1
        self._keys: list[int] = []
        self._up: list[str] = []
        self._down: list[str] = []
        self._up_json: str | None = ""
        self._down_json: str | None = ""

    def load(self, levels: Iterable[_Level]) -> None:
        """Start again from (price, shares) pairs of Up in any order."""
        self._keys, self._up, self._down = [], [], []
        self._up_json = self._down_json = None
        for price, shares in levels:
            self.set(price, shares)

    def set(self, price: int, shares: int) -> str:
        """Up's level at `price` now holds `shares` (0: gone). The size as printed."""
        key = price * self._sign
        at = bisect_left(self._keys, key)
        is_known = at < len(self._keys) and self._keys[at] == key
        self._up_json = self._down_json = None
        size = format_micro(shares)
        if shares:
            self._write(at, is_known, key, price, size)
        elif is_known:
            del self._keys[at], self._up[at], self._down[at]
        return size

    def _write(self, at: int, is_known: bool, key: int, price: int, size: str) -> None:
        up, down = _fragment(price, size), _fragment(MICRO - price, size)
        if is_known:
            self._up[at], self._down[at] = up, down
            return
        self._keys.insert(at, key)
        self._up.insert(at, up)
        self._down.insert(at, down)

    @property
    def best(self) -> int | None:
        """Up's best price on this side, millionths."""
        return self._keys[-1] * self._sign if self._keys else None

    def json(self, outcome: Outcome) -> str:
        """The levels as a JSON array without its brackets."""
        if outcome is Outcome.UP:
            if self._up_json is None:
                self._up_json = ",".join(self._up)
            return self._up_json
        if self._down_json is None:
            self._down_json = ",".join(self._down)
        return self._down_json


class BookText:
    """A condition's book, ready to be hashed and printed for either token."""

    def __init__(self, round_: Round) -> None:
        self.round = round_
        self.bids, self.asks = SideText(Side.BUY), SideText(Side.SELL)
        self._heads = {
            outcome: f'"market":"{round_.condition_id}","asset_id":"{round_.token_of(outcome)}",'
            '"timestamp":"'
            for outcome in Outcome
        }
        self._version = ',"version":"v2"' if round_.protocol == "v2" else ""
        self.set_tick(round_.tick)
        self._last = {Outcome.UP: "", Outcome.DOWN: ""}

    def load(self, bids: Iterable[_Level], asks: Iterable[_Level]) -> None:
        """Start again from the (price, shares) levels of the Up token."""
        self.bids.load(bids)
        self.asks.load(asks)

    def set_tick(self, tick: int) -> None:
        self.tick = price_text(tick)
        is_neg_risk = "true" if self.round.is_neg_risk else "false"
        self._rules = (
            f'],"min_order_size":"{format_micro(self.round.min_shares)}",'
            f'"tick_size":"{self.tick}","neg_risk":{is_neg_risk},"last_trade_price":"'
        )

    def set_last(self, outcome: Outcome, price: int | None) -> None:
        self._last[outcome] = "" if price is None else three_decimals(price)

    def set_level(self, side: Side, price: int, shares: int) -> str:
        """Apply an absolute level of the Up token; the size as printed."""
        return (self.bids if side is Side.BUY else self.asks).set(price, shares)

    def best_bid(self, outcome: Outcome) -> int | None:
        return self.bids.best if outcome is Outcome.UP else _other(self.asks.best)

    def best_ask(self, outcome: Outcome) -> int | None:
        return self.asks.best if outcome is Outcome.UP else _other(self.bids.best)

    def bests(self, outcome: Outcome) -> tuple[str, str]:
        """Best bid and ask as printed in a price_change: "0" and "1" for empty sides."""
        bid, ask = self.best_bid(outcome), self.best_ask(outcome)
        return (
            "0" if bid is None else price_text(bid),
            "1" if ask is None else price_text(ask),
        )

    def hash(self, outcome: Outcome, timestamp: str) -> str:
        """SHA-1 of the book's summary at `timestamp` ms, in hex.

        Venue rule: compact JSON with keys in exactly this order, `hash` empty, all strings as on
        the wire and `neg_risk` a bool.
        """
        return sha1(
            self._summary(outcome, timestamp, "").encode(), usedforsecurity=False
        ).hexdigest()

    def rest_json(self, outcome: Outcome, timestamp: str) -> str:
        """The body of `GET /book`."""
        return self._summary(outcome, timestamp, self.hash(outcome, timestamp), self._version)

    def stream_json(self, outcome: Outcome, timestamp: str, digest: str, *, is_full: bool) -> str:
        """A `book` frame; books after a trade leave out tick size and last trade price."""
        tail = ""
        if is_full:
            tail = f',"tick_size":"{self.tick}","last_trade_price":"{self._last[outcome]}"'
        bids, asks = self._sides(outcome)
        return (
            f'{{"event_type":"book",{self._heads[outcome]}{timestamp}","hash":"{digest}",'
            f'"bids":[{bids}],"asks":[{asks}]{tail}{self._version}}}'
        )

    def _summary(self, outcome: Outcome, timestamp: str, digest: str, version: str = "") -> str:
        bids, asks = self._sides(outcome)
        return (
            f'{{{self._heads[outcome]}{timestamp}","hash":"{digest}","bids":[{bids}],'
            f'"asks":[{asks}{self._rules}{self._last[outcome]}"{version}}}'
        )

    def _sides(self, outcome: Outcome) -> tuple[str, str]:
        if outcome is Outcome.UP:
            return self.bids.json(outcome), self.asks.json(outcome)
        return self.asks.json(outcome), self.bids.json(outcome)


def _other(price: int | None) -> int | None:
    return None if price is None else MICRO - price
