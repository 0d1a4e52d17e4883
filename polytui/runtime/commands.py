"""People's commands: into the inboxes they are meant for, and the numbers they got."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import trio
from attrs import frozen
from loguru import logger

from polytui.config.load import BadSettings
from polytui.model.errors import Rejected
from polytui.model.events import Action, Commanded
from polytui.model.link import Obeyed
from polytui.model.snapshot import AssetState
from polytui.runtime.asset import AssetRun, run_named
from polytui.runtime.caretaker import obey_without_a_life
from polytui.runtime.pace import SPEED, Pace
from polytui.runtime.session import Session
from polytui.runtime.settings_in_force import SettingsInForce

_FOR_ALL = (Action.KILL, Action.REARM, Action.STOP)
_NEEDS_A_LIFE = {
    Action.RESUME: "restart the engine, then resume it",
    Action.FLATTEN: "it sells nothing before the engine is restarted",
}


@frozen
class Commands:
    session: Session
    runs: Sequence[AssetRun]
    settings: SettingsInForce
    pace: Pace

    async def change(self, path: str, value_json: str, origin: str) -> tuple[int, ...]:
        """Change a hot setting: sequence numbers, one per desk that took it; Rejected with what is
        wrong with it, and then nothing is changed."""
        if path == SPEED:
            await self._change_speed(value_json)
            return ()
        try:
            return await self.settings.change(path, value_json, origin)
        except BadSettings as error:
            # A person's slip is no fault of the engine's own settings, which would end it.
            self.session.notice("warn", "", f"settings: refused from {origin}: {error}")
            raise Rejected("; ".join(error.faults)) from error

    async def _change_speed(self, value_json: str) -> None:
        """How fast the session runs decides nothing, so no desk is told."""
        try:
            speed = msgspec.json.decode(value_json, type=float)
        except msgspec.MsgspecError as error:
            raise Rejected(f"expected a number @ {SPEED}") from error
        if why := await self.pace.change(speed):
            raise Rejected(why)

    async def obey(self, action: Action, asset: str, origin: str) -> Obeyed:
        """Done by every desk it is for, and on the disk, before this returns; Rejected where nobody
        could do it. No desk waits for the disk: only who asked does."""
        asset = self._checked(action, asset)
        # To the file at once; to faces with what became of it, as one line.
        logger.warning("{} command {} from {}", asset or "-", action.value, origin)
        if action is Action.STOP:
            self.session.stop(f"command from {origin}")
            return Obeyed(())
        targets, left_out = self._targets(action, asset)
        seqs: list[int] = []

        async def tell(run: AssetRun) -> None:
            try:
                seqs.append(await self._tell(run, Commanded(action, origin)))
            except Exception as error:
                # Only a desk that is broken already is asked outside of its supervisor's sight.
                left_out.append(f"{run.asset.value}: {type(error).__name__}: {error}")

        async with trio.open_nursery() as nursery:
            for run in targets:
                nursery.start_soon(tell, run)
        unkept = await self.session.keep() if seqs else ""
        obeyed = Obeyed(tuple(sorted(seqs)), unkept, "; ".join(left_out))
        self._say(action, asset, origin, obeyed)
        if not seqs:
            raise Rejected(f"{action.value} could not be carried out: {obeyed.left_out}")
        return obeyed

    async def _tell(self, run: AssetRun, command: Commanded) -> int:
        """By the life that listens; by the desk of before where none does."""
        await run.has_desk.wait()
        taken = await run.command(command)
        if taken is None:
            return await obey_without_a_life(run, self.session, command)
        return taken.seq

    def _checked(self, action: Action, asset: str) -> str:
        """Before it is repeated to anybody. What is for all is never refused for a wrong name."""
        if action in _FOR_ALL or not asset:
            return ""
        return run_named(self.runs, asset).asset.value

    def _targets(self, action: Action, asset: str) -> tuple[list[AssetRun], list[str]]:
        """Who is told, and what will not happen all the same. Rejected where nobody can do it."""
        named = [run for run in self.runs if not asset or run.asset.value == asset]
        left_out = [
            f"{run.asset.value} is halted: {_NEEDS_A_LIFE[action]}"
            for run in named
            if run.state is AssetState.HALTED and action in _NEEDS_A_LIFE
        ]
        if action is Action.RESUME:
            named = [run for run in named if run.state is not AssetState.HALTED]
        if not named:
            raise Rejected("; ".join(left_out))
        return named, left_out

    def _say(self, action: Action, asset: str, origin: str, obeyed: Obeyed) -> None:
        """To the log and every face: how far it came."""
        what = f"{action.value} from {origin}"
        numbers = " ".join(f"#{seq}" for seq in obeyed.seqs)
        rest = f"; but {obeyed.left_out}" if obeyed.left_out else ""
        if not obeyed.seqs:
            self.session.notice("error", asset, f"{what} could not be carried out{rest}")
        elif obeyed.unkept:
            lost = f"NOT on disk, a restart forgets it: {obeyed.unkept}"
            words = f"{what} is in force, {numbers}, but {lost}{rest}"
            self.session.notice("error", asset, words, obeyed.seqs)
        else:
            level = "warn" if rest else "info"
            words = f"{what} is in force and on disk, {numbers}{rest}"
            self.session.notice(level, asset, words, obeyed.seqs)
