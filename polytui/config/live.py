"""An account at the venue itself: how it is kept alive, checked, and left."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import between, one_of, setting
from polytui.model.units import NS_PER_MS, NS_PER_S

LIVE_FIRST, AS_WRITTEN = "live-first", "as-written"


@frozen
class LiveSettings:
    """Real orders, and demos unless they trade on paper; session time."""

    limits: str = setting(LIVE_FIRST, one_of(LIVE_FIRST, AS_WRITTEN))
    """Of real orders. live-first: every limit of [risk] that stands there as it ships is a far
    smaller one, `polytui config show --mode live` has them; what you set to anything else is yours.
    [risk] counts as it stands, also where it was made for paper, by as-written."""
    heartbeat_s: float = setting(5.0, between(1.0, 8.0))
    """The venue hears from us so often. It cancels every order of a key that it has not heard from
    for 10 s."""
    heartbeat_answer_s: float = setting(2.0, between(0.2, 5.0))
    """One without an answer for so long is given up, and sent again at once on another
    connection."""
    heartbeat_grace_s: float = setting(8.0, between(2.0, 9.5))
    """Less than the venue's 10 s. So long without a heartbeat that the venue took, and everything
    is cancelled from here as well, and nobody enters until one is taken again."""
    reconcile_s: float = setting(60.0, between(5.0, 3_600.0))
    """Orders, trades and balances are compared with the venue's own so often, and after each
    reconnect."""
    money_settles_s: float = setting(60.0, between(1.0, 3_600.0))
    """Dollars that no trade explains are counted as money that came or went once they were the same
    for so long, and nothing was traded in the meantime."""
    user_silence_s: float = setting(30.0, between(1.0, 300.0))
    """No answer to PING on the user channel for so long, in real time: connected anew."""
    user_lag_s: float = setting(5.0, between(0.5, 60.0))
    """An order or trade that the venue knows and the user channel has not told of by then, in real
    time: the channel is not believed, and is connected anew."""
    taker_hold_ms: int = setting(250, between(0, 5_000))
    """For so long the venue holds an order that would take, and finds it for nobody: a cancel that
    it did not know is asked again then. Its papers say 150 and 250 ms: longer is the safe side."""
    close_s: float = setting(10.0, between(1.0, 60.0))
    """On the way out the venue is asked for so long to cancel everything, in real time. What it
    does not confirm by then dies with the heartbeat."""
    ramp_rounds: int = setting(3, between(0, 100))
    """So many rounds at the venue's least size first, and on only after each was reconciled."""

    @property
    def taker_hold_ns(self) -> int:
        return self.taker_hold_ms * NS_PER_MS

    @property
    def heartbeat_grace_ns(self) -> int:
        return int(self.heartbeat_grace_s * NS_PER_S)

    @property
    def reconcile_ns(self) -> int:
        return int(self.reconcile_s * NS_PER_S)

    @property
    def money_settles_ns(self) -> int:
        return int(self.money_settles_s * NS_PER_S)
