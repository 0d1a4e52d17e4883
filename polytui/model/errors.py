"""Four errors, named by what to do about them, and two that say more of the same.

`net/` maps every foreign exception to one of these; nobody else sees httpx or a socket fail.
A message ends with what the reader can do.
"""

from __future__ import annotations

from typing import Literal

VenueMode = Literal["post-only", "cancel-only", "disabled"]
"""What a venue still takes: only orders that rest, and cancels; only cancels; nothing for sure."""


class Retry(Exception):
    """Nothing happened; try again, after `after_s` seconds where the venue said so."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class NotNow(Retry):
    """The venue takes no order of this kind for a while, and says so: nothing happened."""

    def __init__(self, message: str, mode: VenueMode, after_s: float | None = None) -> None:
        super().__init__(message, after_s)
        self.mode = mode


class Rejected(Exception):
    """The venue refused, and that is proven; a ban says for how many seconds."""

    def __init__(
        self, message: str, status: int | None = None, after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.after_s = after_s


class Restricted(Rejected):
    """By law or by the venue's own rules we may not trade, from here or with this wallet: stop,
    take everything back, and do not look for a way around it."""


class Unknown(Exception):
    """It may have happened; only looking again will tell."""


class Fatal(Exception):
    """We, our settings or our machine are wrong; stop and say so."""


class Blocked(Fatal):
    """Nothing trades with real money, and nothing of it has begun: a gate is closed. The command
    line ends with 3, and says the tag for scripts."""

    def __init__(self, tag: str, message: str) -> None:
        super().__init__(message)
        self.tag = tag
