"""What decides a round: the oracle's average at both ends, or the exchange's own hour.

Rounds of 5m, 15m and 4h compare the 60 s average at the close with the one at the open, hourly
rounds the close of the exchange's hourly candle with its open; a tie is Up (venue rule).
"""

from __future__ import annotations

from polytui.model.instrument import Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.candles import Tape
from polytui.sim.paths import ExchangePath, OraclePath


def dollars_e18(price: float) -> int:
    """An exchange's price (eight decimals) as the oracle writes its own."""
    return round(price * 1e8) * 10**10


class Settlement:
    """The settlement prices of one asset, and what may be expected of them."""

    def __init__(self, oracle: OraclePath, exchange: ExchangePath, tape: Tape) -> None:
        self.sigma = oracle.sigma
        self._oracle = oracle
        self._exchange = exchange
        self._tape = tape

    def strike_e18(self, round_: Round) -> int | None:
        """The price to beat; None where nobody saw one."""
        if round_.settlement is SettlementRule.TWAP:
            return self._oracle.twap_e18(round_.opens_ns, round_.window_s)
        price = self._tape.first_price(round_.opens_ns // NS_PER_S)
        return None if price is None else dollars_e18(price)

    def final_e18(self, round_: Round) -> int | None:
        """The price at the close; asked after it."""
        if round_.settlement is SettlementRule.TWAP:
            return self._oracle.twap_e18(round_.closes_ns, round_.window_s)
        opens_s, closes_s = round_.opens_ns // NS_PER_S, round_.closes_ns // NS_PER_S
        price = self._tape.last_price(opens_s, closes_s)
        return None if price is None else dollars_e18(price)

    def winner(self, round_: Round) -> Outcome | None:
        strike, final = self.strike_e18(round_), self.final_e18(round_)
        if strike is None or final is None:
            return None
        return Outcome.UP if final >= strike else Outcome.DOWN

    def known_ns(self, round_: Round, boundary_ns: int) -> int | None:
        """From when the settlement price of a boundary can be known; None for never."""
        if round_.settlement is not SettlementRule.TWAP:
            return boundary_ns
        second = self._oracle.next_observed(boundary_ns // NS_PER_S)
        return None if second is None else self._oracle.published_ns(second)

    def expected(self, round_: Round, boundary_ns: int, seen_ns: int) -> float:
        """Dollars to expect at a boundary of somebody who saw everything up to `seen_ns`."""
        if round_.settlement is SettlementRule.TWAP:
            return self._expected_mean(boundary_ns, seen_ns, round_.window_s)
        return self._exchange.mid(min(boundary_ns, seen_ns))

    def _expected_mean(self, boundary_ns: int, seen_ns: int, window_s: int) -> float:
        boundary_s = boundary_ns // NS_PER_S
        seen_s = seen_ns // NS_PER_S
        if seen_s >= boundary_s:
            return self._oracle.mean(boundary_s - window_s, boundary_s)
        price = self._oracle.price(seen_ns / NS_PER_S)
        known_s = seen_s - (boundary_s - window_s)
        if known_s <= 0:
            return price
        known = self._oracle.mean(boundary_s - window_s, seen_s)
        return price + (known - price) * known_s / window_s
