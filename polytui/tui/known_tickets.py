"""What the engine has said of tickets: what one would be now, and what became of those sent."""

from __future__ import annotations

from attrs import define, field

from polytui.model.link import Ack, TicketAnswer, TicketQuestion
from polytui.model.ticket import Ticket, TicketLook

ASK_EVERY_S = 0.25
"""How old what is said of the ticket on the screen may grow."""
_UNANSWERED_S = 2.0
"""After this a question is asked again."""


@define
class SentTicket:
    """A ticket, or the wish to take an order back, on its way."""

    command_id: int
    words: str
    """What was asked for."""
    ack: Ack | None = None

    @property
    def result(self) -> str:
        """How far it has come."""
        ack = self.ack
        if ack is None:
            return "sent to the engine, not answered yet"
        if ack.error:
            return f"NOT done: {ack.error}"
        numbers = " ".join(f"#{seq}" for seq in ack.seqs)
        return f"done, {numbers}, NOT on disk: {ack.unkept}" if ack.unkept else f"done, {numbers}"

    @property
    def is_refused(self) -> bool:
        return self.ack is not None and bool(self.ack.error)


@define
class KnownTickets:
    """State: the last question and its answer, and the last thing that was sent."""

    last: SentTicket | None = None
    _asked: TicketQuestion | None = None
    _asked_s: float = 0.0
    _answer: TicketAnswer | None = None
    _answered: Ticket | None = None
    """What the answer speaks of."""
    _waiting: dict[int, SentTicket] = field(factory=dict)
    _questions: int = 0

    def question(self, asset: str, ticket: Ticket, now_s: float) -> TicketQuestion | None:
        """What is to be asked now; None while the last answer is young, or is waited for."""
        is_same = self._asked is not None and self._asked.ticket == ticket
        is_waiting = self._asked is not None and self._answered != self._asked.ticket
        patience = _UNANSWERED_S if is_waiting else ASK_EVERY_S
        if is_same and now_s - self._asked_s < patience:
            return None
        self._questions += 1
        self._asked, self._asked_s = TicketQuestion(self._questions, asset, ticket), now_s
        return self._asked

    def hear(self, answer: TicketAnswer) -> None:
        """Of an earlier ticket than the last one that was asked for nobody wants to know."""
        if self._asked is not None and answer.question_id == self._asked.question_id:
            self._answer, self._answered = answer, self._asked.ticket

    def look(self, ticket: Ticket | None) -> TicketLook | None:
        """What is known of exactly this ticket."""
        if ticket is None or self._answer is None or self._answered != ticket:
            return None
        return self._answer.look

    def error(self, ticket: Ticket | None) -> str:
        """Why nothing is known of it."""
        is_of_it = ticket is not None and self._answered == ticket
        return self._answer.error if self._answer is not None and is_of_it else ""

    def sent(self, command_id: int, words: str) -> None:
        self.last = self._waiting[command_id] = SentTicket(command_id, words)

    def unsent(self, words: str, why: str) -> None:
        """Nobody was there to take it."""
        self.last = SentTicket(0, words, Ack(0, (), why))

    def acked(self, ack: Ack) -> SentTicket | None:
        """What the answer is of; None where it is of no ticket."""
        found = self._waiting.pop(ack.command_id, None)
        if found is not None:
            found.ack = ack
        return found
