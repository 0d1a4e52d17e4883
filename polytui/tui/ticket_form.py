"""A ticket as it is written: fields, then the order in words and a word to type, then what came of
it. Nothing is sent before that word and the Enter behind it, and never twice.

    write --Enter--> confirm --the word, Enter--> sent
      ^                 |  Esc, too long, refused meanwhile
      +-----------------+
"""

from __future__ import annotations

from enum import Enum

from attrs import define, field, frozen

from polytui.model.instrument import Outcome
from polytui.model.orders import Side, TimeInForce
from polytui.model.ticket import Ticket, TicketLook
from polytui.model.units import MICRO
from polytui.tui.ticket_text import CENT, LONGEST, is_of_number, price_of, shares_of
from polytui.tui.typed_line import is_letter

CONFIRM_WITHIN_S = 20.0
"""Real seconds after which a ticket that nobody confirms goes back to being written."""
_LONGEST_WORD = 16


class TicketStep(Enum):
    WRITE = "write"
    CONFIRM = "confirm"
    SENT = "sent"


class FormLine(Enum):
    """What is filled in, from above."""

    SIDE = "side"
    OUTCOME = "outcome"
    PRICE = "price"
    AMOUNT = "amount"
    UNIT = "counted in"
    KIND = "sent as"


class SentAs(Enum):
    """How it meets the market."""

    RESTS = "rests"
    POST_ONLY = "only rests"
    PART = "at once, part"
    ALL = "at once, all"

    @property
    def tif(self) -> TimeInForce:
        match self:
            case SentAs.RESTS | SentAs.POST_ONLY:
                return TimeInForce.GTC
            case SentAs.PART:
                return TimeInForce.FAK
            case SentAs.ALL:
                return TimeInForce.FOK


class KeyTaken(Enum):
    """What became of a key."""

    TAKEN = "taken"
    LEAVES = "leaves"
    ANOTHER = "another"
    """A ticket of its own, after one that was sent."""
    TAKES_BACK = "takes back"
    """The order by hand that was sent last is to be taken back."""


@frozen
class Confirmed:
    """A ticket whose word was typed: the one thing here that leads to an order."""

    ticket: Ticket


LINES = tuple(FormLine)
_LETTERS: dict[str, Side | Outcome] = {
    "b": Side.BUY,
    "s": Side.SELL,
    "u": Outcome.UP,
    "d": Outcome.DOWN,
}
_STEPS = {"tab": 1, "down": 1, "shift+tab": -1, "up": -1}


