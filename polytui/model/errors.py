"""Four errors, named by what to do about them.

`net/` maps every foreign exception to one of these; nobody else sees httpx or a socket fail.
A message ends with what the reader can do.
"""

from __future__ import annotations


class Retry(Exception):
    """Nothing happened; try again, after `after_s` seconds where the venue said so."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Rejected(Exception):
    """The venue refused, and that is proven; a ban says for how many seconds."""

    def __init__(
        self, message: str, status: int | None = None, after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.after_s = after_s


class Unknown(Exception):
    """It may have happened; only looking again will tell."""


class Fatal(Exception):
    """We, our settings or our machine are wrong; stop and say so."""
