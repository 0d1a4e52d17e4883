"""The settings page: nothing is sent before a person has seen old > new and said Enter to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve
from fake_engine import FakeEngine, account_at, hot_settings
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from stage import PALETTES, Stage, perform

from polytui.config.schema import Settings
from polytui.model.events import Action
from polytui.model.link import AccountFrame, Ack, Change, SettingsFrame
from polytui.model.snapshot import SettingView
from polytui.tui.editing import CONFIRM_WITHIN_S, Editor, EditStep, WantedChange
from polytui.tui.known_settings import SHOWN_FOR_S, KnownSettings
from polytui.tui.panels.page import PageLook
from polytui.tui.panels.settings import settings_panel
from polytui.tui.setting_text import change_words, editable, is_same, readable, typed
from polytui.tui.styles import plain

SIZES = [(80, 24), (120, 36), (200, 60)]
VIEWS = (
    SettingView("gates.after_open_s", "45.0", "May we enter so early? Seconds after the open."),
    SettingView("gates.max_slippage_ticks", "1", "Ticks above the best ask."),
    SettingView("exits.is_enabled", "true", "Whether exits ask to leave."),
    SettingView("confluence.assets", "[]", "Where it may trade; empty for all."),
    SettingView("confluence.sizing", '"confidence"', "fixed, confidence or half_kelly."),
)
SECOND = "gates.max_slippage_ticks"


def known(*views: SettingView) -> KnownSettings:
    made = KnownSettings()
    made.hear(views or VIEWS, 0.0)
    return made


LISTED = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": 10, "home": -99, "end": 99}


def typing(editor: Editor, *keys: str, views: tuple[SettingView, ...] = VIEWS) -> list[object]:
    """What becomes of each key; in the list the keys are those that the keymap ships with."""
    names = {"/": "slash", " ": "space", ".": "full_stop", "-": "minus"}
    made: list[object] = []
    for key in keys:
        if editor.step is not EditStep.LIST:
            character = key if len(key) == 1 else None
            made.append(editor.press(names.get(key, key), character, views, 0.0))
            continue
        if key in LISTED:
            editor.move(LISTED[key], views)
        elif key == "/":
            editor.filter()
        elif key == "enter":
            editor.begin(views)
        elif key == "escape":
            editor.back()
        made.append(None)
    return made


def page(
    settings: KnownSettings, editor: Editor, width: int = 80, height: int = 19, now_s: float = 0.0
) -> list[str]:
    look = PageLook(PALETTES[0], "btc")
    size = (width, height)
    return plain(settings_panel(settings, editor, look, "3fa9c1d20b7e", now_s, size)).split("\n")


# --- values as text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [("45.0", "45.0"), ("true", "true"), ('"half_kelly"', "half_kelly"), ('""', "(empty)"),
     ("[]", "(empty)"), ('["btc","eth"]', "btc, eth"), ("not json", "not json"), ("null", "null")],
)  # fmt: skip
def test_values_are_read_as_words(value: str, text: str) -> None:
    assert readable(value) == text


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [("60", "45.0", "60"), ("60.50", "45.0", "60.5"), (" .5 ", "1", "0.5"), ("-3", "1", "-3"),
     ("+4", "1", "4"), ("7.", "1", "7.0"), ("TRUE", "false", "true"), ("a b", '""', '"a b"'),
     ("btc,  eth,", "[]", '["btc", "eth"]'), ("", '["btc"]', "[]"), ("", '"x"', '""'),
     ('say "hi"', '""', '"say \\"hi\\""')],
)  # fmt: skip
def test_text_becomes_the_json_of_its_kind(text: str, old: str, new: str) -> None:
    assert typed(text, old) == new


@pytest.mark.parametrize(
    ("text", "old"),
    [("", "45.0"), ("sixty", "45.0"), ("1e3", "45.0"), ("nan", "1"), ("inf", "1"), ("1,000", "1"),
     ("1 2", "1"), ("9" * 16, "1"), ("--1", "1"), (".", "1"), ("true", "1"), ("1", "true"),
     ("yes", "true"), ("", "true")],
)  # fmt: skip
def test_what_is_no_value_of_its_kind_says_so(text: str, old: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        typed(text, old)


@given(st.one_of(st.booleans(), st.integers(-(10**14), 10**14), st.floats(-1e6, 1e6), st.text()))
def test_an_unchanged_text_is_the_same_value(value: object) -> None:
    old = json.dumps(value)
    if "e" in old and isinstance(value, float):
        return
    if isinstance(value, str) and value != value.strip():
        return
    try:
        assert is_same(typed(editable(old), old), old)
    except ValueError:
        assert isinstance(value, float)  # more decimals than a setting has


def test_true_is_not_one() -> None:
    assert is_same("60", "60.0")
    assert not is_same("true", "1")
    assert not is_same("60", "60.5")
    assert change_words("45.0", "60") == "45.0 > 60"


# --- the editor -----------------------------------------------------------------------------


def test_two_enters_after_a_change_and_not_one() -> None:
    editor = Editor()
    typing(editor, "enter", "ctrl+u", "6", "0")
    assert typing(editor, "enter") == [None]
    assert (editor.step, editor.old, editor.new) == (EditStep.CONFIRM, "45.0", "60")
    assert typing(editor, "enter") == [WantedChange("gates.after_open_s", "45.0", "60")]
    assert editor.step is EditStep.LIST


def test_a_held_enter_changes_nothing() -> None:
    editor = Editor()
    assert set(typing(editor, *["enter"] * 20)) == {None}


@pytest.mark.parametrize("letter", list("abcdefghilmnopqrstuvwxyzKPRF0123456789 .-"))
def test_no_bare_character_sends_when_confirming(letter: str) -> None:
    editor = Editor()
    typing(editor, "enter", "ctrl+u", "6", "enter")
    assert typing(editor, letter) == [None]
    assert (editor.step, editor.new) == (EditStep.CONFIRM, "6")


def test_escape_goes_back_a_step_at_a_time() -> None:
    editor = Editor(words="gates")
    typing(editor, "enter", "9", "enter")
    steps = []
    for _ in range(3):
        typing(editor, "escape")
        steps.append((editor.step, editor.words))
    assert steps == [
        (EditStep.EDIT, "gates"),
        (EditStep.LIST, "gates"),
        (EditStep.LIST, ""),
    ]
    assert not editor.back(), "the next one leaves the page"


def test_moving_stops_at_both_ends() -> None:
    editor = Editor()
    typing(editor, "k")
    assert editor.place(VIEWS) == 0
    typing(editor, "j", "down")
    assert editor.place(VIEWS) == 2
    typing(editor, "end", "j", "pagedown")
    assert editor.place(VIEWS) == 4
    typing(editor, "up", "home")
    assert editor.place(VIEWS) == 0
    typing(nothing := Editor(), "j", "enter", views=())
    assert (nothing.step, nothing.path) == (EditStep.LIST, "")


def test_typing_has_a_place() -> None:
    editor = Editor()
    typing(editor, "enter", "home", "1", "right", "delete", "end", "backspace", "7", "left", "left")
    assert (editor.text, editor.at) == ("14.7", 2)
    typing(editor, *"x" * 500)
    assert len(editor.text) == 200


@pytest.mark.parametrize("key", ["space", "left", "right", "up", "down"])
def test_a_truth_is_flipped(key: str) -> None:
    editor = Editor(path="exits.is_enabled")
    typing(editor, "enter")
    typing(editor, " " if key == "space" else key)
    assert editor.text == "false"
    typing(editor, "enter")
    assert (editor.step, editor.new) == (EditStep.CONFIRM, "false")


def test_a_wrong_text_is_not_shown_for_confirmation() -> None:
    editor = Editor()
    typing(editor, "enter", "x", "enter")
    assert editor.step is EditStep.EDIT
    assert editor.fault == "expected a number like 12 or 0.5, got '45.0x'"
    typing(editor, "backspace")
    assert editor.fault == ""


@pytest.mark.parametrize(
    ("after_s", "step"),
    [(CONFIRM_WITHIN_S - 0.01, EditStep.CONFIRM), (CONFIRM_WITHIN_S, EditStep.EDIT),
     (CONFIRM_WITHIN_S + 0.01, EditStep.EDIT)],
)  # fmt: skip
def test_a_confirmation_does_not_wait_for_ever(after_s: float, step: EditStep) -> None:
    editor = Editor()
    typing(editor, "enter", "9", "enter")
    editor.follow(VIEWS, after_s)
    assert editor.step is step
    assert ("not confirmed in time" in editor.fault) is (step is EditStep.EDIT)
    assert editor.text == "45.09"


def test_a_value_that_another_changed_takes_the_confirmation_back() -> None:
    editor = Editor()
    typing(editor, "enter", "9", "enter")
    editor.follow((evolve(VIEWS[0], value="50.0"), *VIEWS[1:]), 0.0)
    assert (editor.step, editor.old) == (EditStep.EDIT, "50.0")
    assert "changed meanwhile" in editor.fault
    typing(editor, "enter")
    assert (editor.step, editor.old, editor.new) == (EditStep.CONFIRM, "50.0", "45.09")


def test_a_paste_is_text_only_where_text_is_typed() -> None:
    editor = Editor()
    editor.paste("/enter\n9")
    assert editor.step is EditStep.LIST
    typing(editor, "enter", "ctrl+u")
    editor.paste("12.5\n\nsend")
    assert (editor.step, editor.text) == (EditStep.EDIT, "12.5")
    typing(editor, "enter")
    editor.paste("\n\n")
    assert editor.step is EditStep.CONFIRM


@given(st.lists(st.sampled_from(["enter", "escape", "j", "k", "/", "5", "x", "backspace", " "])))
def test_nothing_is_ever_wanted_but_by_enter_on_old_and_new(keys: list[str]) -> None:
    editor = Editor()
    for key in keys:
        was_confirming = editor.step is EditStep.CONFIRM
        old, new = editor.old, editor.new
        shown = known().matching(editor.words)
        (took,) = typing(editor, key, views=shown)
        assert isinstance(took, WantedChange) is (was_confirming and key == "enter")
        if isinstance(took, WantedChange):
            assert (took.old, took.new) == (old, new)
            assert not is_same(old, new)


# --- what is known --------------------------------------------------------------------------


def test_all_words_of_a_filter_must_match_path_or_meaning() -> None:
    settings = known()
    assert [one.path for one in settings.matching("GATES open")] == ["gates.after_open_s"]
    assert [one.path for one in settings.matching("half_kelly")] == ["confluence.sizing"]
    assert settings.matching("gates half_kelly") == ()
    assert settings.matching("  ") == VIEWS


@pytest.mark.parametrize(
    ("after_s", "is_fresh"),
    [(SHOWN_FOR_S - 0.01, True), (SHOWN_FOR_S, False), (SHOWN_FOR_S + 0.01, False)],
)
def test_a_difference_is_fresh_for_some_seconds(after_s: float, is_fresh: bool) -> None:
    settings = known()
    assert settings.fresh(0.0) == {}
    settings.hear((evolve(VIEWS[0], value="60.0"), *VIEWS[1:]), 100.0)
    assert (list(settings.fresh(100.0 + after_s)) == ["gates.after_open_s"]) is is_fresh
    assert settings.differences["gates.after_open_s"].words == "45.0 > 60.0"


def test_only_its_own_ack_answers_a_wish() -> None:
    settings = known()
    settings.asked(Change(7, SECOND, "2"), "1", 0.0)
    assert settings.acked(Ack(8, (1,)), 1.0) is None
    settings.forgive(SECOND)
    assert SECOND in settings.wishes  # still on its way
    settings.acked(Ack(7, (), "no"), 1.0)
    assert settings.wishes[SECOND].error == "no"
    settings.forgive(SECOND)
    assert settings.wishes == {}


# --- the page -------------------------------------------------------------------------------


def test_what_settings_mean_stands_in_one_column_whatever_their_names() -> None:
    known = KnownSettings()
    names = ("market.basis_half_life_s", "market.volatility_slow_half_life_s")
    known.hear(tuple(SettingView(name, "7200.0", "Means it.") for name in names), 0.0)
    look = PageLook(PALETTES[0], "")
    lines = plain(settings_panel(known, Editor(), look, "", 0.0, (80, 16))).split("\n")
    assert len({row.index("Means it.") for row in lines[2:4]}) == 1


def test_exact_cells_at_80_by_24() -> None:
    assert page(known(), Editor(path=SECOND)) == [
        "╭─ settings  5, changed while the engine runs ─────────────────────────────────╮",
        "│ gates ─────────────────────────────────────────────────────────────────────  │",
        "│   after_open_s             45.0           May we enter so early? Seconds af… │",
        "│ ▸ max_slippage_ticks       1              Ticks above the best ask.          │",
        "│ exits ─────────────────────────────────────────────────────────────────────  │",
        "│   is_enabled               true           Whether exits ask to leave.        │",
        "│ confluence ────────────────────────────────────────────────────────────────  │",
        "│   assets                   (empty)        Where it may trade; empty for all. │",
        "│   sizing                   confidence     fixed, confidence or half_kelly.   │",
        *["│" + " " * 78 + "│"] * 5,
        "│ gates.max_slippage_ticks ───────────────────────────────────────────────── 1 │",
        "│ Ticks above the best ask.                                                    │",
        *["│" + " " * 78 + "│"] * 2,
        "╰─ digest 3fa9c1d20b7e ────────────────────────────────────────────────────────╯",
    ]


def test_exact_cells_of_an_edit_and_of_its_confirmation() -> None:
    editor = Editor(path=SECOND)
    typing(editor, "enter", "left", "1")
    rows = page(known(), editor)
    assert rows[3] == "│ ▸ max_slippage_ticks       1▏1".ljust(79) + "│"
    assert rows[15].startswith("│ expected 0 to 50   Enter shows the change   Esc leaves it ")
    typing(editor, "enter")
    rows = page(known(), editor)
    assert rows[3] == "│ ▸ max_slippage_ticks       1 > 11  not sent yet".ljust(79) + "│"
    assert rows[15] == "│   gates.max_slippage_ticks: 1 > 11".ljust(79) + "│"
    assert rows[16] == "│   Enter sends it to the engine   Esc goes back".ljust(79) + "│"


@pytest.mark.parametrize(("width", "height"), [*SIZES, (64, 9), (80, 7)])
@pytest.mark.parametrize("keys", [(), ("/", "x"), ("enter",), ("enter", "9", "enter")])
def test_every_size_gives_exactly_that_many_cells(
    width: int, height: int, keys: tuple[str, ...]
) -> None:
    long = SettingView("a." + "b" * 40, '"' + "漢字 " * 40 + '"', "long " * 80)
    for settings in (known(), known(long), known(*hot_settings(Settings())), KnownSettings()):
        editor = Editor()
        typing(editor, *keys, views=settings.views)
        if settings.views:
            path = settings.views[0].path
            settings.refuse(path, "1", "2", "expected > 0 " * 30, 0.0)
        look = PageLook(PALETTES[0], "btc", age_s=2.0)
        lines = settings_panel(settings, editor, look, "", 1.0, (width, height))
        assert len(lines) == height
        assert {sum(cell_len(part.text) for part in one) for one in lines} == {width}


@pytest.mark.parametrize("height", [10, 19, 31, 55])
def test_the_chosen_setting_is_always_in_view(height: int) -> None:
    settings = known(*hot_settings(Settings()))
    for one in settings.views:
        rows = page(settings, Editor(path=one.path), height=height)
        name = one.path.rpartition(".")[2]
        assert sum(row.startswith(f"│ ▸ {name[:24]}") for row in rows) == 1


def test_a_difference_is_shown_by_its_field_and_in_the_title() -> None:
    settings = known()
    settings.hear((evolve(VIEWS[0], value="60.0"), evolve(VIEWS[1], value="2"), *VIEWS[2:]), 5.0)
    rows = page(settings, Editor(), now_s=8.0)
    assert "✓ 45.0 > 60.0, 3.0 s ago" in rows[2]
    assert "✓ 1 > 2, 3.0 s ago" in rows[3]
    assert rows[0].endswith("max_slippage_ticks 1 > 2 and 1 more ─╮")
    assert "ago" not in "".join(page(settings, Editor(), now_s=5.0 + SHOWN_FOR_S))


def test_what_is_on_its_way_or_refused_is_said_next_to_the_field() -> None:
    settings = known()
    settings.asked(Change(7, "gates.after_open_s", "-1"), "45.0", 0.0)
    rows = page(settings, Editor(), now_s=4.0)
    assert "… 45.0 > -1 sent" in rows[2]
    assert "no answer for 4.0 s" in rows[15]
    settings.acked(Ack(7, (), "expected >= 0, got -1 @ gates.after_open_s"), 4.0)
    rows = page(settings, Editor(), now_s=400.0)
    assert rows[2].endswith(" 45.0           ✗ expected >= 0, got -1            │")
    whole = "✗ not changed, 45.0 > -1: expected >= 0, got -1 @ gates.after_open_s"
    assert rows[15].startswith(f"│ {whole}")
    settings.asked(Change(8, "gates.after_open_s", "60"), "45.0", 400.0)
    settings.acked(Ack(8, (4102,)), 401.0)
    assert "✓ 45.0 > 60 was taken #4102" in page(settings, Editor(), now_s=402.0)[15]


# --- by keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_a_setting_is_found_edited_confirmed_and_in_force(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e")
        await stage.until(lambda: "╭─ settings  " in stage.text)
        assert len(stage.rows) == size[1]
        await stage.press("slash", *"after_open", "enter")
        await stage.until(lambda: "/after_open  1 of" in "\n".join(stage.rows))
        await stage.press("enter", "ctrl+u", *"60", "enter")
        await stage.until(lambda: "gates.after_open_s: 45.0 > 60" in "\n".join(stage.rows))
        assert stage.engine.wishes == []
        await stage.press("enter")
        await stage.until(lambda: stage.engine.wishes)
        assert [(one.path, one.value) for one in stage.engine.wishes] == [
            ("gates.after_open_s", "60")
        ]
        await stage.until(lambda: "✓ 45.0 > 60.0," in "\n".join(stage.rows))
        await stage.pass_time(SHOWN_FOR_S)
        assert "45.0 > 60.0" not in "\n".join(stage.rows)
        assert stage.sent == []

    perform(tmp_path, play, size=size)


def test_the_bound_is_said_while_typing_and_what_breaks_it_is_never_sent(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"after_open", "enter", "enter")
        await stage.until(lambda: "expected >= 0" in "\n".join(stage.rows[-12:]))
        await stage.press("home", "minus")
        await stage.until(lambda: "✗ expected >= 0, got -45.0" in "\n".join(stage.rows))
        await stage.press("enter", "enter")
        assert (stage.engine.wishes, stage.engine.settings) == ([], Settings())
        await stage.press("home", "delete", "backspace", "1", "enter", "enter")
        await stage.until(lambda: stage.engine.settings.gates.after_open_s == 145.0)

    perform(tmp_path, play)


def test_what_contradicts_another_setting_is_said_while_typing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"sniper.until_left", "enter", "enter", "ctrl+u", *"9999")
        await stage.until(lambda: "✗ expected < from_left_s, got 9999" in "\n".join(stage.rows))
        await stage.press("enter", "enter", "escape")
        assert stage.engine.wishes == []

    perform(tmp_path, play)


def test_the_engines_fault_stands_beside_the_field_and_nothing_changed(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", acks=False)

    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"after_open", "enter", "enter", "home", "1", "enter")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.wishes)
        words = "the session is stopping"
        stage.engine.say(Ack(stage.engine.wishes[0].command_id, (), words))
        await stage.until(lambda: f"✗ {words}" in "\n".join(stage.rows))
        last = stage.app.state.notices[-1]
        assert (last.level, f"refused: {words}" in last.text) == ("error", True)
        await stage.press("enter")
        await stage.until(lambda: "✗" not in "\n".join(stage.rows[2:-4]))

    perform(tmp_path, play, engine=engine)


def test_a_breach_of_an_open_position_is_said_in_the_engines_words(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "s", acks=False)

    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"max_asset_usd", "enter", "enter", "ctrl+u", "9", "enter")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.wishes)
        await stage.until(lambda: "… 100.0 > 9 sent" in "\n".join(stage.rows))
        words = "open position on eth: 57 > 9 USD"
        stage.engine.say(Ack(stage.engine.wishes[0].command_id, (), words))
        await stage.until(lambda: f"✗ {words}" in "\n".join(stage.rows))

    perform(tmp_path, play, engine=engine)


def test_no_letter_on_the_page_reaches_orders_and_none_is_sent_while_typing(
    tmp_path: Path,
) -> None:
    async def play(stage: Stage) -> None:
        for key in ("p", "P", "F", "F"):
            await stage.press("e")
            await stage.until(lambda: "╭─ settings" in stage.text)
            await stage.press(key, "escape", "escape")
        await stage.press("e", "slash", *"qPFRser", "enter", "escape")
        await stage.press("enter", *"qPFRser", "escape")
        assert "╭─ settings" in "\n".join(stage.rows)
        assert stage.app.screen is stage.app.board
        assert (stage.sent, stage.engine.wishes) == ([], [])

    perform(tmp_path, play)


def test_kill_still_works_and_an_armed_kill_is_not_fired_by_editing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "K")
        await stage.until(lambda: "press K again" in "\n".join(stage.rows))
        await stage.press("slash", "x", "enter", "enter")
        assert stage.sent == []
        await stage.press("escape", "K", "j", "enter", "escape")
        assert stage.sent == []
        await stage.press("K", "K")
        await stage.until(lambda: stage.sent == [(Action.KILL, "")])

    perform(tmp_path, play)


def test_changes_from_elsewhere_are_shown_and_take_back_a_confirmation(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"after_open", "enter", "enter", "9", "enter")
        await stage.until(lambda: "not sent yet" in "\n".join(stage.rows))
        other = evolve(Settings(), gates=evolve(Settings().gates, after_open_s=50.0))
        stage.engine.say(SettingsFrame(hot_settings(other)))
        await stage.until(lambda: "after_open_s 45.0 > 50.0" in stage.rows[2])
        await stage.press("enter")
        assert stage.engine.wishes == []
        await stage.until(lambda: "50.0 > 45.09" in "\n".join(stage.rows))
        await stage.press("enter")
        await stage.until(lambda: stage.engine.wishes)

    perform(tmp_path, play, size=(120, 36))


def test_a_confirmation_left_alone_sends_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"after_open", "enter", "enter", "9", "enter")
        await stage.until(lambda: "not sent yet" in "\n".join(stage.rows))
        await stage.pass_time(CONFIRM_WITHIN_S)
        await stage.press("enter", "escape")
        assert "╭─ settings" in "\n".join(stage.rows)
        assert stage.engine.wishes == []

    perform(tmp_path, play)


def test_without_an_engine_a_change_says_that_it_was_not_sent(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e", "slash", *"after_open", "enter", "enter", "9", "enter")
        stage.engine.die()
        await stage.until(lambda: "ENGINE LOST" in stage.text)
        await stage.press("enter")
        await stage.until(lambda: "✗ NOT sent: no engine" in "\n".join(stage.rows))
        await stage.pass_time(3.0)
        assert "◐ 3.0 s old" in stage.text

    perform(tmp_path, play, size=(120, 36))


def test_the_page_shows_the_digest_of_what_is_in_force(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("e")
        await stage.until(lambda: "digest 3fa9c1d20b7e" in stage.text)
        stage.engine.say(AccountFrame(evolve(account_at(1), settings_digest="0123456789ab")))
        await stage.until(lambda: "digest 0123456789ab" in "\n".join(stage.rows))

    perform(tmp_path, play)
