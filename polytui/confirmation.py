"""Whether somebody says yes to real money: by naming the wallet, and in no other way.

    polytui merge --i-trade-with 0x...      the flag says it, for where nobody sits
    at a terminal                           the wallet is shown, and its address is typed
    neither, or another address             REAL_TRADING_BLOCKED_NOT_CONFIRMED, exit code 3

One way for every command that moves money: a session that begins, an engine that is told to sell,
an order of a test, an operation of the wallet. `yes` is typed without reading; an address is not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from attrs import field, frozen

from polytui.execution.arming import check_confirmed
from polytui.venues.polymarket.wallet import Wallet


def is_somebody_there() -> bool:
    """Whether a question would be read, and an answer could be typed. stdout may be a document."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@frozen
class Confirmation:
    """Who is asked, and for what. It is a `Confirm` of `arm_live`."""

    named: str = ""
    """As the command line has it."""
    what: str = "trade with it"
    """What is going to be done, after "type its address to"."""
    lines: Sequence[str] = ()
    """What they should know before."""
    is_there: bool = field(factory=is_somebody_there)

    @property
    def will_ask(self) -> bool:
        """Somebody sits there, and has not said it yet."""
        return self.is_there and not self.named

    def __call__(self, wallet: Wallet) -> str:
        """The address that they name; empty where nobody does."""
        return self.asked(f"{wallet.kind.label} wallet {wallet.funder}, key of {wallet.owner}")

    def asked(self, wallet: str) -> str:
        """The same of a wallet in words."""
        if not self.will_ask:
            return self.named
        for line in (f"REAL MONEY: {wallet}", *self.lines):
            click.echo(line, err=True)
        typed: str = click.prompt(
            f"type its address to {self.what}", default="", show_default=False, err=True
        )
        return typed

    def asked_again(self, lines: Sequence[str], word: str) -> bool:
        """A second question, to whoever was asked the first one: whether they typed the word. Who
        said it all by a flag is told, and not asked."""
        for line in lines:
            click.echo(line, err=True)
        if not self.will_ask:
            return True
        typed: str = click.prompt(
            f"type {word} to {self.what} all the same", default="", show_default=False, err=True
        )
        return typed.strip().lower() == word.lower()

    def check(self, funder: str, words: str) -> None:
        """Of a wallet of which nobody here has the key. Blocked unless it is named."""
        check_confirmed(self.asked(words), funder)
