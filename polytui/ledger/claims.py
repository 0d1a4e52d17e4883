"""What strategies claimed against what came of it, and how much of a claim is believed.

A claim is made with every entry, live or in shadow: a share that costs p, fees included, is worth
p + c. What came of it, r, is what was got per share less p, at settlement or at an exit. Where a
claim is worth b of itself, r = b c + noise; a share pays 1 or 0, so the noise has the variance
v = p (1 - p), the most that an exit can have as well. With a prior b0 of the weight k (a deviation
of 1 / sqrt(k)), the mean of b is that of a regression through the origin (Bayes; Gelman et al.,
Bayesian Data Analysis, ch. 14):

    b = (k b0 + sum w c r / v) / (k + sum w c^2 / v)        held within 0 and 1

and the edge that competes is b c. Nobody is believed more than he says. `w` is 1 for what the same
strategy claimed on the same asset at prices of the same third, and `pooled` (1/2) for its other
prices and assets: assets close together, and a cheap share is another claim than a dear one. Every
claim counts once, whatever its size, and fades with a half-life of so many claims after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, frozen
from msgspec import Struct

from polytui.config.deciding import ClaimSettings
from polytui.ledger.attribution import Claim
from polytui.model.events import ClaimsLeft
from polytui.model.instrument import Asset
from polytui.model.units import Usd

THIRDS = ("low", "middle", "high")
_LOW, _HIGH = 0.30, 0.70
_SUREST = 0.01
"""Prices are held so far from 0 and 1, where a share would have no variance."""
_MOST = 1e6
"""No sum of a record is larger, or it was not written by us."""


class Beliefs(Struct, frozen=True, gc=False):
    """How much of a strategy's claims is believed, 0 to 1, by the price of the share."""

    low: float = 1.0
    middle: float = 1.0
    high: float = 1.0

    def at(self, price: float) -> float:
        """For a share that costs `price` dollars."""
        if price < _LOW:
            return self.low
        return self.high if price > _HIGH else self.middle


BELIEVED = Beliefs()


@frozen
class ClaimRecord:
    """Claims and what came of them, means per share in dollars; `used` is what is believed of such
    claims now."""

    count: float = 0.0
    claimed: float = 0.0
    realised: float = 0.0
    used: float = 0.0


@define
class _Cell:
    """Sums over the claims of one strategy on one asset in one third of prices, faded."""

    count: float = 0.0
    claimed: float = 0.0
    realised: float = 0.0
    cross: float = 0.0
    """Of c r / v."""
    square: float = 0.0
    """Of c^2 / v."""

    def add(self, claimed: float, realised: float, variance: float, keep: float) -> None:
        self.count = self.count * keep + 1.0
        self.claimed = self.claimed * keep + claimed
        self.realised = self.realised * keep + realised
        self.cross = self.cross * keep + claimed * realised / variance
        self.square = self.square * keep + claimed * claimed / variance

    def sums(self) -> tuple[float, ...]:
        return (self.count, self.claimed, self.realised, self.cross, self.square)


_Place = tuple[Asset, str, str]
"""Asset, strategy, third."""


