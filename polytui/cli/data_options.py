"""Which recordings are played, of which strategies, coins, lengths and days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from polytui.cli.moments import moment_ns
from polytui.cli.options import csv_of
from polytui.model.instrument import Asset, Interval

_F = TypeVar("_F", bound=Callable[..., Any])


_OPTIONS = (
    click.argument("data", nargs=-1, required=True),
    click.option(
        "--strategy",
        "strategies",
        multiple=True,
        metavar="NAME",
        help="Of those that trade, only this one; may be repeated.",
    ),
    click.option("--assets", callback=csv_of(Asset), help="btc,eth,sol,xrp; all that are in DATA."),
    click.option(
        "--interval", "--intervals", "intervals", callback=csv_of(Interval), help="5m,15m,1h,4h"
    ),
    click.option(
        "--from", "start_ns", callback=moment_ns, help="Rounds from this day or moment on."
    ),
    click.option("--to", "end_ns", callback=moment_ns, help="Rounds that close by then."),
    click.option(
        "--step",
        "step_s",
        type=click.Choice(["1", "2", "5", "10"]),
        default="1",
        show_default=True,
        help="Seconds: so often a market moves that is made of candles alone. Months want 10.",
    ),
)


def data_options(command: _F) -> _F:
    """DATA and what of it: `data`, `strategies`, `assets`, `intervals`, `start_ns`, `end_ns`,
    `step_s`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
