"""Collects what a report is made from while anything is played.

    gatherer = Gatherer()
    ...  gatherer.heard(mind, asset, event, effects, now_ns, is_last)   after each event of a desk
    evidence = gatherer.evidence(mind, coverage)

Trades, fills and rounds are reckoned by the fold that reckons those of live sessions
(`store/fold.py`), from the same words. Nothing of it goes back to the mind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import evolve

from polytui.config.load import canonical_json
from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.journal.codec import FORMAT, Header
from polytui.ledger.attribution import StrategyPosition
from polytui.ledger.shadow import VirtualFill
from polytui.model import effects as ef
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome
from polytui.results.entry_blocks import EntryBlocks
from polytui.results.evidence import (
    Coverage,
    Evidence,
    OpenPosition,
    PlayedFill,
    PlayedRound,
)
from polytui.results.looks import NEVER_NS, ForecastLooks, Marks, mid_in, together
from polytui.results.tables import SentTerms, Tables
from polytui.store.fold import Fold
from polytui.store.record_place import RecordPlace
from polytui.store.round_rows import fill_row, trade_rows
from polytui.store.rows import (
    DifferenceRow,
    EquityRow,
    FillRow,
    RoundRow,
    Row,
    SettingsRow,
    SignalRow,
    TradeRow,
    WalletRow,
)
from polytui.store.trades import TradeBook

_NAME = "played"
NOT_SETTLED = "not settled when it ended"


class _WatchedAsset:
    """What is watched of one asset. State: looks and marks that are due, when the next virtual
    order arrives, and the trades of shadows."""

    def __init__(self, shadow_before: dict[str, int]) -> None:
        self.looks, self.marks = ForecastLooks(), Marks()
        self.shadow_due_ns = NEVER_NS
        self.shadow_before = shadow_before
        """What shadows had earned when all of this began."""
        self.books: dict[str, TradeBook] = {}

    @property
    def next_due_ns(self) -> int:
        return min(self.looks.next_due_ns, self.marks.next_due_ns)


class Gatherer:
    """State: the fold, the tables of what it said, and what is watched of each asset."""

    def __init__(self, mind: Mind | None = None) -> None:
        """`mind`: where what is heard goes on from one, a copy of that, which is written to."""
        self._fold = Fold(Header(FORMAT, "", "backtest", _NAME, 0), _NAME, mind)
        self._settings: dict[str, None] = {}
        """In force at some time, in the order of their first."""
        self._tables, self._reasons = Tables(), EntryBlocks()
        self._watched: dict[Asset, _WatchedAsset] = {}
        self._leaving: dict[tuple[str, str], str] = {}
        """By round and strategy, why it leaves."""
        self._differences: list[str] = []
        self._since_ns = 0
        self._carried_over = 0 if mind is None else _equity_of(mind)

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[ef.Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        """A desk took this event at `now_ns`, with these effects."""
        watched = self._watched.get(asset)
        if watched is None:
            watched = self._watched[asset] = _WatchedAsset(_shadow_pnls(mind, asset))
            self._since_ns = self._since_ns or now_ns
        if watched.shadow_due_ns <= now_ns:
            self._look_at_shadow(mind, asset, watched, now_ns)
        if is_last and watched.next_due_ns <= now_ns:
            # Not in the middle of a batch: what it says is half told, and nothing is decided by it.
            watched.looks.look(mind.desks[asset], now_ns)
            watched.marks.look(mind.desks[asset], now_ns)
        if effects:
            self._done(effects)
        if (opened := _FIRST.get(type(event))) is not None:
            opened(self, mind.desks[asset], watched, event, now_ns)
        kept = [ef.recorded(effect) for effect in effects]
        rows = self._fold.hear(mind.seq, now_ns, asset, event, kept)
        if rows:
            self._put(rows, mind.desks[asset], watched)
        for effect in effects:
            if isinstance(effect, ef.Credit):
                self._settled(asset, watched, effect, now_ns)
        watched.shadow_due_ns = mind.account.of(asset).shadow.next_due_ns

    def evidence(self, mind: Mind, coverage: Coverage) -> Evidence:
        """All of it, at the end. Of `coverage` the times and the rounds are counted here where
        whoever read the data did not."""
        for row in self._fold.stands():
            if isinstance(row, EquityRow):
                self._tables.minute_told(row)
        for asset, watched in self._watched.items():
            self._compare_shadow(mind, asset, watched)
        rounds = self._tables.played_rounds()
        numbers = {one.slug: number for number, one in enumerate(rounds)}
        looks = [watched.looks.forecasts(numbers) for watched in self._watched.values()]
        settings = [desk.settings for desk in mind.desks.values()]
        return Evidence(
            coverage=_counted(coverage, self._since_ns, mind.at_ns, rounds),
            settings_json=canonical_json(settings[0]) if settings else "",
            start_usd=self._tables.start_usd + self._carried_over,
            rounds=rounds,
            trades=self._tables.played_trades(),
            fills=tuple(self._fills()),
            equity=self._tables.equity(),
            forecasts=together(looks),
            blocks=self._reasons.blocks(mind.at_ns),
            left_open=tuple(_left_open(mind)),
            orders=self._tables.order_counts(),
            moves=tuple(sorted(self._tables.moves.items())),
            differences=tuple(self._differences),
            settings_before=tuple(self._settings),
        )

    # --- events and effects -----------------------------------------------------------------------

    def _opened(
        self, desk: Desk, watched: _WatchedAsset, event: ev.RoundOpened, now_ns: int
    ) -> None:
        if (market_round := desk.rounds.get(event.slug)) is not None:
            watched.looks.opened(market_round.round, now_ns)

    def _closed(self, _: Desk, __: _WatchedAsset, event: ev.RoundClosed, now_ns: int) -> None:
        self._reasons.over(event.slug, now_ns)

    def _refused(self, _: Desk, __: _WatchedAsset, event: ev.Refused, ___: int) -> None:
        self._tables.refused(event.order_id)

    def _done(self, effects: Sequence[ef.Effect]) -> None:
        """Why a position is left is said in the step that leaves it, or was before."""
        for effect in effects:
            if isinstance(effect, ef.Explain) and effect.why.reason in ef.EXITS:
                self._leaving[effect.slug, effect.strategy] = effect.why.reason.value
        for effect in effects:
            if isinstance(effect, ef.Place):
                order, grounds = effect.order, effect.grounds
                why = self._leaving.get((order.slug, order.strategy), "")
                found = SentTerms(
                    order.strategy, grounds.mid, grounds.is_exit, why if grounds.is_exit else ""
                )
                self._tables.sent(order.slug, order.order_id, found)

    def _put(self, rows: Sequence[Row], desk: Desk, watched: _WatchedAsset) -> None:
        tables = self._tables
        for row in rows:
            match row:
                case FillRow():
                    self._filled(row, desk, watched, is_shadow=False)
                case TradeRow():
                    tables.trade_told(row, is_shadow=False)
                case SignalRow():
                    self._reasons.told(row)
                case EquityRow():
                    tables.minute_told(row)
                case RoundRow():
                    tables.round_told(row)
                case WalletRow():
                    tables.wallet_told(row)
                case SettingsRow():
                    self._settings[row.settings_json] = None
                case DifferenceRow():
                    self._differences.append(row.text)

    def _filled(self, row: FillRow, desk: Desk, watched: _WatchedAsset, *, is_shadow: bool) -> None:
        slug, outcome = row.slug or "", row.outcome
        mid = None if outcome is None else mid_in(desk, slug, Outcome(outcome))
        number = self._tables.fill_told(row, mid, is_shadow=is_shadow)
        if number is not None and outcome is not None:
            watched.marks.filled(number, slug, Outcome(outcome), row.at_ns or 0)

    def _settled(
        self, asset: Asset, watched: _WatchedAsset, effect: ef.Credit, now_ns: int
    ) -> None:
        slug = effect.slug
        book = watched.books.pop(slug, None)
        if book is not None:
            winner = None if effect.winner == ef.VOID else Outcome(effect.winner)
            book.settle(winner, now_ns)
            self._told_of_shadow(asset, book, now_ns)
        self._tables.settled(slug)
        self._reasons.over(slug, now_ns)
        for key in [key for key in self._leaving if key[0] == slug]:
            del self._leaving[key]

    # --- what is watched --------------------------------------------------------------------------

    def _look_at_shadow(
        self, mind: Mind, asset: Asset, watched: _WatchedAsset, now_ns: int
    ) -> None:
        desk, shadow = mind.desks[asset], mind.account.of(asset).shadow
        for slug in shadow.rounds:
            self._filled_in_shadow(desk, watched, slug, shadow.filled(slug), now_ns)

    def _filled_in_shadow(
        self,
        desk: Desk,
        watched: _WatchedAsset,
        slug: str,
        filled: Sequence[VirtualFill],
        now_ns: int,
    ) -> None:
        book = watched.books.setdefault(slug, TradeBook(slug))
        new = filled[len(book.lines) :]
        if not new:
            return
        at = self._moment(desk.asset, now_ns)
        for one in new:
            line, why = one.line, "" if one.why is ef.Reason.NONE else one.why.value
            order = SentTerms(line.strategy, None, bool(why), why)
            self._tables.sent_in_shadow(slug, line.order_id, order)
            row = evolve(fill_row(at, line, None), trade_id=str(len(book.lines)))
            self._filled(row, desk, watched, is_shadow=True)
            book.apply([line])
        self._told_of_shadow(desk.asset, book, now_ns)

    def _told_of_shadow(self, asset: Asset, book: TradeBook, now_ns: int) -> None:
        for row in trade_rows(self._moment(asset, now_ns), None, book, None):
            self._tables.trade_told(row, is_shadow=True)

    def _moment(self, asset: Asset, now_ns: int) -> RecordPlace:
        return RecordPlace(_NAME, _NAME, self._fold.seq, now_ns, asset.value)

    # --- the end ----------------------------------------------------------------------------------

    def _fills(self) -> Iterator[PlayedFill]:
        marks = {
            number: made
            for watched in self._watched.values()
            for number, made in watched.marks.made.items()
        }
        for number, fill in self._tables.fills.items():
            yield evolve(fill, marks=tuple(marks.get(number, ())))

    def _compare_shadow(self, mind: Mind, asset: Asset, watched: _WatchedAsset) -> None:
        """What shadows earned by the desk's own sums and by their trades."""
        ours = self._tables.shadow_pnls(asset.value)
        for name, pnl in _shadow_pnls(mind, asset).items():
            earned = pnl - watched.shadow_before.get(name, 0)
            if earned != ours.get(name, 0):
                said = f"{name} in shadow on {asset.value} earned {earned} millionths"
                self._differences.append(f"{said}; by its trades {ours.get(name, 0)}")


