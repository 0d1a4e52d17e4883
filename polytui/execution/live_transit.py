"""What of a real account is counted and cannot be used yet: one place, whoever asks.

    a trade of ours    its shares or dollars, until a block has taken it
    a merge            the pairs that it takes, from when it is sent

Pure. Desks are told by `InTransit`, and what is told together stands in this order: more on the
way, then what that is about, then less.
"""

from __future__ import annotations

from attrs import evolve

from polytui.execution.live_rounds import LiveRounds
from polytui.execution.live_trades import LiveTrades, Told
from polytui.model.events import InTransit
from polytui.model.instrument import Asset, Outcome
from polytui.model.units import Shares, Usd


class LiveTransit:
    """State: pairs that are set aside, and what was told last."""

    def __init__(self, rounds: LiveRounds, trades: LiveTrades) -> None:
        self._rounds = rounds
        self._trades = trades
        self._aside: dict[str, tuple[str, Shares]] = {}
        """By the key of whoever took them: round, and shares of each outcome."""
        self._told: dict[str, tuple[Asset, InTransit]] = {}

    def set_aside(self, key: str, slug: str, shares: Shares) -> None:
        """So many pairs of a round are on their way to be merged."""
        self._aside[key] = slug, shares

    def let_go(self, key: str) -> None:
        """They are gone, or back."""
        self._aside.pop(key, None)

    # --- what is known ----------------------------------------------------------------------------

    def now(self) -> dict[str, InTransit]:
        """By round in which anything is."""
        found: dict[str, InTransit] = {}
        for fill in self._trades.on_the_way():
            place = self._rounds.place_of(fill.token_id)
            if place is None:
                continue
            one = found.get(place.listed.slug) or InTransit(place.listed.slug)
            bought, brings = max(0, fill.signed_shares), Usd(max(0, fill.flow))
            up, down = (bought, 0) if fill.outcome is Outcome.UP else (0, bought)
            found[one.slug] = _with(one, up, down, brings)
        for slug, shares in self._aside.values():
            one = found.get(slug) or InTransit(slug)
            found[slug] = _with(one, shares, shares, Usd(0))
        return found

    def of_asset(self, asset: Asset) -> tuple[InTransit, ...]:
        """For a desk that begins: from here on it knows."""
        now = self.now()
        mine = {
            slug: one
            for slug, one in now.items()
            if (live := self._rounds.get(slug)) is not None and live.listed.asset is asset
        }
        self._told = {slug: told for slug, told in self._told.items() if told[0] is not asset}
        self._told |= {slug: (asset, one) for slug, one in mine.items()}
        return tuple(mine.values())

    def shares(self, slug: str, outcome: Outcome) -> Shares:
        one = self.now().get(slug)
        return Shares(0) if one is None else one.shares(outcome)

    def usd(self) -> Usd:
        """Of all rounds."""
        return Usd(sum(one.usd for one in self.now().values()))

    # --- what is told -----------------------------------------------------------------------------

    def around(self, told: Told) -> Told:
        """What was told, between what it brings on its way and what has arrived."""
        now = self.now()
        if not now and not self._told:
            return told
        before, after = Told(), Told()
        for slug in sorted({*now, *self._told}):
            asset, was = self._asset(slug), self._was(slug)
            if asset is None:
                continue
            most = _most(was, one := now.get(slug) or InTransit(slug))
            if most != was:
                before.append((asset, most))
            if one != most:
                after.append((asset, one))
            self._note(slug, asset, one)
        return before + told + after

    def _was(self, slug: str) -> InTransit:
        known = self._told.get(slug)
        return InTransit(slug) if known is None else known[1]

    def _asset(self, slug: str) -> Asset | None:
        """None for a round of which nobody was ever told; one that is over had a desk."""
        live, known = self._rounds.get(slug), self._told.get(slug)
        if live is not None:
            return live.listed.asset
        return None if known is None else known[0]

    def _note(self, slug: str, asset: Asset, one: InTransit) -> None:
        if one == InTransit(slug):
            self._told.pop(slug, None)
        else:
            self._told[slug] = asset, one


def _with(one: InTransit, up: int, down: int, usd: Usd) -> InTransit:
    return evolve(one, up=Shares(one.up + up), down=Shares(one.down + down), usd=Usd(one.usd + usd))


def _most(one: InTransit, other: InTransit) -> InTransit:
    return InTransit(
        one.slug, max(one.up, other.up), max(one.down, other.down), max(one.usd, other.usd)
    )
