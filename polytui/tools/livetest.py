"""`polytui doctor --livetest`: one real order that nobody can want, from its signature to its end.

It buys the least size at the lowest price of a round that has long to go, post-only, so it rests
far below everybody; it is seen on the user channel, cancelled, and seen cancelled. However that
goes, it is cancelled by its id at the end, and looked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import trio
from attrs import define, field, frozen

from polytui.execution.arming import Armed
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.instrument import Interval, Outcome, Round
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import NS_PER_S, Price, format_micro
from polytui.net.connection import CONNECTION_FAULTS, Connection, open_connection, why_ended
from polytui.net.dial import Ended, Trust, address_of, dial
from polytui.net.socket_settings import SocketSettings
from polytui.runtime.signals import StopSignals, hear_signals
from polytui.tools.findings import Finding, Severity
from polytui.tools.venue_account import VenueAccount
from polytui.venues.polymarket.plain_refusals import explained
from polytui.venues.polymarket.signing import OrderSigner, SignedOrder
from polytui.venues.polymarket.user_channel import OrderChange, UserChannel, UserOrder

_LONG_S = 120
"""A round with less than this to go is none to try in."""
_FAR = Price(50_000)
"""The best ask is at least so far above the order."""
_WITHIN_S = 15.0
_CLEAN_S = 10.0
_LOOK_EVERY_S = 0.3
_MS = 1000.0
_PING, _PONG = "PING", ("PONG", b"PONG")
_FOREIGN = (Retry, Rejected, Unknown, Ended, trio.TooSlowError)
_T = TypeVar("_T")


@frozen
class Livetest:
    """Of an account; `armed` is the proof that its wallet may trade."""

    account: VenueAccount
    armed: Armed
    say: Callable[[Finding], None]
    """Each step as it ends."""
    within_s: float = _WITHIN_S
    """For each answer and each event; real seconds."""

    async def run(self) -> list[Finding]:
        """Every step that was taken; one that failed is the last before the cleaning up."""
        steps = _Steps(self.say, self.within_s)
        async with hear_signals() as signals, trio.open_nursery() as nursery:
            nursery.start_soon(_end_at, signals, nursery.cancel_scope)
            placed: list[SignedOrder] = []
            try:
                await self._try(steps, placed)
            except* (*_FOREIGN, *CONNECTION_FAULTS) as group:
                steps.failed(_first(group))
            finally:
                if placed:
                    with trio.CancelScope(shield=True):
                        await self._leave_nothing(steps, placed[0].venue_id)
            nursery.cancel_scope.cancel()
        if signals.came.is_set():
            steps.add(Finding("livetest", Severity.FAIL, f"{signals.name} ended it early"))
        return steps.taken

    async def _try(self, steps: _Steps, placed: list[SignedOrder]) -> None:
        listed, outcome = await steps.take("round", self._round(), _round_words)
        async with self._user_channel(steps) as heard:
            signed = await steps.take("signature", self._signed(listed, outcome), _signed_words)
            await steps.take(
                "heartbeat",
                self._beaten(),
                lambda _: (
                    "taken: without another one all orders of this API key are cancelled in 10 s"
                ),
            )
            placed.append(signed)  # from here on it may live
            heard.venue_id = signed.venue_id
            await steps.take(
                "order", self.account.orders.post(signed), lambda answer: f"{answer.status.value}"
            )
            await steps.take("seen placed", heard.until(heard.is_placed), _seen_words)
            await steps.take("cancel", self._cancelled(signed.venue_id), lambda _: "taken")
            await steps.take("seen cancelled", heard.until(heard.is_cancelled), _seen_words)

    # --- before the order -------------------------------------------------------------------------

    async def _round(self) -> tuple[Round, Outcome]:
        """The one that has longest to go, and the outcome that is the dearer."""
        account, now_ns = self.account, self.account.clock.now_ns()
        asset = account.settings.session.assets[0]
        fault: Exception = Rejected(f"no round of {asset.value} takes orders; look again later")
        for interval in sorted(Interval, key=lambda one: -one.seconds):
            try:
                for listed in await account.gamma.upcoming(asset, interval, now_ns, 2):
                    is_long = listed.closes_ns - now_ns > _LONG_S * NS_PER_S
                    if listed.takes_orders and listed.is_one_book and is_long:
                        return listed, await self._far_outcome(listed)
            except (Retry, Rejected) as error:
                fault = error
        raise fault

    async def _far_outcome(self, listed: Round) -> Outcome:
        """Rejected where somebody asks so little for both that an order could meet him."""
        books = await self.account.clob.books([listed.token_of(one) for one in Outcome])
        asks = {one.token_id: one.asks[-1][0] for one in books if one.asks}
        by_ask = {one: asks.get(listed.token_of(one), 1_000_000) for one in Outcome}
        found = max(Outcome, key=lambda one: by_ask[one])
        if not books or by_ask[found] < listed.tick + _FAR:
            raise Rejected(f"{listed.slug} has no price far from the market; look again later")
        return found

    async def _signed(self, listed: Round, outcome: Outcome) -> SignedOrder:
        now_ns = self.account.clock.now_ns()
        order = Order(
            f"{listed.slug}-livetest-{now_ns}",
            listed.slug,
            listed.token_of(outcome),
            outcome,
            Side.BUY,
            listed.tick,
            listed.min_shares,
            TimeInForce.GTC,
            is_post_only=True,
            strategy="",
            placed_ns=now_ns,
        )
        return OrderSigner(self.armed.wallet).sign(order, listed)

    async def _beaten(self) -> None:
        """Who beats once and no more has every order of the key cancelled after ten seconds: also
        where this process is killed, or the network is gone, before we have cancelled."""
        beat = await self.account.orders.beat("")
        if not beat.is_accepted:  # another one began: its id is told, and goes on
            beat = await self.account.orders.beat(beat.heartbeat_id)
        if not beat.is_accepted:
            raise Rejected("the venue does not take a heartbeat, so nothing is sent")

    # --- the user channel -------------------------------------------------------------------------

    @asynccontextmanager
    async def _user_channel(self, steps: _Steps) -> AsyncIterator[_Heard]:
        """Open, and certain to have been told who we are: it answers what was sent after that."""
        account = self.account
        channel = UserChannel(account.api_key, wallet=account.wallet.funder)
        address = address_of("user", account.settings.endpoints.user_ws)
        heard = _Heard(channel)
        async with (
            open_connection(
                partial(dial, address, Trust(is_loopback_only=self.armed.is_simulated)),
                address.origin,
                address.resource,
                SocketSettings(is_direct=True),
            ) as connection,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(heard.listen, connection)
            await steps.take("user channel", _greet(connection, heard), lambda _: "it answers")
            yield heard
            nursery.cancel_scope.cancel()

    # --- after it ---------------------------------------------------------------------------------

    async def _cancelled(self, venue_id: str) -> None:
        answer = await self.account.orders.cancel([venue_id])
        if venue_id not in answer.cancelled:
            raise Rejected(f"not cancelled: {answer.refused.get(venue_id, 'the venue is silent')}")

    async def _leave_nothing(self, steps: _Steps, venue_id: str) -> None:
        """Cancelled by its id and looked for, until the venue says that it does not work. One that
        it does not know may still be on its way, so that is believed the second time."""
        began, absences, words = trio.current_time(), 0, "the venue does not answer"
        with trio.move_on_after(_CLEAN_S):
            while True:
                try:
                    found = await self.account.orders.order(venue_id)
                    absences += found is None
                    if absences > 1 or (found is not None and found.is_over):
                        steps.done("nothing left", began, _end_words(found))
                        return
                    words = "it still works"
                    await self.account.orders.cancel([venue_id])
                except (Retry, Rejected, Unknown) as error:
                    words = str(error)
                await trio.sleep(_LOOK_EVERY_S)
        advice = "run `polytui cancel-all`, and look at polymarket.com"
        steps.add(Finding("nothing left", Severity.FAIL, f"order {venue_id}: {words}; {advice}"))


@define
class _Steps:
    """State: the steps so far, and the one that is being taken."""

    say: Callable[[Finding], None]
    within_s: float
    taken: list[Finding] = field(factory=list)
    name: str = ""

    async def take(self, name: str, work: Awaitable[_T], words: Callable[[_T], str]) -> _T:
        self.name, began = name, trio.current_time()
        with trio.fail_after(self.within_s):
            result = await work
        self.done(name, began, words(result))
        return result

    def done(self, name: str, began: float, words: str) -> None:
        took_ms = (trio.current_time() - began) * _MS
        self.add(Finding(name, Severity.OK, f"{words} ({took_ms:.0f} ms)", took_ms=took_ms))

    def failed(self, error: BaseException) -> None:
        words = str(error) or f"nothing within {self.within_s:g} s"
        meaning = explained(words)
        self.add(Finding(self.name, Severity.FAIL, f"{words}: {meaning}" if meaning else words))

    def add(self, step: Finding) -> None:
        self.taken.append(step)
        self.say(step)


@define(eq=False)
class _Heard:
    """State: what the user channel said of one order, and who waits for more."""

    channel: UserChannel
    venue_id: str = ""
    changes: dict[str, list[UserOrder]] = field(factory=dict)
    has_answered: bool = False
    _more: trio.Event = field(factory=trio.Event)

    async def listen(self, connection: Connection) -> None:
        while True:
            frame = await connection.receive()
            if frame in _PONG:
                self.has_answered = True
            for event in self.channel.read(frame)[0]:
                if isinstance(event, UserOrder):
                    self.changes.setdefault(event.order_id.lower(), []).append(event)
            self._more.set()
            self._more = trio.Event()

    async def until(self, is_so: Callable[[], bool]) -> str:
        while not is_so():
            await self._more.wait()
        return self.venue_id

    def is_placed(self) -> bool:
        return bool(self.changes.get(self.venue_id))

    def is_cancelled(self) -> bool:
        told = self.changes.get(self.venue_id, ())
        return any(one.change is OrderChange.CANCELLED for one in told)


async def _end_at(signals: StopSignals, scope: trio.CancelScope) -> None:
    await signals.came.wait()
    scope.cancel()


async def _greet(connection: Connection, heard: _Heard) -> None:
    for text in heard.channel.hello():
        await connection.send(text)
    await connection.send(_PING)
    await heard.until(lambda: heard.has_answered)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong, without the tasks around it."""
    mine, _ = group.split(_FOREIGN)
    if mine is None:
        return why_ended(group)
    error: BaseException = mine
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _round_words(found: tuple[Round, Outcome]) -> str:
    return f"{found[0].slug}, {found[1].value}"


def _signed_words(signed: SignedOrder) -> str:
    return f"order {signed.venue_id}"


def _seen_words(venue_id: str) -> str:
    return "the user channel tells of it"


def _end_words(found: UserOrder | None) -> str:
    if found is None:
        return "the venue never had it"
    matched = f", {format_micro(found.matched)} shares were matched" if found.matched else ""
    return f"the order is over: {found.status}{matched}"
