"""One asset's ledger as it was told by the journal, and the rows that come of each word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from polytui.config.load import digest_of, from_canonical_json
from polytui.config.schema import Settings
from polytui.config.strategy_tables import table_of
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.desk import Desk
from polytui.desk.selection import may_trade
from polytui.model import effects as ef
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Side
from polytui.store.record_place import RecordPlace
from polytui.store.round_rows import fill_row, found_row, order_row, sums_row, trade_rows
from polytui.store.rows import FillRow, OrderRow, RoundRow, Row, SettingsRow, SignalRow
from polytui.store.trades import TradeBook

CREDIT, CORRECTION, UNSEEN = "credit", "correction", "unseen"
PAYOUT = "payout"
MERGE, REDEEM = "merge", "redeem"


class AssetBooks:
    """State: the ledger of one life of a desk, the settings in force, the rounds that are followed,
    and their trades as far as they are reckoned."""

    def __init__(self, asset: Asset, account: Account) -> None:
        self.asset = asset
        self._account = account
        self.ledger = AssetLedger(asset, account)
        self.settings = Settings()
        self.digest = ""
        self.listed: dict[str, Round] = {}
        self._trades: dict[str, TradeBook] = {}

    @classmethod
    def of_desk(cls, desk: Desk) -> AssetBooks:
        """Those that a desk had at a checkpoint."""
        books = cls(desk.asset, desk.account)
        books.ledger = desk.ledger
        books.settings, books.digest = desk.settings, desk.settings_digest
        books.listed = {one.slug: one.round for one in desk.rounds}
        return books

    # --- a life begins ----------------------------------------------------------------------------

    def begin(
        self, at: RecordPlace, event: ev.DeskOpened, former: AssetBooks | None
    ) -> Iterable[Row]:
        """`former`: the books of the life before, whose orders and rounds may be gone."""
        open_before: dict[str, TradeBook] = {}
        if former is not None:
            self.settings, self.digest = former.settings, former.digest
            self.ledger.configure(self.settings)
            slugs = self.ledger.asset_account.live.rounds
            open_before = {slug: former.book_of(slug) for slug in slugs}
        self.listed = {held.round.slug: held.round for held in event.held}
        before = self._account.realised
        self.ledger.begin(event, at.at_ns)
        if (missed := self._account.realised - before) != 0:
            yield at.settled(UNSEEN, "", "", 0, missed)
        if former is not None:
            yield from former.gone(at, self)
        for held in event.held:
            yield from self._held(at, held)
        for slug, book in open_before.items():
            if slug not in self.listed:
                book.forget(at.at_ns)
                yield from trade_rows(at, None, book, None)

    def gone(self, at: RecordPlace, later: AssetBooks) -> Iterable[Row]:
        """Orders that worked and that nobody knows any more."""
        for working in self.ledger.orders.working():
            order_id = working.order.order_id
            if later.ledger.orders.get(order_id) is None:
                detail = "gone when its desk began anew"
                yield OrderRow(at.root, order_id, state="dead", ended_ns=at.at_ns, detail=detail)

    def _held(self, at: RecordPlace, held: ev.HeldRound) -> Iterable[Row]:
        yield found_row(at, held.round)
        for found in held.working:
            if (working := self.ledger.orders.get(found.order.order_id)) is not None:
                yield order_row(at, held.round, working)
        yield from self._traded(at, held.round.slug)

    # --- events -----------------------------------------------------------------------------------

    def settings_changed(self, at: RecordPlace, event: ev.SettingsChanged) -> Iterable[Row]:
        self.settings = from_canonical_json(event.settings_json)
        self.ledger.configure(self.settings)
        digest = digest_of(self.settings)
        if digest != self.digest:
            self.digest = digest
            where = (at.session, at.seq, at.at_ns, at.asset)
            yield SettingsRow(*where, digest, event.settings_json)

    def round_found(self, at: RecordPlace, event: ev.RoundFound) -> Iterable[Row]:
        listed = event.round
        self.listed.setdefault(listed.slug, listed)
        yield found_row(at, listed)
        strays = self.ledger.asset_account.strays
        if strays:
            before = list(strays)
            self.ledger.place_strays(at.at_ns, self._place_of)
            for key in before:
                if key not in strays:
                    yield from self._filled(at, key)

    def round_opened(self, at: RecordPlace, event: ev.RoundOpened) -> Iterable[Row]:
        listed = self.listed.get(event.slug)
        if listed is not None and not event.is_late:
            self.ledger.asset_account.note_opened(listed)
            yield RoundRow(at.root, event.slug, opened_ns=event.at_ns)

    def strike_published(self, at: RecordPlace, event: ev.StrikePublished) -> Iterable[Row]:
        if event.slug in self.listed:
            yield RoundRow(at.root, event.slug, strike=event.strike, strike_source=event.source)

    def winner_named(self, at: RecordPlace, event: ev.RoundSettled) -> Iterable[Row]:
        for listed in self.listed.values():
            if event.settles(listed):
                yield RoundRow(at.root, listed.slug, winner_source=event.source)

    def reported(self, at: RecordPlace, event: Any) -> Iterable[Row]:
        """A report that moves no money."""
        self.ledger.reported(event, at.at_ns, self._place_of)
        working = self.ledger.orders.get(event.order_id)
        if working is not None and isinstance(event, ev.OrderFound):
            listed = self.listed.get(working.order.slug)
            if listed is not None:
                yield order_row(at, listed, working)
        yield from self._order_state(at, event)

    def cash_moved(self, at: RecordPlace, event: ev.CashMoved) -> Iterable[Row]:
        """Of the account, whichever desk was told."""
        if self._account.moves.take(event):
            yield at.moved(event.kind.value, "", "", event.amount, event.detail)

    def pairs_merged(self, at: RecordPlace, event: ev.PairsMerged) -> Iterable[Row]:
        if self.ledger.merged(event, at.at_ns):
            slug = event.slug
            yield at.moved(MERGE, at.asset, slug, event.shares, event.detail)
            yield at.operated(MERGE, slug, event.shares, event.shares, event.key, event.detail)
            yield from self._traded(at, slug)

    def winners_redeemed(self, at: RecordPlace, event: ev.WinnersRedeemed) -> Iterable[Row]:
        """No figure of any ledger."""
        yield at.operated(REDEEM, event.slug, None, event.amount, event.key, event.detail)

    def money_moved(self, at: RecordPlace, event: ev.Filled | ev.Reversed) -> Iterable[Row]:
        key = (event.order_id, event.trade_id)
        bookings, before = self.ledger.asset_account.bookings, self._account.realised
        line = bookings.find(key)
        self.ledger.reported(event, at.at_ns, self._place_of)
        known = line or bookings.find(key)
        slug = self._slug_of(event) if known is None else known.slug
        if (delta := self._account.realised - before) != 0:
            yield at.settled(CORRECTION, slug, "", 0, delta)
        yield from self._order_state(at, event)
        if isinstance(event, ev.Reversed):
            if line is not None:
                yield FillRow(at.root, *key, is_reversed=True)
            yield from self._traded(at, slug)
        elif line is None:
            yield from self._filled(at, key)

    def _slug_of(self, event: ev.Filled | ev.Reversed) -> str:
        place = self._place_of(event.token_id)
        return "" if place is None else place[0].slug

    def _filled(self, at: RecordPlace, key: ev.Trade) -> Iterable[Row]:
        """Of a fill that was booked just now; nothing of one that was not."""
        line = self.ledger.asset_account.bookings.find(key)
        if line is not None:
            yield fill_row(at, line, self._interval(line.slug))
            yield from self._traded(at, line.slug)

    def _order_state(self, at: RecordPlace, event: Any) -> Iterable[Row]:
        working = self.ledger.orders.get(event.order_id)
        if working is None:
            return
        yield OrderRow(
            at.root,
            event.order_id,
            state=working.state.value,
            accepted_ns=at.at_ns if isinstance(event, ev.Accepted) else None,
            venue_id=getattr(event, "venue_id", "") or None,
            first_fill_ns=at.at_ns if isinstance(event, ev.Filled) else None,
            ended_ns=None if working.state.is_working else at.at_ns,
            filled=working.filled,
            detail=getattr(event, "detail", None) or None,
        )

    # --- effects ----------------------------------------------------------------------------------

    def placed(self, at: RecordPlace, effect: ef.RecordedPlace) -> Iterable[Row]:
        order, listed = effect.order, self.listed[effect.order.slug]
        self.ledger.place(order, listed)
        if order.side is Side.BUY and not order.rung and not effect.grounds.is_exit:
            self.ledger.asset_account.signals += 1
        working = self.ledger.orders.get(order.order_id)
        assert working is not None
        yield order_row(at, listed, working, effect)

    def cancelled(self, at: RecordPlace, effect: ef.Cancel) -> Iterable[Row]:
        self.ledger.ask_cancel(effect.order_id, at.at_ns)
        yield _cancelling(at, effect.order_id)

    def all_cancelled(self, at: RecordPlace, effect: ef.CancelAll) -> Iterable[Row]:
        working = [one.order.order_id for one in self.ledger.orders.working()]
        self.ledger.ask_cancel_all()
        yield at.told("cancel_all", effect.why)
        for order_id in working:
            yield _cancelling(at, order_id)

    def explained(self, at: RecordPlace, effect: ef.Explain) -> Iterable[Row]:
        why, listed, is_shadow = effect.why, self.listed.get(effect.slug), False
        own = table_of(self.settings, effect.strategy)
        if own is not None and listed is not None:
            is_shadow = not may_trade(own, listed.asset, listed.interval)
        where = (*at.number(), at.at_ns, at.asset, self._interval(effect.slug) or "")
        said = (why.reason.value, why.value, why.limit, why.unit)
        yield SignalRow(*where, effect.slug, effect.strategy, is_shadow, *said)

    def credited(self, at: RecordPlace, effect: ef.Credit) -> Iterable[Row]:
        """A round is settled. What it comes to here is held against what the journal says."""
        slug, listed = effect.slug, self.listed[effect.slug]
        winner = None if effect.winner == ef.VOID else Outcome(effect.winner)
        found = self.ledger.settle(listed, winner, at.at_ns, self.settings.claims)
        book = self._settled_book(slug)
        results = sum(one.pnl or 0 for one in book.trades)
        if (*found, results) != (effect.payout, effect.pnl, effect.pnl):
            said = f"{slug} paid {effect.payout} and earned {effect.pnl}"
            yield at.differs(f"{said}; reckoned {found[0]}, {found[1]}, by trades {results}")
        figures = (effect.winner, effect.payout, effect.pnl)
        yield at.settled(CREDIT, slug, *figures)
        if effect.payout:
            yield at.moved(PAYOUT, at.asset, slug, effect.payout)
        yield RoundRow(
            at.root,
            slug,
            winner=effect.winner,
            settled_ns=at.at_ns,
            fills=0,
            fees=0,
            payout=effect.payout,
            pnl=effect.pnl,
        )
        yield from self._rows_of(at, book, at.at_ns)
        self.listed.pop(slug, None)

    # --- trades -----------------------------------------------------------------------------------

    def book_of(self, slug: str) -> TradeBook:
        """An open round's trades, as far as its fills go."""
        lines = self.ledger.asset_account.bookings.lines(slug)
        book = self._trades.get(slug)
        if book is None or not book.follows(lines):
            book = self._trades[slug] = TradeBook(slug)
        book.apply(lines[len(book.lines) :])
        return book

    def _settled_book(self, slug: str) -> TradeBook:
        settled = self.ledger.asset_account.bookings.settled_of(slug)
        book = self.book_of(slug)
        self._trades.pop(slug)
        if settled is not None:
            book.settle(settled.winner, settled.at_ns)
        return book

    def _traded(self, at: RecordPlace, slug: str) -> Iterable[Row]:
        """All trades of a round as they are now, and its sums."""
        settled = self.ledger.asset_account.bookings.settled_of(slug)
        if settled is not None:
            yield from self._rows_of(at, self._settled_book(slug), settled.at_ns)
        elif slug:
            yield from self._rows_of(at, self.book_of(slug), None)

    def _rows_of(self, at: RecordPlace, book: TradeBook, settled_ns: int | None) -> Iterable[Row]:
        if book.lines:
            yield from trade_rows(at, self._interval(book.slug), book, settled_ns)
            yield sums_row(at, book)

    def _interval(self, slug: str) -> str | None:
        listed = self.listed.get(slug)
        return None if listed is None else listed.interval.value

    def _place_of(self, token_id: str) -> tuple[Round, Outcome] | None:
        for listed in self.listed.values():
            if (outcome := listed.outcome_of(token_id)) is not None:
                return listed, outcome
        return None


def _cancelling(at: RecordPlace, order_id: str) -> OrderRow:
    return OrderRow(at.root, order_id, state="cancelling", cancel_asked_ns=at.at_ns)
