"""A chain and a relayer for one wallet in one room, in which everything that can go wrong does when
it is told to; and a session of before and after a kill, as far as a wallet's work needs one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from live_tellings import an_order, part, trade, venue_name

from polytui.config.deciding import ClaimSettings
from polytui.config.redeem import RedeemSettings
from polytui.desk.account import Account
from polytui.desk.asset_ledger import AssetLedger
from polytui.execution.client import Carried
from polytui.execution.live_books import LiveBooks
from polytui.execution.redeemable import Redeemable
from polytui.execution.redeemer import Redeemer
from polytui.execution.unredeemed import Unredeemed
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_log import WalletLog
from polytui.execution.wallet_sender import (
    BatchFate,
    BatchStage,
    Call,
    NonceIs,
    QuotaUsed,
    SentBatch,
    SignedBatch,
    WalletBusy,
)
from polytui.model import events as ev
from polytui.model.errors import Unknown
from polytui.model.instrument import Asset, Interval, Outcome, Round, SettlementRule
from polytui.model.orders import Order, Side
from polytui.model.units import MICRO, NS_PER_S, Shares, Usd
from polytui.sim.exchange.calls import MergeCall, RedeemCall
from polytui.sim.wire.signed.call_data import RawCall, read_call
from polytui.venues.polymarket.chain_reads import Payouts
from polytui.venues.polymarket.user_channel import TradeStatus

BTC, UP, DOWN = Asset.BTC, Outcome.UP, Outcome.DOWN
START_NS = 1_795_204_800 * NS_PER_S
WALLET = "0x" + "ab" * 20
CASH = 1_000 * MICRO
FAULTS = ("lost", "unheard", "busy", "quota", "stolen", "reverts", "invalid")


class Killed(BaseException):
    """kill -9."""


def listed(number: int, protocol: str = "v1") -> Round:
    opens_ns = START_NS + number * Interval.M5.ns
    return Round(
        f"btc-updown-5m-{opens_ns // NS_PER_S}",
        BTC,
        Interval.M5,
        f"0x{0xABC000 + number:062x}00",
        str(1_000 + 2 * number),
        str(1_001 + 2 * number),
        opens_ns,
        opens_ns + Interval.M5.ns,
        SettlementRule.TWAP,
        protocol=protocol,
    )


@define
class _Batch:
    sent: SentBatch
    calls: Sequence[Call]
    fails: str = ""
    """Why; empty where it is done."""
    stage: BatchStage = BatchStage.WAITING


@define(eq=False)
class Room:
    """Outside of every process. State: what the chain has, and what the relayer remembers."""

    rounds: list[Round]
    calls_most: int = 20
    at_ns: int = START_NS
    dollars: int = CASH
    tokens: dict[str, int] = field(factory=dict)
    paid: dict[str, Payouts] = field(factory=dict)
    used: int = 0
    """The wallet's next nonce."""
    script: list[str] = field(factory=list)
    """What happens to the next batches that are sent."""
    batches: dict[str, _Batch] = field(factory=dict)
    sends: int = 0
    redeemed: dict[str, int] = field(factory=dict)
    """How often a round brought money."""
    merged: dict[str, int] = field(factory=dict)
    names: int = 0
    doing: Callable[[Sequence[Call]], None] | None = None
    """In place of what the contracts do."""
    signed: dict[str, Sequence[Call]] = field(factory=dict)
    old_looks: int = 0
    """So many looks at shares are answered by a node that is behind."""
    old_shares: dict[str, Shares] = field(factory=dict)
    """What that one says, by token."""

    # --- the clock, the chain ---------------------------------------------------------------------

    def now_ns(self) -> int:
        return self.at_ns

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S

    def has(self, one: Round, outcome: Outcome) -> int:
        return self.tokens.get(one.token_of(outcome), 0)

    async def shares(self, wallet: str, rounds: Sequence[Round]) -> dict[str, Shares]:
        assert wallet == WALLET
        self.old_looks -= 1
        old = self.old_shares if self.old_looks >= 0 else {}
        return {
            token: old.get(token, Shares(self.has(one, outcome)))
            for one in rounds
            for outcome in Outcome
            for token in (one.token_of(outcome),)
        }

    async def payouts(self, rounds: Sequence[Round]) -> dict[str, Payouts]:
        return {one.slug: self.paid[one.slug] for one in rounds if one.slug in self.paid}

    def execute(self, calls: Sequence[Call]) -> None:
        """All of them or none; ValueError where one reverts."""
        tokens, dollars = dict(self.tokens), self.dollars
        done: list[tuple[dict[str, int], str, int]] = []
        for call in calls:
            read: Any = read_call(RawCall(call.target.lower(), call.value, call.data))
            one = next(each for each in self.rounds if each.condition_id == read.condition)
            up, down = one.up_token, one.down_token
            if isinstance(read, MergeCall):
                if (
                    min(tokens.get(up, 0), tokens.get(down, 0)) < read.amount
                    or one.slug in self.paid
                ):
                    raise ValueError("not so many")
                tokens[up] -= read.amount
                tokens[down] -= read.amount
                dollars += read.amount
                done.append((self.merged, one.slug, read.amount))
                continue
            assert isinstance(read, RedeemCall)
            if one.slug not in self.paid:
                raise ValueError("result for condition not received yet")
            pays, brought = self.paid[one.slug], 0
            both = ((UP, up), (DOWN, down))
            for outcome, token in (
                both if read.outcome_index is None else (both[read.outcome_index],)
            ):
                amount = tokens.get(token, 0) if read.outcome_index is None else read.amount
                if amount > tokens.get(token, 0):
                    raise ValueError("not so many")
                tokens[token] = tokens.get(token, 0) - amount
                brought += amount * pays.of(outcome) // MICRO
            dollars += brought
            if brought:
                done.append((self.redeemed, one.slug, 1))
        self.tokens, self.dollars = tokens, dollars
        for counts, slug, count in done:
            counts[slug] = counts.get(slug, 0) + count

    # --- a WalletSender ---------------------------------------------------------------------------

    async def nonce(self) -> int:
        return self.used

    async def sign(self, calls: Sequence[Call], nonce: int, metadata: str = "") -> SignedBatch:
        assert len(calls) <= self.calls_most
        assert len(metadata) <= 500
        self.names += 1
        name = f"signature-{self.names}"
        self.signed[name] = tuple(calls)
        return SignedBatch(SentBatch(nonce, name), name.encode())

    async def send(self, signed: SignedBatch) -> SentBatch:
        fault = self.script.pop(0) if self.script else "ok"
        self.sends += 1
        name, nonce = signed.sent.name, signed.sent.nonce
        match fault:
            case "lost":
                raise Unknown("no answer")
            case "busy":
                raise WalletBusy("wallet busy: 1 active action")
            case "quota":
                raise QuotaUsed("quota exceeded: 0 units remaining", after_s=3_600.0)
            case "stolen":
                self.used += 1
        if any(one.stage is BatchStage.WAITING for one in self.batches.values()):
            raise WalletBusy("wallet has in-flight action")
        if nonce != self.used:
            raise NonceIs(
                f"batch nonce {nonce} does not match on-chain nonce {self.used}", self.used
            )
        fails = {"reverts": "execution reverted", "invalid": "STATE_INVALID"}.get(fault, "")
        self.batches[name] = _Batch(signed.sent, self.signed[name], fails)
        if fault != "invalid":
            self.used += 1
        if fault == "unheard":
            raise Unknown("no answer")
        return evolve(signed.sent, relayer_id=f"id-{name}")

    async def fate(self, sent: SentBatch) -> BatchFate:
        batch = self.batches.get(sent.name)
        if batch is None:
            is_used = self.used > sent.nonce
            return BatchFate(BatchStage.OVERTAKEN if is_used else BatchStage.NEVER_ARRIVED)
        self.step()
        return BatchFate(batch.stage, batch.fails, f"0x{sent.name}")

    def step(self) -> None:
        """A block."""
        for batch in self.batches.values():
            if batch.stage is BatchStage.MINED:
                batch.stage = BatchStage.CONFIRMED
            elif batch.stage is BatchStage.WAITING:
                self._mine(batch)

    def _mine(self, batch: _Batch) -> None:
        try:
            if batch.fails:
                raise ValueError(batch.fails)
            (self.doing or self.execute)(batch.calls)
            batch.stage = BatchStage.MINED
        except ValueError as error:
            batch.stage, batch.fails = BatchStage.FAILED, str(error)


