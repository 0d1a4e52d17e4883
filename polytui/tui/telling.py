"""What is told to somebody who looks away: few lines that come up, a bell, and when neither."""

from __future__ import annotations

from attrs import define, field, frozen

from polytui.config.checks import minutes_of
from polytui.config.terminal import TerminalSettings
from polytui.model.notice_kinds import BREAKER, HAND, KILL, KINDS
from polytui.model.snapshot import AccountView, Notice
from polytui.model.units import NS_PER_S

MOST_AT_ONCE = 3
LASTS_S = 5.0
LOUD_LASTS_S = 15.0
LEAST_WIDTH, LEAST_HEIGHT = 100, 30
"""Of a screen on which a line may come up: on a smaller one it would lie over a ladder."""
_NEVER_QUIET = (KILL, BREAKER)
_RINGS_AGAIN_S = 2.0
_OLD_S = 3.0
"""Real seconds: a terminal that attaches hears of the last hours, which is no news."""
_SAID_AGAIN_S = 10.0
"""A kill that four assets tell of comes up once."""
CELLS = 53
"""Of a line that comes up: as wide as terminal.tcss has it, less its edge."""


@frozen
class ToastLine:
    """One line that comes up."""

    text: str
    level: str
    """As of a notice."""
    lasts_s: float


@frozen
class Alert:
    """What is to be done now."""

    news: ToastLine | None = None
    rings: bool = False


NO_ALERT = Alert()


@define
class Telling:
    """State: until when lines stand, how many found no room, when it rang, what was said last."""

    settings: TerminalSettings
    _until_s: list[float] = field(factory=list)
    _left_out: int = 0
    _rang_s: float | None = None
    _said: dict[str, float] = field(factory=dict)
    """Loud things, by kind."""

    def hear(
        self,
        notice: Notice,
        account: AccountView | None,
        minute: int,
        now_s: float,
        size: tuple[int, int],
    ) -> Alert:
        """`minute`: of the local day. `size` of the screen, in cells. `now_s`: real seconds."""
        if notice.kind not in KINDS or not _is_new(notice, account):
            return NO_ALERT
        if notice.kind == HAND and notice.level == "info":
            return NO_ALERT  # whoever has sent it looks
        return self.tell(notice.kind, notice.level, _words(notice), minute, now_s, size)

    def tell(
        self, kind: str, level: str, text: str, minute: int, now_s: float, size: tuple[int, int]
    ) -> Alert:
        is_loud = kind in _NEVER_QUIET
        if self._is_quiet(minute) and not is_loud:
            return NO_ALERT
        if kind == KILL and now_s - self._said.get(kind, -_SAID_AGAIN_S) < _SAID_AGAIN_S:
            return NO_ALERT
        self._said[kind] = now_s
        has_room = size[0] >= LEAST_WIDTH and size[1] >= LEAST_HEIGHT
        is_shown = self.settings.toasts != "off" and has_room
        news = self._news(level, text, now_s, is_loud=is_loud) if is_shown else None
        return Alert(news, self._rings(now_s))

    def _news(self, level: str, text: str, now_s: float, *, is_loud: bool) -> ToastLine | None:
        """None where enough of them stand already; the next one says how many were left out."""
        self._until_s = [one for one in self._until_s if one > now_s]
        if len(self._until_s) >= MOST_AT_ONCE and not is_loud:
            self._left_out += 1
            return None
        lasts_s = LOUD_LASTS_S if is_loud else LASTS_S
        self._until_s = [*self._until_s[-MOST_AT_ONCE + 1 :], now_s + lasts_s]
        rest, self._left_out = self._left_out, 0
        return ToastLine(_in_one_row(text, rest), level, lasts_s)

    def _rings(self, now_s: float) -> bool:
        if not self.settings.bell:
            return False
        if self._rang_s is not None and now_s - self._rang_s < _RINGS_AGAIN_S:
            return False
        self._rang_s = now_s
        return True

    def _is_quiet(self, minute: int) -> bool:
        if not self.settings.quiet_hours:
            return False
        begins, ends = minutes_of(self.settings.quiet_hours)
        if begins <= ends:
            return begins <= minute < ends
        return minute >= begins or minute < ends


def _is_new(notice: Notice, account: AccountView | None) -> bool:
    if account is None:
        return False
    return account.at_ns - notice.at_ns <= _OLD_S * max(1.0, account.speed) * NS_PER_S


def _in_one_row(text: str, rest: int) -> str:
    """With how many were left out, which is never cut; of long words the end is."""
    tails = (f"  (+{rest} in the log)", f"  +{rest} more") if rest else ("",)
    for tail in tails:
        if len(text) + len(tail) <= CELLS:
            return text + tail
    return f"{text[: CELLS - len(tails[-1]) - 1].rstrip()}…{tails[-1]}"


def _words(notice: Notice) -> str:
    return f"{notice.asset.upper()}  {notice.text}" if notice.asset else notice.text
