"""What stood in the way of orders, over a whole session: sampled once a real second.

A session without an order must say why. Each open round of each asset counts as one at every look,
under the reason that most of its strategies were given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import trio
from attrs import define, field

from polytui.desk.desk import Desk
from polytui.desk.mind import Mind
from polytui.desk.round import DeskRound
from polytui.desk.round_phase import Phase
from polytui.model.effects import Reason

_EVERY_S = 1.0


@define
class Reasons:
    """State: how often each reason was the reason."""

    mind: Mind
    seen: Counter[Reason] = field(factory=Counter)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await trio.sleep(_EVERY_S)
            self.look(self.mind.desks.values())

    def look(self, desks: Iterable[Desk]) -> None:
        for desk in desks:
            for entry in desk.rounds:
                if entry.phase is Phase.OPEN and (reason := _of(entry)) is not None:
                    self.seen[reason] += 1

    def shares(self) -> dict[str, float]:
        """By reason, the share of all looks at open rounds; the most frequent first."""
        total = sum(self.seen.values())
        return {reason.value: count / total for reason, count in self.seen.most_common()}


def _of(entry: DeskRound) -> Reason | None:
    """None for a round that nobody was asked about yet."""
    reasons = Counter(why.reason for why in entry.whys.values())
    return reasons.most_common(1)[0][0] if reasons else None
