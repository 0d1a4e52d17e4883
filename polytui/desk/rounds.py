"""The rounds of one asset, found by slug, by token and by condition; and their books."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.market.book import NEW_BEST, TokenBook
from polytui.model.events import (
    BookChanged,
    BookSnapshotted,
    RoundSettled,
    TickSizeChanged,
)
from polytui.model.instrument import Outcome, Round

_OPEN = Phase.OPEN
NoteNews = Callable[[DeskRound, int], None]
"""A round and what its book has of news (`market/book.py`)."""


class DeskRounds:
    """State: every round from its listing to its settlement."""

    def __init__(self) -> None:
        self._by_slug: dict[str, DeskRound] = {}
        self._by_token: dict[str, tuple[DeskRound, Outcome, TokenBook]] = {}
        self._by_condition: dict[str, DeskRound] = {}
        self.lag_ns = 0
        """From the venue's stamp to our reading, of the newest frame: grows when we fall behind."""

    def __iter__(self) -> Iterator[DeskRound]:
        return iter(self._by_slug.values())

    def get(self, slug: str) -> DeskRound | None:
        return self._by_slug.get(slug)

    def find(self, listed: Round) -> DeskRound:
        """The round of a listing; a new one the first time it is seen."""
        market_round = self._by_slug.get(listed.slug)
        if market_round is None:
            market_round = self._by_slug[listed.slug] = DeskRound(listed)
            self._by_condition[listed.condition_id] = market_round
            for outcome in Outcome:
                token, book = listed.token_of(outcome), market_round.book(outcome)
                self._by_token[token] = (market_round, outcome, book)
        return market_round

    def place_of(self, token_id: str) -> tuple[Round, Outcome] | None:
        """Of which round a token is which outcome."""
        known = self._by_token.get(token_id)
        return None if known is None else (known[0].round, known[1])

    def forget(self, market_round: DeskRound) -> None:
        del self._by_slug[market_round.slug]
        del self._by_condition[market_round.round.condition_id]
        for outcome in Outcome:
            del self._by_token[market_round.round.token_of(outcome)]

    def winner_of(self, event: RoundSettled) -> tuple[DeskRound, Outcome | None] | None:
        """The round that was settled and its winner, if any; None where it is not ours to know."""
        market_round = self._by_condition.get(event.condition_id)
        if market_round is None or not event.settles(market_round.round):
            return None
        return market_round, market_round.round.outcome_of(event.winning_token_id)

    # --- books --------------------------------------------------------------------------------

    def book_snapshotted(self, event: BookSnapshotted, note: NoteNews) -> None:
        """`note` hears of open rounds whose books have news at the top, or another tick."""
        if known := self._by_token.get(event.token_id):
            market_round, _, book = known
            news = book.replace(event)
            if news is None:
                return
            if event.tick is not None and event.tick != market_round.round.tick:
                market_round.change_tick(event.tick, event.venue_ns)
                news = NEW_BEST
            if news and market_round.phase is Phase.OPEN:
                note(market_round, news)

    def book_changed(self, event: BookChanged, note: NoteNews) -> None:
        """`note` hears of open rounds whose books have news at the top."""
        venue_ns = event.venue_ns
        lag_ns, by_token = event.received_ns - venue_ns, self._by_token
        self.lag_ns = lag_ns if lag_ns > 0 else 0
        for change in event.changes:
            known = by_token.get(change.token_id)
            if known is not None:
                market_round = known[0]
                news = known[2].change(change, venue_ns)
                if (news or market_round.minds_depth) and market_round.phase is _OPEN:
                    note(market_round, news)

    def tick_size_changed(self, event: TickSizeChanged) -> None:
        if known := self._by_token.get(event.token_id):
            market_round, _, book = known
            market_round.change_tick(event.tick, event.venue_ns)
            if book.venue_ns <= event.venue_ns:
                book.forget()

    def forget_books(self) -> None:
        """The feed died: what was missed is unknown, no book is true until its next snapshot."""
        self.lag_ns = 0
        for market_round in self:
            market_round.up_book.forget()
            market_round.down_book.forget()

    def lose_sight(self, now_ns: int) -> None:
        """A life ended, or a whole process: rounds are what they were, and what was seen and said
        of them is over."""
        self.forget_books()
        for market_round in self:
            market_round.begin_again(now_ns)

    def turn_back(self, now_ns: int) -> None:
        """Our clock was set back: rounds are where it says that they are."""
        for market_round in self:
            market_round.turn_back(now_ns)

    def doubt_books(self) -> None:
        """A frame of theirs could not be read: any of them may have changed in it."""
        for market_round in self:
            market_round.up_book.doubt()
            market_round.down_book.doubt()

    def state(self) -> tuple[object, ...]:
        rounds = tuple(
            (slug, market_round.state()) for slug, market_round in sorted(self._by_slug.items())
        )
        return (self.lag_ns, rounds)
