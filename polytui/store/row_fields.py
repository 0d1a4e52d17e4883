"""How a field of a row goes on from what was said of it before; None says nothing."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import AttrsInstance, evolve, field, fields

_Row = TypeVar("_Row", bound=AttrsInstance)


def first() -> Any:
    """As it was said first."""
    return field(default=None, metadata={"is_first": True})


def last() -> Any:
    """As it was said last."""
    return field(default=None)


def gone_on(before: _Row | None, row: _Row) -> _Row:
    """A row as it stands after it was told once more."""
    if before is None:
        return row
    said: dict[str, Any] = {}
    for one in fields(type(row)):
        new, old = getattr(row, one.name), getattr(before, one.name)
        if new is not None and not (one.metadata.get("is_first") and old is not None):
            said[one.name] = new
    return evolve(before, **said)  # type: ignore[misc]  # a row of any class
