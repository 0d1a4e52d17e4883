"""What the strategies of a journal saw, view by view, with every feature: for learning.

Nothing of it is written while a session runs. The journal is played through a mind again, and
wherever that looks at a round the view is made once more, of the same state at the same moment:
which changes nothing, so the mind goes on as if nobody had watched.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.view_builder import build_view
from polytui.market.features import NAMES
from polytui.model.instrument import Asset
from polytui.strategy.proposal import OutcomeView, View
from polytui.strategy.registry import every_strategy

SeenRow = dict[str, Any]
"""One view, by column."""


class ViewRecorder:
    """State: when each round was seen last."""

    def __init__(self, every_ns: int = 0) -> None:
        """A view a round at most each `every_ns` of session time; 0 for all."""
        self._every_ns = every_ns
        self._seen: dict[str, int] = {}

    def views(self, mind: Mind, asset: Asset, now_ns: int) -> Iterator[SeenRow]:
        """Those that the event was decided on which the mind took last."""
        desk = mind.desks[asset]
        for market_round in desk.rounds:
            if market_round.phase is not Phase.OPEN:
                self._seen.pop(market_round.slug, None)
            elif market_round.looked_ns == now_ns and self._is_due(market_round.slug, now_ns):
                view = build_view(market_round, desk.view_inputs(now_ns))
                if isinstance(view, View):
                    self._seen[market_round.slug] = now_ns
                    yield _row(mind.seq, desk, market_round, view)

    def _is_due(self, slug: str, now_ns: int) -> bool:
        before = self._seen.get(slug)
        return before is None or (now_ns != before and now_ns - before >= self._every_ns)


def _row(seq: int, desk: Desk, market_round: DeskRound, view: View) -> SeenRow:
    listed, block = market_round.round, market_round.block
    row: SeenRow = {
        "seq": seq,
        "at": view.now_ns,
        "asset": desk.asset.value,
        "interval": listed.interval.value,
        "slug": listed.slug,
        "opens": listed.opens_ns,
        "closes": listed.closes_ns,
        "since_open_s": view.since_open_s,
        "left_s": view.left_s,
        "strike": view.strike,
        "price": view.price,
        "fair_up": view.fair_up,
        "sigma": view.sigma,
        "mean": view.mean,
        "sigma_per_sqrt_s": view.sigma_per_sqrt_s,
        "volatility": view.volatility,
        "window_s": view.window_s,
        "known": view.known,
        "trust": view.trust,
        "book_age_ms": view.book_age_ms,
        "tick": view.tick,
        "fee_rate": view.fees.rate_ppm,
        "block": None if block is None else block.reason.value,
        **_side("up", view.up),
        **_side("down", view.down),
        "features_at": view.features.at_ns or None,
        **dict(zip(NAMES, view.features.vector(), strict=True)),
    }
    for strategy in every_strategy():
        row |= _said(market_round, strategy.name)
    return {name: None if _is_missing(value) else value for name, value in row.items()}


def _side(name: str, side: OutcomeView) -> SeenRow:
    return {
        f"{name}_bid": side.best_bid,
        f"{name}_ask": side.best_ask,
        f"{name}_bid_shares": side.bid_shares,
        f"{name}_ask_shares": side.ask_shares,
    }


def _said(market_round: DeskRound, strategy: str) -> SeenRow:
    """What a strategy made of it; nothing of one that was not asked."""
    proposal = market_round.proposals.get(strategy)
    why = market_round.whys.get(strategy)
    outcome = None if proposal is None else proposal.outcome
    return {
        f"{strategy}_outcome": None if outcome is None else outcome.value,
        f"{strategy}_edge_bps": None if proposal is None else proposal.edge_bps,
        f"{strategy}_confidence": None if proposal is None else proposal.confidence,
        f"{strategy}_reason": None if why is None else why.reason.value,
    }


def _is_missing(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
