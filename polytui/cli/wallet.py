"""Commands of a wallet's own money: looked at, allowed, wrapped, made into sets, brought home."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from polytui.cli.account import access_of, days_option, json_option, venue_option
from polytui.cli.options import config_option, plain_errors, wallet_option

_F = TypeVar("_F", bound=Callable[..., Any])
_WAIT_S = 120.0
_MICRO = 1_000_000


class _Amount(click.ParamType[int]):
    """A plain decimal of at most six places, above zero; millionths."""

    name = "amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            micro = Decimal(value) * _MICRO
        except InvalidOperation:
            self.fail(f"{value!r} is no amount, like 12.5", param, ctx)
        if not micro.is_finite() or micro <= 0 or micro != micro.to_integral_value():
            self.fail(f"{value!r} is no amount above zero of at most six decimals", param, ctx)
        return int(micro)


AMOUNT = _Amount()


def _moving(command: _F) -> _F:
    """Options of whatever moves money."""
    for option in (
        plain_errors,
        config_option,
        json_option,
        venue_option,
        click.option(
            "--wait", "wait_s", type=click.FloatRange(1, 3_600), default=_WAIT_S,
            show_default=True, help="Seconds that a batch is followed for.",
        ),
        wallet_option,
        click.option("--dry-run", "is_dry", is_flag=True, help="Show the calls, and send nothing."),
    ):  # fmt: skip
        command = option(command)
    return command


def _how(named: str, is_dry: bool, json_path: str | None, wait_s: float) -> Any:
    from polytui.tools.wallet_commands import HowToDoIt

    return HowToDoIt(named, is_dry, json_path, wait_s)


@click.command()
@days_option
@venue_option
@json_option
@config_option
@plain_errors
def wallet(days: float, venue: Path | None, json_path: str | None, config: Path | None) -> None:
    """Which kind of wallet this is, what is in it, what may move it, and what is missing."""
    from polytui.tools import wallet_commands as tool

    sys.exit(tool.wallet(access_of(config, venue), days, json_path))


@click.command()
@click.option(
    "--protocol", "protocols", multiple=True, type=click.Choice(["v1", "v2"]),
    help="Only of rounds of that protocol; of both where it is not given.",
)  # fmt: skip
@_moving
def approve(
    protocols: tuple[str, ...],
    named: str,
    is_dry: bool,
    json_path: str | None,
    wait_s: float,
    venue: Path | None,
    config: Path | None,
) -> None:
    """Let the venue's contracts move what orders and redemptions need; only what is missing."""
    from polytui.tools import wallet_commands as tool

    how = _how(named, is_dry, json_path, wait_s)
    sys.exit(tool.approve(access_of(config, venue), protocols or ("v1", "v2"), how))


@click.command()
@click.argument("amount", type=AMOUNT, required=False)
@_moving
def wrap(
    amount: int | None,
    named: str,
    is_dry: bool,
    json_path: str | None,
    wait_s: float,
    venue: Path | None,
    config: Path | None,
) -> None:
    """Wrap AMOUNT dollars of USDC.e (all of it, without) into pUSD, which the venue counts."""
    from polytui.tools import wallet_commands as tool

    how = _how(named, is_dry, json_path, wait_s)
    sys.exit(tool.wrap(access_of(config, venue), amount, how))


@click.command()
@click.argument("round_name", metavar="ROUND")
@click.argument("amount", type=AMOUNT)
@_moving
def split(
    round_name: str,
    amount: int,
    named: str,
    is_dry: bool,
    json_path: str | None,
    wait_s: float,
    venue: Path | None,
    config: Path | None,
) -> None:
    """Make AMOUNT dollars into as many shares of both sides of ROUND."""
    from polytui.tools import wallet_commands as tool

    how = _how(named, is_dry, json_path, wait_s)
    sys.exit(tool.split(access_of(config, venue), round_name, amount, how))


@click.command()
@click.argument("round_name", metavar="ROUND", required=False)
@click.option("--shares", type=AMOUNT, help="At most so many pairs of each round.")
@days_option
@_moving
def merge(
    round_name: str | None,
    shares: int | None,
    days: float,
    named: str,
    is_dry: bool,
    json_path: str | None,
    wait_s: float,
    venue: Path | None,
    config: Path | None,
) -> None:
    """Make pairs of shares, of ROUND or of all rounds without a result, into dollars."""
    from polytui.tools import wallet_commands as tool

    how = _how(named, is_dry, json_path, wait_s)
    sys.exit(tool.merge(access_of(config, venue), round_name, shares, days, how))


@click.command()
@click.argument("round_name", metavar="ROUND", required=False)
@days_option
@_moving
def redeem(
    round_name: str | None,
    days: float,
    named: str,
    is_dry: bool,
    json_path: str | None,
    wait_s: float,
    venue: Path | None,
    config: Path | None,
) -> None:
    """Bring home what the shares of ROUND, or of all rounds with a result, are paid."""
    from polytui.tools import wallet_commands as tool

    how = _how(named, is_dry, json_path, wait_s)
    sys.exit(tool.redeem(access_of(config, venue), round_name, days, how))
