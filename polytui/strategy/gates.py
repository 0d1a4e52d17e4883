"""May we enter? Each gate passes (None) or answers why not, with the number it measured.

Gates of the world (feeds, strike, book) are asked by the desk before a view can exist; these
are the ones that read a view.
"""

from __future__ import annotations

from collections.abc import Callable

from polytui.config.schema import Gates
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.proposal import View

Gate = Callable[[View, Outcome, Gates], Why | None]


def first_block(view: View, outcome: Outcome, gates: Gates) -> Why | None:
    """The first gate that blocks an entry into `outcome`, in the order users read them."""
    for gate in ENTRY_GATES:
        why = gate(view, outcome, gates)
        if why is not None:
            return why
    return None


def _not_too_early(view: View, _: Outcome, gates: Gates) -> Why | None:
    if view.since_open_s < gates.after_open_s:
        return Why(Reason.TOO_EARLY, view.since_open_s, gates.after_open_s, "s after the open")
    return None


def _not_too_late(view: View, _: Outcome, gates: Gates) -> Why | None:
    if view.left_s < gates.before_close_s:
        return Why(Reason.TOO_LATE, view.left_s, gates.before_close_s, "s left")
    return None


def _one_side_only(view: View, outcome: Outcome, _: Gates) -> Why | None:
    if view.side(outcome.other).held:
        return Why(Reason.OTHER_SIDE_HELD)
    return None


def _oracle_sure(view: View, _: Outcome, gates: Gates) -> Why | None:
    if view.confidence < gates.min_oracle_confidence:
        return Why(Reason.ORACLE_UNSURE, view.confidence, gates.min_oracle_confidence, "confidence")
    return None


def _spread_narrow(view: View, outcome: Outcome, gates: Gates) -> Why | None:
    side = view.side(outcome)
    spread_bps = (side.best_ask - side.best_bid) / 100
    if spread_bps > gates.max_spread_bps:
        return Why(Reason.SPREAD_WIDE, spread_bps, gates.max_spread_bps, "bps")
    return None


ENTRY_GATES: tuple[Gate, ...] = (
    _not_too_early,
    _not_too_late,
    _one_side_only,
    _oracle_sure,
    _spread_narrow,
)
