"""What a wallet could do on the chain now: winners of resolved rounds, and pairs that are free.

Who won the ledger hears from whoever says it first. Dollars are asked for only once the chain says
what a share pays: that is what a contract looks at, and the best to trust.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from attrs import define, evolve, field

from polytui.config.redeem import RedeemSettings
from polytui.execution.equal_looks import SURE_AFTER_NS, EqualLooks
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_rounds import LiveRound
from polytui.execution.live_trades import Say
from polytui.execution.redeeming_doors import RedeemingDoors
from polytui.execution.sent_order import SentOrder
from polytui.execution.unredeemed import Unredeemed
from polytui.ledger.wallet_work import Waiting, WalletWork, WorkKind, WorkName, redemptions
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, Shares, Usd, cost_of
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.chain_reads import Payouts

_LATE_NS = 900 * NS_PER_S
"""A round that is settled and not resolved on the chain for so long is worth a line."""


class ChainTruth(Protocol):
    """Of one chain. Retry where it has no answer."""

    async def shares(self, wallet: str, rounds: Sequence[Round]) -> dict[str, Shares]:
        """By token."""
        ...

    async def payouts(self, rounds: Sequence[Round]) -> dict[str, Payouts]:
        """By slug, of those that are resolved."""
        ...


class Stranger(Protocol):
    """Rounds of which a wallet has shares that no ledger here knows."""

    async def rounds(self, known: Collection[str]) -> Sequence[Round]: ...


class DeskEar(Protocol):
    """What stands for the desk of an asset."""

    @property
    def is_listening(self) -> bool: ...

    @property
    def sent(self) -> Iterable[SentOrder]:
        """Orders that nothing ended."""
        ...


PairsOf = Callable[[Asset, str], Shares]
"""Pairs of a round in the hands of one strategy each: nobody means to sell a side of them."""


@define(eq=False)
class Redeemable:
    """State: what the chain pays for rounds that it has resolved, and since when."""

    chain: ChainTruth
    wallet: str
    books: LiveBooks
    unredeemed: Unredeemed
    clients: Mapping[Asset, DeskEar]
    settings: RedeemSettings
    clock: SessionClock
    say: Say
    strangers: Stranger | None = None
    pairs_of: PairsOf | None = None
    """None where nobody but the account holds anything."""
    doors: RedeemingDoors | None = None
    """None where every wallet has its approvals."""
    _payouts: dict[str, Payouts] = field(factory=dict)
    _since_ns: dict[str, int] = field(factory=dict)
    _strange: dict[str, Round] = field(factory=dict)
    """Rounds of nobody's, until their winners are home."""
    _worthless: set[str] = field(factory=set)
    """Of those, the ones of which nothing is to be had: losers stay in a wallet."""
    _late: set[str] = field(factory=set)
    _pairs_since_ns: dict[str, int] = field(factory=dict)
    """Of rounds with enough of them, since when there are."""
    _gone_ns: dict[str, int] = field(factory=dict)
    """Rounds of which a look found nothing, and when: until a second one says so they wait."""
    _looks: EqualLooks = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._looks = EqualLooks(self.clock)

    # --- what there is ----------------------------------------------------------------------------

    async def waiting(self) -> list[Waiting]:
        """Retry where the chain does not answer. Nothing, where it is switched off."""
        self.unredeemed.note_ends()
        self._forget_merged()
        if not self.settings.is_on:
            return []
        await self._find_strange()
        await self._hear_results()
        found = [*self._winners(), *self._merges()]
        if self.doors is None:
            return found
        is_open = await self.doors.open_of({one.work.round.protocol for one in found})
        return [one for one in found if one.work.round.protocol in is_open]

    def _forget_merged(self) -> None:
        """Pairs that were on their way when their round ended, and are dollars by now."""
        for live in self.unredeemed.waiting:
            slug = live.listed.slug
            if live.payout <= 0 and slug not in self.unredeemed.on_chain:
                self.unredeemed.paid(slug)

    async def _find_strange(self) -> None:
        if self.strangers is None:
            return
        known = {live.listed.slug for live in (*self.books.rounds, *self.unredeemed.waiting)}
        known |= self._strange.keys() | self._worthless
        for listed in await self.strangers.rounds(known):
            self._strange[listed.slug] = listed

    def _rounds(self) -> dict[str, Round]:
        ours = {live.listed.slug: live.listed for live in self.unredeemed.waiting}
        return self._strange | ours

    async def _hear_results(self) -> None:
        """Of those that the chain has not told of yet."""
        rounds = self._rounds()
        for slug in self._payouts.keys() - rounds.keys():
            del self._payouts[slug], self._since_ns[slug]
            self._gone_ns.pop(slug, None)
        unknown = [listed for slug, listed in rounds.items() if slug not in self._payouts]
        if not unknown:
            return
        told, now_ns = await self.chain.payouts(unknown), self.clock.now_ns()
        for slug, paid in told.items():
            self._payouts[slug], self._since_ns[slug] = paid, now_ns
        for listed in unknown:
            late = listed.slug not in told and listed.closes_ns + _LATE_NS <= now_ns
            if late and listed.slug not in self._late | self._strange.keys():
                self._late.add(listed.slug)
                words = f"{listed.slug} is over and the chain has no result yet: its shares wait"
                self.say("warn", listed.asset.value, words)

    def _winners(self) -> list[Waiting]:
        found = []
        for live in self.unredeemed.waiting:
            slug = live.listed.slug
            paid = self._payouts.get(slug)
            if paid is not None and not self._is_in_doubt(slug):
                there = [Shares(max(0, live.shares(one))) for one in Outcome]
                found += [
                    Waiting(work, self._since_ns[slug])
                    for work in redemptions(live.listed, there, (paid.up, paid.down))
                ]
        for slug, listed in self._strange.items():
            if slug in self._payouts and not self._is_in_doubt(slug):
                # How much there is the chain says once there is reason to ask.
                work = WalletWork(
                    WorkKind.REDEEM, listed, Shares(1), Shares(1), self.settings.dust, False
                )
                found.append(Waiting(work, self._since_ns[slug]))
        return found

    def _is_in_doubt(self, slug: str) -> bool:
        """Whether it seemed to be gone, and it is too soon to look again."""
        gone_ns = self._gone_ns.get(slug)
        return gone_ns is not None and self.clock.now_ns() < gone_ns + SURE_AFTER_NS

    def _merges(self) -> list[Waiting]:
        now_ns, since_ns = self.clock.now_ns(), dict[str, int]()
        found = []
        for live in self.books.rounds:
            pairs, slug = self._free_pairs(live), live.listed.slug
            if pairs >= self.settings.merge_pairs:
                since_ns[slug] = self._pairs_since_ns.get(slug, now_ns)
                work = WalletWork(WorkKind.MERGE, live.listed, pairs, pairs, Usd(pairs))
                found.append(Waiting(work, since_ns[slug]))
        self._pairs_since_ns = since_ns
        return found

    def free_usd(self) -> Usd:
        """Dollars that can be spent: won ones are none before they are home, nor are those that a
        purchase may still cost."""
        needed = sum(
            cost_of(sent.order.price, sent.left)
            for client in self.clients.values()
            for sent in client.sent
            if sent.order.side is Side.BUY
        )
        there = self.books.money().cash - self.unredeemed.worth - self.books.transit.usd()
        return Usd(max(0, there - needed))

    def _free_pairs(self, live: LiveRound) -> Shares:
        """That no sale offers and no strategy holds one side of: of rounds that are open, and whose
        desk hears of it."""
        listed = live.listed
        client = self.clients.get(listed.asset)
        if live.settled is not None or client is None or not client.is_listening:
            return Shares(0)
        free = min(self._free(live, outcome) for outcome in Outcome)
        if free > 0 and self.pairs_of is not None:
            free = min(free, self.pairs_of(listed.asset, listed.slug))
        return Shares(max(0, free))

    def _free(self, live: LiveRound, outcome: Outcome) -> int:
        token = live.listed.token_of(outcome)
        offered = sum(
            sent.left
            for client in self.clients.values()
            for sent in client.sent
            if sent.order.side is Side.SELL and sent.order.token_id == token
        )
        return live.shares(outcome) - offered - self._coming(token)

    def _coming(self, token: str) -> int:
        """Bought, and not on the chain yet."""
        moving = self.books.trades.on_the_way()
        return sum(max(0, one.signed_shares) for one in moving if one.token_id == token)

    # --- as it is ---------------------------------------------------------------------------------

    async def as_it_is(self, works: Sequence[WalletWork]) -> tuple[WalletWork, ...]:
        """The same by what the chain says that the wallet has. What is gone is home already,
        whoever brought it; pairs of which a side was sold meanwhile are none."""
        there = await self.chain.shares(self.wallet, [work.round for work in works])
        found: dict[WorkName, WalletWork] = {}
        for work in works:
            has = [there[work.round.token_of(one)] for one in Outcome]
            is_merge = work.kind is WorkKind.MERGE
            known = self._merge_as_it_is if is_merge else self._redemption_as_it_is
            found |= {one.name: one for one in known(work, has)}
        is_worth_it = sum(one.worth for one in found.values()) >= self.settings.dust
        return tuple(found.values()) if is_worth_it else ()

    def _merge_as_it_is(self, work: WalletWork, has: Sequence[Shares]) -> list[WalletWork]:
        live = self.books.rounds.get(work.round.slug)
        free = Shares(0) if live is None else self._free_pairs(live)
        pairs = min(work.up, free, *has)
        if pairs < self.settings.merge_pairs:
            return []
        return [evolve(work, up=pairs, down=pairs, worth=Usd(pairs))]

    def _redemption_as_it_is(self, work: WalletWork, has: Sequence[Shares]) -> list[WalletWork]:
        slug, paid = work.round.slug, self._payouts[work.round.slug]
        found = redemptions(work.round, has, (paid.up, paid.down), is_ours=work.is_ours)
        if not work.is_ours and sum(one.worth for one in found) < self.settings.dust:
            found = []  # anybody can send a wallet a millionth of a share: it buys no call of ours
        if not found:
            self._note_gone(slug)
            return []
        self._gone_ns.pop(slug, None)
        if not work.is_ours:
            return found
        # Where its side is home already, the other one waits still.
        return [one for one in found if one.name == work.name] or found[:1]

    def _note_gone(self, slug: str) -> None:
        """Believed the second time: a node that is behind a purchase says zero as well."""
        now_ns = self.clock.now_ns()
        if now_ns < self._gone_ns.setdefault(slug, now_ns) + SURE_AFTER_NS:
            return
        if self._strange.pop(slug, None) is not None:
            self._worthless.add(slug)
        self.unredeemed.paid(slug)

    def note_done(self, work: WalletWork) -> None:
        """Its dollars are there."""
        if not work.is_ours:
            self._strange.pop(work.round.slug, None)

    async def was_done(self, works: Sequence[WalletWork]) -> bool | None:
        """Of a batch that nobody remembers, by what is left: all of it was done or none. None where
        that does not tell, for now: what one look says a node that is behind would say as well, so
        it is asked until minutes of looks have said the same."""
        verdict = await self._verdict(works)
        question = tuple((work.name, work.up, work.down) for work in works)
        if not self._looks.agree(question, verdict):
            return None
        if verdict is not None:
            self._looks.forget(question)
        return verdict

    async def _verdict(self, works: Sequence[WalletWork]) -> bool | None:
        there = await self.chain.shares(self.wallet, [work.round for work in works])
        verdicts = [self._was_done(work, there) for work in works]
        merges = [
            verdict
            for work, verdict in zip(works, verdicts, strict=True)
            if work.kind is WorkKind.MERGE
        ]
        # What is redeemed may have been brought home by somebody else; nobody else merges pairs.
        told = merges or verdicts
        if all(verdict is True for verdict in told):
            return True
        return False if any(verdict is False for verdict in told) else None

    def _was_done(self, work: WalletWork, there: Mapping[str, Shares]) -> bool | None:
        has = [there[work.round.token_of(one)] for one in Outcome]
        if work.kind is WorkKind.REDEEM:
            return not any(
                held and one for held, one in zip(has, (work.up, work.down), strict=True)
            )
        live = self.books.rounds.get(work.round.slug)
        if live is None:
            return True  # its round is over and forgotten: pairs were paid as such
        missing = [
            live.shares(one) - self._coming(work.round.token_of(one)) - held
            for one, held in zip(Outcome, has, strict=True)
        ]
        if all(one >= work.up for one in missing):
            return True
        return False if any(one == 0 for one in missing) else None
