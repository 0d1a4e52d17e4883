"""What a batch of a wallet does to our books, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import define, evolve, field

from polytui.execution.live_books import LiveBooks
from polytui.execution.live_rounds import LiveRound
from polytui.execution.live_trades import Told
from polytui.execution.redeemable import DeskEar
from polytui.execution.unredeemed import Unredeemed
from polytui.execution.wallet_log import Intent, OwedRound, WalletLog
from polytui.ledger.bookings import MERGE
from polytui.ledger.wallet_work import WalletWork, WorkKind
from polytui.model.events import CashKind, HeldRound, PairsMerged, WinnersRedeemed
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Holding
from polytui.model.units import Shares, Usd
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.data_activity import WalletDeed


@define(eq=False)
class WalletBooks:
    """State: merges of an earlier process that its journal does not have."""

    books: LiveBooks
    unredeemed: Unredeemed
    clients: Mapping[Asset, DeskEar]
    route: Callable[[Told], None]
    """To the desk of each round."""
    tell: Callable[[WinnersRedeemed], None]
    clock: SessionClock
    _untold: list[PairsMerged] = field(factory=list)

    @property
    def is_heard(self) -> bool:
        """Whether any desk lives that hears what is told: on the way out none does."""
        return any(client.is_listening for client in self.clients.values())

    def begin(self, log: WalletLog) -> None:
        """What is owed is waited for by name; what was under way is not free; what was done and
        never told is told once its desk listens."""
        for owed in log.owed.values():
            self.unredeemed.carry(_owed_live(owed))
        for intent in log.open.values():
            self.set_aside(intent)
        for ended in log.ended.values():
            if ended.is_done:
                self._untold += self._merges(ended.intent, ended.detail)
        self._untold = [one for one in self._untold if self._is_news(one)]
        self.unredeemed.on_chain.update(one.slug for one in self._untold)

    def keep(self, log: WalletLog) -> None:
        """What waits, on disk by name. Retry where the disk refuses."""
        self.unredeemed.note_ends()
        waiting = {live.listed.slug: live for live in self.unredeemed.waiting}
        for slug, live in waiting.items():
            if slug not in log.owed:
                log.owe(_owed_of(live))
        for slug in log.owed.keys() - waiting.keys():
            log.paid(slug)

    def _is_news(self, merged: PairsMerged) -> bool:
        """Of a round that is open, and not counted by what was taken over."""
        live = self.books.rounds.get(merged.slug)
        is_open = live is not None and live.settled is None
        return is_open and not self.books.trades.has((MERGE, merged.key))

    def tell_untold(self) -> None:
        """Those whose desk listens by now."""
        left = [one for one in self._untold if not self._tell(one)]
        if len(left) != len(self._untold):
            self._untold = left
            self.unredeemed.on_chain.clear()
            self.unredeemed.on_chain.update(one.slug for one in left)

    def _tell(self, merged: PairsMerged) -> bool:
        live = self.books.rounds.get(merged.slug)
        if live is None or live.settled is not None:
            return True  # its pairs were paid as such
        client = self.clients.get(live.listed.asset)
        if client is None or not client.is_listening:
            return False
        self._merge(merged)
        return True

    def _merge(self, merged: PairsMerged) -> None:
        """Of our pairs no more than there are, in each book: a command or another program may have
        merged what was split by hand. The dollars of those are money, and no result."""
        live = self.books.rounds.get(merged.slug)
        if live is None or self.books.trades.has((MERGE, merged.key)):
            self.route(self.books.let_go(merged.key))
            return
        ours = Shares(min(merged.shares, max(0, min(map(live.shares, Outcome)))))
        if ours:
            self.route(self.books.merge(evolve(merged, shares=ours)))
        else:
            self.route(self.books.let_go(merged.key))
        if surplus := merged.shares - ours:
            words = f"{merged.slug}: pairs were merged that no trade here bought"
            self._find(CashKind.ELSEWHERE, surplus, merged.key, words, live.listed)

    def _find(self, kind: CashKind, amount: int, key: str, words: str, listed: Round) -> None:
        """Dollars that came, and that nobody here expects."""
        deed = WalletDeed(kind, Usd(amount), self.clock.now_ns(), key, words, listed.condition_id)
        self.unredeemed.found.append(deed)

    # --- a batch ----------------------------------------------------------------------------------

    def set_aside(self, intent: Intent) -> None:
        """Its shares are not free while it is under way, and its dollars not there."""
        for number, work in enumerate(intent.works):
            self.unredeemed.on_chain.add(work.round.slug)
            if work.kind is WorkKind.MERGE:
                self.route(self.books.set_aside(intent.key(number), work.round.slug, work.up))

    def let_go(self, intent: Intent) -> None:
        """It came to nothing, or is done."""
        for number, work in enumerate(intent.works):
            self.unredeemed.on_chain.discard(work.round.slug)
            if work.kind is WorkKind.MERGE:
                self.route(self.books.let_go(intent.key(number)))

    def done(self, intent: Intent, detail: str) -> None:
        """Each of its works once, told twice or not."""
        for merged in self._merges(intent, detail):
            self._merge(merged)
        for number, work in enumerate(intent.works):
            if work.kind is WorkKind.REDEEM:
                self._redeemed(work, intent.key(number), detail)
        self.let_go(intent)

    def _merges(self, intent: Intent, detail: str) -> list[PairsMerged]:
        now_ns = self.clock.now_ns()
        return [
            PairsMerged(work.round.slug, work.up, intent.key(number), now_ns, detail)
            for number, work in enumerate(intent.works)
            if work.kind is WorkKind.MERGE
        ]

    def _redeemed(self, work: WalletWork, key: str, detail: str) -> None:
        """Dollars beyond those that our books expect were nobody's here: money, and no result."""
        slug, now_ns = work.round.slug, self.clock.now_ns()
        surplus = work.worth - self.unredeemed.redeemed(slug, work.worth)
        if surplus > 0:
            words = f"{slug} was redeemed: shares that no trade here bought"
            self._find(CashKind.REDEMPTION, surplus, key, words, work.round)
        self.tell(WinnersRedeemed(slug, work.worth, key, now_ns, detail))


def _owed_of(live: LiveRound) -> OwedRound:
    assert live.settled is not None
    up, down = (Shares(max(0, live.shares(one))) for one in Outcome)
    return OwedRound(live.listed, live.settled, up, down)


def _owed_live(owed: OwedRound) -> LiveRound:
    holdings = tuple(
        Holding(outcome, shares, Usd(0))
        for outcome, shares in zip(Outcome, (owed.up, owed.down), strict=True)
        if shares
    )
    return LiveRound(owed.round, HeldRound(owed.round, holdings, Usd(0)), settled=owed.settled)
