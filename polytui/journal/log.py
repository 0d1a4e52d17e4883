"""The append-only truth: one file of lines, written by one task, complete to the last event.

How lines get to the disk, and when they are known to be there, is in `line_file.py`.
"""

from __future__ import annotations

from pathlib import Path

from polytui.journal.codec import Header, encode_header
from polytui.journal.line_file import LineFile, OffLoop, in_a_thread, sync_folder
from polytui.model.errors import Fatal


class JournalLog(LineFile):
    """The journal of one session, from its header on."""

    def __init__(self, path: Path, header: Header, off_loop: OffLoop = in_a_thread) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb", buffering=0)
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
        except OSError as error:
            raise Fatal(f"cannot write the journal {path}: {error.strerror}") from error
        super().__init__(path, file, "the journal", off_loop)
        self.append(encode_header(header))
