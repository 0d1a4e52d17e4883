"""What the venue's own words for a refusal say, as far as we decide by them."""

from __future__ import annotations

_CROSSES = ("crosses book", "crosses the book", "post_only_would_cross", "invalid_post_only_order")
"""The texts and codes of one and the same refusal: the order book changed while the order was on
its way, so that it would have taken instead of resting (order errors of the CLOB, 2026-10)."""

_NOBODY = (
    "no orders found to match",
    "fully filled or killed",
    "fok_order_not_filled",
    "fok_not_filled",
    "fak_not_filled",
)
"""An order that never rests came when what it wanted was gone: texts and codes of the CLOB, and of
its official client (order errors, 2026-10)."""


def would_cross(detail: str) -> bool:
    """Whether an order was refused because it would have met another one."""
    said = detail.lower()
    return any(words in said for words in _CROSSES)


def found_nobody(detail: str) -> bool:
    """Whether an order was refused because nothing, or not all of it, was there to be taken."""
    said = detail.lower()
    return any(words in said for words in _NOBODY)
