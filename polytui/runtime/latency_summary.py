"""What a summary says of latencies: the same figures as the journal's lines and the screen."""

from __future__ import annotations

from typing import Any

from attrs import asdict
from msgspec.structs import asdict as struct_asdict

from polytui.model.latency import JUDGED
from polytui.runtime.latency_watch import LatencyWatch, stage_times

Figures = dict[str, Any]


def latency_figures(watch: LatencyWatch) -> Figures:
    """`latency_ms`: of orders, by name. `stages_us`: of all frames and orders, by stage."""
    stages = {one.stage: struct_asdict(one) for one in stage_times(watch.meter.stages)}
    for one in stages.values():
        del one["stage"]
    orders = {view.name: asdict(view) for view in watch.views()}
    for one in orders.values():
        del one["name"]
    return {"latency_ms": orders, "stages_us": stages}


def latency_lines(summary: Figures) -> list[str]:
    """The same for people; nothing where no order was sent."""
    told = [
        f"{words} {one['p50_ms']:.1f}, {one['p99_ms']:.1f}"
        for name, words in JUDGED.items()
        if (one := summary.get("latency_ms", {}).get(name)) and one["count"]
    ]
    return [f"latency of orders, p50 and p99 in ms: {'; '.join(told)}"] if told else []
