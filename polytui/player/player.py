"""A recording that is played: where it stands, where it is going, and how it gets there.

It knows no socket and no task: whoever runs it gives it time, a slice after the other. Every jump
ends at exactly the moment or event that was asked for, with the mind that has read everything
before it; it begins at the last mind that is known before, from the journal's own checkpoints or
from those that were kept while it was played (`states.py`).
"""

from __future__ import annotations

from pathlib import Path

from attrs import define, field, frozen

from polytui.desk.checkpoint import BadCheckpoint, OtherVersion
from polytui.journal.codec import BadJournal
from polytui.journal.segment_reader import Bookmark
from polytui.model.errors import Rejected
from polytui.model.snapshot import Notice
from polytui.player.cursor import Cursor
from polytui.player.index import JournalIndex, StateSpot
from polytui.player.recorded_mind import RecordedMind
from polytui.player.spot_mind import SpotMinds
from polytui.player.states import EVERY, GAP, KeptState, KeptStates
from polytui.runtime.notice_memory import KEPT

_WORTH = 1_000
"""Events that are sooner played than a mind is restored."""


@frozen
class Goal:
    """Where a jump ends: at a moment, or behind the batch of an event that is of that moment."""

    at_ns: int
    seq: int = 0


@define
class Player:
    """State: the cursor that is shown, and the goal it is on its way to."""

    folder: Path
    index: JournalIndex
    states: KeptStates = field(factory=KeptStates)
    cursor: Cursor = field(init=False)
    goal: Goal | None = None
    at_ns: int = 0
    """What is shown is of this moment."""
    jumps: int = 0
    _fresh: list[Notice] | None = None
    """The log after a jump, until somebody takes it."""
    _minds: SpotMinds = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._minds = SpotMinds(self.folder)
        self.cursor = self._opened(RecordedMind(), None)
        self.at_ns = self.index.first_ns

    def close(self) -> None:
        self.cursor.close()
        self.index.close()
        self.states.close()

    @property
    def recorded(self) -> RecordedMind:
        return self.cursor.recorded

    @property
    def words(self) -> str:
        """What is not as it was recorded, or keeps it from going on."""
        if self.cursor.damage:
            return f"goes no further: {self.cursor.damage}"
        if self.cursor.thinned:
            return f"{self.cursor.thinned} are gone from here: it goes on behind that"
        return self.recorded.differs

    # --- where to -----------------------------------------------------------------------------

    def go(self, at_ns: int) -> None:
        """To a moment of the recording."""
        self._set_out(Goal(min(max(at_ns, self.index.first_ns), self.index.last_ns)))

    def step(self, by: int) -> None:
        """To the next decision, or the one before. Rejected where there is none."""
        self._set_out(self._beside(by, is_trade=False))

    def trade(self, by: int) -> None:
        """To the next fill of ours, or the one before. Rejected where there is none."""
        self._set_out(self._beside(by, is_trade=True))

    def _beside(self, by: int, *, is_trade: bool) -> Goal:
        marks = self.index.filled if is_trade else self.index.acted
        what = "fill of ours" if is_trade else "decision"
        found = marks.beside(self.at_ns if self.goal is None else self.goal.at_ns, by)
        if found is None:
            where = "behind" if by > 0 else "before"
            rest = "" if self.index.is_whole else ", as far as it is read"
            raise Rejected(f"there is no {what} {where} this one{rest}")
        return Goal(found[1], found[0])

    def _set_out(self, goal: Goal) -> None:
        """On from here where that is nearest, or from a mind that is known before the goal."""
        self.goal = goal
        kept, spot = self._known_before(goal)
        is_back = goal.at_ns < self.at_ns
        known_seq = max(kept.seq if kept else 0, spot.seq if spot else 0)
        if not is_back and known_seq <= self.cursor.seq + _WORTH and not self.cursor.damage:
            return
        self.cursor.close()
        self.cursor = self._from(kept, spot, goal)
        self.jumps += 1
        self._fresh = []

    def _known_before(self, goal: Goal) -> tuple[KeptState | None, StateSpot | None]:
        if goal.seq:
            return self.states.of(goal.seq - 1), self.index.spot_of(goal.seq - 1)
        return self.states.before(goal.at_ns), self.index.spot_before(goal.at_ns)

    def _from(self, kept: KeptState | None, spot: StateSpot | None, goal: Goal) -> Cursor:
        while spot is not None and (kept is None or kept.seq < spot.seq):
            try:
                return self._opened(self._begun_at(spot), spot.place)
            except OtherVersion:
                self.index.spots.clear()  # nothing but the start is left to begin from
            except (BadJournal, BadCheckpoint):
                self.index.spots.remove(spot)
            kept, spot = self._known_before(goal)
        if kept is not None:
            return self._opened(self.states.restored(kept), kept.place)
        return self._opened(RecordedMind(), None)

    def _begun_at(self, spot: StateSpot) -> RecordedMind:
        """The mind as it stands there."""
        mind = self._minds.mind_of(spot)
        recorded = RecordedMind(mind, at_ns=max(spot.at_ns, mind.at_ns))
        recorded.heard.line(self.index.figures_at(spot.at_ns))
        recorded.heard.begin(mind)
        return recorded

    def cursor_at(self, seq: int) -> Cursor:
        """Another one, at the last mind that is known up to this event."""
        goal = Goal(0, seq + 1)
        return self._from(*self._known_before(goal), goal)

    def _opened(self, recorded: RecordedMind, place: Bookmark | None) -> Cursor:
        return Cursor(self.folder, recorded, place, self._keep)

    def _keep(self, recorded: RecordedMind, place: Bookmark) -> None:
        seq = recorded.mind.seq
        spot = self.index.spot_of(seq)
        is_near = self.states.is_near(seq, EVERY) or (spot is not None and seq - spot.seq < GAP)
        if not recorded.differs and not is_near:
            self.states.keep(recorded, place)

    # --- on the way -----------------------------------------------------------------------------

    def work(self, within_s: float) -> bool:
        """Get nearer to the goal; True where it is reached, or cannot be."""
        goal = self.goal
        if goal is None:
            return True
        if goal.seq:
            is_there = self.cursor.go_to(goal.seq, within_s)
        else:
            is_there = self.cursor.go_until(goal.at_ns, within_s)
        if is_there:
            self.at_ns = self.recorded.at_ns if self.cursor.damage else goal.at_ns
            self.goal = None
            if self._fresh is not None:
                self._fresh = self.index.notices_until(self.at_ns, KEPT)
                self.cursor.said.clear()
        return is_there

    def play_until(self, at_ns: int, within_s: float) -> bool:
        """Play on to a moment; False where it is behind that, and `at_ns` is as far as it came."""
        at_ns = min(at_ns, self.index.last_ns)
        is_there = self.cursor.go_until(at_ns, within_s, checks=True)
        there_ns = at_ns if is_there and not self.cursor.damage else self.recorded.at_ns
        self.at_ns = max(self.at_ns, there_ns)
        return is_there

    def take_said(self) -> tuple[bool, list[Notice]]:
        """Lines of the log that nobody was told yet; and whether everything before them is to be
        forgotten, for it is another moment."""
        if self._fresh is not None and self.goal is None:
            said, self._fresh = self._fresh, None
            return True, said
        if self._fresh is not None:
            return False, []
        said, self.cursor.said = self.cursor.said, []
        return False, said
