"""`polytui export`: sessions as files for notebooks."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import click

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors
from polytui.json_output import write_json
from polytui.model.units import NS_PER_S
from polytui.paths import LAST, session_named

_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?")


def _span(said: str) -> tuple[int, int] | None:
    """[since, until) in nanoseconds of one day of UTC or several; None for what is neither."""
    found = _DAYS.fullmatch(said)
    if found is None:
        return None
    try:
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[2] or found[1])
    except ValueError as error:
        raise click.BadParameter(f"{said!r}: {error}") from None
    if last < first:
        raise click.BadParameter(f"{said!r} ends before it begins")
    return _midnight_ns(first), _midnight_ns(last + timedelta(days=1))


def _midnight_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NS_PER_S


@click.command()
@click.option(
    "--parquet",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go.",
)
@click.argument("session", default=LAST)
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.0, 86_400.0),
    default=0.0,
    help="A view of each round at most each S seconds of session time; 0: all of them.",
)
@click.option("--json", "json_path", help="Write what was exported here; - is stdout.")
@config_option
@plain_errors
def export(
    folder: Path, session: str, every_s: float, json_path: str | None, config: Path | None
) -> None:
    """Events, views with every feature, orders, fills, rounds and trades of SESSION as Parquet.

    SESSION is a session's name or folder, `last`, a day of UTC (2026-11-26) or a range of days
    (2026-11-20..2026-11-26), which takes what every session has of them.
    """
    from polytui.tools.export import ALWAYS, sessions_of_days
    from polytui.tools.export import export as write_files

    directory, span = Path(load(config).journal.directory), _span(session)
    if span is not None:
        folders = sessions_of_days(directory, span)
        if not folders:
            raise click.UsageError(f"no session of {directory} was running on {session}")
    elif Path(session).is_dir():
        folders = [Path(session)]
    else:
        folders = [session_named(directory, session)]
    done = write_files(folders, folder, span or ALWAYS, round(every_s * NS_PER_S))
    if json_path:
        write_json(attrs.asdict(done), json_path)
    if json_path != "-":
        rows = ", ".join(f"{count} {name}" for name, count in done.rows.items())
        click.echo(f"{rows} of {len(done.sessions)} sessions are in {folder}")
    for name, fault in done.faults.items():
        click.echo(f"{name} is read no further: {fault}", err=True)
    if done.faults:
        raise SystemExit(FAILED)
    raise SystemExit(DONE)
