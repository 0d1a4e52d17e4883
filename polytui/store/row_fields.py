"""How a field of a row goes on from what was said of it before; None says nothing."""

from __future__ import annotations

from typing import Any

from attrs import field


def first() -> Any:
    """As it was said first."""
    return field(default=None, metadata={"is_first": True})


def last() -> Any:
    """As it was said last."""
    return field(default=None)
