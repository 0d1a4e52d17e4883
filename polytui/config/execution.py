"""How a venue is asked about our orders: deadlines, looks, what is sent again, and when all that
takes too long."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import ABOVE_ZERO, between, setting
from polytui.model.units import NS_PER_S


@frozen
class LatencySettings:
    """When people are told that something takes long; real time. It stops nothing: that is the
    latency breaker's."""

    warn_ms: float = setting(200.0, ABOVE_ZERO)
    """Frame to decision, decision to the venue's answer, decision to fill: longer is a warning. The
    venue's own hold of marketable orders (live.taker_hold_ms) is in the last two."""
    critical_ms: float = setting(500.0, ABOVE_ZERO)
    """Longer is an error in the log."""
    stale_ms: float = setting(1000.0, ABOVE_ZERO)
    """Longer means that the market was another one by then."""
    calm_s: float = setting(60.0, ABOVE_ZERO)
    """After so long without one it is over, once something was quicker."""


@frozen
class ExecutionSettings:
    """Orders on their way; session time."""

    post_deadline_s: float = setting(10.0, between(0.5, 60.0))
    """An order may wait so long for its answer; then nobody knows what became of it."""
    look_again_s: float = setting(5.0, between(1.0, 60.0))
    """Between the two looks by its id that find nothing, after which it is dead. The first one
    comes when its deadline is over, and the hold of takers (live.taker_hold_ms; on paper
    paper.taker_delay_ms)."""
    resend_first_s: float = setting(0.5, between(0.05, 10.0))
    """Where the venue lets the same signed order be sent again: after so long, doubled each time,
    unless it says when."""
    resend_for_s: float = setting(10.0, between(0.5, 60.0))
    """Not after so long: the market it was meant for is gone."""
    cancel_again_s: float = setting(1.0, between(0.1, 30.0))
    """A cancel that the venue refused, or did not answer, is sent again after so long."""
    cancel_all_s: float = setting(3.0, between(0.5, 30.0))
    """For everything to be cancelled when an asset crashed or its orders outlived the stop."""
    keep_settled_s: float = setting(900.0, ABOVE_ZERO)
    """What was filled in a settled round is kept so long: a trade may still fail after its
    settlement, and is taken back then."""

    @property
    def look_again_ns(self) -> int:
        return int(self.look_again_s * NS_PER_S)

    @property
    def cancel_again_ns(self) -> int:
        return int(self.cancel_again_s * NS_PER_S)

    @property
    def keep_settled_ns(self) -> int:
        return int(self.keep_settled_s * NS_PER_S)
