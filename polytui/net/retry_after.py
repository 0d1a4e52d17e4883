"""How long a server asks us to stay away: the Retry-After header in either of its forms.

Seconds, or a date (RFC 9110, 10.2.3). A date is counted from the answer's own Date, so that neither
our clock nor the server's has to be right; where the answer has none, nothing is known.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

_MOST_DIGITS = 6
_MOST_TEXT = 64


def retry_after_s(text: str, date: str) -> float | None:
    """Seconds, never below zero; None where it is absent or cannot be read."""
    if text.isascii() and text.isdecimal():
        return float(text[:_MOST_DIGITS])
    then, now = _moment(text), _moment(date)
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())


def _moment(text: str) -> datetime | None:
    if not text or len(text) > _MOST_TEXT:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # "-0000" says that no zone is meant; HTTP's dates are all of Greenwich.
    return None if moment.tzinfo is None else moment
