"""What data was played, and how much of it could be used: the first thing that a report says."""

from __future__ import annotations

from attrs import frozen

from polytui.model.instrument import Asset, Interval


@frozen
class Coverage:
    """In words for people, but for what is counted."""

    data: str = ""
    world: str = ""
    """Of a simulated market, its name; empty for what somebody recorded."""
    files: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    intervals: tuple[Interval, ...] = ()
    from_ns: int = 0
    until_ns: int = 0
    """The first and the last moment that was played."""
    recorded: tuple[str, ...] = ()
    """What the data has, a few words each."""
    modelled: tuple[str, ...] = ()
    """What it has not, and a model stands in for."""
    fills: str = ""
    """By which rule orders were filled."""
    seen: int = 0
    used: int = 0
    """Rounds that were found in the data, and those that were played and have a winner."""
    skipped: tuple[tuple[str, int], ...] = ()
    """The others: why, and how many."""
    notes: tuple[str, ...] = ()
    """What else must be known before a figure is believed, a sentence each."""
    digest: str = ""
    """Of the data itself; empty where nobody reckoned one."""
