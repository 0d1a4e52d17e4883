"""One feed: a codec on a socket, its frames turned into events where they were read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polytui.model.events import Event, FeedDown, FeedStale, FeedUp, FrameRejected
from polytui.model.snapshot import FeedState, FeedView
from polytui.model.units import NS_PER_MS
from polytui.net.clock import SessionClock
from polytui.net.ws import Link, LinkState, StayingSocket
from polytui.venues.feed import Codec

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
        make_socket: Callable[[Link], StayingSocket],
    ) -> None:
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
        self.came_up: Callable[[], None] = lambda: None
        """Called after every (re)connect, when the greeting was sent."""

    # --- what net/ws.py calls -------------------------------------------------------------------

    def greet(self) -> Sequence[str]:
        return self._codec.hello()

    def receive(self, frame: str | bytes, received_perf_ns: int) -> bool:
        now_ns = self._clock.now_ns()
        parsed = self._codec.parse(frame, now_ns)
        self._messages += 1
        if parsed.events:
            self._frames(parsed.events, received_perf_ns)
        if parsed.is_data:
            self._data_ns = now_ns
        else:
            self._rare(parsed.ignored, parsed.rejected, parsed.replies, frame, now_ns)
        return parsed.is_data

    def _rare(
        self, ignored: int, rejected: str, replies: Sequence[str], frame: str | bytes, now_ns: int
    ) -> None:
        self._ignored += ignored
        if rejected:
            self._reject(rejected, frame, now_ns)
        for text in replies:
            self.socket.reply(text)

    def changed(self, state: LinkState, detail: str) -> None:
        now_ns = self._clock.now_ns()
        match state:
            case LinkState.UP:
                self.state = FeedState.UP
                self.connects += 1
                self._deliver(FeedUp(self.name, now_ns))
                self.came_up()
            case LinkState.STALE:
                self.state = FeedState.STALE
                self.stales += 1
                self._deliver(FeedStale(self.name, self.age_ms(now_ns), now_ns))
            case LinkState.SPOILED:
                self._reject(detail, b"", now_ns)
            case LinkState.DOWN:
                # A venue that is away stays away: said once, not at every try.
                if self.state is not FeedState.DOWN or detail != self._detail:
                    self._deliver(FeedDown(self.name, detail, now_ns))
                self.state, self._detail = FeedState.DOWN, detail

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
        return (now_ns - self._data_ns) // NS_PER_MS if self._data_ns else -1

    def view(self, now_ns: int) -> FeedView:
        return FeedView(
            name=self.name,
            state=self.state,
            age_ms=self.age_ms(now_ns),
            messages=self._messages,
            reconnects=max(0, self.connects - 1),
            rejected=self._rejected,
            ignored=self._ignored,
        )
