"""One asset's mind. Read `step` first: everything the bot does begins and ends there.

    apply the event to what we know and have -> view -> strategies propose -> gates
    -> difference to the working orders -> risk stamps -> effects

No await, no clock, no I/O: the same events give the same effects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polytui.config.load import digest_of, from_canonical_json
from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.holdings import MOVES, Holdings
from polytui.desk.machine import Move, Phase
from polytui.desk.prices import DeskPrices
from polytui.desk.round import DeskRound
from polytui.desk.rounds import DeskRounds
from polytui.desk.seeing import Blocked, Knowledge, see_round
from polytui.ledger.diff import changes
from polytui.model import events as ev
from polytui.model.effects import (
    Cancel,
    CancelAll,
    Credit,
    Effect,
    Explain,
    Place,
    Reason,
    Resync,
    Stamp,
    Why,
)
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Order, Quote, Side, TimeInForce
from polytui.model.snapshot import FeedState
from polytui.model.units import NS_PER_S, Usd, floor_to_lot, usd_from_float
from polytui.risk.limits import Standing, stamp
from polytui.strategy.distance_fade import DistanceFade
from polytui.strategy.proposal import Strategy, View

STRATEGIES: tuple[Strategy, ...] = (DistanceFade(),)
_FLATTEN = "flatten"
_RESYNC_AFTER_NS = 2 * NS_PER_S


class Desk:
    """State: rounds, prices and holdings of one asset, its feeds, and what people asked.

    Written only inside `step`; what desks share is in the account.
    """

    def __init__(self, asset: Asset, account: Account) -> None:
        self.asset = asset
        self.account = account
        self.settings = Settings()
        self.settings_digest = ""
        self.prices = DeskPrices()
        self.rounds = DeskRounds()
        self.holdings = Holdings(asset, account)
        self.books = self.holdings.books
        self.feeds: dict[str, FeedState] = {}
        self.is_stopping = False
        self.life = 0
        self._effects: list[Effect] = []
        self._has_news = False
        self._seq = 0
        self._now_ns = 0

    def step(self, seq: int, now_ns: int, event: ev.Event, *, is_last: bool) -> tuple[Effect, ...]:
        """Take one event. Decisions are made after the last of a batch: a burst decides once."""
        self._seq, self._now_ns, self._effects = seq, now_ns, []
        if _APPLY[type(event)](self, event) is not False:
            self._has_news = True
        if is_last and self._has_news:
            self._has_news = False
            self._decide()
        return tuple(self._effects)

    def state(self) -> tuple[object, ...]:
        """Everything that decides what comes next, for digests."""
        return (
            self.asset.value,
            self.life,
            self.rounds.state(),
            self.prices.state(),
            self.holdings.state(),
            sorted((name, state.value) for name, state in self.feeds.items()),
            (self.is_stopping, self._has_news),
            self.settings_digest,
        )

    # --- apply --------------------------------------------------------------------------------

    def _opened(self, event: ev.DeskOpened) -> None:
        self.life = event.life
        self.holdings.begin(event.realised, self._now_ns)
        for held in event.held:
            self.rounds.find(held.round)
            self.holdings.restore(held)

    def _settings_changed(self, event: ev.SettingsChanged) -> None:
        self.settings = from_canonical_json(event.settings_json)
        self.settings_digest = digest_of(self.settings)
        self.prices.features.configure(self.settings.features)
        self.account.starting_cash = usd_from_float(self.settings.paper.starting_cash_usd)

    def _time_passed(self, _: ev.Ticked) -> None:
        """What waits for a time is looked at again."""

    def _kept_only(self, _: ev.Event) -> bool:
        """Something was seen that only the journal keeps."""
        return False

    def _round_found(self, event: ev.RoundFound) -> None:
        self.rounds.find(event.round)

    def _round_opened(self, event: ev.RoundOpened) -> None:
        if entry := self.rounds.get(event.slug):
            entry.move(Move.OPENS)
            session = self.books.session_rounds
            if not event.is_late and event.slug not in session:
                session.append(event.slug)

    def _round_closed(self, event: ev.RoundClosed) -> None:
        if entry := self.rounds.get(event.slug):
            entry.move(Move.CLOSES)

    def _strike_published(self, event: ev.StrikePublished) -> None:
        if entry := self.rounds.get(event.slug):
            entry.know_strike(event.strike, event.source)

    def _round_settled(self, event: ev.RoundSettled) -> None:
        known = self.rounds.winner_of(event)
        if known is None or not known[0].move(Move.SETTLES):
            return
        entry, winner = known
        payout, pnl = self.holdings.settle(entry.slug, winner, self._now_ns)
        self._effects.append(Credit(entry.slug, winner.value, payout, pnl))
        self.rounds.forget(entry)
        most = usd_from_float(self.settings.risk.max_daily_loss_usd)
        if self.account.realised_today(self._now_ns) <= -most:
            self._kill("daily loss")

    def _book_snapshotted(self, event: ev.BookSnapshotted) -> None:
        self.rounds.book_snapshotted(event)

    def _book_changed(self, event: ev.BookChanged) -> bool:
        return self.rounds.book_changed(event)

    def _tick_size_changed(self, event: ev.TickSizeChanged) -> None:
        self.rounds.tick_size_changed(event)

    def _oracle_priced(self, event: ev.OraclePriced) -> bool:
        is_news = self.prices.oracle_priced(event, self.settings.market)
        self.prices.sample(self._now_ns, self.settings.market)
        return is_news

    def _exchange_quoted(self, event: ev.ExchangeQuoted) -> bool:
        is_news = self.prices.exchange_quoted(event)
        self.prices.sample(self._now_ns, self.settings.market)
        return is_news

    def _exchange_traded(self, event: ev.ExchangeTraded) -> bool:
        """Counted into what is read later."""
        self.prices.exchange_traded(event, self.rounds)
        return False

    def _candles_loaded(self, event: ev.CandlesLoaded) -> None:
        self.prices.candles_loaded(event, self.rounds)

    def _feed_up(self, event: ev.FeedUp) -> None:
        self.feeds[event.feed] = FeedState.UP
        self.prices.feed_up(event.feed, event.at_ns)

    def _feed_stale(self, event: ev.FeedStale) -> None:
        self.feeds[event.feed] = FeedState.STALE
        self.prices.feed_stale(event.feed, event.stream, event.at_ns)

    def _feed_gapped(self, event: ev.FeedGapped) -> None:
        self.prices.feed_gapped(event)

    def _feed_mended(self, event: ev.FeedMended) -> None:
        self.prices.feed_mended(event)

    def _feed_down(self, event: ev.FeedDown) -> None:
        self.feeds[event.feed] = FeedState.DOWN
        if event.feed == ev.BOOK_FEED:
            self.rounds.forget_books()
        self.prices.feed_down(event.feed, event.at_ns)

    def _reported(self, event: ev.Report) -> None:
        self.holdings.reported(event)

    def _filled(self, event: ev.Filled) -> None:
        self.holdings.filled(event)

    # --- commands of people -------------------------------------------------------------------

    def _commanded(self, event: ev.Commanded) -> None:
        _OBEY[event.action](self, event)

    def _pause(self, _: ev.Commanded) -> None:
        self.books.is_paused = True

    def _resume(self, _: ev.Commanded) -> None:
        self.books.is_paused = self.books.is_flattening = False

    def _flatten(self, _: ev.Commanded) -> None:
        # Whoever sells everything does not want it bought back at the next tick.
        self.books.is_paused = self.books.is_flattening = True

    def _killed(self, event: ev.Commanded) -> None:
        self._kill(f"command from {event.origin}")

    def _rearmed(self, _: ev.Commanded) -> None:
        self.account.kill_switch.rearm()

    def _stop(self, _: ev.Commanded) -> None:
        self.is_stopping = True
        self._cancel_everything("stop")

    def _kill(self, why: str) -> None:
        self.account.kill_switch.trip(why, self._now_ns)
        self._cancel_everything("kill switch")

    def _cancel_everything(self, why: str) -> None:
        self.holdings.ask_cancel_all()
        self._effects.append(CancelAll(why))

    # --- decide -------------------------------------------------------------------------------

    def _decide(self) -> None:
        self.prices.refresh(self._now_ns, self.settings)
        for entry in self.rounds:
            if entry.phase is Phase.OPEN:
                self._decide_round(entry)
            elif entry.phase is Phase.ENDED:
                self._want(entry, "", ())
        if self.books.is_flattening and not self._may_flatten_more():
            self.books.is_flattening = False

    def _decide_round(self, entry: DeskRound) -> None:
        seen = see_round(entry, self._knowledge(entry))
        unseen = seen.why if isinstance(seen, Blocked) else None
        self._ask_for_books(entry, unseen)
        blocked = self._people_block(entry) or unseen
        if self.books.is_flattening and not self.is_stopping:
            self._want(entry, _FLATTEN, self._sales(entry))
        elif blocked is not None:
            self._say(entry, {strategy.name: blocked for strategy in STRATEGIES})
            self._want(entry, "", ())
        elif isinstance(seen, View):
            self._ask_strategies(entry, seen)

    def _ask_for_books(self, entry: DeskRound, unseen: Why | None) -> None:
        """A book that stays unsettled will not mend itself: read it by REST."""
        if unseen is None or unseen.reason not in (Reason.BOOK_UNSETTLED, Reason.NO_BOOK):
            entry.unsettled_ns = 0
        elif not entry.unsettled_ns:
            entry.unsettled_ns = self._now_ns
        elif self._now_ns - entry.unsettled_ns > _RESYNC_AFTER_NS:
            entry.unsettled_ns = self._now_ns
            self._effects.append(Resync(entry.slug))

    def _knowledge(self, entry: DeskRound) -> Knowledge:
        return Knowledge(
            now_ns=self._now_ns,
            prices=self.prices,
            position=self.holdings.positions.of(entry.slug),
            is_book_up=self.feeds.get(ev.BOOK_FEED) is FeedState.UP,
            book_lag_ns=self.rounds.lag_ns,
            settings=self.settings,
        )

    def _people_block(self, entry: DeskRound) -> Why | None:
        if self.account.kill_switch.is_on:
            return Why(Reason.KILL_SWITCH)
        if self.is_stopping:
            return Why(Reason.STOPPING)
        if self.books.is_paused:
            return Why(Reason.PAUSED)
        most, session = self.settings.session.rounds, self.books.session_rounds
        if most and entry.slug not in session[:most]:
            return Why(Reason.SESSION_DONE)
        return None

    def _ask_strategies(self, entry: DeskRound, view: View) -> None:
        """Every strategy is asked on every view; the first that wants something gets it."""
        whys: dict[str, Why] = {}
        name = ""
        wanted: tuple[Quote, ...] = ()
        for strategy in STRATEGIES:
            proposal = strategy.propose(view, self.settings)
            whys[strategy.name] = proposal.why
            entry.leanings[strategy.name] = (proposal.outcome, proposal.edge_bps)
            if proposal.quotes and not strategy.is_enabled(self.settings):
                whys[strategy.name] = Why(Reason.SHADOW)
            elif proposal.quotes and not wanted:
                name, wanted = strategy.name, proposal.quotes
        blocked = self._want(entry, name, wanted)
        if blocked is not None:
            whys[name] = blocked
        self._say(entry, whys)

    def _sales(self, entry: DeskRound) -> tuple[Quote, ...]:
        """Sell what is held to whoever bids; what is too little to sell is held to settlement."""
        position = self.holdings.positions.of(entry.slug)
        quotes = []
        for outcome in Outcome:
            book, shares = entry.book(outcome), floor_to_lot(position.shares(outcome))
            if shares >= entry.round.min_shares and book.is_settled and book.best_bid:
                quotes.append(Quote(outcome, Side.SELL, book.best_bid, shares, TimeInForce.FAK))
        return tuple(quotes)

    def _may_flatten_more(self) -> bool:
        """Whether something is on its way out or still enough to be sold."""
        positions = self.holdings.positions
        return bool(self.books.working) or any(
            positions.of(entry.slug).shares(outcome) >= entry.round.min_shares
            for entry in self.rounds
            if entry.phase is Phase.OPEN
            for outcome in Outcome
        )

    def _say(self, entry: DeskRound, whys: dict[str, Why]) -> None:
        """Record a reason when it becomes another one; its number alone changes too often."""
        for name, why in whys.items():
            before = entry.whys.get(name)
            entry.whys[name] = why
            if before is None or before.reason is not why.reason:
                self._effects.append(Explain(entry.slug, name, why))

    # --- from wanted to effects ---------------------------------------------------------------

    def _want(self, entry: DeskRound, name: str, quotes: tuple[Quote, ...]) -> Why | None:
        """Cancel what is no longer wanted, place what is missing and allowed; why not, if not."""
        working = self.holdings.of_round(entry.slug)
        if not quotes and not working:
            return None
        tolerance = self.settings.distance_fade.requote_ticks * entry.round.tick
        change = changes(quotes, working, tolerance)
        for order_id in change.cancel:
            self.holdings.ask_cancel(order_id)
            self._effects.append(Cancel(order_id))
        blocked = None
        for quote in change.place:
            allowed = stamp(quote, self._standing(entry, quote), self.settings)
            if isinstance(allowed, Stamp):
                self._place(entry, name, quote, allowed)
            else:
                blocked = allowed
        return blocked

    def _standing(self, entry: DeskRound, quote: Quote) -> Standing:
        holdings, account = self.holdings, self.account
        position = holdings.positions.of(entry.slug)
        reserved = sum(other.reserved for other in holdings.of_round(entry.slug))
        return Standing(
            now_ns=self._now_ns,
            is_killed=account.kill_switch.is_on,
            tick=entry.round.tick,
            fee=entry.round.fees.fee(quote.price, quote.shares),
            held=position.shares(quote.outcome),
            selling=holdings.selling(entry.slug, quote.outcome),
            last_entry_ns=entry.last_entry_ns,
            round_usd=Usd(position.total_cost + reserved),
            asset_usd=Usd(self.books.position_cost + self.books.reserved),
            account_usd=account.exposure,
            free_cash=account.free_cash,
            working_orders=self.books.working,
            realised_today=account.realised_today(self._now_ns),
        )

    def _place(self, entry: DeskRound, name: str, quote: Quote, allowed: Stamp) -> None:
        entry.entries += 1
        order = Order(
            order_id=f"{entry.slug}-{self._seq}-{entry.entries}",
            slug=entry.slug,
            token_id=entry.round.token_of(quote.outcome),
            outcome=quote.outcome,
            side=quote.side,
            price=quote.price,
            shares=quote.shares,
            tif=quote.tif,
            is_post_only=quote.is_post_only,
            strategy=name,
            placed_ns=self._now_ns,
        )
        if quote.side is Side.BUY:
            entry.last_entry_ns = self._now_ns
            self.books.signals += 1
        self.holdings.place(order, entry.round.fees.fee(quote.price, quote.shares))
        self._effects.append(Place(order, allowed))


_APPLY: dict[type[Any], Callable[[Desk, Any], bool | None]] = {
    ev.DeskOpened: Desk._opened,
    ev.SettingsChanged: Desk._settings_changed,
    ev.Ticked: Desk._time_passed,
    ev.RoundFound: Desk._round_found,
    ev.RoundOpened: Desk._round_opened,
    ev.RoundClosed: Desk._round_closed,
    ev.StrikePublished: Desk._strike_published,
    ev.RoundSettled: Desk._round_settled,
    ev.BookSnapshotted: Desk._book_snapshotted,
    ev.BookChanged: Desk._book_changed,
    ev.TickSizeChanged: Desk._tick_size_changed,
    ev.TradePrinted: Desk._kept_only,
    ev.OraclePriced: Desk._oracle_priced,
    ev.ExchangeTraded: Desk._exchange_traded,
    ev.ExchangeQuoted: Desk._exchange_quoted,
    ev.FeedUp: Desk._feed_up,
    ev.FeedStale: Desk._feed_stale,
    ev.FeedDown: Desk._feed_down,
    ev.CandlesLoaded: Desk._candles_loaded,
    ev.FeedGapped: Desk._feed_gapped,
    ev.FeedMended: Desk._feed_mended,
    ev.FeedRefused: Desk._kept_only,
    ev.FrameRejected: Desk._kept_only,
    ev.Filled: Desk._filled,
    ev.Commanded: Desk._commanded,
    **dict.fromkeys(MOVES, Desk._reported),
}
"""False from those that changed nothing a decision looks at: there is no reason to decide anew."""

_OBEY: dict[ev.Action, Callable[[Desk, ev.Commanded], None]] = {
    ev.Action.PAUSE: Desk._pause,
    ev.Action.RESUME: Desk._resume,
    ev.Action.FLATTEN: Desk._flatten,
    ev.Action.KILL: Desk._killed,
    ev.Action.REARM: Desk._rearmed,
    ev.Action.STOP: Desk._stop,
}
