"""One asset's mind. Read `step` first: everything the bot does begins and ends there.

    apply the event to what we know and have -> view -> strategies propose -> gates
    -> difference to the working orders -> risk stamps -> effects

No await, no clock, no I/O: the same events give the same effects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from polytui.config.load import digest_of, from_canonical_json
from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import MOVES, AssetLedger
from polytui.desk.deciding import Deciding
from polytui.desk.prices import DeskPrices
from polytui.desk.quote_sets import QuoteSets
from polytui.desk.quoting import Quoter
from polytui.desk.round import DeskRound, may_say
from polytui.desk.round_phase import Move, Phase
from polytui.desk.rounds import DeskRounds
from polytui.desk.shadowing import Shadowing
from polytui.desk.step import Step
from polytui.desk.view_builder import NoView, ViewInputs, build_view
from polytui.desk.waking import Waking
from polytui.ledger.diff import WantedQuote
from polytui.market.fair_value import fair_up
from polytui.market.predictor import Predictor, parse_model
from polytui.model import events as ev
from polytui.model.effects import (
    STOP,
    VOID,
    CancelAll,
    Credit,
    Effect,
    Reason,
    Resync,
    Trip,
    Warn,
    Why,
)
from polytui.model.instrument import Asset, Outcome, PriceKind
from polytui.model.orders import Order, OrderState, Quote, Side, TimeInForce
from polytui.model.refusals import would_cross
from polytui.model.snapshot import FeedState
from polytui.model.units import MICRO, NS_PER_MS, NS_PER_S, floor_to_lot, usd_from_float
from polytui.risk.limits import Exposure, Limits
from polytui.strategy.proposal import QuotingStrategy, View
from polytui.strategy.registry import QUOTING, STRATEGIES

FLATTEN = "flatten"
"""In place of a strategy's name, on the orders of a person who sells everything."""
_DRAWDOWNS = (Reason.LIMIT_DRAWDOWN, Reason.LIMIT_DRAWDOWN_PCT)
_BPS = 10_000
_RESYNC_AFTER_NS = 2 * NS_PER_S


