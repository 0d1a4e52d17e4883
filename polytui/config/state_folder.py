"""What this user's sessions know of their wallets, and its terminals: for their owner only.

$XDG_STATE_HOME/polytui/                    or ~/.local/state/polytui/, mode 0700
    <chain>-<owner>.api_key.json            derived once, mode 0600
    <chain>-<funder>.work.jsonl             what it does on the chain, before it is sent
    <chain>-<owner>.lock                    held while a process trades with the wallet
    <chain>-<funder>.risk_state.jsonl       its day and its kill switch (journal/risk_state_file.py)
    terminal.json                           what a terminal remembers (tui/memory.py)
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.held_lock import HeldElsewhere, held_lock
from polytui.config.readable import exposed
from polytui.config.secrets import Secret
from polytui.model.errors import Blocked, Fatal
from polytui.model.plain_text import plain

IN_USE = "REAL_TRADING_BLOCKED_WALLET_IN_USE"
_MOST_BYTES = 1 << 16


@frozen
class StateFolder:
    """A folder of this user's alone."""

    path: Path
    is_passing: bool = False
    """Of a venue that ends, and its wallets with it: no lock stays behind."""

    # --- API keys -------------------------------------------------------------------------------

    def api_key(self, owner: str, chain_id: int) -> ApiKey | None:
        """The one that was kept; None without one. Fatal where others may read it: then it is not
        ours alone any more."""
        path = self._file(owner, chain_id, "api_key.json")
        if words := exposed(path):
            raise Fatal(f"{words}, or remove it and have a new one derived")
        try:
            with path.open("rb") as file:
                kept = json.loads(file.read(_MOST_BYTES))
            return ApiKey(kept["key"], Secret(kept["secret"]), Secret(kept["passphrase"]))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Fatal(f"cannot read {plain(path)}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Fatal(f"{plain(path)} is no kept API key: remove it") from None

    def keep_api_key(self, owner: str, chain_id: int, api_key: ApiKey) -> None:
        """Whole or not at all: aside, and then in its place."""
        path = self._file(owner, chain_id, "api_key.json")
        aside = path.with_suffix(f".{os.getpid()}")
        kept = {
            "key": api_key.key,
            "secret": api_key.secret.reveal(),
            "passphrase": api_key.passphrase.reveal(),
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._make()
            with open(os.open(aside, flags, 0o600), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o600)
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError as error:
            raise Fatal(f"cannot keep the API key in {plain(path)}: {error.strerror}") from None

    # --- one process a wallet -------------------------------------------------------------------

    @contextmanager
    def wallet_held(self, owner: str, chain_id: int, session: str) -> Iterator[None]:
        """The wallet is this process's while the block lasts, or the process lives; Blocked where
        another one of this user trades with it. Two of them would take each other's orders for
        their own, and end each other's heartbeat."""
        path = self._file(owner, chain_id, "lock")
        try:
            self._make()
            lock = held_lock(path, session)
        except HeldElsewhere as taken:
            words = f"another process trades with the key of {owner} ({taken.owner}): stop it first"
            raise Blocked(IN_USE, words) from None
        except OSError as error:
            raise Fatal(f"cannot hold {plain(path)}: {error.strerror}") from None
        with lock:
            try:
                yield
            finally:
                if self.is_passing:
                    path.unlink(missing_ok=True)

    # --- what its day was -----------------------------------------------------------------------

    def risk_state(self, funder: str, chain_id: int) -> Path:
        """Where the counters of a wallet are kept, in a folder that is there."""
        return self._kept(funder, chain_id, "risk_state.jsonl")

    def work_log(self, funder: str, chain_id: int) -> Path:
        """What it does on the chain (execution/wallet_log.py), in a folder that is there."""
        return self._kept(funder, chain_id, "work.jsonl")

    def terminal(self) -> Path | None:
        """Where a terminal remembers, in a folder that is there; None where there can be none: no
        screen fails for it."""
        try:
            self._make()
        except (OSError, Fatal):
            return None
        return self.path / "terminal.json"

    def _kept(self, funder: str, chain_id: int, suffix: str) -> Path:
        path = self._file(funder, chain_id, suffix)
        try:
            self._make()
        except OSError as error:
            raise Fatal(f"cannot keep {plain(path)}: {error.strerror}") from None
        return path

    def _file(self, owner: str, chain_id: int, suffix: str) -> Path:
        return self.path / f"{chain_id}-{owner.lower()}.{suffix}"

    def _make(self) -> None:
        """Fatal where the folder is somebody else's, or leads to another one."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise Fatal(f"{plain(self.path)} is no folder of yours: remove it")
        if stat.S_IMODE(found.st_mode) & 0o077:
            self.path.chmod(0o700)


def state_folder(environment: Mapping[str, str] | None = None) -> StateFolder:
    """As the desktops' convention has it; a relative path there means nothing."""
    known = os.environ if environment is None else environment
    base = known.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return StateFolder(home / "polytui")
