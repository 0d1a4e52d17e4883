"""Settings that stand for something every session does since, and none did before: where a journal
has none of them, its session did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BEFORE: Mapping[str, Mapping[str, Any]] = {
    # What was matched on paper could be sold at once.
    "paper": {"mined_least_s": 0.0, "mined_most_s": 0.0},
}
"""By table, what a name that is not there says."""


def as_before(said: Any) -> Any:
    """The tables of a journal, with what its version did where it had no name for it."""
    if not isinstance(said, dict):
        return said
    missing = {
        name: {**values, **table}
        for name, values in _BEFORE.items()
        if isinstance(table := said.get(name, {}), dict)
    }
    return {**said, **missing}
