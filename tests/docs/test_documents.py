"""Documents that are made from the project are made anew, and what they point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.make_floors import PAGES, contracts, floors, with_picture
from docs.make_picture import SCREENS
from docs.make_schema import PAGE, with_tables

REPO = Path(__file__).parents[2]
ADRS = sorted((REPO / "docs" / "adr").glob("*.md"))
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES)
def test_the_floors_are_those_of_the_import_contracts(page: str) -> None:
    text = (REPO / page).read_text(encoding="utf-8")
    assert with_picture(text) == text, "draw them anew: python -m docs.make_floors"


def test_the_columns_are_those_of_the_database() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "make them anew: python -m docs.make_schema"


def test_every_room_stands_on_a_floor() -> None:
    rooms = {one.stem for one in (REPO / "polytui").iterdir() if not one.name.startswith("__")}
    (layers,) = (one for one in contracts() if one["type"] == "layers" and "containers" not in one)
    drawn = {room.split(".")[0] for floor in floors(layers) for room in floor}
    assert rooms - {"py"} <= drawn, "a room that no contract holds"


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.name)
def test_a_decision_has_a_number_of_its_own_and_says_it(path: Path) -> None:
    number = path.name[:4]
    assert [one.name for one in ADRS if one.name.startswith(number)] == [path.name]
    assert path.read_text(encoding="utf-8").startswith(f"# {number} ")


@pytest.mark.parametrize(
    "path", [*REPO.glob("*.md"), *REPO.glob("docs/**/*.md")], ids=lambda p: p.name
)
def test_what_a_page_links_to_is_there(path: Path) -> None:
    prose = _CODE.sub("", path.read_text(encoding="utf-8"))
    for target in _LINK.findall(prose):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize(("columns", "rows"), SCREENS)
def test_a_screen_is_whole_at_its_size(columns: int, rows: int) -> None:
    text = (REPO / "docs" / "screens.md").read_text(encoding="utf-8")
    screen = text.split(f"## {columns} x {rows}\n\n```\n")[1].split("\n```")[0].split("\n")
    assert len(screen) == rows
    assert max(map(len, screen)) <= columns
    assert "DEMO" in screen[0]
    assert "q quit" in screen[-1]
    assert not [row for row in screen if re.search(r"\d…", row)]
