"""Whole states as lines of a journal: checkpoints, and waypoints between them.

    {"waypoint":{"after":55000,"base":50000,"state":".."}}

A waypoint is the state after an event as what it differs from by a whole one that stands before it:
a fifth of a checkpoint, so there can be many more. Whoever watches a session jumps to them; a
replay and the next session know checkpoints alone, which hang on nothing else.
"""

from __future__ import annotations

import binascii
import re
from typing import Any

import msgspec
import zstandard

from polytui.journal.codec import MOST_STATE, BadJournal, JournalRecord, checkpoint_line, packed

WAYPOINT_BEGINS = b'{"waypoint":'
WAYPOINT = re.compile(rb'\{"waypoint":\{"after":([0-9]{1,18}),"base":([0-9]{1,18}),')
"""Every line of one: which event it speaks of, and which one the state that it hangs on. One that
hangs on itself is whole."""
_LEVEL = 3
"""Of zstd: 12 makes a tenth less of it and takes fifteen times as long."""


class Waypoint(msgspec.Struct, frozen=True):
    """As it stands in its line."""

    after: int
    base: int
    state: str


_waypoint = msgspec.json.Decoder(Waypoint)


class StateLines:
    """State: the last whole one, which waypoints are made smaller by. The lines are made in the
    order in which they are written, by whoever writes them."""

    def __init__(self) -> None:
        self._base = 0
        self._press: zstandard.ZstdCompressor | None = None
        """With the last whole state in it; None before there is one."""

    def checkpoint(self, seq: int, digest: str, state: Any) -> bytes:
        """As `encode_checkpoint`, and what follows hangs on it."""
        plain = packed(state)
        if plain:
            self._hang_on(seq, plain)
        return checkpoint_line(seq, digest, plain)

    def waypoint(self, seq: int, state: Any) -> bytes:
        """Nothing for a state that cannot be packed."""
        plain = packed(state)
        if not plain:
            return b""
        if self._press is None:
            small = zstandard.ZstdCompressor(_LEVEL, write_checksum=True).compress(plain)
            self._hang_on(seq, plain)
        else:
            small = self._press.compress(plain)
        text = binascii.b2a_base64(small, newline=False)
        return b'{"waypoint":{"after":%d,"base":%d,"state":"%s"}}\n' % (seq, self._base, text)

    def _hang_on(self, seq: int, plain: bytes) -> None:
        self._base = seq
        self._press = zstandard.ZstdCompressor(
            _LEVEL, dict_data=_dictionary(plain), write_checksum=True
        )


def unpacked_waypoint(record: JournalRecord, base: bytes) -> bytes:
    """The state of a waypoint's line as msgpack; `base`: that of the state it hangs on, b"" for one
    that is whole. BadJournal where it does not come of it."""
    try:
        small = binascii.a2b_base64(_waypoint.decode(record.waypoint).state, strict_mode=True)
        if not 0 < zstandard.frame_content_size(small) <= MOST_STATE:
            raise BadJournal("a waypoint without a size")
        unpress = zstandard.ZstdDecompressor(dict_data=_dictionary(base) if base else None)
        return unpress.decompress(small)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError) as error:
        raise BadJournal(f"a waypoint does not decode: {error}") from error


def _dictionary(plain: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(plain, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
