"""One asset's share of the account: what it has, what it did, and what stops it."""

from __future__ import annotations

from attrs import define, field, frozen

from polytui.config.deciding import BreakerSettings
from polytui.desk.account_feeds import AccountFeeds
from polytui.ledger.arrivals import Arrivals
from polytui.ledger.attribution import Attribution
from polytui.ledger.bookings import Bookings
from polytui.ledger.exposure import AssetExposure
from polytui.ledger.shadow import Shadow
from polytui.market.forecast_watch import ForecastWatch
from polytui.model.effects import Why
from polytui.model.events import Filled, Stopped, Trade
from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.units import Usd
from polytui.risk.breakers import Breakers


@frozen
class Earlier:
    """What an account on paper had done before this session, which goes on with it."""

    realised: Usd = Usd(0)
    fees: Usd = Usd(0)
    signals: int = 0
    orders: int = 0
    fills: int = 0


@define
class AssetAccount:
    """One asset's share of the account. `realised` and the counts outlive a desk's crash."""

    exposure: AssetExposure
    """What is held and works, kept by the asset's ledger."""
    realised: Usd = Usd(0)
    earlier: Earlier = field(factory=Earlier)
    """Of `realised`, `fees`, `signals`, `orders` and `fills`: what is of sessions before."""
    losses_in_a_row: int = 0
    """Settled rounds that lost, one after another, through restarts."""
    fees: Usd = Usd(0)
    signals: int = 0
    orders: int = 0
    fills: int = 0
    rounds_opened: int = 0
    """Before our eyes: the ones a session of N rounds counts."""
    rounds_settled: int = 0
    """Of those."""
    session_rounds: dict[str, int] = field(factory=dict)
    """By slug, which of those it was, from 1 on, until it is settled."""
    last_opened: dict[Interval, int] = field(factory=dict)
    """When the last of them opened: none is counted twice, whatever crashes."""
    is_traded: bool = False
    """A desk of this session has begun: others are only passed on to the next one."""
    is_paused: bool = False
    is_flattening: bool = False
    """What a person asked of this asset stands through a crash of its desk."""
    is_flattened: bool = False
    """It was sold on purpose, and nobody has resumed it since."""
    paused_whys: tuple[Why, ...] = ()
    """What paused it by itself, in order; nothing where a person did."""
    breakers: Breakers = field(factory=Breakers)
    feeds: AccountFeeds = field(factory=AccountFeeds)
    """What the account cannot do without, as this asset was told."""
    live: Attribution = field(factory=Attribution)
    """Whose the positions are, and what came of each strategy."""
    shadow: Shadow = field(factory=Shadow)
    watch: ForecastWatch = field(factory=ForecastWatch)
    """How well the forecast fits; it outlives a desk's crash."""
    bookings: Bookings = field(factory=Bookings)
    """Every fill, so that one of them can be taken back."""
    arrivals: Arrivals = field(factory=Arrivals)
    """What is held and cannot be sold yet."""
    contradictions: dict[str, int] = field(factory=dict)
    """How often the venue said of an order what cannot be, by what it said."""
    strays: dict[Trade, Filled] = field(factory=dict)
    """Fills of orders nobody knows, in rounds nobody knows yet: kept until their round is found."""
    stray_orders: dict[str, int] = field(factory=dict)
    """Orders that such fills named, and when the venue was last asked about them."""
    stray_fills: int = 0
    """Fills of orders nobody knew, so far."""
    reversals: int = 0
    """Fills that never happened in the end."""
    unplaced: int = 0
    """Words of fills that found no round to belong to: the ledger and the venue may disagree."""
    unsent: int = 0
    """Orders that we saw ourselves the venue would refuse."""
    _entered: dict[str, list[tuple[str, str]]] = field(factory=dict)
    """By round, (strategy, outcome) of every side that was bought."""

    def note_opened(self, listed: Round) -> None:
        """A round opened before our eyes."""
        if listed.opens_ns > self.last_opened.get(listed.interval, -1):
            self.last_opened[listed.interval] = listed.opens_ns
            self.rounds_opened += 1
            self.session_rounds[listed.slug] = self.rounds_opened

    def is_of_session(self, slug: str, most: int) -> bool:
        """Whether a round is one of the first so many that opened before our eyes."""
        return self.session_rounds.get(slug, most + 1) <= most

    def note_entered(self, slug: str, strategy: str, outcome: Outcome) -> None:
        sides = self._entered.setdefault(slug, [])
        if (strategy, outcome.value) not in sides:
            sides.append((strategy, outcome.value))

    def enter_anew(self, slug: str, sides: list[tuple[str, str]]) -> None:
        """The round's fills were reckoned anew."""
        self._entered.pop(slug, None)
        if sides:
            self._entered[slug] = sides

    @property
    def contradicted(self) -> int:
        return sum(self.contradictions.values())

    def has_entered(self, slug: str, strategy: str, outcome: Outcome) -> bool:
        return (strategy, outcome.value) in self._entered.get(slug, ())

    @property
    def working(self) -> int:
        """Orders that are live, or may be."""
        return self.exposure.totals.orders

    @property
    def paused_why(self) -> Why | None:
        """What is said of it: the first."""
        return self.paused_whys[0] if self.paused_whys else None

    def stopped(self, asset: Asset) -> Stopped | None:
        """What stops its entries and is kept for the next session; None where nothing does."""
        found = Stopped(
            asset.value,
            self.is_paused,
            self.is_flattening,
            self.paused_whys,
            self.breakers.kept(),
            self.is_flattened,
        )
        return found if found != Stopped(asset.value) else None

    def stop_as(self, before: Stopped, now_ns: int) -> None:
        """As it was stopped when another session ended; what stops it already stays."""
        self.is_paused = self.is_paused or before.is_paused
        self.is_flattening = self.is_flattening or before.is_flattening
        self.is_flattened = self.is_flattened or before.is_flattened
        self.paused_whys = self.paused_whys or before.whys
        self.breakers.restore(before.breakers, now_ns)

    def begin_session(self, now_ns: int, settings: BreakerSettings) -> None:
        """Another process goes on with this account: what a session counts begins at nothing."""
        self.earlier = Earlier(self.realised, self.fees, self.signals, self.orders, self.fills)
        self.is_traded = False
        self.rounds_opened = self.rounds_settled = 0
        self.session_rounds = {}
        self.last_opened = {}
        self.breakers.begin_session(now_ns, settings)
        self.feeds.begin_session()

    def forget_round(self, slug: str) -> None:
        """It is settled."""
        self._entered.pop(slug, None)
        self.rounds_settled += self.session_rounds.pop(slug, None) is not None

    def state(self) -> tuple[object, ...]:
        at = self.exposure.totals
        money = (self.realised, at.flow, at.cost, at.carried, at.reserved, at.orders)
        ends = sorted((slug, each.at_stake) for slug, each in self.exposure.open().items())
        session = (self.rounds_opened, self.rounds_settled, sorted(self.session_rounds.items()))
        opened = sorted((interval.value, at_ns) for interval, at_ns in self.last_opened.items())
        rounds = (*session, opened, ends, self.losses_in_a_row)
        whys = [why.reason.value for why in self.paused_whys]
        asked = (self.is_paused, self.is_flattening, self.is_flattened)
        people = (self.is_traded, *asked, whys)
        attributed = (self.live.state(), self.shadow.state(), sorted(self._entered.items()))
        kept = (self.watch.state(), self._fills_state(), *self.feeds.state())
        kept += (*self.arrivals.state(), *((("unsent", self.unsent),) if self.unsent else ()))
        return (*money, *rounds, people, *attributed, *kept)

    def _fills_state(self) -> tuple[object, ...]:
        odd = (sorted(self.contradictions.items()), self.stray_fills, self.reversals, self.unplaced)
        return (self.bookings.state(), odd, sorted(self.strays), sorted(self.stray_orders.items()))
