"""What a wallet may send in a day, and how its calls are spread over it.

A day's quota that is spent by noon keeps every dollar of the afternoon waiting. So a call goes only
where those that are left would last until midnight at that pace; dollars that are short do not wait
for it, and what was not needed in a quiet hour may be used in a busy one.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.redeem import RedeemSettings
from polytui.execution.wallet_log import WalletLog
from polytui.ledger.wallet_work import WorkRules
from polytui.model.units import NS_PER_S, Usd

_DAY_NS = 86_400 * NS_PER_S
_MOST = 20
"""Rounds in a batch: what a transaction may take, with room."""


@frozen(eq=False)
class WalletBudget:
    log: WalletLog
    settings: RedeemSettings
    calls_most: int
    """In one batch; one where the wallet pays its own gas."""

    @property
    def calls_left(self) -> int:
        return max(0, self.settings.calls_per_day - self.log.calls_today())

    def why_not(self, gas_wei: int = 0) -> str:
        """Why a call that may cost so much is too much for today; empty where it is not."""
        settings = self.settings
        if not self.calls_left:
            return f"{settings.calls_per_day} calls today (redeem.calls_per_day)"
        if self.log.gas_today_wei() + gas_wei > settings.gas_per_day_wei:
            return f"{settings.gas_per_day_pol:g} POL of gas today (redeem.gas_per_day_pol)"
        return ""

    def rules(self, free: Usd, now_ns: int) -> WorkRules:
        """`free`: dollars that can be spent."""
        settings = self.settings
        return WorkRules(
            settings.within_ns,
            settings.dust,
            min(self.calls_most, _MOST),
            settings.merge_within_ns,
            self._not_before_ns(now_ns),
            free,
            settings.short_ppm,
        )

    def _not_before_ns(self, now_ns: int) -> int:
        """Gas has no quota, only a price."""
        if self.calls_most <= 1 or not self.calls_left:
            return 0
        left_ns = _DAY_NS - now_ns % _DAY_NS
        return self.log.newest_call_ns() + left_ns // self.calls_left
