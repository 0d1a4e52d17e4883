"""One segment as it is read: its lines, each looked at before it is given.

A line that is not as it was written is BadJournal, and nothing behind it is given. Of a segment
that is still written everything is read that is whole; asked again, what has come since.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from attrs import frozen

from polytui.journal.codec import BadJournal, Header, decode_header
from polytui.journal.seal import Chain, has_more_than_a_line
from polytui.journal.segments import PLAIN, PRESSED, Pressed

_LONGEST = 256 << 20
"""Bytes of a line: a checkpoint has the most by far."""
_CHUNK = 1 << 18


class NotBegun(BadJournal):
    """A segment in which not even its header is whole: nothing was written after it."""


@frozen
class Bookmark:
    """Between two lines of a segment: which are before it, and what they come to."""

    segment: int = 0
    """0: before everything."""
    offset: int = 0
    """In bytes as they were before they were pressed."""
    line: int = 0
    chain: int = 0
    seq: int = 0
    """Of the last event."""
    thinned: str = ""
    """What had been taken out of the segment: where that is something else now, offsets are others
    too."""


class SegmentReader(AbstractContextManager["SegmentReader"]):
    """State: the file, the lines and bytes in hand, how many were given, and their checksum."""

    def __init__(self, path: Path, place: Bookmark | None = None) -> None:
        """From its first line on, or from a place. NotBegun where it has no whole header;
        BadJournal where it cannot be read or has none; OtherFormat where another version wrote
        it."""
        self.path = path
        self.line = self.offset = 0
        self._chain = Chain()
        self._whole = deque[bytes]()
        self._rest = b""
        self._source = opened(path)
        try:
            self.header = self._read_header()
            if place is not None and place.offset:
                self._skip_to(place)
        except BaseException:
            self.close()
            raise

    @property
    def chain(self) -> int:
        """The checksum of what was given."""
        return self._chain.value

    @property
    def where(self) -> str:
        """The line in hand, in words."""
        return f"{self.path}, line {self.line}"

    def lines(self) -> Iterator[bytes]:
        """What is whole and was not given yet, without newlines. Whoever stops and asks again goes
        on behind the last one."""
        while True:
            while self._whole:
                yield self._checked(self._whole.popleft())
            if not (chunk := self._read()):
                break
            if b"\n" not in chunk:
                chunk = self._long_line(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            self._whole += whole
        if has_more_than_a_line(self._rest):
            self.line += 1
            raise BadJournal(f"{self.where}: something else stands where it should end")

    @property
    def is_torn(self) -> bool:
        """Whether the end that was reached is in the middle of a line."""
        return bool(self._rest)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    # --- bytes ----------------------------------------------------------------------------------

    def _read(self) -> bytes:
        try:
            return self._source.read(_CHUNK)
        except BadJournal as error:
            raise BadJournal(f"{self.path}, after line {self.line}: {error}") from error
        except OSError as error:
            raise BadJournal(f"cannot read {self.path}: {error.strerror}") from error

    def _long_line(self, chunk: bytes) -> bytes:
        """The rest of a line that is longer than what is read at once, and what came with it."""
        parts, size = [chunk], len(self._rest) + len(chunk)
        while b"\n" not in chunk and (chunk := self._read()):
            parts.append(chunk)
            size += len(chunk)
            if size > _LONGEST:
                self.line += 1
                raise BadJournal(f"{self.where}: longer than any line of a journal")
        return b"".join(parts)

    def _checked(self, line: bytes) -> bytes:
        self.line += 1
        try:
            self._chain.check(line)
        except BadJournal as error:
            raise BadJournal(f"{self.where}: {error}") from error
        self.offset += len(line) + 1
        return line

    # --- where it begins --------------------------------------------------------------------------

    def _read_header(self) -> Header:
        while b"\n" not in self._rest and (chunk := self._read()):
            self._rest += chunk
            if len(self._rest) > _LONGEST:
                break
        line, newline, rest = self._rest.partition(b"\n")
        if not newline:
            raise NotBegun(f"{self.path}: the first line is no journal header: it is not whole")
        try:
            header = decode_header(line)
        except BadJournal as error:
            raise type(error)(f"{self.path}: {error}") from error
        self._checked(line)
        *whole, self._rest = rest.split(b"\n")
        self._whole += whole
        return header

    def _skip_to(self, place: Bookmark) -> None:
        """Past what was read before; it is not looked at again."""
        in_hand = b"\n".join([*self._whole, self._rest])
        self._whole.clear()
        if isinstance(self._source, Pressed):
            rest = self._pass(in_hand, place.offset - self.offset)
            *whole, self._rest = rest.split(b"\n")
            self._whole += whole
        else:
            self._rest = b""
            self._source.seek(place.offset)
        self.offset, self.line, self._chain = place.offset, place.line, Chain(place.chain)

    def _pass(self, chunk: bytes, left: int) -> bytes:
        """What stands behind so many bytes, as far as it was read."""
        while len(chunk) < left:
            left -= len(chunk)
            if not (chunk := self._read()):
                return b""
        return chunk[left:]


def opened(path: Path) -> BinaryIO | Pressed:
    """Its bytes, whether it is pressed or not. One that was pressed since somebody saw it is there
    under its other name. BadJournal where it cannot be read."""
    try:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            pressed = path.with_name(path.name + PRESSED.removeprefix(PLAIN))
            if not path.name.endswith(PLAIN) or not pressed.exists():
                raise
            path, file = pressed, pressed.open("rb")
    except OSError as error:
        raise BadJournal(f"cannot read {path}: {error.strerror}") from error
    return Pressed(file) if path.name.endswith(PRESSED) else file
