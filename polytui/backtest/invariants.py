"""What must hold after every event of a desk, looked at while anything is played."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from polytui.desk.mind import Mind
from polytui.execution.paper_account import PaperAccount
from polytui.model import events as ev
from polytui.model.effects import Credit, Effect, Place
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Side
from polytui.model.units import usd_from_float

_MONEY_MOVES = frozenset((*get_args(ev.Report), ev.RoundSettled))


class Invariants:
    """A `Sink`. State: the number and the time of the event before, what was credited, and the
    first thing that did not hold."""

    def __init__(self, account: PaperAccount) -> None:
        """`account`: the exchange's own count of the money."""
        self._account = account
        self._seq = self._at_ns = 0
        self._credited = 0
        self.looks = 0
        """Events after which all of it was looked at."""
        self.broken = ""

    def heard(
        self,
        mind: Mind,
        asset: Asset,
        event: ev.Event,
        effects: tuple[Effect, ...],
        now_ns: int,
        is_last: bool,
    ) -> None:
        self.looks += 1
        for effect in effects:
            if isinstance(effect, Credit):
                self._credited += effect.pnl
        is_moved = type(event) in _MONEY_MOVES or bool(effects)
        if not self.broken:
            found = self._orders(mind, asset, event, now_ns)
            if is_moved:
                found = (*found, *self._placed(mind, asset, effects), *self._stakes(mind))
            if is_last and is_moved:
                found = (*found, *self._money(mind, asset))
            if found:
                self.broken = f"event {mind.seq} of {asset.value}: {'; '.join(found)}"
        self._seq, self._at_ns = mind.seq, now_ns

    def _orders(self, mind: Mind, asset: Asset, event: ev.Event, now_ns: int) -> tuple[str, ...]:
        if mind.seq != self._seq + 1:
            return (f"it comes after event {self._seq}",)
        if now_ns < self._at_ns:
            return (f"it is {self._at_ns - now_ns} ns before the one before it",)
        return () if mind.desks[asset].is_sound else ("its desk broke",)

    def _placed(self, mind: Mind, asset: Asset, effects: tuple[Effect, ...]) -> Iterator[str]:
        """Nothing leaves that may not."""
        desk, account = mind.desks[asset], mind.account
        for effect in effects:
            if not isinstance(effect, Place):
                continue
            order = effect.order
            if desk.is_stopping:
                yield f"{order.order_id} was sent by a desk that stops"
            if order.side is Side.BUY:
                if account.kill_switch.is_on or account.of(asset).is_paused:
                    yield f"{order.order_id} buys while nothing may be entered"
                most = usd_from_float(desk.settings.risk.max_account_usd)
                if account.exposure > most:
                    yield f"{account.exposure} is at stake, of {most} millionths"
                continue
            held = desk.ledger.positions.of(order.slug).shares(order.outcome)
            if order.shares > held:
                yield f"{order.order_id} sells {order.shares} of {held}"

    def _stakes(self, mind: Mind) -> Iterator[str]:
        totals = mind.account.at_risk.totals
        for name in ("reserved", "cost", "orders", "gross"):
            if getattr(totals, name) < 0:
                yield f"{name} of all that is open is {getattr(totals, name)}"
        for asset, desk in mind.desks.items():
            for market_round in desk.rounds:
                position = desk.ledger.positions.of(market_round.slug)
                for outcome in Outcome:
                    if position.shares(outcome) < 0:
                        yield f"{position.shares(outcome)} {outcome.value} held of {asset.value}"

    def _money(self, mind: Mind, asset: Asset) -> Iterator[str]:
        """The ledger and the exchange count apart, and agree to the millionth."""
        account = mind.account
        if account.cash != self._account.cash:
            yield f"cash {account.cash}, at the exchange {self._account.cash}"
        if account.realised != self._credited:
            yield f"realised {account.realised}, credited {self._credited}"
