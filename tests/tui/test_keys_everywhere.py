"""K kills from wherever one is, twice as ever; resuming asks twice where it resets a limit; P
resumes nothing that was sold on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import NAMES, FakeEngine, asset_at
from stage import Stage, perform

from polytui.model.events import Action
from polytui.model.snapshot import AssetState, AssetView

KILL = (Action.KILL, "")
PLACES = {
    "board": (),
    "zoom": ("enter",),
    "consensus": ("o",),
    "strategies": ("s",),
    "risk": ("r",),
    "settings": ("e",),
    "filter": ("e", "slash", "a", "f"),
    "editing": ("e", "enter"),
    "confirming": ("e", "enter", "ctrl+u", "9", "enter"),
    "help": ("question_mark",),
    "quit": ("q",),
    "help over a page": ("r", "f1"),
    "large log": ("l",),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("second", ["K", "enter"])
def test_k_twice_kills_wherever_one_is(tmp_path: Path, place: str, second: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*PLACES[place], "K")
        await stage.until(lambda: "KILL: cancel every order" in "\n".join(stage.rows))
        assert stage.sent == []
        await stage.press(second)
        await stage.until(lambda: stage.sent == [KILL])
        assert stage.engine.wishes == []

    perform(tmp_path, play)


@pytest.mark.parametrize("place", ["filter", "editing", "quit", "help"])
def test_one_k_is_no_text_and_kills_nothing(tmp_path: Path, place: str) -> None:
    async def play(stage: Stage) -> None:
        await stage.press(*PLACES[place], "K")
        await stage.pass_time(6.0)
        await stage.press("K", "escape")
        assert stage.sent == []
        assert "fK" not in "\n".join(stage.rows)

    perform(tmp_path, play)


def test_what_is_pasted_is_text_and_never_a_key(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash")
        stage.app.board._pages.paste("KK")
        await stage.until(lambda: "/KK" in "\n".join(stage.rows))
        assert stage.sent == []

    perform(tmp_path, play)


# --- resume -----------------------------------------------------------------------------------

DRAWDOWN = "drawdown limit: 61.2 > 60 USD"
LOSSES = "losses in a row: 3 >= 3 rounds"


def paused(name: str, **changes: object) -> AssetView:
    view = evolve(asset_at(name, 0), state=AssetState.PAUSED, detail="by command")
    return evolve(view, **changes)


async def show(stage: Stage, *views: AssetView) -> None:
    for view in views:
        stage.show(view)
    shown = stage.app.state.assets
    await stage.until(lambda: all(shown[view.asset] == view for view in views))


@pytest.mark.parametrize("why", [DRAWDOWN, LOSSES])
@pytest.mark.parametrize("second", ["p", "enter"])
def test_resuming_after_a_limit_asks_twice_and_says_what_begins_anew(
    tmp_path: Path, why: str, second: str
) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, paused("btc", detail=why, resets=(why,)))
        await stage.press("p")
        await stage.until(lambda: "RESUME BTC: from 0 again" in "\n".join(stage.rows))
        assert why in "\n".join(stage.rows[-2:])
        assert stage.sent == []
        await stage.press(second)
        await stage.until(lambda: stage.sent == [(Action.RESUME, "btc")])

    perform(tmp_path, play, size=(100, 30))


def test_a_pause_by_hand_is_resumed_at_once(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, paused("btc"))
        await stage.press("p")
        await stage.until(lambda: stage.sent == [(Action.RESUME, "btc")])

    perform(tmp_path, play)


def test_a_number_that_moved_between_two_presses_disarms_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, paused("btc", resets=(DRAWDOWN,)))
        await stage.press("p")
        await show(stage, paused("btc", resets=("drawdown limit: 61.9 > 60 USD",)))
        await stage.press("p")
        await stage.until(lambda: stage.sent == [(Action.RESUME, "btc")])

    perform(tmp_path, play)


def test_p_of_all_does_not_resume_what_was_flattened(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        flattened = paused("btc", is_flattened=True)
        await show(stage, flattened, *map(paused, NAMES[1:]))
        await stage.press("P")
        await stage.until(lambda: len(stage.sent) == 3)
        assert stage.sent == [(Action.RESUME, name) for name in NAMES[1:]]

    perform(tmp_path, play, engine=FakeEngine(tmp_path / "s", obeys=False))


def test_p_of_all_resumes_nothing_where_all_was_flattened_and_says_so(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, *(paused(name, is_flattened=True) for name in NAMES))
        await stage.press("P")
        await stage.until(lambda: "P resumes nothing" in "\n".join(stage.rows))
        await stage.press("p")
        await stage.until(lambda: stage.sent == [(Action.RESUME, "btc")])

    perform(tmp_path, play)


def test_p_of_all_on_a_mixed_board_pauses_and_then_resumes(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, paused("btc"))
        await stage.press("P")
        await stage.until(lambda: stage.sent == [(Action.PAUSE, "")])
        await show(stage, *map(paused, NAMES))
        await stage.press("P")
        await stage.until(lambda: stage.sent[1:] == [(Action.RESUME, "")])

    perform(tmp_path, play, engine=FakeEngine(tmp_path / "s", obeys=False))


def test_p_of_all_asks_twice_where_one_of_them_resets_a_limit(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await show(stage, *map(paused, NAMES[:3]), paused("xrp", resets=(LOSSES,)))
        await stage.press("P")
        await stage.until(lambda: "RESUME ALL: from 0 again: XRP" in "\n".join(stage.rows))
        assert stage.sent == []
        await stage.press("P")
        await stage.until(lambda: stage.sent == [(Action.RESUME, "")])

    perform(tmp_path, play)
