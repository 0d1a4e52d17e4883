"""The board: account, four assets, log, keys. All a person sees and presses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from polytui.model.events import Action
from polytui.model.snapshot import AssetState
from polytui.tui.ink import Line, faded, ink_of
from polytui.tui.panels import figures, keys
from polytui.tui.panels.account import Standing, account_lines
from polytui.tui.panels.arrangement import arranged
from polytui.tui.panels.asset import STALE_AFTER_S, Look, asset_panel
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.feeds import feed_bar
from polytui.tui.panels.keys import Alarm, alarm_lines, key_line, warning_lines
from polytui.tui.panels.log import last_words, log_lines
from polytui.tui.panels.oracle import oracle_panel
from polytui.tui.panels.zoom import chosen_round, zoom_panel
from polytui.tui.scene import LinkState, Scene
from polytui.tui.theme import Palette
from polytui.tui.two_step import Danger, Trigger

PANELS = 4
_AGES_EVERY_S = 0.25
"""How often the board is painted when nothing new has come: ages and countdowns move."""


class Board(Screen[None]):
    """State: what is chosen, zoomed, armed. What is known is the scene's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, PANELS + 1)),
        Binding("tab", "next(1)", show=False, priority=True),
        Binding("shift+tab", "next(-1)", show=False, priority=True),
        Binding("enter", "enter", show=False),
        Binding("escape", "back", show=False),
        Binding("j,down", "round(1)", show=False),
        Binding("k,up", "round(-1)", show=False),
        Binding("p", "pause", show=False),
        Binding("P", "pause_all", show=False),
        Binding("K", "danger('kill')", show=False),
        Binding("R", "danger('rearm')", show=False),
        Binding("F", "danger('flatten')", show=False),
        Binding("o", "oracle", show=False),
        Binding("l", "log", show=False),
        Binding("t", "theme", show=False),
        Binding("question_mark,f1", "app.help", show=False),
        Binding("q", "app.leave", show=False),
    ]

    def __init__(
        self,
        scene: Scene,
        palettes: Sequence[Palette],
        clock: Callable[[], float],
        send: Callable[[Action, str], None],
    ) -> None:
        super().__init__(id="board")
        self.scene = scene
        self.palette = palettes[0]
        self.waiting = ""
        """What the terminal is waiting for before it ends, as a banner; empty otherwise."""
        self._palettes = tuple(palettes)
        self._clock = clock
        self._send = send
        self._trigger = Trigger()
        self._chosen = 0
        self._is_zoomed = False
        self._is_oracle = False
        """Whether the zoom shows prices instead of the book."""
        self._round = ""
        self._is_log_large = False
        self._painted: tuple[int, float] = (-1, 0.0)

    def compose(self) -> ComposeResult:
        yield Canvas(self._paint_account, id="account")
        with Container(id="assets"):
            for at in range(PANELS):
                yield Canvas(self._asset_painter(at), classes="asset")
            yield Canvas(self._paint_zoom, id="zoom")
        yield Canvas(self._paint_log, id="log")
        yield Canvas(self._paint_bottom, id="bottom")

    def on_mount(self) -> None:
        self.lay_out()

    def on_resize(self) -> None:
        self.lay_out()

    # --- drawing ------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Give every panel its place on a screen of this size."""
        count = max(1, len(self._names))
        size = self.size
        plan = arranged(
            size.width,
            size.height,
            1 if self._is_zoomed else count,
            is_log_large=self._is_log_large,
            last_words=len(self.scene.last_words),
        )
        assets = self.query_one("#assets")
        assets.styles.grid_size_columns = plan.columns
        assets.styles.grid_size_rows = plan.rows
        for at, canvas in enumerate(self.query(".asset").results(Canvas)):
            canvas.display = at < count and not self._is_zoomed
        self.query_one("#zoom").display = self._is_zoomed
        self.query_one("#log").styles.height = plan.log_rows
        self.repaint()

    def tick(self) -> None:
        """Paint if something is new, or if ages have moved on."""
        now_s = self._clock()
        changes, painted_s = self._painted
        if self.scene.changes != changes or now_s - painted_s >= _AGES_EVERY_S:
            self.repaint()

    def repaint(self) -> None:
        self._painted = (self.scene.changes, self._clock())
        for canvas in self.query(Canvas):
            canvas.repaint()

    @property
    def _names(self) -> tuple[str, ...]:
        return self.scene.names[:PANELS]

    def _asset(self) -> str:
        """The chosen asset; empty before the engine has named any."""
        names = self._names
        return names[min(self._chosen, len(names) - 1)] if names else ""

    def _age(self, seen_s: float | None) -> float:
        return 0.0 if seen_s is None else max(0.0, self._clock() - seen_s)

    def _paint_account(self, width: int, height: int) -> list[Line]:
        scene = self.scene
        troubled = {LinkState.LOST: "ENGINE LOST", LinkState.ENDED: "engine ended"}
        standing = Standing(
            self.palette,
            scene.mode,
            self._age(scene.account_s if scene.account is not None else None),
            troubled.get(scene.link, ""),
            scene.kill_words(),
        )
        return account_lines(scene.account, standing, width)[:height]

    def _asset_painter(self, at: int) -> Callable[[int, int], list[Line]]:
        def paint(width: int, height: int) -> list[Line]:
            name = self._names[at] if at < len(self._names) else ""
            return asset_panel(name, self.scene.assets.get(name), self._look(at), width, height)

        return paint

    def _look(self, at: int) -> Look:
        name = self._names[at] if at < len(self._names) else ""
        return Look(
            self.palette,
            at + 1,
            is_focused=at == min(self._chosen, len(self._names) - 1),
            is_live=self.scene.mode == "live",
            age_s=self._age(self.scene.assets_s.get(name)),
            note=self.scene.note_of(name),
        )

    def _paint_zoom(self, width: int, height: int) -> list[Line]:
        name = self._asset()
        at = self._names.index(name) if name else 0
        view = self.scene.assets.get(name)
        if self._is_oracle:
            return oracle_panel(name, view, self._look(at), width, height)
        return zoom_panel(name, view, self._look(at), self._round, width, height)

    def _paint_log(self, width: int, height: int) -> list[Line]:
        scene, ink = self.scene, ink_of(self.palette)
        if scene.link is LinkState.LOST:
            return last_words(scene.last_words, ink, width, height)
        return log_lines(scene.notices, scene.dropped, ink, width, height)

    def _paint_bottom(self, width: int, height: int) -> list[Line]:
        now_s = self._clock()
        danger = self._trigger.armed if self._trigger.is_armed(now_s) else None
        if danger is not None:
            hint = f"press {danger.key} again or Enter to do it   Esc lets go"
            left = f"{self._trigger.left_s(now_s):.0f} s"
            return alarm_lines(Alarm(danger.title, hint, left), self.palette, width)
        if self.scene.link in (LinkState.LOST, LinkState.ENDED):
            return self._epitaph(width)
        if self.waiting:
            count = self.scene.account.working_orders if self.scene.account is not None else 0
            alarm = Alarm(self.waiting, f"{count} orders still working")
            return warning_lines(alarm, self.palette, width)
        return [self._feeds(width), key_line(self._keys(), self.palette, width)]

    def _epitaph(self, width: int) -> list[Line]:
        """The engine is over: what happened, when, and what can be done."""
        scene = self.scene
        age = figures.age(self._age(scene.ended_s))
        if scene.link is LinkState.LOST:
            hint = "everything shown is from before   its last log lines are above   q quits"
            alarm = Alarm(f"ENGINE LOST: {scene.link_words}", hint, f"{age} ago")
            return alarm_lines(alarm, self.palette, width)
        title = f"ENGINE ENDED: {scene.link_words or 'no reason given'}"
        draw = alarm_lines if scene.exit_code else warning_lines
        hint = f"exit code {scene.exit_code}   q quits"
        return draw(Alarm(title, hint, f"{age} ago"), self.palette, width)

    def _feeds(self, width: int) -> Line:
        views = tuple(self.scene.assets[name] for name in self._names if name in self.scene.assets)
        seen_s = [self.scene.assets_s[view.asset] for view in views]
        is_old = bool(seen_s) and self._age(max(seen_s)) > STALE_AFTER_S
        return feed_bar(views, faded(self.palette) if is_old else ink_of(self.palette), width)

    def _keys(self) -> tuple[tuple[str, str], ...]:
        return keys.ZOOM_KEYS if self._is_zoomed else keys.BOARD_KEYS

    # --- what is looked at ----------------------------------------------------------------------

    def action_choose(self, number: int) -> None:
        if number <= len(self._names):
            self._chosen, self._round = number - 1, ""
            self.repaint()

    def action_next(self, step: int) -> None:
        if self._names:
            self.action_choose((self._chosen + step) % len(self._names) + 1)

    def action_enter(self) -> None:
        """Fires what is armed; otherwise zooms in and out."""
        now_s = self._clock()
        if self._trigger.is_armed(now_s):
            self._fire(self._trigger.fire(now_s))
            return
        self._zoom(not self._is_zoomed)

    def action_back(self) -> None:
        """Lets go of what is armed; otherwise leaves the zoom."""
        if self._trigger.is_armed(self._clock()):
            self._trigger.disarm()
            self.repaint()
        elif self._is_zoomed:
            self._zoom(False)

    def action_oracle(self) -> None:
        """The prices of the chosen asset; from there back to its book."""
        is_oracle = not (self._is_zoomed and self._is_oracle)
        self._zoom(True)
        self._is_oracle = is_oracle
        self.repaint()

    def _zoom(self, is_zoomed: bool) -> None:
        self._is_zoomed, self._is_oracle, self._round = is_zoomed, False, ""
        self.lay_out()

    def action_round(self, step: int) -> None:
        view = self.scene.assets.get(self._asset())
        shown = None if view is None else chosen_round(view, self._round)
        if view is None or shown is None or not self._is_zoomed:
            return
        slugs = [one.slug for one in view.rounds]
        wanted = slugs[(slugs.index(shown.slug) + step) % len(slugs)]
        # The current round stays unnamed, so that the ladder moves on when it closes.
        current = current_round(view)
        self._round = "" if current is not None and wanted == current.slug else wanted
        self.repaint()

    def action_log(self) -> None:
        self._is_log_large = not self._is_log_large
        self.lay_out()

    def action_theme(self) -> None:
        at = self._palettes.index(self.palette)
        self.show_in(self._palettes[(at + 1) % len(self._palettes)])

    def show_in(self, palette: Palette) -> None:
        """Paint everything in another theme."""
        self.palette = palette
        self.app.theme = palette.name
        self.repaint()

    # --- what is asked of the engine --------------------------------------------------------------

    def action_pause(self) -> None:
        view = self.scene.assets.get(self._asset())
        if view is not None:
            is_paused = view.state is AssetState.PAUSED
            self._send(Action.RESUME if is_paused else Action.PAUSE, view.asset)

    def action_pause_all(self) -> None:
        states = [view.state for view in self.scene.assets.values()]
        are_paused = bool(states) and all(state is AssetState.PAUSED for state in states)
        self._send(Action.RESUME if are_paused else Action.PAUSE, "")

    def action_danger(self, word: str) -> None:
        """First press arms, the second sends."""
        action = Action(word)
        asset = self._asset() if action is Action.FLATTEN else ""
        if action is Action.FLATTEN and not asset:
            return
        danger = Danger(action, asset, {"kill": "K", "rearm": "R", "flatten": "F"}[word])
        self._fire(self._trigger.press(danger, self._clock()))

    def _fire(self, danger: Danger | None) -> None:
        if danger is not None:
            self._send(danger.action, danger.asset)
        self.repaint()