@define(eq=False)
class Journal:
    """The mind's ledger as its journal has it: what was heard, in its order."""

    heard: list[Any] = field(factory=list)

    def ledger(self) -> tuple[AssetLedger, Account]:
        account = Account()
        ledger = AssetLedger(BTC, account)
        ledger.begin(ev.DeskOpened(BTC, 1, Usd(CASH)), START_NS)
        for order, one, event in self.heard:
            if isinstance(event, ev.Filled):
                if ledger.orders.get(order.order_id) is None:
                    ledger.place(order, one)
                ledger.reported(event, START_NS, lambda _, one=one, o=order: (one, o.outcome))
            elif isinstance(event, ev.PairsMerged):
                ledger.merged(event, START_NS)
            elif isinstance(event, ev.RoundSettled):
                winner = one.outcome_of(event.winning_token_id)
                ledger.settle(one, winner, START_NS, ClaimSettings())
        return ledger, account

    def carried(self, rounds: Sequence[Round]) -> Carried:
        ledger, account = self.ledger()
        ended = {one.slug for _, one, event in self.heard if isinstance(event, ev.RoundSettled)}
        held = tuple(
            ev.HeldRound(one, ledger.positions.holdings(one.slug), position.cash_flow)
            for one in rounds
            if one.slug not in ended
            for position in (ledger.positions.of(one.slug),)
            if position.cash_flow or position.is_open
        )
        desk = ev.DeskOpened(
            BTC, 0, Usd(CASH), account.of(BTC).realised, held, tuple(ledger.counted())
        )
        return Carried(Usd(CASH), account.cash, {BTC: desk})


