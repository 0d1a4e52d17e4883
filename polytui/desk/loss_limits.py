"""What results mean for going on: losses in a row, drawdowns, the day's loss."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.halts import Halts
from polytui.desk.step import Step
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset
from polytui.model.units import MICRO, usd_from_float

_DRAWDOWNS = (Reason.LIMIT_DRAWDOWN, Reason.LIMIT_DRAWDOWN_PCT)


class LossLimits:
    """Stateless: looks at the account's counters, and halts where a limit is reached."""

    def __init__(self, asset: Asset, account: Account, halts: Halts) -> None:
        self._asset = asset
        self._account = account
        self._asset_account = account.of(asset)
        self._halts = halts

    def judge_result(self, step: Step, settings: Settings) -> None:
        """After a round in which something was held has settled."""
        self.judge_day(step, settings)
        for why in [*self._losses(settings), *self._too_deep(settings)]:
            self._halts.pause_for(step, why)

    def judge_day(self, step: Step, settings: Settings) -> None:
        """Whether the day's loss is enough for an emergency stop; a sale can make it so. Once a day
        and limit: who looked and went on is not stopped at the next fill."""
        most = settings.risk.max_daily_loss_usd
        lost = -self._account.realised_today(step.now_ns)
        if lost >= usd_from_float(most) and self._account.is_first_breach(step.now_ns, most):
            why = Why(Reason.LIMIT_DAILY_LOSS, lost / MICRO, most, "USD")
            self._halts.kill(step, why.text())

    def resets(self, settings: Settings) -> list[Why]:
        """What would be measured anew if a person resumed this asset now."""
        found = self._losses(settings)
        is_ours = any(why.reason in _DRAWDOWNS for why in self._asset_account.paused_whys)
        # Of the whole account: only where it stopped, or anywhere if that was in another session.
        may_forgive = is_ours or not self._account.is_paused_for(*_DRAWDOWNS)
        return [*found, *self._too_deep(settings)] if may_forgive else found

    def forgive(self, whys: list[Why]) -> None:
        """A person has looked: what stopped by itself until then begins anew."""
        for why in whys:
            if why.reason is Reason.LIMIT_LOSSES:
                self._account.forgive_losses(self._asset)
            else:
                self._account.forgive_drawdown()

    def _losses(self, settings: Settings) -> list[Why]:
        losses, most = self._asset_account.losses_in_a_row, settings.risk.max_losses_in_a_row
        return [Why(Reason.LIMIT_LOSSES, losses, most, "rounds")] if losses >= most else []

    def _too_deep(self, settings: Settings) -> list[Why]:
        """The drawdowns, in dollars and in percent, that have reached their limits."""
        account, risk = self._account, settings.risk
        both = (
            (Reason.LIMIT_DRAWDOWN, account.drawdown, risk.max_drawdown_usd, "USD"),
            (Reason.LIMIT_DRAWDOWN_PCT, account.drawdown_pct, risk.max_drawdown_pct, "%"),
        )
        found = []
        for reason, used, allowed, unit in both:
            drawdown, deepest = used / MICRO, usd_from_float(allowed) / MICRO
            if drawdown >= deepest:
                found.append(Why(reason, drawdown, deepest, unit))
        return found
