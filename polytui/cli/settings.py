"""Commands on settings."""

from __future__ import annotations

import json
from pathlib import Path

import click

from polytui.cli.options import config_option, load
from polytui.config.load import canonical_json, digest_of


@click.group()
def config() -> None:
    """Begin, check, show and name the settings."""


@config.command()
def init() -> None:
    """Write a commented config.toml and .env.example here; what is there already stays."""
    from polytui.config.starters import write_starters

    for path, is_new in write_starters(Path()):
        click.echo(f"{path}: written" if is_new else f"{path}: is here already, left as it is")


@config.command()
@config_option
def check(config: Path | None) -> None:
    """Every fault of the file at once; exit code 2 if there is one."""
    load(config)
    click.echo(f"{config or 'no config.toml here, the defaults'}: good")


@config.command()
@config_option
def show(config: Path | None) -> None:
    """The settings in force, defaults included. Secrets are not settings and never here."""
    click.echo(json.dumps(json.loads(canonical_json(load(config))), indent=2))


@config.command()
@config_option
def digest(config: Path | None) -> None:
    """Twelve hex digits that name these settings."""
    click.echo(digest_of(load(config)))
