"""One asset's mind. Read `step` first: everything the bot does begins and ends there.

    apply the event to what we know and have -> view -> strategies propose -> gates
    -> difference to the working orders -> risk stamps -> effects

No await, no clock, no I/O: the same events give the same effects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from polytui.config.load import digest_of_text, from_canonical_json
from polytui.config.schema import Settings
from polytui.desk import forecast_check
from polytui.desk.account import Account
from polytui.desk.account_words import ACCOUNT_WORDS, AccountWord, AccountWords
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.attention import Attention
from polytui.desk.book_reads import read_if_unsettled
from polytui.desk.breaker_looks import BreakerLooks
from polytui.desk.by_hand import ByHand
from polytui.desk.deciding import Deciding
from polytui.desk.feed_states import FEED_EVENTS, FeedEvent, FeedStates
from polytui.desk.flattening import Flattening
from polytui.desk.halts import Halts
from polytui.desk.listings import ROUND_WORDS, Listings, RoundWord
from polytui.desk.loss_limits import LossLimits
from polytui.desk.people import People
from polytui.desk.prices import DeskPrices
from polytui.desk.quote_sets import QuoteSets
from polytui.desk.quoting import Quoter
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.rounds import DeskRounds
from polytui.desk.settling import settle
from polytui.desk.shadowing import Shadowing
from polytui.desk.step import Ready, Step
from polytui.desk.strike_doubt import strike_block
from polytui.desk.venue_answers import VenueAnswers
from polytui.desk.view_builder import NoView, ViewInputs, build_view
from polytui.desk.waking import Waking
from polytui.ledger.diff import WantedQuote
from polytui.ledger.working import MOVES
from polytui.market.predictor import Predictor, parse_model
from polytui.model import events as ev
from polytui.model.effects import Effect, Reason, Why
from polytui.model.instrument import Asset, PriceKind
from polytui.model.snapshot import FeedState
from polytui.risk.limits import Exposure, Limits
from polytui.strategy.proposal import QuotingStrategy, View
from polytui.strategy.registry import QUOTING


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
        self.ledger = AssetLedger(asset, account)
        self.asset_account = self.ledger.asset_account
        self.breakers = self.asset_account.breakers
        self._shadow = self.asset_account.shadow
        self.predictor: Predictor | None = None
        self.life = 0
        self.is_sound = True
        """False from a fault on in the middle of a step: it is half changed."""
        self._halts = Halts(account, self.ledger)
        self._limits = LossLimits(asset, account, self._halts)
        self._account_words = AccountWords(asset, account, self._halts)
        self._people = People(account, self.asset_account, self._halts, self._limits)
        self._looks = BreakerLooks(self.ledger, self._halts)
        self._flattening = Flattening(self.ledger)
        self._quoter = Quoter(asset, account, self.ledger)
        self._shadowing = Shadowing(asset, account, self._quoter)
        self._waking = Waking()
        self.quote_sets = QuoteSets(asset, self.ledger, self._waking, quoting)
        self._deciding = Deciding(asset, account, self.ledger, self._shadowing, self.quote_sets)
        self._is_tick = False
        self._is_new = True
        self._see_by(DeskPrices(), DeskRounds())

    def _see_by(self, prices: DeskPrices, rounds: DeskRounds) -> None:
        """What is known of the market, and who reads it."""
        self.prices, self.rounds = prices, rounds
        self._feeds = FeedStates(prices, rounds, self._looks, self._halts)
        self._answers = VenueAnswers(self.ledger, rounds, self._looks)
        self._attention = Attention(prices, rounds, self.ledger, self.account.roster)
        self._listings = Listings(rounds, self.ledger)

    def inherit(self, before: Desk, now_ns: int) -> None:
        """Begin with what the desk before knew of the market."""
        before.lose_sight(now_ns)
        self._see_by(before.prices, before.rounds)

    def lose_sight(self, now_ns: int) -> None:
        """No socket is open any more: books are unknown, nobody has a vote before it is up, and
        what trades is a hole until trades are seen again."""
        self.prices.lose_sight(now_ns)
        self.rounds.lose_sight(now_ns)

    def turn_back(self, now_ns: int) -> None:
        """Our clock was set back: what was seen of prices would be of the future."""
        self.rounds.turn_back(now_ns)
        self._see_by(DeskPrices(), self.rounds)

    def step(
        self, step: Step, event: ev.Event, is_last: bool, ready: Ready | None = None
    ) -> tuple[Effect, ...]:
        """Take one event. What it touched is decided after the last of a batch (`Attention`): a
        burst decides once. What else is news is for those who quote to say."""
        now_ns, attention = step.now_ns, self._attention
        if self._shadow.next_due_ns <= now_ns:
            self._shadowing.arrive(now_ns, self.rounds, self.settings.paper.mined_ns)
        if _APPLY[type(event)](self, step, event) is not False:
            attention.is_everywhere = True
        waking = self._waking
        if waking.next_due_ns <= now_ns and waking.grown_old(now_ns, self.rounds):
            attention.is_everywhere = True
        if self.account.kill_switch.is_on is not attention.is_killed:
            attention.is_killed = not attention.is_killed
            attention.is_everywhere = True
        if is_last and (
            attention.is_everywhere
            or attention.touched
            or not attention.since_ns <= now_ns < attention.next_ns
        ):
            self._decide(step, ready)
            self._is_tick = False
        return tuple(step.effects) if step.effects else ()

    @property
    def is_stopping(self) -> bool:
        return self._halts.is_stopping

    @property
    def feeds(self) -> Mapping[str, FeedState]:
        return self._feeds.by_name

    def resets(self) -> list[Why]:
        """What would be measured anew if a person resumed this asset now."""
        return self._limits.resets(self.settings)

    def exposure(self, now_ns: int, market_round: DeskRound | None = None) -> Exposure:
        """What is at stake now, for those who show it."""
        return self._quoter.exposure(now_ns, market_round)

    def limits(self) -> Limits:
        """Those of the settings in force."""
        return self._quoter.limits(self.settings)

    def adopt(self, settings: Settings, digest: str) -> None:
        """Go on under these settings, which have this name."""
        self.settings = settings
        self.settings_digest = digest
        self.prices.configure(settings)
        self.ledger.configure(settings)
        self._attention.configure(settings)

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
            self._feeds.state(),
            (self.is_stopping, self.is_sound, self._attention.state()),
            self.settings_digest,
        )

    # --- apply --------------------------------------------------------------------------------

    def _opened(self, step: Step, event: ev.DeskOpened) -> None:
        self.life = event.life
        for held in event.held:
            self.rounds.find(held.round)
        self._shadow.lose_sent()
        self.ledger.begin(event, step.now_ns)

    def _account_told(self, step: Step, event: AccountWord) -> bool:
        return self._account_words.told(step, event, self.settings)

    def _settings_changed(self, step: Step, event: ev.SettingsChanged) -> None:
        text = event.settings_json
        self.adopt(from_canonical_json(text), digest_of_text(text))
        if self._is_new:
            # A life hears of what settled without it before it hears of its limits.
            self._is_new = False
            self._limits.judge_day(step, self.settings)

    def _model_loaded(self, _: Step, event: ev.ModelLoaded) -> None:
        self.predictor = parse_model(event.model_json) if event.model_json else None

    def _time_passed(self, step: Step, event: ev.Ticked) -> None:
        """What waits for a time is looked at again."""
        self._is_tick = True
        step.effects += self.ledger.due_looks(step.now_ns)
        self._looks.ticked(step, event, self.settings)

    def _kept_only(self, step: Step, _: ev.Event) -> bool:
        """Something was seen that only the journal keeps."""
        return False

    def _round_told(self, step: Step, event: RoundWord) -> None:
        self._listings.told(event, step.now_ns)

    def _round_settled(self, step: Step, event: ev.RoundSettled) -> None:
        credit = settle(step, event, self.rounds, self.ledger, self.settings)
        if credit is not None:
            self._waking.forget(credit.slug)
            if credit.payout or credit.pnl:
                self._limits.judge_result(step, self.settings)

    def _book_snapshotted(self, step: Step, event: ev.BookSnapshotted) -> bool:
        self._attention.book_snapshotted(event, step.now_ns)
        return False

    def _book_changed(self, step: Step, event: ev.BookChanged) -> bool:
        self._attention.book_changed(event, step.now_ns)
        return False

    def _tick_size_changed(self, step: Step, event: ev.TickSizeChanged) -> None:
        self.rounds.tick_size_changed(event)

    def _chainlink_priced(self, step: Step, event: ev.ChainlinkPriced) -> bool:
        is_news = self.prices.chainlink_priced(event, self.settings.market)
        self.prices.sample(step.now_ns, self.settings.market)
        if event.kind is not PriceKind.SPOT:
            attention = self._attention
            return is_news and (attention.is_for_all or attention.is_strike_missing)
        if is_news:
            watch = self.asset_account.watch
            forecast_check.hear(event, step.now_ns, self.prices, watch, self.settings)
        return is_news

    def _exchange_quoted(self, step: Step, event: ev.ExchangeQuoted) -> bool:
        prices, waking, now_ns, attention = self.prices, self._waking, step.now_ns, self._attention
        has_moved = prices.exchange_quoted(event)
        if has_moved or now_ns >= attention.priced_ns:
            attention.quoted(event.venue, now_ns, self.settings, has_moved=has_moved)
        if not prices.calm_from_ns <= now_ns < prices.calm_until_ns:
            prices.sample(now_ns, self.settings.market)
        return waking.least_bps > 0.0 and waking.heard(event.venue, (event.bid + event.ask) / 2.0)

    def _exchange_traded(self, step: Step, event: ev.ExchangeTraded) -> bool:
        """Counted into what is read later; news to those who quote and asked for it."""
        self.prices.exchange_traded(event, self.rounds)
        waking = self._waking
        if event.is_history or not waking.least_bps:
            return False
        return waking.heard(event.venue, event.price)

    def _candles_loaded(self, step: Step, event: ev.CandlesLoaded) -> None:
        self.prices.candles_loaded(event, self.rounds)

    def _feed_told(self, step: Step, event: FeedEvent) -> bool:
        return self._feeds.told(step, event, self.settings)

    def _reported(self, step: Step, event: ev.Report) -> None:
        self._answers.reported(step, event, self.settings)

    def _money_moved(self, step: Step, event: ev.Filled | ev.Reversed) -> None:
        step.effects += self.ledger.reported(event, step.now_ns, self.rounds.place_of)
        working = self.ledger.orders.get(event.order_id)
        if isinstance(event, ev.Filled) and working is not None and working.order.rung:
            self._waking.filled(working.order, event.price, step.now_ns)
        self._limits.judge_day(step, self.settings)

    def _pairs_merged(self, step: Step, event: ev.PairsMerged) -> bool:
        return self.ledger.merged(event, step.now_ns)

    def _commanded(self, step: Step, event: ev.Commanded) -> None:
        self._people.obey(step, event, self.settings)

    def _said_by_hand(self, step: Step, event: ev.TicketSent | ev.TicketWithdrawn) -> None:
        self.by_hand(step.now_ns).take(step, event)

    # --- decide -------------------------------------------------------------------------------

    def _decide(self, step: Step, ready: Ready | None) -> None:
        is_new = self.prices.refresh(step.now_ns, self.settings)
        if ready is not None:
            ready()
        for market_round in self._attention.asked(step.now_ns, has_new_features=is_new):
            if self.ledger.orders.by_hand(market_round.slug):
                self.by_hand(step.now_ns).keep(step, market_round)
            if market_round.phase is Phase.OPEN:
                view = self._decide_round(step, market_round)
                self._attention.looked(market_round, view, step.now_ns)
                self._waking.looked(market_round.slug)
            elif market_round.phase is Phase.ENDED:
                self._quoter.want(step, market_round, (), self.settings)
        self._flattening.end_when_done(self.rounds)
        self._attention.decided(step.now_ns, self.settings)

    def _decide_round(self, step: Step, market_round: DeskRound) -> View | None:
        market_round.looked_ns = step.now_ns
        seen = build_view(market_round, self.view_inputs(step.now_ns))
        unseen = seen.why if isinstance(seen, NoView) else None
        read_if_unsettled(step, market_round, unseen)
        halt = self._halts.halt()
        if isinstance(seen, View):
            seen = forecast_check.checked(
                market_round, seen, self.asset_account.watch, self.settings
            )
        if isinstance(seen, View) and halt is None and not self._flattening.is_asked:
            self._follow(step, market_round, seen)
            return seen
        market_round.block = (
            halt or unseen or self._halts.entry_block(step.now_ns, market_round.slug, self.settings)
        )
        # What strategies said is over: a signal must last anew once they are asked again.
        market_round.forget_opinions()
        self._waking.withdraw(market_round.slug)
        view = seen if isinstance(seen, View) else None
        if self._flattening.is_asked and not self.is_stopping:
            sales = self._flattening.sales(market_round)
            self._quoter.want(step, market_round, sales, self.settings)
            return view
        why = halt or unseen or Why(Reason.STOPPING)
        signals = [one.name for one in self.account.roster.strategies()]
        told = signals + self.quote_sets.names_told(market_round)
        step.say(market_round, dict.fromkeys(told, why))
        wanted: list[WantedQuote] = []
        if halt is None and isinstance(seen, NoView) and seen.market is not None:
            wanted = self._deciding.exits(market_round, seen.market, self.settings)
        self._quoter.want(step, market_round, wanted, self.settings)
        return view

    def _follow(self, step: Step, market_round: DeskRound, view: View) -> None:
        if self._is_tick:
            self._looks.looked(step, market_round, view, self.settings)
        block = self._halts.entry_block(step.now_ns, market_round.slug, self.settings)
        block = block or strike_block(market_round, view, self.prices, self.settings)
        block = block or self.asset_account.feeds.taking_block(step.now_ns)
        market_round.block = block
        wanted, whys = self._deciding.decide(step, market_round, view, self.settings, block)
        whys |= self._quoter.want(step, market_round, wanted, self.settings)
        step.say(market_round, whys)

    def view_inputs(self, now_ns: int) -> ViewInputs:
        return ViewInputs(
            now_ns=now_ns,
            prices=self.prices,
            predictor=self.predictor,
            free_cash=self.account.free_cash,
            is_book_up=self._feeds.is_book_up,
            book_lag_ns=self.rounds.lag_ns,
            settings=self.settings,
        )

    def by_hand(self, now_ns: int) -> ByHand:
        """What a person may do now."""
        inputs = self.view_inputs(now_ns)
        return ByHand(self.ledger, self._quoter, self._halts, self.rounds, inputs)


_APPLY: dict[type[Any], Callable[[Desk, Step, Any], bool | None]] = {
    ev.DeskOpened: Desk._opened,
    **dict.fromkeys(ACCOUNT_WORDS, Desk._account_told),
    ev.SettingsChanged: Desk._settings_changed,
    ev.ModelLoaded: Desk._model_loaded,
    ev.Ticked: Desk._time_passed,
    **dict.fromkeys(ROUND_WORDS, Desk._round_told),
    ev.RoundSettled: Desk._round_settled,
    ev.BookSnapshotted: Desk._book_snapshotted,
    ev.BookChanged: Desk._book_changed,
    ev.TickSizeChanged: Desk._tick_size_changed,
    ev.TradePrinted: Desk._kept_only,
    ev.ChainlinkPriced: Desk._chainlink_priced,
    ev.ExchangeTraded: Desk._exchange_traded,
    ev.ExchangeQuoted: Desk._exchange_quoted,
    ev.CandlesLoaded: Desk._candles_loaded,
    ev.FeedRefused: Desk._kept_only,
    **dict.fromkeys(FEED_EVENTS, Desk._feed_told),
    ev.Filled: Desk._money_moved,
    ev.Reversed: Desk._money_moved,
    ev.PairsMerged: Desk._pairs_merged,
    ev.WinnersRedeemed: Desk._kept_only,
    ev.NotFound: Desk._reported,
    ev.OrderFound: Desk._reported,
    ev.Commanded: Desk._commanded,
    **dict.fromkeys((ev.TicketSent, ev.TicketWithdrawn), Desk._said_by_hand),
    **dict.fromkeys(MOVES, Desk._reported),
}
"""False from those that changed nothing a decision looks at: there is no reason to decide anew."""
