"""`polytui lookahead`: did any decision know what was not known yet?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors
from polytui.json_output import write_json
from polytui.paths import LAST
from polytui.precautions import check_writable


@click.command()
@click.argument("data", nargs=-1)
@click.option(
    "--cuts",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="So many times the past is played without what follows a decision.",
)
@click.option(
    "--skew-ms",
    type=click.IntRange(0, 10_000),
    default=250,
    show_default=True,
    help="So far may the clock of a venue be ahead of the recorder's.",
)
@click.option("--json", "json_path", help="Write what was found here; - is stdout.")
@config_option
@plain_errors
def lookahead(
    data: tuple[str, ...], cuts: int, skew_ms: int, json_path: str | None, config: Path | None
) -> None:
    """Play DATA until it is known whether a decision depends on what came after it.

    DATA is a session (its name or its beginning, its folder, its journal; the last one where
    nothing is named), decided as it would, or recordings, decided by your settings. Exit code 1
    where something was found: an input that was heard before its time, or decisions that are other
    ones without what follows them.
    """
    from polytui.tools.given_data import sorted_out
    from polytui.tools.looking_ahead import look_at_recordings, look_at_session

    check_writable(json_path)
    settings = load(config)
    given = sorted_out(data or (LAST,), Path(settings.journal.directory))
    if given.views:
        raise click.UsageError("exported views are not played: name the session")
    if len(given.sessions) + bool(given.recordings) != 1:
        raise click.UsageError("name one session, or recordings")
    if given.sessions:
        found = look_at_session(given.sessions[0], cuts, skew_ms)
    else:
        found = look_at_recordings(given.recordings, settings, cuts, skew_ms)
    if json_path:
        write_json(found.plain(), json_path)
    if json_path != "-":
        click.echo(found.text())
    sys.exit(DONE if found.is_clean else FAILED)
