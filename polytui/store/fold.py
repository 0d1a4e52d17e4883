"""From the records of a journal to rows: pure, one record at a time.

Money is reckoned by the ledger that trades (`AssetLedger`), which is told what it was told then:
reports, orders, settlements. What the journal says came of it (`Credit`) is held against that, and
where the two differ there is a row that says so. Nothing is remembered from record to record but
what a mind's checkpoint holds, so a fold may begin at any checkpoint.

Market data, which is almost all of a journal, is passed over undecoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from polytui.desk.account import Account
from polytui.desk.checkpoint import restored_as
from polytui.desk.mind import Mind
from polytui.journal.codec import (
    BadJournal,
    Header,
    JournalRecord,
    decode_checkpoint,
    decode_curve,
    decode_effects,
    decode_event,
    decode_latency,
)
from polytui.model import effects as ef
from polytui.model import events as ev
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.store.asset_books import UNSEEN, AssetBooks
from polytui.store.curve_rows import curve_row
from polytui.store.latency_rows import latency_rows
from polytui.store.record_place import RecordPlace
from polytui.store.rows import EquityRow, Row, SessionRow

MINUTE_NS = 60 * NS_PER_S
OPENING = "opening"
_NO_EFFECTS = b"[]"


class Fold:
    """State: the account, the books of each asset, and the minute that runs."""

    def __init__(self, header: Header, root: str, mind: Mind | None = None) -> None:
        """`root`: the first of the sessions that go on from each other. `mind`: of the checkpoint
        that the records stand after; None at the start of all."""
        self.header = header
        """Of the segment in hand."""
        self._former = header
        """Of the one before it."""
        self.root = root
        self.account = Account() if mind is None else mind.account
        desks = {} if mind is None else mind.desks
        self._books = {asset: AssetBooks.of_desk(desk) for asset, desk in desks.items()}
        self._minute: int | None = None
        self.seq = 0 if mind is None else mind.seq
        """Of the last event that was taken."""
        self.at_ns = 0

    def enter(self, header: Header) -> None:
        """The records that come stand in this segment."""
        if header is not self.header:
            self._former, self.header = self.header, header

    def began(self) -> Row:
        """The session itself, before its first record."""
        header, continues = self.header, continued_by(self.header)
        return SessionRow(
            header.session,
            self.root,
            continues,
            header.mode,
            header.version,
            header.started_ns,
            header.seed,
            header.speed,
            rounds=0,
            orders=0,
            fills=0,
            fees=0,
            pnl=0,
        )

    def stands(self) -> list[Row]:
        """The account as it is, for the minute that runs."""
        if self._minute is None:
            return []
        account, totals = self.account, self.account.at_risk.totals
        row = EquityRow(
            self.header.session,
            self._minute * MINUTE_NS,
            account.cash,
            account.realised,
            totals.carried,
            account.exposure,
            account.fees,
            account.working_orders,
            account.open_rounds,
            account.moves.total,
        )
        return [row]

    def take(self, record: JournalRecord) -> list[Row]:
        """What one record adds or changes. BadJournal for one that does not decode."""
        if record.latency:
            line = decode_latency(record.latency)
            return [*latency_rows(self.root, self.header.session, line)]
        if record.curve:
            return [curve_row(self.root, self.header.session, decode_curve(record.curve))]
        if not record.is_event:
            is_ahead = record.is_checkpoint and record.seq > self.seq
            return list(self._go_on_from(record)) if is_ahead else []
        raw = bytes(record.event)
        is_heard = raw[2 : raw.find(b'"', 2)] in _NAMES
        has_effects = record.effects != _NO_EFFECTS
        if not (is_heard or has_effects):
            return self._passed(record.seq, record.at)
        asset = _asset_of(record)
        event = decode_event(record.event) if is_heard else None
        effects = decode_effects(record.effects) if has_effects else ()
        return self.hear(
            record.seq, record.at, asset, event, effects, has_raised=bool(record.raised)
        )

    def hear(
        self,
        seq: int,
        at_ns: int,
        asset: Asset,
        event: ev.Event | None,
        effects: Sequence[ef.RecordedEffect],
        *,
        has_raised: bool = False,
    ) -> list[Row]:
        """The same of a record that is at hand as it was before it was written. `event`: None for
        one that nothing is kept of. `has_raised`: the desk broke at it."""
        rows, heard = self._passed(seq, at_ns), _HEARD.get(type(event))
        if heard is None and not effects:
            return rows
        at = RecordPlace(self.root, self.header.session, seq, at_ns, asset.value)
        if heard is not None:
            rows += self._guarded(heard, at, asset, event, has_raised)
        for effect in effects:
            if (came := _CAME.get(type(effect))) is not None:
                rows += self._guarded(came, at, asset, effect, has_raised)
        return rows

    def _passed(self, seq: int, at_ns: int) -> list[Row]:
        """So far it is; where that is another minute, what the account was in the one before."""
        self.seq, self.at_ns = seq, at_ns
        minute = at_ns // MINUTE_NS
        rows = self.stands() if minute != self._minute else []
        self._minute = minute
        return rows

    def _go_on_from(self, record: JournalRecord) -> Iterable[Row]:
        """A checkpoint of what was not read: this session goes on from another one, or events
        before it were lost. Where they were thinned out nothing is missed: none of them led to
        anything."""
        is_hole, missing = bool(self._books), self._missing(record.seq)
        if is_hole and not missing:
            self.seq = record.seq
            return
        try:
            mind = restored_as(decode_checkpoint(record), record.digest)
        except ValueError as error:
            raise BadJournal(f"the checkpoint after event {record.seq}: {error}") from error
        before, self.account = self.account, mind.account
        self._books = {asset: AssetBooks.of_desk(desk) for asset, desk in mind.desks.items()}
        self.seq = record.seq
        if not is_hole:
            return
        at = RecordPlace(self.root, self.header.session, record.seq, self.at_ns, "")
        yield at.differs(f"{missing} events before this one are in no journal")
        for asset in Asset:
            delta = self.account.of(asset).realised - before.of(asset).realised
            if delta:
                at.asset = asset.value
                yield at.settled(UNSEEN, "", "", 0, delta)

    def _missing(self, seq: int) -> int:
        """Events right before the checkpoint after this one that no disk took."""
        if seq != self.header.after:
            return 0
        return self.header.lost if self._former.thinned else seq - self.seq

    def _guarded(
        self, what: _Telling, at: RecordPlace, asset: Asset, said: Any, has_raised: bool
    ) -> list[Row]:
        """A ledger that cannot take what the journal says differs from the one that wrote it; but
        not where that broke as well, and its next life begins with what the venue says."""
        rows: list[Row] = []
        try:
            if isinstance(said, ev.DeskOpened):
                rows.extend(self._opened(at, asset, said))
            else:
                rows.extend(what(self._books[asset], at, said))
        except Exception as error:
            if not has_raised:
                name = type(said).__name__
                rows.append(at.differs(f"{name}: {type(error).__name__}: {error}"))
        return rows

    def _opened(self, at: RecordPlace, asset: Asset, event: ev.DeskOpened) -> Iterable[Row]:
        is_first = not any(self.account.of(one).is_traded for one in Asset)
        if is_first and not continued_by(self.header):
            yield at.moved(OPENING, "", "", event.cash)
        books = AssetBooks(asset, self.account)
        former, self._books[asset] = self._books.get(asset), books
        yield from books.begin(at, event, former)


def continued_by(header: Header) -> str:
    """The session that this one goes on from; empty for one that began anew."""
    continues = getattr(header, "continues", None)
    return "" if continues is None else str(continues.session)


_Telling = Callable[[AssetBooks, RecordPlace, Any], Iterable[Row]]


def _asset_of(record: JournalRecord) -> Asset:
    try:
        return Asset(record.asset)
    except ValueError as error:
        raise BadJournal(f"event {record.seq}: {error}") from error


# --- what is told of the account, whatever its books --------------------------------------------


def _nothing(_: AssetBooks, __: RecordPlace, ___: Any) -> Iterable[Row]:
    return ()


def _halted(_: AssetBooks, at: RecordPlace, event: ev.AssetHalted) -> Iterable[Row]:
    yield at.risk("halted", ef.Why(ef.Reason.HALTED, event.crashes, event.most, "crashes"))


def _commanded(_: AssetBooks, at: RecordPlace, event: ev.Commanded) -> Iterable[Row]:
    if event.action is ev.Action.STOP:
        yield SessionRow(at.session, is_stopped=True)
    yield at.told("command", event.action.value, event.origin)


def _ticket_sent(_: AssetBooks, at: RecordPlace, event: ev.TicketSent) -> Iterable[Row]:
    yield at.told("ticket", event.ticket.order_id, event.origin)


def _ticket_withdrawn(_: AssetBooks, at: RecordPlace, event: ev.TicketWithdrawn) -> Iterable[Row]:
    yield at.told("ticket withdrawn", event.order_id, event.origin)


def _declined(_: AssetBooks, at: RecordPlace, effect: ef.Decline) -> Iterable[Row]:
    yield at.risk("ticket declined", effect.why)


def _tripped(_: AssetBooks, at: RecordPlace, effect: ef.Trip) -> Iterable[Row]:
    yield at.risk("trip", effect.why, effect.until_ns)


def _released(_: AssetBooks, at: RecordPlace, effect: ef.Release) -> Iterable[Row]:
    yield at.risk("release", ef.Why(effect.reason))


def _warned(_: AssetBooks, at: RecordPlace, effect: ef.Warn) -> Iterable[Row]:
    yield at.risk("warn", effect.why)


def _loaded(_: AssetBooks, at: RecordPlace, event: ev.StrategiesLoaded) -> Iterable[Row]:
    for one in event.strategies:
        yield at.told("strategy", f"{one.name} {one.digest}", one.origin)


def _strategy_halted(_: AssetBooks, at: RecordPlace, effect: ef.HaltStrategy) -> Iterable[Row]:
    yield at.told("strategy halted", f"{effect.strategy}: {effect.words}")


def _reconciled(_: AssetBooks, at: RecordPlace, event: ev.Reconciled) -> Iterable[Row]:
    yield at.reconciled(event.differences, event.slugs)


_HEARD: dict[type[Any], _Telling] = {
    ev.DeskOpened: _nothing,
    ev.SettingsChanged: AssetBooks.settings_changed,
    ev.StrategiesLoaded: _loaded,
    ev.RoundFound: AssetBooks.round_found,
    ev.RoundOpened: AssetBooks.round_opened,
    ev.StrikePublished: AssetBooks.strike_published,
    ev.RoundSettled: AssetBooks.winner_named,
    ev.AssetHalted: _halted,
    ev.Commanded: _commanded,
    ev.TicketSent: _ticket_sent,
    ev.TicketWithdrawn: _ticket_withdrawn,
    ev.Filled: AssetBooks.money_moved,
    ev.Reversed: AssetBooks.money_moved,
    ev.CashMoved: AssetBooks.cash_moved,
    ev.Reconciled: _reconciled,
    ev.PairsMerged: AssetBooks.pairs_merged,
    ev.WinnersRedeemed: AssetBooks.winners_redeemed,
    ev.Accepted: AssetBooks.reported,
    ev.Refused: AssetBooks.reported,
    ev.Deferred: AssetBooks.reported,
    ev.Unanswered: AssetBooks.reported,
    ev.Cancelled: AssetBooks.reported,
    ev.CancelRefused: AssetBooks.reported,
    ev.NotFound: AssetBooks.reported,
    ev.OrderFound: AssetBooks.reported,
}
"""Of the other events nothing is kept, and a journal's are not decoded."""
_NAMES = frozenset(cls.__name__.encode() for cls in _HEARD)
"""As they stand in a journal."""
_CAME: dict[type[Any], _Telling] = {
    ef.RecordedPlace: AssetBooks.placed,
    ef.Cancel: AssetBooks.cancelled,
    ef.CancelAll: AssetBooks.all_cancelled,
    ef.Explain: AssetBooks.explained,
    ef.Trip: _tripped,
    ef.Release: _released,
    ef.Warn: _warned,
    ef.HaltStrategy: _strategy_halted,
    ef.Credit: AssetBooks.credited,
    ef.Decline: _declined,
}
