"""What the simulated venue lists: rounds, their books, and what is known of their settlement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from attrs import evolve, frozen

from polytui.model.instrument import (
    Asset,
    FeeSchedule,
    Interval,
    Outcome,
    Round,
    SettlementRule,
)
from polytui.model.units import HALF, MICRO, Price
from polytui.sim.world.calendar import CalendarWindow, round_slug
from polytui.sim.world.matching import ConditionBook
from polytui.sim.world.world_events import RoundResolved, StrikeKnown

_WINDOW_S = 60


@frozen
class RoundStatus:
    """What the venue has published of a round so far. Prices are dollars x 10^18."""

    strike_e18: int | None = None
    final_e18: int | None = None
    winner: Outcome | None = None
    """None before there is a result, and of a void round for ever."""
    resolved_ns: int | None = None

    @property
    def is_resolved(self) -> bool:
        return self.resolved_ns is not None

    def payout(self, outcome: Outcome) -> int:
        """Millionths of a dollar that a share is paid; asked once there is a result."""
        if self.winner is None:
            return HALF
        return MICRO if self.winner is outcome else 0


@frozen
class Verdict:
    """What somebody has decided about a round's result beforehand."""

    late_ns: int = 0
    """So much later than it would be."""
    is_void: bool = False
    winner: Outcome | None = None
    """None: what the prices say."""


_BY_THE_PRICES = Verdict()


def make_round(
    seed: int, asset: Asset, interval: Interval, window: CalendarWindow, v2_share: float = 0.0
) -> Round:
    """The round of a window, with ids that follow from the seed and its slug, and so does the
    protocol: a share of all rounds are of the second."""
    slug = round_slug(asset, interval, window.opens_ns)
    is_hourly = interval is Interval.H1
    is_v2 = int(_digest(seed, slug, "protocol")[:8], 16) < v2_share * 2**32
    condition_id, up_token, down_token = (_v2_ids if is_v2 else _v1_ids)(seed, slug)
    return Round(
        slug=slug,
        asset=asset,
        interval=interval,
        condition_id=condition_id,
        up_token=up_token,
        down_token=down_token,
        opens_ns=window.opens_ns,
        closes_ns=window.closes_ns,
        settlement=SettlementRule.CANDLE if is_hourly else SettlementRule.TWAP,
        window_s=0 if is_hourly else _WINDOW_S,
        protocol="v2" if is_v2 else "v1",
    )


def _v1_ids(seed: int, slug: str) -> tuple[str, str, str]:
    """Condition, Up's token and Down's: three hashes."""
    condition_id = "0x" + _digest(seed, slug, "condition")
    up, down = _digest(seed, slug, "up"), _digest(seed, slug, "down")
    return condition_id, str(int(up, 16)), str(int(down, 16))


def _v2_ids(seed: int, slug: str) -> tuple[str, str, str]:
    """Condition and the two positions of it, which are the condition with the outcome's index for
    a last byte. It begins with the binary module's number, and 64 of its bits are kept zero
    (bits 40 to 103 of the position, by which clients tell a position from a CTF token)."""
    digest = _digest(seed, slug, "condition")
    structure = f"01{digest[:36]}{'0' * 16}{digest[36:44]}"
    up, down = int(f"{structure}00", 16), int(f"{structure}01", 16)
    return f"0x{structure}00", str(up), str(down)


def _digest(seed: int, slug: str, part: str) -> str:
    return sha256(f"{seed}:{slug}:{part}".encode()).hexdigest()


class Registry:
    """Rounds by slug, from their listing until they are forgotten."""

    def __init__(self) -> None:
        self.rounds: dict[str, Round] = {}
        self._books: dict[str, ConditionBook] = {}
        self._statuses: dict[str, RoundStatus] = {}
        self._slugs: dict[str, str] = {}
        """By condition and by token."""
        self._told: dict[str, list[Callable[[RoundResolved], None]]] = {}
        self._remembered: dict[str, Round] = {}
        """No longer listed, but somebody still needs to know who won."""
        self._needed: list[Callable[[Round], bool]] = []
        self._verdicts: dict[str, Verdict] = {}

    def __iter__(self) -> Iterator[Round]:
        return iter(self.rounds.values())

    def enlist(self, round_: Round) -> None:
        self.rounds[round_.slug] = round_
        self._statuses[round_.slug] = RoundStatus()
        for name in (round_.condition_id, round_.up_token, round_.down_token):
            self._slugs[name] = round_.slug

    def find(self, name: str) -> Round | None:
        """The round of a condition or a token, listed or remembered."""
        slug = self._slugs.get(name)
        return None if slug is None else self.rounds.get(slug) or self._remembered[slug]

    def remember_if(self, is_needed: Callable[[Round], bool]) -> None:
        """`is_needed` is asked about each round that leaves the list."""
        self._needed.append(is_needed)

    def forget(self, slug: str) -> None:
        """It is listed no longer. Where it is needed, `find` and `status` know it for ever."""
        round_ = self.rounds.pop(slug)
        self._books.pop(slug, None)
        if any(is_needed(round_) for is_needed in self._needed):
            self._remembered[slug] = round_
            return
        for name in (round_.condition_id, round_.up_token, round_.down_token):
            del self._slugs[name]
        del self._statuses[slug]

    def book(self, slug: str) -> ConditionBook:
        """The round's book, made at the first ask; KeyError for a slug that is not listed."""
        book = self._books.get(slug)
        if book is None:
            round_ = self.rounds[slug]
            book = ConditionBook(round_.tick, round_.fees, round_.min_shares)
            self._books[slug] = book
        return book

    def status(self, slug: str) -> RoundStatus:
        """KeyError for a slug that is neither listed nor remembered."""
        return self._statuses[slug]

    def set_tick(self, slug: str, tick: Price) -> None:
        self.book(slug).set_tick(tick)
        self.rounds[slug] = self.rounds[slug].with_tick(tick)

    def set_fees(self, slug: str, fees: FeeSchedule) -> None:
        """Of every match from here on; whoever rests there stays."""
        self.rounds[slug] = evolve(self.rounds[slug], fees=fees)
        self.book(slug).fees = fees

    def rule(self, slug: str, verdict: Verdict) -> None:
        """Of a round without a result; ValueError for one that has it, KeyError for one that is
        not listed."""
        if self.rounds[slug] and self._statuses[slug].is_resolved:
            raise ValueError(f"{slug} has its result")
        self._verdicts[slug] = verdict

    def verdict(self, slug: str) -> Verdict:
        return self._verdicts.get(slug, _BY_THE_PRICES)

    def publish_strike(self, known: StrikeKnown) -> None:
        status = self._statuses[known.slug]
        self._statuses[known.slug] = evolve(status, strike_e18=known.strike_e18)

    def when_resolved(self, slug: str, told: Callable[[RoundResolved], None]) -> None:
        """Calls `told` once the winner is named and nothing rests any more; never for a round that
        is resolved already."""
        self._told.setdefault(slug, []).append(told)

    def publish_result(self, resolved: RoundResolved) -> None:
        """The winner is named, and nothing rests any more."""
        self._verdicts.pop(resolved.slug, None)
        self._statuses[resolved.slug] = RoundStatus(
            resolved.strike_e18, resolved.final_e18, resolved.winner, resolved.at_ns
        )
        self.book(resolved.slug).clear()
        for told in self._told.pop(resolved.slug, ()):
            told(resolved)
