"""One way to say yes to real money, at a terminal and without one."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from polytui.cli.main import cli
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import Secret
from polytui.confirmation import Confirmation
from polytui.execution.arming import DRY_RUN, ENABLE, IS_NOT_CONFIRMED, arm_live
from polytui.model.errors import Blocked
from polytui.venues.polymarket.wallet import WalletType, wallet_of

KEY = "0x" + "5c" * 32
WALLET = wallet_of(Secret(KEY), WalletType.DEPOSIT)
ENVIRONMENT = {"POLYMARKET_PRIVATE_KEY": KEY, DRY_RUN: "false", ENABLE: "true"}
MOVE_MONEY = {"run": (), "flatten": (), "doctor": ("--livetest",)}
"""Commands, and what else is to be said."""


def arm(confirmation: Confirmation) -> str:
    sources = SecretSources(Path("/nonexistent"), ENVIRONMENT, open_keyring=lambda: (None, ""))
    return arm_live(sources, confirmation).wallet.funder


def typed(text: str, confirmation: Confirmation) -> tuple[str, str]:
    """(what was shown, the wallet that was armed or the tag that blocked) with this typed."""

    @click.command()
    def command() -> None:
        try:
            click.echo(arm(confirmation))
        except Blocked as blocked:
            click.echo(f"{blocked.tag}: {blocked}")

    ended = CliRunner().invoke(command, input=text)
    assert ended.exception is None
    return ended.stderr, ended.stdout.strip()


def test_at_a_terminal_the_wallet_is_shown_and_its_address_typed() -> None:
    lines = ("5 USD an order",)
    asked = Confirmation(what="merge 40 pairs", lines=lines, is_there=True)
    assert asked.will_ask
    shown, armed = typed(f" {WALLET.funder.lower()} \n", asked)
    assert armed == WALLET.funder
    for words in (
        f"REAL MONEY: deposit wallet {WALLET.funder}, key of {WALLET.owner}",
        "5 USD an order",
        "type its address to merge 40 pairs: ",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n", f"--i-trade-with {WALLET.funder}"),
        ("yes\n", "yes is not the wallet that trades"),
        (f"{WALLET.owner}\n", f"the money is held by {WALLET.funder}"),
    ],
)
def test_whatever_else_is_typed_is_no_yes(text: str, words: str) -> None:
    _, said = typed(text, Confirmation(is_there=True))
    assert said.startswith(IS_NOT_CONFIRMED)
    assert words in said


@pytest.mark.parametrize("is_there", [True, False])
def test_the_flag_asks_nobody(is_there: bool) -> None:
    flagged = Confirmation(WALLET.funder, is_there=is_there)
    assert not flagged.will_ask
    assert arm(flagged) == WALLET.funder
    with pytest.raises(Blocked) as caught:
        arm(Confirmation(WALLET.owner, is_there=is_there))
    assert caught.value.tag == IS_NOT_CONFIRMED


def test_where_nobody_sits_nobody_is_asked() -> None:
    alone = Confirmation(is_there=False)
    assert not alone.will_ask
    with pytest.raises(Blocked, match="nobody named the wallet"):
        arm(alone)
    with pytest.raises(Blocked, match="nobody named the wallet"):
        alone.check(WALLET.funder, "a wallet")


@pytest.mark.parametrize("command", sorted(MOVE_MONEY))
def test_every_command_that_moves_money_has_the_flag(command: str) -> None:
    (flag,) = [one for one in cli.commands[command].params if one.name == "named"]
    assert flag.opts == ["--i-trade-with"]
    assert flag.default == ""
