"""From what is wanted to effects: what is not wanted is cancelled, what is missing placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.round import DeskRound
from polytui.desk.step import Step
from polytui.ledger.diff import (
    Tolerance,
    WantedQuote,
    changes,
    crosses,
    price_of_up,
    towards,
)
from polytui.ledger.exposure import RoundExposure
from polytui.ledger.working import WorkingOrder
from polytui.model.effects import Cancel, Decline, Grounds, Place, Reason, Why
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.orders import Order, OrderState, Quote, Side
from polytui.model.ticket import is_by_hand
from polytui.model.units import MICRO, NS_PER_S, Price, Shares
from polytui.risk.limits import AtStake, Exposure, Limits
from polytui.risk.pretrade import Approved, PreTrade, Refused, fit

REQUOTE_TICKS = 2
"""A signal's working order is moved only when its price is off by more."""
BY_HAND_NS = 2 * NS_PER_S
"""So old may a fair value be that a person's order is held against."""
_NOTHING = AtStake()


class Quoter:
    """Stateless but for what it points at, one asset's ledger and the account of all; and for the
    limits of the settings that it saw last."""

    def __init__(self, asset: Asset, account: Account, ledger: AssetLedger) -> None:
        self._asset = asset
        self._account = account
        self._ledger = ledger
        self._limited: Settings | None = None
        self._limits = Limits(Settings())

    def want(
        self, step: Step, market_round: DeskRound, wanted: Sequence[WantedQuote], settings: Settings
    ) -> dict[str, Why]:
        """Make the working orders of a round what is wanted; by strategy, why one is not placed, or
        is smaller than it wanted."""
        there = self._ledger.orders.of_round(market_round.slug)
        working = [each for each in there if not is_by_hand(each.order)]
        if not wanted and not working:
            return {}
        self._cancel(step, self._outgrown(step, market_round, wanted, working, settings))
        change = changes(wanted, working, _tolerance(market_round, settings))
        self._cancel(step, change.cancel)
        is_leaving = any(each.state is OrderState.CANCELLING for each in there)
        whys: dict[str, Why] = {}
        for one in _nearest_first(change.place):
            why = self._make_way(step, one, there) if len(there) > len(working) else None
            why = why or self._place_if_allowed(
                step, market_round, one, settings, is_leaving=is_leaving
            )
            if why is not None:
                whys.setdefault(one.strategy, why)
        return whys

    def _cancel(self, step: Step, order_ids: Iterable[str]) -> None:
        for order_id in order_ids:
            self._cancel_one(step, order_id)

    def _cancel_one(self, step: Step, order_id: str) -> bool:
        """Whether it goes out."""
        is_out = self._ledger.ask_cancel(order_id, step.now_ns)
        if is_out:
            step.effects.append(Cancel(order_id))
        return is_out

    def _make_way(self, step: Step, one: WantedQuote, there: Sequence[WorkingOrder]) -> Why | None:
        """Nobody trades with a person's order: who enters waits for it, and for who leaves it is
        taken back."""
        met = met_by_hand(one.quote, there)
        if met is None:
            return None
        order = met.order
        why = Why(Reason.OWN_ORDER, one.quote.price / MICRO, order.price / MICRO, "USD by hand")
        if one.is_exit:
            self.take_back(step, met, why)
        return why

    def _outgrown(
        self,
        step: Step,
        market_round: DeskRound,
        wanted: Sequence[WantedQuote],
        working: Sequence[WorkingOrder],
        settings: Settings,
    ) -> list[str]:
        """Rungs that limits had cut, and for which there is more room now, by more than what is
        tolerated."""
        cut = [each for each in working if each.order.asked and each.state is OrderState.LIVE]
        if not cut:
            return []
        exposure, tolerated = self.exposure(step.now_ns, market_round), settings.quoting
        at_price = {_place_of(one.strategy, one.quote): one for one in wanted if one.rung}
        found = []
        for each in cut:
            order, one = each.order, at_price.get(_place_of(each.order.strategy, each.order))
            if one is None:
                continue
            kept = self._ledger.exposure.rounds[order.slug].by_order[order.order_id]
            alone = exposure.without(order.outcome, kept)
            fitted = self._fit(step.now_ns, market_round, one, alone, settings)
            room = fitted.stamp.quote.shares if isinstance(fitted, Approved) else 0
            if room - each.left > tolerated.size_tolerance * one.quote.shares:
                found.append(order.order_id)
        return found

    # --- placing --------------------------------------------------------------------------------

    def _place_if_allowed(
        self,
        step: Step,
        market_round: DeskRound,
        wanted: WantedQuote,
        settings: Settings,
        *,
        is_leaving: bool,
    ) -> Why | None:
        """`is_leaving`: an order of the round is on its way out, and takes room as long as it may
        fill. A rung waits for that rather than be cut."""
        hurried = _hurry(market_round, wanted, step.now_ns, settings)
        if hurried is not None:
            return hurried
        exposure = self.exposure(step.now_ns, market_round)
        fitted = self._fit(step.now_ns, market_round, wanted, exposure, settings)
        if is_leaving and wanted.rung and fitted.why is not None:
            return None
        if isinstance(fitted, Refused):
            return fitted.why
        self.place(step, market_round, wanted, fitted)
        return fitted.why

    def _fit(
        self,
        now_ns: int,
        market_round: DeskRound,
        wanted: WantedQuote,
        exposure: Exposure,
        settings: Settings,
    ) -> Approved | Refused:
        limits = self.limits(settings)
        pre_trade = self.pre_trade(market_round, wanted, now_ns, limits, self._ramp(settings))
        return fit(pre_trade, exposure, limits)

    def limits(self, settings: Settings) -> Limits:
        if settings is not self._limited:
            self._limited, self._limits = settings, Limits(settings)
        return self._limits

    def _ramp(self, settings: Settings) -> Why | None:
        """Why entries are of the smallest size."""
        rounds, ramp = self._account.ramp_rounds(settings.live.ramp_rounds), self._account.ramp
        return None if ramp.is_over(rounds) else Why(Reason.RAMP, ramp.proven, rounds, "rounds")

    def pre_trade(
        self,
        market_round: DeskRound,
        wanted: WantedQuote,
        now_ns: int,
        limits: Limits,
        ramp: Why | None = None,
    ) -> PreTrade:
        """An order and what there is to know of it."""
        quote, listed = wanted.quote, market_round.round
        offered = None
        # Who leaves takes what there is, and a rung takes nothing.
        is_asked_for_depth = not (wanted.is_exit or wanted.rung or wanted.order_id)
        if limits.min_depth > 0.0 and is_asked_for_depth:
            offered = Shares(market_round.book(quote.outcome).ask_depth(quote.price))
        return PreTrade(
            quote=quote,
            now_ns=now_ns,
            tick=listed.tick,
            fees=listed.fees,
            min_shares=listed.min_shares,
            offered=offered,
            last_entry_ns=market_round.last_entry_ns,
            is_killed=self._account.kill_switch.is_on,
            is_exit=wanted.is_exit,
            is_rung=bool(wanted.rung),
            is_by_hand=bool(wanted.order_id),
            ramp=ramp,
        )

    def place(
        self, step: Step, market_round: DeskRound, wanted: WantedQuote, fitted: Approved
    ) -> None:
        quote, is_rung = fitted.stamp.quote, bool(wanted.rung)
        if is_rung:
            market_round.requotes += 1
        else:
            market_round.entries += 1
        number = market_round.entries + market_round.requotes
        order = Order(
            order_id=wanted.order_id or f"{market_round.slug}-{step.seq}-{number}",
            slug=market_round.slug,
            token_id=market_round.round.token_of(quote.outcome),
            outcome=quote.outcome,
            side=quote.side,
            price=quote.price,
            shares=quote.shares,
            tif=quote.tif,
            is_post_only=quote.is_post_only,
            strategy=wanted.strategy,
            placed_ns=step.now_ns,
            worth=quote.worth,
            rung=wanted.rung,
            asked=wanted.quote.shares if is_rung and fitted.why is not None else Shares(0),
            expires_ns=quote.expires_ns,
        )
        if wanted.is_exit:
            market_round.last_exits[wanted.strategy] = step.now_ns
        elif quote.side is Side.BUY and not is_rung:
            # A rung is a trade once it fills (`AssetLedger.filled`).
            if not wanted.order_id:
                market_round.last_entry_ns = step.now_ns
                self._ledger.asset_account.signals += 1
            self._account.note_trade(step.now_ns)
        self._ledger.place(order, market_round.round)
        grounds = _grounds(market_round, wanted, step.now_ns)
        step.effects.append(Place(order, fitted.stamp, grounds))

    # --- by hand --------------------------------------------------------------------------------

    def fit_by_hand(
        self, now_ns: int, market_round: DeskRound, wanted: WantedQuote, settings: Settings
    ) -> Approved | Refused:
        """What limits leave of a person's order now. It changes nothing."""
        exposure = self.exposure(now_ns, market_round)
        return self._fit(now_ns, market_round, wanted, exposure, settings)

    def take_back(self, step: Step, working: WorkingOrder, why: Why | None = None) -> None:
        """A person's order: its cancel goes out once, and again where the venue refused it; each
        time it is said why, where that is not the person's own wish."""
        order = working.order
        if not working.state.is_working or working.state is OrderState.CANCELLING:
            return
        if self._cancel_one(step, order.order_id) and why is not None:
            step.effects.append(Decline(order.slug, order.order_id, why))

    # --- what is at stake -----------------------------------------------------------------------

    def exposure(self, now_ns: int, market_round: DeskRound | None = None) -> Exposure:
        """What is at stake now, read off what the ledgers keep; of a round only where it is named,
        of intervals and closing times the one with the most where no round is."""
        account, at_risk = self._account, self._account.at_risk
        asset_account = self._ledger.asset_account
        if market_round is None:
            kept, sent, rungs, up, down = None, 0, 0, _NOTHING, _NOTHING
            closing = max((at_risk.at_stake_at(each) for each in at_risk.closings()), default=0)
            interval_rounds = max(at_risk.rounds_of(each) for each in Interval)
        else:
            kept = self._ledger.exposure.rounds.get(market_round.slug)
            up, down = (self._stake(market_round.slug, kept, outcome) for outcome in Outcome)
            sent, rungs = market_round.entries, market_round.requotes
            closing = at_risk.at_stake_at(market_round.round.closes_ns)
            interval_rounds = at_risk.rounds_of(market_round.round.interval)
        totals, own = at_risk.totals, self._ledger.exposure.totals
        return Exposure(
            up=up,
            down=down,
            is_round_open=kept is not None and kept.is_open,
            asset_usd=own.gross,
            closing_usd=closing,
            account_usd=totals.gross,
            free_cash=account.free_cash,
            open_rounds=totals.rounds,
            interval_rounds=interval_rounds,
            asset_rounds=own.rounds,
            working_orders=own.orders,
            round_orders=sent,
            round_rungs=rungs,
            trades_today=account.trades_today(now_ns) + totals.entries,
            realised_today=account.realised_today(now_ns),
            at_stake=totals.at_stake,
            drawdown=account.drawdown,
            drawdown_pct=account.drawdown_pct,
            losses_in_a_row=asset_account.losses_in_a_row,
        )

    def _stake(self, slug: str, kept: RoundExposure | None, outcome: Outcome) -> AtStake:
        if kept is None:
            return _NOTHING
        side, arrivals = kept.side(outcome), self._ledger.asset_account.arrivals
        return AtStake(
            side.shares,
            side.cost + side.reserved,
            kept.net(outcome),
            side.buying,
            side.selling,
            arrivals.awaited_of(slug, outcome),
        )


