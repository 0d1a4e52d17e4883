"""What one session leaves to the next: counters of the day, what stands still, what was learned."""

from __future__ import annotations

from attrs import frozen

from polytui.model.effects import Why
from polytui.model.units import Usd


@frozen
class Stopped:
    """Why one asset took no entries when a session ended, other than by the kill switch."""

    asset: str
    is_paused: bool = False
    is_flattening: bool = False
    whys: tuple[Why, ...] = ()
    """What paused it by itself, a halt included; empty where a person did."""
    breakers: tuple[tuple[Why, int], ...] = ()
    """Open breakers: (why, until_ns)."""
    is_flattened: bool = False
    """It was sold on purpose, and nobody had resumed it."""


@frozen
class ClaimsLeft:
    """What came of one strategy's claims on one asset in one third of prices (`ledger/claims.py`):
    faded sums over them, per share in dollars."""

    asset: str
    strategy: str
    third: str
    count: float
    claimed: float
    realised: float
    cross: float
    """Of claimed x realised / variance."""
    square: float
    """Of claimed^2 / variance."""


@frozen
class ForecastLeft:
    """How well one asset's forecasts fitted what came (`market/forecast_watch.py`): faded sums."""

    asset: str
    horizons: tuple[tuple[int, float, float], ...] = ()
    """(seconds ahead, samples, sum of z^2)."""
    marks: tuple[
        tuple[int, float, tuple[float, ...], tuple[float, ...], tuple[float, ...]], ...
    ] = ()
    """(seconds before the close, sum of (said - came)^2, and by tenths of what was said of Up:
    rounds, sum of what was said, how often it came)."""
    at_ns: int = 0
    """When these sums stood so: they fade between sessions as well. 0 where that was not kept."""


@frozen
class RiskStateRestored:
    """What earlier sessions left behind: counters of the day, the kill switch, and what else was
    stopped. A field that is added has a default: older standings are read without it."""

    day: int
    """Days since 1970 UTC to which the daily counters belong."""
    realised_today: Usd
    trades_today: int
    realised_peak: Usd
    """The highest that the realised result stood over all sessions, above where this one starts;
    0 where it starts at its highest."""
    losses_in_a_row: tuple[tuple[str, int], ...]
    """(asset, settled rounds that lost, one after another)."""
    kill_why: str
    """Why the kill switch is on; empty while it is off."""
    kill_since_ns: int
    stopped: tuple[Stopped, ...] = ()
    """Assets that are paused, halted or sold off, and open breakers."""
    breach: tuple[int, float] = (0, 0.0)
    """Day and limit (USD) of the last kill by a day's loss: who re-armed is not killed again."""
    equity_peak: Usd = Usd(0)
    """The money there was at the highest, of which `realised_peak` is a share; 0 where this one
    starts at its highest."""
    claims: tuple[ClaimsLeft, ...] = ()
    """What strategies claimed, and what came of it."""
    forecasts: tuple[ForecastLeft, ...] = ()
    """How well the forecast fitted, by asset."""
    sold: tuple[tuple[str, str, Usd], ...] = ()
    """Of `realised_today`, what was won and lost in rounds that were open still: asset, slug,
    dollars. Whoever begins with such a round has it in the ledger, and does not count it twice."""
