"""What sessions of one mode leave to the next one: a file, held by one session at a time.

    <journal.directory>/paper.risk_state.jsonl    {"risk_state":["RiskStateRestored",{..}]} a line
    <journal.directory>/paper.lock              held until the process of the session ends

The last whole line counts.

A line is appended whenever the risk state changed. At the start the file is written anew with its
last line alone, aside and then put in its place, so it never grows for longer than a session and is
never half there. Deleting old sessions' folders deletes no kill.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from polytui.config.held_lock import HeldElsewhere, held_lock
from polytui.journal.codec import BadJournal, decode_risk_state, encode_risk_state
from polytui.journal.former_state import former_file, former_journal
from polytui.journal.line_file import LineFile, OffLoop, in_a_thread
from polytui.journal.segments import sync_folder
from polytui.model.errors import Fatal
from polytui.model.events import RiskStateRestored
from polytui.model.units import Usd

_MOST_READ = 4 << 20
"""Bytes from the end of the file; a line has some hundreds."""
_NOTHING = RiskStateRestored(0, Usd(0), 0, Usd(0), (), "", 0)


class RiskStateFile(LineFile):
    """State: what was found at the start, what was written last, and the lock."""

    def __init__(
        self,
        directory: Path,
        mode: str,
        session: str,
        now_ns: int,
        off_loop: OffLoop = in_a_thread,
    ) -> None:
        """Fatal where another session of this mode runs in the folder, where an earlier version
        left something there that is not read, or it cannot be written."""
        path = directory / f"{mode}.risk_state.jsonl"
        with ExitStack() as undo:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                self._lock = undo.enter_context(_lock(directory / f"{mode}.lock", mode, session))
                _refuse_former(path, directory, mode)
                self.restored, self.damage = _found(path, now_ns)
                file = _begun_anew(path, self.restored)
            except OSError as error:
                raise Fatal(f"cannot keep what must survive in {path}: {error.strerror}") from error
            undo.pop_all()
        super().__init__(path, file, "what must survive to", off_loop)
        self._written = self.restored

    def write_if_changed(self, risk_state: RiskStateRestored) -> None:
        if risk_state != self._written:
            self._written = risk_state
            self.append(encode_risk_state(risk_state))

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._lock.close()


# --- one session at a time ------------------------------------------------------------------------


def _lock(path: Path, mode: str, session: str) -> BinaryIO:
    """The lock of the folder."""
    try:
        return held_lock(path, session)
    except HeldElsewhere as taken:
        raise Fatal(
            f"another session on {mode} runs in {path.parent.resolve()} ({taken.owner}): they would"
            " share a kill switch and count one day twice;"
            " stop it, or set journal.directory to a folder of its own"
        ) from None


# --- what was left --------------------------------------------------------------------------------


def _refuse_former(path: Path, directory: Path, mode: str) -> None:
    """A kill that an earlier version kept must not be forgotten because its file is called so."""
    former = former_file(directory, mode)
    if former is None and not path.exists():
        former = former_journal(directory, mode)
    if former is not None:
        raise Fatal(
            f"{former} was left by an earlier version, with the kill switch, pauses and counters of"
            f" the day in it, and this version does not read it: look at its last line for kill_why"
            f' and "stopped", move it out of {directory}, then start again, with none of them'
        )


def _found(path: Path, now_ns: int) -> tuple[RiskStateRestored | None, str]:
    """(what was left, what is wrong with it). What cannot be read might have been a kill: then it
    is one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_READ))
            *whole, _torn = file.read(_MOST_READ).split(b"\n")
    except FileNotFoundError:
        return None, ""
    lines = [line for line in whole if line]
    for age, line in enumerate(reversed(lines)):
        try:
            risk_state = decode_risk_state(line)
        except BadJournal:
            continue
        return (risk_state, "") if not age else _suspected(risk_state, path, now_ns)
    return _suspected(_NOTHING, path, now_ns) if lines else (None, "")


def _suspected(
    risk_state: RiskStateRestored, path: Path, now_ns: int
) -> tuple[RiskStateRestored, str]:
    """The last line is damaged: the one before it, and nothing is bought until somebody looked."""
    aside = path.with_suffix(f".damaged-{now_ns}")
    os.link(path, aside)
    damage = f"the last line of {path} cannot be read; it is kept as {aside.name}"
    if risk_state.kill_why:
        return risk_state, damage
    why = "what the last session left cannot be read: look, then rearm"
    return evolve(risk_state, kill_why=why, kill_since_ns=now_ns), damage


def _begun_anew(path: Path, risk_state: RiskStateRestored | None) -> BinaryIO:
    """The file with this line alone, on the disk, open for more."""
    aside = path.with_suffix(".new")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        if risk_state is not None:
            file.write(encode_risk_state(risk_state))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)
    return path.open("ab", buffering=0)
