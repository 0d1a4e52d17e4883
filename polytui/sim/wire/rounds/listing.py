"""Finding the world's rounds by what clients know of them: token, condition, series."""

from __future__ import annotations

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.sim.world.world import World


class Listing:
    """Indexes over `World.rounds`, brought up to date when the world lists or forgets rounds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, tuple[Round, Outcome]] = {}
        self._conditions: dict[str, Round] = {}
        self._series: dict[tuple[Asset, Interval], list[Round]] = {}
        self._seen: tuple[int, str] = (0, "")

    def by_token(self, token_id: str) -> tuple[Round, Outcome] | None:
        self._refresh()
        return self._tokens.get(token_id)

    def by_condition(self, condition_id: str) -> Round | None:
        self._refresh()
        return self._conditions.get(condition_id)

    def by_series(self, asset: Asset, interval: Interval) -> list[Round]:
        """Every round of one series, in the order the world listed them."""
        self._refresh()
        return self._series.get((asset, interval), [])

    def all(self) -> list[Round]:
        return list(self._world.rounds.values())

    def _refresh(self) -> None:
        rounds = self._world.rounds
        # Rounds join at the end and leave from anywhere: length and last slug tell both.
        seen = (len(rounds), next(reversed(rounds), ""))
        if seen == self._seen:
            return
        self._seen = seen
        self._tokens, self._conditions, self._series = {}, {}, {}
        for listed in rounds.values():
            self._conditions[listed.condition_id] = listed
            self._series.setdefault((listed.asset, listed.interval), []).append(listed)
            for outcome in Outcome:
                self._tokens[listed.token_of(outcome)] = (listed, outcome)
