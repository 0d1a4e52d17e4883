"""The life of a round: every phase knows every move, and none leads back."""

from __future__ import annotations

import itertools

import pytest

from polytui.desk.round_phase import ROUND_TABLE, Move, Phase, next_phase

ORDER = [Phase.LISTED, Phase.OPEN, Phase.ENDED, Phase.SETTLED]
REACHES = {Move.OPENS: Phase.OPEN, Move.CLOSES: Phase.ENDED, Move.SETTLES: Phase.SETTLED}


@pytest.mark.parametrize(("phase", "move"), list(itertools.product(Phase, Move)))
def test_a_move_leads_to_its_phase_and_never_back(phase: Phase, move: Move) -> None:
    ahead = max(ORDER.index(phase), ORDER.index(REACHES[move]))
    assert next_phase(phase, move) is ORDER[ahead]


def test_the_table_is_closed() -> None:
    assert set(ROUND_TABLE) == set(itertools.product(Phase, Move))


def test_what_is_not_in_the_table_raises() -> None:
    with pytest.raises(KeyError):
        next_phase(Phase.OPEN, "opens twice")  # type: ignore[arg-type]
