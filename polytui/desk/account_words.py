"""What is said of the account, which outlives every desk of it."""

from __future__ import annotations

from typing import get_args

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.halts import Halts
from polytui.desk.step import Step
from polytui.model import events as ev
from polytui.model.effects import Reason, Why
from polytui.model.instrument import Asset

AccountWord = (
    ev.RiskStateRestored
    | ev.AssetHalted
    | ev.CashMoved
    | ev.Reconciled
    | ev.StrategiesLoaded
    | ev.StrategyDawdled
)
ACCOUNT_WORDS = get_args(AccountWord)


class AccountWords:
    """Stateless: the account remembers."""

    def __init__(self, asset: Asset, account: Account, halts: Halts) -> None:
        self._asset = asset
        self._account = account
        self._halts = halts

    def told(self, step: Step, event: AccountWord, settings: Settings) -> bool:
        """Whether it is a reason to decide."""
        match event:
            case ev.RiskStateRestored():
                # What earlier sessions left behind, once a session, before anything else.
                self._account.restore(event, step.now_ns, self._asset)
            case ev.AssetHalted(crashes, most):
                # There is nothing left to decide.
                self._halts.pause_for(step, Why(Reason.HALTED, crashes, most, "crashes"))
                return False
            case ev.CashMoved():
                # There is more or less to spend; nothing was won or lost.
                return self._account.move(event)
            case ev.Reconciled(_, differences, slugs):
                rounds = self._account.ramp_rounds(settings.live.ramp_rounds)
                self._account.ramp.reconciled(differences, slugs, rounds)
            case ev.StrategiesLoaded():
                self._account.roster.load(event)
            case ev.StrategyDawdled():
                return self._account.roster.dawdled(step, event)
        return True
