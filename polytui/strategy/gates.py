"""May we enter? Each gate passes (None) or answers why not, with the number it measured.

Gates of the world (feeds, strike, book) are asked by the desk before a view can exist; these
are the ones that read a view. Depth, delay and spent signals are asked right before the order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from polytui.config.deciding import GateSettings
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.strategy.proposal import View
from polytui.strategy.window import EntryWindow, usual_window

Gate = Callable[[View, Outcome, GateSettings], Why | None]


def first_block(
    view: View, outcome: Outcome, gates: GateSettings, window: EntryWindow | None = None
) -> Why | None:
    """The first gate that blocks an entry into `outcome`, in the order users read them."""
    if not math.isfinite(view.since_open_s + view.left_s + view.trust + view.volatility):
        return Why(Reason.NO_PRICE)  # NaN is neither under a limit nor over it
    why = time_block(view, window or usual_window(gates))
    if why is not None:
        return why
    for gate in ENTRY_GATES:
        why = gate(view, outcome, gates)
        if why is not None:
            return why
    return None


def time_block(view: View, window: EntryWindow) -> Why | None:
    if view.since_open_s < window.after_open_s:
        return Why(Reason.TOO_EARLY, view.since_open_s, window.after_open_s, "s after the open")
    if window.from_left_s and view.left_s > window.from_left_s:
        return Why(Reason.TOO_EARLY, view.left_s, window.from_left_s, "s left")
    if view.left_s < window.before_close_s:
        return Why(Reason.TOO_LATE, view.left_s, window.before_close_s, "s left")
    return None


def _one_side_only(view: View, outcome: Outcome, _: GateSettings) -> Why | None:
    held = view.side(outcome.other).held
    return Why(Reason.OTHER_SIDE_HELD, held / 1e6, 0.0, "shares") if held else None


def _consensus_sure(view: View, _: Outcome, gates: GateSettings) -> Why | None:
    if view.trust < gates.min_consensus_trust:
        return Why(Reason.CONSENSUS_UNSURE, view.trust, gates.min_consensus_trust, "trust")
    return None


def _book_fresh(view: View, _: Outcome, gates: GateSettings) -> Why | None:
    if view.book_age_ms > gates.max_book_age_ms:
        return Why(Reason.BOOK_STALE, view.book_age_ms, gates.max_book_age_ms, "ms")
    return None


def _spread_fits(view: View, outcome: Outcome, gates: GateSettings) -> Why | None:
    side = view.side(outcome)
    spread_bps = (side.best_ask - side.best_bid) / 100
    if spread_bps > gates.max_spread_bps:
        return Why(Reason.SPREAD_WIDE, spread_bps, gates.max_spread_bps, "bps")
    if spread_bps < gates.min_spread_bps:
        return Why(Reason.SPREAD_NARROW, spread_bps, gates.min_spread_bps, "bps")
    return None


def _volatility_fits(view: View, _: Outcome, gates: GateSettings) -> Why | None:
    if view.volatility > gates.max_volatility:
        return Why(Reason.MARKET_WILD, view.volatility, gates.max_volatility, "a year")
    if view.volatility < gates.min_volatility:
        return Why(Reason.MARKET_CALM, view.volatility, gates.min_volatility, "a year")
    return None


ENTRY_GATES: tuple[Gate, ...] = (
    _one_side_only,
    _consensus_sure,
    _book_fresh,
    _spread_fits,
    _volatility_fits,
)
