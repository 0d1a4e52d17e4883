"""How an order by hand is begun: for the round on the screen, where that is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import ModalScreen

from polytui.tui.screens.ticket import IS_ENABLED, TicketScreen

if TYPE_CHECKING:
    from polytui.tui.screens.board import Board


def open_ticket(board: Board) -> None:
    """One at a time, however it is asked for."""
    if isinstance(board.app.screen, ModalScreen):
        return
    asset, slug = board.round_on_screen()
    if board.state.settings.value(IS_ENABLED) != "true":
        board.state.log("warn", "", f"tickets are off: switch {IS_ENABLED} on in settings")
    elif board.post is not None and slug:
        ticket = TicketScreen(board.post, board.palette, board.clock, asset, slug)
        board.app.push_screen(ticket)
