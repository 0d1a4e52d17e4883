"""What a desk knows of prices: Chainlink, the exchanges that lead it, what they do."""

from __future__ import annotations

import math
from collections.abc import Iterable

from polytui.config.schema import MarketSettings, Settings
from polytui.desk.round import ESTIMATED, OBSERVED, DeskRound
from polytui.market.consensus import Consensus, Estimate
from polytui.market.fair_value import SettlementForecast, forecast_ahead, forecast_inside
from polytui.market.features import Features
from polytui.market.forecast_watch import Foreseen
from polytui.market.lead import Lead
from polytui.market.settlement import ObservedPart, SettlementPrices
from polytui.market.volatility import Volatility
from polytui.model.events import (
    EXCHANGE_FEED,
    CandlesLoaded,
    ChainlinkPriced,
    ExchangeQuoted,
    ExchangeTraded,
    FeedGapped,
    FeedMended,
    FrameRejected,
)
from polytui.model.instrument import Exchange, PriceKind, Round, SettlementRule
from polytui.model.units import NS_PER_S

_EXCHANGES = tuple(exchange.value for exchange in Exchange)
_QUOTE_STREAMS = ("", "quotes")
"""Streams without which an exchange has no price: the whole of it, or its quotes."""
_MINUTE_S = 60


