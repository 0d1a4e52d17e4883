"""Commands on sessions that were: which there are, what one came to, and the database anew."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import click
import msgspec

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors
from polytui.json_output import write_json


@click.command()
@click.option("--json", "json_path", help="Write them here; - is stdout.")
@config_option
@plain_errors
def sessions(json_path: str | None, config: Path | None) -> None:
    """What ran when, in which mode, how it ended, and what it earned; newest first."""
    from polytui.tools.past_sessions import past_sessions, show_sessions

    found = past_sessions(Path(load(config).journal.directory))
    if json_path:
        write_json([attrs.asdict(one) for one in found], json_path)
    if json_path != "-":
        show_sessions(found)


@click.command()
@click.argument("session", default="last")
@click.option("--json", "json_path", help="Write the summary here; - is stdout.")
@config_option
@plain_errors
def report(session: str, json_path: str | None, config: Path | None) -> None:
    """What a session came to, as it said at its end; the last one, or the named one."""
    from polytui.launch import say_end
    from polytui.paths import session_named

    path = Path(session)
    folder = path if path.is_dir() else session_named(Path(load(config).journal.directory), session)
    say_end(folder, json_path)


@click.command()
@click.argument("named", metavar="SESSION...", nargs=-1, required=True)
@click.option("--json", "json_path", help="Write the verdicts here; - is stdout.")
@config_option
@plain_errors
def verdict(named: tuple[str, ...], json_path: str | None, config: Path | None) -> None:
    """Whether strategies showed an edge while these sessions went, oldest first; kept for whoever
    lets one trade with real money."""
    from polytui.paths import session_named
    from polytui.tools.forward_test import forward_test

    directory = Path(load(config).journal.directory)
    folders = [Path(one) if Path(one).exists() else session_named(directory, one) for one in named]
    found = forward_test(folders)
    if json_path:
        write_json([msgspec.to_builtins(one) for one in found.kept], json_path)
    if json_path != "-":
        click.echo("\n".join(found.lines()))


@click.command()
@click.option("--json", "json_path", help="Write what was read here; - is stdout.")
@click.option(
    "--force",
    "may_lose",
    is_flag=True,
    help="Also where journals are gone or unreadable and rows of theirs would be lost.",
)
@config_option
@plain_errors
def rebuild(json_path: str | None, may_lose: bool, config: Path | None) -> None:
    """Make the database anew from all journals of the folder, and every file that is made of it."""
    from polytui.store.rebuild import rebuild as make_anew

    directory = Path(load(config).journal.directory)
    quiet = json_path == "-"
    done = make_anew(
        directory,
        lambda name: None if quiet else click.echo(f"reading {name}"),
        lambda trouble: click.echo(trouble, err=True),
        may_lose=may_lose,
    )
    if json_path:
        write_json(attrs.asdict(done), json_path)
    for session, fault in done.faults.items():
        click.echo(f"{session} is read no further: {fault}", err=True)
    for session, what in done.lost.items():
        click.echo(f"{session} lost rows: {what}", err=True)
    if not quiet:
        click.echo(f"{done.records} records of {done.sessions} sessions are in the database")
        if done.kept_aside:
            click.echo(f"the database of before is kept as {done.kept_aside}")
    sys.exit(FAILED if done.faults else DONE)
