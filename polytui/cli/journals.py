"""Commands on journals that are written."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import click

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors, wishes_option
from polytui.json_output import write_json
from polytui.paths import journal_said


@click.command()
@click.argument("session")
@click.option("--verify", is_flag=True, help="Check every effect, digest and checkpoint.")
@click.option(
    "--from",
    "from_event",
    type=click.IntRange(min=0),
    metavar="EVENT",
    help="Begin at the last checkpoint before this event, not at the start.",
)
@wishes_option("What would have been decided under another setting; may be repeated.")
@click.option(
    "--pnl",
    "asks_pnl",
    is_flag=True,
    help="With --with: also what the market makes on paper, without the wishes and with them.",
)
@click.option("--json", "json_path", help="Write the verdict here; - is stdout.")
@config_option
@plain_errors
def replay(
    session: str,
    verify: bool,
    from_event: int | None,
    wishes: tuple[tuple[str, str], ...],
    asks_pnl: bool,
    json_path: str | None,
    config: Path | None,
) -> None:
    """Play a session (its name, its folder or its journal) through the same desks again, as fast as
    it goes."""
    # With the strategies that they name: what of a journal was theirs is theirs again.
    settings = load(config)
    journal = journal_said(Path(settings.journal.directory), session)
    if wishes:
        if verify:
            raise click.UsageError("--verify and --with are two questions: ask one at a time")
        if from_event is not None:
            raise click.UsageError("--with asks the whole journal: leave --from out")
        _what_if(journal, wishes, json_path, asks_pnl=asks_pnl)
        return
    if asks_pnl:
        raise click.UsageError("--pnl says what other settings make: give them with --with")
    from polytui.backtest.replay import replay_journal

    verdict = replay_journal(journal, is_verifying=verify, from_event=from_event)
    if json_path:
        write_json(attrs.asdict(verdict), json_path)
    if json_path != "-":
        click.echo(verdict.text())
    sys.exit(DONE if verdict.is_equal else FAILED)


def _what_if(
    journal: Path, wishes: tuple[tuple[str, str], ...], json_path: str | None, *, asks_pnl: bool
) -> None:
    from polytui.backtest.what_if import compare

    comparison = compare(journal, wishes)
    plain, text = comparison.plain(), comparison.text()
    if asks_pnl:
        from polytui.backtest.what_it_makes import Made, what_it_makes

        was, now = what_it_makes(journal), what_it_makes(journal, wishes)
        made = Made(comparison.realised, was, now)
        plain["pnl"] = attrs.asdict(made)
        text = f"{made.text()}\n{text}"
    if json_path:
        write_json(plain, json_path)
    if json_path != "-":
        click.echo(text)
