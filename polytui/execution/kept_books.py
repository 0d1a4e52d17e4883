"""What is done about a wallet's work where nothing can be sent: no key for the relayer.

Its log is read all the same. What a command or an earlier session did is told, and what was left
under way is set aside until minutes of equal looks say that it was done. That it was not nobody can
say here: it may still come.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NoReturn

import trio
from attrs import define

from polytui.config.redeem import RedeemSettings
from polytui.execution.live_trades import Say
from polytui.execution.redeemable import Redeemable
from polytui.execution.wallet_books import WalletBooks
from polytui.execution.wallet_log import WalletLog
from polytui.execution.wallet_pauses import NO_ANSWER
from polytui.net.clock import SessionClock


@define(eq=False)
class KeptBooks:
    """In the place of a redeemer."""

    log: WalletLog
    redeemable: Redeemable
    books: WalletBooks
    settings: RedeemSettings
    clock: SessionClock
    say: Say

    def begin(self) -> None:
        self.books.begin(self.log)
        if self.log.open:
            words = "something that this wallet began is under way, and nothing here can ask for it"
            self.say("warn", "", f"{words}: its shares are not sold until it is seen to be done")

    async def run(self) -> NoReturn:
        while True:
            await self.once()
            await trio.sleep(self.clock.real_s(self.settings.look_every_ns))

    async def once(self) -> None:
        """What nobody answers is asked again next time."""
        with suppress(*NO_ANSWER):
            self.books.tell_untold()
            self.books.keep(self.log)
            for intent in tuple(self.log.open.values()):
                if await self.redeemable.was_done(intent.works):
                    self.log.end(intent, is_done=True, why="")
                    self.books.done(intent, "")
