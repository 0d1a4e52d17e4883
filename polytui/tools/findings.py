"""What a check of `polytui doctor` found, for people and for programs.

A finding is ok, a warning (trading goes on, worse) or a failure (it does not, or what it wins does
not come home), in words that end with what to do.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import asdict, field, frozen

from polytui.model.plain_text import plain


class Severity(str, Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@frozen
class Finding:
    """What one check found. Times in milliseconds, None where they were not measured."""

    name: str
    verdict: Severity
    words: str = field(converter=plain)
    """Whatever a venue said stands in here."""
    took_ms: float | None = None
    skew_ms: float | None = None
    """This machine's clock less the venue's."""
    age_ms: float | None = None
    """Of the first data, by the venue's stamp."""
    offset_ms: float | None = None
    """Of a stream: the least of received minus stamped; below 0 its clock is ahead of ours."""


def report_of(findings: list[Finding]) -> dict[str, Any]:
    """For programs: every finding, and the worst verdict."""
    worst = max((one.verdict for one in findings), key=list(Severity).index)
    rows = [{**asdict(one), "verdict": one.verdict.value} for one in findings]
    return {"verdict": worst.value, "findings": rows}
