"""What a first session looks for before its desks open."""

from __future__ import annotations

import pytest
from live_tellings import a_round

from polytui.config.schema import SessionSettings
from polytui.execution.live_beginning import rounds_in_play
from polytui.model.errors import Rejected
from polytui.model.instrument import Asset, Interval, Round

pytestmark = pytest.mark.trio


class Listing:
    """Forty rounds of Bitcoin in a row, and none of anything else."""

    async def upcoming(
        self, asset: Asset, interval: Interval, now_ns: int, limit: int
    ) -> tuple[Round, ...]:
        if asset is not Asset.BTC:
            raise Rejected("no such series")
        return tuple(a_round(number) for number in range(40))[:limit]


class Clock:
    def now_ns(self) -> int:
        return 0


async def test_also_a_round_that_opens_in_hours_is_in_play() -> None:
    """The venue takes orders for it already: what the wallet holds in it would be nobody's."""
    session = SessionSettings(assets=(Asset.BTC, Asset.ETH), intervals=(Interval.M5,))
    found = await rounds_in_play(Listing(), session, Clock())  # type: ignore[arg-type]
    assert found == [a_round(number) for number in range(40)]
