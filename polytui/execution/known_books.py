"""The books of one asset as its feed tells them, for what is checked before an order goes out."""

from __future__ import annotations

from polytui.market.book import TokenBook
from polytui.model import events as ev
from polytui.model.instrument import Outcome, Round
from polytui.model.units import Price


class KnownBooks:
    """State: every round that was found and has not settled, with its tick, and Up's book."""

    def __init__(self) -> None:
        self._rounds: dict[str, Round] = {}
        self._books: dict[str, TokenBook] = {}
        """By Up's token."""
        self._slugs: dict[str, str] = {}
        """By token of either outcome."""

    def round(self, slug: str) -> Round | None:
        """With the tick of now."""
        return self._rounds.get(slug)

    def book(self, listed: Round) -> TokenBook | None:
        return self._books.get(listed.up_token)

    def list_round(self, listed: Round) -> None:
        if listed.slug in self._rounds:
            return
        self._rounds[listed.slug] = listed
        self._books[listed.up_token] = TokenBook()
        for outcome in Outcome:
            self._slugs[listed.token_of(outcome)] = listed.slug

    def observe(self, event: ev.Event) -> None:
        match event:
            case ev.BookChanged(changes, venue_ns):
                for change in changes:
                    if (book := self._books.get(change.token_id)) is not None:
                        book.change(change, venue_ns)
            case ev.BookSnapshotted():
                self._replace(event)
            case ev.TickSizeChanged(token, tick, venue_ns):
                self._change_tick(token, tick, venue_ns)
            case ev.FeedDown(feed=ev.BOOK_FEED):
                for book in self._books.values():
                    book.forget()
            case ev.FrameRejected(feed=ev.BOOK_FEED):
                for book in self._books.values():
                    book.doubt()
            case ev.RoundSettled():
                self._settle(event)

    def _replace(self, event: ev.BookSnapshotted) -> None:
        if (book := self._books.get(event.token_id)) is not None:
            book.replace(event)
        if event.tick:
            self._change_tick(event.token_id, event.tick, event.venue_ns)

    def _change_tick(self, token: str, tick: Price, venue_ns: int) -> None:
        slug = self._slugs.get(token)
        if slug is None or tick == self._rounds[slug].tick:
            return
        listed = self._rounds[slug] = self._rounds[slug].with_tick(tick)
        self._books[listed.up_token].void_before(venue_ns)

    def _settle(self, event: ev.RoundSettled) -> None:
        listed = next((one for one in self._rounds.values() if event.settles(one)), None)
        if listed is None:
            return
        del self._rounds[listed.slug], self._books[listed.up_token]
        for outcome in Outcome:
            del self._slugs[listed.token_of(outcome)]