class Desk:
    """State: rounds, prices and ledger of one asset, its feeds, and what people asked.

    Written only inside `step`; what desks share is in the account.
    """

    def __init__(
        self, asset: Asset, account: Account, quoting: Sequence[QuotingStrategy] = QUOTING
    ) -> None:
        self.asset = asset
        self.account = account
        self.settings = Settings()
        self.settings_digest = ""
        self.prices = DeskPrices()
        self.rounds = DeskRounds()
        self.ledger = AssetLedger(asset, account)
        self.asset_account = self.ledger.asset_account
        self.feeds: dict[str, FeedState] = {}
        self.breakers = self.asset_account.breakers
        self.predictor: Predictor | None = None
        self.is_stopping = False
        self.life = 0
        self._quoter = Quoter(asset, account, self.ledger)
        self._shadowing = Shadowing(asset, account, self._quoter)
        self._waking = Waking()
        self.quote_sets = QuoteSets(asset, self.ledger, self._waking, quoting)
        self._deciding = Deciding(asset, self.ledger, self._shadowing, self.quote_sets)
        self._has_news = False
        self._is_tick = False
        self._is_new = True

    def step(self, seq: int, now_ns: int, event: ev.Event, *, is_last: bool) -> tuple[Effect, ...]:
        """Take one event. Decisions are made after the last of a batch in which something changed
        that decides: a burst decides once. What else is news is for those who quote to say."""
        step = Step(seq, now_ns)
        if self.asset_account.shadow.next_due_ns <= now_ns:
            self._shadowing.arrive(now_ns, self.rounds)
        if _APPLY[type(event)](self, step, event) is not False:
            self._has_news = True
        if self._waking.next_due_ns <= now_ns and self._waking.grown_old(now_ns, self.rounds):
            self._has_news = True
        if is_last and self._has_news:
            self._has_news = False
            self._decide(step)
            self._waking.decided()
            self._is_tick = False
        return tuple(step.effects)

    def exposure(self, now_ns: int, market_round: DeskRound | None = None) -> Exposure:
        """What is at stake now, for those who show it."""
        return self._quoter.exposure(now_ns, market_round)

    def limits(self) -> Limits:
        """Those of the settings in force."""
        return self._quoter.limits(self.settings)

    def adopt(self, settings: Settings) -> None:
        """Go on under these settings."""
        self.settings = settings
        self.settings_digest = digest_of(settings)
        self.prices.features.configure(settings.features)
        self.account.starting_cash = usd_from_float(settings.paper.starting_cash_usd)

    def state(self) -> tuple[object, ...]:
        """Everything that decides what comes next, for digests."""
        return (
            self.asset.value,
            self.life,
            self.rounds.state(),
            self.prices.state(),
            self.ledger.state(),
            self._waking.state(),
            self.breakers.state(),
            "" if self.predictor is None else self.predictor.digest,
            sorted((name, state.value) for name, state in self.feeds.items()),
            (self.is_stopping, self._has_news),
            self.settings_digest,
        )

    # --- apply --------------------------------------------------------------------------------

    def _opened(self, step: Step, event: ev.DeskOpened) -> None:
        self.life = event.life
        self.ledger.begin(event.realised, step.now_ns)
        for held in event.held:
            self.rounds.find(held.round)
            self.ledger.restore(held, step.now_ns)
        self.ledger.forget_unheld([held.round.slug for held in event.held])

    def _restored(self, step: Step, event: ev.RiskStateRestored) -> None:
        """What earlier sessions left behind, once a session, before anything else."""
        self.account.restore(event, step.now_ns)

    def _halted(self, step: Step, event: ev.AssetHalted) -> bool:
        """Said to the account, which outlives the desk. There is nothing left to decide."""
        self._pause_for(step, Why(Reason.HALTED, event.crashes, event.most, "crashes"))
        return False

    def _settings_changed(self, step: Step, event: ev.SettingsChanged) -> None:
        self.adopt(from_canonical_json(event.settings_json))
        if self._is_new:
            # A life hears of what settled without it before it hears of its limits.
            self._is_new = False
            self._judge_day(step)

    def _model_loaded(self, _: Step, event: ev.ModelLoaded) -> None:
        self.predictor = parse_model(event.model_json) if event.model_json else None

    def _time_passed(self, step: Step, event: ev.Ticked) -> None:
        """What waits for a time is looked at again."""
        self._is_tick = True
        step.effects += self.breakers.ticked(
            step.now_ns, event.latency_us, event.queue_share, self.settings.breakers
        )
        if event.clock_behind_ms:
            most = self.settings.clock.max_ahead_ms
            why = Why(Reason.CLOCK_BEHIND, event.clock_behind_ms, most, "ms")
            step.effects += self.breakers.machine_doubted(step.now_ns, why, self.settings.breakers)
        if event.unkept_s:
            why = Why(Reason.DISK_REFUSES, event.unkept_s, 0.0, "s")
            step.effects += self.breakers.machine_doubted(step.now_ns, why, self.settings.breakers)
        if self.breakers.must_cancel and self.asset_account.working:
            self._cancel_everything(step, "latency")

    def _kept_only(self, step: Step, _: ev.Event) -> bool:
        """Something was seen that only the journal keeps."""
        return False

    def _round_found(self, step: Step, event: ev.RoundFound) -> None:
        self.rounds.find(event.round)

    def _round_opened(self, step: Step, event: ev.RoundOpened) -> None:
        if market_round := self.rounds.get(event.slug):
            market_round.move(Move.OPENS)
            session = self.asset_account.session_rounds
            if not event.is_late and event.slug not in session:
                session.append(event.slug)

    def _round_closed(self, step: Step, event: ev.RoundClosed) -> None:
        if market_round := self.rounds.get(event.slug):
            market_round.move(Move.CLOSES)

    def _strike_published(self, step: Step, event: ev.StrikePublished) -> None:
        market_round = self.rounds.get(event.slug)
        if market_round is not None and may_say(event.source, market_round.round.settlement):
            market_round.know_strike(event.strike, event.source)

    def _acceptance_changed(self, step: Step, event: ev.AcceptanceChanged) -> None:
        if market_round := self.rounds.get(event.slug):
            market_round.takes_orders = event.takes_orders

    def _round_settled(self, step: Step, event: ev.RoundSettled) -> None:
        known = self.rounds.winner_of(event)
        if known is None or not known[0].move(Move.SETTLES):
            return
        market_round, winner = known
        payout, pnl = self.ledger.settle(
            market_round.slug, winner, step.now_ns, self.settings.claims
        )
        if winner is None:
            step.effects.append(Warn(Why(Reason.ROUND_VOID, 0.5, 1.0, "USD a share")))
        is_up = None if winner is None else winner is Outcome.UP
        self.asset_account.watch.settle(market_round.slug, is_up, step.now_ns, self.settings.watch)
        named = VOID if winner is None else winner.value
        step.effects.append(Credit(market_round.slug, named, payout, pnl))
        self.rounds.forget(market_round)
        self._waking.forget(market_round.slug)
        self._judge_result(step, had_position=bool(payout or pnl))

    def _judge_result(self, step: Step, *, had_position: bool) -> None:
        """What a settled round means for going on."""
        if not had_position:
            return
        self._judge_day(step)
        losses, most = self.asset_account.losses_in_a_row, self.settings.risk.max_losses_in_a_row
        if losses >= most:
            self._pause_for(step, Why(Reason.LIMIT_LOSSES, losses, most, "rounds"))
        for why in self._too_deep():
            self._pause_for(step, why)

    def _too_deep(self) -> list[Why]:
        """The drawdowns, in dollars and in percent, that have reached their limits."""
        account, risk = self.account, self.settings.risk
        both = (
            (Reason.LIMIT_DRAWDOWN, account.drawdown, risk.max_drawdown_usd, "USD"),
            (Reason.LIMIT_DRAWDOWN_PCT, account.drawdown_pct, risk.max_drawdown_pct, "%"),
        )
        found = []
        for reason, used, allowed, unit in both:
            drawdown, deepest = used / MICRO, usd_from_float(allowed) / MICRO
            if drawdown >= deepest:
                found.append(Why(reason, drawdown, deepest, unit))
        return found

    def _judge_day(self, step: Step) -> None:
        """Whether the day's loss is enough for an emergency stop; a sale can make it so. Once a day
        and limit: who looked and went on is not stopped at the next fill."""
        most = self.settings.risk.max_daily_loss_usd
        lost = -self.account.realised_today(step.now_ns)
        if lost >= usd_from_float(most) and self.account.is_first_breach(step.now_ns, most):
            why = Why(Reason.LIMIT_DAILY_LOSS, lost / MICRO, most, "USD")
            self._kill(step, why.text())

    def _pause_for(self, step: Step, why: Why) -> None:
        """No entries until a person has looked and resumes."""
        self.asset_account.is_paused = True
        self.asset_account.paused_whys += (why,)
        self.breakers.count(why.reason)
        step.effects.append(Trip(why, 0))

    def _book_snapshotted(self, step: Step, event: ev.BookSnapshotted) -> None:
        self.rounds.book_snapshotted(event)

    def _book_changed(self, step: Step, event: ev.BookChanged) -> bool:
        return self.rounds.book_changed(event)

    def _tick_size_changed(self, step: Step, event: ev.TickSizeChanged) -> None:
        self.rounds.tick_size_changed(event)

    def _chainlink_priced(self, step: Step, event: ev.ChainlinkPriced) -> bool:
        is_news = self.prices.chainlink_priced(event, self.settings.market)
        self.prices.sample(step.now_ns, self.settings.market)
        if is_news and event.kind is PriceKind.SPOT:
            self._watch_forecast(step, event)
        return is_news

    def _watch_forecast(self, step: Step, event: ev.ChainlinkPriced) -> None:
        """What came against what was foreseen, and what is foreseen now."""
        watch = self.asset_account.watch
        watch.came(event.value, event.observed_ns, self.settings.watch)
        if watch.is_due(step.now_ns):
            foreseen = self.prices.foreseen(step.now_ns, self.settings.market)
            if foreseen is not None:
                watch.foresee(foreseen, step.now_ns)

    def _exchange_quoted(self, step: Step, event: ev.ExchangeQuoted) -> bool:
        is_news = self.prices.exchange_quoted(event)
        self.prices.sample(step.now_ns, self.settings.market)
        has_run = self._waking.heard(event.venue, (event.bid + event.ask) / 2.0)
        return is_news or has_run

    def _exchange_traded(self, step: Step, event: ev.ExchangeTraded) -> bool:
        """Counted into what is read later; news to those who quote and asked for it."""
        self.prices.exchange_traded(event, self.rounds)
        return not event.is_history and self._waking.heard(event.venue, event.price)

    def _candles_loaded(self, step: Step, event: ev.CandlesLoaded) -> None:
        self.prices.candles_loaded(event, self.rounds)

    def _feed_up(self, step: Step, event: ev.FeedUp) -> None:
        if self.feeds.get(event.feed) is FeedState.DOWN:
            step.effects += self.breakers.reconnected(step.now_ns, self.settings.breakers)
        self.feeds[event.feed] = FeedState.UP
        self.prices.feed_up(event.feed, event.at_ns)

    def _feed_stale(self, step: Step, event: ev.FeedStale) -> None:
        self.feeds[event.feed] = FeedState.STALE
        self.prices.feed_stale(event.feed, event.stream, event.at_ns)

    def _feed_gapped(self, step: Step, event: ev.FeedGapped) -> None:
        self.prices.feed_gapped(event)

    def _feed_mended(self, step: Step, event: ev.FeedMended) -> None:
        self.prices.feed_mended(event)

    def _frame_rejected(self, step: Step, event: ev.FrameRejected) -> bool:
        """What stood in it is unknown. Where it was of the books, they are read anew at once."""
        self.prices.frame_rejected(event)
        if event.feed != ev.BOOK_FEED:
            return False
        self.rounds.doubt_books()
        for market_round in self.rounds:
            if market_round.phase is Phase.OPEN and not market_round.unsettled_ns:
                market_round.unsettled_ns = step.now_ns
                step.effects.append(Resync(market_round.slug))
        return True

    def _feed_down(self, step: Step, event: ev.FeedDown) -> None:
        self.feeds[event.feed] = FeedState.DOWN
        if event.feed == ev.BOOK_FEED:
            self.rounds.forget_books()
        self.prices.feed_down(event.feed, event.at_ns)

    def _reported(self, step: Step, event: ev.Report) -> None:
        working = self.ledger.orders.get(event.order_id)
        was_asked = working is not None and working.state is OrderState.CANCELLING
        self.ledger.reported(event)
        order = None if working is None else working.order
        is_refused = isinstance(event, ev.Refused)
        if order is not None and order.rung:
            is_taken_back = isinstance(event, ev.Cancelled) and not was_asked
            self._note_rung(step, order, event, is_sent_back=is_refused or is_taken_back)
        if isinstance(event, ev.Accepted | ev.Refused) and not _is_expected(event, order):
            settings = self.settings.breakers
            step.effects += self.breakers.answered(step.now_ns, is_refused, settings)

    def _note_rung(self, step: Step, order: Order, event: ev.Report, *, is_sent_back: bool) -> None:
        """One that the venue did not want is not tried again at once."""
        market_round, rung = self.rounds.get(order.slug), (order.strategy, order.rung)
        if market_round is not None and is_sent_back:
            market_round.refused[rung] = step.now_ns
        elif market_round is not None and isinstance(event, ev.Accepted):
            market_round.refused.pop(rung, None)

    def _filled(self, step: Step, event: ev.Filled) -> None:
        self.ledger.filled(event, step.now_ns)
        working = self.ledger.orders.get(event.order_id)
        if working is not None and working.order.rung:
            self._waking.filled(working.order, event.price, step.now_ns)
        self._judge_day(step)

    # --- commands of people -------------------------------------------------------------------

    def _commanded(self, step: Step, event: ev.Commanded) -> None:
        _OBEY[event.action](self, step, event)

    def _pause(self, step: Step, _: ev.Commanded) -> None:
        self.asset_account.is_paused = True

    def _resume(self, step: Step, _: ev.Commanded) -> None:
        """A person has looked: what stopped by itself until then begins anew."""
        asset_account, resets = self.asset_account, self.resets()
        asset_account.is_paused = asset_account.is_flattening = asset_account.is_flattened = False
        asset_account.paused_whys = ()
        for why in resets:
            if why.reason is Reason.LIMIT_LOSSES:
                self.account.forgive_losses(self.asset)
            else:
                self.account.forgive_drawdown()

    def resets(self) -> list[Why]:
        """What would be measured anew if a person resumed this asset now."""
        account, most = self.account, self.settings.risk.max_losses_in_a_row
        losses = self.asset_account.losses_in_a_row
        found = [Why(Reason.LIMIT_LOSSES, losses, most, "rounds")] if losses >= most else []
        is_ours = any(why.reason in _DRAWDOWNS for why in self.asset_account.paused_whys)
        # Of the whole account: only where it stopped, or anywhere if that was in another session.
        may_forgive = is_ours or not account.is_paused_for(*_DRAWDOWNS)
        return [*found, *self._too_deep()] if may_forgive else found

    def _flatten(self, step: Step, _: ev.Commanded) -> None:
        # Whoever sells everything does not want it bought back at the next tick.
        self.asset_account.is_paused = self.asset_account.is_flattening = (
            self.asset_account.is_flattened
        ) = True

    def _killed(self, step: Step, event: ev.Commanded) -> None:
        self._kill(step, f"command from {event.origin}")

    def _rearmed(self, step: Step, _: ev.Commanded) -> None:
        self.account.kill_switch.rearm()

    def _stop(self, step: Step, _: ev.Commanded) -> None:
        self.is_stopping = True
        self._cancel_everything(step, STOP)

    def _kill(self, step: Step, why: str) -> None:
        self.account.kill_switch.trip(why, step.now_ns)
        self._cancel_everything(step, f"kill switch: {why}")

    def _cancel_everything(self, step: Step, why: str) -> None:
        self.ledger.ask_cancel_all()
        step.effects.append(CancelAll(why))

    # --- decide -------------------------------------------------------------------------------

    def _decide(self, step: Step) -> None:
        self.prices.refresh(step.now_ns, self.settings)
        for market_round in self.rounds:
            if market_round.phase is Phase.OPEN:
                self._decide_round(step, market_round)
            elif market_round.phase is Phase.ENDED:
                self._quoter.want(step, market_round, (), self.settings)
        if self.asset_account.is_flattening and not self._may_flatten_more():
            self.asset_account.is_flattening = False

    def _decide_round(self, step: Step, market_round: DeskRound) -> None:
        market_round.looked_ns = step.now_ns
        seen = build_view(market_round, self._view_inputs(step))
        unseen = seen.why if isinstance(seen, NoView) else None
        self._ask_for_books(step, market_round, unseen)
        halt = self._halt()
        market_round.block = halt or unseen or self._entry_block(market_round)
        if isinstance(seen, View):
            seen = self._watched(market_round, seen)
        if isinstance(seen, View) and halt is None and not self.asset_account.is_flattening:
            self._follow(step, market_round, seen)
            return
        # What strategies said is over: a signal must last anew once they are asked again.
        market_round.forget_opinions()
        self._waking.withdraw(market_round.slug)
        if self.asset_account.is_flattening and not self.is_stopping:
            self._quoter.want(step, market_round, self._sales(market_round), self.settings)
            return
        why = halt or unseen or Why(Reason.STOPPING)
        step.say(market_round, dict.fromkeys(self._names_told(market_round), why))
        wanted: list[WantedQuote] = []
        if halt is None and isinstance(seen, NoView) and seen.market is not None:
            wanted = self._deciding.exits(market_round, seen.market, self.settings)
        self._quoter.want(step, market_round, wanted, self.settings)

    def _names_told(self, market_round: DeskRound) -> list[str]:
        """Who is told that nobody can be asked: of those that quote, those that may here."""
        quoting = (one.name for one in self.quote_sets.strategies)
        told = [one.name for one in STRATEGIES]
        return told + [name for name in quoting if name in market_round.whys]

    def _watched(self, market_round: DeskRound, view: View) -> View:
        """What is said of the round is kept, and how well such forecasts fitted is seen."""
        watch = self.asset_account.watch
        watch.say(market_round.slug, view.left_s, view.fair_up)
        misfit = watch.misfit(view.left_s, self.settings.watch)
        return view if misfit is None else replace(view, misfit=misfit)

    def _follow(self, step: Step, market_round: DeskRound, view: View) -> None:
        if self._is_tick:
            self._look_for_trouble(step, market_round, view)
        block = self._entry_block(market_round) or self._strike_block(step, market_round, view)
        market_round.block = block
        wanted, whys = self._deciding.decide(market_round, view, self.settings, block)
        whys |= self._quoter.want(step, market_round, wanted, self.settings)
        step.say(market_round, whys)

    def _halt(self) -> Why | None:
        """What stops everything: exits as well, for what is wrong may be what we see."""
        if self.account.kill_switch.is_on:
            return Why(Reason.KILL_SWITCH)
        return Why(Reason.STOPPING) if self.is_stopping else None

    def _entry_block(self, market_round: DeskRound) -> Why | None:
        """What stops entries alone."""
        if self.asset_account.is_paused:
            return self.asset_account.paused_why or Why(Reason.PAUSED)
        most, session = self.settings.session.rounds, self.asset_account.session_rounds
        if most and market_round.slug not in session[:most]:
            return Why(Reason.SESSION_DONE)
        return self.breakers.blocking()

    def _strike_block(self, step: Step, market_round: DeskRound, view: View) -> Why | None:
        """A strike that nobody confirmed may be off by so much that it matters: fair value would be
        another one."""
        market, most = self.settings.market, self.settings.gates.max_strike_doubt_bps
        skew_ns = self.settings.clock.max_ahead_ms * NS_PER_MS
        off = self.prices.strike_doubt(market_round, skew_ns)
        if not off:
            return None
        moved = 1.0
        if off < view.strike:
            settlement_forecast = self.prices.settlement_forecast(
                market_round.round, view.price, step.now_ns, market
            )
            others = [
                fair_up(settlement_forecast, view.strike + way * off, market) for way in (-1, 1)
            ]
            moved = max(abs(other - view.fair_up) for other in others)
        if moved * _BPS <= most:
            return None
        return Why(Reason.STRIKE_UNSURE, moved * _BPS, most, "bps")

    def _look_for_trouble(self, step: Step, market_round: DeskRound, view: View) -> None:
        """What breakers read of a round, once a tick."""
        up, divergence, spread = view.up, None, None
        if 0 < up.best_bid < up.best_ask < MICRO:
            divergence = view.fair_up - (up.best_bid + up.best_ask) / 2 / MICRO
            spread = (up.best_ask - up.best_bid) / MICRO
        step.effects += self.breakers.looked(
            step.now_ns,
            divergence,
            spread,
            market_round.round.fees.rate_ppm / MICRO,
            self.settings.breakers,
            market_round.round.interval.value,
        )

    def _ask_for_books(self, step: Step, market_round: DeskRound, unseen: Why | None) -> None:
        """A book that stays unsettled will not mend itself: read it by REST."""
        if unseen is None or unseen.reason not in (Reason.BOOK_UNSETTLED, Reason.NO_BOOK):
            market_round.unsettled_ns = 0
        elif not market_round.unsettled_ns:
            market_round.unsettled_ns = step.now_ns
        elif step.now_ns - market_round.unsettled_ns > _RESYNC_AFTER_NS:
            market_round.unsettled_ns = step.now_ns
            step.effects.append(Resync(market_round.slug))

    def _view_inputs(self, step: Step) -> ViewInputs:
        return ViewInputs(
            now_ns=step.now_ns,
            prices=self.prices,
            predictor=self.predictor,
            free_cash=self.account.free_cash,
            is_book_up=self.feeds.get(ev.BOOK_FEED) is FeedState.UP,
            book_lag_ns=self.rounds.lag_ns,
            settings=self.settings,
        )

    def _sales(self, market_round: DeskRound) -> list[WantedQuote]:
        """Sell what is held to whoever bids; what is too little to sell is held to settlement."""
        position = self.ledger.positions.of(market_round.slug)
        paired = min(position.up, position.down)  # worth a dollar each, whoever wins
        wanted = []
        for outcome in Outcome:
            book = market_round.book(outcome)
            shares = floor_to_lot(position.shares(outcome) - paired)
            if shares >= market_round.round.min_shares and book.is_settled and book.best_bid:
                quote = Quote(outcome, Side.SELL, book.best_bid, shares, TimeInForce.FAK)
                wanted.append(WantedQuote(FLATTEN, quote, is_exit=True))
        return wanted

    def _may_flatten_more(self) -> bool:
        """Whether something is on its way out or still enough to be sold."""
        positions = self.ledger.positions
        return bool(self.asset_account.working) or any(
            abs(position.up - position.down) >= market_round.round.min_shares
            for market_round in self.rounds
            if market_round.phase is Phase.OPEN
            for position in (positions.of(market_round.slug),)
        )


