"""The table of actions and the keys they have: nothing twice, nothing without a hand."""

from __future__ import annotations

import string
from collections import Counter
from itertools import combinations

import pytest
from textual.keys import _character_to_key

from polytui.tui.actions import ACTIONS, Area, TerminalAction
from polytui.tui.app import TerminalApp
from polytui.tui.key_names import key_named, key_words
from polytui.tui.keymap import Keymap, keymap_of
from polytui.tui.screens.page import MOVES, PageScene
from polytui.tui.screens.pages import PAGES
from polytui.tui.state import TerminalState
from polytui.tui.theme import load_themes

ANYWHERE = (Area.ALWAYS, Area.ENGINE)
SCENES = [
    frozenset((Area.ALWAYS, whose, *here))
    for whose in (Area.ENGINE, Area.RECORDING)
    for here in ((Area.BOARD,), (Area.ZOOM,), *((Area.PAGE, area) for area in PAGES))
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
    nobody = PageScene(
        TerminalState(), lambda: 0.0, lambda *_: None, lambda _: False, lambda _: None
    )
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


# --- a person's own ---------------------------------------------------------------------------


def test_every_name_that_a_key_arrives_with_is_one_and_written_again() -> None:
    for key in {key for one in ACTIONS for key in one.keys}:
        assert key_named(key) == key
    for sign in string.punctuation:
        assert key_words(key_named(sign)) == sign
        assert key_named(sign) == _character_to_key(sign), "as it arrives"


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no key"), ("ctl+p", "no key"), ("f25", "no key"), ("K K", "no key"),
     ("ctrl+i", "sends tab"), ("ctrl+m", "sends enter"), ("shift+a", "write 'A'"),
     ("question", "no key")],
)  # fmt: skip
def test_what_is_no_key_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        key_named(text)


def test_all_faults_of_keys_are_told_at_once_and_where() -> None:
    _, faults = keymap_of(
        {
            "nothing": ["x"],
            "theme": ["l", "f99"],
            "kill": ["k"],
            "flatten": ["enter"],
            "leave_anywhere": [],
            "rearm": ["R", "ctrl+r"],
        }
    )
    assert sorted(faults) == sorted([
        "expected the id of an action, see docs/keys.md @ keys.nothing",
        "no key is called 'f99' @ keys.theme",
        "l is log.size and theme in one place @ keys.theme",
        "expected a capital, a function key or one with Ctrl or Alt: it is dangerous, got 'k'"
        " @ keys.kill",
        "k is move.up and kill in one place @ keys.kill",
        "k is round.previous and kill in one place @ keys.kill",
        "k is kill and card.previous in one place @ keys.kill",
        "expected a capital, a function key or one with Ctrl or Alt: it is dangerous, got 'enter'"
        " @ keys.flatten",
        "Enter is row.open and flatten in one place @ keys.flatten",
        "Enter is zoom and flatten in one place @ keys.flatten",
        "expected at least one key @ keys.leave_anywhere",
    ])  # fmt: skip


def test_what_another_gives_away_one_may_have() -> None:
    keymap, faults = keymap_of({"page.risk": ["l", "f3"], "log.size": ["r"], "theme": []})
    assert faults == []
    assert keymap.action_at("l", SCENES[0]).id == "page.risk"
    assert keymap.action_at("f3", SCENES[0]).id == "page.risk"
    assert keymap.action_at("r", SCENES[0]).id == "log.size"
    assert keymap.action_at("t", SCENES[0]) is None
    assert "theme" not in [one.word for one in keymap.hints(SCENES[0])]


def test_one_key_may_do_two_things_where_nobody_is_in_both_places() -> None:
    assert keymap_of({"settings.filter": ["f8"], "past.older": ["f8"]})[1] == []


def test_no_id_is_the_table_of_another_in_toml() -> None:
    ids = {one.id for one in ACTIONS}
    assert [one for one in ids for other in ids if other.startswith(f"{one}.")] == []
