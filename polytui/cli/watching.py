"""The command that shows a session again."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import click

from polytui.cli.options import config_option, load, plain_errors
from polytui.paths import journal_of, journal_said


@click.command()
@click.argument("session", default="last")
@click.option("--at", "at", metavar="MOMENT", help="Begin there: 15:03:20, or a share as 0.25.")
@click.option("--headless", is_flag=True, help="Serve without a terminal, for `polytui attach`.")
@click.option("--socket", type=click.Path(path_type=Path), help="Where it serves.")
@click.option("--theme", help="Colours of the terminal.")
@config_option
@plain_errors
def watch(
    session: str,
    at: str | None,
    headless: bool,
    socket: Path | None,
    theme: str | None,
    config: Path | None,
) -> None:
    """Show a session (its name, its folder or its journal) again, on the screens that it had.

    Nothing can be commanded in it. Space stands still, left and right step, + and - are the speed,
    : goes to a moment, w asks what another setting would have made.
    """
    from polytui.watch_start import serve_alone, watch_recording

    settings = load(config)
    folder = journal_said(Path(settings.journal.directory), session)
    if folder.is_file():
        raise click.UsageError("watch takes a session's folder or its journal's, not one file")
    journal_of(folder)  # a session of that name may have none yet
    if headless:
        serve_alone(folder, socket, config, at or "")
        return
    if theme:
        settings = attrs.evolve(settings, terminal=attrs.evolve(settings.terminal, theme=theme))
    sys.exit(watch_recording(folder, settings, socket, config, at or ""))
