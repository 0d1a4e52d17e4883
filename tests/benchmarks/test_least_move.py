"""Deciding when something moved gives the orders of deciding always, but for what the threshold
explains: two minds on one tape of a simulated session."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest

from benchmarks.least_move import always, compare
from benchmarks.open_handed import open_handed
from benchmarks.tape import STRATEGIES, TapeLine, make, read, settings_of

SETTINGS = open_handed(settings_of(STRATEGIES))
SHARE = SETTINGS.deciding.least_move_sigmas


@cache
def tape(rounds: int) -> tuple[TapeLine, ...]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tape.gz"
        make(path, messages=SETTINGS.demo.messages, rounds=rounds)
        return tuple(read(path))


@pytest.mark.parametrize(
    ("rounds", "orders"), [(1, 7), pytest.param(2, 10, marks=pytest.mark.long)]
)
def test_the_orders_are_the_same_but_for_what_moved_unseen(rounds: int, orders: int) -> None:
    found = compare(list(tape(rounds)), SETTINGS, always(SETTINGS))
    assert found.always >= orders
    assert found.same >= 0.9 * found.always
    assert len(found.first) <= 1, found.text()
    assert all(one.moved_sigmas <= SHARE for one in found.first)


def test_other_orders_are_seen() -> None:
    """So that the comparison can fail: a tick more of slippage is another price."""
    dearer = attrs.evolve(SETTINGS, gates=attrs.evolve(SETTINGS.gates, max_slippage_ticks=2))
    found = compare(list(tape(1)), SETTINGS, dearer)
    assert found.same < 0.5 * found.always
    assert found.first
    assert any(one.follows for one in found.differences)
