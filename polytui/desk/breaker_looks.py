"""What breakers are shown: the machine, the feeds, answers of the venue, the markets themselves."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.halts import Halts
from polytui.desk.round import DeskRound
from polytui.desk.step import Step
from polytui.model.effects import Reason, Why
from polytui.model.events import Ticked
from polytui.model.units import MICRO
from polytui.strategy.proposal import View


class BreakerLooks:
    """Stateless: the breakers are the asset's, and outlive its desk."""

    def __init__(self, ledger: AssetLedger, halts: Halts) -> None:
        self._asset_account = ledger.asset_account
        self._breakers = ledger.asset_account.breakers
        self._halts = halts

    def ticked(self, step: Step, event: Ticked, settings: Settings) -> None:
        """How this machine does: latency, queues, its clock, its disk."""
        now_ns, limits = step.now_ns, settings.breakers
        step.effects += self._breakers.ticked(now_ns, event.latency_us, event.queue_share, limits)
        if event.clock_behind_ms:
            most = settings.clock.max_ahead_ms
            why = Why(Reason.CLOCK_BEHIND, event.clock_behind_ms, most, "ms")
            step.effects += self._breakers.machine_doubted(now_ns, why, limits)
        if event.unkept_s:
            why = Why(Reason.DISK_REFUSES, event.unkept_s, 0.0, "s")
            step.effects += self._breakers.machine_doubted(now_ns, why, limits)
        if self._breakers.must_cancel and self._asset_account.working:
            self._halts.cancel_everything(step, "latency")

    def reconnected(self, step: Step, settings: Settings) -> None:
        """A feed that was down is up again."""
        step.effects += self._breakers.reconnected(step.now_ns, settings.breakers)

    def answered(self, step: Step, settings: Settings, *, is_refused: bool) -> None:
        """The venue has said yes or no to an order."""
        step.effects += self._breakers.answered(step.now_ns, is_refused, settings.breakers)

    def looked(self, step: Step, market_round: DeskRound, view: View, settings: Settings) -> None:
        """A round that could be seen, once a tick."""
        up, divergence, spread = view.up, None, None
        if 0 < up.best_bid < up.best_ask < MICRO:
            divergence = view.fair_up - (up.best_bid + up.best_ask) / 2 / MICRO
            spread = (up.best_ask - up.best_bid) / MICRO
        step.effects += self._breakers.looked(
            step.now_ns,
            divergence,
            spread,
            market_round.round.fees.rate_ppm / MICRO,
            settings.breakers,
            market_round.round.interval.value,
        )
