"""Everything that works at the venue is cancelled, and looked for afterwards: no engine is needed.

First in one word, which reaches what this API key has placed. What still works then is named one by
one, which reaches the orders of the account's other keys as well. An order that is held for a match
cannot be cancelled for a moment, so it is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import trio
from attrs import define, field, frozen

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.clob_answers import CancelAnswer
from polytui.venues.polymarket.user_channel import UserOrder

_AGAIN_S = 0.3
WITHIN_S = 10.0


@frozen
class Swept:
    """What became of the orders that worked."""

    cancelled: tuple[str, ...]
    """Ids as the venue names orders."""
    left: tuple[UserOrder, ...]
    """That still worked at the last look."""
    why: Mapping[str, str]
    """Of those: what the venue said."""
    unread: int = 0
    """Rows of the venue's list that could not be read: nobody knows of these."""
    fault: str = ""
    """Why the last look may be old; empty where it is not."""

    @property
    def is_clean(self) -> bool:
        return not (self.left or self.unread or self.fault)


async def sweep(account: ClobAccount, within_s: float = WITHIN_S) -> Swept:
    """Rejected where the venue does not let us look at all."""
    sweeping = _Sweeping(account)
    with trio.move_on_after(within_s):
        await sweeping.run()
    return sweeping.told()


@define
class _Sweeping:
    """State: what was cancelled, what still worked at the last look, and how well that went."""

    account: ClobAccount
    cancelled: dict[str, None] = field(factory=dict)
    why: dict[str, str] = field(factory=dict)
    left: list[UserOrder] | None = None
    unread: int = 0
    fault: str = "the venue did not answer in time"

    async def run(self) -> None:
        with suppress(Retry, Rejected, Unknown):  # what came of it is seen by looking
            self._note(await self.account.cancel_all())
        while True:
            await self._look()
            if self.left == []:
                return
            if self.left:
                await self._cancel(self.left)
            await trio.sleep(_AGAIN_S)

    async def _look(self) -> None:
        before = self.account.unread
        try:
            self.left = await self.account.open_orders()
        except (Retry, Unknown) as error:
            self.fault = str(error)
        else:
            self.unread, self.fault = self.account.unread - before, ""

    async def _cancel(self, orders: list[UserOrder]) -> None:
        try:
            self._note(await self.account.cancel([one.order_id for one in orders]))
        except (Retry, Rejected, Unknown) as error:
            self.why |= {one.order_id.lower(): str(error) for one in orders}

    def _note(self, answer: CancelAnswer) -> None:
        self.cancelled |= dict.fromkeys(answer.cancelled)
        self.why |= answer.refused

    def told(self) -> Swept:
        left = tuple(self.left or ())
        working = {one.order_id.lower() for one in left}
        return Swept(
            tuple(one for one in self.cancelled if one not in working),
            left,
            {one: words for one, words in self.why.items() if one in working},
            self.unread,
            self.fault,
        )
