"""The consensus: where Chainlink is going, by the vote of several exchanges.

Exchanges lead Chainlink by a second or two, in their own currencies. Each venue's
mid less its basis says what Chainlink will say; their weighted mean in logs is the price. A
venue far from the weighted median of the others has no vote. Where only two are left and they
disagree, the one nearer to Chainlink's own last word is believed.

Trust in it is a product of three parts, each 0 to 1:

    agreement   2^-(disagreement / agreement_bps), the weighted mean distance from the price
    presence    w / (w + 0.15), w the weights' sum: one fresh, prompt venue gives 0.87
    nearness    2^-(settlement age / 8 s), and halved where the lead over the settlement value
                is more than outlier_bps: prices do not run away from Chainlink for long

Without any exchange Chainlink's last word is the price, at a trust of 0.4 that falls
with its age. Trust is of the price; how sure a strategy is of its signal is its confidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from polytui.config.schema import MarketSettings
from polytui.market.venue_price import VenuePrice
from polytui.model.units import NS_PER_MS, NS_PER_S

_BPS = 10_000.0
_PRESENCE = 0.15
_ALONE = 0.4
_SETTLEMENT_HALF_LIFE_S = 8.0
_USUAL_AGE_NS = 3 * NS_PER_S
"""Chainlink is always so old when it is heard; what is older lowers trust."""
_LONE_OUTLIERS = 4.0
"""A single exchange may be so many times `outlier_bps` from Chainlink."""


class Part(Struct, frozen=True, gc=False):
    """One venue's part in an estimate."""

    venue: str
    mid: float
    adjusted: float | None
    basis_bps: float | None
    age_ns: int
    latency_ms: float | None
    weight: float
    """Share of the price, 0 to 1."""
    is_outlier: bool


class Estimate(Struct, frozen=True, gc=False):
    """The consensus in dollars, and how far to trust it."""

    price: float
    trust: float
    """0 to 1."""
    disagreement_bps: float | None
    lead_bps: float | None
    as_of_ns: int
    """The moment it speaks of: now where an exchange has a vote, else the settlement's second."""


