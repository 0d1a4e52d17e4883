"""What a wallet's log keeps when its disk or its lines are bad."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wallet_room import WALLET

from polytui.execution.wallet_log import Intent, WalletLog
from polytui.execution.wallet_sender import SentBatch
from polytui.model.errors import Fatal


def a_log(path: Path) -> WalletLog:
    log = WalletLog(WALLET, path, lambda: 1)
    log.begin()
    return log


def test_a_damaged_line_is_kept_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "w.work.jsonl"
    log = a_log(path)
    log.mean(Intent("a", 1, (), SentBatch(0, "first")))
    log.mean(Intent("b", 1, (), SentBatch(1, "second")))
    log.close()
    spoilt = path.read_bytes().replace(b"first", b"fi\xffst")
    path.write_bytes(spoilt)
    for _ in range(2):
        log = a_log(path)
        log.close()
        (aside,) = [one for one in tmp_path.iterdir() if "damaged" in one.name]
        assert aside.read_bytes() == spoilt
        assert list(log.open) == ["b"]
        if log.damage:
            assert "line 2" in log.damage
            assert aside.name in log.damage
            damage = log.damage
    assert damage
    assert log.damage == "", "said once, and the file is whole again"


def test_a_disk_that_takes_half_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.work.jsonl"
    log = a_log(path)
    log.mean(Intent("a", 1, (), SentBatch(0, "first")))
    log.close()
    before, write = path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda file, raw: write(file, raw[: len(raw) // 2]))
    with pytest.raises(Fatal, match="No space left"):
        a_log(path)
    assert path.read_bytes() == before
