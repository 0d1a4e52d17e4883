"""What a wallet is about to do on the chain, on disk before it is sent, and what became of it.

    <chain>-<funder>.work.jsonl    beside the wallet's other files, a line a step, each synced

A process may end anywhere: the next one finds what was meant and not ended, and asks what became of
it before it does anything else. A last line that was cut short was never acted on: what is sent is
written first. Also here: rounds whose winners wait, so that a restart knows them by name.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from attrs import define, evolve, field, frozen

from polytui.config.state_folder import state_folder
from polytui.execution.wallet_sender import SentBatch
from polytui.ledger.wallet_work import WalletWork
from polytui.model.errors import Fatal, Retry
from polytui.model.events import RoundSettled
from polytui.model.instrument import Round
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S, Shares
from polytui.venues.polymarket.wallet import Wallet

_KEPT_NS = 7 * 86_400 * NS_PER_S
"""What ended longer ago is asked about by nobody."""
_DAY_NS = 86_400 * NS_PER_S
_DONE = "done"


@frozen
class EarlierSend:
    """A sending of a batch before the newest one, with the same nonce."""

    sent: SentBatch
    at_ns: int


@frozen
class Intent:
    """A batch that was written down, and by what it is found. Sent anew, it keeps its nonce, and
    every name that it ever had: any of them may be the one that is done."""

    name: str
    """Of this batch here, whatever it is called elsewhere."""
    at_ns: int
    works: tuple[WalletWork, ...]
    sent: SentBatch
    sent_ns: int = 0
    """When it was sent under this name; 0: as it was meant."""
    is_refused: bool = False
    """Proven that this sending was not taken: it is a unit of nobody's quota."""
    before: tuple[EarlierSend, ...] = ()

    def key(self, number: int) -> str:
        """Of one of its works alone, for whoever must know it told twice."""
        return f"{self.name}.{number}"

    @property
    def every_sent(self) -> list[SentBatch]:
        """Whatever may be done, the newest first."""
        earlier = [one.sent for one in reversed(self.before)]
        return earlier if self.is_refused and earlier else [self.sent, *earlier]

    @property
    def counted_ns(self) -> list[int]:
        """When it was sent, each time that may be a unit of a quota."""
        own = [] if self.is_refused else [self._sent_ns]
        return [*(one.at_ns for one in self.before), *own]

    @property
    def _sent_ns(self) -> int:
        return self.sent_ns or self.at_ns

    def anew(self, sent: SentBatch, now_ns: int) -> Intent:
        """Sent once more, under another name or the same; what was refused is nothing."""
        earlier = () if self.is_refused else (EarlierSend(self.sent, self._sent_ns),)
        before = (*self.before, *earlier)
        return evolve(self, sent=sent, sent_ns=now_ns, is_refused=False, before=before)


@frozen
class OwedRound:
    """A round that is settled, and of which the wallet had so much that is worth something."""

    round: Round
    settled: RoundSettled
    up: Shares
    down: Shares


class _Whose(msgspec.Struct, frozen=True, tag="whose"):
    wallet: str
    version: int = 1


class _Meant(msgspec.Struct, frozen=True, tag="meant"):
    intent: Intent


class _Ended(msgspec.Struct, frozen=True, tag="ended"):
    name: str
    how: str
    at_ns: int
    detail: str = ""
    gas_wei: int = 0


class _Owes(msgspec.Struct, frozen=True, tag="owes"):
    owed: OwedRound


class _Paid(msgspec.Struct, frozen=True, tag="paid"):
    slug: str
    at_ns: int


_Line = _Whose | _Meant | _Ended | _Owes | _Paid
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


@frozen
class EndedWork:
    intent: Intent
    is_done: bool
    at_ns: int
    detail: str
    gas_wei: int


def work_file(wallet: Wallet, sessions: Path, *, is_simulated: bool) -> Path:
    """Where a wallet's log is: with the user's own files; of nobody's wallet at a simulated venue
    beside the sessions that go on from each other there."""
    if not is_simulated:
        return state_folder().work_log(wallet.funder, wallet.chain_id)
    return sessions / f"{wallet.chain_id}-{wallet.funder.lower()}.work.jsonl"


