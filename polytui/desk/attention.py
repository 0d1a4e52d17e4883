"""Which rounds are to be decided, and why: every event is applied, few can change a decision.

A round is decided at the end of a batch in which

    a best price of its books changed, or whether they add up, or are read in time
    somebody switched the kill switch, of whatever asset
    its settlement forecast moved by more than `deciding.least_move_sigmas` of its own sigma
    features are made anew and somebody reads them, Chainlink spoke, a second passed, a window of
    its opened
    the venue reported, a person commanded, a feed came or went, settings changed

A forecast moves as far as the open part of the closing price does: the price since the round was
looked at last, against `least_move_sigmas` x sigma / (1 - known). Until an exchange has run so far
nothing is computed: at the same weights a mean moves no further than what moved furthest. Weights
age, and who disagrees is voted out, so the price is computed every tenth of a second all the same.

From the moment on when somebody may trade a round at once (a young signal is old enough, the
cool-down is over, an order waits for depth) it is tense: every change of a mid, and of a price or
size at the top of its books, decides it; for who waits for depth, every change of a book. At a
setting of zero that is so of all rounds always.

A round that nobody may enter now or in a moment, and in which nothing is held or works, is quiet:
it is looked at once a second, for people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.prices import DeskPrices
from polytui.desk.roster import Roster
from polytui.desk.round import ESTIMATED, DeskRound
from polytui.desk.round_phase import Phase
from polytui.desk.rounds import DeskRounds
from polytui.ledger.shadow import NEVER_NS
from polytui.market.book import NEW_SIZE
from polytui.model.effects import Reason, Why
from polytui.model.events import BookChanged, BookSnapshotted
from polytui.model.instrument import Round
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.strategy.proposal import View
from polytui.strategy.window import EntryWindow

_WAITING = (Reason.SIGNAL_YOUNG, Reason.COOLDOWN)
"""For so many seconds of so many."""
_OPEN = Phase.OPEN
_ROUNDED_NS = 1000
_PRICED_EVERY_NS = 100 * NS_PER_MS
_LEAD_S = 1.0
"""A quiet round is looked at once a second: so long before its window it is quiet no more."""


class Attention:
    """State: whether everything is to be decided or which rounds, and how far each exchange may go
    until a round's forecast has to be looked at."""

    def __init__(
        self, prices: DeskPrices, rounds: DeskRounds, ledger: AssetLedger, roster: Roster
    ) -> None:
        self._roster = roster
        self.is_everywhere = False
        """Whatever waits for anything is looked at."""
        self.is_killed = False
        """As the kill switch stood when it was looked at last: the account is everybody's."""
        self.priced_ns = 0
        """When the price is to be computed whatever the exchanges do."""
        self.touched: dict[str, DeskRound] = {}
        self._prices = prices
        self._rounds = rounds
        self._ledger = ledger
        self._slack = 0.0
        """As a logarithm."""
        self._tense_ns = NEVER_NS
        """When the first of the rounds is tense."""
        self._now_ns = 0
        """Of the event in hand."""
        self._is_late = False
        """Books are read too late to decide by them."""
        self._most_lag_ns = 0
        self._wakes_ns = NEVER_NS
        """When the first of the rounds is to be looked at whatever happens."""
        self.since_ns = self.next_ns = 0
        """Outside [since, next) the clock itself is a reason to decide: features are due, a round's
        moment has come; or it was set back."""
        self._least_move = 0.0
        self._features_every_ns = 0
        self._reads_features = True
        """Whether anybody who is asked does, but for those that quote."""
        self._windows: tuple[EntryWindow, ...] = ()
        self._early_s = 0.0
        self._after_open_ns: tuple[int, ...] = ()
        self._before_close_ns: tuple[int, ...] = ()

    def configure(self, settings: Settings) -> None:
        """Settings in force."""
        self._least_move = settings.deciding.least_move_sigmas
        self._features_every_ns = settings.features.every_ms * NS_PER_MS
        self._reads_features = self._roster.reads_features(settings)
        strategies = self._roster.strategies()
        self._windows = tuple(dict.fromkeys([one.window(settings) for one in strategies]))
        self._most_lag_ns = settings.gates.max_book_lag_ms * NS_PER_MS
        self._early_s = settings.gates.entry_delay_s + _LEAD_S
        self._after_open_ns = _moments([one.after_open_s for one in self._windows])
        until_close_s = [one.from_left_s for one in self._windows]
        last_s = [one.before_close_s for one in self._windows]
        closing = _moments([*until_close_s, settings.exits.before_close_s])
        # An entry may be made in the last moment of its window, and works a moment too long then.
        self._before_close_ns = (*closing, *[before_ns - 1 for before_ns in _moments(last_s)])

    # --- what happens ---------------------------------------------------------------------------

    @property
    def is_for_all(self) -> bool:
        """Whether whatever changes is a reason to decide everything."""
        return not self._least_move

    def book_changed(self, event: BookChanged, now_ns: int) -> None:
        """A change behind the best prices is nobody's reason."""
        self._now_ns = now_ns
        self._rounds.book_changed(event, self._note)
        if (self._rounds.lag_ns > self._most_lag_ns) is not self._is_late:
            self._is_late = not self._is_late
            self.is_everywhere = True

    def book_snapshotted(self, event: BookSnapshotted, now_ns: int) -> None:
        self._now_ns = now_ns
        self._rounds.book_snapshotted(event, self._note)

    def _note(self, market_round: DeskRound, news: int) -> None:
        if not self._least_move:
            self.is_everywhere = True
        elif market_round.is_quiet:
            return
        elif news > NEW_SIZE or self._now_ns >= market_round.tense_ns:
            self.touched[market_round.slug] = market_round

    def quoted(self, venue: str, now_ns: int, settings: Settings, *, has_moved: bool) -> None:
        """An exchange was heard: its mid is another one, or the price is due."""
        if not self._least_move:
            self.is_everywhere = self.is_everywhere or has_moved
        elif (
            now_ns >= self.priced_ns
            or now_ns >= self._tense_ns
            or self._prices.consensus.run(venue) >= self._slack
        ):
            self._look_at_prices(now_ns, settings, is_touching=True)

    @property
    def is_strike_missing(self) -> bool:
        """Whether an open round waits for the average that it is decided by."""
        return any(
            one.phase is Phase.OPEN and (one.strike is None or one.strike_source == ESTIMATED)
            for one in self._rounds
        )

    def _look_at_prices(self, now_ns: int, settings: Settings, *, is_touching: bool) -> None:
        """Rounds whose forecast moved too far are touched; the others have so much left."""
        market, prices, slack = settings.market, self._prices, math.inf
        for market_round in self._rounds:
            seen_price = market_round.seen_price
            if not seen_price or market_round.phase is not _OPEN:
                continue
            estimate = prices.estimate(now_ns, market)
            price = prices.price_for(market_round.round, estimate, now_ns, market)
            if price is None:
                continue
            left = market_round.band - abs(price - seen_price)
            slack = min(slack, left / price)
            if is_touching and (left <= 0.0 or now_ns >= market_round.tense_ns):
                self.touched[market_round.slug] = market_round
        self._slack, self.priced_ns = slack, now_ns + _PRICED_EVERY_NS
        prices.consensus.mark()

    # --- what is decided ------------------------------------------------------------------------

    def asked(self, now_ns: int, *, has_new_features: bool) -> Iterable[DeskRound]:
        """The rounds that are to be decided."""
        if now_ns >= self._wakes_ns:
            return self._rounds
        if self.is_everywhere or (has_new_features and not self._least_move):
            return self._rounds
        is_news = has_new_features and self._minds_features
        rounds = self._rounds if is_news else list(self.touched.values())
        return [one for one in rounds if not one.is_quiet]

    @property
    def _minds_features(self) -> bool:
        """Whether new ones are a reason: who quotes is taken for one that reads them."""
        return (
            self._reads_features
            or not self._least_move
            or any(market_round.quote_sets for market_round in self._rounds)
        )

    def decided(self, now_ns: int, settings: Settings) -> None:
        """From here everything is measured anew."""
        self.is_everywhere = False
        self.touched.clear()
        self._wakes_ns = self._tense_ns = NEVER_NS
        if self._least_move:
            self._look_at_prices(now_ns, settings, is_touching=False)
            for market_round in self._rounds:
                if market_round.phase is Phase.OPEN:
                    self._wakes_ns = min(self._wakes_ns, market_round.wakes_ns)
                    self._tense_ns = min(self._tense_ns, market_round.tense_ns)
        self.since_ns = self._prices.features.latest.at_ns
        due_ns = self.since_ns + self._features_every_ns if self._minds_features else NEVER_NS
        self.next_ns = min(due_ns, self._wakes_ns)

    def looked(self, market_round: DeskRound, view: View | None, now_ns: int) -> None:
        """A round was: how far its price may go until it must be again. Without a view no price
        changes what is decided of it."""
        market_round.seen_price, market_round.band = 0.0, math.inf
        market_round.wakes_ns = self._next_moment_ns(market_round.round, now_ns)
        market_round.tense_ns = _tense_ns(market_round.whys.values(), now_ns)
        market_round.minds_depth = market_round.tense_ns == now_ns
        market_round.is_quiet = False
        if view is None:
            return
        if self._is_quiet(market_round, view):
            market_round.is_quiet = True
            return
        market_round.seen_price = view.price
        if view.known < 1.0:
            market_round.band = self._least_move * view.sigma / (1.0 - view.known)

    def _next_moment_ns(self, listed: Round, now_ns: int) -> int:
        opens_ns, closes_ns = listed.opens_ns, listed.closes_ns
        moments = [opens_ns + after_ns for after_ns in self._after_open_ns]
        moments += [closes_ns - before_ns for before_ns in self._before_close_ns]
        return min([one for one in moments if one > now_ns], default=NEVER_NS)

    def _is_quiet(self, market_round: DeskRound, view: View) -> bool:
        slug, account = market_round.slug, self._ledger.asset_account
        since_open_s, left_s, early_s = view.since_open_s, view.left_s, self._early_s
        if any(window.is_near(since_open_s, left_s, early_s) for window in self._windows):
            return False
        if account.live.open(slug) or account.shadow.open(slug) or market_round.quote_sets:
            return False
        return not (account.shadow.is_anyone_waiting(slug) or self._ledger.orders.of_round(slug))

    def state(self) -> tuple[object, ...]:
        return (
            self.is_everywhere,
            list(self.touched),
            self._slack,
            self._wakes_ns,
            self._tense_ns,
            (self.is_killed, self.priced_ns, self.since_ns, self.next_ns),
            self._is_late,
        )


def _tense_ns(whys: Iterable[Why], now_ns: int) -> int:
    """When the first of those who want to trade may."""
    first_ns = NEVER_NS
    for why in whys:
        if why.reason is Reason.DEPTH_THIN:
            return now_ns
        if why.reason in _WAITING:
            first_ns = min(first_ns, now_ns + int((why.limit - why.value) * NS_PER_S) - _ROUNDED_NS)
    return first_ns


def _moments(seconds: Iterable[float]) -> tuple[int, ...]:
    """Those that are asked for, in nanoseconds."""
    return tuple(dict.fromkeys([int(one * NS_PER_S) for one in seconds if one > 0.0]))
