"""Where a record stands, for the rows that come of it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from polytui.model.effects import Why
from polytui.store.rows import (
    DifferenceRow,
    OperationRow,
    ReconcileRow,
    RiskRow,
    SettlementRow,
    WalletRow,
)


@define
class RecordPlace:
    """One record of one session. `n` numbers its rows, so that each has a name of its own."""

    root: str
    session: str
    seq: int
    at_ns: int
    asset: str
    n: int = 0

    def number(self) -> tuple[str, int, int]:
        """(session, event, number) of the next row."""
        self.n += 1
        return self.session, self.seq, self.n - 1

    def differs(self, text: str) -> DifferenceRow:
        return DifferenceRow(*self.number(), text)

    def settled(self, kind: str, slug: str, winner: str, payout: int, pnl: int) -> SettlementRow:
        where = (*self.number(), self.root, self.at_ns, self.asset)
        return SettlementRow(*where, slug, kind, winner, payout, pnl)

    def moved(self, kind: str, asset: str, slug: str, amount: int, detail: str = "") -> WalletRow:
        return WalletRow(*self.number(), self.at_ns, kind, asset, slug, amount, detail or None)

    def operated(
        self, kind: str, slug: str, shares: int | None, amount: int, key: str, detail: str
    ) -> OperationRow:
        where = (*self.number(), self.at_ns)
        return OperationRow(*where, kind, slug, shares, amount, key, detail or None)

    def reconciled(self, differences: int, slugs: Sequence[str]) -> ReconcileRow:
        return ReconcileRow(self.session, self.seq, self.at_ns, differences, " ".join(slugs))

    def risk(self, kind: str, why: Why, until_ns: int = 0) -> RiskRow:
        where = (*self.number(), self.at_ns, self.asset)
        said = (why.reason.value, why.value, why.limit, why.unit)
        return RiskRow(*where, kind, *said, until_ns, "")

    def told(self, kind: str, what: str, origin: str = "") -> RiskRow:
        """What somebody wanted, without a number."""
        where = (*self.number(), self.at_ns, self.asset)
        return RiskRow(*where, kind, what, 0.0, 0.0, "", 0, origin)
