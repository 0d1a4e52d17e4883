"""People's commands: into the inboxes they are meant for, and the numbers they got."""

from __future__ import annotations

from collections.abc import Sequence

import trio
from attrs import frozen

from polytui.config.load import BadSettings
from polytui.model.errors import Rejected
from polytui.model.events import Action, Commanded
from polytui.model.snapshot import AssetState
from polytui.runtime.asset import AssetRun
from polytui.runtime.session import Session
from polytui.runtime.settings_in_force import SettingsInForce

_ANSWER_WITHIN_S = 2.0
_FOR_ALL = (Action.KILL, Action.REARM, Action.STOP)


@frozen
class Commands:
    session: Session
    runs: Sequence[AssetRun]
    settings: SettingsInForce

    async def change(self, path: str, value_json: str, origin: str) -> tuple[int, ...]:
        """Change a hot setting: sequence numbers, one per desk that took it; Rejected with what is
        wrong with it, and then nothing is changed."""
        try:
            return await self.settings.change(path, value_json, origin)
        except BadSettings as error:
            # A person's slip is no fault of the engine's own settings, which would end it.
            self.session.notice("warn", "", f"settings: refused from {origin}: {error}")
            raise Rejected("; ".join(error.faults)) from error

    async def obey(self, action: Action, asset: str, origin: str) -> tuple[int, ...]:
        """Sequence numbers, one per desk that took it; Rejected where nobody can."""
        self.session.notice("warn", asset, f"command {action.value} from {origin}")
        if action is Action.STOP:
            self.session.stop(f"command from {origin}")
            return ()
        targets = self._targets(action, asset)
        seqs: list[int] = []

        async def tell(run: AssetRun) -> None:
            seq = await run.command(Commanded(action, origin), _ANSWER_WITHIN_S)
            if seq is not None:
                seqs.append(seq)

        async with trio.open_nursery() as nursery:
            for run in targets:
                nursery.start_soon(tell, run)
        if not seqs:
            raise Rejected(f"{action.value} is waiting: its asset is restarting")
        return tuple(sorted(seqs))

    def _targets(self, action: Action, asset: str) -> list[AssetRun]:
        is_for_all = action in _FOR_ALL or not asset
        named = [run for run in self.runs if is_for_all or run.asset.value == asset]
        if not named:
            raise Rejected(f"no asset {asset!r} in this session")
        alive = [run for run in named if run.state is not AssetState.HALTED]
        if not alive:
            raise Rejected(f"{asset or 'every asset'} is halted: restart the engine")
        return alive
