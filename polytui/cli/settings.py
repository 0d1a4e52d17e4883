"""Commands on settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from polytui.cli.options import config_option, load, plain_errors
from polytui.config.demo import adapted_to_demo
from polytui.config.load import canonical_json, digest_of
from polytui.config.profiles import adapted_to_live, limits_said
from polytui.config.schema import Settings
from polytui.config.secrets import KEYSTORE, Secret
from polytui.config.strategy_tables import table_of

_F = TypeVar("_F", bound=Callable[..., Any])


_ADAPTING: dict[str, Callable[[Settings, Settings], Settings]] = {
    "demo": adapted_to_demo,
    "live": adapted_to_live,
}


def mode_option(command: _F) -> _F:
    return click.option(
        "--mode", type=click.Choice(["paper", *_ADAPTING]), default="paper", show_default=True,
        help="What a session of this mode makes of them: live has limits of its own.",
    )(command)  # fmt: skip


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
    settings = load(config)
    click.echo(f"{config or 'no config.toml here, the defaults'}: good")
    from polytui.strategy.registry import own_loaded

    for one in own_loaded():
        table = table_of(settings, one.name)
        state = "may trade" if table is not None and table.is_enabled else "in shadow"
        click.echo(f"strategy {one.name} {one.digest} of {one.origin}: {state}")


@config.command()
@mode_option
@config_option
def show(mode: str, config: Path | None) -> None:
    """The settings in force, defaults included. Secrets are not settings and never here."""
    settings = _adapted(mode, load(config))
    click.echo(json.dumps(json.loads(canonical_json(settings)), indent=2))
    if mode == "live":
        click.echo(limits_said(settings), err=True)


@config.command()
@mode_option
@config_option
def digest(mode: str, config: Path | None) -> None:
    """Twelve hex digits that name these settings."""
    click.echo(digest_of(_adapted(mode, load(config))))


def _adapted(mode: str, settings: Settings) -> Settings:
    adapt = _ADAPTING.get(mode)
    return settings if adapt is None else adapt(settings, settings)


@config.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@plain_errors
def keystore(file: Path) -> None:
    """Write a private key into FILE, encrypted. It and its pass phrase are asked for, unseen."""
    from polytui.config.keystore import Keystore

    key = Secret(click.prompt("private key", hide_input=True, err=True))
    passphrase = Secret(
        click.prompt("pass phrase", hide_input=True, confirmation_prompt="once more", err=True)
    )
    address = Keystore(file).write(key, passphrase)
    click.echo(f"{file}: the key of {address}; set {KEYSTORE}={file.absolute()}")
