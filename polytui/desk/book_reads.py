"""Books that will not mend themselves: when they are asked to be read by REST."""

from __future__ import annotations

from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.rounds import DeskRounds
from polytui.desk.step import Step
from polytui.model.effects import Reason, Resync, Why
from polytui.model.units import NS_PER_S

_RESYNC_AFTER_NS = 2 * NS_PER_S
_UNSETTLED = (Reason.BOOK_UNSETTLED, Reason.NO_BOOK)


def read_all(step: Step, rounds: DeskRounds) -> None:
    """What stood in a frame of the books is unknown: those of open rounds are read anew at once."""
    rounds.doubt_books()
    for market_round in rounds:
        if market_round.phase is Phase.OPEN and not market_round.unsettled_ns:
            _read(step, market_round)


def read_if_unsettled(step: Step, market_round: DeskRound, unseen: Why | None) -> None:
    """A book that stays unsettled is read, and again while it does."""
    if unseen is None or unseen.reason not in _UNSETTLED:
        market_round.unsettled_ns = 0
    elif not market_round.unsettled_ns:
        market_round.unsettled_ns = step.now_ns
    elif step.now_ns - market_round.unsettled_ns > _RESYNC_AFTER_NS:
        _read(step, market_round)


def _read(step: Step, market_round: DeskRound) -> None:
    market_round.unsettled_ns = step.now_ns
    step.effects.append(Resync(market_round.slug))
