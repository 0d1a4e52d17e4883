"""Rows of latencies, real times: every order's way, and what all stages took minute by minute."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from polytui.model.latency import LatencyLine, OrderLatency
from polytui.store.row_fields import last


@frozen
class LatencyRow:
    """How long the stages of an order took, real microseconds; nothing for one it did not pass."""

    TABLE: ClassVar[str] = "latency"
    KEY: ClassVar[tuple[str, ...]] = ("root", "order_id")
    root: str
    order_id: str
    session: str | None = last()
    asset: str | None = last()
    slug: str | None = last()
    strategy: str | None = last()
    at_ns: int | None = last()
    """When it was decided."""
    source: str | None = last()
    """Whose frame led to it; empty where it was none."""
    receive_us: int | None = last()
    """Stamped by the venue to read."""
    decode_us: int | None = last()
    feature_us: int | None = last()
    decision_us: int | None = last()
    send_us: int | None = last()
    ack_us: int | None = last()
    """Given to the client to the venue's first answer."""
    fill_us: int | None = last()
    """Given to the client to its first fill."""
    binance_recv_us: int | None = last()
    pm_recv_us: int | None = last()
    ended: str | None = last()
    """filled, refused, cancelled, or unknown where the session ended first."""
    is_taker: bool | None = last()


@frozen
class StageRow:
    """What one stage took since the row before of the same session, real microseconds."""

    TABLE: ClassVar[str] = "stages"
    KEY: ClassVar[tuple[str, ...]] = ("session", "at_ns", "stage")
    session: str
    at_ns: int
    stage: str
    """decode, feature, decision and market_to_signal of all frames, receive_ and a source, send,
    ack and fill of orders."""
    real_s: float
    """Real seconds that it speaks of."""
    count: int
    p50_us: int
    p90_us: int
    p99_us: int
    max_us: int


def latency_rows(root: str, session: str, line: LatencyLine) -> list[LatencyRow | StageRow]:
    if isinstance(line, OrderLatency):
        return [_order_row(root, session, line)]
    return [
        StageRow(
            session,
            line.at_ns,
            one.stage,
            line.real_s,
            one.count,
            one.p50_us,
            one.p90_us,
            one.p99_us,
            one.max_us,
        )
        for one in line.stages
    ]


def _order_row(root: str, session: str, line: OrderLatency) -> LatencyRow:
    return LatencyRow(
        root,
        line.order_id,
        session,
        line.asset,
        line.slug,
        line.strategy,
        line.at_ns,
        line.source,
        line.receive_us,
        line.decode_us,
        line.feature_us,
        line.decision_us,
        line.send_us,
        line.ack_us,
        line.fill_us,
        line.binance_recv_us,
        line.pm_recv_us,
        line.ended,
        line.is_taker,
    )
