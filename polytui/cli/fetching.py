"""`polytui fetch-history`: days that are over, from the venues."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from polytui.cli.account import venue_option
from polytui.cli.options import config_option, csv_of, plain_errors, settings_for
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S


def _moment(_: click.Context, __: click.Parameter, text: str) -> int:
    """UTC nanoseconds of a day or a moment of UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: use 2026-11-20 or 2026-11-20T18:00, UTC") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * NS_PER_S


@click.command("fetch-history")
@click.option("--assets", callback=csv_of(Asset))
@click.option("--interval", "--intervals", "intervals", callback=csv_of(Interval))
@click.option("--from", "from_ns", callback=_moment, required=True, help="A day or moment, UTC.")
@click.option("--to", "until_ns", callback=_moment, required=True, help="Not beyond it.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Where to; what is there is not asked for again.")  # fmt: skip
@click.option("--json", "json_path", help="Write the summary here; - is stdout.")
@venue_option
@config_option
@plain_errors
def fetch_history(**options: Any) -> None:
    """What the venues still tell of days that are over: candles, rounds with their winners, and
    midpoints, a minute each. A folder that backtests read; a fetch that was stopped goes on."""
    if options["until_ns"] <= options["from_ns"]:
        raise click.UsageError("--to is not after --from")

    from polytui.tools import fetching as tool

    sys.exit(tool.fetch_history(settings_for({"rounds": None, **options}), options))
