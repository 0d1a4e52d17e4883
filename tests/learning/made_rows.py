"""Views of rounds that never were: what all know, what only one feature knows, and chance."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

from polytui.learning.samples import SampleCollector, SampleTable
from polytui.market.features import NAMES
from polytui.model.units import MICRO, NS_PER_S

START_NS = 1_795_204_800 * NS_PER_S
"""2026-11-20 20:00:00 UTC."""
LENGTH_S = 300


def a_row(number: int = 0, at_s: float = 150.0, **changes: Any) -> dict[str, Any]:
    """A view of round `number`, rounds of five minutes one after another."""
    opens_ns = START_NS + number * LENGTH_S * NS_PER_S
    at_ns = opens_ns + round(at_s * NS_PER_S)
    row: dict[str, Any] = {
        "session": "one",
        "mode": "paper",
        "at": at_ns,
        "asset": "btc",
        "interval": "5m",
        "slug": f"btc-updown-5m-{opens_ns // NS_PER_S}",
        "opens": opens_ns,
        "closes": opens_ns + LENGTH_S * NS_PER_S,
        "features_at": at_ns - NS_PER_S // 10,
        "since_open_s": at_s,
        "left_s": LENGTH_S - at_s,
        "strike": 65_000.0,
        "mean": 65_000.0,
        "sigma": 20.0,
        "fair_up": 0.5,
        "up_bid": 490_000,
        "up_ask": 510_000,
        **dict.fromkeys(NAMES, 0.0),
        "winner": "up",
    }
    return row | changes


def made_rows(
    rounds: int, *, secret: float = 0.0, seed: int = 1, views: int = 3
) -> Iterator[dict[str, Any]]:
    """`secret`: how much of the outcome's logit is known by `velocity_bps_s` alone. Fair value and
    the book know the rest, the book better."""
    dice = random.Random(seed)
    for number in range(rounds):
        known, hidden = dice.gauss(0.0, 1.0), dice.gauss(0.0, 1.0)
        won = dice.random() < _sigmoid(known + secret * hidden)
        for view in range(views):
            mid = round(_sigmoid(known) * MICRO)
            noise = {name: dice.gauss(0.0, 1.0) for name in NAMES}
            yield a_row(
                number,
                60.0 + 60.0 * view,
                fair_up=_sigmoid(known + dice.gauss(0.0, 0.7)),
                mean=65_000.0 + 20.0 * known,
                up_bid=mid - 10_000,
                up_ask=mid + 10_000,
                winner="up" if won else "down",
                **(noise | {"velocity_bps_s": hidden, "rsi_14": None}),
            )


def made_samples(rounds: int, *, secret: float = 0.0, seed: int = 1) -> SampleTable:
    collector = SampleCollector()
    for number, row in enumerate(made_rows(rounds, secret=secret, seed=seed)):
        collector.take(row, f"row {number}")
    return collector.samples()


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))
