"""Commands for strategies that are not ours."""

from __future__ import annotations

from pathlib import Path

import click

from polytui.cli.options import plain_errors
from polytui.config.called import called


@click.command("new-strategy")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("strategies"),
    show_default=True,
    help="Where the two files go; it is made.",
)
@plain_errors
def new_strategy(name: str, folder: Path) -> None:
    """Write a small strategy of your own that works, and its test."""
    from polytui.own.starter import write_starter

    strategy, test = write_starter(name, folder)
    click.echo(f"{strategy} is a strategy, {test} its test")
    click.echo("name it in config.toml, where it is in shadow until you say is_enabled = true:")
    click.echo(f'  [strategies]\n  paths = ["{folder.as_posix()}"]\n  [own.{name}]')
    click.echo(f"then: {called('config check')}; {called('demo')}; docs/your-strategy.md")
