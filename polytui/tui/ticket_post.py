"""Tickets on their way to the engine: questions, orders, and orders that are taken back."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from polytui.model.link import FromFace, TicketBack, TicketOrder, TicketQuestion
from polytui.model.ticket import Ticket
from polytui.tui.panels import figures
from polytui.tui.state import TerminalState


@frozen
class TicketPost:
    """Stateless: what was sent, and what came of it, is in the terminal's state."""

    state: TerminalState
    post: Callable[[FromFace], bool]
    """False when nobody is there to hear it."""
    number: Callable[[], int]
    """Of the next thing that is asked for."""

    def ask(self, question: TicketQuestion) -> None:
        self.post(question)

    def send(self, asset: str, ticket: Ticket, seen_ns: int) -> None:
        """Once. `seen_ns`: session time of the view that it was confirmed on."""
        number, words = self.number(), words_of(ticket)
        self._sent(TicketOrder(number, asset, ticket, seen_ns), number, words)

    def take_back(self, asset: str, order_id: str) -> None:
        number = self.number()
        self._sent(TicketBack(number, asset, order_id), number, "take it back")

    def _sent(self, message: FromFace, number: int, words: str) -> None:
        if self.post(message):
            self.state.tickets.sent(number, words)
        else:
            self.state.tickets.unsent(words, "no engine")
            self.state.log("error", "", f"{words} was NOT sent: no engine")


def words_of(ticket: Ticket) -> str:
    """ "buy 10.00 Up at 52 c"."""
    what = f"{figures.shares(ticket.shares)} {ticket.outcome.value.capitalize()}"
    return f"{ticket.side.value} {what} at {ticket.price / 10_000:g} c"