def _grounds(market_round: DeskRound, wanted: WantedQuote, now_ns: int) -> Grounds:
    """What is known now; what was made of prices only where it is of this moment."""
    outcome, said = wanted.quote.outcome, market_round.proposals.get(wanted.strategy)
    # A person decides between two looks.
    within_ns = BY_HAND_NS if wanted.order_id else 0
    book, is_fresh = market_round.book(outcome), market_round.is_priced_at(now_ns, within_ns)
    is_signal = said is not None and not wanted.is_exit
    fair = market_round.fair_up if is_fresh else None
    return Grounds(
        is_exit=wanted.is_exit,
        price=market_round.priced if is_fresh else None,
        strike=market_round.strike,
        fair=1.0 - fair if fair is not None and outcome is Outcome.DOWN else fair,
        mid=Price((book.best_bid + book.best_ask) // 2) if book.is_known else None,
        confidence=said.confidence if said is not None and is_signal else None,
        edge_bps=said.edge_bps if said is not None and is_signal else None,
    )


def met_by_hand(quote: Quote, there: Iterable[WorkingOrder]) -> WorkingOrder | None:
    """A person's order that this one would trade with."""
    for each in there:
        if is_by_hand(each.order) and crosses(quote, each.order):
            return each
    return None


def _place_of(strategy: str, what: Quote | Order) -> tuple[str, Outcome, Side, int]:
    return (strategy, what.outcome, what.side, what.price)


def _tolerance(market_round: DeskRound, settings: Settings) -> Tolerance:
    tick, quoting = market_round.round.tick, settings.quoting
    return Tolerance(
        price=REQUOTE_TICKS * tick,
        rung_price=quoting.price_tolerance_ticks * tick,
        rung_size=quoting.size_tolerance,
    )


def _nearest_first(place: Sequence[WantedQuote]) -> list[WantedQuote]:
    """Who gets the room that there is: signals as they come, then rungs, of each side the one
    nearest to the market before all second ones."""
    rungs = [one for one in place if one.rung]
    if not rungs:
        return list(place)
    rungs.sort(key=lambda one: (towards(one.quote) is Outcome.UP, price_of_up(one.quote)))
    ranked = list[tuple[int, int, WantedQuote]]()
    for way in Outcome:
        mine = [one for one in rungs if towards(one.quote) is way]
        best_first = reversed(mine) if way is Outcome.UP else mine
        ranked += [(rank, way is Outcome.DOWN, one) for rank, one in enumerate(best_first)]
    ranked.sort(key=lambda each: each[:2])
    return [one for one in place if not one.rung] + [one for _, _, one in ranked]


def _hurry(
    market_round: DeskRound, wanted: WantedQuote, now_ns: int, settings: Settings
) -> Why | None:
    """Whether the last order that was to leave, or that was refused, is too young: where nobody was
    found, nobody is found a moment later, and a venue that is asked ten times a second stops
    listening."""
    if wanted.rung:
        tried_ns = market_round.refused.get((wanted.strategy, wanted.rung), 0)
        retry_s, of = settings.quoting.retry_s, "s since it was refused"
    else:
        tried_ns = market_round.last_exits.get(wanted.strategy, 0) if wanted.is_exit else 0
        retry_s, of = settings.exits.retry_s, "s between exits"
    since_s = (now_ns - tried_ns) / NS_PER_S
    if tried_ns and since_s < retry_s:
        return Why(Reason.COOLDOWN, since_s, retry_s, of)
    return None
