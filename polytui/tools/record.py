"""`polytui record`: what the feeds say, into files of its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import trio

from polytui.config.schema import Settings
from polytui.json_output import write_json
from polytui.paths import make_folder, new_folder
from polytui.precautions import check_writable
from polytui.runtime.logs import log_to
from polytui.runtime.signals import hear_signals
from polytui.tools.listened_world import world_of
from polytui.tools.recorder import RecordPlan, run_recorder


def record(settings: Settings, options: dict[str, Any]) -> int:
    """Record until Ctrl-C or for a time; against our own venue with `--demo`."""
    check_writable(options["json_path"])
    folder = options["folder"] or new_folder(settings.record.directory, "record")
    make_folder(folder)
    log_to(folder / "record.log")
    summary: dict[str, Any] = trio.run(_record, settings, folder, options)
    click.echo(f"recorded into {folder}", err=True)
    write_json(summary, str(folder / "summary.json"))
    write_json(summary, options["json_path"] or "-")
    return 0


async def _record(settings: Settings, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    async with hear_signals() as signals, world_of(settings, folder, options) as world:
        plan = RecordPlan(
            world.settings, folder, world.clock, world.credentials, options["for_s"] or 0.0
        )
        return await run_recorder(plan, signals.came)