@define(eq=False)
class Session:
    """One process. State: what it knows of the account."""

    room: Room
    journal: Journal
    path: Path | None
    settings: RedeemSettings
    kill_at: Callable[[str], bool] = field(default=lambda point: False)
    calls_left: int = 0
    said: list[str] = field(factory=list)
    told: list[Any] = field(factory=list)
    is_listening: bool = True
    sent: list[Any] = field(factory=list)
    strangers: Any = None
    books: LiveBooks = field(init=False)
    unredeemed: Unredeemed = field(init=False)
    redeemer: Redeemer = field(init=False)

    def __attrs_post_init__(self) -> None:
        room, had = self.room, bool(self.journal.heard)
        self.books = LiveBooks(self.journal.carried(room.rounds) if had else None)
        if not had:
            self.books.begin_with(Usd(CASH))
        for one in room.rounds:
            ended = any(
                each is one and isinstance(event, ev.RoundSettled)
                for _, each, event in self.journal.heard
            )
            if not ended:
                self.books.list_round(one)
        self.unredeemed = Unredeemed(self.books, room, None)  # type: ignore[arg-type]
        clients = {BTC: self}
        log = WalletLog(WALLET, self.path, lambda: room.at_ns)
        log.begin()
        wallet_books = WalletBooks(
            self.books, self.unredeemed, clients, self.route, self.told.append, room
        )
        say = lambda level, asset, text: self.said.append(text)  # noqa: E731
        redeemable = Redeemable(
            room,
            WALLET,
            self.books,
            self.unredeemed,
            clients,
            self.settings,
            room,
            say,
            self.strangers,
        )
        self.redeemer = Redeemer(
            room, log, redeemable, wallet_books, self.settings, room, say, self._pass
        )
        self.redeemer.begin()

    def _pass(self, point: str) -> None:
        if self.kill_at(point):
            raise Killed(point)

    def route(self, told: Any) -> None:
        """What a desk hears of merges."""
        for _, news in told:
            if isinstance(news, ev.PairsMerged):
                self.journal.heard.append((None, None, news))

    # --- what happens -----------------------------------------------------------------------------

    def buy(self, one: Round, outcome: Outcome, shares: int, cents: int = 50) -> None:
        number = len(self.journal.heard) + 1
        order: Order = an_order(number, Side.BUY, cents * 10_000, shares, outcome, one)
        self.books.names.know(order, venue_name(order))
        told = self.books.take_trade(
            trade(part(order, shares), status=TradeStatus.CONFIRMED, name=f"t{number}")
        )
        self.room.tokens[order.token_id] = self.room.tokens.get(order.token_id, 0) + shares * MICRO
        self.room.dollars -= shares * cents * 10_000
        for _, event in told:
            if isinstance(event, ev.Filled):
                self.journal.heard.append((order, one, event))

    def settle(self, one: Round, winner: Outcome | None, *, on_chain: bool = True) -> None:
        token = ev.NO_WINNER if winner is None else one.token_of(winner)
        event = ev.RoundSettled(one.condition_id, token, "clob", self.room.at_ns)
        self.books.settle(event)
        self.journal.heard.append((None, one, event))
        if on_chain:
            self.resolve(one, winner)

    def resolve(self, one: Round, winner: Outcome | None) -> None:
        half = MICRO // 2
        pays = {UP: (MICRO, 0), DOWN: (0, MICRO), None: (half, half)}[winner]
        self.room.paid[one.slug] = Payouts(*pays)

    async def live(self, steps: int, each_s: float = 15.0) -> None:
        for _ in range(steps):
            self.room.at_ns += int(each_s * NS_PER_S)
            await self.redeemer.once()

    @property
    def cash(self) -> int:
        """As it should be once everything is home."""
        return self.books.money().cash
