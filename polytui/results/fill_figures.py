"""What fills cost, and what was worth how much afterwards.

Everything is in cents a share, signed for us: above zero we were better off. A mark-out is the mid
of the fill's outcome so long after it less its price; the one to settlement takes what the share
paid. Fees are not in it, and stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from attrs import frozen

from polytui.model.effects import VOID
from polytui.model.units import MICRO
from polytui.results.bootstrap import Measured, ratio_interval
from polytui.results.evidence import MARK_SECONDS, PlayedFill, PlayedRound

_CENT = MICRO / 100


@frozen
class MarkOut:
    """So long after the fill, mean over shares."""

    after: str
    """1 s, 5 s, 30 s, settlement."""
    fills: int
    """That it is known of."""
    cents: Measured | None


@frozen
class FillFigures:
    strategy: str
    is_shadow: bool
    fills: int
    maker_fills: int
    shares: float
    volume_usd: float
    maker_share: float | None
    """Of the volume, in dollars."""
    fees_usd: float
    fee_cents: float | None
    """A share, mean of all."""
    slippage_cents: float | None
    """Of takers: paid beyond the mid of the moment when the order was decided, above zero where
    it cost us. Half the spread is in it."""
    drift_cents: float | None
    """Of that, how far the mid moved against us while the order was on its way."""
    mark_outs: tuple[MarkOut, ...]


def fill_figures(
    fills: Iterable[PlayedFill], rounds: Iterable[PlayedRound]
) -> tuple[FillFigures, ...]:
    """By strategy; those that were sent come first."""
    by_slug = {one.slug: one for one in rounds}
    groups: dict[tuple[bool, str], list[PlayedFill]] = {}
    for one in fills:
        groups.setdefault((one.is_shadow, one.strategy), []).append(one)
    return tuple(_figures(groups[key], by_slug) for key in sorted(groups))


def _figures(fills: list[PlayedFill], rounds: Mapping[str, PlayedRound]) -> FillFigures:
    volumes = [one.price * one.shares / MICRO / MICRO for one in fills]
    made = sum(v for v, one in zip(volumes, fills, strict=True) if not one.is_taker)
    shares = sum(one.shares for one in fills)
    taken = [one for one in fills if one.is_taker]
    decided = [one for one in taken if one.decided_mid is not None]
    moved = [one for one in decided if one.mid is not None]
    marks = [
        _mark_out(f"{seconds} s", [(one, _mark(one, number)) for one in fills], rounds)
        for number, seconds in enumerate(MARK_SECONDS)
    ]
    marks.append(
        _mark_out("settlement", [(one, paid(one, rounds.get(one.slug))) for one in fills], rounds)
    )
    return FillFigures(
        strategy=fills[0].strategy,
        is_shadow=fills[0].is_shadow,
        fills=len(fills),
        maker_fills=len(fills) - len(taken),
        shares=shares / MICRO,
        volume_usd=sum(volumes),
        maker_share=made / sum(volumes) if sum(volumes) else None,
        fees_usd=sum(one.fee for one in fills) / MICRO,
        fee_cents=sum(one.fee for one in fills) / shares * 100 if shares else None,
        slippage_cents=_mean(
            [(one.sign * (one.price - (one.decided_mid or 0)), one.shares) for one in decided]
        ),
        drift_cents=_mean(
            [(one.sign * ((one.mid or 0) - (one.decided_mid or 0)), one.shares) for one in moved]
        ),
        mark_outs=tuple(marks),
    )


def _mark(fill: PlayedFill, number: int) -> int | None:
    return fill.marks[number] if number < len(fill.marks) else None


def paid(fill: PlayedFill, listed: PlayedRound | None) -> int | None:
    """What one of its shares came to at the end."""
    if listed is None or not listed.winner:
        return None
    if listed.winner == VOID:
        return MICRO // 2
    return MICRO if listed.winner == fill.outcome else 0


def _mean(found: list[tuple[int, int]]) -> float | None:
    """Millionths by shares to cents."""
    shares = sum(one for _, one in found)
    return sum(value * one for value, one in found) / shares / _CENT if shares else None


def _mark_out(
    after: str, found: list[tuple[PlayedFill, int | None]], rounds: Mapping[str, PlayedRound]
) -> MarkOut:
    known = [(fill, mark) for fill, mark in found if mark is not None]
    shares = np.array([fill.shares for fill, _ in known], dtype=np.float64)
    if not shares.sum() > 0.0:
        return MarkOut(after, len(known), None)
    gains = [fill.sign * (mark - fill.price) / _CENT for fill, mark in known]
    closes = [
        fill.at_ns if (listed := rounds.get(fill.slug)) is None else listed.closes_ns
        for fill, _ in known
    ]
    measured = ratio_interval(list(np.array(gains) * shares), list(shares), closes)
    return MarkOut(after, len(known), measured)
