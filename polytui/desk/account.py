"""What all desks share: money, exposure, the kill switch and the session's count of rounds.

Desks run one after the other in the order of the journal, so a plain object is enough, and a
replay sees the same numbers at the same places.
"""

from __future__ import annotations

from attrs import define, field

from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S, Usd
from polytui.risk.kill_switch import KillSwitch

_DAY_NS = 86_400 * NS_PER_S


@define
class AssetBooks:
    """One asset's share of the account. `realised` and the counts outlive a desk's crash."""

    realised: Usd = Usd(0)
    open_flow: Usd = Usd(0)
    """Received minus paid in rounds that are not settled yet."""
    position_cost: Usd = Usd(0)
    reserved: Usd = Usd(0)
    """What working buys may still spend."""
    working: int = 0
    fees: Usd = Usd(0)
    signals: int = 0
    orders: int = 0
    fills: int = 0
    rounds_settled: int = 0
    session_rounds: list[str] = field(factory=list)
    """Rounds that opened before our eyes: the ones a session of N rounds counts."""
    settled: set[str] = field(factory=set)
    is_paused: bool = False
    is_flattening: bool = False
    """What a person asked of this asset stands through a crash of its desk."""

    def state(self) -> tuple[object, ...]:
        money = (self.realised, self.open_flow, self.position_cost, self.reserved, self.working)
        rounds = (self.session_rounds, sorted(self.settled))
        return (*money, *rounds, self.is_paused, self.is_flattening)


class Account:
    """State: books by asset, the cash at the start, the kill switch, today's result."""

    def __init__(self) -> None:
        self.starting_cash = Usd(0)
        self.kill_switch = KillSwitch()
        self._books: dict[Asset, AssetBooks] = {}
        self._day = 0
        self._realised_today = Usd(0)

    def books(self, asset: Asset) -> AssetBooks:
        return self._books.setdefault(asset, AssetBooks())

    def realise(self, asset: Asset, pnl: Usd, now_ns: int) -> None:
        books = self.books(asset)
        books.realised = Usd(books.realised + pnl)
        self._realised_today = Usd(self.realised_today(now_ns) + pnl)

    def realised_today(self, now_ns: int) -> Usd:
        """Since midnight UTC."""
        day = now_ns // _DAY_NS
        if day != self._day:
            self._day, self._realised_today = day, Usd(0)
        return self._realised_today

    @property
    def realised(self) -> Usd:
        return Usd(sum(books.realised for books in self._books.values()))

    @property
    def cash(self) -> Usd:
        flows = sum(books.realised + books.open_flow for books in self._books.values())
        return Usd(self.starting_cash + flows)

    @property
    def free_cash(self) -> Usd:
        return Usd(self.cash - sum(books.reserved for books in self._books.values()))

    @property
    def exposure(self) -> Usd:
        """Dollars that could be lost: what is held at cost, and what may still be bought."""
        return Usd(sum(books.position_cost + books.reserved for books in self._books.values()))

    @property
    def working_orders(self) -> int:
        return sum(books.working for books in self._books.values())

    @property
    def fees(self) -> Usd:
        return Usd(sum(books.fees for books in self._books.values()))

    def state(self) -> tuple[object, ...]:
        return (
            self.starting_cash,
            self.kill_switch.state(),
            self._day,
            self._realised_today,
            [(asset.value, books.state()) for asset, books in sorted(self._books.items())],
        )