class Claims:
    """State: a cell for every asset, strategy and third of prices in which a claim was settled."""

    def __init__(self) -> None:
        self._cells: dict[_Place, _Cell] = {}
        self._known: dict[tuple[Asset, str], tuple[ClaimSettings, Beliefs]] = {}
        self._left: tuple[ClaimsLeft, ...] | None = None

    def settle(
        self,
        asset: Asset,
        claims: Iterable[Claim],
        results: Mapping[str, Usd],
        thresholds: ClaimSettings,
    ) -> None:
        """What a round brought those who claimed something in it: PnL by strategy."""
        for claim in claims:
            pnl = results.get(claim.strategy)
            if pnl is None or not claim.shares:
                continue
            price = claim.cost / claim.shares
            safe = min(1.0 - _SUREST, max(_SUREST, price))
            cell = self._cells.setdefault((asset, claim.strategy, _third(price)), _Cell())
            keep = 0.5 ** (1.0 / thresholds.half_life)
            cell.add(claim.worth - price, pnl / claim.shares, safe * (1.0 - safe), keep)
            self._changed()

    def beliefs(self, asset: Asset, strategy: str, thresholds: ClaimSettings) -> Beliefs:
        """What is believed of its claims; made anew only where something was settled."""
        known = self._known.get((asset, strategy))
        if known is None or known[0] is not thresholds:
            known = (thresholds, self._beliefs(asset, strategy, thresholds))
            self._known[asset, strategy] = known
        return known[1]

    def record(self, asset: Asset, strategy: str, thresholds: ClaimSettings) -> ClaimRecord:
        """For those who show it: the thirds of one asset together."""
        beliefs = self.beliefs(asset, strategy, thresholds)
        count = claimed = realised = used = 0.0
        for third in THIRDS:
            cell = self._cells.get((asset, strategy, third))
            if cell is not None:
                count += cell.count
                claimed += cell.claimed
                realised += cell.realised
                used += cell.claimed * getattr(beliefs, third)
        if not count:
            return ClaimRecord()
        return ClaimRecord(count, claimed / count, realised / count, used / count)

    def records(self, assets: Sequence[Asset], thresholds: ClaimSettings) -> dict[str, ClaimRecord]:
        """By strategy, these assets together."""
        found: dict[str, ClaimRecord] = {}
        for name in dict.fromkeys([strategy for _, strategy, _ in sorted(self._cells)]):
            each = [self.record(asset, name, thresholds) for asset in assets]
            count = sum([one.count for one in each])
            if count:
                found[name] = ClaimRecord(
                    count,
                    sum([one.count * one.claimed for one in each]) / count,
                    sum([one.count * one.realised for one in each]) / count,
                    sum([one.count * one.used for one in each]) / count,
                )
        return found

    def _beliefs(self, asset: Asset, strategy: str, thresholds: ClaimSettings) -> Beliefs:
        own = [(place, cell) for place, cell in self._cells.items() if place[1] == strategy]
        if not thresholds.is_calibrated:
            return BELIEVED
        found = []
        for third in THIRDS:
            cross, square = thresholds.prior * thresholds.prior_weight, thresholds.prior_weight
            for (where, _, other), cell in own:
                weight = 1.0 if where is asset and other == third else thresholds.pooled
                cross += weight * cell.cross
                square += weight * cell.square
            found.append(min(1.0, max(0.0, cross / square)))
        return Beliefs(*found)

    # --- through restarts -----------------------------------------------------------------------

    def left(self) -> tuple[ClaimsLeft, ...]:
        """What another session must know; the same object until something is settled, for it is
        asked after every batch."""
        if self._left is None:
            self._left = tuple(
                [
                    ClaimsLeft(asset.value, strategy, third, *cell.sums())
                    for (asset, strategy, third), cell in sorted(self._cells.items())
                ]
            )
        return self._left

    def restore(self, left: Iterable[ClaimsLeft]) -> None:
        """Go on where another session ended; what cannot be such a record is left out."""
        assets = {asset.value: asset for asset in Asset}
        for one in left:
            asset = assets.get(one.asset)
            sums = (one.count, one.claimed, one.realised, one.cross, one.square)
            if asset is None or one.third not in THIRDS or not _is_record(*sums):
                continue
            self._cells[asset, one.strategy, one.third] = _Cell(*sums)
        self._changed()

    def _changed(self) -> None:
        self._known.clear()
        self._left = None

    def state(self) -> tuple[object, ...]:
        return tuple([(*place, *cell.sums()) for place, cell in sorted(self._cells.items())])


def _third(price: float) -> str:
    if price < _LOW:
        return THIRDS[0]
    return THIRDS[2] if price > _HIGH else THIRDS[1]


def _is_record(*sums: float) -> bool:
    count, _, _, _, square = sums
    return all(math.isfinite(one) and abs(one) < _MOST for one in sums) and min(count, square) > 0.0
