"""What is kept of a wallet is its owner's alone, and one process trades with it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from polytui.config.api_key import ApiKey
from polytui.config.held_lock import held_lock
from polytui.config.secrets import Secret
from polytui.config.state_folder import IN_USE, StateFolder, state_folder
from polytui.model.errors import Blocked, Fatal

OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
KEY = ApiKey("an-id-of-a-key", Secret("the-secret-of-it"), Secret("the-phrase-of-it"))


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state" / "polytui")


def test_a_key_is_kept_for_its_owner_and_found_again(folder: StateFolder) -> None:
    assert folder.api_key(OWNER, 137) is None
    before = os.umask(0)
    try:
        folder.keep_api_key(OWNER, 137, KEY)
    finally:
        os.umask(before)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (kept,) = folder.path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert folder.api_key(OWNER.lower(), 137) == KEY
    assert folder.api_key(OWNER, 80002) is None, "another chain is another venue"
    assert folder.api_key("0x" + "11" * 20, 137) is None
    folder.keep_api_key(OWNER, 137, ApiKey("new", KEY.secret, KEY.passphrase))
    again = folder.api_key(OWNER, 137)
    assert again is not None
    assert again.key == "new"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_one_that_others_may_read_is_refused(folder: StateFolder, mode: int) -> None:
    folder.keep_api_key(OWNER, 137, KEY)
    (kept,) = folder.path.iterdir()
    kept.chmod(mode)
    with pytest.raises(Fatal, match="can be read by others") as caught:
        folder.api_key(OWNER, 137)
    assert "the-secret-of-it" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"key": 1}', b"\xff", b'"x"'])
def test_one_that_is_damaged_is_said_without_a_word_of_it(
    folder: StateFolder, content: bytes
) -> None:
    folder.keep_api_key(OWNER, 137, KEY)
    (kept,) = folder.path.iterdir()
    kept.write_bytes(content)
    with pytest.raises(Fatal, match="is no kept API key: remove it"):
        folder.api_key(OWNER, 137)


def test_a_folder_that_others_may_enter_is_closed(folder: StateFolder) -> None:
    folder.path.mkdir(parents=True, mode=0o755)
    folder.path.chmod(0o755)
    folder.keep_api_key(OWNER, 137, KEY)
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_leads_elsewhere_is_refused(folder: StateFolder, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    folder.path.parent.mkdir()
    folder.path.symlink_to(tmp_path / "theirs")
    with pytest.raises(Fatal, match="is no folder of yours"):
        folder.keep_api_key(OWNER, 137, KEY)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(folder: StateFolder) -> None:
    folder.path.mkdir(parents=True)
    os.chown(folder.path, 65_534, 65_534)
    with pytest.raises(Fatal, match="is no folder of yours"), folder.wallet_held(OWNER, 137, "s"):
        pass


_HOLDER = """
import sys
from pathlib import Path
from polytui.config.state_folder import StateFolder
with StateFolder(Path(sys.argv[1])).wallet_held(sys.argv[2], 137, "the-first"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_of_a_venue_that_ends_does_not_stay(tmp_path: Path) -> None:
    passing = StateFolder(tmp_path / "polytui", is_passing=True)
    path = tmp_path / "polytui" / f"137-{OWNER.lower()}.lock"
    for _ in range(2):
        with passing.wallet_held(OWNER, 137, "mine"):
            assert path.is_file()
        assert not path.exists()


def test_a_lock_on_a_file_that_was_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever held it removed it between our opening it and our having it; somebody else made the
    next one since."""
    path = tmp_path / "lock"
    lock, removed = fcntl.flock, list[str]()

    def late(file: IO[bytes], how: int) -> None:
        if not removed:
            removed.append("once")
            path.unlink()
            path.write_bytes(b"somebody else's, process 1\n")
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with held_lock(path, "mine"):
        assert path.read_bytes() == f"mine, process {os.getpid()}\n".encode()


def test_a_second_process_is_refused_in_words_until_the_first_is_dead(folder: StateFolder) -> None:
    """However it dies."""
    arguments = [sys.executable, "-c", _HOLDER, str(folder.path), OWNER]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(Blocked) as caught, folder.wallet_held(OWNER.lower(), 137, "mine"):
            pass
        assert caught.value.tag == IN_USE
        assert f"(the-first, process {first.pid})" in str(caught.value)
        with folder.wallet_held("0x" + "11" * 20, 137, "another wallet"):
            pass
        first.kill()
    with folder.wallet_held(OWNER, 137, "mine"):
        pass
    with folder.wallet_held(OWNER, 137, "mine, once more"):
        pass


def test_it_is_where_desktops_keep_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder({"XDG_STATE_HOME": "/x"}).path == Path("/x/polytui")
    for base in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
        assert state_folder(base).path == tmp_path / ".local" / "state" / "polytui"
