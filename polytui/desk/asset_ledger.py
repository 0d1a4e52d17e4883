"""What one asset has: working orders and positions, and its share of the account kept true."""

from __future__ import annotations

from typing import Any

from polytui.config.deciding import ClaimSettings
from polytui.desk.account import Account, AssetAccount
from polytui.ledger.claims import Beliefs
from polytui.ledger.positions import Positions
from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.model import events as ev
from polytui.model.instrument import Asset, Outcome, Round
from polytui.model.orders import Fill, Order, OrderMove, Side
from polytui.model.units import LOT, Shares, Usd

MOVES: dict[type[Any], OrderMove] = {
    ev.Accepted: OrderMove.ACCEPTED,
    ev.Refused: OrderMove.REFUSED,
    ev.Unanswered: OrderMove.UNANSWERED,
    ev.Cancelled: OrderMove.CANCELLED,
    ev.CancelRefused: OrderMove.CANCEL_REFUSED,
    ev.NotFound: OrderMove.NOT_FOUND,
}


class AssetLedger:
    """State: the two ledgers of one asset. Every change of either is told to the exposure, which is
    kept in the account and outlives a desk."""

    def __init__(self, asset: Asset, account: Account) -> None:
        self._asset = asset
        self._account = account
        self.asset_account: AssetAccount = account.of(asset)
        self.exposure = self.asset_account.exposure
        self.positions = Positions()
        self.orders = WorkingOrders()
        self._listed: dict[str, Round] = {}
        """Every round that something was ordered or held in, by slug."""

    def begin(self, realised: Usd, now_ns: int) -> None:
        """A life begins: what was realised is what the venue says, not what a crash left us. What
        was settled meanwhile is a result like any other."""
        self.asset_account.is_traded = True
        missed = Usd(realised - self.asset_account.realised)
        self._account.realise(self._asset, missed, now_ns)
        self._account.note_settled(self._asset, missed)
        self.exposure.clear()

    def restore(self, held: ev.HeldRound, now_ns: int) -> None:
        self._listed[held.round.slug] = held.round
        self.positions.restore(held)
        self.asset_account.live.restore(held, now_ns)
        self._held_is_now(held.round.slug)

    def forget_unheld(self, held: list[str]) -> None:
        """A round that was settled while nobody listened: its result is in the realised one."""
        for slug in self.asset_account.live.rounds:
            if slug not in held:
                self.asset_account.live.forget(slug)

    def place(self, order: Order, listed: Round) -> None:
        self._listed[listed.slug] = listed
        working = self.orders.add(order, listed.fees.fee(order.price, order.shares))
        self.asset_account.orders += 1
        self.exposure.work(listed, working)

    def ask_cancel(self, order_id: str) -> None:
        self.orders.move(order_id, OrderMove.CANCEL_ASKED)

    def ask_cancel_all(self) -> None:
        for each in self.orders.working():
            self.ask_cancel(each.order.order_id)

    def reported(self, event: Any) -> None:
        """A report that only moves an order along its table."""
        working = self.orders.move(event.order_id, MOVES[type(event)])
        if working is not None:
            self.exposure.work(self._listed[working.order.slug], working)

    def filled(self, event: ev.Filled, now_ns: int) -> None:
        working = self.orders.get(event.order_id)
        is_first = working is not None and not working.filled
        fill = Fill(event.trade_id, event.price, event.shares, event.fee, event.is_taker)
        if working is None or not self.orders.fill(event.order_id, fill):
            return
        order = working.order
        is_entry = order.side is Side.BUY and not self._holds(order, order.outcome.other)
        self.positions.fill(order.slug, order.outcome, order.side, fill)
        self.asset_account.live.fill(
            order.slug, order.strategy, order.outcome, order.side, fill, now_ns, order.worth
        )
        if is_entry:  # and no purchase of the complement, by which a strategy leaves
            self.asset_account.note_entered(order.slug, order.strategy, order.outcome)
        if order.rung and order.side is Side.BUY and is_first:
            self._account.note_trade(now_ns)
        self.asset_account.fees = Usd(self.asset_account.fees + event.fee)
        self.asset_account.fills += 1
        self.exposure.work(self._listed[order.slug], working)
        self._held_is_now(order.slug)

    def settle(
        self, slug: str, winner: Outcome | None, now_ns: int, claims: ClaimSettings
    ) -> tuple[Usd, Usd]:
        """(payout, realised PnL) of a round, booked and forgotten."""
        traded = bool(self.positions.of(slug).fills)
        payout, pnl = self.positions.settle(slug, winner)
        self._account.realise(self._asset, pnl, now_ns)
        asset_account = self.asset_account
        for attribution in (asset_account.live, asset_account.shadow):
            said, results = attribution.claims(slug), attribution.settle(slug, winner)
            if winner is not None:  # a void round proves nobody right or wrong
                self._account.claims.settle(self._asset, said, results, claims)
        if traded:
            self._account.note_settled(self._asset, pnl)
        asset_account.forget_round(slug)
        self.orders.forget_round(slug)
        self._listed.pop(slug, None)
        self.exposure.forget(slug)
        return payout, pnl

    def beliefs(self, strategy: str, claims: ClaimSettings) -> Beliefs:
        """How much of what a strategy claims on this asset is believed."""
        return self._account.claims.beliefs(self._asset, strategy, claims)

    def _holds(self, order: Order, outcome: Outcome) -> bool:
        """Whether the strategy of an order has a position in this outcome of its round."""
        positions = self.asset_account.live.open(order.slug)
        own = (
            one for one in positions if one.strategy == order.strategy and one.outcome is outcome
        )
        return any(one.shares >= LOT for one in own)

    def selling(self, slug: str, outcome: Outcome) -> Shares:
        """Shares of an outcome that working orders already offer."""
        kept = self.exposure.rounds.get(slug)
        return Shares(0 if kept is None else kept.side(outcome).selling)

    def of_round(self, slug: str) -> list[WorkingOrder]:
        return self.orders.of_round(slug)

    def closing_of_others(self, listed: Round, strategy: str) -> Usd:
        """What the account can lose at this round's closing time, without what the strategy itself
        has in the round."""
        positions, working = self.asset_account.live.open(listed.slug), self.of_round(listed.slug)
        held = sum(each.cost for each in positions if each.strategy == strategy)
        wanted = sum(each.reserved for each in working if each.order.strategy == strategy)
        return Usd(max(0, self._account.at_risk.at_stake_at(listed.closes_ns) - held - wanted))

    def _held_is_now(self, slug: str) -> None:
        self.exposure.hold(self._listed[slug], self.positions.of(slug))

    def state(self) -> tuple[object, ...]:
        return (self.positions.state(), self.orders.state())
