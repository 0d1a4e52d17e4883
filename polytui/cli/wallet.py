"""Commands of a wallet's own money: looked at, allowed, wrapped, made into sets, brought home."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from polytui.cli.account import access_of, days_option, json_option, venue_option
from polytui.cli.options import config_option, plain_errors, wallet_option
from polytui.model.units import parse_micro

_F = TypeVar("_F", bound=Callable[..., Any])
_WAIT_S = 120.0


class _Amount(click.ParamType[int]):
    """A plain decimal of at most six places, above zero; millionths."""

    name = "amount"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            micro = parse_micro(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not micro:
            self.fail("nothing is no amount", param, ctx)
        return micro


AMOUNT = _Amount()


def _moving(command: Callable[..., int]) -> Callable[..., None]:
    """What moves money: `command` is given the account, how it is to be done, and what is its own.
    Its answer is the exit code."""

    @wraps(command)
    def moving(
        config: Path | None,
        venue: Path | None,
        named: str,
        is_dry: bool,
        json_path: str | None,
        wait_s: float,
        **asked: Any,
    ) -> None:
        from polytui.tools.wallet_commands import HowToDoIt

        how = HowToDoIt(named, is_dry, json_path, wait_s)
        sys.exit(command(access_of(config, venue), how, **asked))

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
        moving = option(moving)
    return moving


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
def approve(access: Any, how: Any, protocols: tuple[str, ...]) -> int:
    """Let the venue's contracts move what orders and redemptions need; only what is missing."""
    from polytui.tools import wallet_commands as tool

    return tool.approve(access, protocols or ("v1", "v2"), how)


@click.command()
@click.argument("amount", type=AMOUNT, required=False)
@_moving
def wrap(access: Any, how: Any, amount: int | None) -> int:
    """Wrap AMOUNT dollars of USDC.e (all of it, without) into pUSD, which the venue counts."""
    from polytui.tools import wallet_commands as tool

    return tool.wrap(access, amount, how)


@click.command()
@click.argument("round_name", metavar="ROUND")
@click.argument("amount", type=AMOUNT)
@_moving
def split(access: Any, how: Any, round_name: str, amount: int) -> int:
    """Make AMOUNT dollars into as many shares of both sides of ROUND."""
    from polytui.tools import wallet_commands as tool

    return tool.split(access, round_name, amount, how)


@click.command()
@click.argument("round_name", metavar="[ROUND]", required=False)
@click.option("--shares", type=AMOUNT, help="At most so many pairs of each round.")
@days_option
@_moving
def merge(access: Any, how: Any, round_name: str | None, shares: int | None, days: float) -> int:
    """Make pairs of shares, of ROUND or of all rounds without a result, into dollars."""
    from polytui.tools import wallet_commands as tool

    return tool.merge(access, round_name, shares, days, how)


@click.command()
@click.argument("round_name", metavar="[ROUND]", required=False)
@days_option
@_moving
def redeem(access: Any, how: Any, round_name: str | None, days: float) -> int:
    """Bring home what the shares of ROUND, or of all rounds with a result, are paid."""
    from polytui.tools import wallet_commands as tool

    return tool.redeem(access, round_name, days, how)