_FIRST: dict[type[Any], Callable[[Gatherer, Desk, _WatchedAsset, Any, int], None]] = {
    ev.RoundOpened: Gatherer._opened,
    ev.RoundClosed: Gatherer._closed,
    ev.Refused: Gatherer._refused,
}
"""What is looked at before the fold hears of it."""


def _equity_of(mind: Mind) -> int:
    account = mind.account
    return account.cash + account.at_risk.totals.carried - account.moves.total


def _shadow_pnls(mind: Mind, asset: Asset) -> dict[str, int]:
    return {name: one.pnl for name, one in mind.account.of(asset).shadow.results().items()}


def _left_open(mind: Mind) -> Iterator[OpenPosition]:
    for asset, desk in mind.desks.items():
        account = mind.account.of(asset)
        for attribution, is_shadow in ((account.live, False), (account.shadow, True)):
            for slug in attribution.rounds:
                for held in attribution.open(slug):
                    yield _position(desk, slug, held, is_shadow)


def _position(desk: Desk, slug: str, held: StrategyPosition, is_shadow: bool) -> OpenPosition:
    market_round = desk.rounds.get(slug)
    return OpenPosition(
        held.strategy,
        is_shadow,
        desk.asset.value,
        "" if market_round is None else market_round.round.interval.value,
        slug,
        held.outcome.value,
        held.shares,
        held.cost,
        mid_in(desk, slug, held.outcome),
    )


def _counted(
    coverage: Coverage, since_ns: int, until_ns: int, rounds: Sequence[PlayedRound]
) -> Coverage:
    """With what playing it says, where the data's reader said nothing."""
    if not coverage.from_ns:
        coverage = evolve(coverage, from_ns=since_ns, until_ns=until_ns)
    if coverage.seen:
        return coverage
    used = sum(bool(one.winner) for one in rounds)
    skipped = ((NOT_SETTLED, len(rounds) - used),) if used < len(rounds) else ()
    return evolve(coverage, seen=len(rounds), used=used, skipped=skipped)
