"""The money of all assets on paper, as one venue would hold it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from polytui.model.units import Usd


@define
class PaperAccount:
    """The collateral of all assets, as the venue would hold it."""

    cash: Usd
    traded: Usd = Usd(0)
    """Everything that fills brought, less everything they took, fees included."""
    payouts: Usd = Usd(0)
    """Everything that settlements paid."""
    reserving: list[Callable[[], int]] = field(factory=list)
    """Of each asset's exchange, what its resting purchases may still cost."""
    starting_cash: Usd = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.starting_cash = self.cash

    @classmethod
    def going_on(cls, starting_cash: Usd, cash: Usd, open_flow: Usd) -> PaperAccount:
        """As other sessions left it. What was paid for rounds that are still open counts as traded
        in this one, where they settle."""
        account = cls(cash, traded=open_flow)
        account.starting_cash = starting_cash
        return account

    @property
    def free(self) -> int:
        """Cash that no resting purchase of any asset has a claim to."""
        return self.cash - sum(reserved() for reserved in self.reserving)

    def trade(self, flow: int) -> None:
        self.traded = Usd(self.traded + flow)
        self.cash = Usd(self.cash + flow)

    def pay_out(self, amount: int) -> None:
        self.payouts = Usd(self.payouts + amount)
        self.cash = Usd(self.cash + amount)
