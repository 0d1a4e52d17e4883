"""Rows of how a round went, some points each."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from attrs import frozen

from polytui.model.curve import RoundCurve
from polytui.store.row_fields import last

_encode = msgspec.json.Encoder().encode


@frozen
class CurveRow:
    """How a round went, fifteen points a row, for charts."""

    TABLE: ClassVar[str] = "curves"
    KEY: ClassVar[tuple[str, ...]] = ("root", "slug", "since_ns")
    root: str
    slug: str
    since_ns: int
    """Of the first point."""
    session: str | None = last()
    asset: str | None = last()
    opens_ns: int | None = last()
    window_s: int | None = last()
    """The last seconds that are averaged; 0 where the rule has no average."""
    points: str | None = last()
    """As JSON: [milliseconds since the opening, price that settles, consensus, fair value of Up,
    best bid, best ask, known part of the closing average], dollars; null is what nobody knew."""


def curve_row(root: str, session: str, line: RoundCurve) -> CurveRow:
    points = _encode(line.points).decode()
    return CurveRow(
        root, line.slug, line.since_ns, session, line.asset, line.opens_ns, line.window_s, points
    )
