"""`polytui lookahead`: did any decision know what was not known yet?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors
from polytui.json_output import write_json
from polytui.paths import LAST, journal_of, session_named


@click.command()
@click.argument("session", default=LAST)
@click.option(
    "--cuts",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="So many times the past is played without what follows a decision.",
)
@click.option("--json", "json_path", help="Write what was found here; - is stdout.")
@config_option
@plain_errors
def lookahead(session: str, cuts: int, json_path: str | None, config: Path | None) -> None:
    """Play SESSION until it is known whether a decision depends on what came after it.

    SESSION is a session's name or its beginning, its folder, its journal, or `last`. Exit code 1
    where something was found: an input that was heard before its time, or decisions that are other
    ones without what follows them.
    """
    from polytui.tools.looking_ahead import look_at_session

    named = Path(session)
    if not named.exists():
        named = session_named(Path(load(config).journal.directory), session)
    found = look_at_session(journal_of(named), cuts)
    if json_path:
        write_json(found.plain(), json_path)
    if json_path != "-":
        click.echo(found.text())
    sys.exit(DONE if found.is_clean else FAILED)
