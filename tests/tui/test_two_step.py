"""Two steps: nothing is sent by one key, nothing is sent twice, nothing is sent late."""

from __future__ import annotations

from polytui.model.events import Action
from polytui.tui.two_step import ARMED_FOR_S, HELD_S, Danger, Trigger

KILL = Danger(Action.KILL, "", "K")
FLATTEN = Danger(Action.FLATTEN, "eth", "F")


def test_the_second_press_fires_once() -> None:
    trigger = Trigger()
    assert trigger.press(KILL, 0.0) is None
    assert trigger.press(KILL, 1.0) == KILL
    assert trigger.fire(1.0) is None
    assert not trigger.is_armed(1.0)


def test_time_disarms() -> None:
    trigger = Trigger()
    trigger.press(KILL, 0.0)
    assert trigger.left_s(2.0) == ARMED_FOR_S - 2.0
    assert trigger.fire(ARMED_FOR_S) is None
    assert trigger.press(KILL, ARMED_FOR_S + 1) is None


def test_another_danger_is_armed_anew() -> None:
    trigger = Trigger()
    trigger.press(KILL, 0.0)
    assert trigger.press(FLATTEN, 1.0) is None
    assert trigger.fire(2.0) == FLATTEN


def test_letting_go() -> None:
    trigger = Trigger()
    trigger.press(KILL, 0.0)
    trigger.disarm()
    assert trigger.fire(0.1) is None


def test_what_is_no_key_never_fires_however_often() -> None:
    trigger = Trigger()
    for at in range(5):
        assert trigger.press(KILL, at / 10, is_key=False) is None
    assert trigger.press(KILL, 0.5) == KILL, "its key decides"


def test_an_enter_that_is_held_since_then_fires_nothing_until_it_was_let_go() -> None:
    trigger = Trigger()
    trigger.press(KILL, 0.0, is_key=False)
    assert [trigger.fire(at * 0.1) for at in range(40)] == [None] * 40
    assert trigger.fire(3.9 + HELD_S) == KILL


def test_a_key_that_is_held_down_fires_once() -> None:
    trigger = Trigger()
    fired = [trigger.press(FLATTEN, at * 0.03) for at in range(1_000)]
    assert [one for one in fired if one is not None] == [FLATTEN]
    assert trigger.press(FLATTEN, 30.0 + HELD_S) is None
    assert trigger.press(FLATTEN, 30.2 + HELD_S) == FLATTEN, "let go of and pressed twice"
