"""How late our words are at the venue, its words here, and the chain: drawn for each, and always
the same.

A latency is log-normal around the median of the settings: most are near it, a few are much longer.
It is drawn from the seed and the name of what is under way, not from a generator that everybody
shares, so that an order's latency does not hang on what else was sent before it.
"""

from __future__ import annotations

import math
from random import Random

from polytui.config.schema import PaperSettings
from polytui.model.units import NS_PER_MS, NS_PER_S

_MOST_DEVIATIONS = 4.0


class Latencies:
    """Stateless: the settings decide everything."""

    def __init__(self, settings: PaperSettings) -> None:
        self._settings = settings

    def there_and_back_ns(self, name: str) -> int:
        """From sending until we can see what became of it, the venue's own time left out.

        The book that we see is as old as an answer, so what the venue does at one moment meets the
        book that we see an answer's way later.
        """
        settings = self._settings
        order_ns = self._drawn_ns(settings.order_latency_ms, "order", name)
        return order_ns + self._drawn_ns(settings.answer_latency_ms, "answer", name)

    def mined_ns(self, order_id: str, trade_id: str) -> int:
        """From the match of a trade of this order until a block has it; 0: nobody waits for one."""
        settings = self._settings
        if not settings.mined_most_s:
            return 0
        chance = Random(f"{settings.latency_seed}/mined/{trade_id}")
        return int(chance.uniform(settings.mined_least_s, settings.mined_most_s) * NS_PER_S)

    def _drawn_ns(self, median_ms: float, way: str, name: str) -> int:
        spread = self._settings.latency_spread
        if not spread:
            return int(median_ms * NS_PER_MS)
        drawn = Random(f"{self._settings.latency_seed}/{way}/{name}").gauss(0.0, 1.0)
        deviations = min(max(drawn, -_MOST_DEVIATIONS), _MOST_DEVIATIONS)
        return int(median_ms * math.exp(spread * deviations) * NS_PER_MS)
