"""One step of a desk: the event's number and moment, and the effects that come of it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from polytui.desk.patience import ENDLESS, Patience
from polytui.desk.round import DeskRound
from polytui.model.effects import Effect, Explain, Why

Ready = Callable[[], object]
"""Called where features are as new as they will be and decisions begin. It is told nothing, and
nothing is made of what it says: whoever has a clock may measure, and the mind has none."""


class Step(Struct, gc=False):
    """One is made for every event, so it is a struct (ADR 0018)."""

    seq: int
    now_ns: int
    patience: Patience = ENDLESS
    effects: list[Effect] = []

    def say(self, market_round: DeskRound, whys: dict[str, Why]) -> None:
        """Record a reason when it becomes another one; its number alone changes too often."""
        for name, why in whys.items():
            before = market_round.whys.get(name)
            market_round.whys[name] = why
            if before is None or before.reason is not why.reason:
                self.effects.append(Explain(market_round.slug, name, why))
