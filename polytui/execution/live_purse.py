"""The collateral of a real account as it should be: what it began with, and everything since."""

from __future__ import annotations

from attrs import define

from polytui.execution.client import Carried, VenueMoney
from polytui.model.units import Usd


@define
class LivePurse:
    """What settlements pay counts from the result on, redeemed or not."""

    starting_cash: Usd = Usd(0)
    """Before all that is counted, sessions before this one included."""
    cash: Usd = Usd(0)
    traded: Usd = Usd(0)
    """Everything that fills brought, less everything they took. What earlier sessions paid for
    rounds that are open counts here, where those settle."""
    payouts: Usd = Usd(0)
    rounding: Usd = Usd(0)
    """Millionths of fills that were told before they were known exactly, and not told yet."""

    @classmethod
    def of(cls, carried: Carried | None) -> LivePurse:
        if carried is None:
            return cls()
        open_flow = sum(one.cash_flow for desk in carried.desks.values() for one in desk.held)
        return cls(carried.starting_cash, carried.cash, Usd(open_flow))

    def begin_with(self, cash: Usd) -> None:
        """The first session of all: the account had so much before everything counted here."""
        self.starting_cash = cash
        self.cash = Usd(cash + self.traded + self.payouts)

    def trade(self, flow: int, payout: int = 0) -> None:
        """`payout`: by how much it changes what settlements paid already."""
        self.traded = Usd(self.traded + flow)
        self.cash = Usd(self.cash + flow)
        self.pay_out(payout)

    def pay_out(self, amount: int) -> None:
        self.payouts = Usd(self.payouts + amount)
        self.cash = Usd(self.cash + amount)

    def move(self, amount: int) -> None:
        """Money that no trade explains came or went."""
        self.cash = Usd(self.cash + amount)

    def round_off(self, amount: int) -> None:
        self.rounding = Usd(self.rounding + amount)

    def take_rounding(self) -> Usd:
        """It is told now, as money that moved."""
        amount, self.rounding = self.rounding, Usd(0)
        self.move(amount)
        return amount

    def money(self) -> VenueMoney:
        return VenueMoney(self.cash, self.traded, self.payouts)
