"""The closing price as a desk sees it: relays that are late, exchanges that lead, seconds between.

A walk is quoted by an exchange ten times a second; Chainlink says of each whole second what the
exchange said `LEAD_S` before, and is read `LATE_S` after it. So at any moment the average of the
sixty seconds up to some second not far away is what a round would settle on.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.schema import MarketSettings
from polytui.desk.prices import DeskPrices
from polytui.model.events import ChainlinkPriced, ExchangeQuoted
from polytui.model.instrument import Asset, Interval, PriceKind, Round, SettlementRule
from polytui.model.units import NS_PER_MS, NS_PER_S

START_S = 1_795_204_800
SIGMA = 8e-5
LEAD_S, LATE_S = 1.5, 1.4
WINDOW_S = 60
MARKET = MarketSettings(
    volatility_fast_share=0.0,
    volatility_slow_half_life_s=1e6,
    volatility_youth_s=0.0,
    volatility_sample_s=1.0,
    basis_half_life_s=1e5,
    exchange_fresh_ms=3_000,
)
LEFTS_S = (30.0, 10.0, 5.0, 3.0)


def closing_at(second: int, window_s: int = WINDOW_S) -> Round:
    return Round(
        slug="r",
        asset=Asset.BTC,
        interval=Interval.M5,
        condition_id="c",
        up_token="up",
        down_token="down",
        opens_ns=(second - 300) * NS_PER_S,
        closes_ns=second * NS_PER_S,
        settlement=SettlementRule.TWAP if window_s else SettlementRule.SPOT,
        window_s=window_s,
    )


class Session:
    """State: the walk, what Chainlink will say of each second, and the desk's prices."""

    def __init__(self, seconds: int, quoted: bool = True, seed: int = 4) -> None:
        rng = np.random.default_rng(seed)
        logs = np.cumsum(rng.normal(0.0, SIGMA * math.sqrt(0.1), seconds * 10))
        self.walk = 100_000.0 * np.exp(logs)
        self.prices = DeskPrices()
        self.seconds = seconds
        self._quoted = quoted
        self.said = {
            second: float(self.walk[round((second - LEAD_S) * 10)]) for second in range(2, seconds)
        }

    def step(self, tenth: int) -> int:
        """One tenth of a second; the moment it is then."""
        now_ns = START_S * NS_PER_S + tenth * 100 * NS_PER_MS
        if self._quoted:
            mid = float(self.walk[tenth])
            quote = ExchangeQuoted(
                Asset.BTC, "binance", mid - 0.005, 1.0, mid + 0.005, 1.0, now_ns, now_ns
            )
            self.prices.exchange_quoted(quote)
            self.prices.sample(now_ns, MARKET)
        second, rest = divmod(tenth - round(LATE_S * 10), 10)
        if rest == 0 and second in self.said:
            self._relay(second, now_ns)
        return now_ns

    def _relay(self, second: int, now_ns: int) -> None:
        at_ns = (START_S + second) * NS_PER_S
        value = self.said[second]
        point = ChainlinkPriced(Asset.BTC, "rtds", PriceKind.SPOT, value, 0, at_ns, at_ns, now_ns)
        self.prices.chainlink_priced(point, MARKET)
        self.prices.sample(now_ns, MARKET)

    def closing(self, second: int, window_s: int) -> float:
        if not window_s:
            return self.said[second]
        return sum(self.said[second - back] for back in range(window_s)) / window_s


def scores(session: Session, window_s: int = WINDOW_S) -> dict[float, npt.NDArray[np.float64]]:
    """(what came - mean) / sigma, by the time left; a round ends at every third second."""
    found: dict[float, list[float]] = {left_s: [] for left_s in LEFTS_S}
    for tenth in range(session.seconds * 10 - 400):
        now_ns = session.step(tenth)
        if tenth < 3_000 or tenth % 30 not in (0, 7):
            continue
        for left_s in LEFTS_S:
            second = math.ceil(tenth / 10 + left_s)
            listed = closing_at(START_S + second, window_s)
            estimate = session.prices.estimate(now_ns, MARKET)
            assert estimate is not None
            settlement_forecast = session.prices.settlement_forecast(
                listed, estimate.price, now_ns, MARKET
            )
            gap = session.closing(second, window_s) - settlement_forecast.mean
            found[left_s].append(gap / settlement_forecast.sigma)
    return {left_s: np.array(gaps) for left_s, gaps in found.items()}


def deviation_of(gaps: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(gaps**2)))


@pytest.fixture(scope="module")
def led() -> dict[float, npt.NDArray[np.float64]]:
    return scores(Session(9_000))


@pytest.mark.parametrize("left_s", LEFTS_S)
def test_what_exchanges_have_told_is_counted_and_no_more(
    led: dict[float, npt.NDArray[np.float64]], left_s: float
) -> None:
    """The relay owes one or two seconds and the price is one and a half ahead: of the last three
    nothing is open any more but a second or two. Counting them all as open is 2.4 times too wide
    there; counting what the price cannot know, too narrow. The walk of this seed is as fast as it
    was told to be, within half a hundredth."""
    assert deviation_of(led[left_s]) == pytest.approx(1.0, abs=0.03)


@pytest.fixture(scope="module")
def alone() -> dict[float, npt.NDArray[np.float64]]:
    return scores(Session(9_000, quoted=False))


@pytest.mark.parametrize("left_s", LEFTS_S)
def test_chainlink_alone_knows_what_it_has_said(
    alone: dict[float, npt.NDArray[np.float64]], left_s: float
) -> None:
    assert deviation_of(alone[left_s]) == pytest.approx(1.0, abs=0.03)


