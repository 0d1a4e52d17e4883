"""From a desk to what faces may see of its deciding: signals, scores, limits, breakers."""

from __future__ import annotations

from collections.abc import Sequence

from polytui.desk.desk import Desk
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.selection import may_trade
from polytui.ledger.attribution import StrategyResult
from polytui.model.effects import Reason
from polytui.model.instrument import Interval
from polytui.model.score_views import ClaimsView, ResultView, ScoreView
from polytui.model.snapshot import BreakerView, LimitView, SignalView
from polytui.model.ticket import BY_HAND
from polytui.model.units import MICRO
from polytui.risk.limits import Scope, Used, limits_used
from polytui.strategy.proposal import QuotingStrategy, Strategy

_BPS = 10_000.0


def show_signals(desk: Desk, market_round: DeskRound) -> tuple[SignalView, ...]:
    """One line a strategy, in the order of the registry; those that quote after those that follow
    signals."""
    return tuple(
        _show_signal(desk, market_round, strategy)
        for strategy in _strategies(desk)
        if strategy.name in market_round.whys
    )


def _strategies(desk: Desk) -> tuple[Strategy | QuotingStrategy, ...]:
    return (*desk.account.roster.strategies(), *desk.quote_sets.strategies)


def _show_signal(
    desk: Desk, market_round: DeskRound, strategy: Strategy | QuotingStrategy
) -> SignalView:
    why, said = market_round.whys[strategy.name], market_round.proposals.get(strategy.name)
    quoted = market_round.quote_sets.get(strategy.name)
    outcome = said.outcome if said is not None else None
    quotes = said.quotes if said is not None else ()
    if quoted is not None:
        quotes = tuple([rung.quote for rung in quoted.rungs])
    cost = sum([quote.price * quote.shares for quote in quotes])
    return SignalView(
        strategy=strategy.name,
        direction="" if outcome is None else outcome.value,
        edge_bps=None if said is None else said.edge_bps,
        reason="" if why.reason is Reason.NONE else why.text(),
        confidence=None if said is None else said.confidence,
        size_usd=cost / MICRO**2,
        is_live=_is_live(desk, strategy, market_round.round.interval),
        worth=None if said is None else said.worth,
    )


def _is_live(desk: Desk, strategy: Strategy | QuotingStrategy, interval: Interval) -> bool:
    return may_trade(strategy.thresholds(desk.settings), desk.asset, interval)


def show_scores(desk: Desk) -> tuple[ScoreView, ...]:
    live, shadow = desk.asset_account.live.results(), desk.asset_account.shadow.results()
    intervals = desk.settings.session.intervals
    scores = tuple(
        ScoreView(
            strategy.name,
            any(_is_live(desk, strategy, interval) for interval in intervals),
            _show_result(live.get(strategy.name)),
            _show_result(shadow.get(strategy.name)),
            _show_claims(desk, strategy.name),
            desk.account.roster.halted_words(strategy.name),
        )
        for strategy in _strategies(desk)
    )
    if BY_HAND not in live:
        return scores
    return (*scores, ScoreView(BY_HAND, True, _show_result(live[BY_HAND]), ResultView()))


def _show_claims(desk: Desk, name: str) -> ClaimsView:
    record = desk.account.claims.record(desk.asset, name, desk.settings.claims)
    bps = [one * _BPS for one in (record.claimed, record.realised, record.used)]
    return ClaimsView(record.count, *bps)


def _show_result(result: StrategyResult | None) -> ResultView:
    if result is None:
        return ResultView()
    return ResultView(
        entries=result.entries,
        exits=result.exits,
        wins=result.wins,
        losses=result.losses,
        staked=result.staked,
        fees=result.fees,
        pnl=result.pnl,
        open_cost=result.open_cost,
    )


def asset_limits(desk: Desk, now_ns: int) -> tuple[LimitView, ...]:
    """Limits of this asset; of rounds and outcomes the one with the most at stake."""
    entries = [market_round for market_round in desk.rounds if market_round.phase is Phase.OPEN]
    market_round = max(
        entries, key=lambda e: desk.ledger.positions.of(e.slug).total_cost, default=None
    )
    exposure = desk.exposure(now_ns, market_round)
    used = limits_used(exposure, desk.limits(), (Scope.ASSET, Scope.ROUND, Scope.OUTCOME))
    if not desk.quote_sets.strategies:  # a bar that nothing can fill
        used = tuple([one for one in used if one.name != Reason.LIMIT_ROUND_RUNGS.value])
    return _show_limits(used)


def account_limits(desk: Desk, now_ns: int) -> tuple[LimitView, ...]:
    """Limits of the whole account, as any of its desks sees them; of intervals and closing times
    the one with the most."""
    scopes = (Scope.INTERVAL, Scope.CLOSING, Scope.ACCOUNT)
    return _show_limits(limits_used(desk.exposure(now_ns), desk.limits(), scopes))


def _show_limits(used: Sequence[Used]) -> tuple[LimitView, ...]:
    return tuple(LimitView(one.name, one.used, one.allowed, one.unit) for one in used)


def show_breakers(desk: Desk) -> tuple[BreakerView, ...]:
    stopped = desk.asset_account.paused_why
    paused = () if stopped is None else (BreakerView(stopped.text(), 0),)
    return paused + tuple(BreakerView(why.text(), until) for why, until in desk.breakers.open())
