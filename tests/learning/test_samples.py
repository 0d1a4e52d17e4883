"""Samples: asked as the predictor is asked, and nothing that cannot have been seen so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from made_rows import LENGTH_S, START_NS, a_row

from polytui.learning.bad_samples import BadSamples
from polytui.learning.samples import SampleCollector, SampleTable
from polytui.market.predictor import INPUTS
from polytui.model.units import NS_PER_S


def collected(*rows: dict[str, Any], every_s: float = 0.0) -> SampleTable:
    collector = SampleCollector(every_s)
    for number, row in enumerate(rows, 1):
        collector.take(row, f"views.parquet, row {number}")
    return collector.samples()


def test_a_row_becomes_the_inputs_of_its_question() -> None:
    row = a_row(at_s=75.0, fair_up=0.75, mean=65_030.0, rsi_14=61.0, macd_bps=None)
    samples = collected(row | {"up_bid": 590_000, "up_ask": 610_000})
    inputs = dict(zip(INPUTS, samples.inputs[0], strict=True))
    assert (inputs["rsi_14"], inputs["sigmas"], inputs["left_share"]) == (61.0, 1.5, 0.75)
    assert inputs["fair_logit"] == pytest.approx(math.log(3.0))
    assert inputs["mid_logit"] == pytest.approx(math.log(1.5))
    assert math.isnan(inputs["macd_bps"])
    assert (samples.fair_up[0], samples.mid_up[0], samples.up_won[0]) == (0.75, 0.6, 1.0)


def test_a_book_of_one_side_has_no_price_of_the_market() -> None:
    samples = collected(a_row(up_ask=1_000_000))
    assert math.isnan(samples.mid_up[0])
    assert math.isnan(samples.inputs[0][INPUTS.index("mid_logit")])


def test_rounds_stand_by_opening_and_each_weighs_one() -> None:
    samples = collected(a_row(2), a_row(0, 60.0), a_row(1), a_row(0, 30.0), a_row(0, 90.0))
    assert [one.opens_ns for one in samples.rounds] == sorted(
        one.opens_ns for one in samples.rounds
    )
    assert samples.round_of.tolist() == [0, 0, 0, 1, 2]
    assert samples.weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0, 1.0])
    left = samples.inputs[:3, INPUTS.index("left_share")]
    assert left.tolist() == pytest.approx([0.9, 0.8, 0.7])


def test_some_of_the_rounds_are_a_table_of_their_own() -> None:
    samples = collected(
        *(a_row(n, s, fair_up=n / 10 + s / 1e4) for n in range(4) for s in (30, 60))
    )
    some = samples.of_rounds(np.array([1, 3]))
    assert [one.slug for one in some.rounds] == [samples.rounds[n].slug for n in (1, 3)]
    assert some.round_of.tolist() == [0, 0, 1, 1]
    assert some.fair_up.tolist() == pytest.approx([0.103, 0.106, 0.303, 0.306])


def test_neighbours_in_time_count_once() -> None:
    samples = collected(*(a_row(0, 30.0 + step) for step in range(20)), every_s=5.0)
    assert len(samples.round_of) == 4
    assert samples.left_out == (("there is another one of about the same moment", 16),)


def test_what_was_exported_twice_counts_once() -> None:
    again = a_row(session="the same round, seen by another session")
    samples = collected(a_row(), a_row(), again)
    assert (len(samples.rounds), len(samples.round_of)) == (1, 1)


def test_each_simulated_session_is_a_world_of_its_own() -> None:
    other = {"mode": "demo", "session": "two", "winner": "down"}
    samples = collected(a_row(mode="demo"), a_row(**other))
    assert sorted(one.up_won for one in samples.rounds) == [False, True]


def test_rounds_without_a_winner_are_left_out_and_counted() -> None:
    samples = collected(
        a_row(), a_row(1, winner=None), a_row(2, winner="void"), a_row(3, fair_up=None)
    )
    assert len(samples.rounds) == 1
    assert dict(samples.left_out) == {
        "nobody knows yet who won the round, or it was void": 2,
        "there was no fair value": 1,
    }


def test_nothing_to_learn_from_says_why() -> None:
    with pytest.raises(BadSamples, match=r"nothing to learn from: 1 views where nobody knows"):
        collected(a_row(winner=None))
    with pytest.raises(BadSamples, match="nothing to learn from: no view at all"):
        collected()


_OPENS, _CLOSES = START_NS, START_NS + LENGTH_S * NS_PER_S


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": _CLOSES}, "0 s after it closed: its end would be learned"),
        ({"at": _CLOSES + 2 * NS_PER_S}, "2 s after it closed"),
        ({"at": _OPENS - 1}, "before it opened"),
        ({"features_at": _OPENS + 151 * NS_PER_S}, "1 s younger than the view"),
        ({"closes": _OPENS}, "closes before it opens"),
        ({"fair_up": 1.2}, "fair_up is 1.2: expected 0 to 1"),
        ({"strike": math.inf}, "strike is inf: expected a finite number"),
        ({"lead_lag": "much"}, "lead_lag is 'much'"),
        ({"asset": "doge"}, "doge"),
        ({"interval": "7m"}, "7m"),
        ({"at": None}, "does not say when"),
        ({"up_bid": None}, "at which prices"),
    ],
)
def test_what_cannot_have_been_seen_is_named_with_its_row(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadSamples, match=f"views.parquet, row 2: .*{words}"):
        collected(a_row(1), a_row(**changes))


def test_a_round_that_two_rows_tell_differently_is_named() -> None:
    with pytest.raises(BadSamples, match=r"row 2: .* was won by down, and before not"):
        collected(a_row(), a_row(at_s=160.0, winner="down"))
    with pytest.raises(BadSamples, match=r"row 2: .* at another time than before"):
        collected(a_row(), a_row(at_s=160.0, closes=_CLOSES + NS_PER_S))
