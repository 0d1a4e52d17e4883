"""The board: account, four assets, log, keys. All a person sees and presses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Key, Paste

from polytui.model.events import Action
from polytui.model.playing import PlayMove
from polytui.model.query import Query
from polytui.tui.actions import ACTION_OF, Area
from polytui.tui.keymap import Hint, Keymap
from polytui.tui.panels.account import account_lines
from polytui.tui.panels.arrangement import Layout, page_log_rows
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.dots import Ink
from polytui.tui.panels.round_table import TableRow, round_card, round_table
from polytui.tui.panels.tiny import is_tiny, tiny_lines
from polytui.tui.screens.bottom import bottom_lines, urgent_words
from polytui.tui.screens.cards import MOST_CARDS, Cards
from polytui.tui.screens.handlers import handlers_of
from polytui.tui.screens.log_strip import LogStrip
from polytui.tui.screens.looks import account_look, asset_look, page_look, stop_of
from polytui.tui.screens.page import PageScene, RoundVisit, nobody_plays
from polytui.tui.screens.pages import Pages
from polytui.tui.screens.pointed import PointedScreen
from polytui.tui.screens.recording_keys import RecordingKeys
from polytui.tui.screens.ticket import TicketScreen
from polytui.tui.screens.visiting import Visiting
from polytui.tui.screens.wishes import Wishes
from polytui.tui.screens.zoom import Zoom
from polytui.tui.state import TerminalState
from polytui.tui.styles import Line
from polytui.tui.theme import Palette
from polytui.tui.ticket_post import TicketPost

_AGES_EVERY_S = 0.25
"""How often the board is painted when nothing new has come: ages and countdowns move."""


class Board(PointedScreen):
    """State: what is zoomed and open. What is chosen is in `screens/cards.py`."""

    def __init__(
        self,
        state: TerminalState,
        palettes: Sequence[Palette],
        clock: Callable[[], float],
        send: Callable[[Action, str], None],
        change: Callable[[str, str, str], None],
        query: Callable[[Query], bool],
        play: Callable[[PlayMove, int, str], None] = nobody_plays,
        ink: Ink = Ink.BRAILLE,
        keymap: Keymap | None = None,
        layout: Layout = Layout.AUTO,
        post: TicketPost | None = None,
    ) -> None:
        super().__init__(id="board")
        self.state = state
        self.keymap = keymap or Keymap()
        self.palette = palettes[0]
        self.waiting = ""
        """What the terminal is waiting for before it ends, as a banner; empty otherwise."""
        self.palettes = tuple(palettes)
        self.clock = clock
        self.wishes = Wishes(state, clock, send, change, self.keymap)
        self._pages = Pages(PageScene(state, clock, change, query, self.visit, play))
        self.playing = RecordingKeys(state, play)
        self.cards = Cards(state, layout)
        self.zoomed = Zoom(state, ink, clock, query)
        self._visiting = Visiting(state, self._pages, self.cards, self.zoomed)
        self.log_strip = LogStrip(state)
        self._is_max = False
        """Whether one panel has the screen to itself, but for the header and the keys."""
        self._painted: tuple[int, float] = (-1, 0.0)
        self._has_stop = False
        """Whether the header has its third line, which is there only when it says something."""
        self._handlers = handlers_of(self)
        self.post = post

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint_account, id="account")
        with Container(id="assets"):
            for at in range(MOST_CARDS):
                yield Canvas(self._asset_painter(at), classes="asset", explain=self.explain)
            yield Canvas(self._paint_table, id="table")
            yield Canvas(self._paint_zoom, id="zoom", explain=self.explain)
        yield Canvas(self._paint_log, id="log")
        yield Canvas(self._paint_bottom, id="bottom")
        yield Canvas(self._paint_tiny, id="tiny")

    def on_mount(self) -> None:
        self.lay_out()

    def on_resize(self) -> None:
        self.lay_out()

    # --- drawing ------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Give every panel its place on a screen of this size."""
        size = self.size
        self._has_stop = bool(stop_of(self.state, self.keymap)[0])
        head_rows = 3 if self._has_stop else 2
        self.cards.lay_out(size, head_rows, is_log_large=self.log_strip.is_large)
        self._place_cards()
        self.query_one("#zoom").display = self._is_covered
        self.query_one("#log").styles.height = self._log_rows()
        self.query_one("#account").styles.height = head_rows
        self.query_one("#bottom").styles.height = 3 if self.state.is_recording else 2
        is_small = is_tiny(size.width, size.height)
        for name in ("account", "assets", "log", "bottom", "tiny"):
            self.query_one(f"#{name}").display = (name == "tiny") is is_small
        if self._is_max:
            self.query_one("#log").display = False
        self.repaint()

    def _place_cards(self) -> None:
        plan, is_table = self.cards.plan, self.cards.is_table
        grid, is_one = self.query_one("#assets").styles, self._is_covered or self._is_max
        grid.grid_size_columns = 1 if is_one else plan.columns
        grid.grid_size_rows = 1 if is_one else plan.rows
        shown = 0 if is_table or self._is_covered else len(plan.slots)
        for at, canvas in enumerate(self.query(".asset").results(Canvas)):
            canvas.display = at < shown and (at == self.cards.at or not self._is_max)
        self.query_one("#table").display = is_table and not self._is_covered

    def _log_rows(self) -> int:
        if not self._is_covered:
            return self.cards.plan.log_rows
        return page_log_rows(
            self.size.height,
            is_log_large=self.log_strip.is_large,
            is_page=self._pages.open is not None,
            last_words=len(self.state.last_words),
        )

    def tick(self) -> None:
        """Paint if something is new, or if ages have moved on."""
        self.playing.follow(self.zoomed, self.cards.chosen.interval)
        self._pages.ask()
        if self._pages.open is None:
            self.zoomed.ask(self.state.assets.get(self.asset))
        if self.cards.is_outdated:
            self.lay_out()
        changes, painted_s = self._painted
        if self.state.changes != changes or self.clock() - painted_s >= _AGES_EVERY_S:
            self.repaint()

    def repaint(self) -> None:
        self._painted = (self.state.changes, self.clock())
        if bool(stop_of(self.state, self.keymap)[0]) is not self._has_stop:
            self.lay_out()
            return
        for canvas in self.query(Canvas):
            canvas.repaint()

    @property
    def _is_covered(self) -> bool:
        """Whether one canvas lies over all assets."""
        return self.zoomed.is_open or self._pages.open is not None

    @property
    def asset(self) -> str:
        """The chosen one; empty before the engine has named any."""
        return self.cards.chosen.asset

    def _paint_account(self, width: int, height: int) -> list[Line]:
        look = account_look(self.state, self.palette, self.clock(), self.keymap)
        return account_lines(self.state.account, look, width)[:height]

    def _asset_painter(self, at: int) -> Callable[[int, int], list[Line]]:
        return lambda width, height: round_card(self._row(at), width, height)

    def _paint_table(self, width: int, height: int) -> list[Line]:
        rows = [self._row(at) for at, _ in enumerate(self.cards.plan.slots)]
        return round_table(rows, (width, height))

    def _row(self, at: int) -> TableRow:
        slot = self.cards.slot(at)
        look = asset_look(
            self.state, self.palette, self.clock(), slot.asset, self.cards.number(slot.asset),
            self.zoomed.ink, is_focused=at == self.cards.at,
        )  # fmt: skip
        return TableRow(self.state.assets.get(slot.asset), slot.interval, slot.asset, look)

    def _paint_tiny(self, width: int, height: int) -> list[Line]:
        words = urgent_words(self.wishes.trigger, self.waiting, self.clock())
        return tiny_lines(self.state, words, self.palette, width, height)

    def _paint_zoom(self, width: int, height: int) -> list[Line]:
        if self._pages.open is not None:
            look = page_look(self.state, self.palette, self.clock(), self.asset, self.keymap)
            look = evolve(look, ink=self.zoomed.ink)
            return self._pages.paint(look, width, height)
        row = self._row(self.cards.at)
        return self.zoomed.paint(row.name, row.view, row.look, (width, height))

    def _paint_log(self, width: int, height: int) -> list[Line]:
        return self.log_strip.paint(self.palette, width, height)

    def _paint_bottom(self, width: int, height: int) -> list[Line]:
        return bottom_lines(
            self.state,
            self.wishes.trigger,
            self.waiting,
            self._hints,
            self.palette,
            self.clock(),
            width,
            self.playing.prompt,
        )

    # --- keys and clicks ------------------------------------------------------------------------

    @property
    def areas(self) -> frozenset[Area]:
        """Where a person is now."""
        base = Area.ZOOM if self.zoomed.is_open else Area.BOARD
        whose = Area.RECORDING if self.state.is_recording else Area.ENGINE
        return frozenset((Area.ALWAYS, whose)) | (self._pages.areas or {base})

    @property
    def _hints(self) -> tuple[Hint, ...]:
        return self._typist.typed_keys or self.keymap.hints(self.areas)

    @property
    def _typist(self) -> RecordingKeys | Pages:
        return self.playing if self.playing.is_typing else self._pages

    def on_key(self, event: Key) -> None:
        """What is armed keeps Enter and Esc, then text what is typed, then the keymap."""
        if isinstance(ticket := self.app.screen, TicketScreen):
            # Typed faster than the ticket opened: it is the ticket's.
            ticket.post_message(Key(event.key, event.character))
        elif self.wishes.is_armed and event.key in ("enter", "escape"):
            self._decide(is_wanted=event.key == "enter")
        elif self._typist.is_typing:
            self._typist.type(event.key, event.character)
            self._let_go()
        elif (action := self.keymap.action_at(event.key, self.areas | {Area.ENGINE})) is not None:
            self.perform(action.id)
        else:
            return
        event.stop()
        event.prevent_default()

    def perform(self, action_id: str, *, is_key: bool = True) -> None:
        """Do what a key, a click or the palette asks for; nothing where it does not apply. Only a
        key can do what cannot be taken back."""
        action = ACTION_OF[action_id]
        if not action.applies(self.areas):
            self.playing.refuse(action, self.areas)
            return
        self.wishes.is_key = is_key
        page = self._pages.open
        if not self._pages.perform(action_id):
            self._handlers[action_id]()
            self.repaint()
            return
        self._let_go()
        if self._pages.open is not page:
            self.lay_out()

    def _decide(self, *, is_wanted: bool) -> None:
        (self.wishes.confirm if is_wanted else self.wishes.trigger.disarm)()
        self.repaint()

    def _let_go(self) -> None:
        """Whatever a page takes lets go of what is armed, so that no later Enter can fire it."""
        self.wishes.trigger.disarm()
        self.repaint()

    def on_paste(self, event: Paste) -> None:
        self._typist.paste(event.text)
        self.repaint()

    def round_on_screen(self) -> tuple[str, str]:
        view = self.state.assets.get(self.asset)  # words are empty where there is none
        return ("", "") if view is None else (view.asset, self.zoomed.slug_in(view))

    def pick(self, at: int) -> None:
        """Choose a card or line by its place, from 0; the chosen one is zoomed into."""
        if self.cards.at == at:
            self.perform("zoom", is_key=False)
        elif self.cards.choose_slot(at):
            self._chose()

    def point(self, target: str) -> None:
        self._pages.point(target)
        self._let_go()
        self.lay_out()

    def ask_app(self, name: str) -> None:
        """Help and leaving are the app's, for it has other screens too."""
        self.call_later(self.run_action, f"app.{name}")

    # --- what is looked at ----------------------------------------------------------------------

    def choose(self, number: int) -> None:
        """An asset by its digit; the digit again goes on to its next round on the board."""
        if self.cards.choose(number, is_by_asset=self._is_covered):
            self._chose()

    def choose_next(self, step: int) -> None:
        """The next card or line; on a page, which is of assets, the next asset."""
        if self.cards.step(step, is_by_asset=self._pages.open is not None):
            self._chose()

    def _chose(self) -> None:
        self.zoomed.current(self.cards.chosen.interval)
        self._pages.show(self.asset)
        if self._is_max:
            self.lay_out()
        self.repaint()

    def zoom(self) -> None:
        self._turn_zoom(not self.zoomed.is_open)

    def back(self) -> None:
        """Leaves a past round, the page or the zoom."""
        if self._pages.back():
            self.lay_out()
        elif self._visiting.came_from is not None:
            self.zoomed.turn(False)
            self.turn(self._visiting.came_from)
        elif self.zoomed.is_open:
            self._turn_zoom(self.zoomed.is_away)

    def turn(self, page: Area | None) -> None:
        """A page over the board; asked for again it closes."""
        self._visiting.came_from = None
        self._pages.turn(page)
        self._pages.ask()
        self.lay_out()

    def consensus(self) -> None:
        """The prices of the chosen asset; from there back to its round."""
        self._pages.turn(None)
        self.zoomed.consensus()
        self.lay_out()

    def reshape(self) -> None:
        """Chart, ladder or both; from the board to the round as it was last drawn."""
        if self.zoomed.is_open and self._pages.open is None:
            self.zoomed.reshape()
        else:
            self._pages.turn(None)
            self._turn_zoom(True)

    def _turn_zoom(self, is_open: bool) -> None:
        self._visiting.came_from = None
        self.zoomed.turn(is_open, self.cards.chosen.interval)
        self.lay_out()

    def visit(self, wanted: RoundVisit | str) -> None:
        """A round of the page that is open, or of an asset; back from it goes to the page."""
        self._visiting.go(wanted)
        self.lay_out()

    def walk(self, step: int) -> None:
        """Another round of the zoomed asset."""
        self.zoomed.walk(self.state.assets.get(self.asset), step)

    def go_back(self, by: int) -> None:
        """A round that is over, of the zoomed asset; and forth again to the one that runs."""
        self.zoomed.back(self.state.assets.get(self.asset), by)

    def maximise(self) -> None:
        """The chosen card, the zoom or the page alone; and all again."""
        self._is_max = not self._is_max
        self.lay_out()

    def show_setting(self, path: str) -> None:
        """The page of settings with one of them."""
        if Area.SETTINGS not in self.areas:
            self.perform(Area.SETTINGS.value, is_key=False)
        self._pages.find(path)
        self.repaint()

    def size_log(self) -> None:
        self.log_strip.is_large = not self.log_strip.is_large
        self.lay_out()

    def next_layout(self) -> Layout:
        """The next one that fits this screen."""
        wanted = self.cards.cycle(self.size)
        self.lay_out()
        return wanted

    def show_in(self, palette: Palette) -> None:
        """Paint everything in another theme."""
        self.palette = palette
        self.app.theme = palette.name
        self.repaint()
