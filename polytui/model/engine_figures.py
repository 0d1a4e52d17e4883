"""What faces are shown of an engine that no mind knows: sockets, lives, latencies.

A journal has a line of it now and then, so that a recording shows it as well, as old as that.
"""

from __future__ import annotations

from attrs import field, frozen

from polytui.model.snapshot import AssetState, FeedView, LatencyView


@frozen
class AssetFigures:
    """Of one asset."""

    asset: str
    state: AssetState | None = None
    """Where the engine knows better than the desk: restarting, halted, stopped."""
    detail: str = ""
    life: int = 1
    feeds: tuple[FeedView, ...] = ()


@frozen
class EngineFigures:
    """Of all of it, at one moment of the session's clock."""

    at_ns: int = 0
    speed: float = 1.0
    """Session seconds a real second."""
    is_stopping: bool = False
    lag_us: int = 0
    """Frame received to effect enqueued, median of the last while; real time."""
    behind_ms: int = 0
    latencies: tuple[LatencyView, ...] = ()
    winnings: str = ""
    """Words of `model/winnings.py`."""
    wallet: str = ""
    """Whose money it trades with, an address; empty on paper."""
    assets: tuple[AssetFigures, ...] = field(default=())

    def of(self, asset: str) -> AssetFigures:
        """One asset's; of one that is not in it nothing is known."""
        return next((one for one in self.assets if one.asset == asset), AssetFigures(asset))


@frozen
class SessionFacts:
    """What does not change while a session runs."""

    mode: str
    started_ns: int
    journal: str
    """Where it is."""
    assets: tuple[str, ...]
    is_simulated: bool = False
