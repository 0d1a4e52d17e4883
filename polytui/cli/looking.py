"""Commands that look and listen. None of them trades."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import attrs
import click

from polytui.cli.account import venue_option
from polytui.cli.options import (
    config_option,
    csv_of,
    load,
    plain_errors,
    settings_for,
    wallet_option,
)
from polytui.model.instrument import Asset, Interval

_SOURCES = ("binance", "bybit", "coinbase", "clob-market", "clob-user", "rtds", "polybolt", "gamma")


@click.command()
@click.argument("source", type=click.Choice(_SOURCES))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--feed", default="", help="Of a recording: only the frames of this feed.")
@click.option("--json", "json_path", help="Write the account of frames here; - is stdout.")
@click.option("--quiet", is_flag=True, help="No events, only the account.")
@plain_errors
def decode(source: str, file: Path, feed: str, json_path: str | None, quiet: bool) -> None:
    """Recorded raw frames into normalised events, one JSON text a line; 1 if one is rejected."""
    from polytui.tools import decode as tool

    sys.exit(tool.decode(source, file, feed, json_path, is_quiet=quiet or json_path == "-"))


@click.command()
@click.option("--assets", callback=csv_of(Asset))
@click.option("--interval", "--intervals", "intervals", callback=csv_of(Interval))
@click.option("--for", "for_s", type=click.FloatRange(0.1), help="Seconds; else until Ctrl-C.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to; a new one by default.")
@click.option("--json", "json_path", help="Write the summary here; - is stdout.")
@click.option("--demo", "is_demo", is_flag=True, help="From a venue simulated on this machine.")
@config_option
@plain_errors
def record(**options: Any) -> None:
    """Write down every feed's raw frames and events, compressed and rotated. Nothing trades."""
    from polytui.tools import record as tool

    sys.exit(tool.record(settings_for({"rounds": None, **options}), options))


@click.command()
@click.option("--wait", type=click.FloatRange(0.5, 120), help="Seconds for each answer.")
@click.option("--json", "json_path", help="Write the findings here; - is stdout.")
@click.option("--demo", "is_demo", is_flag=True, help="A venue simulated on this machine.")
@click.option(
    "--livetest", "is_livetest", is_flag=True,
    help="One real order far from the market: seen, cancelled, seen cancelled.",
)  # fmt: skip
@wallet_option
@venue_option
@config_option
@plain_errors
def doctor(wait: float | None, **options: Any) -> None:
    """Reach every endpoint, compare clocks, look at the wallet, and say in plain words what is
    wrong; 1 if anything."""
    from polytui.tools import doctor as tool

    if options["is_demo"] and (options["is_livetest"] or options["venue"]):
        raise click.UsageError("--demo has no account: take --venue FILE of a running venue")

    settings = load(options["config"])
    checks = settings.doctor if wait is None else attrs.evolve(settings.doctor, wait_s=wait)
    sys.exit(tool.doctor(attrs.evolve(settings, doctor=checks), options))
