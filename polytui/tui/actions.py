"""Every action of the terminal, once. Keys, footer, help, palette and clicks are made from this
table, and what `[keys]` in config.toml may name.

A new action is a row here and a handler: in `screens/handlers.py`, or in `perform` of the page that
it belongs to. A new page is a member of Area, a row here with the member's value as its id, and a
class in `screens/pages.py`.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen


class Area(Enum):
    """Where a person is; several at once: a page of its own name is a page too. The value of such a
    page is the id of the action that opens it."""

    ALWAYS = "always"
    ENGINE = "engine"
    """An engine is asked, and not a recording watched."""
    RECORDING = "recording"
    """The other way round: what is seen was recorded, and nothing can be commanded in it."""
    BOARD = "board"
    ZOOM = "zoom"
    PAGE = "page"
    """Any of those below."""
    STRATEGIES = "page.strategies"
    RISK = "page.risk"
    SETTINGS = "page.settings"
    TRADES = "page.trades"
    BLOTTER = "page.blotter"
    EQUITY = "page.equity"
    ROUNDS = "page.rounds"
    LOG = "page.log"
    WHAT_IF = "page.what_if"

    @property
    def is_named_page(self) -> bool:
        return self.value.startswith("page.")


@frozen
class TerminalAction:
    """Something a person can ask of the terminal."""

    id: str
    keys: tuple[str, ...]
    """As Textual calls them; the first is the one that is shown."""
    word: str
    """In the footer; neighbours with one word are one item there. Empty: not in the footer."""
    title: str
    """In help and palette: what it does."""
    areas: tuple[Area, ...] = (Area.ALWAYS,)
    except_at: tuple[Area, ...] = ()
    group: str = ""
    """What it does together with its neighbours of the same word; help has one line for them."""
    is_dangerous: bool = False
    """The first press only arms. Its keys are no lower-case letters, digits or Enter."""
    is_everywhere: bool = False
    """In dialogs and text fields as well, so its keys cannot be typed there."""

    def applies(self, here: frozenset[Area]) -> bool:
        return not here.isdisjoint(self.areas) and here.isdisjoint(self.except_at)

    def comes_first(self, here: frozenset[Area]) -> bool:
        """Whether it is the business of this place, before what can be done anywhere."""
        return any(one in here for one in self.areas if one not in _ANYWHERE)


_ANYWHERE = (Area.ALWAYS, Area.ENGINE, Area.BOARD)
_ZOOM, _PAGE, _ENGINE = (Area.ZOOM,), (Area.PAGE,), (Area.ENGINE,)
_RECORDING = (Area.RECORDING,)
_NO_TEXT_NEAR = (Area.SETTINGS, Area.BLOTTER, Area.LOG)
"""Where no letter may do anything to orders: one types there, or is about to."""
_A = TerminalAction
_ASSETS = tuple(
    _A(f"asset.{number}", (str(number),), "asset", f"asset {number}", group="choose an asset")
    for number in (1, 2, 3, 4)
)

ACTIONS: tuple[TerminalAction, ...] = (
    # What belongs to a place, and stands first in its footer.
    _A("back", ("escape",), "back", "back, from a past round, a page, the zoom", _ZOOM + _PAGE),
    _A("move.down", ("j", "down"), "scroll", "a line down", _PAGE,
       group="scroll a page; choose a setting"),
    _A("move.up", ("k", "up"), "scroll", "a line up", _PAGE),
    _A("move.page_down", ("pagedown",), "", "ten lines down", _PAGE),
    _A("move.page_up", ("pageup",), "", "ten lines up", _PAGE),
    _A("move.first", ("home",), "", "to the first line", _PAGE),
    _A("move.last", ("end",), "", "to the last line", _PAGE),
    _A("settings.edit", ("enter",), "edit", "change this setting, in two steps", (Area.SETTINGS,)),
    _A("settings.filter", ("slash",), "filter", "find settings by words", (Area.SETTINGS,)),
    _A("settings.file", ("E",), "file", "the settings' file in your editor", (Area.SETTINGS,)),
    _A("row.open", ("enter",), "chart", "the round's chart, at the trade's moment",
       (Area.BLOTTER, Area.ROUNDS)),
    _A("row.find", ("slash",), "find", "trades by words (btc up >0), lines of a log",
       (Area.BLOTTER, Area.LOG)),
    _A("blotter.sort_before", ("less_than_sign",), "sort", "sort by the column before",
       (Area.BLOTTER,), group="sort by the column before, by the next"),
    _A("blotter.sort_next", ("greater_than_sign",), "sort", "sort by the next column",
       (Area.BLOTTER,)),
    _A("blotter.reverse", ("v",), "reverse", "the other way round", (Area.BLOTTER,)),
    _A("scope", ("c",), "session, day, all", "of this session, the day, the whole database",
       (Area.BLOTTER, Area.EQUITY)),
    _A("blotter.export", ("x",), "CSV", "write what was found as CSV", (Area.BLOTTER,)),
    _A("log.found_before", ("n",), "found", "the line before that has it", (Area.LOG,),
       group="the line before that has it, the next"),
    _A("log.found_after", ("N",), "found", "the next line that has it", (Area.LOG,)),
    _A("log.level", ("v",), "level", "all lines, warnings and errors, errors", (Area.LOG,)),
    _A("by.asset", ("a",), "asset", "of all, then of one asset after the other",
       (Area.LOG, Area.ROUNDS)),
    _A("rounds.interval", ("v",), "interval", "of all, then of one interval after the other",
       (Area.ROUNDS,)),
    _A("log.follow", ("f",), "follow", "to the newest line, and follow", (Area.LOG,)),
    _A("log.pager", ("E",), "pager", "the log's lines in your pager", (Area.LOG,)),
    _A("what_if.ask", ("enter",), "ask", "ask for another setting", (Area.WHAT_IF,)),
    _A("past.older", ("left_square_bracket",), "past rounds", "the round before", _ZOOM,
       group="rounds that are over, and forth again"),
    _A("past.newer", ("right_square_bracket",), "past rounds", "the round after", _ZOOM),
    _A("round.next", ("j", "down"), "round", "the next round that is followed", _ZOOM,
       group="another round that is followed"),
    _A("round.previous", ("k", "up"), "round", "the previous round that is followed", _ZOOM),
    # What is asked of a recording's player.
    _A("play.pause", ("space",), "play", "stand still, or play on", _RECORDING),
    _A("play.step_back", ("left",), "decision", "to the decision before", _RECORDING,
       group="to the decision before, to the next"),
    _A("play.step", ("right",), "decision", "to the next decision", _RECORDING),
    _A("play.minute_back", ("pageup",), "minute", "a minute back", _RECORDING, _PAGE,
       group="a minute back, a minute on"),
    _A("play.minute", ("pagedown",), "minute", "a minute on", _RECORDING, _PAGE),
    _A("play.slower", ("minus",), "speed", "slower: 64 times down to 1", _RECORDING,
       group="slower, faster: 1 to 64 times, or all out"),
    _A("play.faster", ("plus", "equals_sign"), "speed", "faster: 1 to 64 times, or all out",
       _RECORDING),
    _A("play.trade_before", ("N",), "fill", "to the fill of ours before", _RECORDING, (Area.LOG,),
       group="to the fill of ours before, to the next"),
    _A("play.trade", ("n",), "fill", "to our next fill", _RECORDING, (Area.LOG,)),
    _A("play.go", ("colon",), "go to", "go to a moment: 15:03:20, 25%", _RECORDING),
    _A("page.what_if", ("w",), "what if", "what another setting would have made", _RECORDING),
    _A("play.home", ("home",), "ends", "to the start of the recording", _RECORDING, _PAGE,
       group="to the start of the recording, to its end"),
    _A("play.end", ("end",), "ends", "to the end of the recording", _RECORDING, _PAGE),
    # What can be done anywhere, in the order in which a stranger needs it.
    *_ASSETS,
    _A("zoom", ("enter",), "zoom", "zoom into the chosen asset, and back", except_at=_PAGE),
    _A("kill", ("K",), "KILL", "KILL from anywhere: cancel all, stop trading", _ENGINE,
       is_dangerous=True, is_everywhere=True),
    _A("page.strategies", ("s",), "strategy", "strategies: live and shadow results"),
    _A("page.risk", ("r",), "risk", "risk: limits, breakers, kill switch"),
    _A("page.settings", ("e",), "settings", "settings: find one, change one", _ENGINE),
    _A("leave", ("q",), "quit", "quit: stop the engine or leave it"),
    _A("help", ("question_mark", "f1"), "help", "help for what is on the screen"),
    _A("palette", ("ctrl+p",), "all", "everything that can be done, by its words"),
    _A("pause", ("p",), "pause", "pause the chosen asset, or resume it", _ENGINE, _NO_TEXT_NEAR),
    _A("consensus", ("o",), "consensus", "every venue's price and vote",
       (Area.ZOOM, Area.ALWAYS)),
    _A("page.trades", ("T",), "trades", "trades of the day, and why not"),
    _A("page.blotter", ("b",), "blotter", "every trade: sorted, found, exported"),
    _A("page.equity", ("h",), "equity", "equity, falls, results by strategy and time"),
    _A("page.rounds", ("O",), "rounds", "rounds, and why nobody entered"),
    _A("page.log", ("L",), "whole log", "the whole log: find, by level, by asset"),
    _A("chart", ("g",), "chart", "chart and ladder, chart, ladder",
       (Area.ZOOM, Area.ALWAYS), _NO_TEXT_NEAR),
    _A("flatten", ("F",), "flatten", "flatten the asset: sell what it holds",
       _ENGINE, _NO_TEXT_NEAR, is_dangerous=True),
    _A("pause_all", ("P",), "pause all", "pause all, or resume but what was flattened",
       _ENGINE, _NO_TEXT_NEAR),
    _A("ticket", ("i",), "ticket", "an order by hand, in two steps",
       _ENGINE, _NO_TEXT_NEAR),
    _A("speed.slower", ("minus",), "speed", "a demo at half its speed", _ENGINE, _NO_TEXT_NEAR,
       group="a demo slower, faster"),
    _A("speed.faster", ("plus", "equals_sign"), "speed", "a demo at twice its speed", _ENGINE,
       _NO_TEXT_NEAR),
    _A("log.size", ("l",), "log", "more of the log, and less"),
    _A("layout", ("v",), "layout", "the next layout of the board that fits", (Area.BOARD,)),
    _A("theme", ("t",), "theme", "themes: go through them, keep one"),
    _A("first_steps", ("H",), "first steps", "the first steps: rounds, cards, reasons, K"),
    _A("rearm", ("R",), "rearm", "rearm: trade again after a kill", _ENGINE,
       is_dangerous=True),
    _A("asset.next", ("tab",), "next", "the next asset", group="the next asset, the one before"),
    _A("asset.previous", ("shift+tab",), "", "the asset before"),
    _A("card.next", ("j", "down"), "card", "the next card or line of the board", (Area.BOARD,),
       group="another card or line of the board"),
    _A("card.previous", ("k", "up"), "card", "the one before", (Area.BOARD,)),
    _A("jump", ("z", "ctrl+o"), "jump", "a letter on all that can be clicked"),
    _A("maximise", ("m",), "maximise", "the panel over the whole screen, and back"),
    _A("moment", ("x",), "CSV", "what is on the screen now, as a CSV file",
       except_at=_PAGE),
    _A("picture", ("S",), "picture", "a picture of the screen, as an SVG file"),
    _A("suspend", ("ctrl+z",), "shell", "to the shell; the engine goes on, fg returns"),
    _A("leave_anywhere", ("ctrl+c", "ctrl+q"), "", "quit, from a dialog or a text too",
       is_everywhere=True),
)  # fmt: skip
ACTION_OF = {one.id: one for one in ACTIONS}


def _places() -> tuple[frozenset[Area], ...]:
    pages = [one for one in Area if one.is_named_page]
    here = ((Area.BOARD,), (Area.ZOOM,), *((Area.PAGE, one) for one in pages))
    with_engine = (one for one in here if Area.WHAT_IF not in one)
    recorded = (one for one in here if not {Area.SETTINGS}.intersection(one))
    return tuple(
        frozenset((Area.ALWAYS, whose, *one))
        for whose, places in ((Area.ENGINE, with_engine), (Area.RECORDING, recorded))
        for one in places
    )


PLACES = _places()
"""Every set of areas in which a person can be at once."""
