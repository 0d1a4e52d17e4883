"""Money that came or went without a trade: counted as money, never as a result."""

from __future__ import annotations

from attrs import define, field

from polytui.model.account_events import CashKind, CashMoved
from polytui.model.units import Usd

_MOST_KEYS = 1_000
"""A movement is told again within minutes, not after so many others."""


@define
class CashMoves:
    """State: sums by kind, of this session and of those before it, and which were counted."""

    by_kind: dict[CashKind, Usd] = field(factory=dict)
    """Of this session, in the order in which they first came."""
    before: Usd = Usd(0)
    """Of the sessions before it."""
    _keys: dict[str, None] = field(factory=dict)

    @property
    def total(self) -> Usd:
        """Since the account is counted."""
        return Usd(self.before + sum(self.by_kind.values()))

    def take(self, event: CashMoved) -> bool:
        """False for one that is counted already."""
        if event.key in self._keys:
            return False
        self._keys[event.key] = None
        if len(self._keys) > _MOST_KEYS:
            del self._keys[next(iter(self._keys))]
        self.by_kind[event.kind] = Usd(self.by_kind.get(event.kind, 0) + event.amount)
        return True

    def begin_session(self) -> None:
        """Another process goes on: its own begin at nothing, and what was counted stays counted."""
        self.before, self.by_kind = self.total, {}

    def state(self) -> tuple[object, ...]:
        """Nothing where nothing ever moved: an account on paper has the digests it always had."""
        if not self._keys:
            return ()
        by_kind = [(kind.value, amount) for kind, amount in sorted(self.by_kind.items())]
        return ((self.before, by_kind, list(self._keys)),)
