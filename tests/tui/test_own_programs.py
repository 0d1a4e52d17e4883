"""Which editor and pager somebody has, and the log as their pager gets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import FakeEngine, hot_settings
from stage import Stage, perform

from polytui.model.link import SettingsFrame
from polytui.model.snapshot import Notice
from polytui.model.units import NS_PER_S
from polytui.tui.own_programs import EDITORS, PAGERS, log_text, program_of


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"EDITOR": "vi"}, ["vi"]),
        ({"EDITOR": "vi", "VISUAL": "code --wait"}, ["code", "--wait"]),
        ({"EDITOR": "vi", "VISUAL": " "}, ["vi"]),
        ({"EDITOR": "'my editor' -x"}, ["my editor", "-x"]),
    ],
)
def test_visual_goes_before_editor(environment: dict[str, str], command: list[str]) -> None:
    assert program_of(EDITORS, environment) == command


def test_what_is_not_set_or_cannot_be_read_is_said_in_words() -> None:
    with pytest.raises(LookupError, match=r"\$VISUAL or \$EDITOR is not set"):
        program_of(EDITORS, {"PAGER": "less"})
    with pytest.raises(ValueError, match=r"\$PAGER is \"less 'x\": No closing quotation"):
        program_of(PAGERS, {"PAGER": "less 'x"})


def test_a_line_of_the_log_has_everything_and_no_control_code() -> None:
    lines = [
        Notice(NS_PER_S, "warn", "btc", "binance stale \x1b[31m3.2 s"),
        Notice(2 * NS_PER_S, "info", "", "begins"),
    ]
    first, second = log_text(lines).splitlines()
    assert first.startswith("1970-01-01T00:00:01.000Z warn  BTC  binance stale ")
    assert "\x1b" not in first
    assert second == "1970-01-01T00:00:02.000Z info       begins"


def test_where_nothing_can_be_opened_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    engine = FakeEngine(tmp_path / "s")

    def told(stage: Stage, words: str) -> bool:
        return any(words in one.text for one in stage.app.state.told)

    async def play(stage: Stage) -> None:
        engine.say(SettingsFrame(hot_settings(engine.settings), str(file)))
        await stage.until(lambda: stage.app.state.settings.file)
        await stage.press("e", "E")
        await stage.until(lambda: told(stage, f"{file} is not on this machine"))
        file.touch()
        await stage.press("E")
        await stage.until(lambda: told(stage, "$VISUAL or $EDITOR is not set"))
        stage.app.environment = {"EDITOR": "vi"}
        await stage.press("E")
        await stage.until(lambda: told(stage, f"open {file} in another terminal"))
        assert engine.wishes == []
        assert stage.sent == []

    perform(tmp_path, play, engine=engine)
