"""The command line. Exit codes: 0 done, 1 failed, 2 usage or settings, 3 blocked for safety."""

from __future__ import annotations

import sys

import click

from polytui.cli.account import cancel_all, flatten, positions
from polytui.cli.asking import orders, rounds, trades, why
from polytui.cli.backtesting import backtest, compare, stress
from polytui.cli.exit_codes import BLOCKED, FAILED, USAGE
from polytui.cli.exporting import export
from polytui.cli.fetching import fetch_history
from polytui.cli.journals import replay
from polytui.cli.learning import train
from polytui.cli.looking import decode, doctor, record
from polytui.cli.looking_ahead import lookahead
from polytui.cli.own import new_strategy
from polytui.cli.past import rebuild, report, sessions, verdict
from polytui.cli.sessions import attach, demo, face, run, venue
from polytui.cli.settings import config
from polytui.cli.sweep import sweep
from polytui.cli.wallet import approve, merge, redeem, split, wallet, wrap
from polytui.cli.watching import watch
from polytui.config.called import tell_children
from polytui.config.load import BadSettings
from polytui.model.errors import Blocked, Fatal
from polytui.model.plain_text import plain
from polytui.precautions import (
    collect_seldom,
    ensure_standard_streams,
    keep_private,
    mask_last_words,
)

_MOST_LINES, _MOST_OF_A_FAULT = 8, 2_000
"""Characters: names of files and settings are somebody's text."""
_COMMANDS = (
    *(run, demo, attach, face, venue, decode, record, fetch_history, doctor, replay, watch, config),
    *(positions, cancel_all, flatten),
    *(wallet, approve, wrap, split, merge, redeem),
    *(backtest, sweep, compare, stress),
    *(sessions, report, verdict, trades, orders, rounds, why, rebuild, export),
    *(train, lookahead),
    new_strategy,
)


def main() -> None:
    """Run the command line and exit with its code."""
    ensure_standard_streams()
    collect_seldom()
    keep_private()
    tell_children()
    mask_last_words()
    try:
        cli(standalone_mode=True)
    except BadSettings as error:
        for fault in error.faults:
            click.echo(f"error: {plain(fault, _MOST_OF_A_FAULT)}", err=True)
        sys.exit(USAGE)
    except Blocked as error:
        click.echo(f"error: {error.tag}: {plain(error, _MOST_OF_A_FAULT)}", err=True)
        sys.exit(BLOCKED)
    except Fatal as error:
        lines = [plain(line, _MOST_OF_A_FAULT) for line in str(error).split("\n")[:_MOST_LINES]]
        click.echo("error: " + "\n".join(lines), err=True)
        sys.exit(FAILED)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polytui")
@click.pass_context
def cli(context: click.Context) -> None:
    """A trading terminal for Polymarket's crypto Up/Down rounds.

    Without a command: paper trading on live public data in the terminal.
    """
    if context.invoked_subcommand is None:
        context.invoke(run)


for _command in _COMMANDS:
    cli.add_command(_command)
