"""One feed: a codec on a socket, its frames turned into events where they were read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import trio
from msgspec.structs import replace

from polytui.config.schema import ClockSettings
from polytui.feeds.attendant import UNATTENDED, Attendant
from polytui.feeds.losses import Losses
from polytui.feeds.offsets import SourceOffset
from polytui.model.errors import Retry
from polytui.model.events import (
    Event,
    FeedDown,
    FeedGapped,
    FeedRefused,
    FeedStale,
    FeedUp,
    FrameRejected,
)
from polytui.model.snapshot import FeedState, FeedView
from polytui.model.units import NS_PER_MS, age_ms
from polytui.net.clock import SessionClock
from polytui.net.ws import SocketState, SocketWatcher, StayingSocket
from polytui.venues.feed import Codec, Parsed
from polytui.venues.stamps import Judge

_SAMPLE_LENGTH = 200

Deliver = Callable[[Event], None]
DeliverFrame = Callable[[Sequence[Event], int], None]
"""The events of one frame, and when it was read (perf_counter_ns)."""


class Feed:
    """State: the feed's health and counts. It owns its socket, whose link it is."""

    def __init__(
        self,
        name: str,
        codec: Codec,
        deliver: Deliver,
        deliver_frame: DeliverFrame,
        clock: SessionClock,
        make_socket: Callable[[SocketWatcher], StayingSocket],
        limits_s: Mapping[str, float] | None = None,
        time: ClockSettings | None = None,
        attendant: Attendant = UNATTENDED,
        losses: Losses | None = None,
    ) -> None:
        """`limits_s`: real seconds that each stream of the codec may be silent. `time`: what is
        believed of stamps. `losses`: where what is missed is counted, for whoever fills gaps."""
        time = time or ClockSettings()
        self._judge = Judge(time.max_ahead_ms * NS_PER_MS)
        self.offset = SourceOffset(time.offset_window_s)
        self.name = name
        self._codec = codec
        self._deliver = deliver
        self._frames = deliver_frame
        self._clock = clock
        self.socket = make_socket(self)
        self.state = FeedState.CONNECTING
        self.connects = 0
        self.stales = 0
        self._detail = ""
        self._messages = 0
        self._rejected = 0
        self._ignored = 0
        self._data_ns = 0
        self._attendant = attendant
        self.losses = losses or Losses()
        self._duplicates = 0
        self.misdated = 0
        """Events whose stamp was not believed; their frames count as rejected, too."""
        self._limits_s = dict(limits_s or {})
        self._heard: dict[str, float] = {}
        """When each watched stream last had data, by trio's clock."""
        self._silent: dict[str, bool] = {}
        """Streams that were told to be stale."""

    # --- what net/ws.py calls -------------------------------------------------------------------

    def greet(self) -> Sequence[str]:
        return self._codec.hello()

    def receive(self, frame: str | bytes, received_perf_ns: int) -> bool:
        now_ns = self._clock.now_ns()
        parsed = self._codec.parse(frame, now_ns)
        self._messages += 1
        if parsed.events:
            parsed = self._believed(parsed, now_ns)
        if parsed.gap is not None or parsed.lost or parsed.duplicates or parsed.is_closing:
            self._odd(parsed, now_ns)
        if parsed.events:
            self._frames(parsed.events, received_perf_ns)
        if parsed.is_data:
            self._data_ns = now_ns
            if parsed.rejected:
                self._reject(parsed.rejected, frame, now_ns)
            if parsed.stream in self._limits_s:
                self._heard[parsed.stream] = trio.current_time()
                if self._silent:
                    self._hear_again(parsed.stream, now_ns)
        else:
            self._rare(parsed, frame, now_ns)
        for text in parsed.replies:
            self.socket.reply(text)
        return parsed.is_data

    def _believed(self, parsed: Parsed, now_ns: int) -> Parsed:
        """Without the events whose time cannot be; one that has no other proves no life."""
        kept, faults, newest = self._judge.believed(parsed.events, now_ns)
        if newest:
            is_ahead = bool(faults) and any(fault.ahead_ns for fault in faults)
            self.offset.take(now_ns - newest, now_ns, is_believed=not is_ahead)
        if not faults:
            return parsed
        self.misdated += len(faults)
        is_data, why = parsed.is_data and bool(kept), parsed.rejected or faults[0].words
        return replace(parsed, events=tuple(kept), is_data=is_data, rejected=why)

    def _rare(self, parsed: Parsed, frame: str | bytes, now_ns: int) -> None:
        self._ignored += parsed.ignored
        if parsed.rejected:
            self._reject(parsed.rejected, frame, now_ns)
        if parsed.refused:
            self._deliver(FeedRefused(self.name, parsed.refused, now_ns))

    def _odd(self, parsed: Parsed, now_ns: int) -> None:
        """What a frame says about others: missing before it, known already, or the last ones."""
        self._duplicates += parsed.duplicates
        if parsed.gap is not None:
            gap = parsed.gap
            self._miss(gap.missed, f"trades {gap.first_id} to {gap.last_id}", now_ns)
            self._attendant.missed(gap)
        if parsed.lost:
            self._miss(parsed.lost, "messages, by their numbers", now_ns)
            self._attendant.lost()
        if parsed.is_closing:
            self.socket.rotate()

    def _miss(self, missed: int, detail: str, now_ns: int) -> None:
        self.losses.missed += missed
        self._deliver(FeedGapped(self.name, missed, detail, now_ns))

    def changed(self, state: SocketState, detail: str) -> None:
        now_ns = self._clock.now_ns()
        match state:
            case SocketState.UP:
                self.state = FeedState.UP
                self.connects += 1
                self._heard = dict.fromkeys(self._limits_s, trio.current_time())
                self._silent.clear()
                self._deliver(FeedUp(self.name, now_ns))
                self._attendant.came_up(is_again=self.connects > 1)
            case SocketState.STALE:
                self.state = FeedState.STALE
                self.stales += 1
                self._deliver(FeedStale(self.name, self.age_ms(now_ns), now_ns))
            case SocketState.SPOILED:
                self._reject(detail, b"", now_ns)
            case SocketState.DOWN:
                # A venue that is away stays away: said once, not at every try.
                if self.state is not FeedState.DOWN or detail != self._detail:
                    self._deliver(FeedDown(self.name, detail, now_ns))
                self.state, self._detail = FeedState.DOWN, detail
        self._attendant.changed(self.name, self.state)

    # --- streams that fall silent ---------------------------------------------------------------

    async def check(self, now: float) -> float:
        """Tell and revive streams that are too old, cut the socket for those twice as old."""
        if self.state not in (FeedState.UP, FeedState.STALE) or not self._heard:
            return math.inf
        due = math.inf
        for stream, limit_s in self._limits_s.items():
            heard = self._heard[stream]
            if now - heard >= 2 * limit_s:
                self.socket.cut()
                return math.inf
            if now - heard >= limit_s and stream not in self._silent:
                await self._go_silent(stream)
            due = min(due, heard + (2 if stream in self._silent else 1) * limit_s)
        return due

    def slept(self, seconds: float) -> None:
        """Whatever came since is from before, or is followed by more at once."""
        self._heard = {stream: heard - seconds for stream, heard in self._heard.items()}

    async def _go_silent(self, stream: str) -> None:
        self.stales += not self._silent
        self._silent[stream] = True
        self.state = FeedState.STALE
        age_ms = int((trio.current_time() - self._heard[stream]) * self._clock.speed * 1000)
        self._deliver(FeedStale(self.name, age_ms, self._clock.now_ns(), stream))
        self._attendant.changed(self.name, self.state)
        for text in self._codec.revive(stream):
            with suppress(Retry):
                await self.socket.send(text)

    def _hear_again(self, stream: str, now_ns: int) -> None:
        self._silent.pop(stream, None)
        if not self._silent and self.state is FeedState.STALE:
            self.state = FeedState.UP
            self._deliver(FeedUp(self.name, now_ns))
            self._attendant.changed(self.name, self.state)

    def _reject(self, reason: str, frame: str | bytes, now_ns: int) -> None:
        self._rejected += 1
        sample = ascii(frame[:_SAMPLE_LENGTH])[:_SAMPLE_LENGTH]
        self._deliver(FrameRejected(self.name, reason, len(frame), sample, now_ns))

    # --- for faces ------------------------------------------------------------------------------

    @property
    def messages(self) -> int:
        return self._messages

    @property
    def rejected(self) -> int:
        return self._rejected

    @property
    def ignored(self) -> int:
        return self._ignored

    def age_ms(self, now_ns: int) -> int:
        """Since the last data, never negative though our clock be set back; -1 before the first."""
        return age_ms(now_ns, self._data_ns)

    def view(self, now_ns: int) -> FeedView:
        return FeedView(
            name=self.name,
            state=self.state,
            age_ms=self.age_ms(now_ns),
            messages=self._messages,
            reconnects=max(0, self.connects - 1),
            rejected=self._rejected,
            ignored=self._ignored,
            missed=self.losses.left,
            duplicates=self._duplicates,
            misdated=self.misdated,
            offset_ms=self.offset.offset_ms(),
        )
