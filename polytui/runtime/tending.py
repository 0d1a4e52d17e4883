"""The journal's keeper, beside the engine: a process, soon after the start and whenever a segment
closed."""

from __future__ import annotations

import sys

import msgspec
import trio

from polytui.journal.keeper import Errand
from polytui.model.plain_text import plain
from polytui.runtime.session import Session

_MODULE = "polytui.journal.keeper"
_AFTER_S = 60.0
"""A session that begins has better things to do."""
_MOST_SAID = 20


async def tend_journal(session: Session) -> None:
    """Until cancelled; then what is at work is killed, and leaves each segment whole."""
    errand = Errand(str(session.journal.path), session.settings.journal)
    command = [sys.executable, "-m", _MODULE, msgspec.json.encode(errand).decode()]
    await trio.sleep(_AFTER_S)
    while True:
        session.journal.has_closed = trio.Event()
        await _run(session, command)
        await session.journal.has_closed.wait()


async def _run(session: Session, command: list[str]) -> None:
    try:
        ended = await trio.run_process(
            command,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            stdin=b"",
            start_new_session=True,
        )
    except OSError as error:
        session.notice("warn", "", f"closed segments are not pressed: {error.strerror}")
        return
    for line in ended.stdout.decode(errors="replace").splitlines()[:_MOST_SAID]:
        session.notice("info", "", plain(line))
    if ended.returncode:
        last = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        session.notice("warn", "", f"closed segments are not pressed: {plain(last)}")