@define(eq=False)
class WalletLog:
    """State: what the file says. Without a path it is remembered while the process lives: of a
    wallet that ends with its venue."""

    wallet: str
    path: Path | None
    now_ns: Callable[[], int]
    open: dict[str, Intent] = field(factory=dict)
    """Meant, and not known to have ended; one, as this wallet does one thing at a time."""
    ended: dict[str, EndedWork] = field(factory=dict)
    """Of the last days."""
    owed: dict[str, OwedRound] = field(factory=dict)
    damage: str = ""
    """What could not be read, in words."""
    _file: int = -1

    def begin(self) -> None:
        """Read it, and write it anew without what is over. Fatal where it is another wallet's, or
        cannot be kept: what is not written down is not sent."""
        if self.path is None:
            return
        try:
            raw = self.path.read_bytes() if self.path.exists() else b""
            self._read(raw)
            if self.damage:
                self._keep_aside(self.path, raw)
            self._forget_old()
            self._write_anew(self.path)
        except OSError as error:
            raise Fatal(f"cannot keep {plain(self.path)}: {error.strerror}") from None

    def look(self) -> None:
        """Read it as it is, for whoever only wants to know: nothing is kept or forgotten."""
        if self.path is None:
            return
        try:
            self._read(self.path.read_bytes() if self.path.exists() else b"")
        except OSError as error:
            raise Fatal(f"cannot read {plain(self.path)}: {error.strerror}") from None

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    # --- what happens -----------------------------------------------------------------------------

    def mean(self, intent: Intent) -> None:
        """Before it is sent, and once more where its name becomes another one."""
        self._take(_Meant(intent))

    def refuse(self, intent: Intent) -> None:
        """Proven that its newest sending was not taken."""
        self._take(_Meant(evolve(intent, is_refused=True)))

    def hear(self, intent: Intent, sent: SentBatch) -> Intent:
        """The relayer took it and has a name for it."""
        heard = evolve(intent, sent=sent)
        self._take(_Meant(heard))
        return heard

    def end(
        self, intent: Intent, *, is_done: bool, why: str, detail: str = "", gas_wei: int = 0
    ) -> None:
        how = _DONE if is_done else why or "failed"
        self._take(_Ended(intent.name, how, self.now_ns(), detail, gas_wei))

    def owe(self, owed: OwedRound) -> None:
        if self.owed.get(owed.round.slug) != owed:
            self._take(_Owes(owed))

    def paid(self, slug: str) -> None:
        if slug in self.owed:
            self._take(_Paid(slug, self.now_ns()))

    # --- what is so -------------------------------------------------------------------------------

    def calls_today(self) -> int:
        """What was sent since midnight UTC and not refused: each may be a unit of a quota, the same
        batch sent anew as well."""
        day = self.now_ns() // _DAY_NS
        return sum(at_ns // _DAY_NS == day for at_ns in self._calls_ns())

    def newest_call_ns(self) -> int:
        """When the last of them was sent, on whatever day; 0 where none was."""
        return max(self._calls_ns(), default=0)

    def _calls_ns(self) -> Iterator[int]:
        every = [*self.open.values(), *(one.intent for one in self.ended.values())]
        return (at_ns for one in every for at_ns in one.counted_ns)

    def gas_today_wei(self) -> int:
        day = self.now_ns() // _DAY_NS
        return sum(one.gas_wei for one in self.ended.values() if one.at_ns // _DAY_NS == day)

    # --- how --------------------------------------------------------------------------------------

    def _take(self, line: _Line) -> None:
        """First the disk, then the memory of it."""
        if self.path is not None:
            self._append(_encode(line) + b"\n")
        self._know(line)

    def _append(self, raw: bytes) -> None:
        """Whole, or as it was: half a line would spoil the next one. Retry where the disk refuses,
        and nothing is sent: trading needs no such file."""
        if self._file < 0:
            raise Retry(f"{plain(self.path)} is closed")
        size = os.fstat(self._file).st_size
        try:
            if os.write(self._file, raw) != len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, size)
            raise Retry(f"cannot write {plain(self.path)}: {error.strerror}") from None

    def _know(self, line: _Line) -> None:
        match line:
            case _Whose(wallet):
                if wallet.lower() != self.wallet.lower():
                    words = f"is of the wallet {plain(wallet)}, and this one is {self.wallet}"
                    raise Fatal(f"{plain(self.path)} {words}: move it away")
            case _Meant(intent):
                self.open[intent.name] = intent
            case _Ended(name, how, at_ns, detail, gas_wei):
                if name in self.open:
                    ended = EndedWork(self.open.pop(name), how == _DONE, at_ns, detail, gas_wei)
                    self.ended[name] = ended
            case _Owes(owed):
                self.owed[owed.round.slug] = owed
            case _Paid(slug):
                self.owed.pop(slug, None)

    def _read(self, raw: bytes) -> None:
        """A last line without its end was cut short, and is none."""
        lines = raw.split(b"\n")[:-1]
        for number, each in enumerate(lines, start=1):
            try:
                self._know(_decode(each))
            except (msgspec.MsgspecError, ValueError, TypeError) as error:
                self.damage = f"{plain(self.path)}, line {number}: {plain(error)}"

    def _keep_aside(self, path: Path, raw: bytes) -> None:
        """A line that cannot be read may be of something that is under way: the file as it was
        stays for people, since what is written anew is without that line."""
        aside = path.with_suffix(f".damaged-{zlib.crc32(raw):08x}")
        if not aside.exists():
            _write_whole(aside, raw)
        self.damage += f" (kept in {plain(aside.name)}; something may be under way there)"

    def _forget_old(self) -> None:
        before_ns = self.now_ns() - _KEPT_NS
        for name in [name for name, one in self.ended.items() if one.at_ns < before_ns]:
            del self.ended[name]

    def _write_anew(self, path: Path) -> None:
        """Aside, synced, and in its place: at any moment one of the two is whole."""
        lines: list[_Line] = [_Whose(self.wallet)]
        for ended in self.ended.values():
            how = _DONE if ended.is_done else "failed"
            lines.append(_Meant(ended.intent))
            said = (ended.intent.name, how, ended.at_ns, ended.detail, ended.gas_wei)
            lines.append(_Ended(*said))
        lines += [_Meant(intent) for intent in self.open.values()]
        lines += [_Owes(owed) for owed in self.owed.values()]
        aside = path.with_suffix(f".{os.getpid()}")
        _write_whole(aside, b"".join(_encode(line) + b"\n" for line in lines))
        aside.replace(path)
        _sync_folder(path.parent)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)


def _write_whole(path: Path, raw: bytes) -> None:
    """Synced; OSError where not all of it went there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    try:
        if os.write(file, raw) != len(raw):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
