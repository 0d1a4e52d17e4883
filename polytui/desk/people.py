"""What people ask of one asset: pause, resume, sell everything, kill, re-arm, stop."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.asset_account import AssetAccount
from polytui.desk.halts import Halts
from polytui.desk.loss_limits import LossLimits
from polytui.desk.step import Step
from polytui.model.events import Action, Commanded


class People:
    """Stateless: what they asked stands in the account, through a crash of the desk."""

    def __init__(
        self, account: Account, asset_account: AssetAccount, halts: Halts, limits: LossLimits
    ) -> None:
        self._account = account
        self._asset_account = asset_account
        self._halts = halts
        self._limits = limits

    def obey(self, step: Step, event: Commanded, settings: Settings) -> None:
        match event.action:
            case Action.PAUSE:
                self._asset_account.is_paused = True
            case Action.RESUME:
                self._resume(settings)
            case Action.FLATTEN:
                self._flatten()
            case Action.KILL:
                self._halts.kill(step, f"command from {event.origin}")
            case Action.REARM:
                self._account.kill_switch.rearm()
            case Action.STOP:
                self._halts.stop(step)

    def _resume(self, settings: Settings) -> None:
        asset_account, resets = self._asset_account, self._limits.resets(settings)
        asset_account.is_paused = False
        asset_account.is_flattening = asset_account.is_flattened = False
        asset_account.paused_whys = ()
        self._limits.forgive(resets)

    def _flatten(self) -> None:
        # Whoever sells everything does not want it bought back at the next tick.
        asset_account = self._asset_account
        asset_account.is_paused = True
        asset_account.is_flattening = asset_account.is_flattened = True
