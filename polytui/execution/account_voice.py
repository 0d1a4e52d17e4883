"""What an account says of itself: its health to every desk, its money to one that lives.

A desk hears through its client, from the moment its life listens. Health is a state: whoever begins
to listen is told how it stands. Money and comparisons are told once, to the first asset that
listens, and wait here while none does: no opening, crash or halt of a desk loses them.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from polytui.execution.client import AccountNews, Deliver, ToldOnce
from polytui.execution.venue_client import VenueClient
from polytui.model.events import FeedDown, FeedUp, Reconciled
from polytui.model.instrument import Asset


@define(eq=False)
class AccountVoice:
    """State: how the account is, and what of its money no desk has heard."""

    clients: Mapping[Asset, VenueClient]
    health: dict[str, FeedUp | FeedDown] = field(factory=dict)
    untold: list[ToldOnce] = field(factory=list)

    def tell(self, news: AccountNews) -> None:
        """To whom it concerns and who listens now; the rest is for whoever begins to."""
        listening = [one for one in self.clients.values() if one.is_listening]
        if isinstance(news, FeedUp | FeedDown):
            self.health[news.feed] = news
            for client in listening:
                client.tell(news)
        elif listening:
            listening[0].tell(news)
        else:
            self._keep(news)

    def greet(self, deliver: Deliver) -> None:
        """A desk begins to listen."""
        untold, self.untold = self.untold, []
        for news in (*self.health.values(), *untold):
            deliver(news)

    def _keep(self, news: ToldOnce) -> None:
        """Of comparisons that found nothing and ended nothing the last one is enough: there is one
        a minute for as long as nobody lives."""
        if self.untold and _is_quiet(self.untold[-1]):
            del self.untold[-1]
        self.untold.append(news)


def _is_quiet(news: ToldOnce) -> bool:
    return isinstance(news, Reconciled) and not news.differences and not news.slugs
