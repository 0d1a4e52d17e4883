"""What a session leaves is its owner's alone, whatever the umask, and its child has no keys."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import trio
from program import started

pytestmark = pytest.mark.trio
KEYS = ("MY_API_KEY", "OTHER_SECRET", "SOME_TOKEN")
"""Names that the journeys' own environment lets through."""


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(folder.name))
    return found


async def test_files_are_the_owners_and_the_venue_has_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "s3cret")
    before = os.umask(0)
    try:
        async with started(
            tmp_path,
            "demo",
            "--headless",
            "--speed",
            "1",
            "--assets",
            "btc",
            "--messages",
            "0.01",
            is_cold=True,
        ) as program:
            await program.line("BTC")
            children = _children(program.process.pid)
            assert children, "the venue is a child"
            for child in children:
                assert b"s3cret" not in Path(f"/proc/{child}/environ").read_bytes()
            sockets: list[Path] = []
            while not any(stat.S_ISSOCK(path.stat().st_mode) for path in sockets):
                await trio.sleep(0.05)
                sockets = [*program.runtime.rglob("*")]
            assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in sockets)
            program.process.terminate()
            await program.end()
    finally:
        os.umask(before)
    made = [*tmp_path.rglob("*")]
    names = {path.name for path in made}
    assert {"000001.jsonl.zst", "engine.log", "summary.json", "venue.log", "venue.json"} <= names
    for path in made:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
