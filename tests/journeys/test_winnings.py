"""Winners and pairs of every kind of wallet come home through the venue's relayer or its node: once
at whichever step the process died, and the dollars are those of the venue's own ledger."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio
from attrs import define, evolve, field
from wallet_stand import KEY, QUICK, WalletStand, millions, wallet_stand

from polytui.config.redeem import RedeemSettings
from polytui.execution.client import (
    WORK_CONFIRMED,
    WORK_MEANT,
    WORK_MINED,
    WORK_SUBMITTED,
    Carried,
)
from polytui.execution.live_books import LiveBooks
from polytui.execution.live_trades import Told
from polytui.execution.redeemable import Redeemable
from polytui.execution.redeemer import Redeemer
from polytui.execution.redeeming_doors import RedeemingDoors
from polytui.execution.unredeemed import Unredeemed
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_log import WalletLog
from polytui.ledger.bookings import MERGE
from polytui.model.events import (
    DeskOpened,
    HeldRound,
    PairsMerged,
    RoundSettled,
    WinnersRedeemed,
)
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Holding
from polytui.model.units import Shares, Usd
from polytui.sim.exchange.auto_redeemer import RedeemerSettings
from polytui.venues.polymarket import chain_calls
from polytui.venues.polymarket.approvals import standing
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
POINTS = (WORK_MEANT, WORK_SUBMITTED, WORK_MINED, WORK_CONFIRMED)
NOBODY_ELSE = evolve(QUICK, redeemer=RedeemerSettings(is_at_work=False))
SPLIT = millions(30)
EACH = millions(6)
RULES = RedeemSettings(within_s=0.0, merge_pairs_usd=5.0, merge_within_s=0.0)


class Killed(BaseException):
    """kill -9."""


@define(eq=False)
class Wallet:
    """What outlives its processes. State: what desks were told."""

    stand: WalletStand
    kind: WalletType
    listed: Round
    path: Path
    heard: dict[str, PairsMerged] = field(factory=dict)
    redeemed: list[WinnersRedeemed] = field(factory=list)
    said: list[str] = field(factory=list)

    @property
    def merged(self) -> int:
        return sum(one.shares for one in self.heard.values())

    @property
    def funder(self) -> str:
        return wallet_of(KEY, self.kind).funder

    async def usd(self) -> int:
        return (await self.stand.has(wallet_of(KEY, self.kind)))[0]


@define(eq=False)
class Life:
    """One process, up to the point at which it dies."""

    wallet: Wallet
    dies_at: str = ""
    winner: Outcome | None = None
    is_listening: bool = True
    sent: tuple[()] = ()
    books: LiveBooks = field(init=False)
    redeemer: Redeemer = field(init=False)

    def __attrs_post_init__(self) -> None:
        wallet, stand = self.wallet, self.wallet.stand
        left = Shares(SPLIT - wallet.merged)
        holdings = tuple(Holding(one, left, Usd(left // 2)) for one in Outcome)
        held = HeldRound(wallet.listed, holdings, Usd(wallet.merged - SPLIT))
        counted = tuple((MERGE, key) for key in wallet.heard)
        cash = Usd(millions(1_000) - SPLIT + wallet.merged)
        desk = DeskOpened(Asset.BTC, 0, Usd(millions(1_000)), held=(held,), counted=counted)
        self.books = LiveBooks(Carried(Usd(millions(1_000)), cash, {Asset.BTC: desk}))
        if self.winner is not None:
            token = wallet.listed.token_of(self.winner)
            self.books.settle(RoundSettled(wallet.listed.condition_id, token, "clob", 0))
        unredeemed = Unredeemed(self.books, stand.clock, _nobody_asks)
        log = WalletLog(wallet.funder, wallet.path, stand.clock.now_ns)
        log.begin()
        clients = {Asset.BTC: self}
        doors = RedeemingDoors(
            partial(standing, stand.reads, wallet.funder, 0), stand.clock, self.say
        )
        redeemable = Redeemable(
            stand.reads, wallet.funder, self.books, unredeemed, clients, RULES, stand.clock,
            self.say, pairs_of=lambda asset, slug: Shares(EACH), doors=doors,
        )  # fmt: skip
        books = WalletBooks(
            self.books, unredeemed, clients, self.route, wallet.redeemed.append, stand.clock
        )
        self.redeemer = Redeemer(
            stand.sender(wallet.kind), log, redeemable, books, RULES, stand.clock, self.say,
            self.passes,
        )  # fmt: skip
        self.redeemer.begin()

    def say(self, level: str, asset: str, text: str) -> None:
        self.wallet.said.append(text)

    def passes(self, point: str) -> None:
        if point == self.dies_at:
            raise Killed

    def route(self, told: Told) -> None:
        for _, news in told:
            if isinstance(news, PairsMerged):
                self.wallet.heard[news.key] = news

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self.redeemer.once()
            await trio.sleep(0.02)
        self.redeemer.log.close()

    async def until_all_is_over(self) -> None:
        log = self.redeemer.log
        await self.until(lambda: not log.open and not log.owed)

    async def until_it_dies(self) -> None:
        with pytest.raises(Killed):
            await self.until(lambda: False)
        self.redeemer.log.close()


async def _nobody_asks(*_: object) -> Shares:
    raise AssertionError("a comparison asks, and there is none")


async def resolved(stand: WalletStand, listed: Round) -> Outcome:
    while not (told := await stand.reads.payouts([listed])):
        await trio.sleep(0.1)
    return Outcome.UP if told[listed.slug].up else Outcome.DOWN


SOON = (WalletType.EOA, WalletType.DEPOSIT)
"""One that pays gas and one of the relayer's; the other two take as long again."""
KINDS = [
    pytest.param(kind, id=kind.label, marks=[] if kind in SOON else [pytest.mark.long])
    for kind in WalletType
]


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_at_each_step_of_a_merge_and_of_a_redemption_it_is_done_once(
    kind: WalletType, tmp_path: Path
) -> None:
    async with wallet_stand(speed=60.0, on_chain=NOBODY_ELSE) as stand:
        listed = min(stand.rounds, key=lambda one: one.closes_ns)
        await stand.fund(kind)
        await stand.do(kind, [chain_calls.split(listed, SPLIT)])
        wallet = Wallet(stand, kind, listed, tmp_path / "wallet.work.jsonl")
        # The step at which it dies, and how many merges are done when the next one has looked.
        for number, point in enumerate(POINTS, start=1):
            await Life(wallet, point).until_it_dies()
            after = Life(wallet)
            await after.until_all_is_over()
            assert wallet.merged == number * EACH, point
            assert await wallet.usd() == millions(1_000) - SPLIT + wallet.merged, point
        winner = await resolved(stand, listed)
        point = POINTS[list(WalletType).index(kind)]
        await Life(wallet, point, winner).until_it_dies()
        last = Life(wallet, "", winner)
        await last.until_all_is_over()
        assert await wallet.usd() == last.books.money().cash == millions(1_000)
        done = [one for one in last.redeemer.log.ended.values() if one.is_done]
        assert len(done) == len(POINTS) + 1
        assert {one.amount for one in wallet.redeemed} == {SPLIT - wallet.merged}
        assert wallet.said == []
