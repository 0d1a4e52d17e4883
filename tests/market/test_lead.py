"""How far a price is ahead of the one that settles, found from the two alone."""

from __future__ import annotations

import math
import random

import pytest

from polytui.market.lead import Lead
from polytui.model.units import NS_PER_MS, NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
SIGMA = 8e-5
HALF_LIFE_S = 180.0


def heard(lead_s: float, seconds: int = 600, noise: float = 0.0, late_s: float = 1.4) -> Lead:
    """A walk looked at ten times a second; Chainlink says of each second what it was `lead_s`
    before, and is read `late_s` after it."""
    rng, lead, log, logs = random.Random(2), Lead(), math.log(100_000.0), list[float]()
    for step in range(seconds * 10):
        log += rng.gauss(0.0, SIGMA * math.sqrt(0.1))
        logs.append(log)
        lead.take(math.exp(log), START_NS + step * 100 * NS_PER_MS)
        of_step = step - round(late_s * 10)
        said = of_step - round(lead_s * 10)
        if of_step % 10 == 0 and said >= 0:
            value = math.exp(logs[said] + rng.gauss(0.0, noise))
            lead.heard(value, START_NS + of_step * 100 * NS_PER_MS, HALF_LIFE_S)
    return lead


@pytest.mark.parametrize("lead_s", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_the_lead_is_found(lead_s: float) -> None:
    lead = heard(lead_s)
    assert lead.lead_ns == lead_s * NS_PER_S
    assert lead.error == pytest.approx(0.0, abs=1e-9)


def test_between_two_steps_it_is_the_nearer_and_says_how_far_it_is_off() -> None:
    """1.1 s is 0.1 s from 1.0: that much of the walk is the difference."""
    lead = heard(1.1)
    assert lead.lead_ns == NS_PER_S
    assert lead.error == pytest.approx(SIGMA * math.sqrt(0.1), rel=0.15)


def test_chainlink_of_its_own_mind_is_an_error_that_is_told() -> None:
    lead = heard(1.0, seconds=900, noise=2e-4)
    assert abs(lead.lead_ns - NS_PER_S) <= 500 * NS_PER_MS
    assert lead.error == pytest.approx(2e-4, rel=0.15)


def test_before_half_a_minute_was_compared_there_is_no_lead() -> None:
    young = heard(1.0, seconds=30)
    assert not young.is_known
    assert young.lead_ns == 0
    assert heard(1.0, seconds=45).is_known


def test_what_stood_at_a_moment() -> None:
    lead = Lead()
    for second in (0, 1, 5):
        lead.take(100.0 + second, START_NS + second * NS_PER_S)
    assert lead.log_at(START_NS - 1) is None
    assert lead.log_at(START_NS) == math.log(100.0)
    assert lead.log_at(START_NS + 3 * NS_PER_S) == math.log(101.0)
    assert lead.log_at(START_NS + 3 * NS_PER_S + 1) is None, "nobody said anything for too long"
    lead.take(7.0, START_NS + 5 * NS_PER_S)
    assert lead.log_at(START_NS + 5 * NS_PER_S) == math.log(105.0), "a moment has one price"


def test_what_nobody_looked_at_is_not_compared() -> None:
    """History, or a second while exchanges were away: no price stood there that we know."""
    lead = heard(1.0)
    before = lead.state()
    lead.heard(1.0, START_NS + 10_000 * NS_PER_S, HALF_LIFE_S)
    lead.heard(1.0, START_NS, HALF_LIFE_S)
    assert lead.state() == before


def test_a_clock_that_is_set_back_forgets_what_stood_when() -> None:
    """An hour that was ours alone: what stands now is known at once, and nothing from before."""
    lead, an_hour_ns = Lead(), 3_600 * NS_PER_S
    for second in range(20):
        lead.take(100.0 + second, START_NS + second * NS_PER_S)
    back_ns = START_NS + 20 * NS_PER_S - an_hour_ns
    lead.take(200.0, back_ns)
    assert lead.log_at(back_ns) == math.log(200.0)
    assert lead.log_at(START_NS + 19 * NS_PER_S) is None