class Consensus:
    """State: one VenuePrice per exchange that ever quoted, and the settlement's last word."""

    def __init__(self) -> None:
        self._venues: dict[str, VenuePrice] = {}
        self._spot = 0.0
        self._log_spot = 0.0
        self._spot_ns = 0
        self._memo: tuple[int, Estimate | None] | None = None
        self._voters: tuple[int, list[_Vote]] | None = None

    def take_quote(self, venue: str, mid: float, venue_ns: int, received_ns: int) -> bool:
        """Whether the venue's mid is another one now."""
        self._memo = self._voters = None
        known = self._venues.get(venue) or self._venue(venue)
        return known.take_mid(mid, venue_ns, received_ns)

    def take_settlement(self, value: float, observed_ns: int, market: MarketSettings) -> None:
        if observed_ns <= self._spot_ns:
            return  # late, by the other feed or in a history batch: nothing new
        self._changed()
        self._spot, self._log_spot, self._spot_ns = value, math.log(value), observed_ns
        for venue in self._venues.values():
            # A price that is voted out must not teach the basis that it is right.
            if not venue.is_outlier:
                venue.take_settlement(self._log_spot, observed_ns, market.basis_half_life_s)

    def set_live(self, venue: str, is_live: bool, now_ns: int) -> None:
        self._changed()
        known = self._venue(venue)
        if known.is_live and not is_live:
            known.blame(now_ns)
        known.is_live = is_live

    def lose_sight(self) -> None:
        """Nobody is heard until it is said to be live; nobody is to blame."""
        self._changed()
        for venue in self._venues.values():
            venue.is_live = False

    def judge(self, now_ns: int, market: MarketSettings) -> None:
        """Vote: who is an outlier from here on. Changes state, so only a step may ask for it."""
        votes = self._votes(now_ns, market)
        outliers = _outliers(votes, self._log_spot, market.outlier_bps / _BPS)
        for venue, _, _ in votes:
            is_outlier = venue.venue in outliers
            if is_outlier is not venue.is_outlier:
                if is_outlier:
                    venue.blame(now_ns)
                venue.is_outlier = is_outlier
                self._changed()

    def estimate(self, now_ns: int, market: MarketSettings) -> Estimate | None:
        """None before Chainlink was heard. Reads only; equal moments answer alike."""
        if self._memo is None or self._memo[0] != now_ns:
            self._memo = (now_ns, self._estimate(now_ns, market) if self._spot else None)
        return self._memo[1]

    def parts(self, now_ns: int, market: MarketSettings) -> tuple[Part, ...]:
        """Every venue that ever quoted, with its share of the estimate."""
        votes = self._voting(now_ns, market)
        total = sum([weight for _, _, weight in votes])
        shares = {venue.venue: weight / total for venue, _, weight in votes}
        return tuple([_part(venue, now_ns, shares) for venue in self._venues.values()])

    def mid(self, venue: str, now_ns: int, fresh_ms: int) -> float | None:
        """A venue's last mid in its own currency; None once it is older than `fresh_ms`."""
        known = self._venues.get(venue)
        if known is None or not known.is_live or not known.received_ns:
            return None
        return known.mid if now_ns - known.received_ns <= fresh_ms * NS_PER_MS else None

    def run(self, venue: str) -> float:
        """How far a venue's mid has run since the last `mark`, as a logarithm; never below zero."""
        known = self._venues[venue]
        return abs(known.log_mid - known.marked_log)

    def mark(self) -> None:
        """From here runs are measured."""
        for venue in self._venues.values():
            venue.marked_log = venue.log_mid

    def quoted_ns(self, venue: str) -> int:
        """When a venue's last quote was read; 0 for never."""
        known = self._venues.get(venue)
        return 0 if known is None else known.received_ns

    def forget_answers(self) -> None:
        """What was said of a moment was said under other settings."""
        self._changed()

    def state(self) -> tuple[object, ...]:
        venues = [venue.state() for _, venue in sorted(self._venues.items())]
        return (venues, self._spot, self._spot_ns)

    # --- how it is made -------------------------------------------------------------------------

    def _changed(self) -> None:
        self._memo = self._voters = None

    def _venue(self, name: str) -> VenuePrice:
        known = self._venues.get(name)
        if known is None:
            known = self._venues[name] = VenuePrice(name)
        return known

    def _votes(self, now_ns: int, market: MarketSettings) -> list[_Vote]:
        """(venue, adjusted log price, weight) of all that have a weight, outliers included."""
        if self._voters is not None and self._voters[0] == now_ns:
            return self._voters[1]
        fresh_ns = market.exchange_fresh_ms * NS_PER_MS
        half_life_ns = market.freshness_half_life_ms * NS_PER_MS
        votes: list[_Vote] = []
        for venue in self._venues.values():
            weight = venue.weight(now_ns, fresh_ns, half_life_ns, market.latency_half_ms)
            if weight > 0.0 and venue.basis is not None:
                votes.append((venue, venue.log_mid - venue.basis, weight))
        self._voters = (now_ns, votes)
        return votes

    def _voting(self, now_ns: int, market: MarketSettings) -> list[_Vote]:
        return [vote for vote in self._votes(now_ns, market) if not vote[0].is_outlier]

    def _estimate(self, now_ns: int, market: MarketSettings) -> Estimate:
        votes = self._voting(now_ns, market)
        late_ns = now_ns - self._spot_ns - _USUAL_AGE_NS
        age = 1.0 if late_ns <= 0 else 0.5 ** (late_ns / NS_PER_S / _SETTLEMENT_HALF_LIFE_S)
        if not votes:
            return Estimate(self._spot, _ALONE * age, None, None, self._spot_ns)
        total = level = apart = 0.0
        for _, log, weight in votes:
            total += weight
            level += log * weight
        log_price = level / total
        for _, log, weight in votes:
            apart += abs(log - log_price) * weight
        apart *= _BPS / total
        lead_bps = (log_price - self._log_spot) * _BPS
        agreement = 0.5 ** (apart / market.agreement_bps)
        nearness = age if abs(lead_bps) <= market.outlier_bps else age * 0.5
        trust = agreement * nearness * total / (total + _PRESENCE)
        return Estimate(math.exp(log_price), trust, apart, lead_bps, now_ns)


def _part(venue: VenuePrice, now_ns: int, shares: dict[str, float]) -> Part:
    basis = venue.basis
    return Part(
        venue.venue,
        venue.mid,
        None if basis is None else math.exp(venue.log_mid - basis),
        None if basis is None else basis * _BPS,
        max(0, now_ns - venue.received_ns),
        venue.latency_ms,
        shares.get(venue.venue, 0.0),
        venue.is_outlier,
    )


_Vote = tuple[VenuePrice, float, float]


def _outliers(votes: Sequence[_Vote], log_spot: float, bound: float) -> tuple[str, ...]:
    """Names of the venues that stand apart, by the rule of the module's first lines."""
    if not votes:
        return ()
    if len(votes) == 1:
        venue, log, _ = votes[0]
        return (venue.venue,) if abs(log - log_spot) > _LONE_OUTLIERS * bound else ()
    if len(votes) == 2:
        (first, one, _), (second, other, _) = votes
        if abs(one - other) <= bound:
            return ()
        is_first = abs(one - log_spot) > abs(other - log_spot)
        return (first.venue if is_first else second.venue,)
    logs = [log for _, log, _ in votes]
    if max(logs) - min(logs) <= bound:
        return ()
    middle = _weighted_median(votes)
    return tuple(venue.venue for venue, log, _ in votes if abs(log - middle) > bound)


def _weighted_median(votes: Sequence[_Vote]) -> float:
    """No venue may outweigh two others that agree, however fresh it is."""
    ordered = sorted((log, weight) for _, log, weight in votes)
    total = sum(weight for _, weight in ordered)
    capped = [(log, min(weight, 0.49 * total)) for log, weight in ordered]
    half, passed = sum(weight for _, weight in capped) / 2.0, 0.0
    for log, weight in capped:
        passed += weight
        if passed >= half:
            return log
    return capped[-1][0]
