"""Each line of a segment says how long it is, and carries a checksum of everything before it.

    {"seq":7, ... ,"bytes":214,"sum":"5be0cd19"}

The sum is the CRC-32 of all lines of the segment so far, its header first, each without this end.
So a byte that changed, a line that is missing, comes twice or stands elsewhere makes its own sum
wrong, and every one after it. It guards against disks and accidents; whoever wants to forge a
journal can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from zlib import crc32

from polytui.journal.codec import BadJournal

_BYTES = b',"bytes":'
_SUM = re.compile(rb',"sum":"([0-9a-f]{8})"\}$')
_MOST_SEAL = len(b',"bytes":999999999,"sum":"00000000"}')
_END = b"}"


class Chain:
    """State: the checksum of every line so far."""

    __slots__ = ("value",)

    def __init__(self, value: int = 0) -> None:
        self.value = value

    @property
    def text(self) -> str:
        return f"{self.value:08x}"

    def seal(self, line: bytes) -> bytes:
        """A line, an object as JSON with its newline, as it stands in a segment."""
        body = line[:-2]
        self.value = crc32(body, self.value)
        return b'%s,"bytes":%d,"sum":"%08x"}\n' % (body, len(body), self.value)

    def check(self, line: bytes) -> None:
        """That the next line, without its newline, is whole and in its place."""
        size = line.rfind(_BYTES, -_MOST_SEAL)
        if size < 0:
            raise BadJournal("it has no checksum")
        value = crc32(line[:size], self.value)
        if line[size:] != b',"bytes":%d,"sum":"%08x"}' % (size, value):
            raise BadJournal("its checksum is wrong: it was changed, or stands in the wrong place")
        self.value = value


def sum_in(line: bytes) -> int:
    """Of everything up to a line, without its newline, as its seal says, which is not checked here;
    0 where it has none."""
    seal = _SUM.search(line)
    return int(seal[1], 16) if seal else 0


def has_more_than_a_line(torn: bytes) -> bool:
    """Whether what has no newline is no line that a crash cut short, but one whose newline was
    changed: behind its seal there stands something."""
    seal = torn[-_MOST_SEAL - 1 :]
    return seal.rfind(_BYTES) >= 0 and seal[-2:-1] == _END


def sealed(lines: Iterable[bytes]) -> bytes:
    """The bytes of one segment of these lines, its header first."""
    chain = Chain()
    return b"".join([chain.seal(line) for line in lines])
