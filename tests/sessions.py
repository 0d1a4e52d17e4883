"""Sessions made of chance and a seed: a market that moves, orders with answers, what goes wrong.

Two assets, rounds of five minutes, five strategies that trade, candles of hours before; pauses,
kills, settings that change, feeds that go, desks that break. Everything a mind takes is kept, and
what came of it, as a journal would have it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import msgspec
from attrs import define, evolve, field, frozen

from polytui.config.deciding import GateSettings, SettlementSniperSettings
from polytui.config.load import canonical_json
from polytui.config.schema import (
    MarketSettings,
    PaperSettings,
    RiskSettings,
    SessionSettings,
    Settings,
)
from polytui.desk.mind import Mind
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.journal.codec import encode_effects
from polytui.market.features import SCHEMA_VERSION
from polytui.market.predictor import FORMAT, INPUTS, Calibration, Figures, Model
from polytui.model import events as ev
from polytui.model.candle import Candle
from polytui.model.effects import Cancel, CancelAll, Place
from polytui.model.instrument import (
    Asset,
    Exchange,
    Interval,
    Outcome,
    PriceKind,
    Round,
    SettlementRule,
)
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, complement
from polytui.strategy.registry import STRATEGIES

START_NS = 1_795_204_740 * NS_PER_S
"""2026-11-20 19:59:00 UTC, a minute before a round."""
ASSETS = (Asset.BTC, Asset.ETH)
BROKEN = ev.SettingsChanged('{"risk":{"max_order_usd":0}}')
"""An event that breaks the desk that takes it."""
_WARM_S = 40
_SETTLES_S = 12
_TRADES_S = 3

EAGER = Settings(
    session=SessionSettings(assets=ASSETS),
    market=MarketSettings(volatility_warmup_s=20.0),
    gates=GateSettings(
        after_open_s=0.0,
        before_close_s=0.0,
        max_spread_bps=10_000.0,
        min_depth=0.0,
        max_book_age_ms=10_000,
        entry_delay_s=0.0,
        cooldown_s=2.0,
    ),
    risk=RiskSettings(
        max_losses_in_a_row=1_000,
        max_drawdown_usd=5_000.0,
        max_drawdown_pct=100.0,
        max_daily_loss_usd=5_000.0,
        max_round_usd=400.0,
        max_asset_usd=400.0,
        max_closing_usd=900.0,
        max_account_usd=900.0,
        max_orders_per_round=60,
    ),
    paper=PaperSettings(starting_cash_usd=5_000.0),
)
_SNIPER = SettlementSniperSettings(min_known=0.05, from_left_s=58.0, min_fair=0.8)
EVERYBODY = evolve(
    EAGER,
    **{
        table.name: evolve(
            table.thresholds(evolve(EAGER, settlement_sniper=_SNIPER)),
            is_enabled=True,
            min_edge_bps=20.0,
        )
        for table in STRATEGIES
    },
)
"""All five trade, and soon."""

_ABSENT = tuple(1.0 if name == "fair_logit" else 0.0 for name in INPUTS)
_MODEL = Model(
    FORMAT,
    SCHEMA_VERSION,
    INPUTS,
    _ABSENT,
    (0.0,) * len(INPUTS),
    (1.0,) * len(INPUTS),
    (0.0,) * len(INPUTS),
    0.0,
    Calibration(),
    trained_on="chance",
    made_with="chance",
    test=Figures(1_000, 0.1, 0.3, 0.01),
    against=(),
    sha256="",
)
MODEL = _MODEL.sealed().canonical_json()


@frozen
class Told:
    """One event as a mind took it, and what came of it."""

    asset: Asset
    at_ns: int
    event: ev.Event
    is_last: bool
    effects: bytes
    raised: str

    def take(self, mind: Mind) -> tuple[bytes, str]:
        """The same by another mind: (effects as a journal has them, what was raised)."""
        try:
            taken = mind.take(self.asset, self.at_ns, self.event, is_last=self.is_last)
        except Exception as error:
            return b"[]", f"{type(error).__name__}: {error}"
        return encode_effects(taken.effects), ""


@define
class Coin:
    """One asset's price, Chainlink's seconds of it, and the round that is on."""

    asset: Asset
    price: float
    said: list[float] = field(factory=list)
    slow: float = 0.0
    trade_id: int = 0
    rounds: list[Round] = field(factory=list)
    lives: int = 1


@define
class Chance:
    """State: a mind, its exchange on paper and a world of chance. `play` tells it everything."""

    seed: int
    settings: Settings = EVERYBODY
    mind: Mind = field(factory=Mind)
    told: list[Told] = field(factory=list)
    now_ns: int = START_NS
    account: PaperAccount = field(init=False)
    simulators: dict[Asset, PaperSimulator] = field(init=False)
    coins: list[Coin] = field(init=False)
    rng: random.Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.account = PaperAccount(Usd(int(self.settings.paper.starting_cash_usd) * MICRO))
        self.simulators = {
            asset: PaperSimulator(self.settings.paper, self.account) for asset in ASSETS
        }
        self.coins = [Coin(asset, 1_000.0 * (9 - at)) for at, asset in enumerate(ASSETS)]

    def play(self, rounds: int) -> list[Told]:
        """So many rounds to their settlement, and a part of the next one."""
        for coin in self.coins:
            self._begin(coin)
        seconds = _WARM_S + 20 + rounds * Interval.M5.seconds + 60
        for second in range(seconds):
            self.now_ns = START_NS + second * NS_PER_S
            for coin in self.coins:
                self._second(coin, rounds + 1)
                self._trouble(coin)
            self._surely(second)
        return self.told

    # --- lives ----------------------------------------------------------------------------------

    def _begin(self, coin: Coin) -> None:
        asset, life = coin.asset, coin.lives
        self._tell(asset, self.simulators[asset].opening(asset, life), is_last=False)
        self._tell(asset, ev.SettingsChanged(canonical_json(self.settings)), is_last=False)
        self._tell(asset, ev.ModelLoaded(MODEL, "chance"))
        for feed in (ev.BOOK_FEED, "rtds", *(one.value for one in Exchange)):
            self._tell(asset, ev.FeedUp(feed, self.now_ns))
        for length_s, count in ((60, 130), (300, 40), (900, 30), (3600, 30)):
            candles = tuple(self._candles(coin, length_s, count))
            self._tell(asset, ev.CandlesLoaded(asset, "binance", length_s, candles, self.now_ns))
        for listed in coin.rounds:
            self._tell(asset, ev.RoundFound(listed))
            if listed.opens_ns <= self.now_ns:
                self._tell(asset, ev.RoundOpened(listed.slug, self.now_ns, True))
                self._books(coin, listed)

    def _candles(self, coin: Coin, length_s: int, count: int) -> Iterator[Candle]:
        end_s = self.now_ns // NS_PER_S // length_s * length_s
        price = coin.price
        for at in range(count):
            opened, price = price, price * math.exp(self.rng.gauss(0.0, 1e-5 * length_s**0.5))
            high, low = max(opened, price), min(opened, price)
            opens_ns = (end_s - (count - at) * length_s) * NS_PER_S
            yield Candle(opens_ns, opened, high, low, price, self.rng.random() * 9, 1 + at)

    def _crash(self, coin: Coin) -> None:
        self.simulators[coin.asset].cancel_at_once()
        self._tell(coin.asset, BROKEN)
        coin.lives += 1
        self._begin(coin)

    # --- a second -------------------------------------------------------------------------------

    def _second(self, coin: Coin, rounds: int) -> None:
        asset, now_ns = coin.asset, self.now_ns
        coin.price *= math.exp(self.rng.gauss(0.0, 6e-5))
        coin.slow += (coin.price - coin.slow) * 0.25 if coin.slow else coin.price
        self._rounds(coin, rounds)
        coin.said.append(coin.price)
        for at, venue in enumerate(Exchange):
            self._quote(coin, venue.value, coin.price * (1.0 + 1e-4 * at))
        for kind, value, window_s in (
            (PriceKind.SPOT, coin.said[-3:][0], 0),  # exchanges are two seconds ahead
            (PriceKind.TWAP, sum(coin.said[-60:]) / len(coin.said[-60:]), 60),
        ):
            point = ev.ChainlinkPriced(
                asset, "rtds", kind, value, window_s, now_ns - NS_PER_S, now_ns, now_ns
            )
            self._tell(asset, point, is_last=kind is PriceKind.TWAP)
        for _ in range(_TRADES_S):
            coin.trade_id += 1
            size, side = self.rng.random() * 3, self.rng.choice(list(Side))
            self._tell(
                asset,
                ev.ExchangeTraded(
                    asset, "binance", coin.trade_id, coin.price, size, side, now_ns, now_ns
                ),
                is_last=False,
            )
        for listed in coin.rounds:
            if listed.opens_ns - 5 * NS_PER_S <= now_ns < listed.closes_ns:
                self._books(coin, listed)
        self._tell(asset, ev.Ticked(now_ns, self.rng.randrange(9_000), self.rng.random() / 50))
        self._answer(asset)

    def _quote(self, coin: Coin, venue: str, mid: float) -> None:
        half, sizes = mid * 1e-5, [self.rng.random() * 5 for _ in range(4)]
        quote = ev.ExchangeQuoted(
            coin.asset,
            venue,
            mid - half,
            sizes[0],
            mid + half,
            sizes[1],
            self.now_ns,
            self.now_ns,
            sizes[2],
            sizes[3],
        )
        self._tell(coin.asset, quote)

    def _books(self, coin: Coin, listed: Round) -> None:
        """The crowd knows the price of some seconds ago, and no better than it must."""
        left_s = max(1.0, (listed.closes_ns - self.now_ns) / NS_PER_S)
        strike = coin.said[-1] if listed.opens_ns > self.now_ns else self._strike(coin, listed)
        z = math.log(coin.slow / strike) / (6e-5 * left_s**0.5)
        fair = 0.5 * (1.0 + math.erf(z / 2**0.5)) + self.rng.gauss(0.0, 0.03)
        bid = min(97, max(2, int(fair * 100) - 1))
        bids = [(Price((bid - at) * 10_000), self._shares()) for at in range(min(bid, 4))]
        asks = [(Price((bid + 1 + at) * 10_000), self._shares()) for at in range(min(99 - bid, 4))]
        for token, low, high in (
            (listed.up_token, bids, asks),
            (listed.down_token, _mirrored(asks), _mirrored(bids)),
        ):
            book = ev.BookSnapshotted(
                token, tuple(low[::-1]), tuple(high[::-1]), None, self.now_ns, self.now_ns
            )
            self._tell(coin.asset, book, is_last=token == listed.down_token)

    def _shares(self) -> Shares:
        return Shares(self.rng.randrange(20, 400) * MICRO)

    # --- rounds ---------------------------------------------------------------------------------

    def _rounds(self, coin: Coin, rounds: int) -> None:
        span_ns = Interval.M5.ns
        number = (self.now_ns + _WARM_S * NS_PER_S - START_NS - 60 * NS_PER_S) // span_ns
        opens_ns = START_NS + 60 * NS_PER_S + number * span_ns
        is_new = all(listed.opens_ns != opens_ns for listed in coin.rounds)
        if 0 <= number < rounds and is_new and self.now_ns <= opens_ns:
            coin.rounds.append(a_round(coin.asset, opens_ns))
            self._tell(coin.asset, ev.RoundFound(coin.rounds[-1]))
        for listed in list(coin.rounds):
            self._move(coin, listed)

    def _move(self, coin: Coin, listed: Round) -> None:
        asset, now_ns = coin.asset, self.now_ns
        if now_ns == listed.opens_ns:
            self._tell(asset, ev.RoundOpened(listed.slug, now_ns))
        elif now_ns == listed.opens_ns + 4 * NS_PER_S:
            self._tell(asset, ev.StrikePublished(listed.slug, self._strike(coin, listed), "gamma"))
        elif now_ns == listed.closes_ns:
            self._tell(asset, ev.RoundClosed(listed.slug, now_ns))
        elif now_ns == listed.closes_ns + _SETTLES_S * NS_PER_S:
            is_up = self._mean(coin, listed.closes_ns) >= self._strike(coin, listed)
            token = listed.token_of(Outcome.UP if is_up else Outcome.DOWN)
            coin.rounds.remove(listed)
            self._tell(asset, ev.RoundSettled(listed.condition_id, token, "clob", now_ns))

    def _strike(self, coin: Coin, listed: Round) -> float:
        return self._mean(coin, listed.opens_ns)

    def _mean(self, coin: Coin, at_ns: int) -> float:
        second = max(1, (at_ns - START_NS) // NS_PER_S)
        some = coin.said[max(0, second - 60) : second]
        return sum(some) / len(some)

    def _surely(self, second: int) -> None:
        """What no session may lack."""
        btc, eth = self.coins
        if second == 400:
            self._tell(btc.asset, ev.Commanded(ev.Action.KILL, "test"))
        elif second == 415:
            self._tell(btc.asset, ev.Commanded(ev.Action.REARM, "test"))
        elif second in (300, 700):
            self._crash(eth)

    # --- what goes wrong ------------------------------------------------------------------------

    def _trouble(self, coin: Coin) -> None:
        asset, now_ns, rng = coin.asset, self.now_ns, self.rng
        what = rng.randrange(900)
        if what < 2:
            self._crash(coin)
        elif what < 6:
            risk = evolve(self.settings.risk, max_order_usd=rng.choice([12.0, 20.0, 31.0]))
            name = rng.choice(STRATEGIES).name
            own = getattr(self.settings, name)
            own = evolve(own, is_enabled=not own.is_enabled)
            self.settings = evolve(self.settings, risk=risk, **{name: own})
            for one in ASSETS:
                self._tell(one, ev.SettingsChanged(canonical_json(self.settings)))
        elif what < 10:
            actions = [ev.Action.PAUSE, ev.Action.KILL, ev.Action.FLATTEN]
            self._tell(asset, ev.Commanded(rng.choice(actions), "test"))
        elif what < 60:
            actions = [ev.Action.RESUME, ev.Action.REARM]
            self._tell(asset, ev.Commanded(rng.choice(actions), "test"))
        elif what < 66:
            feed = rng.choice(["binance", "coinbase", ev.BOOK_FEED])
            self._tell(asset, ev.FeedDown(feed, "cut", now_ns))
            self._tell(asset, ev.FeedUp(feed, now_ns))
        elif what < 70:
            since_ns = (now_ns // NS_PER_S - 5) * NS_PER_S
            self._tell(asset, ev.FeedGapped("binance", 3, "by number", now_ns))
            mended = ev.FeedMended("binance", 3, True, now_ns, since_ns, now_ns)
            self._tell(asset, mended)
        elif what < 74:
            self._tell(asset, ev.FrameRejected(ev.BOOK_FEED, "odd", 9, "{", now_ns))
        elif what < 78:
            self._tell(asset, ev.FeedStale("bybit", 900, now_ns))

    # --- telling --------------------------------------------------------------------------------

    def _answer(self, asset: Asset) -> None:
        """What is reported of what is due within this second, each at its time."""
        end_ns, simulators = self.now_ns + NS_PER_S - 1, self.simulators[asset]
        began_ns = self.now_ns
        while (due_ns := simulators.next_due_ns) is not None and due_ns <= end_ns:
            self.now_ns = max(began_ns, due_ns)
            for report in simulators.advance(due_ns):
                self._put(asset, report, is_last=True)
        self.now_ns = began_ns

    def _tell(self, asset: Asset, event: ev.Event, *, is_last: bool = True) -> None:
        reports = self.simulators[asset].observe(event)
        self._put(asset, event, is_last=is_last and not reports)
        for at, report in enumerate(reports, start=1):
            self._put(asset, report, is_last=is_last and at == len(reports))

    def _put(self, asset: Asset, event: ev.Event, *, is_last: bool) -> None:
        effects, raised = b"[]", ""
        try:
            taken = self.mind.take(asset, self.now_ns, event, is_last=is_last)
        except Exception as error:
            raised = f"{type(error).__name__}: {error}"
        else:
            effects = encode_effects(taken.effects)
            for effect in taken.effects:
                if isinstance(effect, Place | Cancel | CancelAll):
                    self.simulators[asset].perform(effect, self.now_ns)
        self.told.append(Told(asset, self.now_ns, event, is_last, effects, raised))


def a_round(asset: Asset, opens_ns: int, interval: Interval = Interval.M5) -> Round:
    slug = f"{asset.value}-updown-{interval.value}-{opens_ns // NS_PER_S}"
    return Round(
        slug,
        asset,
        interval,
        f"0x{slug}",
        f"{slug} up",
        f"{slug} down",
        opens_ns,
        opens_ns + interval.ns,
        SettlementRule.TWAP,
    )


def _mirrored(levels: list[tuple[Price, Shares]]) -> list[tuple[Price, Shares]]:
    return [(complement(price), shares) for price, shares in levels]


def packed(state: object) -> bytes:
    """A checkpoint's bytes: equal states have equal ones."""
    return msgspec.msgpack.encode(state)
