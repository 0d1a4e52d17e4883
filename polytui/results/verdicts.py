"""Has a strategy an edge? Positive, none, or not enough data, and how much would be enough.

Two things must agree before it is called positive. The interval of dollars earned per dollar
staked, drawn by blocks of time, must lie above zero. And a gambler who bets a part of his money on
every block, knowing nothing, must have grown it twentyfold: in a market without an edge he has no
more than one chance in twenty of ever getting there, whatever the odds of single rounds are and
however often one looks (Ville 1939; Waudby-Smith and Ramdas 2023). The first is fooled by rare
losses: who buys at 97 cents wins twenty times in a row more often than not. The second is not.

None means that the data leaves no room for an edge worth having.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from attrs import evolve, frozen

from polytui.model.units import MICRO
from polytui.results.bootstrap import Floats, Measured, blocks_of, ratio_interval
from polytui.results.evidence import Evidence, PlayedRound, PlayedTrade
from polytui.results.kept_verdicts import EdgeWord, KeptVerdict, own_digest

LEAST_ROUNDS = 20
LEAST_BLOCKS = 10
"""Of fewer rounds, or quarters of an hour, nothing is said."""
WORTH_HAVING = 0.02
"""Dollars per dollar staked: an edge that is smaller than this is as good as none."""
TWENTYFOLD = 20.0
_BETS = np.array([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.95])
"""Shares of his money: the gambler divides it among so many, each of whom keeps to his own."""
MOST_ROUNDS = 1_000_000
"""More are as good as never."""


@frozen
class EdgeVerdict:
    """Of one strategy on one set of data."""

    strategy: str
    is_shadow: bool
    """Judged by virtual orders: it sent none, or might send none."""
    word: EdgeWord
    rounds: int
    """In which it staked something and whose winner is known."""
    staked_usd: float
    pnl_usd: float
    per_dollar: Measured | None
    grown: float
    """What the gambler has of a dollar."""
    rounds_needed: int | None
    """In all, until there would be an answer, if rounds go on as they did; None where there is one,
    or where nobody can say."""

    def text(self) -> str:
        """One line: "none: -3.1 % per dollar staked (-6.0 % to -0.2 %), 480 rounds"."""
        if self.per_dollar is None:
            return f"{self.word.value}: it staked nothing in a round whose winner is known"
        found = self.per_dollar
        interval = f" ({found.low:+.1%} to {found.high:+.1%})" if found.has_interval else ""
        line = f"{self.word.value}: {found.mean:+.1%} per dollar staked{interval}"
        line += f", {self.rounds:,} rounds"
        if self.word is EdgeWord.UNKNOWN:
            needed = self.rounds_needed
            many = f"about {needed:,}" if needed is not None else f"more than {MOST_ROUNDS:,}"
            line += f"; it would take {many}"
        return line + (", in shadow" if self.is_shadow else "")


@frozen
class RoundResult:
    """What one strategy staked and earned in one round, in millionths, and when it closed."""

    closes_ns: int
    staked: int
    pnl: int


def verdicts_of(evidence: Evidence) -> tuple[EdgeVerdict, ...]:
    """Of every strategy that was asked, by its own orders where it sent any, else by those that
    its shadow would have sent."""
    rounds = {one.slug: one for one in evidence.rounds if one.winner}
    asked = {one.strategy for one in evidence.blocks}
    traded = {one.strategy for one in evidence.blocks if not one.is_shadow}
    names = sorted({*asked, *(one.strategy for one in evidence.trades)} - {""})
    found = [_of_strategy(name, evidence.trades, rounds, name in traded) for name in names]
    if evidence.coverage.is_market_modelled:
        return tuple(_of_a_model(one) for one in found)
    return tuple(found)


def _of_a_model(found: EdgeVerdict) -> EdgeVerdict:
    """Who beats a model of the market has shown that two models differ, in however many rounds."""
    if found.word is not EdgeWord.POSITIVE:
        return found
    return evolve(found, word=EdgeWord.UNKNOWN, rounds_needed=None)


def to_keep(
    evidence: Evidence, verdicts: Iterable[EdgeVerdict], own: Mapping[str, Any]
) -> list[KeptVerdict]:
    """Of those strategies whose own settings are told, by name."""
    coverage = evidence.coverage
    return [
        KeptVerdict(
            strategy=one.strategy,
            digest=own_digest(own[one.strategy]),
            word=one.word,
            is_forward=coverage.is_forward,
            rounds=one.rounds,
            mean=None if one.per_dollar is None else one.per_dollar.mean,
            low=None if one.per_dollar is None else one.per_dollar.low,
            high=None if one.per_dollar is None else one.per_dollar.high,
            data=coverage.data,
            data_digest=coverage.digest,
            from_ns=coverage.from_ns,
            until_ns=coverage.until_ns,
        )
        for one in verdicts
        if one.strategy in own
    ]


def _of_strategy(
    name: str, trades: Iterable[PlayedTrade], rounds: Mapping[str, PlayedRound], may_trade: bool
) -> EdgeVerdict:
    """`may_trade`: in some round, whether it sent anything or not."""
    own = [one for one in trades if one.strategy == name and one.slug in rounds and one.is_settled]
    sent = [one for one in own if not one.is_shadow]
    is_shadow = not sent if own else not may_trade
    return judged(name, is_shadow, round_results(sent or own, rounds))


def round_results(
    trades: Iterable[PlayedTrade], rounds: Mapping[str, PlayedRound]
) -> list[RoundResult]:
    """By round, the first to close first."""
    staked, pnl = dict[str, int](), dict[str, int]()
    for one in trades:
        staked[one.slug] = staked.get(one.slug, 0) + one.stake
        pnl[one.slug] = pnl.get(one.slug, 0) + (one.pnl or 0)
    found = [RoundResult(rounds[slug].closes_ns, staked[slug], pnl[slug]) for slug in staked]
    return sorted(found, key=lambda one: one.closes_ns)


def judged(name: str, is_shadow: bool, results: Iterable[RoundResult]) -> EdgeVerdict:
    found = [one for one in results if one.staked > 0]
    if not found:
        return EdgeVerdict(name, is_shadow, EdgeWord.UNKNOWN, 0, 0.0, 0.0, None, 1.0, None)
    staked = [one.staked / MICRO for one in found]
    pnls = [one.pnl / MICRO for one in found]
    closes = [one.closes_ns for one in found]
    measured = ratio_interval(pnls, staked, closes)
    returns = _returns(np.array(staked), np.array(pnls), closes)
    grown = gamblers_money(returns)
    word = _word(len(found), measured, grown)
    needed = _needed(len(found), measured, returns) if word is EdgeWord.UNKNOWN else None
    return EdgeVerdict(
        name, is_shadow, word, len(found), sum(staked), sum(pnls), measured, grown, needed
    )


def _returns(staked: Floats, pnls: Floats, closes: list[int]) -> Floats:
    """Of each block, earned over staked, in the order of time."""
    _, numbers = np.unique(blocks_of(closes), return_inverse=True)
    return np.asarray(np.bincount(numbers, pnls) / np.bincount(numbers, staked))


def _word(rounds: int, measured: Measured, grown: float) -> EdgeWord:
    if rounds < LEAST_ROUNDS or measured.blocks < LEAST_BLOCKS:
        return EdgeWord.UNKNOWN
    if measured.low > 0.0 and grown >= TWENTYFOLD:
        return EdgeWord.POSITIVE
    return EdgeWord.NONE if measured.high < WORTH_HAVING else EdgeWord.UNKNOWN


def gamblers_money(returns: Floats) -> float:
    """What a dollar became that was bet on every block, in equal parts on each of `_BETS`. A return
    is never below -1: nobody loses more than he stakes."""
    kept = np.maximum(returns, -1.0)
    grown = np.log1p(_BETS[:, None] * kept[None, :]).sum(axis=1)
    most = float(grown.max())
    return float(math.exp(min(most, 500.0)) * np.exp(grown - most).mean())


def _needed(rounds: int, measured: Measured, returns: Floats) -> int | None:
    """Rounds until it is positive, or none, whichever comes first."""
    found = [
        many
        for many in (_until_positive(measured, returns), _until_none(measured))
        if many is not None
    ]
    if not found:
        return None
    least = max(LEAST_ROUNDS / rounds, LEAST_BLOCKS / measured.blocks)
    needed = max(rounds + 1, math.ceil(rounds * max(least, min(found))))
    return needed if needed <= MOST_ROUNDS else None


def _until_positive(measured: Measured, returns: Floats) -> float | None:
    """How many times the data it takes."""
    if measured.mean <= 0.0:
        return None
    growth = float(np.log1p(_BETS[:, None] * np.maximum(returns, -1.0)[None, :]).mean(axis=1).max())
    if growth <= 0.0:
        return None
    by_gambler = math.log(TWENTYFOLD * len(_BETS)) / growth / len(returns)
    by_interval = ((measured.mean - measured.low) / measured.mean) ** 2
    return max(by_gambler, by_interval)


def _until_none(measured: Measured) -> float | None:
    room = WORTH_HAVING - measured.mean
    return ((measured.high - measured.mean) / room) ** 2 if room > 0.0 else None
