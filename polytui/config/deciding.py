"""Settings of deciding: gates, exits, breakers, and one class per strategy. All of them are hot.

Everything is session time. Edges are in bps of the one dollar that a share can pay, so 100 bps
are one cent a share.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import ABOVE_ZERO, NOT_NEGATIVE, between, one_of, setting
from polytui.model.instrument import Asset, Interval


@frozen
class GateSettings:
    """May we enter?"""

    after_open_s: float = setting(45.0, NOT_NEGATIVE)
    """No entry in the first seconds of a round."""
    before_close_s: float = setting(30.0, NOT_NEGATIVE)
    """Strategies that live near the close have a limit of their own."""
    min_spread_bps: float = setting(0.0, NOT_NEGATIVE)
    """Ask minus bid; a narrower book is left alone."""
    max_spread_bps: float = setting(600.0, ABOVE_ZERO)
    """Ask minus bid, in hundredths of a cent of the one dollar at stake."""
    min_depth: float = setting(1.0, NOT_NEGATIVE)
    """Shares offered inside the limit price, as a multiple of the order, looked at right before
    it is sent."""
    max_slippage_ticks: int = setting(1, between(0, 50))
    """The limit price stands so many ticks above the best ask; the edge is counted at it."""
    min_volatility: float = setting(0.0, NOT_NEGATIVE)
    """Annualised; a market that sleeps pays nobody."""
    max_volatility: float = setting(3.0, ABOVE_ZERO)
    """Annualised; above it the model's tails are not to be trusted."""
    max_chainlink_age_ms: int = setting(8000, ABOVE_ZERO)
    """Since the second that Chainlink last spoke of."""
    min_consensus_trust: float = setting(0.2, between(0.0, 1.0))
    """Trust in the consensus: agreement, age and lead of the exchanges. It scales the stakes as
    well, but for those that are fixed: nothing at 0.40, half at 0.60, all from 0.80."""
    max_strike_doubt_bps: float = setting(200.0, NOT_NEGATIVE)
    """A strike that neither Gamma nor the final price before it has confirmed may be off by what
    Chainlink moved in `clock.max_ahead_ms` at the open; fair value may hang on it by so much."""
    max_book_lag_ms: int = setting(5000, ABOVE_ZERO)
    """From the venue's stamp on a book's frame to our reading it: more means that this machine, or
    the network, does not keep up."""
    max_book_age_ms: int = setting(15_000, ABOVE_ZERO)
    """Since the round's book last changed: an open round's book is never still for long."""
    entry_delay_s: float = setting(1.5, NOT_NEGATIVE)
    """A signal must point the same way for so long, with enough edge on average, before it is
    followed; 0 follows at once."""
    cooldown_s: float = setting(4.0, NOT_NEGATIVE)
    """Between two entries in one round."""
    is_one_signal_a_side: bool = True
    """A strategy enters each side of a round once: no averaging down."""


@frozen
class DecidingSettings:
    """When is there something to decide? Every event is applied whatever this says."""

    least_move_sigmas: float = setting(0.02, between(0.0, 1.0))
    """By so much of its own sigma must a round's forecast move until the round is decided anew; at
    most 0.8 of it in cents of fair value. 0 decides after every change of a mid, of a price or size
    at the top of a book, and of Chainlink's averages."""
    is_shadow_followed: bool = True
    """Strategies that may not trade are asked all the same and followed with virtual fills. Off:
    they are not asked, have no record, and cost nothing; what they hold in shadow waits for its
    settlement. For one strategy over much of the past."""


@frozen
class ExitSettings:
    """Must we leave? For strategies that do not hold to settlement; first to last."""

    is_enabled: bool = True
    """Off: everything is held to settlement."""
    take_profit: float = setting(0.25, between(0.01, 10.0))
    """Of what was paid, after the fee of leaving."""
    stop_loss: float = setting(0.18, between(0.01, 1.0))
    """Of what was paid: the loss at which it leaves."""
    max_spread_bps: float = setting(1500.0, ABOVE_ZERO)
    """In a book that is wider nobody knows what a share is worth: profit and loss wait."""
    max_slippage_ticks: int = setting(1, between(0, 50))
    """An order that leaves takes a price so much worse than the best, since that may move."""
    before_close_s: float = setting(20.0, NOT_NEGATIVE)
    """Whatever is still open leaves so long before the close; 0 never."""
    max_hold_s: float = setting(0.0, NOT_NEGATIVE)
    """Seconds after which a position leaves; 0 for no limit."""
    retry_s: float = setting(1.0, NOT_NEGATIVE)
    """Between two orders that leave one round: the first may have found nobody."""
    is_flip_exit: bool = True
    """Leave when the strategy that entered leans to the other side with enough edge."""


@frozen
class BreakerSettings:
    """Each stops the entries of an asset by itself and lets them through after its cool-down."""

    cool_down_s: float = setting(60.0, ABOVE_ZERO)
    """For so long after its cause was last seen a breaker stays open."""
    max_divergence: float = setting(0.45, between(0.05, 1.0))
    """Fair value against the book's mid, in dollars of a share: one of the two is wrong."""
    divergence_s: float = setting(5.0, NOT_NEGATIVE)
    """For so long without a pause."""
    max_reconnects: int = setting(6, between(1, 1000))
    """Of one asset's feeds within a minute."""
    max_spread_rise: float = setting(10.0, between(1.5, 1000.0))
    """The spread as a multiple of its average."""
    spread_s: float = setting(2.0, NOT_NEGATIVE)
    """For so long without a pause: recorded books are that wide for a second, and then no more."""
    max_fee_rate: float = setting(0.10, between(0.0, 1.0))
    """A venue that asks for more is not traded on."""
    max_reject_share: float = setting(0.5, between(0.01, 1.0))
    """Of the last orders of one asset, `reject_orders` of them."""
    reject_orders: int = setting(6, between(2, 100))
    """The last so many answers of the venue are looked at."""
    warn_latency_ms: float = setting(200.0, ABOVE_ZERO)
    """Frame received to decision, the worst of the last second: said, no more; real time."""
    critical_latency_ms: float = setting(500.0, ABOVE_ZERO)
    """Entries stop."""
    stale_latency_ms: float = setting(1000.0, ABOVE_ZERO)
    """Entries stop and what works is cancelled."""
    max_queue_share: float = setting(0.5, between(0.01, 1.0))
    """Of the inbox."""


