"""The ticket over the board: a person's own order for the round on the screen, in two steps."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from textual.app import ComposeResult
from textual.events import Key, Paste

from polytui.model.orders import Side
from polytui.model.snapshot import OrderView, RoundView
from polytui.model.ticket import Ticket
from polytui.tui.panels.account import live_name
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.ticket import TicketSight, bid_and_ask, ticket_lines
from polytui.tui.screens.dialog import Dialog
from polytui.tui.styles import Line
from polytui.tui.theme import Palette
from polytui.tui.ticket_form import Confirmed, KeyTaken, TicketForm
from polytui.tui.ticket_post import TicketPost

IS_ENABLED = "ticket.is_enabled"
_BEFORE_CLOSE = "ticket.before_close_s"
_MOST_AGE_S = 2.0
"""Real seconds since the asset was seen last: on an older picture nothing is sent."""
_EVERY_S = 0.25


class TicketScreen(Dialog[None]):
    """State: the form. Every key is its own, but those that work everywhere."""

    def __init__(
        self,
        post: TicketPost,
        palette: Palette,
        clock: Callable[[], float],
        asset: str,
        slug: str,
    ) -> None:
        super().__init__()
        self._state, self._palette, self._clock, self._post = post.state, palette, clock, post
        self._asset = asset
        self.form = self._new_form(slug)

    def _new_form(self, slug: str) -> TicketForm:
        """Its number is nobody else's: the engine takes each once."""
        self._state.tickets.last = None
        return TicketForm(slug, secrets.token_hex(6), bool(live_name(self._state.account)))

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint, id="ticket")

    def on_mount(self) -> None:
        self.set_interval(_EVERY_S, self.tick)

    def tick(self) -> None:
        """The market goes on, and so does what would become of the ticket."""
        self._ask()
        self.form.follow(self._state.tickets.look(self.form.ticket), self._clock())
        self.query_one(Canvas).repaint()

    def _ask(self) -> None:
        ticket = self.form.ticket
        if ticket is not None:
            question = self._state.tickets.question(self._asset, ticket, self._clock())
            if question is not None:
                self._post.ask(question)

    # --- keys -------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        look = self._state.tickets.look(self.form.ticket)
        bid, ask = bid_and_ask(self._shown(), self.form.outcome)
        best = ask if self.form.side is Side.BUY else bid
        pressed = self.form.press(event.key, event.character, look, self._clock(), best)
        if isinstance(pressed, Confirmed):
            self._send(pressed.ticket)
        elif pressed is KeyTaken.LEAVES:
            self.dismiss(None)
            return
        elif pressed is KeyTaken.TAKES_BACK:
            self._take_back()
        elif pressed is KeyTaken.ANOTHER:
            self.form = self._new_form(self.form.slug)
        self.tick()

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self.form.paste(event.text)
        self.tick()

    def _send(self, ticket: Ticket) -> None:
        """Once. On a picture that stands still nothing is sent: who knows what it hides."""
        seen_s = self._state.assets_s.get(self._asset)
        view = self._state.assets.get(self._asset)
        age_s = _MOST_AGE_S if seen_s is None else self._clock() - seen_s
        if view is None or age_s >= _MOST_AGE_S:
            self._state.tickets.unsent("the ticket", f"what you see is {age_s:.0f} s old")
            return
        self._post.send(self._asset, ticket, view.at_ns)

    def _take_back(self) -> None:
        mine = [one for one in self._orders() if one.state != "cancelling"]
        if mine:
            self._post.take_back(self._asset, mine[-1].order_id)

    # --- drawing ----------------------------------------------------------------------------------

    def _orders(self) -> list[OrderView]:
        shown = self._shown()
        return [] if shown is None else [one for one in shown.orders if one.is_by_hand]

    def _shown(self) -> RoundView | None:
        view = self._state.assets.get(self._asset)
        rounds = () if view is None else view.rounds
        return next((one for one in rounds if one.slug == self.form.slug), None)

    def _paint(self, width: int, height: int) -> list[Line]:
        state, ticket = self._state, self.form.ticket
        account = live_name(state.account) or state.mode.upper()
        before_close = f"{float(state.settings.value(_BEFORE_CLOSE) or 0):g} s"
        sight = TicketSight(
            self.form,
            self._shown(),
            state.tickets.look(ticket),
            state.tickets.error(ticket),
            state.tickets.last,
            account,
            before_close,
        )
        return ticket_lines(sight, self._palette, width, height)
