"""What a terminal remembers from one start to the next: theme and layout that were chosen by a key,
and whether the first steps were shown. A small file in the user's state folder.

No screen fails for it: what cannot be read was never kept, and what cannot be written is forgotten.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field

_MOST_BYTES = 1 << 14


@define
class TerminalMemory:
    """State: what is kept, as it is in the file. Without a path nothing is."""

    path: Path | None = None
    _kept: dict[str, Any] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.path is not None:
            self._kept = _read(self.path)

    # --- the first hour -------------------------------------------------------------------------

    @property
    def has_seen_first_steps(self) -> bool:
        """True where nothing can be kept: nobody is shown them at every start."""
        return self.path is None or self._kept.get("has_seen_first_steps") is True

    def saw_first_steps(self) -> None:
        self._keep(has_seen_first_steps=True)

    # --- theme and layout -----------------------------------------------------------------------

    def theme_over(self, configured: str) -> str:
        """The theme that was chosen by a key, as long as the settings name the one that it was
        chosen over; else theirs."""
        chosen, over = self._word("theme"), self._word("theme_over")
        return chosen if chosen and over == configured else configured

    def chose_theme(self, name: str, configured: str) -> None:
        self._keep(theme=name, theme_over=configured)

    @property
    def layout(self) -> str:
        """Empty where none was chosen."""
        return self._word("layout")

    def chose_layout(self, name: str) -> None:
        self._keep(layout=name)

    # --- the file -------------------------------------------------------------------------------

    def _word(self, name: str) -> str:
        found = self._kept.get(name)
        return found if isinstance(found, str) else ""

    def _keep(self, **news: Any) -> None:
        if self.path is None or all(self._kept.get(name) == new for name, new in news.items()):
            return
        self._kept = {**_read(self.path), **news}  # another terminal may have kept something
        aside = self.path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            aside.write_text(json.dumps(self._kept), encoding="utf-8")
            aside.replace(self.path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
