"""Commands that ask the database: what was traded, ordered, settled, and why not."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from polytui.cli.account import access_of, venue_option
from polytui.cli.moments import moment_ns, ns_of
from polytui.cli.options import config_option, load, plain_errors
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S

_DAY_NS = 86_400 * NS_PER_S
_F = TypeVar("_F", bound=Callable[..., Any])
_TRADES = (
    *("opened_ns", "asset", "interval", "strategy", "outcome", "shares", "entry_px", "exit_px"),
    *("fees", "pnl", "pnl_bps", "result", "exit_reason"),
)
_ORDERS = (
    *("placed_ns", "asset", "interval", "strategy", "side", "outcome", "shares", "price"),
    *("tif", "state", "filled", "detail", "venue_id"),
)
_ROUNDS = ("opens_ns", "slug", "winner", "strike", "fills", "fees", "payout", "pnl")
_SPARED = {
    "trades": ("exit_reason", "interval", "fees", "pnl_bps", "shares", "outcome", "strategy"),
    "orders": ("venue_id", "detail", "tif", "interval", "filled", "outcome", "side", "strategy"),
    "rounds": ("fees", "payout", "opens_ns", "fills"),
}
"""What a narrow terminal does without, first to last."""


def _day(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise click.BadParameter(f"{text!r} is no day like 2026-11-26")
    return text


def filters(command: _F) -> _F:
    """What every question may be narrowed to, and where its answer goes."""
    for option in reversed(
        [
            click.option("--session", default="", help="Its name, its folder, or last."),
            click.option("--asset", type=click.Choice([one.value for one in Asset])),
            click.option("--interval", type=click.Choice([one.value for one in Interval])),
            click.option("--strategy", default="", help="distance_fade, for one."),
            click.option("--round", "slug", default="", help="Its slug."),
            click.option(
                "--since", "since_ns", callback=moment_ns, help="UTC; a day or more exact."
            ),
            click.option("--until", "until_ns", callback=moment_ns, help="UTC, and not later."),
            click.option("--day", callback=_day, help="One day of UTC: 2026-11-26."),
            click.option(
                "--limit", type=click.IntRange(0), default=100, show_default=True, help="0: all."
            ),
            click.option("--json", "json_path", help="Write the answer here; - is stdout."),
            click.option("--csv", "csv_path", help="The same as CSV."),
        ]
    ):
        command = option(command)
    return config_option(plain_errors(command))


def _ask(name: str, shown: tuple[str, ...], title: str, options: dict[str, Any]) -> None:
    from polytui.store import questions
    from polytui.tools.asking import AskedTable, answer, reasons
    from polytui.tools.past_sessions import place_of

    directory = Path(load(options.pop("config")).journal.directory)
    json_path, csv_path = options.pop("json_path"), options.pop("csv_path")
    if day := options.pop("day"):
        options["since_ns"] = ns_of(day)
        options["until_ns"] = options["since_ns"] + _DAY_NS
    if options["session"]:
        directory, options["session"] = place_of(directory, options["session"])
        title = f"{title} of {options['session']}"
    wanted = questions.Filter(**{key: value or _NOTHING[key] for key, value in options.items()})
    told = None if shown else reasons
    asked = AskedTable(getattr(questions, name), shown, title, _SPARED.get(name, ()), told)
    answer(directory, asked, wanted, json_path, csv_path)


_OF_THE_DATABASE = (
    *("session", "asset", "interval", "strategy", "slug", "since_ns", "until_ns", "day"),
    *("csv_path", "venue_id"),
)
_FLAGS = {
    "venue_id": "--venue-id",
    "slug": "--round",
    "since_ns": "--since",
    "until_ns": "--until",
    "csv_path": "--csv",
}
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("session", "asset", "interval", "strategy", "slug", "venue_id"), ""),
    **dict.fromkeys(("since_ns", "until_ns", "limit"), 0),
}


@click.command()
@filters
def trades(**options: Any) -> None:
    """Positions of strategies, from entry to exit or settlement, newest first."""
    _ask("trades", _TRADES, "trades", options)


@click.command()
@click.option("--venue-id", default="", help="The one that the venue calls so (0x...).")
@click.option("--at-venue", is_flag=True, help="Those that work at the venue now, as it says.")
@venue_option
@filters
def orders(at_venue: bool, venue: Path | None, **options: Any) -> None:
    """Orders and what became of them, newest first."""
    if not at_venue:
        if venue is not None:
            raise click.UsageError("--venue goes with --at-venue")
        _ask("orders", _ORDERS, "orders", options)
        return
    given = [name for name in _OF_THE_DATABASE if options[name]]
    if given:
        named = ", ".join(_FLAGS.get(name, f"--{name}") for name in given)
        raise click.UsageError(f"{named}: asks the database, and --at-venue the venue")
    from polytui.tools import account_commands as tool

    sys.exit(tool.orders_at_venue(access_of(options["config"], venue), options["json_path"]))


@click.command()
@filters
def rounds(**options: Any) -> None:
    """Rounds that were followed, who won, and what that came to, newest first."""
    _ask("rounds", _ROUNDS, "rounds", options)


@click.command()
@filters
def why(**options: Any) -> None:
    """How often each strategy was stopped by what, with the numbers: of one --round, or of whole
    days of UTC."""
    if options["slug"]:
        _ask("why_of_round", (), f"why, in {options['slug']}", options)
    else:
        _ask("why_of_days", (), "why", options)
