"""A session of chance, with faults, played once more with somebody who gathers evidence."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from attrs import field, frozen
from sessions import Chance

from polytui.config.load import BadSettings
from polytui.desk.mind import Mind
from polytui.model.effects import Effect
from polytui.model.events import Event
from polytui.model.instrument import Asset, Outcome
from polytui.results.evidence import Coverage, Evidence
from polytui.results.gathering import Gatherer

Mids = dict[tuple[str, Outcome], list[tuple[int, int | None]]]


@frozen
class Witness:
    """Writes down every mid after every event, by itself."""

    mids: Mids = field(factory=lambda: defaultdict(list))

    def heard(
        self, mind: Mind, asset: Asset, _: Event, __: tuple[Effect, ...], now_ns: int, ___: bool
    ) -> None:
        for market_round in mind.desks[asset].rounds:
            for outcome in Outcome:
                book = market_round.book(outcome)
                is_two_sided = bool(book.bids and book.asks) and book.is_known and book.is_settled
                mid = (max(book.bids) + min(book.asks)) // 2 if is_two_sided else None
                is_over = now_ns >= market_round.round.closes_ns
                self.mids[market_round.slug, outcome].append((now_ns, None if is_over else mid))


@frozen
class GatheredChance:
    mind: Mind
    evidence: Evidence
    witness: Witness


@cache
def gathered_chance(seed: int = 3, rounds: int = 2) -> GatheredChance:
    chance, gatherer, witness, mind = Chance(seed), Gatherer(), Witness(), Mind()
    for told in chance.play(rounds):
        try:
            taken = mind.take(told.asset, told.at_ns, told.event, is_last=told.is_last)
        except BadSettings:  # a desk that breaks is a part of the session
            continue
        for sink in (gatherer, witness):
            sink.heard(mind, told.asset, told.event, taken.effects, told.at_ns, told.is_last)
    return GatheredChance(mind, gatherer.evidence(mind, Coverage("a session of chance")), witness)
