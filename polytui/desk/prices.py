"""What a desk knows of prices: the settlement oracle, the exchange that leads it, volatility."""

from __future__ import annotations

from collections.abc import Iterable

from polytui.config.schema import Market
from polytui.desk.round import DeskRound
from polytui.market.fair_value import Settling, settling_ahead, settling_inside
from polytui.market.oracle import OraclePrice
from polytui.market.settlement import SettlementPrices
from polytui.market.volatility import Volatility
from polytui.model.events import ExchangeQuoted, ExchangeTraded, OraclePriced
from polytui.model.instrument import PriceKind, Round, SettlementRule
from polytui.model.units import NS_PER_S


class DeskPrices:
    """State: three models fed by price events, each of which documents itself."""

    def __init__(self) -> None:
        self.settlement = SettlementPrices()
        self.oracle = OraclePrice()
        self.volatility = Volatility()
        self._last_trade_ns = 0

    def oracle_priced(self, event: OraclePriced, market: Market) -> None:
        is_new = self.settlement.take(
            event.kind, event.value, event.window_s, event.observed_ns, event.received_ns
        )
        if is_new and event.kind is PriceKind.SPOT:
            self.oracle.take_spot(event.value, event.observed_ns, market.basis_half_life_s)

    def exchange_quoted(self, event: ExchangeQuoted) -> None:
        self.oracle.take_mid((event.bid + event.ask) / 2.0, event.received_ns)

    def exchange_traded(self, event: ExchangeTraded, rounds: Iterable[DeskRound]) -> None:
        """The open of a candle is the first trade in it, known only if we saw the one before."""
        for entry in rounds:
            opens_ns = entry.round.opens_ns
            if (
                entry.round.settlement is SettlementRule.CANDLE
                and self._last_trade_ns
                and self._last_trade_ns < opens_ns <= event.venue_ns
            ):
                entry.know_strike(event.price, "oracle")
        self._last_trade_ns = event.venue_ns

    def exchange_lost(self) -> None:
        """What traded while the feed was away is unknown: the next trade opens no candle."""
        self._last_trade_ns = 0

    def sample(self, now_ns: int, market: Market) -> None:
        price = self.oracle.price(now_ns, market.exchange_fresh_ms)
        if price is not None:
            self.volatility.sample(price, now_ns, market.volatility_half_life_s)

    def strike_of(self, listed: Round) -> float | None:
        """The settlement oracle's value at the open, if it said one for exactly that second."""
        if listed.settlement is SettlementRule.CANDLE:
            return None
        return self.settlement.value_at(listed.opens_ns, listed.window_s)

    def price_for(self, listed: Round, now_ns: int, market: Market) -> float | None:
        if listed.settlement is SettlementRule.CANDLE:
            return self.oracle.mid(now_ns, market.exchange_fresh_ms)
        return self.oracle.price(now_ns, market.exchange_fresh_ms)

    def settling(self, listed: Round, price: float, now_ns: int, market: Market) -> Settling:
        """The closing price as far as it is known now."""
        per_root_s = price * self.volatility.per_root_second(market.volatility_floor_annual)
        part = None
        if listed.window_s:
            part = self.settlement.observed_part(listed.closes_ns, listed.window_s)
        if part is None:
            left_s = max(0.0, (listed.closes_ns - now_ns) / NS_PER_S)
            return settling_ahead(price, per_root_s, left_s, listed.window_s)
        # What is not observed yet, late observations included, is filled with the price now.
        left_s = (listed.closes_ns - part.until_ns) / NS_PER_S
        return settling_inside(price, per_root_s, left_s, listed.window_s, part.area)

    def state(self) -> tuple[object, ...]:
        return (
            self.settlement.state(),
            self.oracle.state(),
            self.volatility.state(),
            self._last_trade_ns,
        )
