"""The account's one user channel: a socket that stays up, what it tells, and whether it tells all.

    connected -> greeted, and asked for a PONG -> anything heard -> reconciled -> FeedUp("user")
    silent, cut, refused, or a trade that everybody else knows -> FeedDown("user") -> connected anew

A quiet user channel is no sign of anything: nothing happens to an account that does nothing. So its
life is the PONG, and its worth is what it told of what the venue's other answers know: whatever it
has not told some seconds after them was never going to come.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

import trio
from attrs import define, field

from polytui.config.live import LiveSettings
from polytui.config.schema import SocketLimits
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.events import USER_FEED, FeedDown, FeedUp
from polytui.model.plain_text import plain
from polytui.net.clock import SessionClock
from polytui.net.socket_settings import SocketSettings
from polytui.net.ws import SocketState, StayingSocket
from polytui.venues.polymarket.user_channel import UserChannel, UserEvent, UserOrder

_PING = "PING"
_WRONG_KEY = 1008
_MOST_REMEMBERED = 10_000
_SAY_AGAIN_S = 60.0
_AGAIN_S = 2.0
"""After a reconcile that could not be done."""

Take = Callable[[UserEvent], None]
"""What the channel told, in its order."""
Tell = Callable[[FeedUp | FeedDown], None]
"""To every desk."""


def user_socket_settings(sockets: SocketLimits, live: LiveSettings) -> SocketSettings:
    return SocketSettings(
        connect_timeout_s=sockets.connect_timeout_s,
        silence_s=live.user_silence_s,
        backoff_first_s=sockets.backoff_first_s,
        backoff_cap_s=sockets.backoff_cap_s,
        healthy_after_s=sockets.healthy_after_s,
        keepalive_text=_PING,
        keepalive_every_s=min(sockets.polymarket_ping_s, live.user_silence_s / 3),
        max_frame_bytes=sockets.max_frame_bytes,
        send_timeout_s=sockets.send_timeout_s,
        is_direct=sockets.library == "wsproto",
    )


@define(eq=False)
class UserWatch:
    """A `SocketWatcher`. State: whether it is heard, what it told and what it ought to have."""

    codec: UserChannel
    take: Take
    tell: Tell
    clock: SessionClock
    live: LiveSettings
    say: Callable[[str, str, str], None]
    """A line for people: level, asset, text."""
    messages: int = 0
    connects: int = 0
    rejected: int = 0
    is_up: bool = False
    """Heard on this connection."""
    is_doubted: bool = False
    """It left something out, and has told nothing since."""
    up_ns: int = 0
    """Since when; session time."""
    omissions: int = 0
    """How often it was cut for leaving something out."""
    _is_told_up: bool | None = None
    _detail: str = ""
    _heard: dict[str, None] = field(factory=dict)
    """Orders and trades that it told of, by their names."""
    _missing: dict[str, float] = field(factory=dict)
    """What it ought to tell, by trio's clock until when."""
    _changed: trio.Event = field(factory=trio.Event)
    _last_said_at: float = -math.inf
    _is_cut: bool = False
    """By ourselves, and everybody was told why."""

    # --- what net/ws.py calls ---------------------------------------------------------------------

    def greet(self) -> Sequence[str]:
        """The frame with the key is shown nowhere. Whether it was the right one shows in what
        follows: an answer to the PING, or a close."""
        return (*self.codec.hello(), _PING)

    def receive(self, frame: str | bytes, received_perf_ns: int) -> bool:
        self.messages += 1
        events, parsed = self.codec.read(frame)
        if parsed.refused:
            self._complain(f"the venue says on the user channel: {parsed.refused}")
            return False
        if parsed.rejected:
            self.rejected += 1
            self._complain(f"a frame of the user channel is not believed: {parsed.rejected}")
        if not self.is_up:
            self._come_up()
        for event in events:
            self._hear(event)
            self.take(event)
        return True

    def changed(self, state: SocketState, detail: str) -> None:
        match state:
            case SocketState.UP:
                self.connects += 1
            case SocketState.SPOILED:
                self.rejected += 1
            case SocketState.STALE:
                pass  # DOWN follows, and says why
            case SocketState.DOWN if self._is_cut:
                self._is_cut = False
            case SocketState.DOWN:
                self._go_down(_in_plain_words(detail))

    # --- whether it tells all ---------------------------------------------------------------------

    @property
    def is_waited_for(self) -> bool:
        """Somebody else knows of something that it has not told yet, and may."""
        return bool(self._missing)

    def expect(self, name: str, since_ns: int) -> None:
        """Somebody else knows of an order or a trade of after `since_ns`: the channel tells of it
        within moments, or of nothing any more."""
        if self.is_up and name not in self._heard and since_ns > self.up_ns:
            deadline = trio.current_time() + self.live.user_lag_s
            self._missing.setdefault(name, deadline)
            self._wake()

    async def watch(self, cut: Callable[[], None]) -> None:
        """Cut a connection that leaves something out. Never returns."""
        while True:
            due = min(self._missing.values(), default=math.inf)
            if due <= trio.current_time():
                name = next(one for one, at in self._missing.items() if at == due)
                self.is_doubted = self._is_cut = True
                self.omissions += 1
                self._go_down(
                    f"it has not told of {name[:20]} in {self.live.user_lag_s:g} s, which the venue"
                    " knows: not believed, connected anew"
                )
                cut()
                continue
            with trio.move_on_at(due):
                await self._changed.wait()

    async def until(self, is_up: bool) -> None:
        """Until it is heard, or no longer."""
        while self.is_up is not is_up:
            await self._changed.wait()

    def came_true(self) -> None:
        """What it may have missed is known now."""
        if self.is_up and self._is_told_up is not True:
            self._is_told_up = True
            self.tell(FeedUp(USER_FEED, self.clock.now_ns()))

    # --- inside -----------------------------------------------------------------------------------

    def _hear(self, event: UserEvent) -> None:
        name = event.order_id if isinstance(event, UserOrder) else event.trade_id
        self._heard[name] = None
        self._missing.pop(name, None)
        self.is_doubted = False
        if len(self._heard) > _MOST_REMEMBERED:
            del self._heard[next(iter(self._heard))]

    def _come_up(self) -> None:
        self.is_up, self.up_ns = True, self.clock.now_ns()
        self._wake()

    def _go_down(self, detail: str) -> None:
        """A venue that is away stays away: said once, not at every try."""
        if self._is_told_up is not False or detail != self._detail:
            self.tell(FeedDown(USER_FEED, detail, self.clock.now_ns()))
        self._is_told_up, self._detail = False, detail
        self.is_up = False
        self._missing.clear()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def _complain(self, words: str) -> None:
        """Once a minute is enough."""
        if trio.current_time() >= self._last_said_at + _SAY_AGAIN_S:
            self._last_said_at = trio.current_time()
            self.say("warn", "", words)


async def run_user_channel(
    watch: UserWatch, socket: StayingSocket, reconcile: Callable[[], Awaitable[object]]
) -> None:
    """Never returns. Truth first: nobody is told that the channel is up before what it may have
    missed is known."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(socket.run)
        nursery.start_soon(watch.watch, socket.cut)
        while True:
            await watch.until(True)
            if await _reconciled(reconcile):
                watch.came_true()
                await watch.until(False)
            else:
                await trio.sleep(_AGAIN_S)


async def _reconciled(reconcile: Callable[[], Awaitable[object]]) -> bool:
    try:
        await reconcile()
    except (Retry, Unknown, Rejected):
        return False
    return True


def _in_plain_words(detail: str) -> str:
    if str(_WRONG_KEY) in detail or "invalid credentials" in detail.lower():
        return (
            "the venue does not know this API key (or not with this secret and passphrase): derive"
            f" it anew, `polytui doctor` says how ({plain(detail)})"
        )
    return detail
