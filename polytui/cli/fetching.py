"""`polytui fetch-history`: days that are over, from the venues."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from polytui.cli.moments import moment_ns
from polytui.cli.options import config_option, csv_of, plain_errors, settings_for
from polytui.model.instrument import Asset, Interval


@click.command("fetch-history")
@click.option("--assets", callback=csv_of(Asset), help="btc,eth,sol,xrp; those of the settings.")
@click.option(
    "--interval",
    "--intervals",
    "intervals",
    callback=csv_of(Interval),
    help="5m,15m,1h,4h; the same.",
)
@click.option("--from", "from_ns", callback=moment_ns, required=True, help="A day or moment, UTC.")
@click.option("--to", "until_ns", callback=moment_ns, required=True, help="Not beyond it.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Where to; what is there is not asked for again.")  # fmt: skip
@click.option("--json", "json_path", help="Write the summary here; - is stdout.")
@click.option(
    "--venue",
    type=click.Path(path_type=Path),
    help="A `polytui venue` that runs is asked: the file that its ready line is in.",
)
@config_option
@plain_errors
def fetch_history(**options: Any) -> None:
    """What the venues still tell of days that are over: candles, rounds with their winners, and
    midpoints, a minute each. A folder that backtests read; a fetch that was stopped goes on."""
    if options["until_ns"] <= options["from_ns"]:
        raise click.UsageError("--to is not after --from")

    from polytui.tools import fetching as tool

    sys.exit(tool.fetch_history(settings_for({"rounds": None, **options}), options))
