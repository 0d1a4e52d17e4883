"""What a model learns from: views of rounds whose winner is known, asked as a predictor is asked.

One sample is one view of one round: the inputs of `market/predictor.py`, what fair value and the
book said, and who won. Rounds stand in the order of their opening, so that time can be cut.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from polytui.learning.bad_samples import BadSamples
from polytui.market.features import NAMES, Feature, FeatureSet
from polytui.market.predictor import Question, inputs_of
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.strategy.predictor import left_share_of, sigmas_of
from polytui.strategy.readings import middle_of

SeenRow = Mapping[str, Any]
"""One view by column, as `backtest/recorded_views.py` makes it: moments in nanoseconds, prices of
the book in millionths, None where something is missing."""
WORDS = ("asset", "interval", "slug")
MOMENTS = ("at", "opens", "closes", "features_at")
PRICES = ("up_bid", "up_ask")
NUMBERS = ("since_open_s", "left_s", "strike", "fair_up", "sigma", "mean", *NAMES)
COLUMNS = (*WORDS, *MOMENTS, *PRICES, *NUMBERS, "winner")
"""Every column that is read of a row; `session` and `mode` say whose it is, where they are there.
"""
_SIMULATED = "demo"
"""Each session of this mode is a world of its own: its rounds are called as those of others."""


@frozen
class SampledRound:
    """A round that views were sampled of."""

    slug: str
    asset: Asset
    interval: Interval
    opens_ns: int
    closes_ns: int
    up_won: bool


@frozen(eq=False)
class SampleTable:
    """A table of samples: `rounds` by opening, everything else by row, in its rounds' order."""

    rounds: tuple[SampledRound, ...]
    round_of: NDArray[np.int64]
    """Index of its round, by row; never falling."""
    inputs: NDArray[np.float64]
    """rows x `market.predictor.INPUTS`; NaN where one is missing."""
    fair_up: NDArray[np.float64]
    mid_up: NDArray[np.float64]
    """Dollars; NaN where the book has one side."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Rows that were not taken: why, in words, and how many."""

    @property
    def up_won(self) -> NDArray[np.float64]:
        """1 where Up won, else 0, by row."""
        won = np.array([one.up_won for one in self.rounds], dtype=np.float64)
        return won[self.round_of]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Of each row, so that every round weighs 1, however often it was seen."""
        counts = np.bincount(self.round_of, minlength=len(self.rounds))
        return np.asarray(1.0 / counts[self.round_of])

    def of_rounds(self, chosen: NDArray[np.int64]) -> SampleTable:
        """Those of these rounds alone, which are given by index, rising."""
        is_chosen = np.isin(self.round_of, chosen)
        place = np.full(len(self.rounds), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        return SampleTable(
            tuple(self.rounds[index] for index in chosen),
            place[self.round_of[is_chosen]],
            self.inputs[is_chosen],
            self.fair_up[is_chosen],
            self.mid_up[is_chosen],
        )


@define
class _RoundRows:
    """One round while its rows come in."""

    round: SampledRound
    rows: dict[int, tuple[tuple[float, ...], float, float]] = field(factory=dict)
    """By moment: inputs, fair value, mid."""


class SampleCollector:
    """State: the rounds seen so far, and how many rows were left out why."""

    def __init__(self, every_s: float = 0.0) -> None:
        """A view a round in each `every_s` seconds of session time at most; 0 takes all."""
        self._every_ns = round(every_s * NS_PER_S)
        self._seen: dict[tuple[str, str], _RoundRows] = {}
        self._left_out: Counter[str] = Counter()

    def take(self, row: SeenRow, where: str) -> None:
        """`where` names the row to people. BadSamples for one that cannot have been seen so."""
        _check_time(row, where)
        if row["winner"] not in ("up", "down"):
            self._left_out["nobody knows yet who won the round, or it was void"] += 1
            return
        if row["fair_up"] is None:
            self._left_out["there was no fair value"] += 1
            return
        seen = self._round_of(row, where)
        # One place a span: a row that comes twice, of the same session or another, counts once.
        at_ns = row["at"]
        place = at_ns // self._every_ns if self._every_ns else at_ns
        if place in seen.rows:
            self._left_out["there is another one of about the same moment"] += 1
            return
        mid = middle_of(row["up_bid"], row["up_ask"])
        fair_up = _number(row, "fair_up", where)
        if not 0.0 <= fair_up <= 1.0:
            raise BadSamples(f"{where}: fair_up is {fair_up:g}: expected 0 to 1")
        inputs = inputs_of(question_from(row, where))
        seen.rows[place] = (inputs, fair_up, math.nan if mid is None else mid)

    def _round_of(self, row: SeenRow, where: str) -> _RoundRows:
        is_own = row.get("mode", _SIMULATED) in (None, _SIMULATED)
        key = (row.get("session") or "" if is_own else "", row["slug"])
        won = row["winner"] == "up"
        seen = self._seen.get(key)
        if seen is None:
            try:
                asset, interval = Asset(row["asset"]), Interval(row["interval"])
            except ValueError as error:
                raise BadSamples(f"{where}: {error}") from error
            listed = SampledRound(row["slug"], asset, interval, row["opens"], row["closes"], won)
            seen = self._seen[key] = _RoundRows(listed)
        elif seen.round.up_won != won:
            raise BadSamples(f"{where}: {row['slug']} was won by {row['winner']}, and before not")
        elif (seen.round.opens_ns, seen.round.closes_ns) != (row["opens"], row["closes"]):
            raise BadSamples(f"{where}: {row['slug']} opens or closes at another time than before")
        return seen

    def samples(self) -> SampleTable:
        """All of them. BadSamples where there are none."""
        found = sorted(
            (one for one in self._seen.values() if one.rows),
            key=lambda one: (one.round.opens_ns, one.round.closes_ns, one.round.slug),
        )
        if not found:
            raise BadSamples(f"there is nothing to learn from: {self._words() or 'no view at all'}")
        rows = [(index, *cells) for index, one in enumerate(found) for cells in _ordered(one)]
        return SampleTable(
            tuple(one.round for one in found),
            np.array([index for index, *_ in rows], dtype=np.int64),
            np.array([inputs for _, inputs, _, _ in rows], dtype=np.float64),
            np.array([fair for _, _, fair, _ in rows], dtype=np.float64),
            np.array([mid for _, _, _, mid in rows], dtype=np.float64),
            tuple(self._left_out.most_common()),
        )

    def _words(self) -> str:
        return ", ".join(f"{count} views where {why}" for why, count in self._left_out.items())


def _ordered(seen: _RoundRows) -> Iterator[tuple[tuple[float, ...], float, float]]:
    return (cells for _, cells in sorted(seen.rows.items()))


def question_from(row: SeenRow, where: str = "") -> Question:
    """What the predictor was asked in this view, from its columns."""
    features_ns = row["features_at"] or 0
    made = tuple(
        Feature(name, None if row[name] is None else _number(row, name, where), features_ns, False)
        for name in NAMES
    )
    number = {
        name: math.nan if row[name] is None else _number(row, name, where)
        for name in ("since_open_s", "left_s", "strike", "fair_up", "sigma", "mean")
    }
    return Question(
        FeatureSet(features_ns, made),
        number["fair_up"],
        sigmas_of(number["mean"], number["strike"], number["sigma"]),
        left_share_of(number["since_open_s"], number["left_s"]),
        middle_of(row["up_bid"], row["up_ask"]),
    )


def _number(row: SeenRow, name: str, where: str) -> float:
    value = row[name]
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    raise BadSamples(f"{where}: {name} is {value!r}: expected a finite number")


def _check_time(row: SeenRow, where: str) -> None:
    """Nothing that was seen is of another time than its round's, or made of what came after it."""
    at_ns, opens_ns, closes_ns = row["at"], row["opens"], row["closes"]
    if None in (at_ns, opens_ns, closes_ns, row["slug"], row["up_bid"], row["up_ask"]):
        raise BadSamples(
            f"{where}: it does not say when it was, of which round, or at which prices"
        )
    if closes_ns <= opens_ns:
        raise BadSamples(f"{where}: {row['slug']} closes before it opens")
    if not opens_ns <= at_ns < closes_ns:
        late_s = (at_ns - closes_ns) / NS_PER_S
        when = f"{late_s:g} s after it closed" if late_s >= 0 else "before it opened"
        raise BadSamples(f"{where}: a view of {row['slug']} from {when}: its end would be learned")
    if (row["features_at"] or 0) > at_ns:
        ahead_s = (row["features_at"] - at_ns) / NS_PER_S
        raise BadSamples(f"{where}: its features are {ahead_s:g} s younger than the view itself")
