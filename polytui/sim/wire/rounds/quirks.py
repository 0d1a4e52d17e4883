"""Oddities of the venue's public side that a test may want and a demo does not."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, le

MOST_ZOMBIES = 1_000


@frozen
class Quirks:
    """All off: the venue is as well as it can be."""

    hydration_s: float = field(default=0.0, validator=[ge(0.0), le(3_600.0)])
    """World seconds for which the CLOB does not know a market that Gamma lists already: for half of
    them it answers 404, then with empty token ids (seen for minutes after a market's creation)."""
    zombies: int = field(default=0, validator=[ge(0), le(MOST_ZOMBIES)])
    """Rounds of months ago that Gamma still lists as `closed: false`, without an order book."""
    needs_text_pings: bool = False
    """Cut clients of the market channel and of RTDS that say nothing, protocol pings or not.
    Otherwise a protocol ping is as good as a PING. What the real venue does is not proven."""


NO_QUIRKS = Quirks()
