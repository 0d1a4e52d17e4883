"""A desk's day, told event by event. The price stands still, so every number can be foretold."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import TypeVar

from attrs import evolve

from polytui.config.deciding import DistanceFadeSettings, GateSettings, SettlementSniperSettings
from polytui.config.load import canonical_json
from polytui.config.schema import MarketSettings, RiskSettings, Settings
from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.desk.round import DeskRound
from polytui.model import events as ev
from polytui.model.effects import Effect, Explain, Place, Reason
from polytui.model.events import Level
from polytui.model.instrument import (
    Asset,
    Exchange,
    Interval,
    Outcome,
    PriceKind,
    Round,
    SettlementRule,
)
from polytui.model.orders import Order
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd, complement, usd_from_float
from polytui.strategy.proposal import QuotingStrategy

OPENS_NS = 1_795_204_800 * NS_PER_S  # 2026-11-20 20:00:00 UTC
PRICE, STRIKE = 100_000.0, 99_980.0
"""Twenty dollars above the strike, at the floor of volatility: Up is worth 0.79 a minute in."""
FAIR_BOOK = (0.77, 0.79)
CHEAP_BOOK = (0.58, 0.60)
STAKED = Shares(32_420_000)
"""Twenty dollars of Up at 0.60, its fee of 0.0168 a share included, in whole lots."""

PLAIN = Settings(
    gates=GateSettings(
        after_open_s=20.0,
        before_close_s=20.0,
        min_depth=0.0,
        max_slippage_ticks=0,
        max_book_age_ms=1_000_000,
        entry_delay_s=0.0,
        is_one_signal_a_side=False,
    ),
    market=MarketSettings(tail_degrees=0.0),
    distance_fade=DistanceFadeSettings(sizing="fixed"),
    settlement_sniper=SettlementSniperSettings(is_enabled=False),
    risk=RiskSettings(
        max_losses_in_a_row=100,
        max_drawdown_usd=1_000.0,
        max_drawdown_pct=100.0,
        max_closing_usd=1_000.0,
    ),
)
"""One strategy with a whole stake, at once, at the ask: so that a story is about one thing."""

Kind = TypeVar("Kind", bound=Effect)


def make_round(asset: Asset = Asset.BTC, number: int = 0) -> Round:
    opens_ns = OPENS_NS + number * Interval.M5.ns
    slug = f"{asset.value}-updown-5m-{opens_ns // NS_PER_S}"
    return Round(
        slug=slug,
        asset=asset,
        interval=Interval.M5,
        condition_id=f"0x{slug}",
        up_token=f"{slug} up",
        down_token=f"{slug} down",
        opens_ns=opens_ns,
        closes_ns=opens_ns + Interval.M5.ns,
        settlement=SettlementRule.TWAP,
    )


class Story:
    """State: the mind, the time, and everything that happened so far."""

    def __init__(
        self,
        settings: Settings | None = None,
        assets: tuple[Asset, ...] = (),
        quoting: tuple[QuotingStrategy, ...] = (),
    ) -> None:
        self.settings = settings or PLAIN
        self.mind = Mind(quoting)
        self.now_ns = OPENS_NS - 90 * NS_PER_S
        self.said: list[tuple[Asset, int, ev.Event, bool]] = []
        self.effects: list[Effect] = []
        # Whose makers or whose own tellings are in it begins by itself.
        is_shared = not quoting and type(self) is Story
        self.begins = (self.settings, assets) if is_shared else None
        for asset in assets or (Asset.BTC,):
            self.tell(ev.DeskOpened(asset, 1, self.cash), asset)
            self.tell(ev.SettingsChanged(canonical_json(self.settings)), asset)

    @property
    def cash(self) -> Usd:
        """What the venue says at every opening."""
        return usd_from_float(self.settings.paper.starting_cash_usd)

    # --- telling ------------------------------------------------------------------------------

    def tell(
        self, event: ev.Event, asset: Asset = Asset.BTC, *, is_last: bool = True
    ) -> list[Effect]:
        """One event to one desk; what came of it."""
        self.said.append((asset, self.now_ns, event, is_last))
        taken = self.mind.take(asset, self.now_ns, event, is_last=is_last)
        self.effects += taken.effects
        return list(taken.effects)

    def command(self, action: ev.Action, asset: Asset = Asset.BTC) -> list[Effect]:
        return self.tell(ev.Commanded(action, "test"), asset)

    def limit(self, **risk: object) -> list[Effect]:
        """A person changes limits while it runs."""
        self.settings = with_risk(self.settings, **risk)
        changed = ev.SettingsChanged(canonical_json(self.settings))
        return [effect for asset in list(self.mind.desks) for effect in self.tell(changed, asset)]

    def chainlink(
        self,
        value: float = PRICE,
        asset: Asset = Asset.BTC,
        kind: PriceKind = PriceKind.SPOT,
        observed_ns: int = 0,
    ) -> list[Effect]:
        window_s = 0 if kind is PriceKind.SPOT else 60
        observed_ns = observed_ns or self.now_ns
        point = ev.ChainlinkPriced(
            asset, "rtds", kind, value, window_s, observed_ns, observed_ns, self.now_ns
        )
        return self.tell(point, asset)

    def quote(self, venue: str, mid: float = PRICE, asset: Asset = Asset.BTC) -> list[Effect]:
        """An exchange's bests around a mid, stamped now."""
        at_ns = self.now_ns
        quote = ev.ExchangeQuoted(asset, venue, mid - 0.5, 1.0, mid + 0.5, 1.0, at_ns, at_ns)
        return self.tell(quote, asset)

    def strike(self, asset: Asset = Asset.BTC, number: int = 0) -> list[Effect]:
        opens_ns = make_round(asset, number).opens_ns
        return self.chainlink(STRIKE, asset, PriceKind.TWAP, opens_ns)

    def wait(
        self, seconds: int, *assets: Asset, exchanges: Sequence[Exchange] = tuple(Exchange)
    ) -> list[Effect]:
        """Time passes, and the exchanges and Chainlink say the same each second."""
        effects: list[Effect] = []
        for _ in range(seconds):
            self.now_ns += NS_PER_S
            for asset in assets or (Asset.BTC,):
                for exchange in exchanges:
                    effects += self.quote(exchange.value, asset=asset)
                effects += self.chainlink(asset=asset)
        return effects

    def silence(self, seconds: float) -> list[Effect]:
        """Time passes, and nothing is heard."""
        self.now_ns += round(seconds * NS_PER_S)
        return self.tell(ev.Ticked(self.now_ns))

    def book(
        self,
        bests: tuple[float, float],
        asset: Asset = Asset.BTC,
        number: int = 0,
    ) -> list[Effect]:
        """Both books of a round with a thousand shares at Up's bests, as one batch."""
        listed = make_round(asset, number)
        bid, ask = (Price(round(price * MICRO)) for price in bests)
        up = self._snapshot(listed.up_token, bid, ask)
        down = self._snapshot(listed.down_token, complement(ask), complement(bid))
        return [*self.tell(up, asset, is_last=False), *self.tell(down, asset)]

    def two_books(self, up: tuple[float, float], down: tuple[float, float]) -> list[Effect]:
        """The same with bests of their own, which are not each other's mirror."""
        listed, effects = make_round(), list[Effect]()
        for outcome, bests in ((Outcome.UP, up), (Outcome.DOWN, down)):
            bid, ask = (Price(round(price * MICRO)) for price in bests)
            snapshot = self._snapshot(listed.token_of(outcome), bid, ask)
            effects += self.tell(snapshot, is_last=outcome is Outcome.DOWN)
        return effects

    def _snapshot(self, token_id: str, bid: Price, ask: Price) -> ev.BookSnapshotted:
        many = 1_000 * MICRO
        bids: tuple[Level, ...] = ((bid, many),)
        asks: tuple[Level, ...] = ((ask, many),)
        return ev.BookSnapshotted(token_id, bids, asks, None, self.now_ns, self.now_ns)

    def fill(
        self,
        order: Order,
        shares: float | None = None,
        trade_id: str = "t1",
        price: Price | None = None,
    ) -> list[Effect]:
        """A taker's fill of an order with its fee; all of it unless told."""
        size = order.shares if shares is None else Shares(round(shares * MICRO))
        at = order.price if price is None else price
        fee = make_round().fees.fee(at, size)
        told = (order.token_id, order.side)
        fill = ev.Filled(order.order_id, trade_id, at, size, fee, True, *told)
        return self.tell(fill, self._of(order))

    def settle(self, winner: Outcome, asset: Asset = Asset.BTC, number: int = 0) -> list[Effect]:
        listed = make_round(asset, number)
        settled = ev.RoundSettled(
            listed.condition_id, listed.token_of(winner), "stream", self.now_ns
        )
        return self.tell(settled, asset)

    @staticmethod
    def _of(order: Order) -> Asset:
        return Asset(order.slug.partition("-")[0])

    # --- chapters -----------------------------------------------------------------------------

    def a_minute_in(self, *assets: Asset) -> Story:
        """A round is open for a minute, everything is known, and the book is fair."""
        assets = assets or (Asset.BTC,)
        if self.begins is None or len(self.said) > 2 * len(self.mind.desks):
            return self.live_a_minute(assets)
        self.__dict__ = _a_minute_in(*self.begins, assets).again().__dict__
        return self

    def again(self) -> Story:
        """The same up to here, to be gone on with by itself. What happened is never changed."""
        return deepcopy(self, self.kept())

    def kept(self) -> dict[int, object]:
        """What its copies need not copy, for `deepcopy`."""
        return {id(one): one for one in (self.settings, self.begins)} | {
            id(some): list(some) for some in (self.said, self.effects)
        }

    def live_a_minute(self, assets: tuple[Asset, ...]) -> Story:
        for asset in assets:
            self.tell(ev.FeedUp(ev.BOOK_FEED, self.now_ns), asset)
            self.tell(ev.RoundFound(make_round(asset)), asset)
        self.wait(90, *assets)
        for asset in assets:
            self.tell(ev.RoundOpened(make_round(asset).slug, self.now_ns), asset)
            self.strike(asset)
            self.book(FAIR_BOOK, asset)
        self.wait(60, *assets)
        return self

    def buying(self, asset: Asset = Asset.BTC) -> Order:
        """The book turns cheap and the desk buys: its order."""
        return only(self.book(CHEAP_BOOK, asset), Place).order

    def holding(self, asset: Asset = Asset.BTC) -> Order:
        """The order it bought with, acknowledged and filled."""
        order = self.buying(asset)
        self.tell(ev.Accepted(order.order_id), asset)
        self.fill(order)
        return order

    # --- looking ------------------------------------------------------------------------------

    def desk(self, asset: Asset = Asset.BTC) -> Desk:
        return self.mind.desks[asset]

    def round(self, asset: Asset = Asset.BTC, number: int = 0) -> DeskRound:
        market_round = self.desk(asset).rounds.get(make_round(asset, number).slug)
        assert market_round is not None
        return market_round

    def said_last(self, asset: Asset = Asset.BTC) -> Reason:
        """What the strategy was last told of the first round."""
        return self.round(asset).whys["distance_fade"].reason


