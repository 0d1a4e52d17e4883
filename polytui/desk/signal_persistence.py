"""What a strategy has leant to in a round, and for how long: a signal is followed once it lasts.

A signal is young until it has pointed to one side for the delay of the settings without a pause;
then the mean of its edge over that time must be enough, so that one good quote is no signal: each
edge counts for as long as it stood, however often it was looked at. A
claim that is not believed is another signal than one that is, and followed in shadow alone.
"""

from __future__ import annotations

from collections import deque

from polytui.model.effects import Reason, Why
from polytui.model.instrument import Outcome
from polytui.model.units import NS_PER_S
from polytui.strategy.proposal import Proposal


class SignalPersistence:
    """State: since when one strategy wants one side, and the edges it saw meanwhile."""

    __slots__ = ("_edges", "_is_doubted", "_outcome", "_since_ns")

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._is_doubted = False
        self._since_ns = 0
        self._edges: deque[tuple[int, float]] = deque()

    def note(self, proposal: Proposal, now_ns: int, delay_s: float) -> None:
        """What it wants now; wanting nothing, or the other side, begins anew."""
        is_doubted = bool(proposal.doubted)
        if not (proposal.quotes or is_doubted) or proposal.outcome is None:
            self._outcome = None
            if self._edges:
                self._edges.clear()
            return
        if (proposal.outcome, is_doubted) != (self._outcome, self._is_doubted):
            self._outcome, self._since_ns = proposal.outcome, now_ns
            self._is_doubted = is_doubted
            self._edges.clear()
        edge_bps = proposal.claimed_bps if is_doubted else proposal.edge_bps
        self._edges.append((now_ns, edge_bps or 0.0))
        oldest_ns = now_ns - int(delay_s * NS_PER_S)
        # The last one of before stood at the beginning.
        while len(self._edges) > 1 and self._edges[1][0] <= oldest_ns:
            self._edges.popleft()

    def block(self, now_ns: int, delay_s: float, min_edge_bps: float) -> Why | None:
        """Why it is not followed yet."""
        waited_s = (now_ns - self._since_ns) / NS_PER_S
        if waited_s < delay_s:
            return Why(Reason.SIGNAL_YOUNG, waited_s, delay_s, "s")
        mean = self._mean(now_ns, now_ns - int(delay_s * NS_PER_S))
        if mean < min_edge_bps:
            return Why(Reason.EDGE_SMALL, mean, min_edge_bps, "bps on average")
        return None

    def _mean(self, now_ns: int, since_ns: int) -> float:
        """Of the edge over the span, each for as long as it stood; 0 where there was none."""
        if not self._edges:
            return 0.0
        area, until_ns = 0.0, now_ns
        for at_ns, edge in reversed(self._edges):
            begins_ns = max(at_ns, since_ns)
            area += edge * (until_ns - begins_ns)
            until_ns = begins_ns
        span_ns = now_ns - until_ns
        return area / span_ns if span_ns > 0 else self._edges[-1][1]

    def state(self) -> tuple[object, ...]:
        outcome = "" if self._outcome is None else self._outcome.value
        return (
            outcome,
            self._is_doubted,
            self._since_ns,
            len(self._edges),
            sum([edge for _, edge in self._edges]),
        )
