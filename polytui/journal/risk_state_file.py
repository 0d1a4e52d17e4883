"""What sessions of one mode leave to the next one: a file, held by one session at a time.

    <journal.directory>/paper.risk_state.jsonl    {"risk_state":["RiskStateRestored",{..}]} a line
    <journal.directory>/paper.lock              held until the process of the session ends

Of a wallet with real money it is the wallet's, whatever folder its sessions are in, so that two
folders have one day and one kill switch:

    <state>/137-0x...risk_state.jsonl           {"risk_state":[..],"wallet":"..","session":".."}
    <state>/137-0x...risk_state.lock

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

import msgspec
from attrs import evolve, frozen

from polytui.config.held_lock import HeldElsewhere, held_lock
from polytui.config.state_folder import IN_USE
from polytui.journal.codec import BadJournal, decode_risk_state, encode_risk_state
from polytui.journal.former_state import former_file, former_journal
from polytui.journal.line_file import LineFile, OffLoop, in_a_thread
from polytui.journal.risk_state_sum import sum_of
from polytui.journal.segments import sync_folder
from polytui.model.errors import Blocked, Fatal
from polytui.model.events import RiskStateRestored
from polytui.model.plain_text import plain
from polytui.model.units import Usd

_MOST_READ = 4 << 20
"""Bytes from the end of the file; a line has some hundreds."""
_NOTHING = RiskStateRestored(0, Usd(0), 0, Usd(0), (), "", 0)


@frozen
class OfWallet:
    """A wallet's own file."""

    account: str
    """Chain and address, as its lines say it."""
    path: Path


class _Owned(msgspec.Struct):
    """What a line says beside the risk state; empty of a folder's."""

    wallet: str = ""
    session: str = ""


@frozen
class _Found:
    risk_state: RiskStateRestored | None = None
    left_by: str = ""
    damage: str = ""


class RiskStateFile(LineFile):
    """State: what was found at the start, what was written last, and the locks."""

    def __init__(
        self,
        directory: Path,
        mode: str,
        session: str,
        now_ns: int,
        off_loop: OffLoop = in_a_thread,
        of_wallet: OfWallet | None = None,
    ) -> None:
        """Fatal where another session of this mode runs in the folder, where an earlier version
        left something there that is not read, or it cannot be written; Blocked where another
        session has the wallet."""
        in_folder = directory / f"{mode}.risk_state.jsonl"
        path = in_folder if of_wallet is None else of_wallet.path
        self._of_wallet, self._session = of_wallet, session
        self.moved = ""
        """What was kept by folder and is the wallet's now, in words."""
        with ExitStack() as undo:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                lock = _lock(directory / f"{mode}.lock", mode, session)
                self._locks = [undo.enter_context(lock)]
                _refuse_former(in_folder, directory, mode)
                if of_wallet is not None:
                    self._locks.append(undo.enter_context(_wallet_lock(of_wallet, session)))
                found = _found(path, now_ns, of_wallet)
                if of_wallet is not None and in_folder.exists():
                    found = self._moved_in(found, in_folder, now_ns)
                self.restored, self.damage = found.risk_state, found.damage
                self.left_by = found.left_by
                """The session that wrote it, where that is known."""
                # In our name: what this session does from now on its own journal knows better.
                file = _begun_anew(path, self._line(found.risk_state))
                if self.moved:
                    in_folder.replace(in_folder.with_suffix(f".moved-{now_ns}"))
            except OSError as error:
                raise Fatal(f"cannot keep what must survive in {path}: {error.strerror}") from error
            undo.pop_all()
        super().__init__(path, file, "what must survive to", off_loop)
        self._written = self.restored

    @property
    def is_of_wallet(self) -> bool:
        """Whether sessions in other folders go on with it as well."""
        return self._of_wallet is not None

    def write_if_changed(self, risk_state: RiskStateRestored) -> None:
        if risk_state != self._written:
            self._written = risk_state
            self.append(self._line(risk_state))

    def close(self) -> None:
        try:
            super().close()
        finally:
            for lock in self._locks:
                lock.close()

    def _line(self, risk_state: RiskStateRestored | None) -> bytes:
        if risk_state is None:
            return b""
        line = encode_risk_state(risk_state)
        if self._of_wallet is None:
            return line
        said = msgspec.json.encode(_Owned(self._of_wallet.account, self._session))
        return line[:-2] + b"," + said[1:] + b"\n"

    def _moved_in(self, kept: _Found, in_folder: Path, now_ns: int) -> _Found:
        """A version before this one kept it by folder: what it left there is the wallet's, added to
        what the wallet did elsewhere."""
        left = _found(in_folder, now_ns, None)
        self.moved = f"what {in_folder} kept by folder is counted to the wallet now"
        if left.risk_state is None:
            return kept
        damage = "; ".join(filter(None, (kept.damage, left.damage)))
        if kept.risk_state is None:
            return _Found(left.risk_state, "", damage)
        return _Found(sum_of(kept.risk_state, left.risk_state), "", damage)


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


def _wallet_lock(of_wallet: OfWallet, session: str) -> BinaryIO:
    """The lock of the wallet's file, for as long as the session lives."""
    try:
        return held_lock(of_wallet.path.with_suffix(".lock"), session)
    except HeldElsewhere as taken:
        words = f"another process trades with {of_wallet.account} ({taken.owner}): stop it first"
        raise Blocked(IN_USE, words) from None


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


def _found(path: Path, now_ns: int, of_wallet: OfWallet | None) -> _Found:
    """What cannot be read, or is another wallet's, might have been a kill: then it is one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_READ))
            *whole, _torn = file.read(_MOST_READ).split(b"\n")
    except FileNotFoundError:
        return _Found()
    lines = [line for line in whole if line]
    wrong = ""
    for line in reversed(lines):
        try:
            found = _decoded(line, of_wallet)
        except _Foreign as foreign:
            wrong = wrong or f"is of another wallet ({foreign})"
        except BadJournal:
            wrong = wrong or "cannot be read"
        else:
            return _suspected(found, path, now_ns, wrong) if wrong else found
    return _suspected(_Found(_NOTHING), path, now_ns, wrong) if lines else _Found()


class _Foreign(Exception):
    """A line of another wallet, by its name."""


def _decoded(line: bytes, of_wallet: OfWallet | None) -> _Found:
    risk_state = decode_risk_state(line)
    if of_wallet is None:
        return _Found(risk_state)
    try:
        owned = msgspec.json.decode(line, type=_Owned)
    except msgspec.MsgspecError as error:
        raise BadJournal(f"not a wallet's: {error}") from error
    if owned.wallet != of_wallet.account:
        raise _Foreign(plain(owned.wallet) or "it does not say which")
    return _Found(risk_state, owned.session)


def _suspected(found: _Found, path: Path, now_ns: int, wrong: str) -> _Found:
    """The last line is damaged: the one before it, and nothing is bought until somebody looked."""
    aside = path.with_suffix(f".damaged-{now_ns}")
    os.link(path, aside)
    damage = f"the last line of {path} {wrong}; it is kept as {aside.name}"
    risk_state = found.risk_state
    assert risk_state is not None
    if not risk_state.kill_why:
        why = f"what the last session left {wrong}: look, then rearm"
        risk_state = evolve(risk_state, kill_why=why, kill_since_ns=now_ns)
    return _Found(risk_state, found.left_by, damage)


def _begun_anew(path: Path, line: bytes) -> BinaryIO:
    """The file with this line alone, on the disk, open for more."""
    aside = path.with_suffix(".new")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)
    return path.open("ab", buffering=0)
