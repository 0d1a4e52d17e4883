"""What stops one asset, and everything: the kill switch, a pause, the end of the session."""

from __future__ import annotations

from polytui.config.schema import Settings
from polytui.desk.account import Account
from polytui.desk.account_feeds import AccountFeeds
from polytui.desk.asset_ledger import AssetLedger
from polytui.desk.step import Step
from polytui.model.effects import STOP, CancelAll, Reason, Trip, Why


class Halts:
    """State: whether the session ends. Pauses and the kill switch outlive a desk: they are the
    account's."""

    def __init__(self, account: Account, ledger: AssetLedger) -> None:
        self._account = account
        self._ledger = ledger
        self._asset_account = ledger.asset_account
        self.is_stopping = False

    @property
    def feeds(self) -> AccountFeeds:
        """What the account cannot do without."""
        return self._asset_account.feeds

    def halt(self) -> Why | None:
        """What stops everything: exits as well, for what is wrong may be what we see."""
        if self._account.kill_switch.is_on:
            return Why(Reason.KILL_SWITCH)
        return Why(Reason.STOPPING) if self.is_stopping else None

    def entry_block(self, now_ns: int, slug: str, settings: Settings) -> Why | None:
        """What stops entries into this round alone."""
        asset_account = self._asset_account
        if asset_account.is_paused:
            return asset_account.paused_why or Why(Reason.PAUSED)
        most = settings.session.rounds
        if most and not asset_account.is_of_session(slug, most):
            return Why(Reason.SESSION_DONE)
        return self.feeds.entry_block(now_ns) or asset_account.breakers.blocking()

    def pause_for(self, step: Step, why: Why) -> None:
        """No entries until a person has looked and resumes."""
        self._asset_account.is_paused = True
        self._asset_account.paused_whys += (why,)
        self._asset_account.breakers.count(why.reason)
        step.effects.append(Trip(why, 0))

    def kill(self, step: Step, why: str) -> None:
        self._account.kill_switch.trip(why, step.now_ns)
        self.cancel_everything(step, f"kill switch: {why}")

    def stop(self, step: Step) -> None:
        """The session ends: orders first."""
        self.is_stopping = True
        self.cancel_everything(step, STOP)

    def cancel_everything(self, step: Step, why: str) -> None:
        self._ledger.ask_cancel_all()
        step.effects.append(CancelAll(why))
