"""The rounds of a real account: what an earlier session left in each, and every fill since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from polytui.execution.live_fills import LiveFill
from polytui.ledger.positions import Position, Positions
from polytui.model.events import HeldRound, RoundSettled, Trade
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Holding, Side
from polytui.model.units import HALF, MICRO, Price, Shares, Usd


@frozen
class LiveMerge:
    """Pairs of it that became dollars on the chain."""

    shares: Shares
    after: int
    """Fills that counted before it: they are what it took from."""


@define
class LiveRound:
    """State: the fills that count, in the order they were heard of, and the end if it has come.

    Everything follows from them, so a trade that fails is as if it had never been."""

    listed: Round
    carried: HeldRound | None = None
    """What earlier sessions had in it."""
    fills: dict[Trade, LiveFill] = field(factory=dict)
    taken_back: dict[Trade, LiveFill] = field(factory=dict)
    """Fills that `carried` counts and that failed after all."""
    merges: dict[Trade, LiveMerge] = field(factory=dict)
    settled: RoundSettled | None = None

    @property
    def merged(self) -> Shares:
        """Of each outcome, gone for a dollar a pair."""
        return Shares(sum(one.shares for one in self.merges.values()))

    @property
    def flow(self) -> Usd:
        """Everything received less everything paid, fees included."""
        before = 0 if self.carried is None else self.carried.cash_flow
        back = sum(fill.flow for fill in self.taken_back.values())
        filled = sum(fill.flow for fill in self.fills.values())
        return Usd(before - back + filled + self.merged)

    @property
    def positions(self) -> Positions:
        slug, positions = self.listed.slug, Positions()
        if self.carried is not None:
            positions.restore(_without(self.carried, self.taken_back))
        left = list(self.merges.values())
        for number, fill in enumerate(self.fills.values()):
            while left and left[0].after <= number:
                positions.merge(slug, left.pop(0).shares)
            positions.fill(slug, fill.outcome, fill.side, fill.fill)
        for merge in left:
            positions.merge(slug, merge.shares)
        return positions

    @property
    def position(self) -> Position:
        return self.positions.of(self.listed.slug)

    @property
    def winner(self) -> Outcome | None:
        """None also where a settled round has none."""
        return None if self.settled is None else self._winner(self.settled)

    @property
    def payout(self) -> Usd:
        """What its end paid; 0 before it."""
        if self.settled is None:
            return Usd(0)
        return self.positions.settle(self.listed.slug, self.winner)[0]

    def pays(self, outcome: Outcome) -> Price:
        """What a share of a settled round is worth."""
        if self.settled is not None and self.settled.is_void:
            return HALF
        return Price(MICRO if outcome is self.winner else 0)

    def shares(self, outcome: Outcome) -> int:
        """Below zero where more was sold than is known to be held. Asked for at each order: a sum,
        and no ledger made anew."""
        held = () if self.carried is None else self.carried.holdings
        before = sum(one.shares for one in held if one.outcome is outcome)
        moved = _moved(self.fills, outcome) - _moved(self.taken_back, outcome)
        return before + moved - self.merged

    def held(self) -> HeldRound:
        """What was sold and never held is owed: shares below zero."""
        positions, slug = self.positions, self.listed.slug
        position = positions.of(slug)
        owed = tuple(
            Holding(outcome, Shares(-position.owed(outcome)), Usd(0))
            for outcome in Outcome
            if position.owed(outcome)
        )
        return HeldRound(self.listed, (*positions.holdings(slug), *owed), position.cash_flow)

    @property
    def is_empty(self) -> bool:
        return self.position == Position()

    def _winner(self, settled: RoundSettled) -> Outcome | None:
        return self.listed.outcome_of(settled.winning_token_id)


@frozen
class TokenPlace:
    """What a token is."""

    listed: Round
    outcome: Outcome


class LiveRounds:
    """State: every round that was listed, by slug and by token."""

    def __init__(self) -> None:
        self._by_slug: dict[str, LiveRound] = {}
        self._places: dict[str, TokenPlace] = {}

    def list_round(self, listed: Round) -> LiveRound:
        live = self._by_slug.get(listed.slug)
        if live is None:
            live = self._by_slug[listed.slug] = LiveRound(listed)
            for outcome in Outcome:
                self._places[listed.token_of(outcome)] = TokenPlace(listed, outcome)
        return live

    def place_of(self, token_id: str) -> TokenPlace | None:
        return self._places.get(token_id)

    def get(self, slug: str) -> LiveRound | None:
        return self._by_slug.get(slug)

    def __getitem__(self, slug: str) -> LiveRound:
        return self._by_slug[slug]

    def __iter__(self) -> Iterator[LiveRound]:
        return iter(tuple(self._by_slug.values()))

    def of(self, asset: Asset) -> list[LiveRound]:
        return [one for one in self._by_slug.values() if one.listed.asset is asset]

    def settled(self, asset: Asset) -> Sequence[LiveRound]:
        """The oldest end first."""
        return [one for one in self.of(asset) if one.settled is not None]

    def forget(self, slug: str) -> None:
        live = self._by_slug.pop(slug)
        for outcome in Outcome:
            del self._places[live.listed.token_of(outcome)]


def _moved(fills: dict[Trade, LiveFill], outcome: Outcome) -> int:
    return sum(fill.signed_shares for fill in fills.values() if fill.outcome is outcome)


def _without(carried: HeldRound, taken_back: dict[Trade, LiveFill]) -> HeldRound:
    """What was carried, less fills of which it is only known what they moved: a purchase leaves
    with what it cost, a sale comes back at what it brought."""
    if not taken_back:
        return carried
    shares = {one.outcome: int(one.shares) for one in carried.holdings}
    costs = {one.outcome: int(one.cost) for one in carried.holdings}
    flow = int(carried.cash_flow)
    for fill in taken_back.values():
        outcome = fill.outcome
        shares[outcome] = shares.get(outcome, 0) - fill.signed_shares
        costs[outcome] = max(0, costs.get(outcome, 0) + fill.flow)
        if fill.side is Side.SELL:
            costs[outcome] = max(costs[outcome], fill.flow)
        flow -= fill.flow
    holdings = tuple(
        Holding(outcome, Shares(count), Usd(costs[outcome] if count > 0 else 0))
        for outcome, count in shares.items()
        if count
    )
    return HeldRound(carried.round, holdings, Usd(flow))
