"""The files of a journal: numbered segments in a folder of the session's.

    <session folder>/journal/000001.jsonl.zst      closed: zstd, with a checksum of its own bytes
    <session folder>/journal/000002.jsonl          the one that is written

A closed segment is written aside, synced, put in its place, and only then the plain one goes. So
at any moment each segment is whole under one of its names, or under both. One process at a time
does that in a journal (`alone`): keepers of several sessions look after the same directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import zstandard

from polytui.journal.codec import BadJournal
from polytui.journal.folder_lock import folder_lock

FOLDER = "journal"
FORMER_FILE = "journal.jsonl"
"""In the session's folder: the whole journal, up to format 2."""
PLAIN, PRESSED, ASIDE = ".jsonl", ".jsonl.zst", ".part"
_NAME = re.compile(r"([0-9]{6,9})\.jsonl(\.zst)?")
_LEVEL = 3
"""Of zstd: 9 makes a quarter less of it and takes five times as long."""
_CHUNK = 1 << 18
_TRAILER = b"\x50\x2a\x4d\x18\x08\x00\x00\x00"
"""A frame that zstd skips: eight bytes, the CRC-32 and the count of all bytes before it."""
TRAILER_SIZE = len(_TRAILER) + 8


def segment_path(folder: Path, number: int) -> Path:
    """Of the one that is written."""
    return folder / f"{number:06d}{PLAIN}"


def number_of(path: Path) -> int:
    """0 for what is no segment's name."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def journal_folder(named: Path) -> Path:
    """Of a session's folder the journal's; any other as it is."""
    inside = named / FOLDER
    return inside if inside.is_dir() else named


def segments_of(named: Path) -> list[Path]:
    """The segments of a session's or a journal's folder in their order, each once; of a file
    itself. BadJournal where there are none."""
    if not named.is_dir():
        return [named]
    folder = journal_folder(named)
    found = in_folder(folder)
    if found:
        return found
    if (former := folder / FORMER_FILE).is_file():
        return [former]
    raise BadJournal(f"no journal in {named}")


def in_folder(folder: Path) -> list[Path]:
    """Under both names it is the pressed one that counts."""
    found: dict[int, Path] = {}
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BadJournal(f"cannot read {folder}: {error.strerror}") from error
    for name in names:
        if number := number_of(path := folder / name):
            found[number] = path
    return [found[number] for number in sorted(found)]


# --- pressing -------------------------------------------------------------------------------------


@contextmanager
def alone(journal: Path) -> Iterator[None]:
    """While nobody else writes closed segments of it: what is written aside has one name. OSError
    where somebody does."""
    with folder_lock(journal) as refusal:
        if refusal is not None:
            raise refusal
        yield


def press(plain: Path) -> Path:
    """Close a segment. OSError where the disk refuses, or another process is at it: then it is
    still there as it was, or already closed."""
    with alone(plain.parent):
        return _press(plain)


def _press(plain: Path) -> Path:
    pressed = plain.with_name(plain.name.removesuffix(PLAIN) + PRESSED)
    with plain.open("rb") as file:
        write_pressed(pressed, iter(lambda: file.read(_CHUNK), b""))
    plain.unlink()
    return pressed


def press_closed(journal: Path) -> list[Path]:
    """Press every segment of a journal but the last, which somebody may write. What a crash left of
    an earlier try goes: it is whole under one of its names. OSError as `press`."""
    done = []
    with alone(journal):
        for aside in journal.glob(f"*{PRESSED}{ASIDE}"):
            aside.unlink(missing_ok=True)
        pressed = {number_of(path) for path in journal.glob(f"*{PRESSED}")}
        plain = {number_of(path): path for path in journal.glob(f"*{PLAIN}") if number_of(path)}
        last = max([*pressed, *plain], default=0)
        for number, path in sorted(plain.items()):
            if number in pressed:
                path.unlink(missing_ok=True)
            elif number < last:
                done.append(_press(path))
    return done


def write_pressed(pressed: Path, chunks: Iterable[bytes]) -> None:
    """A segment of these bytes, put in its place when it is whole and on the disk. The journal is
    held `alone`."""
    aside = pressed.with_name(pressed.name + ASIDE)
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            size = check = 0
            for part in _pressed(chunks):
                file.write(part)
                size, check = size + len(part), crc32(part, check)
            file.write(trailer(check, size))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(pressed)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(pressed.parent)


def _pressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    press_one = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    for chunk in chunks:
        yield press_one.compress(chunk)
    yield press_one.flush()


def trailer(check: int, size: int) -> bytes:
    return _TRAILER + check.to_bytes(4, "little") + (size & 0xFFFF_FFFF).to_bytes(4, "little")


class Pressed:
    """The bytes of a closed segment, unpressed. State: how far, and what was read of the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpress = zstandard.ZstdDecompressor().decompressobj()
        self._held = b""
        self._check = self._size = 0
        self._is_over = False

    def read(self, _: int) -> bytes:
        """What comes next, however much; b"" at the end. BadJournal where it is not as it was
        written."""
        while not self._is_over:
            chunk = self._file.read(_CHUNK >> 3)
            if not chunk:
                self._is_over = True
                self._check_end()
                break
            chunk = self._held + chunk
            chunk, self._held = chunk[:-TRAILER_SIZE], chunk[-TRAILER_SIZE:]
            self._check, self._size = crc32(chunk, self._check), self._size + len(chunk)
            try:
                if out := self._unpress.decompress(chunk):
                    return out
            except zstandard.ZstdError as error:
                self._is_over = True
                raise BadJournal(f"its compressed bytes were changed: {error}") from error
        return b""

    def _check_end(self) -> None:
        if self._held != trailer(self._check, self._size):
            raise BadJournal("its compressed bytes were changed, or are cut off")
        if not self._unpress.eof or self._unpress.unused_data:
            raise BadJournal("its compressed bytes are none of ours")

    def close(self) -> None:
        self._file.close()


def sync_folder(folder: Path) -> None:
    """A new name in a folder is on the disk when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
