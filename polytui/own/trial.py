"""A strategy is asked before it plays: views of every kind, forwards, backwards, and twice.

The views are made up, of no recording. Who answers the same view in another way when others came
before it keeps something between them: no replay that begins at a checkpoint would say the same,
and nobody could tell what it knew when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from polytui.config.schema import Settings
from polytui.market.features import NAMES, NO_FEATURES, Feature, FeatureSet
from polytui.model.instrument import FeeSchedule
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.strategy.own import NoOpinion, PlayedStrategy, words_of
from polytui.strategy.proposal import OutcomeView, Proposal, View

_VIEWS = 160
_LENGTH_S = 300
_AT_NS = 1_795_000_000 * NS_PER_S
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_SIZES = {"rsi_14": 100.0, "order_flow": 120.0, "velocity_bps_s": 2.0}
"""How far a feature goes where it is not within 1."""

Asking = Callable[[Callable[[], Proposal]], Proposal]


def faults_in_trial(strategy: PlayedStrategy, settings: Settings, ask: Asking) -> list[str]:
    """What is wrong with its answers. `ask` gets each of them, in time or not at all."""
    views = list(made_views())
    try:
        forwards = _asked(strategy, views, settings, ask)
        backwards = _asked(strategy, views[::-1], settings, ask)[::-1]
        twice = [_asked(strategy, [view, view], settings, ask)[1] for view in views]
        blind = forwards if strategy.reads_features else _blind(strategy, views, settings, ask)
    except NoOpinion as error:
        return [str(error)]
    except (Exception, SystemExit) as error:
        return [f"it raised on a view of the trial: {words_of(error, strategy.file_name)}"]
    for others in (backwards, twice):
        for view, one, other in zip(views, forwards, others, strict=True):
            if one != other:
                return [_differing(view, one, other)]
    if blind != forwards:
        return ["it says that it reads no features, and answers otherwise where there are none"]
    return []


def _asked(
    strategy: PlayedStrategy, views: Sequence[View], settings: Settings, ask: Asking
) -> list[Proposal]:
    return [ask(partial(strategy.propose, view, settings)) for view in views]


def _blind(
    strategy: PlayedStrategy, views: Sequence[View], settings: Settings, ask: Asking
) -> list[Proposal]:
    blind = [replace(view, features=NO_FEATURES) for view in views]
    return _asked(strategy, blind, settings, ask)


def _differing(view: View, one: Proposal, other: Proposal) -> str:
    return (
        "it answers one view in two ways, by which others it saw before: it keeps something from"
        f" view to view ({view.left_s:.0f} s before the close: {_said(one)}, then {_said(other)})"
    )


def _said(proposal: Proposal) -> str:
    if proposal.outcome is None:
        return proposal.why.text()
    edge = "no edge" if proposal.edge_bps is None else f"{proposal.edge_bps:.1f} bps"
    return f"{proposal.outcome.value} at {edge}"


def made_views() -> Iterator[View]:
    """Of one round that is seen in every state: early and late, far from the strike and near it,
    calm and wild, with every feature, with some and with none, held and not."""
    for n in range(_VIEWS):
        yield _view(n)


def _view(n: int) -> View:
    left_s = _LENGTH_S * (1.0 - (n + 0.5) / _VIEWS)
    volatility = 0.2 + 1.5 * _part(n, 2)
    strike, sigma_s = 60_000.0, 60_000.0 * volatility / math.sqrt(365.25 * 86_400)
    price = strike + 120.0 * (_part(n, 3) - 0.5)
    sigma = sigma_s * math.sqrt(left_s)
    fair_up = 0.5 * (1.0 + math.erf((price - strike) / (sigma * math.sqrt(2.0))))
    ask = Price(min(99, max(2, round(100 * (fair_up + 0.3 * (_part(n, 4) - 0.5))))) * 10_000)
    bid = Price(ask - 10_000)
    shares = Shares(round(200 * _part(n, 5)) * MICRO)
    up = OutcomeView(bid, ask, shares, shares)
    down = OutcomeView(Price(MICRO - ask), Price(MICRO - bid), shares, shares)
    if n % 5 == 0:
        held = Shares(10 * MICRO)
        up = replace(up, held=held, cost=Usd(5 * MICRO))
    return View(
        now_ns=_AT_NS + int((_LENGTH_S - left_s) * NS_PER_S),
        since_open_s=_LENGTH_S - left_s,
        left_s=left_s,
        strike=strike,
        price=price,
        fair_up=fair_up,
        sigma=sigma,
        mean=price,
        sigma_per_sqrt_s=sigma_s,
        volatility=volatility,
        window_s=60,
        known=max(0.0, 1.0 - left_s / 60.0),
        trust=_part(n, 6),
        book_age_ms=int(3_000 * _part(n, 7)),
        features=_features(n),
        predictor=None,
        up=up,
        down=down,
        tick=Price(10_000),
        min_shares=Shares(5 * MICRO),
        fees=FeeSchedule(),
        free_cash=Usd(1_000 * MICRO),
    )


def a_view(*, up_mid: float | None = None, **changes: Any) -> View:
    """A view of your own making, for a test: names of `View` or of features with their values, and
    the mid of Up, whose book is two cents wide. What is not named is as half through a round."""
    view = _view(_VIEWS // 2)
    features = {name: changes.pop(name) for name in list(changes) if name in NAMES}
    if features:
        values = [Feature(name, features.get(name), _AT_NS, False) for name in NAMES]
        view = replace(view, features=FeatureSet(_AT_NS, tuple(values)))
    if up_mid is not None:
        bid, ask = (Price(round((up_mid + off) * 100) * 10_000) for off in (-0.01, 0.01))
        up = replace(view.up, best_bid=bid, best_ask=ask)
        down = replace(view.down, best_bid=Price(MICRO - ask), best_ask=Price(MICRO - bid))
        view = replace(view, up=up, down=down)
    return replace(view, **changes)


def _features(n: int) -> FeatureSet:
    if n % 7 == 0:
        return NO_FEATURES
    values = [
        Feature(
            name,
            None if (n + k) % 11 == 0 else _SIZES.get(name, 1.0) * (2.0 * _part(n, 8 + k) - 1.0),
            _AT_NS,
            (n + k) % 13 == 0,
        )
        for k, name in enumerate(NAMES)
    ]
    return FeatureSet(_AT_NS, tuple(values))


def _part(n: int, k: int) -> float:
    """Spread evenly over 0 to 1, the same each time: no chance is in it."""
    return (n * _GOLDEN * (k + 1) + k * 0.37) % 1.0