@define
class TicketForm:
    """State: what is filled in, and how far it has come. It is of one round for ever: where that
    closes the engine refuses it."""

    slug: str
    ticket_id: str
    is_live: bool = False
    step: TicketStep = TicketStep.WRITE
    line: FormLine = FormLine.PRICE
    side: Side = Side.BUY
    outcome: Outcome = Outcome.UP
    price: str = ""
    """Cents, as typed."""
    amount: str = ""
    is_in_dollars: bool = False
    kind: SentAs = SentAs.RESTS
    word: str = ""
    """Typed so far, of the one that confirms."""
    fault: str = ""
    _shown: Ticket | None = field(default=None, init=False)
    """What stands in words on the screen."""
    _until_s: float = field(default=0.0, init=False)

    @property
    def wanted_word(self) -> str:
        """What has to be typed; of real money it says so."""
        return f"live {self.side.value}" if self.is_live else self.side.value

    @property
    def ticket(self) -> Ticket | None:
        """What is written, where that is a ticket; what was shown in words once it was."""
        if self._shown is not None:
            return self._shown
        try:
            return self._written()
        except ValueError:
            return None

    def _written(self) -> Ticket:
        price = price_of(self.price)
        shares = shares_of(self.amount, price, is_in_dollars=self.is_in_dollars)
        is_post_only = self.kind is SentAs.POST_ONLY
        terms = (self.slug, self.outcome, self.side, price, shares, self.kind.tif, is_post_only)
        return Ticket(self.ticket_id, *terms)

    def follow(self, look: TicketLook | None, now_s: float) -> None:
        """The market goes on while somebody types the word."""
        if self.step is not TicketStep.CONFIRM:
            return
        if now_s >= self._until_s:
            self._write_again("not confirmed in time, nothing was sent")
        elif look is not None and look.refusal:
            self._write_again(f"refused meanwhile, nothing was sent: {look.refusal}")

    def _write_again(self, fault: str) -> None:
        self.step, self._shown, self.word, self.fault = TicketStep.WRITE, None, "", fault

    # --- keys -------------------------------------------------------------------------------------

    def press(
        self,
        key: str,
        character: str | None,
        look: TicketLook | None,
        now_s: float,
        best: int = 0,
    ) -> KeyTaken | Confirmed:
        """Take in a key. `look`: what the engine says of exactly this ticket, if it has. `best`:
        the price at which it would trade now, 0 for none."""
        if self.step is TicketStep.CONFIRM:
            self.follow(look, now_s)
            # A key that was meant for the word is no key of what came in its place.
            is_there = self.step is TicketStep.CONFIRM
            return self._confirm(key, character) if is_there else KeyTaken.TAKEN
        if key == "escape":
            return KeyTaken.LEAVES
        if key == "x":
            return KeyTaken.TAKES_BACK
        if key == "n" and self.step is TicketStep.SENT:
            return KeyTaken.ANOTHER
        if self.step is TicketStep.WRITE:
            self._write(key, character, look, now_s, best)
        return KeyTaken.TAKEN

    def paste(self, text: str) -> None:
        """A number alone, and only into the field of one: a clipboard confirms nothing."""
        if self.step is TicketStep.WRITE and self.line in (FormLine.PRICE, FormLine.AMOUNT):
            for character in text[:LONGEST].strip():
                if not is_of_number(character):
                    return
                self._type("", character)

    def _confirm(self, key: str, character: str | None) -> KeyTaken | Confirmed:
        if key == "escape":
            self._write_again("")
        elif key == "backspace":
            self.word = self.word[:-1]
        elif key == "enter":
            return self._send()
        elif is_letter(character):
            self.word = (self.word + (character or ""))[:_LONGEST_WORD]
        return KeyTaken.TAKEN

    def _send(self) -> KeyTaken | Confirmed:
        if self._shown is None or self.word.strip() != self.wanted_word:
            return KeyTaken.TAKEN
        self.step = TicketStep.SENT
        return Confirmed(self._shown)

    def _write(
        self, key: str, character: str | None, look: TicketLook | None, now_s: float, best: int
    ) -> None:
        if key == "enter":
            self._show(look, now_s)
        elif key in _STEPS:
            at = (LINES.index(self.line) + _STEPS[key]) % len(LINES)
            self.line, self.fault = LINES[at], ""
        elif key in ("left", "right", "space"):
            if self.line is FormLine.PRICE:
                self._step_price(key, best)
            else:
                self._turn(-1 if key == "left" else 1)
        elif (letter := _LETTERS.get(character or "")) is not None:
            self._choose(letter)
        else:
            self._type(key, character)

    def _show(self, look: TicketLook | None, now_s: float) -> None:
        """From writing to the order in words, where the engine would send it now."""
        try:
            ticket = self._written()
        except ValueError as fault:
            self.fault = str(fault)
            return
        if look is None:
            self.fault = "the engine has not said yet what would become of it"
        elif look.refusal:
            self.fault = look.refusal
        else:
            self.step, self._shown, self.word, self.fault = TicketStep.CONFIRM, ticket, "", ""
            self._until_s = now_s + CONFIRM_WITHIN_S

    def _step_price(self, key: str, best: int) -> None:
        """Space is the price at which it would trade now, an arrow a cent beside what stands."""
        try:
            price = best if key == "space" else price_of(self.price)
        except ValueError:
            price = best
        else:
            price += {"left": -CENT, "right": CENT}.get(key, 0)
        if 0 < price < MICRO:
            self.price, self.fault = f"{price / CENT:g}", ""

    def _turn(self, by: int) -> None:
        if self.line is FormLine.SIDE:
            self.side = self.side.other
        elif self.line is FormLine.OUTCOME:
            self.outcome = self.outcome.other
        elif self.line is FormLine.UNIT:
            self.is_in_dollars = not self.is_in_dollars
        elif self.line is FormLine.KIND:
            kinds = list(SentAs)
            self.kind = kinds[(kinds.index(self.kind) + by) % len(kinds)]
        self.fault = ""

    def _choose(self, letter: Side | Outcome) -> None:
        if isinstance(letter, Side):
            self.side = letter
        else:
            self.outcome = letter
        self.fault = ""

    def _type(self, key: str, character: str | None) -> None:
        if self.line not in (FormLine.PRICE, FormLine.AMOUNT):
            return
        text = self.price if self.line is FormLine.PRICE else self.amount
        if key == "backspace":
            text = text[:-1]
        elif key == "ctrl+u":
            text = ""
        elif is_of_number(character):
            text = (text + (character or ""))[:LONGEST]
        else:
            return
        self.fault = ""
        if self.line is FormLine.PRICE:
            self.price = text
        else:
            self.amount = text
