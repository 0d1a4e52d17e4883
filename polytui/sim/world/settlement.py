"""What decides a round: Chainlink's average at both ends, or the exchange's own hour.

Rounds of 5m, 15m and 4h compare the 60 s average at the close with the one at the open, hourly
rounds the close of the exchange's hourly candle with its open; a tie is Up (venue rule).

What somebody may expect who watches the exchange and knows the venue's ways is here, too. He
takes its price for Chainlink's of `lead_s` later, and that price for what comes after.
"""

from __future__ import annotations

import math

from polytui.model.instrument import Outcome, Round, SettlementRule
from polytui.model.units import NS_PER_S
from polytui.sim.world.candles import Tape
from polytui.sim.world.paths import ChainlinkPath, ExchangePath


def dollars_e18(price: float) -> int:
    """An exchange's price (eight decimals) as Chainlink writes its own."""
    return round(price * 1e8) * 10**10


class Settlement:
    """The settlement prices of one asset, and what may be expected of them."""

    def __init__(self, chainlink: ChainlinkPath, exchange: ExchangePath, tape: Tape) -> None:
        self._chainlink = chainlink
        self._exchange = exchange
        self._tape = tape

    def strike_e18(self, round_: Round) -> int | None:
        """The price to beat; None where nobody saw one."""
        if round_.settlement is SettlementRule.TWAP:
            return self._chainlink.twap_e18(round_.opens_ns, round_.window_s)
        price = self._tape.first_price(round_.opens_ns // NS_PER_S)
        return None if price is None else dollars_e18(price)

    def final_e18(self, round_: Round) -> int | None:
        """The price at the close; asked after it."""
        if round_.settlement is SettlementRule.TWAP:
            return self._chainlink.twap_e18(round_.closes_ns, round_.window_s)
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
        second = self._chainlink.next_observed(boundary_ns // NS_PER_S)
        return None if second is None else self._chainlink.published_ns(second)

    def expected(self, round_: Round, boundary_ns: int, seen_ns: int) -> float:
        """Dollars to expect at a boundary of somebody who saw the exchange up to `seen_ns`."""
        if round_.settlement is SettlementRule.TWAP:
            return self._expected_mean(boundary_ns, seen_ns, round_.window_s)
        return self._exchange.mid(min(boundary_ns, seen_ns))

    def sigma(self, round_: Round, seen_ns: int) -> float:
        """Standard deviation of the closing price's logarithm, for the same person.

        With tau seconds left and s^2 the variance of one of them: s^2 tau for a price at a
        moment. For an average over the last w: s^2 (tau - 2 w / 3) while tau >= w, and
        s^2 tau^3 / (3 w^2) inside of it (Levy 1992; the continuous average). 0 at the end.
        """
        is_mean = round_.settlement is SettlementRule.TWAP
        at_s = seen_ns / NS_PER_S + (self._exchange.lead_s if is_mean else 0.0)
        starts_s = max(at_s, round_.opens_ns / NS_PER_S)
        left_s = (
            round_.closes_ns / NS_PER_S - starts_s - (self._chainlink.lag_s if is_mean else 0.0)
        )
        if left_s <= 0.0:
            return 0.0
        variance = self._chainlink.variance(at_s, left_s)
        if not is_mean:
            return math.sqrt(variance * left_s)
        window_s = float(round_.window_s)
        if left_s >= window_s:
            return math.sqrt(variance * (left_s - window_s * 2.0 / 3.0))
        return math.sqrt(variance * left_s**3 / 3.0) / window_s

    def _expected_mean(self, boundary_ns: int, seen_ns: int, window_s: int) -> float:
        """Seconds already decided as they are; those in which Chainlink still catches up, at its
        last price; the rest at the exchange's."""
        chainlink = self._chainlink
        boundary_s = boundary_ns // NS_PER_S
        at_s = seen_ns / NS_PER_S + self._exchange.lead_s
        known_until_s = int(at_s)
        if known_until_s >= boundary_s:
            return chainlink.mean(boundary_s - window_s, boundary_s)
        price, after_s = self._exchange.plain(seen_ns), boundary_s - window_s
        late_s = min(at_s + chainlink.lag_s, boundary_s) - max(known_until_s, after_s)
        if late_s <= 0.0:
            return price
        total = (chainlink.observed(known_until_s) - price) * late_s
        if known_until_s > after_s:
            known = chainlink.mean(after_s, known_until_s) - price
            total += known * (known_until_s - after_s)
        return price + total / window_s