def test_a_spot_rule_is_known_ahead_as_well() -> None:
    found = scores(Session(6_000), window_s=0)
    assert deviation_of(found[10.0]) == pytest.approx(1.0, abs=0.06)
    assert deviation_of(found[3.0]) == pytest.approx(1.0, abs=0.06)


def test_the_share_that_cannot_change_is_said() -> None:
    session = Session(400)
    for tenth in range(3_500):
        now_ns = session.step(tenth)
    price = float(session.walk[3_499])
    ahead = session.prices.settlement_forecast(closing_at(START_S + 500), price, now_ns, MARKET)
    inside = session.prices.settlement_forecast(closing_at(START_S + 365), price, now_ns, MARKET)
    past = session.prices.settlement_forecast(closing_at(START_S + 351), price, now_ns, MARKET)
    assert ahead.known == 0.0
    # 349.9 s have passed and the price is 1.5 ahead: 351 is told, 305 was the window's beginning.
    assert inside.known == pytest.approx(46 / 60)
    assert past.known == 1.0
    assert 0.0 < past.sigma < 0.05, "told by the price, not said: never quite certain"


def test_without_a_lead_that_is_known_nothing_is_told_in_advance() -> None:
    """Half a minute of comparing is not over: what the relay owes is open, as if yet to come."""
    session = Session(400)
    for tenth in range(200):
        now_ns = session.step(tenth)
    listed = closing_at(START_S + 25)
    settlement_forecast = session.prices.settlement_forecast(
        listed, float(session.walk[199]), now_ns, MARKET
    )
    # At 19.9 s Chainlink's newest second is 18: fourteen of the window's sixty were before.
    assert settlement_forecast.known == pytest.approx((18 - (25 - 60)) / 60)


def test_an_exchange_alone_settles_a_candle_as_of_its_last_quote() -> None:
    session = Session(400)
    for tenth in range(3_000):
        now_ns = session.step(tenth)
    listed = evolve(closing_at(START_S + 310, 0), settlement=SettlementRule.CANDLE)
    price = float(session.walk[2_999])
    at_once = session.prices.settlement_forecast(listed, price, now_ns, MARKET)
    later = session.prices.settlement_forecast(listed, price, now_ns + 2 * NS_PER_S, MARKET)
    assert at_once.sigma == later.sigma > 0.0, "two seconds of silence told us nothing"


def heard(prices: DeskPrices, value: float, observed_s: float, now_s: float) -> None:
    observed_ns, now_ns = START_S * NS_PER_S + round(observed_s * NS_PER_S), at(now_s)
    event = ChainlinkPriced(
        Asset.BTC, "rtds", PriceKind.SPOT, value, 0, observed_ns, observed_ns, now_ns
    )
    prices.chainlink_priced(event, MARKET)
    prices.sample(now_ns, MARKET)


def at(seconds: float) -> int:
    return START_S * NS_PER_S + round(seconds * NS_PER_S)


def test_chainlink_that_is_silent_is_no_price_that_stands_still() -> None:
    """Ten minutes without a word of it, but a relay repeats its last one and an exchange without a
    vote quotes: nothing of that says how fast the price goes, and none of that time was seen."""
    rng, prices, price = np.random.default_rng(9), DeskPrices(), 100_000.0
    market = evolve(MARKET, volatility_fast_share=1.0, volatility_half_life_s=120.0)
    for second in range(300):
        price *= math.exp(rng.normal(0.0, SIGMA))
        heard(prices, price, second, second + LATE_S)
    before, seen_s = prices.volatility.variance(market), prices.volatility.seen_s
    for tenth in range(6_000):
        now_ns = at(300.0 + tenth / 10)
        if tenth % 10 == 0:
            heard(prices, price, 299.0, 300.0 + tenth / 10)
        quote = ExchangeQuoted(Asset.BTC, "bybit", 1.0, 1.0, 1.1, 1.0, now_ns, now_ns)
        prices.exchange_quoted(quote)
        prices.sample(now_ns, market)
    assert prices.volatility.seen_s == pytest.approx(seen_s, abs=12.0)
    assert prices.volatility.variance(market) == pytest.approx(before, rel=0.15)
    for second in range(900, 960):
        price *= math.exp(rng.normal(0.0, SIGMA))
        heard(prices, price, second, second + LATE_S)
    assert prices.volatility.seen_s == pytest.approx(seen_s + 60.0, abs=14.0)


steps_ms = st.lists(st.sampled_from((0, 1, 40, 99, 100, 101, 400, 1_700, -60, -9_000)), max_size=60)


@given(steps_ms, st.sampled_from((0.2, 1.0, 3.0)))
def test_who_does_not_look_while_it_is_calm_misses_nothing(
    steps_ms: list[int], sample_s: float
) -> None:
    """A desk asks at every quote, and a tenth of a sample must have passed; or our clock was set
    back. Half-way through samples become another length."""
    always, seldom, now_ns = DeskPrices(), DeskPrices(), START_S * NS_PER_S
    for number, step_ms in enumerate((0, 100, *steps_ms)):
        now_ns += step_ms * NS_PER_MS
        market = MARKET if number < 20 else evolve(MARKET, volatility_sample_s=sample_s)
        for prices in (always, seldom):
            prices.chainlink_priced(
                ChainlinkPriced(
                    Asset.BTC, "rtds", PriceKind.SPOT, 100.0 + number, 0, now_ns, now_ns, now_ns
                ),
                market,
            )
            if prices is always or not prices.calm_from_ns <= now_ns < prices.calm_until_ns:
                prices.sample(now_ns, market)
    assert seldom.volatility.state() == always.volatility.state()
    assert seldom.lead.state() == always.lead.state()
