"""Settings of the files that people open: what is made of a journal for tables and scripts."""

from __future__ import annotations

import re

from attrs import frozen

from polytui.config.checks import Check, between, setting

_TAG = Check(
    "letters, digits, - _ and . (not first), 40 at most",
    lambda text: bool(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,39}", text)),
)


@frozen
class FileSettings:
    """CSV and JSONL, made by the process beside the engine out of what the journal says. Those of a
    demo are in its session's folder; `polytui rebuild` makes all of them anew."""

    bot_tag: str = setting("polytui", _TAG)
    """BOT_TAG: whose trades they are, as a folder's name. A bot of other sessions has another."""
    directory: str = "data"
    """Trades and summaries of each day are in trades/ and summary/ here."""
    rounds_directory: str = "logs"
    """What was decided and done in each round is in <interval>/<round> here."""
    has_trades: bool = True
    """Whether trades and summaries are written."""
    has_rounds: bool = True
    """Whether a folder a round is written."""
    has_streams: bool = True
    """Whether the seven streams of JSON lines are written, into the session's folder."""
    every_s: float = setting(5.0, between(0.1, 3_600.0))
    """Files are made anew this often at most, real time, where what is in them changed."""
    stream_mb: float = setting(16.0, between(0.01, 4_096.0))
    """Size at which a stream goes on in a new file."""
    stream_hours: float = setting(24.0, between(0.01, 8_760.0))
    """And the age of its first line, session time."""
    stream_files: int = setting(0, between(0, 100_000))
    """How many files of a stream are kept, the newest; 0 for all."""