class DeskPrices:
    """State: models fed by price events, each of which documents itself."""

    def __init__(self) -> None:
        self.settlement = SettlementPrices()
        self.consensus = Consensus()
        self.lead = Lead()
        self.volatility = Volatility()
        self.features = Features()
        self._last_trade_ns = 0
        self.calm_from_ns = self.calm_until_ns = 0
        """Between the two `sample` does nothing; nobody need ask it."""

    def configure(self, settings: Settings) -> None:
        """Settings in force."""
        self.features.configure(settings.features)
        self.consensus.forget_answers()

    def chainlink_priced(self, event: ChainlinkPriced, market: MarketSettings) -> bool:
        """Whether it said something new: relays overlap."""
        is_new = self.settlement.take(
            event.kind,
            event.value,
            event.window_s,
            event.observed_ns,
            event.received_ns,
        )
        if is_new and event.kind is PriceKind.SPOT:
            self.consensus.take_settlement(event.value, event.observed_ns, market)
            self.lead.heard(event.value, event.observed_ns, market.basis_half_life_s)
        return is_new

    def exchange_quoted(self, event: ExchangeQuoted) -> bool:
        """Whether the mid moved: most quotes change sizes alone."""
        self.features.quoted(event)
        mid = (event.bid + event.ask) / 2.0
        return self.consensus.take_quote(event.venue, mid, event.venue_ns, event.received_ns)

    def exchange_traded(self, event: ExchangeTraded, rounds: Iterable[DeskRound]) -> None:
        if event.venue == EXCHANGE_FEED and not event.is_history:
            self._open_candles(event, rounds)
        self.features.traded(event)

    def _open_candles(self, event: ExchangeTraded, rounds: Iterable[DeskRound]) -> None:
        """The open of a candle is the first trade in it, known only if we saw the one before."""
        for market_round in rounds:
            opens_ns = market_round.round.opens_ns
            if (
                market_round.round.settlement is SettlementRule.CANDLE
                and self._last_trade_ns
                and self._last_trade_ns < opens_ns <= event.venue_ns
            ):
                market_round.know_strike(event.price, OBSERVED)
        self._last_trade_ns = event.venue_ns

    def candles_loaded(self, event: CandlesLoaded, rounds: Iterable[DeskRound]) -> None:
        """History: also the open of an hour that began before we listened."""
        self.features.loaded(event)
        if event.length_s != _MINUTE_S or event.venue != EXCHANGE_FEED:
            return
        opens = {candle.opens_ns: candle.open for candle in event.candles}
        for market_round in rounds:
            if (
                market_round.round.settlement is SettlementRule.CANDLE
                and market_round.round.opens_ns in opens
            ):
                market_round.know_strike(opens[market_round.round.opens_ns], EXCHANGE_FEED)

    # --- the health of feeds --------------------------------------------------------------------

    def lose_sight(self, at_ns: int) -> None:
        """We were away, which is no fault of a feed: each says when it is up again."""
        self.consensus.lose_sight()
        for feed in _EXCHANGES:
            self._trades_lost(feed, at_ns)

    def feed_up(self, feed: str, at_ns: int) -> None:
        if feed in _EXCHANGES:
            self.consensus.set_live(feed, True, at_ns)

    def feed_stale(self, feed: str, stream: str, at_ns: int) -> None:
        if feed in _EXCHANGES and stream in _QUOTE_STREAMS:
            self.consensus.set_live(feed, False, at_ns)
        if stream != "quotes":
            self._trades_lost(feed, at_ns)

    def feed_down(self, feed: str, at_ns: int) -> None:
        if feed in _EXCHANGES:
            self.consensus.set_live(feed, False, at_ns)
        self._trades_lost(feed, at_ns)

    def feed_gapped(self, event: FeedGapped) -> None:
        self._trades_lost(event.feed, event.at_ns)

    def frame_rejected(self, event: FrameRejected) -> None:
        """A trade may have been in it."""
        if event.feed in _EXCHANGES:
            self._trades_lost(event.feed, event.received_ns)

    def feed_mended(self, event: FeedMended) -> None:
        if event.from_ns < event.until_ns:
            self.features.mended(event.feed, event.from_ns, event.until_ns)

    def _trades_lost(self, feed: str, at_ns: int) -> None:
        """What traded meanwhile is unknown: the next trade opens no candle."""
        if feed == EXCHANGE_FEED:
            self._last_trade_ns = 0
        self.features.lost(feed, at_ns)

    # --- what follows from it -------------------------------------------------------------------

    def estimate(self, now_ns: int, market: MarketSettings) -> Estimate | None:
        return self.consensus.estimate(now_ns, market)

    def sample(self, now_ns: int, market: MarketSettings) -> None:
        """Look at the price, as often as volatility and lead need it."""
        if not self.volatility.is_due(now_ns, market):
            return
        self.consensus.judge(now_ns, market)
        estimate = self.estimate(now_ns, market)
        if estimate is None or (estimate.lead_bps is None and self._is_silent(now_ns, market)):
            return
        self.volatility.sample(estimate.price, now_ns, market)
        self.calm_from_ns, self.calm_until_ns = now_ns, self.volatility.calm_until_ns()
        if estimate.lead_bps is not None:
            self.lead.take(estimate.price, now_ns)

    def _is_silent(self, now_ns: int, market: MarketSettings) -> bool:
        """Whether Chainlink said nothing new for a gap: that is no price that stands still."""
        silent_ns = now_ns - self.settlement.latest_received_ns
        return silent_ns > market.volatility_gap_s * NS_PER_S

    def refresh(self, now_ns: int, settings: Settings) -> bool:
        """Before decisions: who has a vote, and features where the last are old enough; whether
        these are new."""
        self.consensus.judge(now_ns, settings.market)
        if not self.features.is_due(now_ns, settings.features):
            return False
        estimate = self.estimate(now_ns, settings.market)
        parts = self.consensus.parts(now_ns, settings.market)
        self.features.refresh(now_ns, settings.features, estimate, parts)
        return True

    def find_strike(self, market_round: DeskRound) -> None:
        """Chainlink's value at the open: what it said for exactly that second, or
        our best reckoning of it until somebody says."""
        listed = market_round.round
        if market_round.strike_source == OBSERVED or listed.settlement is SettlementRule.CANDLE:
            return
        strike = self.settlement.value_at(listed.opens_ns, listed.window_s)
        if strike is not None:
            market_round.know_strike(strike, OBSERVED)
        elif market_round.strike is None:
            reckoned = self.settlement.strike_estimate(listed.opens_ns, listed.window_s)
            if reckoned is not None:
                market_round.know_strike(reckoned, ESTIMATED)

    def strike_doubt(self, market_round: DeskRound, skew_ns: int) -> float:
        """Dollars by which a strike may be off that no word of the venue has confirmed: as far as
        Chainlink's value moved within the skew that a relay may have, at the open. 0 for one that
        is confirmed, without end where nothing was seen around it."""
        if market_round.confirmed_by or market_round.strike is None:
            return 0.0
        listed = market_round.round
        if listed.settlement is SettlementRule.CANDLE:
            return math.inf
        moved = self.settlement.moved_around(
            listed.opens_ns, listed.window_s, skew_ns, market_round.strike
        )
        return math.inf if moved is None else moved

    def price_for(
        self, listed: Round, estimate: Estimate | None, now_ns: int, market: MarketSettings
    ) -> float | None:
        """The price that a round is decided by, as it is now."""
        if listed.settlement is SettlementRule.CANDLE:
            return self.consensus.mid(EXCHANGE_FEED, now_ns, market.exchange_fresh_ms)
        return None if estimate is None else estimate.price

    def settlement_forecast(
        self, listed: Round, price: float, now_ns: int, market: MarketSettings
    ) -> SettlementForecast:
        """The closing price as far as it is known now."""
        sigma_per_sqrt_s = price * self.volatility.sigma_per_sqrt_s(market)
        as_of_ns, error = self._as_of(listed, now_ns, market)
        if not listed.window_s:
            left_s = max(0.0, (listed.closes_ns - as_of_ns) / NS_PER_S)
            spot = forecast_ahead(price, sigma_per_sqrt_s, left_s, 0)
            return SettlementForecast(price, math.hypot(spot.sigma, price * error))
        return self._settling_average(listed, price, sigma_per_sqrt_s, as_of_ns, error)

    def _settling_average(
        self, listed: Round, price: float, sigma_per_sqrt_s: float, as_of_ns: int, error: float
    ) -> SettlementForecast:
        """What Chainlink said counts as said, what it owes us as the price said it before, each
        for its second; the rest is filled with the price now, and open."""
        window_s, closes_ns = listed.window_s, listed.closes_ns
        begins_ns = closes_ns - window_s * NS_PER_S
        part = self.settlement.observed_part(closes_ns, window_s) or ObservedPart(0.0, begins_ns)
        told = self._filled(part, min(as_of_ns, closes_ns)) if self.lead.is_known else part
        is_missing = begins_ns <= told.until_ns <= as_of_ns - NS_PER_S
        if is_missing or begins_ns < as_of_ns < told.until_ns:
            as_of_ns = told.until_ns  # a second is missing on the way, or Chainlink is ahead
        left_s = (closes_ns - as_of_ns) / NS_PER_S
        settlement_forecast = forecast_inside(price, sigma_per_sqrt_s, left_s, window_s, told.area)
        by_price_s = (closes_ns - part.until_ns) / NS_PER_S
        off = price * error * by_price_s / window_s
        known = (told.until_ns - begins_ns) / NS_PER_S / window_s
        return SettlementForecast(
            settlement_forecast.mean, math.hypot(settlement_forecast.sigma, off), known
        )

    def _filled(self, part: ObservedPart, until_ns: int) -> ObservedPart:
        """The observed part and the seconds after it that the exchanges' price tells."""
        area, reached, lead_ns = part.area, part.until_ns, self.lead.lead_ns
        while reached + NS_PER_S <= until_ns:
            log = self.lead.log_at(reached + NS_PER_S - lead_ns)
            if log is None:
                break
            area += math.exp(log)
            reached += NS_PER_S
        return ObservedPart(area, reached)

    def foreseen(self, now_ns: int, market: MarketSettings) -> Foreseen | None:
        """The settlement price to come, as of now; None while no forecast is to be made."""
        estimate = self.estimate(now_ns, market)
        if estimate is None or self.volatility.seen_s < market.volatility_warmup_s:
            return None
        as_of_ns, error = self._as_of(None, now_ns, market)
        sigma_per_sqrt_s = estimate.price * self.volatility.sigma_per_sqrt_s(market)
        return Foreseen(as_of_ns, estimate.price, sigma_per_sqrt_s, estimate.price * error)

    def _as_of(
        self, listed: Round | None, now_ns: int, market: MarketSettings
    ) -> tuple[int, float]:
        """The second of the settlement price that our price speaks of, and how far it may be off
        as a logarithm. Chainlink alone speaks of its own; exchanges are ahead of it."""
        if listed is not None and listed.settlement is SettlementRule.CANDLE:
            return self.consensus.quoted_ns(EXCHANGE_FEED) or now_ns, 0.0
        estimate = self.estimate(now_ns, market)
        if estimate is None:
            return now_ns, 0.0
        if estimate.lead_bps is None or not self.lead.is_known:
            return estimate.as_of_ns, 0.0
        return now_ns + self.lead.lead_ns, self.lead.error

    def state(self) -> tuple[object, ...]:
        return (
            self.settlement.state(),
            self.lead.state(),
            self.consensus.state(),
            self.volatility.state(),
            self.features.state(),
            self._last_trade_ns,
        )
