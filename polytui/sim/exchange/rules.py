"""Everything about how the venue trades that may be set."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, gt, le

from polytui.model.instrument import Interval
from polytui.model.units import Price

TICKS = (Price(100_000), Price(10_000), Price(5_000), Price(2_500), Price(1_000), Price(100))
"""Every tick the venue has."""


@frozen
class ExchangeRules:
    """Defaults as the venue's papers and its users report them (2026-10). Times are the world's."""

    taker_hold_ms: int = field(default=150, validator=ge(0))
    """How long an order that would take is held before it may (papers: 50 to 250)."""
    hold_intervals: frozenset[Interval] = frozenset({Interval.M5, Interval.M15, Interval.H1})
    """Rounds whose takers are held."""
    is_delay_told: bool = False
    """Whether a held order is answered "delayed" at once, instead of by its end."""
    is_unmatched_told: bool = False
    """Whether one that rests after its hold is answered "unmatched" instead of "live"."""
    is_rest_told: bool = True
    """Whether what is left of an order that may not rest is told as cancelled; otherwise its part
    that matched is all there was of it, and the order MATCHED."""
    ready_s: float = field(default=2.0, validator=ge(0.0))
    """From a round's listing until it takes orders."""
    gtd_ahead_s: int = field(default=180, validator=ge(0))
    """The nearest end a GTD may have."""
    gtd_early_s: int = field(default=60, validator=ge(0))
    """How long before its stated end a GTD is removed."""
    mined_s: tuple[float, float] = (2.0, 10.0)
    """From a match to its transaction, least and most."""
    confirmed_s: tuple[float, float] = (2.0, 6.0)
    """From there until nothing can undo it."""
    retry_s: tuple[float, float] = (2.0, 8.0)
    """From one try of the chain to the next."""
    retries: float = field(default=0.0, validator=[ge(0.0), le(1.0)])
    """Share of trades whose first transaction does not go through, but a later one does."""
    failures: float = field(default=0.0, validator=[ge(0.0), le(1.0)])
    """Share of trades that fail in the end."""
    adversity: float = field(default=0.8, validator=[ge(0.0), le(1.0)])
    """Of the trades that fail, how many turned out well for whoever made them."""
    news_ms: int = field(default=60, validator=ge(0))
    """The user channel hears of a change at once as often as not, else so much later at most: in no
    order that may be relied upon."""
    restart_post_only_s: float = field(default=120.0, validator=ge(0.0))
    """After a restart of the engine, only orders that cannot match."""
    heartbeat_s: float = field(default=10.0, validator=gt(0.0))
    """Without a beat for so long, a key's orders are cancelled."""
    heartbeat_check_s: float = field(default=5.0, validator=gt(0.0))
    """Time between two looks for missing beats."""
    keep_untraded_s: float = field(default=259_200.0, validator=gt(0.0))
    """How long an order is remembered that ended without a trade: three days, as long as a round is
    listed. Once forgotten the same order may be sent again."""
    keep_traded_s: float = field(default=2_678_400.0, validator=gt(0.0))
    """The same of one with trades, from its end, and of a trade, from its match."""
    keep_most: int = field(default=100_000, validator=gt(0))
    """So many trades are remembered, and so many orders that are over with trades and without, the
    newest, whatever their age: that many pairs with their trades are 850 MB."""
