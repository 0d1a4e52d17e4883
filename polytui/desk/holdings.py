"""What one asset has: working orders and positions, and its share of the account kept true."""

from __future__ import annotations

from typing import Any

from polytui.config.deciding import Claims as Thresholds
from polytui.desk.account import Account, AssetBooks, OpenRound
from polytui.ledger.claims import Beliefs
from polytui.ledger.positions import Positions
from polytui.ledger.working import WorkingOrder, WorkingOrders
from polytui.ledger.worst import at_stake
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


class Holdings:
    """State: the two ledgers of one asset. Every change ends in `_recount`."""

    def __init__(self, asset: Asset, account: Account) -> None:
        self._asset = asset
        self._account = account
        self.books: AssetBooks = account.books(asset)
        self.positions = Positions()
        self.orders = WorkingOrders()
        self._listed: dict[str, Round] = {}
        """Every round that something was ordered or held in, by slug."""

    def begin(self, realised: Usd, now_ns: int) -> None:
        """A life begins: what was realised is what the venue says, not what a crash left us. What
        was settled meanwhile is a result like any other."""
        self.books.is_traded = True
        missed = Usd(realised - self.books.realised)
        self._account.realise(self._asset, missed, now_ns)
        self._account.note_settled(self._asset, missed)
        self._recount()

    def restore(self, held: ev.HeldRound, now_ns: int) -> None:
        self._listed[held.round.slug] = held.round
        self.positions.restore(held)
        self.books.live.restore(held, now_ns)
        self._recount()

    def forget_unheld(self, held: list[str]) -> None:
        """A round that was settled while nobody listened: its result is in the realised one."""
        for slug in self.books.live.rounds:
            if slug not in held:
                self.books.live.forget(slug)

    def place(self, order: Order, listed: Round) -> None:
        self._listed[listed.slug] = listed
        self.orders.add(order, listed.fees.fee(order.price, order.shares))
        self.books.orders += 1
        self._recount()

    def ask_cancel(self, order_id: str) -> None:
        self.orders.move(order_id, OrderMove.CANCEL_ASKED)

    def ask_cancel_all(self) -> None:
        for entry in self.orders.working():
            self.ask_cancel(entry.order.order_id)

    def reported(self, event: Any) -> None:
        """A report that only moves an order along its table."""
        self.orders.move(event.order_id, MOVES[type(event)])
        self._recount()

    def filled(self, event: ev.Filled, now_ns: int) -> None:
        entry = self.orders.get(event.order_id)
        fill = Fill(event.trade_id, event.price, event.shares, event.fee, event.is_taker)
        if entry is None or not self.orders.fill(event.order_id, fill):
            return
        order = entry.order
        is_entry = order.side is Side.BUY and not self._holds(order, order.outcome.other)
        self.positions.fill(order.slug, order.outcome, order.side, fill)
        self.books.live.fill(
            order.slug, order.strategy, order.outcome, order.side, fill, now_ns, order.worth
        )
        if is_entry:  # and no purchase of the complement, by which a strategy leaves
            self.books.note_entered(order.slug, order.strategy, order.outcome)
        self.books.fees = Usd(self.books.fees + event.fee)
        self.books.fills += 1
        self._recount()

    def settle(
        self, slug: str, winner: Outcome | None, now_ns: int, claims: Thresholds
    ) -> tuple[Usd, Usd]:
        """(payout, realised PnL) of a round, booked and forgotten."""
        traded = bool(self.positions.of(slug).fills)
        payout, pnl = self.positions.settle(slug, winner)
        self._account.realise(self._asset, pnl, now_ns)
        books = self.books
        for track in (books.live, books.shadow):
            said, results = track.claims(slug), track.settle(slug, winner)
            if winner is not None:  # a void round proves nobody right or wrong
                self._account.claims.settle(self._asset, said, results, claims)
        if traded:
            self._account.note_settled(self._asset, pnl)
        books.forget_round(slug)
        books.settled.add(slug)
        books.rounds_settled = sum(known in books.settled for known in books.session_rounds)
        self.orders.forget_round(slug)
        self._listed.pop(slug, None)
        self._recount()
        return payout, pnl

    def beliefs(self, strategy: str, claims: Thresholds) -> Beliefs:
        """How much of what a strategy claims on this asset is believed."""
        return self._account.claims.beliefs(self._asset, strategy, claims)

    def _holds(self, order: Order, outcome: Outcome) -> bool:
        """Whether the strategy of an order has a stake in this outcome of its round."""
        stakes = self.books.live.open(order.slug)
        own = (s for s in stakes if s.strategy == order.strategy and s.outcome is outcome)
        return any(stake.shares >= LOT for stake in own)

    def selling(self, slug: str, outcome: Outcome) -> Shares:
        """Shares of an outcome that working orders already offer."""
        return Shares(sum(entry.left for entry in self.of_round(slug) if _sells(entry, outcome)))

    def of_round(self, slug: str) -> list[WorkingOrder]:
        return self.orders.of_round(slug)

    def closing_of_others(self, listed: Round, strategy: str) -> Usd:
        """What the account can lose at this round's closing time, without what the strategy itself
        has in the round."""
        stakes, working = self.books.live.open(listed.slug), self.of_round(listed.slug)
        held = sum(each.cost for each in stakes if each.strategy == strategy)
        wanted = sum(each.reserved for each in working if each.order.strategy == strategy)
        return Usd(max(0, self._account.at_stake_at(listed.closes_ns) - held - wanted))

    def _recount(self) -> None:
        """Counted anew each time: cheap, and never out of step."""
        working = self.orders.working()
        books, positions = self.books, self.positions
        books.working = len(working)
        books.reserved = Usd(sum(entry.reserved for entry in working))
        books.position_cost, books.carried = positions.total_cost, positions.carried
        at_work = {entry.order.slug: None for entry in working}
        slugs = at_work | dict.fromkeys(positions.held_rounds())
        books.open = {slug: self._open_round(slug) for slug in slugs}
        books.open_flow = positions.open_flow

    def _open_round(self, slug: str) -> OpenRound:
        listed = self._listed[slug]
        stake = at_stake(self.positions.of(slug), self.of_round(slug))
        return OpenRound(listed.interval, listed.closes_ns, stake)

    def state(self) -> tuple[object, ...]:
        return (self.positions.state(), self.orders.state())


def _sells(entry: WorkingOrder, outcome: Outcome) -> bool:
    return entry.order.side is Side.SELL and entry.order.outcome is outcome
