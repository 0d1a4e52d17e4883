"""Sixteen colours: what means something is no grey, and greys stay what they are."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from polytui.tui.sixteen import has_sixteen_colours, in_sixteen
from polytui.tui.theme import colour_names, load_themes

GREYS = {0, 7, 8, 15}


def number(colour: str) -> int | None:
    return Color.parse(colour).downgrade(ColorSystem.STANDARD).number


@pytest.mark.parametrize("name", sorted(load_themes()))
def test_what_means_something_is_no_grey(name: str) -> None:
    before = load_themes()[name]
    told, was = colour_names(in_sixteen(before)), colour_names(before)
    for meaning in ("accent", "up", "down", "good", "warn", "error", "live", "paper", "demo"):
        assert number(told[meaning]) not in GREYS, meaning
    assert number(told["up"]) != number(told["down"])
    assert number(told["live"]) not in {number(told[one]) for one in ("paper", "demo", "replay")}
    for meaning in ("text", "dim", "border", "stale", "background", "panel", "on_badge"):
        assert told[meaning] == was[meaning]


def test_a_blue_stays_blue_and_a_green_green() -> None:
    night, day = (colour_names(in_sixteen(load_themes()[one])) for one in ("night", "day"))
    assert number(night["accent"]) in (12, 14)
    assert number(day["up"]) == 2
    assert number(day["replay"]) == 6


@pytest.mark.parametrize(
    ("term", "true", "is_so"),
    [("xterm-16color", "", True), ("xterm-256color", "", False), ("xterm", "truecolor", False)],
)
def test_a_terminal_says_how_many_it_has(
    monkeypatch: pytest.MonkeyPatch, term: str, true: str, is_so: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for key, value in {"TERM": term, "COLORTERM": true, "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(key, value)
    assert has_sixteen_colours() is is_so
