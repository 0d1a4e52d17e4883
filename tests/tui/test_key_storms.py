"""Whatever is pressed, held, clicked, pasted or resized: nothing is sent by one step, and the
terminal lives."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from stage import Stage, perform
from textual.events import Paste
from textual.widgets import Input

from polytui.model.events import Action
from polytui.tui.actions import ACTION_OF, ACTIONS, PLACES, Area
from polytui.tui.key_names import key_named, key_words
from polytui.tui.keymap import Keymap, keymap_of
from polytui.tui.screens.pages import PAGES

NAMED = (
    "enter", "escape", "tab", "shift+tab", "space", "backspace", "delete", "home", "end",
    "pageup", "pagedown", "up", "down", "left", "right",
    "f1", "f5",
)  # fmt: skip
KEYS = (
    *map(key_named, string.ascii_letters + "015" + string.punctuation),
    *NAMED,
    "ctrl+p",
    "ctrl+o",
    "ctrl+u",
    "ctrl+d",
)
_HELD = 250
"""Repetitions of a key: eight seconds of it."""
BY_ONE_KEY = {(Action.PAUSE, "btc"), (Action.PAUSE, "")}
"""`p` and `P`, which only ever take away; resuming is the second press of them."""
SPOTS = {
    "board": (),
    "zoom": ("enter",),
    "filter": ("e", "slash"),
    "editing": ("e", "enter"),
    **{area.value: (_keys[0],) for area in PAGES if (_keys := ACTION_OF[area.value].keys)},
}


@pytest.fixture(autouse=True)
def stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one stands: there files go that a key asks for."""
    monkeypatch.chdir(tmp_path)


async def calm(stage: Stage) -> None:
    """Back to the bare board, with nothing armed."""
    board = stage.app.board
    while len(stage.app.screen_stack) > 2:
        stage.app.pop_screen()
        await stage.pilot.pause()
    board.wishes.trigger.disarm()
    board._pages.turn(None)
    board.zoomed.turn(False)
    board.cards.choose(1, is_by_asset=True)
    board.lay_out()


def where(stage: Stage) -> object:
    """What a key may have changed of the spot: most keys of a storm change nothing."""
    board = stage.app.board
    dialogs = len(stage.app.screen_stack)
    return board.areas, dialogs, board.asset, board.wishes.trigger.armed, board._pages.is_typing


@pytest.mark.parametrize("spot", ["board", "zoom", "page.settings", "page.blotter"])
def test_no_single_key_sends_anything_but_a_pause(tmp_path: Path, spot: str) -> None:
    async def play(stage: Stage) -> None:
        spot_now: object = None
        for key in KEYS:
            if where(stage) != spot_now:
                await calm(stage)
                await stage.press(*SPOTS[spot])
                spot_now = where(stage)
            stage.app.simulate_key(key)
            await stage.pilot.pause()
        assert set(stage.sent) <= BY_ONE_KEY
        assert {one.path for one in stage.engine.wishes} <= {"demo.speed"}

    perform(tmp_path, play, engine=FakeEngine(tmp_path / "s", obeys=False))


@pytest.mark.parametrize("spot", ["board", "zoom", "page.risk"])
def test_nothing_that_can_be_clicked_sends_anything_however_often(
    tmp_path: Path, spot: str
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*SPOTS[spot])
        board = stage.app.board
        stage.rows  # noqa: B018 - it is drawn by being read
        targets = {one.action_id for one in board.targets()}
        assert "kill" in targets
        for target in targets - {"suspend"}:
            await calm(stage)
            await stage.press(*SPOTS[spot])
            for _ in range(3):
                board.go(target)
            await stage.pilot.pause()
        assert stage.sent == []

    perform(tmp_path, play, size=(200, 24))


