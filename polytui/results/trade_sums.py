"""What trades come to, by whatever they are sorted: strategy, asset and interval, minutes left,
entry price, way out. Dollars as floats, for people; the millionths they are made of are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen

from polytui.model.minutes_left import slice_of
from polytui.model.units import MICRO
from polytui.results.bootstrap import Measured, ratio_interval
from polytui.results.evidence import PlayedTrade
from polytui.results.tables import SETTLEMENT

Closes = Mapping[str, int]
"""When each round closes, by its slug."""


@frozen
class Sums:
    """Of trades whose money is final. Ratios are None where nothing stands below the line."""

    trades: int
    rounds: int
    wins: int
    losses: int
    staked_usd: float
    fees_usd: float
    pnl_usd: float
    won_usd: float
    lost_usd: float
    """Above zero: what the losing ones lost."""
    best_usd: float
    worst_usd: float
    held: int
    """To settlement;"""
    held_wins: int
    """those whose side won;"""
    held_price: float | None
    """and what a share of them cost with its fee: the share of them that must win, to break even.
    """
    per_dollar: Measured | None = None
    """Earned per dollar staked, with its interval."""

    @property
    def win_rate(self) -> float | None:
        return self.wins / self.trades if self.trades else None

    @property
    def break_even_rate(self) -> float | None:
        """The win rate at which wins and losses of the usual size would cancel out."""
        if not (self.wins and self.losses):
            return None
        win, loss = self.won_usd / self.wins, self.lost_usd / self.losses
        return loss / (win + loss)

    @property
    def held_rate(self) -> float | None:
        return self.held_wins / self.held if self.held else None

    @property
    def profit_factor(self) -> float | None:
        return self.won_usd / self.lost_usd if self.lost_usd else None

    @property
    def expectancy_usd(self) -> float | None:
        """Of one trade."""
        return self.pnl_usd / self.trades if self.trades else None


def sums_of(trades: Iterable[PlayedTrade], closes: Closes | None = None) -> Sums:
    """`closes`: where an interval is wanted."""
    final = [one for one in trades if one.is_settled]
    pnls = [one.pnl or 0 for one in final]
    held = [one for one in final if one.ended == SETTLEMENT]
    shares = sum(one.shares for one in held)
    return Sums(
        trades=len(final),
        rounds=len({one.slug for one in final}),
        wins=sum(pnl > 0 for pnl in pnls),
        losses=sum(pnl < 0 for pnl in pnls),
        staked_usd=sum(one.stake for one in final) / MICRO,
        fees_usd=sum(one.fees for one in final) / MICRO,
        pnl_usd=sum(pnls) / MICRO,
        won_usd=sum(pnl for pnl in pnls if pnl > 0) / MICRO,
        lost_usd=-sum(pnl for pnl in pnls if pnl < 0) / MICRO,
        best_usd=max(pnls, default=0) / MICRO,
        worst_usd=min(pnls, default=0) / MICRO,
        held=len(held),
        held_wins=sum((one.pnl or 0) > 0 for one in held),
        held_price=sum(one.stake for one in held) / shares if shares else None,
        per_dollar=None if closes is None else _per_dollar(final, closes),
    )


def _per_dollar(final: Sequence[PlayedTrade], closes: Closes) -> Measured | None:
    if not sum(one.stake for one in final) > 0:
        return None
    return ratio_interval(
        [(one.pnl or 0) / MICRO for one in final],
        [one.stake / MICRO for one in final],
        [closes.get(one.slug, one.closed_ns or one.opened_ns) for one in final],
    )


Who = tuple[str, bool]
"""A strategy, and whether in shadow."""


@frozen
class Slice:
    """The trades of one strategy that have one thing in common."""

    strategy: str
    is_shadow: bool
    label: str
    sums: Sums


def whose(trades: Iterable[PlayedTrade]) -> dict[Who, list[PlayedTrade]]:
    """By strategy, those that were sent first."""
    found: dict[Who, list[PlayedTrade]] = {}
    for one in trades:
        found.setdefault((one.strategy, one.is_shadow), []).append(one)
    return dict(sorted(found.items(), key=lambda pair: (pair[0][1], pair[0][0])))


def sliced(
    trades: Iterable[PlayedTrade],
    label: Callable[[PlayedTrade], str | None],
    order: Sequence[str] = (),
) -> tuple[Slice, ...]:
    """By strategy and label, in this order of labels, else as they are spelled; None leaves a trade
    out."""
    ranks = {name: rank for rank, name in enumerate(order)}
    found = list[Slice]()
    for (strategy, is_shadow), own in whose(trades).items():
        by_label: dict[str, list[PlayedTrade]] = {}
        for one in own:
            if (name := label(one)) is not None:
                by_label.setdefault(name, []).append(one)
        for name in sorted(by_label, key=lambda each: (ranks.get(each, len(ranks)), each)):
            found.append(Slice(strategy, is_shadow, name, sums_of(by_label[name])))
    return tuple(found)


# --- labels ---------------------------------------------------------------------------------------


def market(one: PlayedTrade) -> str:
    return f"{one.asset.upper()} {one.interval}"


def minutes_left(one: PlayedTrade) -> str | None:
    """At its entry."""
    return None if one.left_s is None else slice_of(one.left_s)


_STEP = 10
"""Cents."""
ENTRY_PRICES = tuple(f"{low} to {low + _STEP} c" for low in range(0, 100, _STEP))


def entry_price(one: PlayedTrade) -> str | None:
    if one.entry_px is None:
        return None
    cents = one.entry_px * 100 // MICRO
    return ENTRY_PRICES[min(len(ENTRY_PRICES) - 1, max(0, cents // _STEP))]


def way_out(one: PlayedTrade) -> str | None:
    """None while it is open: nobody has left."""
    return one.ended or None
