"""The table of actions and the keys they have: nothing twice, nothing without a hand."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from polytui.tui.actions import ACTIONS, Area, TerminalAction
from polytui.tui.app import TerminalApp
from polytui.tui.keymap import Keymap, key_words
from polytui.tui.screens.page import MOVES, PageScene
from polytui.tui.screens.pages import PAGES
from polytui.tui.state import TerminalState
from polytui.tui.theme import load_themes

ANYWHERE = (Area.ALWAYS, Area.ENGINE)
SCENES = [
    frozenset((*ANYWHERE, Area.BOARD)),
    frozenset((*ANYWHERE, Area.ZOOM)),
    *(frozenset((*ANYWHERE, Area.PAGE, area)) for area in PAGES),
]


def test_every_id_is_there_once() -> None:
    assert max(Counter(one.id for one in ACTIONS).values()) == 1


@pytest.mark.parametrize("here", SCENES)
def test_no_two_actions_of_one_place_have_one_key(here: frozenset[Area]) -> None:
    apply = [one for one in ACTIONS if one.applies(here)]
    assert [(a.id, b.id) for a, b in combinations(apply, 2) if set(a.keys) & set(b.keys)] == []


def test_every_page_has_its_action_and_its_place() -> None:
    named = {one for one in Area if one.is_named_page}
    assert set(PAGES) == named == {Area(one.id) for one in ACTIONS if one.id.startswith("page.")}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda one: one.id)
def test_every_action_has_a_hand_of_the_board_or_of_the_pages_it_applies_to(
    action: TerminalAction,
) -> None:
    board = TerminalApp(list(load_themes().values())).board
    if action.id in board._handlers:
        return
    nobody = PageScene(TerminalState(), lambda: 0.0, lambda *_: None, lambda _: False)
    pages = [
        one(nobody) for one in PAGES.values() if not {Area.PAGE, one.area}.isdisjoint(action.areas)
    ]
    assert pages
    assert all(page.perform(action.id) for page in pages)


def test_no_hand_is_of_an_action_that_nobody_can_ask_for() -> None:
    board = TerminalApp(list(load_themes().values())).board
    assert set(board._handlers) | set(MOVES) <= {one.id for one in ACTIONS}


def test_dangers_are_not_on_keys_that_one_hits_by_accident() -> None:
    dangers = [one for one in ACTIONS if one.is_dangerous]
    assert {one.id for one in dangers} == {"kill", "rearm", "flatten"}
    for one in dangers:
        for key in one.keys:
            assert key not in ("enter", "space", "escape")
            assert not (len(key) == 1 and (key.islower() or key.isdigit()))


def test_keys_are_written_as_on_the_keyboard() -> None:
    names = ("escape", "ctrl+p", "left_square_bracket", "f1", "question_mark", "shift+tab", "K")
    assert [key_words(one) for one in names] == ["Esc", "Ctrl-P", "[", "F1", "?", "Shift-Tab", "K"]
    assert [key_words(one) for one in ("plus", "minus", "pagedown", "equals_sign", "up")] == [
        "+", "-", "PgDn", "=", "Up",
    ]  # fmt: skip


def test_the_footer_begins_with_the_business_of_its_place() -> None:
    zoomed = Keymap().hints(frozenset((*ANYWHERE, Area.ZOOM)))
    assert [(one.key_words, one.word) for one in zoomed[:4]] == [
        ("Esc", "back"), ("[ ]", "past rounds"), ("j k", "round"), ("o", "consensus"),
    ]  # fmt: skip
    on_board = Keymap().hints(frozenset((*ANYWHERE, Area.BOARD)))
    assert (on_board[0].key_words, on_board[0].word) == ("1-4", "asset")
