"""What of the rounds of one asset is counted and has not arrived: see `InTransit`."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from polytui.model.account_events import InTransit
from polytui.model.instrument import Outcome
from polytui.model.units import Usd


@define
class Arrivals:
    """State: by round, the last that was told; nothing of one for which nothing is awaited."""

    awaited: dict[str, InTransit] = field(factory=dict)
    usd: Usd = Usd(0)
    """Of all rounds, settled ones too: what a sale brings is no money before a block took it."""

    def begin(self, told: Iterable[InTransit]) -> None:
        """A life begins, and is told all there is."""
        self.awaited, self.usd = {}, Usd(0)
        for event in told:
            self.take(event)

    def take(self, event: InTransit) -> bool:
        """Whether shares of the round arrived."""
        before = self.awaited.pop(event.slug, InTransit(event.slug))
        if event.up or event.down or event.usd:
            self.awaited[event.slug] = event
        self.usd = Usd(self.usd + event.usd - before.usd)
        return event.up < before.up or event.down < before.down

    def awaited_of(self, slug: str, outcome: Outcome) -> int:
        """Shares that are held and cannot be sold yet."""
        event = self.awaited.get(slug)
        return 0 if event is None else event.shares(outcome)

    def state(self) -> tuple[object, ...]:
        """Nothing where nothing is awaited: an account on paper has the digests it always had."""
        kept = [(one.slug, one.up, one.down, one.usd) for _, one in sorted(self.awaited.items())]
        return (kept,) if kept else ()
