"""Every action of the table by its key, by the palette and by a click: what it comes to is written
down here, so that a new row without a line below is red."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from fake_engine import NAMES
from stage import PALETTES, Stage, perform
from textual.command import CommandPalette

from polytui.model.events import Action
from polytui.tui.actions import ACTIONS, PLACES, Area, TerminalAction
from polytui.tui.screens.first_steps import FirstSteps
from polytui.tui.screens.help import Help
from polytui.tui.screens.jump import Jump
from polytui.tui.screens.pages import PAGES
from polytui.tui.screens.palette import entries_of
from polytui.tui.screens.picture_dialog import PictureDialog
from polytui.tui.screens.quit import Quit
from polytui.tui.targets import SLOT, Target

SIZE, LOW, USUAL = (460, 20), (460, 14), (120, 24)
"""As wide as the longest footer, so that everything in it can be clicked; so low that there is
something to scroll; and for whoever clicks nothing."""
ASKED = [one for one in ACTIONS if any(one.applies(here) for here in PLACES if Area.ENGINE in here)]
"""Those of a recording have their own tests."""
Came = Callable[[Stage], object]


def chosen(asset: str) -> Came:
    return lambda stage: stage.app.board.asset == asset


def screen_is(kind: type) -> Came:
    return lambda stage: isinstance(stage.app.screen, kind)


def said(words: str) -> Came:
    return lambda stage: any(words in one.text for one in stage.app.state.told)


def on(area: Area) -> Came:
    return lambda stage: area in stage.app.board.areas


def top(stage: Stage) -> int:
    page = stage.app.board._pages.open
    assert page is not None
    return page.scroll.top


def typing(stage: Stage) -> bool:
    return stage.app.board._pages.is_typing


def armed(action: Action) -> Came:
    def came(stage: Stage) -> bool:
        danger = stage.app.board.wishes.trigger.armed
        return danger is not None and danger.action is action

    return came


def wished(value: str) -> Came:
    return lambda stage: [one.value for one in stage.engine.wishes] == [value]


PAUSED = "pauses at once by a key, and only arms otherwise"
QUIET = "shows nothing without data that is not here: the tests of its page have it"
WRITES = {"blotter.export": "test_blotter_page.py", "moment": "test_moment_file.py"}
"""Files, where these tests have no business; and who does it instead."""
OTHERWISE = "the page is shown otherwise"
BEFORE: dict[str, tuple[str, ...]] = {
    "back": ("r",), "move.down": ("r",), "move.up": ("r", "j", "j"), "move.page_down": ("r",),
    "move.page_up": ("r", "j"), "move.first": ("r", "j"), "move.last": ("r",),
    "settings.edit": ("e",), "settings.filter": ("e",), "settings.file": ("e",),
    "log.pager": ("L",), "past.older": ("enter",),
    "row.open": ("b",), "row.find": ("b",), "blotter.sort_before": ("b",),
    "blotter.sort_next": ("b",), "blotter.reverse": ("b",), "scope": ("b",),
    "log.found_before": ("L",), "log.found_after": ("L",),
    "log.level": ("L",), "by.asset": ("O",), "rounds.interval": ("O",), "log.follow": ("L",),
    "past.newer": ("enter",), "round.next": ("enter",), "round.previous": ("enter",),
}  # fmt: skip
"""Keys that lead to where it applies."""
CAME: dict[str, Came | str] = {
    "back": on(Area.BOARD),
    "move.down": lambda stage: top(stage) == 1,
    "move.up": lambda stage: top(stage) == 1,
    "move.page_down": lambda stage: top(stage) > 1,
    "move.page_up": lambda stage: top(stage) == 0,
    "move.first": lambda stage: top(stage) == 0,
    "move.last": lambda stage: top(stage) > 1,
    "settings.edit": lambda stage: "show the change" in stage.rows[-1],
    "settings.filter": lambda stage: "keep the filter" in stage.rows[-1],
    "settings.file": said("this session reads no settings' file"),
    "log.pager": said("$PAGER is not set"),
    "row.find": typing,
    **dict.fromkeys(("row.open", "log.found_before", "log.found_after"), QUIET),
    "log.follow": QUIET,
    **dict.fromkeys(("blotter.sort_before", "blotter.sort_next", "blotter.reverse"), OTHERWISE),
    **dict.fromkeys(("scope", "log.level", "by.asset", "rounds.interval"), OTHERWISE),
    "past.older": lambda stage: stage.engine.questions,
    "past.newer": lambda stage: not stage.app.board.zoomed.is_away,
    "round.next": lambda stage: "15m" in stage.rows[2],
    "round.previous": lambda stage: "15m" in stage.rows[2],
    **{f"asset.{at}": chosen(name) for at, name in enumerate(NAMES, 1)},
    "asset.next": chosen("eth"),
    "asset.previous": chosen("xrp"),
    "card.next": chosen("eth"),
    "card.previous": chosen("xrp"),
    "first_steps": screen_is(FirstSteps),
    "layout": lambda stage: stage.app.board.cards.is_table,
    "ticket": lambda stage: "tickets are off" in "\n".join(stage.rows),
    "zoom": on(Area.ZOOM),
    "kill": armed(Action.KILL),
    "rearm": armed(Action.REARM),
    "flatten": armed(Action.FLATTEN),
    "pause": PAUSED,
    "pause_all": PAUSED,
    "speed.slower": wished("10"),
    "speed.faster": wished("40"),
    **{area.value: on(area) for area in PAGES if area is not Area.WHAT_IF},
    "leave": screen_is(Quit),
    "leave_anywhere": screen_is(Quit),
    "help": screen_is(Help),
    "palette": screen_is(CommandPalette),
    "jump": screen_is(Jump),
    "picture": screen_is(PictureDialog),
    "consensus": lambda stage: "vote" in "\n".join(stage.rows),
    "chart": on(Area.ZOOM),
    "maximise": lambda stage: not stage.app.board.query_one("#log").display,
    "log.size": lambda stage: stage.app.board.query_one("#log").size.height > 8,
    "theme": lambda stage: stage.app.board.palette == PALETTES[1],
    "suspend": lambda stage: stage.app.is_running,
}  # fmt: skip
"""What is seen afterwards. `suspend` has tests of its own: no driver of tests can be suspended."""


def test_every_action_is_here() -> None:
    assert set(CAME) | set(WRITES) == {one.id for one in ASKED}
    for action, path in WRITES.items():
        assert action.split(".")[-1] in (Path(__file__).parent / path).read_text()


async def by_key(stage: Stage, action: TerminalAction) -> None:
    await stage.press(action.keys[0])


async def by_palette(stage: Stage, action: TerminalAction) -> None:
    """As chosen from the list: its entry is run."""
    name = action.title
    if action.id in _NUMBERED:
        name = f"asset {NAMES[int(action.id[-1]) - 1].upper()}"
    (entry,) = [one for one in entries_of(stage.app.board) if one.name == name]
    entry.run()
    await stage.pilot.pause()


async def by_click(stage: Stage, action: TerminalAction) -> None:
    stage.app.board.repaint()
    await stage.pilot.pause()
    is_card = action.id in _NUMBERED
    wanted = f"{SLOT}{int(action.id[-1]) - 1}" if is_card else action.id
    spots = [one for one in stage.app.board.targets() if one.action_id == wanted]
    await stage.pilot.click(offset=(spots[0].x, spots[0].y))
    await stage.pilot.pause()


_NUMBERED = [f"asset.{number}" for number in (1, 2, 3, 4)]
Hand = Callable[[Stage, TerminalAction], Awaitable[None]]
HANDS: dict[str, Hand] = {"key": by_key, "palette": by_palette, "click": by_click}


IN_THE_FOOTER = [one.id for one in ACTIONS if one.word]
CASES = [
    pytest.param(action, hand, id=f"{action.id} by {hand}")
    for action in ASKED
    for hand in HANDS
    if action.id not in WRITES
    and not (hand == "palette" and action.id == "palette")
    and not (hand == "click" and action.id not in IN_THE_FOOTER)
]


@pytest.mark.parametrize(("action", "hand"), CASES)
def test_it_comes_to_the_same_by_every_hand(
    tmp_path: Path, action: TerminalAction, hand: str
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*BEFORE.get(action.id, ()))
        before = stage.rows
        await HANDS[hand](stage, action)
        came = CAME[action.id]
        if came == OTHERWISE:
            await stage.until(lambda: stage.rows != before)
        if came in (OTHERWISE, QUIET):
            assert stage.sent == []
            return
        if came == PAUSED:
            if hand == "key":
                await stage.until(lambda: stage.sent)
                assert [what for what, _ in stage.sent] == [Action.PAUSE]
                return
            came = armed(Action.PAUSE)
        assert callable(came)
        await stage.until(lambda: came(stage))
        assert stage.sent == [], "one step sends nothing"

    size = LOW if action.id.startswith("move.") else SIZE if hand == "click" else USUAL
    perform(tmp_path, play, size=size)


def test_the_palette_finds_runs_and_only_arms(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("ctrl+p", *"kill from")
        await stage.until(lambda: "KILL from anywhere" in stage.text)
        for _ in range(40):
            await stage.press("enter")
            await stage.pass_time(0.03)
        await stage.until(lambda: "press K again or Enter" in "\n".join(stage.rows))
        assert stage.sent == [], "an Enter that is held down decides nothing"
        await stage.press("K")
        await stage.until(lambda: stage.sent == [(Action.KILL, "")])

    perform(tmp_path, play, size=(100, 30))


def test_the_palette_finds_a_setting_and_shows_it(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        path = "risk.max_daily_loss_usd"
        (entry,) = [one for one in entries_of(stage.app.board) if one.name == f"setting {path}"]
        entry.run()
        await stage.until(lambda: "max_daily_loss_usd" in "\n".join(stage.rows))
        assert "1 of" in stage.rows[2]
        entry.run()
        assert Area.SETTINGS in stage.app.board.areas, "found again, not closed"

    perform(tmp_path, play, size=(100, 30))


def test_a_jump_goes_where_its_letter_is(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("z")
        await stage.until(lambda: isinstance(stage.app.screen, Jump))
        jump = stage.app.screen
        assert isinstance(jump, Jump)
        letters = {target.action_id: letter for letter, target in jump._at.items()}
        assert {f"{SLOT}2", "kill", "page.risk", "leave"} <= set(letters)
        await stage.press(letters["page.risk"])
        await stage.until(lambda: Area.RISK in stage.app.board.areas)
        await stage.press("z")
        await stage.until(lambda: isinstance(stage.app.screen, Jump))
        await stage.press("K")
        await stage.until(lambda: "KILL: cancel every order" in "\n".join(stage.rows))
        assert stage.sent == []

    perform(tmp_path, play, size=(100, 30))


def test_there_is_one_letter_for_an_action_and_none_too_many() -> None:
    from polytui.tui.screens.jump import LETTERS, lettered

    many = [Target(at, 0, f"a{at % 60}") for at in range(200)]
    made = lettered(many)
    assert list(made) == list(LETTERS)
    assert len({one.action_id for one in made.values()}) == len(LETTERS)
    assert all(one == one.lower() for one in LETTERS), "capitals are armed with, everywhere"
