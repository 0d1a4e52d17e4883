"""Draws the floors of docs/architecture.md and README.md from the import contracts in
pyproject.toml: `python -m docs.make_floors`. Drawn by hand it would tell of another house."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/architecture.md")
BEGIN, END = "<!-- floors: python -m docs.make_floors -->\n", "<!-- /floors -->\n"
_PACKAGE = "polytui."


def contracts() -> list[dict[str, Any]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return found


def floors(contract: dict[str, Any]) -> list[list[str]]:
    """Rooms of each floor, from the top: each may import from those below and from no neighbour."""
    return [
        [room.strip().removeprefix(_PACKAGE) for room in layer.split("|")]
        for layer in contract["layers"]
    ]


def picture() -> str:
    """The floors with their rooms, numbered from the ground, as an indented block."""
    (layers,) = (one for one in contracts() if one["type"] == "layers" and "containers" not in one)
    found = floors(layers)
    lines = []
    for number, rooms in zip(range(len(found) - 1, -1, -1), found, strict=True):
        names = "   ".join(_shown(room) for room in rooms)
        lines.append(f"    {number:>2}    {names}")
    return "\n".join(lines) + "\n"


def _shown(room: str) -> str:
    is_folder = (ROOT / "polytui" / room.replace(".", "/")).is_dir()
    return f"{room}/" if is_folder else room


def with_picture(page: str) -> str:
    """A page's text with the picture between its marks. ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN.strip()} ... {END.strip()}")
    return f"{before}{begin}\n{picture()}\n{end}{after}"


def main() -> None:
    for name in PAGES:
        path = ROOT / name
        path.write_text(with_picture(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
