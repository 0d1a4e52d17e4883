"""The report as JSON: all that there is, for programs.

`schema` grows when a figure changes its name or its meaning; new figures may come at any time.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
from attrs import asdict

from polytui.results.report import Report


def document(report: Report) -> dict[str, Any]:
    """Dollars as floats where a name ends in `_usd`; `cost`, `shares` and `mid` of positions are
    millionths, as everywhere; moments are UTC nanoseconds. Derived ratios are included."""
    found: dict[str, Any] = msgspec.to_builtins(asdict(report, value_serializer=_finite))
    for told, own in zip(found["strategies"], report.strategies, strict=True):
        told["sums"] |= _ratios(own.sums)
    found["total"] |= _ratios(report.total)
    return found


def json_bytes(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def _ratios(sums: Any) -> dict[str, float | None]:
    names = (
        "win_rate",
        "break_even_rate",
        "held_rate",
        "profit_factor",
        "expectancy_usd",
    )
    return {name: getattr(sums, name) for name in names}


def _finite(_: Any, __: Any, value: Any) -> Any:
    """JSON has no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
