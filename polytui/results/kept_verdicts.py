"""Verdicts on strategies as they are kept between commands, beside what this user knows of wallets:
$XDG_STATE_HOME/polytui/verdicts.jsonl, one line each, the newest last.

A verdict is of one strategy under its own numbers (`own_digest`), on one set of data. Only one that
was made as the market went, on paper or in shadow, was not fitted to what it was judged by: that is
a forward test, and what arming a strategy asks for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import msgspec

from polytui.config.state_folder import state_folder
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

_NOT_ITS_OPINION = ("is_enabled", "assets", "intervals")
"""Where it may trade changes nothing of what it says."""
_MOST_BYTES = 16 << 20


class EdgeWord(str, Enum):
    POSITIVE = "positive"
    NONE = "none"
    UNKNOWN = "not enough data"


class KeptVerdict(msgspec.Struct, frozen=True):
    strategy: str
    digest: str
    """Of its own settings then."""
    word: EdgeWord
    is_forward: bool
    """On a session that went as the market went; else on recordings, or in a simulated world."""
    rounds: int
    mean: float | None
    """Earned per dollar staked, with its interval of 95 %."""
    low: float | None
    high: float | None
    data: str
    """In words, as its report began."""
    data_digest: str
    from_ns: int
    until_ns: int

    def text(self) -> str:
        where = "forward test" if self.is_forward else "backtest"
        if self.mean is None:
            return f"{where}: {self.word.value}, {self.rounds} rounds"
        return (
            f"{where}: {self.word.value}, {self.mean:+.1%} per dollar"
            f" ({self.low:+.1%} to {self.high:+.1%}) over {self.rounds:,} rounds of {self.data}"
        )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(KeptVerdict)


def own_digest(own: Any) -> str:
    """The short name of a strategy's own settings, an attrs instance."""
    said = {
        name: value for name, value in attrs.asdict(own).items() if name not in _NOT_ITS_OPINION
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class VerdictFile:
    """A file that only grows. A line that cannot be read is none: a verdict less is a question
    more."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = state_folder().path / "verdicts.jsonl" if path is None else path

    def keep(self, verdicts: Iterable[KeptVerdict]) -> None:
        """Fatal where the disk refuses."""
        lines = b"".join(_encoder.encode(one) + b"\n" for one in verdicts)
        if not lines:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(lines)
        except OSError as error:
            raise Fatal(f"cannot keep verdicts in {plain(self.path)}: {error.strerror}") from None

    def kept(self) -> tuple[KeptVerdict, ...]:
        """The oldest first; none where there is no file. Fatal where it cannot be read."""
        try:
            with self.path.open("rb") as file:
                lines = file.read(_MOST_BYTES).splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Fatal(f"cannot read {plain(self.path)}: {error.strerror}") from None
        return tuple(one for line in lines if (one := _read(line)) is not None)

    def newest(self, strategy: str, digest: str) -> KeptVerdict | None:
        """Of the strategy under these settings: the last forward test, else the last of all."""
        own = [one for one in self.kept() if (one.strategy, one.digest) == (strategy, digest)]
        forward = [one for one in own if one.is_forward]
        return next(reversed(forward or own), None)


def _read(line: bytes) -> KeptVerdict | None:
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError:
        return None


class Unproven(msgspec.Struct, frozen=True):
    """A strategy that may trade and has no forward test that found an edge."""

    strategy: str
    newest: KeptVerdict | None

    def text(self) -> str:
        if self.newest is None:
            return f"{self.strategy}: no verdict under these settings, neither backtest nor forward"
        return f"{self.strategy}: {self.newest.text()}"


def unproven(enabled: Sequence[tuple[str, Any]], file: VerdictFile) -> tuple[Unproven, ...]:
    """Of these strategies and their own settings those that no forward test called positive."""
    newest = [(name, file.newest(name, own_digest(own))) for name, own in enabled]
    return tuple(Unproven(name, one) for name, one in newest if not _is_proof(one))


def _is_proof(verdict: KeptVerdict | None) -> bool:
    return verdict is not None and verdict.is_forward and verdict.word is EdgeWord.POSITIVE
