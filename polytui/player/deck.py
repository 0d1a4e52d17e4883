"""The deck: a player on a clock, with keys. One task plays and shows, another reads on beside it.

Everything is of one thread, in slices of some milliseconds, so nothing is locked and a key is heard
between two of them. Shown is ten times a second while it plays, whatever its speed: each time all
that is true at that moment of the session. At real speed these are the snapshots that an engine
would have sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio
import trio.lowlevel
from attrs import define, field

from polytui.model.errors import Rejected
from polytui.model.events import Action
from polytui.model.link import Obeyed
from polytui.model.playing import AS_FAST_AS_IT_GOES, SPEEDS, Play, PlayMove, PlayView
from polytui.model.units import NS_PER_S
from polytui.player.filling import Filling
from polytui.player.moments import moment_of
from polytui.player.player import Player
from polytui.player.showing import RecordingShow
from polytui.runtime.hub import Hub

SHOWN_HZ = 10.0
_SLICE_S = 0.008
_BEAT_S = 0.5
"""What is paused is shown again so often: a face must hear that it is not alone."""
_FRESH_S = 30.0
"""A journal that has grown within it is still written."""
NO_ENGINE = "this is a recording: nothing can be commanded or changed in it"

Asked = Callable[[str], Awaitable[None]]


@define
class Deck:
    """State: whether it runs, how fast, and what was begun when."""

    player: Player
    hub: Hub
    ask_what_if: Asked
    """Given a wish; empty: the last one is not wanted any more."""
    speed: float = 1.0
    is_running: bool = True
    _since: tuple[float, int] = (0.0, 0)
    """Real seconds and the session's moment from which the speed counts."""
    _is_fast: bool = field(default=False, init=False)
    _news: trio.Event = field(factory=trio.Event, init=False)
    _shown_s: float = field(default=0.0, init=False)
    _showing: RecordingShow = field(init=False)
    _filling: Filling = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._showing = RecordingShow(self.player, self.hub)
        self._filling = Filling(self.player)

    # --- what faces ask -------------------------------------------------------------------------

    async def obey(self, action: Action, asset: str, origin: str) -> Obeyed:
        raise Rejected(NO_ENGINE)

    async def change(self, path: str, value: str, origin: str) -> tuple[int, ...]:
        raise Rejected(NO_ENGINE)

    async def turn(self, play: Play) -> None:
        """Do what a face asks, or begin to. Rejected with why not."""
        player, index = self.player, self.player.index
        match play.move:
            case PlayMove.PAUSE:
                self.is_running = not self.is_running
            case PlayMove.PACE:
                at = SPEEDS.index(self.speed) + (1 if play.by > 0 else -1)
                self.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, at))]
            case PlayMove.STEP | PlayMove.TRADE:
                self.is_running = False
                (player.step if play.move is PlayMove.STEP else player.trade)(play.by)
            case PlayMove.HOME:
                player.go(index.first_ns)
            case PlayMove.END:
                self.is_running = self.is_running or self.is_written
                player.go(index.last_ns)
            case PlayMove.GO:
                player.go(moment_of(play.text, player.at_ns, index.first_ns, index.last_ns))
            case PlayMove.WHAT_IF | PlayMove.NEVER_MIND:
                await self.ask_what_if(play.text if play.move is PlayMove.WHAT_IF else "")
        self._begin_anew()
        self._news.set()

    # --- tasks ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Play and show, for ever."""
        self._begin_anew()
        while True:
            if self.player.goal is not None:
                await self._travel()
            elif self.is_running:
                await self._play()
            else:
                self._show()
                await self._rest(_BEAT_S)

    async def read_on(self) -> None:
        """Look through the journal and keep minds on the way, for ever; what is shown comes
        first."""
        while True:
            while self._filling.look(_SLICE_S):
                await trio.lowlevel.checkpoint()
            is_busy = self.player.goal is not None or (self.is_running and self._is_behind)
            if is_busy or not self._filling.work(_SLICE_S):
                await trio.sleep(0.05)
            else:
                await trio.sleep(_SLICE_S / 2 if self.is_running else 0)

    def close(self) -> None:
        self._filling.close()
        self.player.close()

    async def _travel(self) -> None:
        while self.player.goal is not None and not self.player.work(_SLICE_S):
            if trio.current_time() - self._shown_s >= 1 / SHOWN_HZ:
                self._shown_s = trio.current_time()
                self.hub.playing(self.place())
            await trio.lowlevel.checkpoint()
        self._begin_anew()
        self._show()

    async def _play(self) -> None:
        """A tenth of a second of it."""
        due_s = trio.current_time() + 1 / SHOWN_HZ
        while self.is_running and self.player.goal is None:
            is_there = self.player.play_until(self._due_ns(due_s), _SLICE_S)
            if is_there or trio.current_time() >= due_s:
                break
            await trio.lowlevel.checkpoint()
        if self._is_behind:
            self._begin_anew()
        self._show()
        if self._is_over:
            self.is_running = False
        await self._rest(max(0.0, due_s - trio.current_time()))

    async def _rest(self, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self._news.wait()
        self._news = trio.Event()
        await trio.lowlevel.checkpoint()

    # --- time -----------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._since = (trio.current_time(), self.player.at_ns)

    def _due_ns(self, now_s: float) -> int:
        if self.speed == AS_FAST_AS_IT_GOES:
            return self.player.index.last_ns
        since_s, since_ns = self._since
        return since_ns + int((now_s - since_s) * self.speed * NS_PER_S)

    @property
    def _is_behind(self) -> bool:
        """Whether this machine does not play as fast as it is asked to, or there is no more."""
        late_ns = self._due_ns(trio.current_time()) - self.player.at_ns
        return late_ns > NS_PER_S * max(1.0, self.speed) / 2

    @property
    def _is_over(self) -> bool:
        player = self.player
        is_at_end = player.at_ns >= player.index.last_ns and player.index.is_whole
        return bool(player.cursor.damage) or (is_at_end and not self.is_written)

    @property
    def is_written(self) -> bool:
        """Whether somebody still writes the journal."""
        return self.player.index.is_fresh(_FRESH_S)

    # --- showing --------------------------------------------------------------------------------

    def place(self) -> PlayView:
        player, index = self.player, self.player.index
        goes_to_ns = 0 if player.goal is None else player.goal.at_ns
        return PlayView(
            at_ns=player.recorded.at_ns if player.goal is not None else player.at_ns,
            first_ns=index.first_ns,
            last_ns=index.last_ns,
            seq=player.cursor.seq,
            speed=self.speed,
            is_running=self.is_running,
            mode=index.header.mode,
            is_written=self.is_written,
            goes_to_ns=goes_to_ns,
            jumps=player.jumps,
            words=player.words,
        )

    def _show(self) -> None:
        self._shown_s = trio.current_time()
        self._showing.show(self.place())
