"""All that a report is made from: what was played, on what data, and what came of it.

Whatever plays (a world of our own, a journal, anybody's recordings) gathers the same
(`gathering.py`), so every figure means the same of each. Money, prices and shares are whole
millionths, moments UTC nanoseconds; what was played goes by the names of assets, intervals,
outcomes and strategies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from polytui.model.instrument import Asset, Interval

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MARK_SECONDS = (1, 5, 30)
"""After a fill, what its share was worth then."""


@frozen
class Coverage:
    """What data it was, and how much of it could be used: the first thing that a report says."""

    data: str = ""
    """In words: "recorded order books of BTC", "the lifelike world, seed 3"."""
    world: str = ""
    """Of a simulated market, its name; empty for what somebody recorded."""
    files: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    intervals: tuple[Interval, ...] = ()
    from_ns: int = 0
    until_ns: int = 0
    """The first and the last moment that was played."""
    recorded: tuple[str, ...] = ()
    """What the data has, a few words each: "order books", "settlement prices"."""
    modelled: tuple[str, ...] = ()
    """What it has not, and a model stands in for: "the market's price"."""
    fills: str = ""
    """By which rule orders were filled."""
    seen: int = 0
    used: int = 0
    """Rounds that were found in the data, and those that were played and have a winner."""
    skipped: tuple[tuple[str, int], ...] = ()
    """The others: why, in words, and how many."""
    notes: tuple[str, ...] = ()
    """What else must be known before a figure is believed, a sentence each."""
    facts: tuple[str, ...] = ()
    """What was counted beside, a sentence each: it takes nothing from any figure."""
    digest: str = ""
    """Of the data itself; empty where nobody reckoned one."""
    is_forward: bool = False
    """A session of the real market, on paper, in shadow or live, as it went: nothing of it could
    have been fitted to what it is judged by."""
    is_market_modelled: bool = False
    """Nobody recorded a book: what strategies traded against is a model of the price."""


@frozen
class PlayedRound:
    slug: str
    asset: str
    interval: str
    opens_ns: int
    closes_ns: int
    strike: float | None
    winner: str
    """up, down, nobody (cancelled), or empty where nobody knows: such a round is not scored."""


@frozen
class PlayedTrade:
    """One position of one strategy in one round (`store/trades.py`)."""

    strategy: str
    is_shadow: bool
    """Virtual: the strategy was followed and sent nothing."""
    asset: str
    interval: str
    slug: str
    outcome: str
    opened_ns: int
    closed_ns: int | None
    left_s: float | None
    """From its first fill to the close of the round, where that is known."""
    shares: int
    entry_px: int | None
    """Mean price of what was bought, without fees."""
    exit_px: int | None
    stake: int
    """Paid for its entry, fees included."""
    fees: int
    pnl: int | None
    """After fees; None while it is open."""
    ended: str
    """Why it was left: an exit's reason, `settlement`, `void`, `unseen`; empty while open."""

    @property
    def is_settled(self) -> bool:
        """Whether its money is final."""
        return self.pnl is not None


@frozen
class PlayedFill:
    strategy: str
    is_shadow: bool
    asset: str
    interval: str
    slug: str
    outcome: str
    side: str
    price: int
    shares: int
    fee: int
    is_taker: bool
    is_exit: bool
    at_ns: int
    decided_mid: int | None
    """Of its outcome's book when its order was decided."""
    mid: int | None
    """The same when the fill was heard of."""
    marks: tuple[int | None, ...] = ()
    """The same `MARK_SECONDS` later: at the first word of the market from then on; None where the
    book was not known, or the round over."""

    @property
    def sign(self) -> int:
        """1 for a purchase, which gains when the price rises; -1 for a sale."""
        return 1 if self.side == "buy" else -1


@frozen
class BlockedEntry:
    """What kept a strategy from entering rounds of one kind."""

    strategy: str
    is_shadow: bool
    asset: str
    interval: str
    reason: str
    times: int
    """How often it became the reason,"""
    seconds: float
    """and how long it was, of open rounds."""


@frozen
class OpenPosition:
    """What was still held when the data ended."""

    strategy: str
    is_shadow: bool
    asset: str
    interval: str
    slug: str
    outcome: str
    shares: int
    cost: int
    """Paid for these shares, fees included."""
    mid: int | None
    """What a share was worth at the end, where its book was known."""


@frozen
class OrderCount:
    """What became of a strategy's orders."""

    strategy: str
    sent: int
    filled: int
    """At least in part."""
    refused: int
    """By the venue, or by our own last look at them."""


@frozen(eq=False)
class EquityCurve:
    """The account minute by minute: cash and what is held, at its cost, less what came from outside
    of trading. Columns of one length."""

    at_ns: Integers
    equity: Integers
    exposure: Integers


@frozen(eq=False)
class Forecasts:
    """Our fair value beside the market's mid, at even times of each open round. Columns of one
    length; only moments at which both were known."""

    round: Integers
    """Which of the rounds of the evidence, from 0."""
    left_s: Floats
    fair_up: Floats
    mid_up: Floats
    """Probabilities that Up wins."""
    missed: int = 0
    """Moments at which one of the two was not known."""


@frozen(eq=False)
class Evidence:
    coverage: Coverage
    settings_json: str
    """In force at the end, canonical: they name the strategies and all their numbers."""
    start_usd: int
    rounds: tuple[PlayedRound, ...]
    trades: tuple[PlayedTrade, ...]
    fills: tuple[PlayedFill, ...]
    equity: EquityCurve
    forecasts: Forecasts
    blocks: tuple[BlockedEntry, ...]
    left_open: tuple[OpenPosition, ...]
    orders: tuple[OrderCount, ...]
    moves: tuple[tuple[str, int], ...] = ()
    """Money that no trade explains, by kind: rebates, rewards, deposits."""
    differences: tuple[str, ...] = field(default=())
    """Where figures reckoned anew are not those that the desk had. There should be none."""
    settings_before: tuple[str, ...] = ()
    """Every settings that were in force at some time, those of the end as well."""