def test_no_cell_of_the_screen_sends_anything(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for y in range(0, 22, 3):
            for x in range(0, 80, 16):
                await stage.pilot.click(offset=(x, y))
        for x in range(0, 80, 4):
            await calm(stage)
            await stage.pilot.click(offset=(x, 23), times=2)
        assert stage.sent == []

    perform(tmp_path, play)


@pytest.mark.parametrize(
    ("key", "most"), [("K", [(Action.KILL, "")]), ("R", [(Action.REARM, "")]), ("e", []), ("T", [])]
)
def test_a_key_that_is_held_down_is_no_row_of_commands(
    tmp_path: Path, key: str, most: list[tuple[Action, str]]
) -> None:
    """A terminal cannot tell the first repetition from a second press; all others it can."""

    async def play(stage: Stage) -> None:
        for _ in range(_HELD):
            stage.app.simulate_key(key)
            stage._now[0] += 0.03
        await stage.pilot.pause()
        await stage.press("x")
        assert stage.app.is_running
        assert stage.sent == most

    perform(tmp_path, play)


def test_a_pause_that_is_held_down_waits_for_its_answer(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.engine.acks = False
        for _ in range(_HELD):
            stage.app.simulate_key("p")
        await stage.pilot.pause()
        await stage.until(lambda: stage.sent)
        assert stage.sent == [(Action.PAUSE, "btc")]

    perform(tmp_path, play)


MEGABYTE = "K\n" * 10 + "q" * 1_000_000


@pytest.mark.parametrize("spot", ["board", "zoom", "filter", "editing", "page.risk"])
def test_a_megabyte_is_pasted(tmp_path: Path, spot: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*SPOTS[spot])
        stage.app.screen.post_message(Paste(MEGABYTE))
        stage.app.screen.post_message(Paste(MEGABYTE[20:]))
        await stage.pilot.pause()
        assert all(len(row) == 80 for row in stage.rows)
        assert stage.sent == []
        assert stage.engine.wishes == []

    perform(tmp_path, play)


def test_a_megabyte_in_the_palette_is_not_taken(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("ctrl+p")
        await stage.until(lambda: stage.app.screen.query(Input))
        field = stage.app.screen.query_one(Input)
        field.post_message(Paste(MEGABYTE[20:]))
        await stage.pilot.pause()
        assert len(field.value) <= 80
        await stage.press("escape")
        assert stage.sent == []

    perform(tmp_path, play)


@pytest.mark.parametrize("spot", SPOTS)
def test_it_is_resized_wherever_one_is(tmp_path: Path, spot: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*SPOTS[spot])
        for size in ((10, 2), (1, 1), (250, 70), (40, 12), (80, 24), (200, 9), (30, 60), (80, 24)):
            await stage.resize(*size)
            rows = stage.rows
            assert (max(map(len, rows)), len(rows)) == size
        assert stage.app.is_running

    perform(tmp_path, play)


# --- other keys for everything ----------------------------------------------------------------


def all_other_keys() -> Keymap:
    pool = [f"alt+{sign}" for sign in string.ascii_lowercase + string.digits]
    pool += [f"f{number}" for number in range(2, 25)] + [f"alt+f{n}" for n in range(1, 13)]
    pool += [f"ctrl+f{number}" for number in range(1, 13)]
    keymap, faults = keymap_of({one.id: [pool.pop()] for one in ACTIONS})
    assert faults == []
    return keymap


@pytest.mark.parametrize("here", PLACES)
def test_every_action_has_its_new_key_and_none_of_its_old_ones(here: frozenset[Area]) -> None:
    keymap = all_other_keys()
    for action in ACTIONS:
        if action.applies(here):
            assert keymap.action_at(keymap.keys[action.id][0], here) is action
        for key in action.keys:
            assert keymap.action_at(key, here) is None
    for hint in keymap.hints(here):
        assert not set(hint.keys) & {key_words(k) for one in ACTIONS for k in one.keys}


def test_the_terminal_goes_by_other_keys(tmp_path: Path) -> None:
    keymap = all_other_keys()

    def key(action_id: str) -> str:
        return keymap.keys[action_id][0]

    async def play(stage: Stage) -> None:
        board = stage.app.board
        for area in set(PAGES) - {Area.WHAT_IF}:
            await stage.press(key(area.value))
            await stage.until(lambda area=area: area in board.areas)
            await stage.press(key("back"))
            await stage.until(lambda: Area.BOARD in board.areas)
        await stage.press("r", "K", "K", "q", "question_mark")
        assert (stage.sent, Area.BOARD in board.areas) == ([], True)
        await stage.press(key("help"))
        await stage.until(lambda: key_words(key("kill")) in stage.text)
        await stage.press(key("kill"))
        await stage.until(lambda: f"press {key_words(key('kill'))} again" in "\n".join(stage.rows))
        await stage.press(key("kill"))
        await stage.until(lambda: stage.sent == [(Action.KILL, "")])

    perform(tmp_path, play, keymap=keymap)
