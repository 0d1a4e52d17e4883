"""The seam between desks and venues: what trades for one asset, whatever stands behind it.

    desk -> effects (a channel) -> ExecutionClient -> the venue
    desk <- reports (an inbox)  <-       "

A client outlives the lives of its desk: orders rest on, or are cancelled, while nobody lives. What
is shared by all assets (an account, its pacing, its one socket) belongs to an `Execution`, which
is opened once a session and makes the clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, get_args, runtime_checkable

import trio
from attrs import field, frozen

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings
from polytui.config.state_folder import StateFolder
from polytui.execution.arming import Armed, Unarmed
from polytui.model.effects import Effect
from polytui.model.events import (
    CashMoved,
    DeskOpened,
    Event,
    FeedDown,
    FeedUp,
    FoundOrder,
    InTransit,
    PairsMerged,
    Reconciled,
    Report,
    Trade,
    WinnersRedeemed,
)
from polytui.model.instrument import Asset, Round
from polytui.model.orders import Order
from polytui.model.units import Shares, Usd
from polytui.net.clock import SessionClock
from polytui.net.dial import Trust
from polytui.net.pools import Pools

ToldOnce = CashMoved | PairsMerged | WinnersRedeemed | Reconciled
AccountNews = FeedUp | FeedDown | ToldOnce
"""What an account says besides what became of orders: how it is itself, and its money."""
TOLD_ONCE: tuple[type[ToldOnce], ...] = get_args(ToldOnce)
"""Of that, what nobody tells again: how it is itself is a state."""

Word = Report | InTransit | PairsMerged
"""What is told of one asset's orders, and of what they brought."""

ORDER_SIGNED = "order-signed"
"""An order has its name and its signature, and nothing of it was sent."""
ORDER_POSTED = "order-posted"
"""The venue has it, and nobody here has heard what it answered."""
WORK_MEANT = "wallet-meant"
"""A wallet's batch is signed and written down, and nothing of it was sent."""
WORK_SUBMITTED = "wallet-submitted"
"""It was sent, and nobody here has heard what it is called."""
WORK_MINED = "wallet-mined"
"""It is done, and neither books nor desks have heard of it."""
WORK_CONFIRMED = "wallet-confirmed"
"""Everybody has heard of it, and it is not written down that it is over."""
CANCEL_SENT = "cancel-sent"
"""The venue was asked to take orders back, and nobody here has heard what it answered."""

PassPoint = Callable[[str, str], None]
"""Point and asset."""

Deliver = Callable[[Word | AccountNews], None]
"""To the desk's inbox; never waits."""


class ExecutionClient(Protocol):
    """What trades for one asset, as its desk sees it. Times are the session's.

    What a client must keep to, whoever is behind it:

    * An effect waits for no other one: a cancel goes out while a place is still unanswered.
    * Every order that it took gets an answer in the end: taken, refused, or that nobody knows.
    * A report is told when it is known; the same fill may be told twice, always under the same id.
    """

    async def open(self, life: int) -> DeskOpened:
        """What a desk that begins must know: cash, holdings, working orders, and which fills these
        count. The venue's truth, not what an earlier life remembered."""
        ...

    async def run(self, effects: trio.MemoryReceiveChannel[Effect], deliver: Deliver) -> None:
        """Perform effects and deliver reports until cancelled: one desk's life long."""
        ...

    def observe(self, event: Event) -> Sequence[Word]:
        """What the market does, before the desk hears of it; what that did to our orders, where the
        venue is one that we only think."""
        ...

    async def cancel_all(self) -> int:
        """Take every order back, for a desk that is no more; how many there were. Nothing is
        reported. Who calls it sets a deadline and shields it."""
        ...

    @property
    def has_working_orders(self) -> bool:
        """Whether anything of ours works at the venue or may, as far as is known here."""
        ...


@runtime_checkable
class CanRefuse(Protocol):
    """A client that can be told to refuse orders, for a plan of faults: none of a real venue."""

    def refuse_orders(self, until_ns: int, why: str) -> None:
        """Whatever arrives before that time, in these words."""
        ...


@frozen
class VenueMoney:
    """The account as the venue counts it, beside our own ledger."""

    cash: Usd
    traded: Usd
    """Everything that fills brought, less everything they took, fees included."""
    payouts: Usd
    """Everything that settlements paid."""
    winnings: str = ""
    """How bringing them home stands, in words; empty where nobody does."""


@frozen
class Carried:
    """What sessions before this one did with the account, as their journals tell it. On paper there
    is no other truth; a venue is asked for its own, and this is what its answer is held against."""

    starting_cash: Usd
    """Before all of them."""
    cash: Usd
    desks: Mapping[Asset, DeskOpened]
    """Results and holdings of each asset that ever had a desk, orders left out."""
    working: Mapping[Asset, tuple[FoundOrder, ...]] = field(factory=dict)
    """Orders that worked when the process ended, none of them certain: a venue is asked for each.
    On paper they ended with it."""
    until_ns: int = 0
    """Session time of the last event that they took."""
    rounds: Mapping[Asset, tuple[Round, ...]] = field(factory=dict)
    """Every round whose end its desk has not seen."""
    orders: Mapping[Asset, tuple[Order, ...]] = field(factory=dict)
    """Every order that its desk knows, ended ones of open rounds too: fills of theirs may come."""
    failed: Mapping[Asset, tuple[Trade, ...]] = field(factory=dict)
    """Fills that were taken back: whatever is told of them late, they never were."""


@frozen
class AccountNeeds:
    """What a session gives its account to live on."""

    settings: Settings
    """With the addresses that the session really asks."""
    clock: SessionClock
    carried: Carried | None = None
    armed: Armed | Unarmed | None = None
    """Who may send orders, or only sign them; None on paper."""
    session: str = ""
    """Its name, for others who are refused the same wallet."""
    states: StateFolder | None = None
    """Where API keys are kept; None for a wallet that ends with its venue."""
    locks: StateFolder | None = None
    """Where the wallet is held, so that one process trades with it; None where nobody else has its
    venue."""
    pools: Pools = field(factory=Pools)
    """Connections and pace by host, shared with everybody else who asks there."""
    trust: Trust = field(factory=Trust)
    say: Callable[[str, str, str], None] = field(default=lambda level, asset, text: None)
    """A line for people: level, asset (empty for the whole account), text."""
    pass_point: PassPoint | None = None
    """Told of the points above, and of which asset, as each is passed: a plan of faults may end the
    process there."""
    works: Path | None = None
    """Where it is written down what the wallet does on the chain; None where that ends with the
    session."""
    pairs_of: Callable[[Asset, str], Shares] | None = None
    """Pairs of a round in the hands of one strategy each; None where nobody knows."""
    kill: Callable[[str], None] = field(default=lambda words: None)
    """The session's kill switch, from any task, with why: every order is cancelled, and nobody
    trades until a person re-arms it."""


class Execution(Protocol):
    """One account at one venue for a session: it makes the client of every asset."""

    def client(self, asset: Asset) -> ExecutionClient: ...

    def money(self) -> VenueMoney: ...

    @property
    def api_key(self) -> ApiKey | None:
        """The one of its account, which streams that want one are given as well; None on paper."""
        ...


OpenExecution = Callable[[AccountNeeds], AbstractAsyncContextManager[Execution]]
"""A column of `runtime/modes.py`. What an account needs in the background (a socket, a heartbeat)
lives as long as the context does, above every asset. An account that other folders trade as well is
asked here for what they did today: no journal of this folder knows it."""
