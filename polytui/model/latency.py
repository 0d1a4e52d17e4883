"""How long the stages of a decision and of its order took, and every name under which it is told.

    stamped by the venue -receive-> frame read -decode-> at the desk -feature-> features ready
       -decision-> decided -send-> given to the client -acknowledge-> answered
                                                       -fill-> first fill

All of these are real time, whatever the speed of the session. All but `receive` are taken from one
clock of this process that nobody can set; `receive` compares the venue's stamp with our time of
day, so it holds how far the two clocks are apart as well, and can lie below zero.

Where an order came of no frame (a second passed, a report, a command) there is no `receive`, and
`decode` is 0. A client on paper answers in session time: at twenty times speed its answers, and
with them `acknowledge` and `fill`, take a twentieth of what the settings say.
"""

from __future__ import annotations

import msgspec

_US_PER_MS = 1000


class OrderLatency(msgspec.Struct, frozen=True, gc=False):
    """One order's way, told once: when it was first filled, or when it ended without that. Stages
    in microseconds, None for one that it did not pass."""

    order_id: str
    asset: str
    slug: str
    strategy: str
    at_ns: int
    """Session time at which it was decided."""
    source: str
    """Whose frame led to it: "binance", "bybit", "coinbase", "chainlink", "pm"; empty where it was
    no frame."""
    receive_us: int | None
    """Of that frame."""
    decode_us: int
    """Frame read to its events at the desk: codec, judge of stamps, and a wait for those before."""
    feature_us: int
    """Events applied, features made anew where they were due."""
    decision_us: int
    """Views, strategies, gates, limits: to the orders that came of it."""
    send_us: int
    """Decided to given to the execution client."""
    ack_us: int | None = None
    """Given to the client to the venue's first answer at the desk: taken, refused or filled."""
    fill_us: int | None = None
    """Given to the client to its first fill at the desk."""
    binance_recv_us: int | None = None
    """`receive` of the asset's newest quote or trade of Binance when the order was decided."""
    pm_recv_us: int | None = None
    """The same of the venue's market channel."""
    ended: str = ""
    """"filled", "refused", "cancelled"; "unknown" where the session ended first."""
    is_taker: bool = False
    """Its first fill took what stood in the book. One that rested was filled when somebody came:
    how long that took is no latency, and nobody is warned of it."""

    @property
    def market_to_signal_ms(self) -> float:
        """Frame read to decision."""
        return (self.decode_us + self.feature_us + self.decision_us) / _US_PER_MS

    @property
    def signal_to_order_ack_ms(self) -> float | None:
        """Decision to the venue's first answer."""
        return None if self.ack_us is None else (self.send_us + self.ack_us) / _US_PER_MS

    @property
    def full_decision_to_fill_ms(self) -> float | None:
        """Decision to the first fill."""
        return None if self.fill_us is None else (self.send_us + self.fill_us) / _US_PER_MS

    @property
    def binance_recv(self) -> float | None:
        """Milliseconds; as `binance_recv_us`."""
        return _ms(self.binance_recv_us)

    @property
    def pm_recv(self) -> float | None:
        """Milliseconds; as `pm_recv_us`."""
        return _ms(self.pm_recv_us)

    @property
    def eval(self) -> float:
        """Milliseconds: events at the desk to decision."""
        return (self.feature_us + self.decision_us) / _US_PER_MS

    @property
    def order_exec(self) -> float | None:
        """Milliseconds: given to the client to its first fill; where none came, to its answer."""
        return _ms(self.ack_us if self.fill_us is None else self.fill_us)

    @property
    def e2e(self) -> float | None:
        """Milliseconds: frame read to the end of `order_exec`."""
        executed = self.order_exec
        sent_ms = self.market_to_signal_ms + self.send_us / _US_PER_MS
        return None if executed is None else sent_ms + executed


JUDGED = {
    "market_to_signal_ms": "frame to decision",
    "signal_to_order_ack_ms": "decision to answer",
    "full_decision_to_fill_ms": "decision to fill",
}
"""The three that people are told of, in a summary, on the screen and when they grow too long; and
in what words."""
COLUMNS = ("binance_recv", "pm_recv", "eval", "order_exec", "e2e")
"""The others of a table of latencies, an order a row; milliseconds as well."""


class StageTimes(msgspec.Struct, frozen=True, gc=False):
    """One stage over some time: real microseconds. Percentiles are of an even sample where there
    were very many; the count and the longest are of all."""

    stage: str
    """As in `OrderLatency`, without `_us`: "decode", "feature", "decision", "market_to_signal" of
    all frames, "receive_binance" and its like of each source, "send", "ack", "fill" of orders."""
    count: int
    p50_us: int
    p90_us: int
    p99_us: int
    max_us: int


class StageLatency(msgspec.Struct, frozen=True, gc=False):
    """What all stages took since the line before: written once a real minute, and at the end."""

    at_ns: int
    """Session time."""
    real_s: float
    """Real seconds that it speaks of."""
    stages: tuple[StageTimes, ...]


LatencyLine = OrderLatency | StageLatency
"""What a journal has of latencies."""


def _ms(us: int | None) -> float | None:
    return None if us is None else us / _US_PER_MS
