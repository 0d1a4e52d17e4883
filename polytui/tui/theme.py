"""Themes: colours named by what they mean, one TOML file each; users drop in their own.

What ships is data of this package. A user's file of the same name comes before it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from attrs import asdict, fields, frozen
from textual.theme import Theme

from polytui.model.errors import Fatal

SHIPPED = Path(__file__).with_name("themes")
"""The themes that come with the program."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z")


@frozen
class Colours:
    """Every colour the terminal uses, as "#rrggbb", by meaning."""

    background: str
    panel: str
    """Behind banners and boxes that lie over the panels."""
    border: str
    text: str
    dim: str
    """Labels and everything that is read second."""
    accent: str
    """The one colour of focus: the chosen panel, key names, the time bar."""
    up: str
    """Up, gains, bids."""
    down: str
    """Down, losses, asks."""
    good: str
    warn: str
    error: str
    stale: str
    """Everything that is older than it should be."""
    live: str
    """Real money."""
    paper: str
    demo: str
    replay: str
    on_badge: str
    """Text on top of live, paper, demo, replay, warn and error."""


@frozen
class Palette:
    """A theme: its name, whether it is dark, and its colours."""

    name: str
    is_dark: bool
    colours: Colours

    def of_mode(self, mode: str) -> str:
        """The colour of a mode's banner; an unknown mode looks like danger."""
        alike = {"paper": "paper", "demo": "demo", "replay": "replay"}
        alike |= {
            "watch": "replay",
            "backtest": "replay",
            "shadow": "paper",
        }  # nothing is sent in either
        return str(getattr(self.colours, alike.get(mode, "live")))

    def for_textual(self) -> Theme:
        """The same colours for what Textual itself draws: screens and their scrims."""
        c = self.colours
        return Theme(
            name=self.name,
            primary=c.accent,
            accent=c.accent,
            foreground=c.text,
            background=c.background,
            surface=c.background,
            panel=c.panel,
            warning=c.warn,
            error=c.error,
            success=c.good,
            dark=self.is_dark,
        )


class BadTheme(Fatal):
    """Theme files that cannot be used: every fault of every file at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def load_themes(folder: Path | None = None) -> dict[str, Palette]:
    """All themes by name, in the order of their names: what ships, and on top what is in `folder`,
    which need not be there.

    Raises BadTheme with one line per fault ("expected ... @ path: key") when a file does not say
    what it must.
    """
    faults: list[str] = []
    palettes: dict[str, Palette] = {}
    for path in _files(folder):
        found: list[str] = []
        palette = _read(path, found)
        faults += [f"{fault} @ {path}" for fault in found]
        if palette is not None:
            palettes[palette.name] = palette
    if faults:
        raise BadTheme(faults)
    return palettes


def first_of(palettes: list[Palette], name: str) -> list[Palette]:
    """With the theme of that name first, where there is one."""
    return sorted(palettes, key=lambda one: one.name != name)


def palettes_from(folder: Path, first: str) -> list[Palette]:
    """All themes, `first` first; Fatal when it is not there."""
    themes = load_themes(folder)
    if first not in themes:
        raise Fatal(f"no theme {first!r}, here or in {folder}; there are: {', '.join(themes)}")
    return [themes[first], *(one for name, one in themes.items() if name != first)]


def _files(folder: Path | None) -> list[Path]:
    """One file a name: the user's where there is one."""
    shipped = {path.name: path for path in SHIPPED.glob("*.toml")}
    own = {path.name: path for path in folder.glob("*.toml")} if folder is not None else {}
    return [path for _, path in sorted((shipped | own).items())]


def _read(path: Path, faults: list[str]) -> Palette | None:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(f"expected readable TOML ({error})")
        return None
    faults += [f"unknown key {key}" for key in table if key not in ("is_dark", "colours")]
    if not _NAME.match(path.stem):
        faults.append("expected a file name of lower-case letters, digits and dashes")
    if not isinstance(table.get("is_dark"), bool):
        faults.append("expected true or false: is_dark")
    colours = _colours(table.get("colours"), faults)
    if faults or colours is None:
        return None
    return Palette(path.stem, table["is_dark"], colours)


def _colours(table: Any, faults: list[str]) -> Colours | None:
    if not isinstance(table, dict):
        faults.append("expected a table: colours")
        return None
    names = [one.name for one in fields(Colours)]
    faults += [f"unknown key colours.{key}" for key in table if key not in names]
    wrong = [name for name in names if not _is_colour(table.get(name))]
    faults += [f'expected a colour like "#1a2b3c": colours.{name}' for name in wrong]
    return None if wrong else Colours(**{name: table[name] for name in names})


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and _COLOUR.match(value) is not None


def contrast(one: str, other: str) -> float:
    """How far two colours are apart in lightness, 1 to 21 (WCAG 2 contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colour_names(palette: Palette) -> dict[str, str]:
    """Meaning to "#rrggbb", for tests and listings."""
    return dict(asdict(palette.colours))
