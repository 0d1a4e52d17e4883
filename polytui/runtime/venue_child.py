"""The simulated venue as a child process: started, read, and never left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from polytui.config.secrets import environment_for
from polytui.model.errors import Fatal
from polytui.sim.server.urls import Urls

_READY_WITHIN_S = 30.0
_LONGEST_LINE = 65_536
_LAST_BYTES = 4_096


@asynccontextmanager
async def open_venue(arguments: Sequence[str], log: Path) -> AsyncIterator[Urls]:
    """`polytui venue` until the block ends. It holds our pipe: if we die, it sees that and ends.

    Fatal with its own last words when it does not get ready, or ends before the block does.
    """
    command = [sys.executable, "-m", "polytui", "venue", "--until-stdin-closes", *arguments]
    with log.open("wb") as errors:
        # In a session of its own: Ctrl-C is for us, and the venue must outlive our last cancel.
        process = await trio.lowlevel.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            env=environment_for(),
        )
    try:
        urls = await _read_urls(process, log)
        # Beside the log: whoever wants to trouble this venue finds its control address there.
        await trio.Path(log).with_suffix(".json").write_text(urls.to_json())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_fail_when_ended, process, log)
            yield urls
            nursery.cancel_scope.cancel()
    finally:
        await _end(process)


async def _read_urls(process: trio.Process, log: Path) -> Urls:
    assert process.stdout is not None
    line = b""
    with trio.move_on_after(_READY_WITHIN_S):
        while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            chunk = await process.stdout.receive_some()
            if not chunk:
                break
            line += chunk
    try:
        return msgspec.json.decode(line, type=Urls)
    except msgspec.MsgspecError:
        raise Fatal(f"the simulated venue did not start: {last_words(log)}") from None


async def _fail_when_ended(process: trio.Process, log: Path) -> None:
    code = await process.wait()
    raise Fatal(f"the simulated venue ended with code {code}: {last_words(log)}; see {log}")


def last_words(log: Path) -> str:
    """What a child said last, for whoever must say why it is no more."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LAST_BYTES))
            words = file.read().decode(errors="replace").strip().splitlines()
    except OSError as error:
        return f"cannot read {log}: {error.strerror}"
    return words[-1].removeprefix("error: ") if words else "it said nothing"


async def _end(process: trio.Process) -> None:
    with trio.move_on_after(5, shield=True):
        if process.stdin is not None:
            await process.stdin.aclose()
        await process.wait()
    if process.returncode is None:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
