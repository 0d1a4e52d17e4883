"""Clicks, the wheel, and what a price says when the mouse rests on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import asset_at, notice_at
from stage import Stage, perform

from polytui.model.events import Action
from polytui.model.snapshot import BookView, RoundView
from polytui.model.units import MICRO
from polytui.tui.actions import Area
from polytui.tui.panels.canvas import Canvas
from polytui.tui.panels.facts import current_round
from polytui.tui.panels.level_words import level_note, words_of_note

SIZE = (120, 36)


def where(stage: Stage, words: str, nth: int = 0) -> tuple[int, int]:
    """The cell at which the words begin on the screen."""
    found = [(row.find(words), y) for y, row in enumerate(stage.rows) if words in row]
    return found[nth]


async def click(stage: Stage, words: str, nth: int = 0) -> None:
    await stage.pilot.click(offset=where(stage, words, nth))
    await stage.pilot.pause()


def test_a_card_is_chosen_and_clicked_again_zoomed(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        board = stage.app.board
        await click(stage, "3 SOL")
        assert (board.asset, Area.BOARD in board.areas) == ("sol", True)
        await click(stage, "3 SOL")
        assert Area.ZOOM in board.areas
        await click(stage, "Esc back")
        assert Area.BOARD in board.areas
        assert stage.sent == []

    perform(tmp_path, play, size=SIZE)


@pytest.mark.parametrize(
    ("words", "title"),
    [("K KILL", "KILL: cancel every order"), ("p pause", "PAUSE BTC: cancel its orders")],
)
def test_a_click_on_the_footer_arms_and_only_a_key_decides(
    tmp_path: Path, words: str, title: str
) -> None:
    async def play(stage: Stage) -> None:
        spot = where(stage, words)
        for _ in range(3):
            await stage.pilot.click(offset=spot)
            await stage.until(lambda: title in "\n".join(stage.rows))
        assert stage.sent == []
        await stage.press(words[0])
        await stage.until(lambda: stage.sent)
        assert stage.sent[0][0] in (Action.KILL, Action.PAUSE)

    perform(tmp_path, play, size=SIZE)


def test_an_enter_that_is_held_since_a_click_decides_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await click(stage, "K KILL")
        for _ in range(30):
            await stage.press("enter")
            await stage.pass_time(0.1)
        assert stage.sent == []
        await stage.pass_time(1.0)
        await stage.press("enter")
        await stage.until(lambda: stage.sent == [(Action.KILL, "")])

    perform(tmp_path, play, size=SIZE)


def test_the_wheel_scrolls_a_page_and_the_log(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("r")
        first = stage.rows[8]
        zoom = stage.app.board.query_one("#zoom", Canvas)
        zoom.post_message(Canvas.Rolled(zoom, 1))
        await stage.until(lambda: stage.rows[8] != first)
        zoom.post_message(Canvas.Rolled(zoom, -1))
        await stage.until(lambda: stage.rows[8] == first)
        await stage.press("escape", "l")
        for at, word in enumerate("abcdefgh"):
            stage.engine.say(notice_at(at, text=f"line {word}"))
        await stage.until(lambda: "line h" in "\n".join(stage.rows))
        log = stage.app.board.query_one("#log", Canvas)
        for _ in range(4):
            log.post_message(Canvas.Rolled(log, -1))
        await stage.until(lambda: "4 newer lines below" in "\n".join(stage.rows))
        assert "line h" not in stage.text
        for _ in range(40):
            log.post_message(Canvas.Rolled(log, 1))
        await stage.until(lambda: "line h" in "\n".join(stage.rows))

    perform(tmp_path, play, size=(80, 24))


def a_round() -> RoundView:
    shown = current_round(asset_at("btc", 0))
    assert shown is not None
    bids = ((570_000, 100 * MICRO), (560_000, 50 * MICRO))
    asks = ((580_000, 10 * MICRO), (590_000, 20 * MICRO))
    return evolve(shown, book=BookView(bids, asks, 10_000, True, 40))


@pytest.mark.parametrize(
    ("side", "price", "says"),
    [
        ("ask", 590_000, "30 shares, $17.60 as far as here\na share of Up costs 0.59 here and wins"
         " 0.41 if Up, less fee"),
        ("ask", 580_000, "10 shares, $5.80 as far as here"),
        ("bid", 560_000, "150 shares, $65.00 as far as here\na share of Down costs 0.44 here and"
         " wins 0.56 if Down, less fee"),
    ],
)  # fmt: skip
def test_a_price_says_what_rests_there_and_what_a_share_would_win(
    side: str, price: int, says: str
) -> None:
    shown = a_round()
    view = evolve(asset_at("btc", 0), rounds=(shown,))
    assert says in words_of_note(level_note(shown.slug, side, price), [view])


@pytest.mark.parametrize("note", ["", "level", "level ask x y", "level ask 590000 gone", "a b"])
def test_a_note_of_what_is_gone_says_nothing(note: str) -> None:
    assert words_of_note(note, [evolve(asset_at("btc", 0), rounds=(a_round(),))]) == ""


def test_the_ladder_has_its_tooltip(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        x, y = where(stage, "ask  0.")
        await stage.pilot.hover(offset=(x + 6, y))
        card = stage.app.board.query(".asset").first(Canvas)
        await stage.until(lambda: card.tooltip)
        assert "as far as here" in str(card.tooltip)
        await stage.pilot.hover(offset=(x, 3))
        await stage.until(lambda: not card.tooltip)

    perform(tmp_path, play, size=SIZE)
