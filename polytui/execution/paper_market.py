"""The market as the exchange on paper follows it: which rounds there are, and their live books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from polytui.execution.paper_round import Hit, PaperRound
from polytui.model import events as ev
from polytui.model.instrument import Outcome, Round

Met = tuple[PaperRound, Hit]
"""One of our resting orders that somebody trades with, and the round it rests in."""
_NOBODY: Sequence[Met] = ()


class PaperMarket:
    """State: every round from its listing to its settlement, by slug and by token."""

    def __init__(self, rule: str) -> None:
        """`rule`: how resting orders queue (`paper_queue.py`)."""
        self.rounds: dict[str, PaperRound] = {}
        self._by_token: dict[str, PaperRound] = {}
        self._by_up: dict[str, PaperRound] = {}
        """By Up's tokens, whose books are kept."""
        self._rule = rule

    def follow(self, event: ev.Event) -> Sequence[Met]:
        """What an event does to our resting orders. Most of what happens is nothing to a book."""
        follow = OF_BOOKS.get(type(event))
        return _NOBODY if follow is None else follow(self, event)

    def list(self, listed: Round) -> None:
        if listed.slug not in self.rounds:
            paper_round = self.rounds[listed.slug] = PaperRound(listed, self._rule)
            self._by_up[listed.up_token] = paper_round
            for outcome in Outcome:
                self._by_token[listed.token_of(outcome)] = paper_round

    def settled_by(self, event: ev.RoundSettled) -> PaperRound | None:
        return next((one for one in self.rounds.values() if event.settles(one.round)), None)

    def forget(self, listed: Round) -> None:
        del self.rounds[listed.slug], self._by_up[listed.up_token]
        for outcome in Outcome:
            del self._by_token[listed.token_of(outcome)]

    # --- what happens ---------------------------------------------------------------------------

    def _found(self, event: ev.RoundFound) -> Sequence[Met]:
        self.list(event.round)
        return _NOBODY

    def _book_snapshotted(self, event: ev.BookSnapshotted) -> Sequence[Met]:
        paper_round = self._by_token.get(event.token_id)
        if paper_round is None:
            return _NOBODY
        paper_round.book_snapshotted(event)
        return [(paper_round, hit) for hit in paper_round.crossed()]

    def _book_changed(self, event: ev.BookChanged) -> Sequence[Met]:
        """A change of Down's is that of Up's beside it, and says only that a round was touched."""
        venue_ns, by_up, touched = event.venue_ns, self._by_up, list[PaperRound]()
        for change in event.changes:
            paper_round = by_up.get(change.token_id)
            if paper_round is not None:
                paper_round.level_changed(change, venue_ns)
            elif (paper_round := self._by_token.get(change.token_id)) is None:
                continue
            if paper_round.resting and paper_round not in touched:
                touched.append(paper_round)
        if not touched:
            return _NOBODY
        return [(one, hit) for one in touched for hit in one.crossed()]

    def _tick_size_changed(self, event: ev.TickSizeChanged) -> Sequence[Met]:
        if paper_round := self._by_token.get(event.token_id):
            paper_round.tick_size_changed(event)
        return _NOBODY

    def _printed(self, event: ev.TradePrinted) -> Sequence[Met]:
        paper_round = self._by_token.get(event.token_id)
        if paper_round is None:
            return _NOBODY
        return [(paper_round, hit) for hit in paper_round.printed(event)]

    def _feed_down(self, event: ev.FeedDown) -> Sequence[Met]:
        if event.feed == ev.BOOK_FEED:
            for paper_round in self.rounds.values():
                paper_round.forget_book()
        return _NOBODY

    def _frame_rejected(self, event: ev.FrameRejected) -> Sequence[Met]:
        if event.feed == ev.BOOK_FEED:
            for paper_round in self.rounds.values():
                paper_round.doubt_book()
        return _NOBODY


OF_BOOKS: dict[type[Any], Callable[[PaperMarket, Any], Sequence[Met]]] = {
    ev.RoundFound: PaperMarket._found,
    ev.BookSnapshotted: PaperMarket._book_snapshotted,
    ev.BookChanged: PaperMarket._book_changed,
    ev.TickSizeChanged: PaperMarket._tick_size_changed,
    ev.TradePrinted: PaperMarket._printed,
    ev.FeedDown: PaperMarket._feed_down,
    ev.FrameRejected: PaperMarket._frame_rejected,
}
"""By the class of an event what it is to rounds and their books."""
