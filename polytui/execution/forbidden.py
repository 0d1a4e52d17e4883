"""What happens when the venue says that we may not trade: once, whatever request was told so."""

from __future__ import annotations

from collections.abc import Callable

import trio
from attrs import define, field

from polytui.execution.live_trades import Say
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.net.http import Http
from polytui.venues.polymarket.geoblock import place_of
from polytui.venues.polymarket.plain_refusals import in_plain_words


@define(eq=False)
class Forbidden:
    """By law, or by the venue's rules for us: nobody looks for a way around it. State: whether it
    was said."""

    kill: Callable[[str], None]
    say: Say
    website: Http
    """Who knows where we are."""
    _is_admitted: bool = False
    _told: trio.Event = field(factory=trio.Event)

    def begin(self) -> None:
        """From here on something trades that would have to be stopped. Before, at the door, nothing
        begins, and the next start asks anew."""
        self._is_admitted = True

    def hear(self, why: object) -> None:
        """The session ends with the first; a geoblock is told apart from what is about us."""
        if self._is_admitted and not self._told.is_set():
            self._told.set()
            self.kill(f"the venue does not let us trade: {in_plain_words(str(why))}")

    async def run(self) -> None:
        """Ends with the answer to where we are."""
        await self._told.wait()
        try:
            place = await place_of(self.website)
        except (Retry, Rejected, Unknown) as error:
            words = f"its website does not say whether it is the place ({error})"
        else:
            if place.is_blocked:
                words = f"it is the place: trading is not allowed from {place}"
            else:
                words = f"it is not the place ({place} is allowed): ask the venue about this wallet"
        self.say("error", "", f"the venue does not let us trade: {words}")
