"""Terminals without colours, with sixteen of them, without any sign but ASCII."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from stage import PALETTES, Stage, perform

from polytui.model.effects import Reason
from polytui.tui.ink import has_signs
from polytui.tui.letters import plain_letters
from polytui.tui.panels.sentences import AS_THEY_ARE, clause_of
from polytui.tui.theme import Palette, colour_names

GROUNDS = ("background", "panel", "on_badge")
PANELS = Path(__file__).parents[2] / "polytui" / "tui"


def of_sixteen(colour: str) -> int | None:
    return Color.parse(colour).downgrade(ColorSystem.STANDARD).number


@pytest.mark.parametrize("palette", PALETTES, ids=lambda one: one.name)
def test_in_sixteen_colours_nothing_is_lost_in_its_ground(palette: Palette) -> None:
    names = {name: of_sixteen(colour) for name, colour in colour_names(palette).items()}
    grounds = {names[one] for one in GROUNDS}
    assert {name for name in names if name not in GROUNDS and names[name] in grounds} == set()
    assert names["live"] not in (names["paper"], names["demo"], names["replay"])
    assert names["up"] != names["down"]


def test_without_colours_every_word_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(stage: Stage) -> None:
        assert stage.app.no_color
        await stage.press("K")
        text = stage.text
        for words in ("DEMO", "▲ +", "● trading", "KILL: cancel every order", "Esc lets go"):
            assert words in text
        styles = [
            part.style
            for strip in stage.app.screen._compositor.render_strips()
            for part in strip
            if part.style and part.style.color and part.style.color.triplet
        ]
        assert styles
        greys = {one.color.triplet for one in styles if one.color and one.color.triplet}
        assert all(one.red == one.green == one.blue for one in greys), "no colour, only greys"

    perform(tmp_path, play)


def test_a_terminal_of_ascii_gets_ascii_and_nothing_moves(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for keys in ((), ("enter",), ("o",), ("s",), ("question_mark",)):
            await stage.press("escape", "escape", *keys)
            rows = stage.rows
            assert all(row.isascii() for row in rows), [row for row in rows if not row.isascii()]
            assert {len(row) for row in rows} == {80}
            known = "".join(rows[:-1])
            assert "?" not in known or keys == ("question_mark",), "a sign without a letter"
        await stage.press("escape", "escape")
        assert "+- 1 BTC  * trading -" in stage.text
        assert "^ +45.90" in stage.text

    perform(tmp_path, play, has_signs=False)


def test_every_sign_that_a_panel_has_is_a_letter_of_its_own() -> None:
    """Braille alone is none: charts are drawn in other letters there."""
    found = {
        sign
        for path in PANELS.rglob("*.py")
        for sign in re.findall(r"[^\x00-\x7f]", path.read_text(encoding="utf-8"))
    }
    assert len(found) > 30
    assert {sign for sign in found if plain_letters(sign) == "?"} == set()
    assert plain_letters("é\u2800") == "??"


@pytest.mark.parametrize(
    ("term", "encoding", "has"),
    [("xterm", "UTF-8", True), ("xterm", "utf8", True), ("linux", "UTF-8", False),
     ("xterm", "ISO-8859-1", False), ("", "ANSI_X3.4-1968", False)],
)  # fmt: skip
def test_which_terminals_have_signs(term: str, encoding: str, *, has: bool) -> None:
    assert has_signs({"TERM": term}, encoding) is has


def test_every_reason_is_a_clause_that_says_more_than_its_words() -> None:
    for reason in Reason:
        clause = clause_of(reason.value)
        if reason in AS_THEY_ARE:
            assert clause == reason.value
        else:
            assert clause != reason.value, reason
            assert len(clause) <= 75
            assert not clause.endswith(".")