@frozen
class ClaimSettings:
    """How much of what strategies claim is believed, by what came of their claims before."""

    is_calibrated: bool = True
    """Off, every claim is believed whole."""
    prior: float = setting(1.0, between(0.0, 1.0))
    """What is believed of a claim before anything came of one."""
    prior_weight: float = setting(4.0, between(0.1, 1000.0))
    """How firmly: a sigma of 1 / sqrt of it. A claim of five cents at even odds weighs 0.01,
    one of twenty at 0.25 weighs 0.21."""
    pooled: float = setting(0.5, between(0.0, 1.0))
    """What a strategy's claims on other assets, and at other prices, weigh."""
    half_life: float = setting(300.0, between(1.0, 1_000_000.0))
    """Claims after which one counts half."""


@frozen
class StrategySettings:
    """What every directional strategy has."""

    is_enabled: bool = False
    """Whether it may trade; in shadow otherwise, where it is scored all the same."""
    assets: tuple[Asset, ...] = ()
    """Where it may trade; empty for all."""
    intervals: tuple[Interval, ...] = ()
    """Where it may trade; anywhere where none is named. Elsewhere it is followed in shadow."""
    min_edge_bps: float = setting(150.0, ABOVE_ZERO)
    """What a share is worth to it minus price and fee."""
    stake_usd: float = setting(20.0, ABOVE_ZERO)
    """Bought on one side of a round at most, counted at cost."""
    sizing: str = setting("confidence", one_of("fixed", "confidence", "half_kelly"))
    """The whole stake; or by confidence, half of it at 0.60 and all from 0.80; or half of Kelly's
    fraction of the cash, shared by all that closes at one time, the stake at most. Confidence is of
    the strategy in its signal."""
    max_price: float = setting(0.92, between(0.02, 0.99))
    """No entry above: little to win, all to lose."""
    min_price: float = setting(0.08, between(0.01, 0.98))
    """No entry below: the model's tails are not that good."""
    is_held_to_settlement: bool = False
    """The exits do not ask it to leave; commands and stops do."""


@frozen
class ConfluenceSettings(StrategySettings):
    """Several readings of the market vote on a direction."""

    min_confidence: float = setting(0.60, between(0.5, 1.0))
    """Half, and half of how far the votes lean one way."""
    max_against: float = setting(0.35, between(0.0, 0.5))
    """Share of the weight of votes that may point the other way: more is disagreement."""
    min_votes: int = setting(3, between(1, 5))
    """So many of its five indicators must have an opinion."""
    worth: float = setting(0.5, between(0.0, 1.0))
    """Dollars a share by which confidence above one half moves the price it believes in, times it,
    at even odds; less the surer the book is. 0 believes the book."""


@frozen
class MomentumScoreSettings(StrategySettings):
    """Trade flow and momentum as one signed score."""

    min_edge_bps: float = setting(500.0, ABOVE_ZERO)
    min_score: float = setting(0.12, between(0.0, 1.0))
    """Of 1; a weaker momentum is no signal."""
    worth: float = setting(0.25, between(0.0, 0.5))
    """Dollars a share by which a full score moves the price it believes in, at even odds; less the
    surer the book is."""


@frozen
class DistanceFadeSettings(StrategySettings):
    """Buys the outcome that the book prices below its fair value, fees included."""

    is_enabled: bool = True
    is_held_to_settlement: bool = True
    model: str = setting("settlement", one_of("settlement", "sigmoid"))
    """Fair value under the round's settlement rule; or a sigmoid of the distance from the strike
    in sigmas."""
    steepness: float = setting(1.7, between(0.1, 10.0))
    """Of the sigmoid; 1.7 is close to the normal distribution."""


@frozen
class SettlementSniperSettings(StrategySettings):
    """Late certainty: the part of the closing average that is already observed."""

    is_enabled: bool = True
    is_held_to_settlement: bool = True
    min_edge_bps: float = setting(100.0, ABOVE_ZERO)
    max_price: float = setting(0.985, between(0.02, 0.999))
    from_left_s: float = setting(75.0, ABOVE_ZERO)
    """It begins so long before the close."""
    until_left_s: float = setting(6.0, NOT_NEGATIVE)
    """And ends so long before it: an order must still arrive."""
    min_fair: float = setting(0.90, between(0.5, 1.0))
    """Of the side it buys."""
    min_known: float = setting(0.25, between(0.0, 1.0))
    """Share of the closing average that must not change any more: seconds earn certainty. A round
    that no average settles has none, so it stays out of those unless this is 0."""
    taker_delay_ms: float = setting(500.0, NOT_NEGATIVE)
    """From our order to its match: what may move meanwhile is counted against it."""


@frozen
class PredictorSettings(StrategySettings):
    """A model of the features: the fair value, or one that was learned."""

    kind: str = setting("fair_value", one_of("fair_value", "learned"))
    """What it follows: the fair value, or a model that was learned."""
    model_file: str = ""
    """Written by `polytui train`; read when the session starts and when settings change."""
    min_confidence: float = setting(0.55, between(0.5, 1.0))
    """In its side; below it there is no signal."""
