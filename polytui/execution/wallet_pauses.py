"""When a wallet's work goes on after it was refused or not answered, and what people hear of it."""

from __future__ import annotations

from attrs import define, field

from polytui.execution.growing_pause import GrowingPause
from polytui.execution.live_trades import Say
from polytui.execution.wallet_sender import QuotaUsed
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.venues.feed import WIRE_FAULTS

_TRANSIENT = (Retry, Unknown)
NO_ANSWER = (*_TRANSIENT, Rejected, Fatal, LookupError, *WIRE_FAULTS)
"""All that a node, a relayer or a disk may do to us. Trading needs none of them."""
_ASK_MOST_NS, _SEND_MOST_NS = 300 * NS_PER_S, 600 * NS_PER_S
_SEND_FIRST_NS = 10 * NS_PER_S


@define(eq=False)
class WalletPauses:
    """State: both pauses, why, and what was said."""

    clock: SessionClock
    say: Say
    look_every_ns: int
    why: str = ""
    """In words, for people; empty while all is well."""
    asking: GrowingPause = field(init=False)
    """Nobody answers: nothing is asked meanwhile."""
    sending: GrowingPause = field(init=False)
    """What is sent is not taken: nothing is sent meanwhile, and what is under way is followed."""
    _said: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.asking = GrowingPause(self.look_every_ns, _ASK_MOST_NS)
        self.sending = GrowingPause(_SEND_FIRST_NS, _SEND_MOST_NS)

    @property
    def may_ask(self) -> bool:
        return not self.asking.is_on(self.clock.now_ns())

    @property
    def may_send(self) -> bool:
        return not self.sending.is_on(self.clock.now_ns())

    def answered(self) -> None:
        if self.asking.times:
            self.asking.over()
            self.why = ""

    def taken(self) -> None:
        self.sending.over()
        self.why = ""

    def hold(self, for_ns: int, why: str) -> None:
        """Nothing is sent for so long."""
        self.sending.hold(self.clock.now_ns() + for_ns)
        self.why = why

    def not_taken(self, error: Retry | Rejected) -> None:
        """It was answered, and nothing was done."""
        now_ns = self.clock.now_ns()
        self.sending.again(now_ns, _after_ns(error))
        self.why = plain(error)
        if isinstance(error, QuotaUsed):
            self.say_once("warn", f"redeem: {self.why}; what is won waits until then")
        elif self.sending.is_news(now_ns):
            self.say("warn", "", f"redeem: not taken for ten minutes: {self.why}; tried again")

    def unanswered(self, error: Exception) -> None:
        """Refused, which somebody must see to, or not answered, which may pass."""
        now_ns = self.clock.now_ns()
        self.asking.again(now_ns, _after_ns(error))
        self.why = plain(error) or type(error).__name__
        if not isinstance(error, _TRANSIENT):
            self.say_once("error", f"redeem: {self.why}; winners wait, it is tried again")
        elif self.asking.is_news(now_ns):
            words = f"redeem: no answer for ten minutes: {self.why}"
            self.say("warn", "", f"{words}; winners wait, it is tried again")

    def say_once(self, level: str, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            self.say(level, "", words)


def _after_ns(error: Exception) -> int:
    after_s = error.after_s if isinstance(error, Retry | Rejected) else None
    return int((after_s or 0.0) * NS_PER_S)
