"""The venue's own redeemer: pays out later what wallets have won that let it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen
from attrs.validators import ge

from polytui.model.instrument import Round
from polytui.model.units import NS_PER_S
from polytui.sim.exchange.contracts import AUTO_REDEEMER, shares_of
from polytui.sim.exchange.deeds import Deed
from polytui.sim.exchange.effects import Effects
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.world.world import World
from polytui.sim.world.world_events import RoundResolved, WorldEvent


@frozen
class RedeemerSettings:
    delay_s: float = field(default=120.0, validator=ge(0.0))
    """From a result until the redeemer comes by; how long that takes is on no page of the venue."""
    is_at_work: bool = True


class AutoRedeemer:
    """Comes once for each round that is resolved, to every wallet that lets it then."""

    def __init__(
        self, world: World, holdings: Holdings, effects: Effects, settings: RedeemerSettings
    ) -> None:
        self._world = world
        self._holdings = holdings
        self._effects = effects
        self._settings = settings

    def note(self, world_event: WorldEvent) -> None:
        """Must see every result. Rounds of which nobody ever held a share need nobody."""
        if not isinstance(world_event, RoundResolved) or not self._settings.is_at_work:
            return
        listed = self._world.rounds.get(world_event.slug)
        if listed is None or self._holdings.sets(listed.condition_id) is None:
            return
        at_ns = world_event.at_ns + int(self._settings.delay_s * NS_PER_S)
        self._world.add(Deed(max(at_ns, self._world.now_ns), lambda: self._come(listed)))

    def _come(self, listed: Round) -> Iterable[WorldEvent]:
        token = shares_of(listed)
        for wallet in self._holdings.approvals.approved_for(token, AUTO_REDEEMER):
            self._effects.redeem_all(wallet, listed)
        return ()
