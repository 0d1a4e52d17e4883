"""Themes: what ships is legible, what is wrong is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from polytui.model.errors import Fatal
from polytui.tui.theme import SHIPPED, BadTheme, colour_names, contrast, load_themes, palettes_from

IN_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "themes"
GOOD = (SHIPPED / "night.toml").read_text()


def test_at_least_four_themes_ship_and_one_is_light() -> None:
    themes = load_themes()
    assert len(themes) >= 4
    assert [path.stem for path in sorted(IN_THE_REPOSITORY.glob("*.toml"))] == list(themes)
    assert {theme.is_dark for theme in themes.values()} == {True, False}


@pytest.mark.parametrize("name", sorted(load_themes()))
def test_everything_that_is_read_stands_out(name: str) -> None:
    palette = load_themes()[name]
    colours = colour_names(palette)
    for ground in (colours["background"], colours["panel"]):
        assert contrast(colours["text"], ground) >= 7
        for meaning in ("dim", "accent", "up", "down", "good", "warn", "error"):
            assert contrast(colours[meaning], ground) >= 4.0, meaning
    assert contrast(colours["stale"], colours["background"]) >= 3.0
    for meaning in ("live", "paper", "demo", "replay", "warn", "error", "accent"):
        assert contrast(colours[meaning], colours["on_badge"]) >= 4.0, meaning


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(GOOD.replace('up = "#5fd08f"', 'up = "green"') + 'x = "1"\n')
    (tmp_path / "two.toml").write_text("is_dark = 3\n")
    (tmp_path / "three.toml").write_text("= nonsense")
    (tmp_path / "Four Five.toml").write_text(GOOD)
    (tmp_path / "fine.toml").write_text(GOOD)
    with pytest.raises(BadTheme) as caught:
        load_themes(tmp_path)
    text = "\n".join(caught.value.faults)
    for words in ("colours.up @", "unknown key colours.x @", "is_dark @", "a table: colours @"):
        assert words in text
    assert "readable TOML" in text
    assert "lower-case letters" in text
    assert "fine.toml" not in text
    assert len(caught.value.faults) == 6


def test_a_users_own_come_on_top_of_what_ships(tmp_path: Path) -> None:
    """And before what ships under the same name; without a folder, what ships is enough."""
    (tmp_path / "night.toml").write_text(GOOD.replace('up = "#5fd08f"', 'up = "#00ff00"'))
    (tmp_path / "mine.toml").write_text("\ufeff" + GOOD, encoding="utf-8")
    themes = load_themes(tmp_path)
    assert list(themes) == sorted([*load_themes(), "mine"])
    assert themes["night"].colours.up == "#00ff00"
    assert load_themes(tmp_path / "absent") == load_themes() == load_themes(IN_THE_REPOSITORY)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(Fatal, match="clear, contrast, day, dusk, night"):
        palettes_from(SHIPPED, "nightt")
    assert palettes_from(SHIPPED, "day")[0].name == "day"


def test_an_unknown_mode_looks_like_danger() -> None:
    palette = load_themes()["night"]
    assert palette.of_mode("live") == palette.of_mode("surprise") == palette.colours.live
    assert palette.of_mode("paper") == palette.colours.paper
