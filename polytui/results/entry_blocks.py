"""What kept strategies from entering rounds: how often it became the reason, and for how long."""

from __future__ import annotations

from collections import Counter

from attrs import define, field

from polytui.model.effects import EXITS, Reason
from polytui.model.units import NS_PER_S
from polytui.results.evidence import BlockedEntry
from polytui.store.rows import SignalRow

_NO_BLOCKS = {one.value for one in (Reason.NONE, Reason.SHADOW, *EXITS)}

_Kind = tuple[str, bool, str, str, str]
"""Strategy, whether in shadow, asset, interval, reason."""


def _words(row: SignalRow) -> str:
    """Reasons of its own are told apart by what its author calls them."""
    is_named = row.reason == Reason.OWN.value and row.unit
    return f"{row.reason}: {row.unit}" if is_named else row.reason


@define
class EntryBlocks:
    """State: by round and strategy what stands in its way now and since when, and the sums."""

    _now: dict[str, dict[str, tuple[_Kind, int]]] = field(factory=dict)
    _times: Counter[_Kind] = field(factory=Counter)
    _ns: Counter[_Kind] = field(factory=Counter)

    def told(self, row: SignalRow) -> None:
        kind = (row.strategy, row.is_shadow, row.asset, row.interval, _words(row))
        now = self._now.setdefault(row.slug, {})
        self._end(now.pop(row.strategy, None), row.at_ns)
        if row.reason not in _NO_BLOCKS:
            now[row.strategy] = (kind, row.at_ns)
            self._times[kind] += 1

    def over(self, slug: str, at_ns: int) -> None:
        """Nobody can enter this round any more."""
        for found in self._now.pop(slug, {}).values():
            self._end(found, at_ns)

    def blocks(self, at_ns: int) -> tuple[BlockedEntry, ...]:
        """The longest first; what still stands counts until `at_ns`."""
        for slug in list(self._now):
            self.over(slug, at_ns)
        found = [
            BlockedEntry(*kind, times=times, seconds=self._ns[kind] / NS_PER_S)
            for kind, times in self._times.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.seconds, one.strategy, one.reason)))

    def _end(self, found: tuple[_Kind, int] | None, at_ns: int) -> None:
        if found is not None:
            kind, since_ns = found
            self._ns[kind] += max(0, at_ns - since_ns)
