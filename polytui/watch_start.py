"""Starting to watch a recording: a player as a child, a terminal for it here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polytui.config.runtime_folder import runtime_folder
from polytui.config.schema import Settings
from polytui.config.secrets import environment_for, forget_keys
from polytui.model.errors import Fatal
from polytui.paths import answers, has_terminal, last_line

_NICER_BY = 5
"""An engine may trade on this machine."""
_READY_WITHIN_S = 40.0
_END_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.05


def serve_alone(folder: Path, socket: Path | None, config: Path | None, at: str) -> None:
    """The player in this process, until a signal or until its terminal is lost."""
    from polytui.player.serving import play_recording

    forget_keys()
    os.nice(_NICER_BY)
    play_recording(folder, socket or _socket(folder), config, at)


def watch_recording(
    folder: Path,
    settings: Settings,
    socket: Path | None,
    config: Path | None,
    at: str,
) -> int:
    """Until the terminal is left; its exit code. Fatal where nothing can be played."""
    from polytui.tui.app import run_terminal

    forget_keys()
    if not has_terminal():
        raise Fatal("watch needs a terminal, or --headless: redirect neither input nor output")
    socket = socket or _socket(folder)
    with tempfile.TemporaryDirectory(prefix="polytui-") as aside:
        log = Path(aside) / "player.log"
        player = _started(folder, socket, config, at, log)
        try:
            _wait_for(player, socket, log)
            code, _ = run_terminal(
                socket,
                settings.terminal,
                settings.keys,
                owns_engine=False,
                engine_log=log,
            )
        finally:
            _end(player)
    return code


def _socket(folder: Path) -> Path:
    """Not among those of engines, to which people attach without a name."""
    name = folder.parent.name if folder.name == "journal" else folder.name
    return runtime_folder() / "watch" / f"{name[:40]}-{os.getpid()}.sock"


def _started(
    folder: Path, socket: Path, config: Path | None, at: str, log: Path
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "polytui", "watch", str(folder), "--headless"]
    command += ["--socket", str(socket)]
    command += ["--at", at] if at else []
    command += ["--config", str(config)] if config is not None else []
    with log.open("ab") as errors:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
            env=environment_for(),
        )


def _wait_for(player: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while not answers(socket):
        if player.poll() is not None:
            raise Fatal(f"cannot watch it: {last_line(log)}")
        if time.monotonic() > deadline:
            raise Fatal(f"the player was not ready within {_READY_WITHIN_S:g} s")
        time.sleep(_LOOK_EVERY_S)


def _end(player: subprocess.Popen[bytes]) -> None:
    player.terminate()
    try:
        player.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        player.kill()
        player.wait()
