"""Pictures that a person makes of the screen, with the money or without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from stage import Stage, perform

from polytui.tui.fresh_file import written
from polytui.tui.redaction import hidden


def veiled(text: str) -> str:
    (row,) = hidden([[Segment(text[:9], Style(bold=True)), Segment(text[9:])]])
    return "".join(one.text for one in row)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cash 1,002.31   pnl ▲ +10.31 ", "cash •,•••.••   pnl ▲ +••.•• "),
        ("│ consensus  92,031.70  strike 91.80 │", "│ consensus  92,031.70  strike 91.80 │"),
        ("│ fair 0.693  market 0.665  ▲ +2.8 c │", "│ fair 0.693  market 0.665  ▲ +•.• c │"),
        ("5m 05:00 left 15:00-15:05", "5m 05:00 left 15:00-15:05"),
        ("LIVE 0x1d2f..3a4b", "LIVE ••••••..••••"),
        ("Up 25.00 cost 14.25   round +1.19", "Up ••.•• cost ••.••   round +•.••"),
        ("bid  0.66    36.13 █████▏  ◂20.00", "bid  •.••    ••.•• █████▏  ◂••.••"),
        ("fair 0.7 12.50", "fair 0.7 ••.••"),
    ],
)  # fmt: skip
def test_prices_of_the_market_and_times_stay_and_nothing_else(text: str, shown: str) -> None:
    assert veiled(text) == shown


def test_a_style_is_kept_and_no_cell_is_lost() -> None:
    row = [Segment("pnl ", Style(bold=True)), Segment("+1.00", Style(color="red"))]
    (made,) = hidden([row])
    assert [one.style for one in made] == [one.style for one in row]
    assert sum(one.cell_length for one in made) == 9


def shown_in(svg: str) -> str:
    return re.sub(r"<[^>]+>", " ", svg).replace("&#160;", " ")


def test_both_kinds_are_written_and_the_screen_is_as_it_was(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("S", "enter")
        await stage.until(lambda: len(list(tmp_path.glob("screen-*.svg"))) == 1)
        await stage.press("S", "h")
        await stage.until(lambda: len(list(tmp_path.glob("screen-*.svg"))) == 2)
        await stage.press("S", "escape")
        await stage.until(lambda: "picture of the screen" in "\n".join(stage.rows))
        assert "1,002.31" in stage.text

    perform(tmp_path, play, size=(100, 30))
    paths = sorted(tmp_path.glob("screen-*.svg"), key=lambda path: len(path.name))
    plain, veiled_one = (path.read_text() for path in paths)
    assert "1,002.31" in shown_in(plain)
    assert "1,002.31" not in shown_in(veiled_one)
    assert "92,031.70" in shown_in(plain)
    assert not re.search(r"\d\.\d\d c\b|cost \d", shown_in(veiled_one))
    assert "@font-face" not in plain


def test_no_picture_is_written_over_another(tmp_path: Path) -> None:
    paths = [written(tmp_path, "screen-101112", "svg", str(at)) for at in range(3)]
    assert [path.read_text() for path in paths] == ["0", "1", "2"]


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.app._engine_log = tmp_path / "gone" / "engine.log"
        await stage.press("S", "enter")
        await stage.until(lambda: "NO picture was written" in "\n".join(stage.rows))

    perform(tmp_path, play, size=(100, 30))
