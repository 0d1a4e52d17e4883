"""Settings of the terminal, which the engine does not read but for how often it is told."""

from __future__ import annotations

from attrs import frozen

from polytui.config.checks import QUIET_HOURS, between, one_of, setting


@frozen
class TerminalSettings:
    theme: str = "night"
    """Its colours: a file in the themes folder, or one that came with the program."""
    themes_folder: str = "themes"
    """Your own, one TOML file each; one named like a theme that ships comes in its place."""
    charts: str = setting("auto", one_of("auto", "braille", "ascii"))
    """What charts are made of: dots of Braille, or of plain letters where the terminal's font or
    locale has none. auto looks at both."""
    form: str = setting("auto", one_of("auto", "screen", "lines"))
    """lines tells what changes line by line instead of drawing a screen, for screen readers; auto
    does so where TERM says that nothing can be drawn."""
    mouse: bool = True
    """Whether clicks and the wheel are taken; your terminal's own marking of text needs Shift then.
    A click sends nothing that touches orders: it arms, and a key decides."""
    snapshot_hz: float = setting(10.0, between(0.5, 30.0))
    """How often the engine tells a terminal what there is to see."""
    stop_when_lost: bool = True
    """A terminal that is killed without detaching stops the engine it was started with."""
    toasts: str = setting("auto", one_of("auto", "off"))
    """Lines that come up by themselves for fills, settlements, breakers, kills and lost feeds.
    auto: on screens from 100x30, where they cover the log and nothing else."""
    bell: bool = False
    """The terminal's bell for the same, once in two seconds at most."""
    title: bool = True
    """The window's title says the mode and the result; what it was before comes back at the end."""
    quiet_hours: str = setting("", QUIET_HOURS)
    """Local time in which nothing rings or comes up but kills and breakers: "22:00-07:00"; empty:
    never."""
