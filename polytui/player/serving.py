"""A recording served to faces by the same socket as an engine: they know no difference but its
mode."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from polytui.journal.codec import BadJournal
from polytui.model.errors import Fatal, Rejected
from polytui.model.playing import RECORDING
from polytui.player.deck import Deck
from polytui.player.index import JournalIndex
from polytui.player.moments import moment_of
from polytui.player.player import Player
from polytui.player.private_rows import PrivateRows, is_kept_beside
from polytui.player.what_if import WhatIfs
from polytui.remote.local import FaceSettings, serve_faces
from polytui.runtime.hub import Hub
from polytui.runtime.queries import Queries
from polytui.runtime.signals import hear_signals
from polytui.store.database import database_of

_NOTICES = 1_000
"""Lines of the log that wait for a face that reads slowly."""


def play_recording(folder: Path, socket: Path, config: Path | None = None, at: str = "") -> None:
    """Serve until a signal, or until the terminal is lost; from the moment that `at` names. Fatal
    where there is no journal that this version reads, or no such moment in it."""
    try:
        index = JournalIndex(folder)
        while not index.first_ns and index.look():
            pass
    except BadJournal as error:
        raise Fatal(str(error)) from error
    if not index.first_ns:
        index.close()
        raise Fatal(f"{folder}: nothing has happened in it")
    if at:
        while index.look():
            pass
    with closing(Player(folder, index)) as player, TemporaryDirectory(prefix="polytui-") as aside:
        if at:
            try:
                player.go(moment_of(at, index.first_ns, index.first_ns, index.last_ns))
            except Rejected as error:
                raise Fatal(f"--at {error}") from error
        trio.run(serve, player, socket, config, Path(aside))


async def serve(
    player: Player,
    socket: Path,
    config: Path | None,
    aside: Path,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Play it to faces until a signal, or until a terminal is lost. `aside`: a folder for what is
    gone with it. Ready once a face can connect."""
    session = player.index.header.session
    hub = Hub(session, RECORDING, _NOTICES, stop_when_lost=True)
    lost, what_ifs = trio.Event(), WhatIfs(player.folder, hub, config)
    deck = Deck(player, hub, what_ifs.ask)
    rows = None if is_kept_beside(player.folder, session) else PrivateRows(player.folder, aside)
    path = database_of(player.folder.parent) if rows is None else rows.path
    queries = Queries(path, session, is_kept=True, moment=lambda: player.at_ns)
    hub.serve(deck.obey, deck.change, lambda _: lost.set(), queries.answer, turn=deck.turn)
    async with hear_signals() as signals, trio.open_nursery() as nursery:
        nursery.start_soon(what_ifs.run)
        nursery.start_soon(deck.run)
        nursery.start_soon(deck.read_on)
        if rows is not None:
            nursery.start_soon(rows.fill)
        await nursery.start(partial(serve_faces, socket, hub, FaceSettings()))
        task_status.started()
        nursery.start_soon(_cancel_after, signals.came, nursery.cancel_scope)
        await lost.wait()
        nursery.cancel_scope.cancel()


async def _cancel_after(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
