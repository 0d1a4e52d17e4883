"""What stands in a strategy's way, how often and for how long."""

from __future__ import annotations

from polytui.model.effects import Reason
from polytui.model.units import NS_PER_S
from polytui.results.entry_blocks import EntryBlocks
from polytui.store.rows import SignalRow

SLUG = "btc-updown-5m-1776081600"


def said(second: int, reason: Reason, unit: str = "") -> SignalRow:
    who = ("btc", "5m", SLUG, "my_edge", True, reason.value)
    return SignalRow("s", second, 0, second * NS_PER_S, *who, 1.0, 2.0, unit)


def test_a_strategys_own_reasons_are_told_apart_by_their_words() -> None:
    """Ours are not: "edge small" is one reason, whatever its number is in."""
    blocks = EntryBlocks()
    blocks.told(said(0, Reason.OWN, "s left"))
    blocks.told(said(10, Reason.OWN, "USD between fair value and mid"))
    blocks.told(said(40, Reason.OWN, "s left"))
    blocks.told(said(45, Reason.EDGE_SMALL, "c"))
    blocks.told(said(46, Reason.OWN))
    blocks.told(said(47, Reason.NONE))
    found = {one.reason: (one.times, one.seconds) for one in blocks.blocks(60 * NS_PER_S)}
    assert found == {
        "its own reason: USD between fair value and mid": (1, 30.0),
        "its own reason: s left": (2, 15.0),
        "edge small": (1, 1.0),
        "its own reason": (1, 1.0),
    }