def _is_expected(event: ev.Accepted | ev.Refused, order: Order | None) -> bool:
    """That an order which may only rest would have met somebody who came in the meantime is what
    post-only is for: it says nothing of our orders, nor of the venue."""
    if order is None or not order.is_post_only or isinstance(event, ev.Accepted):
        return False
    return would_cross(event.detail)


_APPLY: dict[type[Any], Callable[[Desk, Step, Any], bool | None]] = {
    ev.DeskOpened: Desk._opened,
    ev.RiskStateRestored: Desk._restored,
    ev.AssetHalted: Desk._halted,
    ev.SettingsChanged: Desk._settings_changed,
    ev.ModelLoaded: Desk._model_loaded,
    ev.Ticked: Desk._time_passed,
    ev.RoundFound: Desk._round_found,
    ev.RoundOpened: Desk._round_opened,
    ev.RoundClosed: Desk._round_closed,
    ev.StrikePublished: Desk._strike_published,
    ev.AcceptanceChanged: Desk._acceptance_changed,
    ev.RoundSettled: Desk._round_settled,
    ev.BookSnapshotted: Desk._book_snapshotted,
    ev.BookChanged: Desk._book_changed,
    ev.TickSizeChanged: Desk._tick_size_changed,
    ev.TradePrinted: Desk._kept_only,
    ev.ChainlinkPriced: Desk._chainlink_priced,
    ev.ExchangeTraded: Desk._exchange_traded,
    ev.ExchangeQuoted: Desk._exchange_quoted,
    ev.FeedUp: Desk._feed_up,
    ev.FeedStale: Desk._feed_stale,
    ev.FeedDown: Desk._feed_down,
    ev.CandlesLoaded: Desk._candles_loaded,
    ev.FeedGapped: Desk._feed_gapped,
    ev.FeedMended: Desk._feed_mended,
    ev.FeedRefused: Desk._kept_only,
    ev.FrameRejected: Desk._frame_rejected,
    ev.Filled: Desk._filled,
    ev.Commanded: Desk._commanded,
    **dict.fromkeys(MOVES, Desk._reported),
}
"""False from those that changed nothing a decision looks at: there is no reason to decide anew."""

_OBEY: dict[ev.Action, Callable[[Desk, Step, ev.Commanded], None]] = {
    ev.Action.PAUSE: Desk._pause,
    ev.Action.RESUME: Desk._resume,
    ev.Action.FLATTEN: Desk._flatten,
    ev.Action.KILL: Desk._killed,
    ev.Action.REARM: Desk._rearmed,
    ev.Action.STOP: Desk._stop,
}