@cache
def _a_minute_in(settings: Settings, opened: tuple[Asset, ...], assets: tuple[Asset, ...]) -> Story:
    """Most stories begin like this, with hundreds of events: each beginning is lived once."""
    return Story(settings, opened).live_a_minute(assets)


def of_kind(effects: list[Effect], *kinds: type[Kind]) -> list[Kind]:
    return [effect for effect in effects if isinstance(effect, kinds)]


def only(effects: list[Effect], kind: type[Kind]) -> Kind:
    (effect,) = of_kind(effects, kind)
    return effect


def reasons(effects: list[Effect]) -> list[Reason]:
    """What the strategy that trades was told."""
    told = [effect for effect in of_kind(effects, Explain) if effect.strategy == "distance_fade"]
    return [effect.why.reason for effect in told]


def with_strategy(settings: Settings, **changes: object) -> Settings:
    return evolve(settings, distance_fade=evolve(settings.distance_fade, **changes))


def with_risk(settings: Settings, **changes: object) -> Settings:
    return evolve(settings, risk=evolve(settings.risk, **changes))


def bought_for(order: Order) -> Usd:
    """Price and fee of a whole order."""
    fee = make_round().fees.fee(order.price, order.shares)
    return Usd(-(-order.price * order.shares // MICRO) + fee)
