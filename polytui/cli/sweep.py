"""`polytui sweep`: many settings on the same days."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from polytui.cli.backtesting import asked_backtest
from polytui.cli.data_options import data_options
from polytui.cli.exit_codes import DONE
from polytui.cli.options import config_option, plain_errors, wishes_option
from polytui.json_output import write_bytes, write_json
from polytui.precautions import check_writable

_SHOWN = 20


def _steps(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    past, found, ahead = text.partition(":")
    if not (found and past.isdecimal() and ahead.isdecimal() and int(past) and int(ahead)):
        raise click.BadParameter(f"{text!r} is not like 7:1, days to choose by and to judge by")
    return int(past), int(ahead)


@click.command()
@data_options
@click.option(
    "--grid",
    "grid",
    multiple=True,
    required=True,
    metavar="TABLE.NAME=VALUE,VALUE...",
    help="A setting and the values to try; every combination of several is tried.",
)
@click.option(
    "--walk-forward",
    "steps",
    callback=_steps,
    metavar="DAYS:DAYS",
    help="Choose the best on so many days, judge it on so many after them, and so on.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    show_default="every core",
    help="Processes of this machine.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster that does it instead.")
@click.option("--reports", type=click.Path(path_type=Path), help="Keep each report here, as JSON.")
@click.option("--json", "json_path", help="Write all of it here; - is stdout.")
@wishes_option("Under another setting than the file's, in all of them; may be repeated.")
@config_option
@plain_errors
def sweep(data: tuple[str, ...], **options: Any) -> None:
    """Play DATA under many settings, day by day; how good the best is, and would be by chance.

    Each day of each list of settings is a job with an account of its own, done by all cores here or
    by a Dask cluster, with equal answers.
    """
    from polytui.tools.settings_grid import grid_of
    from polytui.tools.settings_sweep import sweep as tried_on
    from polytui.tools.sweep_workers import here, on_dask

    check_writable(options["json_path"])
    asked, address = asked_backtest(data, options), options["scheduler"]
    tried = grid_of(asked.settings, options["grid"])
    if reports := options["reports"]:
        reports.mkdir(parents=True, exist_ok=True)
    answering = (
        partial(on_dask, address=address) if address else partial(here, workers=options["workers"])
    )
    with _PlaysBar(reports) as progress:
        found = tried_on(asked, tried, answering, options["steps"], progress.heard)
    if json_path := options["json_path"]:
        write_json(found.document(), json_path)
    if json_path != "-":
        _print(found)
    raise SystemExit(DONE)


class _PlaysBar:
    """A bar with the time that is left, on stderr; and each report into its folder."""

    def __init__(self, reports: Path | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
        self._task = self._bar.add_task("plays", total=None)
        self._reports = reports

    def __enter__(self) -> _PlaysBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def heard(self, done: Any, jobs: int) -> None:
        self._bar.update(self._task, total=jobs, advance=1)
        if self._reports is not None:
            name = f"{done.cell.setting:04}_{done.cell.day}.json"
            write_bytes(done.report_json, str(self._reports / name))


def _print(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{len(found.tried)} settings on {len(found.days)} days")
    for name in ("settings", "rounds", "orders", "filled", "trades", "staked", "fees", "result"):
        is_text = name == "settings"
        table.add_column(name, justify="left" if is_text else "right", overflow="fold")
    best = sorted(found.sums, key=lambda one: (-one.pnl_usd, one.setting))
    for one in best[:_SHOWN]:
        counts = (f"{count:,}" for count in (one.rounds, one.orders, one.filled, one.trades))
        result = f"{one.pnl_usd:+,.2f} ± {one.error_usd:,.2f}"
        money = (f"{one.staked_usd:,.2f}", f"{one.fees_usd:,.2f}", result)
        table.add_row(found.tried[one.setting].words, *counts, *money)
    console.print(table)
    if len(best) > _SHOWN:
        console.print(f"{len(best) - _SHOWN} more are in --json", highlight=False)
    if found.warning:
        console.print(found.warning, highlight=False)
    _print_steps(found, console)


def _print_steps(found: Any, console: Any) -> None:
    for one in found.choices:
        console.print(
            f"{one.chosen_on[0]} to {one.chosen_on[-1]} chose"
            f" {found.tried[one.setting].words} ({one.past_usd:+,.2f});"
            f" {one.judged_on[0]} to {one.judged_on[-1]}: {one.earned_usd:+,.2f},"
            f" all settings there {one.usual_usd:+,.2f}",
            highlight=False,
            markup=False,
        )
    if found.choices:
        earned = sum(one.earned_usd for one in found.choices)
        usual = sum(one.usual_usd for one in found.choices)
        console.print(
            f"walk forward: {earned:+,.2f} by choosing, {usual:+,.2f} by any of them",
            highlight=False,
        )
