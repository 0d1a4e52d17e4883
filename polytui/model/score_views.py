"""What faces may see of records: how well forecasts fitted, and what came of strategies."""

from __future__ import annotations

from attrs import frozen


@frozen
class ForecastView:
    """How well the forecast of the settlement price fitted what came, so far ahead."""

    ahead_s: int
    samples: float
    """Faded: an old one counts less."""
    sd: float
    """Of what came, in sigmas foreseen; 1 is right."""
    is_off: bool
    """Outside its bounds over enough samples: confidence falls."""


@frozen
class SaidView:
    """What was said of rounds so long before their close, against who won."""

    left_s: int
    rounds: float
    """Faded."""
    brier: float
    """Mean of (said - came)^2."""
    sure: float
    """Rounds of which one side was given 0.9 or more."""
    sure_said: float
    """What that side was given, on average."""
    sure_came: float
    """How often it won."""


@frozen
class ResultView:
    """Of live fills, or of virtual ones."""

    entries: int = 0
    exits: int = 0
    """Left before settlement."""
    wins: int = 0
    losses: int = 0
    staked: int = 0
    """Paid in all, in millionths, like all money here."""
    fees: int = 0
    pnl: int = 0
    open_cost: int = 0


@frozen
class ClaimsView:
    """What a strategy claimed of its entries, live and in shadow, and what came: bps, per share."""

    count: float = 0.0
    """Faded: an old one counts less."""
    claimed_bps: float = 0.0
    realised_bps: float = 0.0
    used_bps: float = 0.0
    """What is believed of such claims now."""


@frozen
class ScoreView:
    """What came of one strategy's signals on one asset, settled rounds only; dollars after fees."""

    strategy: str
    is_live: bool
    live: ResultView
    shadow: ResultView
    claims: ClaimsView = ClaimsView()
    halted: str = ""
    """Why it is asked no more, of one that is not ours."""
