"""What each action does on the board: the other half of the table in `tui/actions.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from polytui.model.events import Action
from polytui.model.playing import PlayMove
from polytui.tui.screens.moment_door import MomentDoor
from polytui.tui.screens.pages import PAGES
from polytui.tui.screens.ticket_door import open_ticket

if TYPE_CHECKING:
    from polytui.tui.screens.board import Board

Handlers = Mapping[str, Callable[[], object]]
"""By action id. What belongs to one page is in that page's `perform`."""


def handlers_of(board: Board) -> Handlers:
    """Everything that can be asked of the board."""
    return {**_looks(board), **_wishes(board), **_moves(board)}


def _looks(board: Board) -> Handlers:
    """What is looked at: nothing of it reaches the engine but questions."""
    return {
        **{f"asset.{number}": partial(board.choose, number) for number in (1, 2, 3, 4)},
        **{area.value: partial(board.turn, area) for area in PAGES},
        "asset.next": partial(board.choose_next, 1),
        "asset.previous": partial(board.choose_next, -1),
        "card.next": partial(board.choose_next, 1),
        "card.previous": partial(board.choose_next, -1),
        "zoom": board.zoom,
        "back": board.back,
        "round.next": partial(board.walk, 1),
        "round.previous": partial(board.walk, -1),
        "past.older": partial(board.go_back, 1),
        "past.newer": partial(board.go_back, -1),
        "consensus": board.consensus,
        "chart": board.reshape,
        "log.size": board.size_log,
        "layout": partial(board.ask_app, "layout"),
        "first_steps": partial(board.ask_app, "first_steps"),
        "theme": partial(board.ask_app, "themes"),
        "maximise": board.maximise,
        "settings.file": partial(board.ask_app, "edit_settings"),
        "log.pager": partial(board.ask_app, "page_log"),
        "palette": partial(board.ask_app, "palette"),
        "jump": partial(board.ask_app, "jump"),
        "moment": MomentDoor(board).open,
        "picture": partial(board.ask_app, "picture"),
        "suspend": partial(board.ask_app, "suspend"),
        "help": partial(board.ask_app, "help"),
        "leave": partial(board.ask_app, "offer_to_leave"),
        "leave_anywhere": partial(board.ask_app, "leave"),
    }


def _moves(board: Board) -> Handlers:
    """What is asked of a recording's player."""
    return {
        "play.pause": partial(board.playing.move, PlayMove.PAUSE),
        "play.step": partial(board.playing.move, PlayMove.STEP),
        "play.step_back": partial(board.playing.move, PlayMove.STEP, -1),
        "play.faster": partial(board.playing.move, PlayMove.PACE),
        "play.slower": partial(board.playing.move, PlayMove.PACE, -1),
        "play.trade": partial(board.playing.move, PlayMove.TRADE),
        "play.trade_before": partial(board.playing.move, PlayMove.TRADE, -1),
        "play.minute_back": partial(board.playing.go, "-1m"),
        "play.minute": partial(board.playing.go, "+1m"),
        "play.home": partial(board.playing.move, PlayMove.HOME),
        "play.end": partial(board.playing.move, PlayMove.END),
        "play.go": board.playing.ask_moment,
    }


def _wishes(board: Board) -> Handlers:
    """What is asked of the engine: dangers only arm at first."""
    wishes = board.wishes
    return {
        "ticket": partial(open_ticket, board),
        "pause": lambda: wishes.pause(board.asset),
        "pause_all": wishes.pause_all,
        "speed.slower": partial(wishes.pace, 0.5),
        "speed.faster": partial(wishes.pace, 2.0),
        "kill": partial(wishes.endanger, Action.KILL, ""),
        "rearm": partial(wishes.endanger, Action.REARM, ""),
        "flatten": lambda: wishes.endanger(Action.FLATTEN, board.asset),
    }
