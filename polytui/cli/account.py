"""Commands that ask the venue itself about an account, and tidy it up. They need no engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from polytui.cli.options import config_option, load, plain_errors, wallet_option

_F = TypeVar("_F", bound=Callable[..., Any])
_DAYS = 3.0


def venue_option(command: _F) -> _F:
    return click.option(
        "--venue", type=click.Path(path_type=Path),
        help="The throwaway account of a `polytui venue`: the file that its ready line is in.",
    )(command)  # fmt: skip


def json_option(command: _F) -> _F:
    return click.option("--json", "json_path", help="Write the answer here; - is stdout.")(command)


def days_option(command: _F) -> _F:
    return click.option(
        "--days", type=click.FloatRange(0.1, 365), default=_DAYS, show_default=True,
        help="Rounds traded so lately are looked at, and older ones that the index knows of.",
    )(command)  # fmt: skip


def access_of(config: Path | None, venue: Path | None) -> Any:
    from polytui.tools.account_access import account_access

    return account_access(load(config), config, venue)


@click.command()
@days_option
@venue_option
@json_option
@config_option
@plain_errors
def positions(days: float, venue: Path | None, json_path: str | None, config: Path | None) -> None:
    """What the wallet holds, as the venue tells it: shares, cost, value at the best bid."""
    from polytui.tools import account_commands as tool

    sys.exit(tool.positions(access_of(config, venue), days, json_path))


@click.command("cancel-all")
@venue_option
@json_option
@config_option
@plain_errors
def cancel_all(venue: Path | None, json_path: str | None, config: Path | None) -> None:
    """Cancel every order of the account at the venue itself, and look that none is left."""
    from polytui.tools import account_commands as tool

    sys.exit(tool.cancel_all(access_of(config, venue), json_path))


@click.command()
@click.argument("session", required=False)
@wallet_option
@days_option
@venue_option
@json_option
@config_option
@plain_errors
def flatten(
    session: str | None,
    named: str,
    days: float,
    venue: Path | None,
    json_path: str | None,
    config: Path | None,
) -> None:
    """Cancel everything and sell what is held: through the engine that trades the account (or the
    named SESSION), or at the venue itself, where it asks first."""
    from polytui.tools import account_commands as tool

    sys.exit(tool.flatten(access_of(config, venue), session, named, days, json_path))
