"""What another setting would have made of a recording: asked of a child, which is `polytui replay
--with`, so that the answer is the same as on the command line and nothing here waits for it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import trio
from attrs import define, field, frozen

from polytui.backtest.what_it_makes import Made
from polytui.config.change import hot_place
from polytui.config.load import BadSettings
from polytui.config.secrets import environment_for
from polytui.model.errors import Rejected
from polytui.model.plain_text import plain
from polytui.model.playing import WhatIfView
from polytui.runtime.hub import Hub

_LONGEST_WISH = 1_000
_LONGEST_FIRST = 400
_NICE = ("nice", "-n", "5")
"""What is shown comes first."""


@frozen
class _ReplaySaid:
    """As `replay --with --pnl --json` writes it."""

    events: int
    orders_was: int
    orders_now: int
    differences: list[str]
    pnl: Made


_decode = msgspec.json.Decoder(_ReplaySaid).decode


@define
class WhatIfs:
    """State: the question of the moment, and what ends it."""

    folder: Path
    hub: Hub
    config: Path | None = None
    child: trio.Process | None = field(default=None, init=False)
    """Of the question of the moment."""
    _asked: trio.Event = field(factory=trio.Event, init=False)
    _wish: str = field(default="", init=False)
    _scope: trio.CancelScope | None = field(default=None, init=False)

    async def ask(self, wish: str) -> None:
        """Begin to answer this one instead of the one before; empty: ask nothing. Rejected for a
        wish that no recording could grant."""
        if wish:
            _check(wish)
        if self._scope is not None:
            self._scope.cancel()
        self._wish = wish
        self.hub.what_if(WhatIfView(wish))
        self._asked.set()

    async def run(self) -> None:
        """Answer what is asked, one at a time, for ever."""
        while True:
            await self._asked.wait()
            self._asked, wish = trio.Event(), self._wish
            with trio.CancelScope() as scope:
                self._scope = scope
                if wish:
                    self.hub.what_if(await self._answer(wish))
            self._scope = None

    async def _answer(self, wish: str) -> WhatIfView:
        command = [sys.executable, "-m", "polytui", "replay", str(self.folder), "--with", wish]
        command += ["--pnl", "--json", "-"]
        command += ["--config", str(self.config)] if self.config is not None else []
        code, said, errors = await self._run([*_NICE, *command])
        if code:
            words = errors.decode(errors="replace").strip().splitlines()
            why = words[-1].removeprefix("error: ") if words else "it said nothing"
            return WhatIfView(wish, is_ready=True, error=plain(why))
        found = _decode(said)
        return WhatIfView(
            wish,
            is_ready=True,
            events=found.events,
            differences=len(found.differences),
            orders_was=found.orders_was,
            orders_now=found.orders_now,
            first=found.differences[0][:_LONGEST_FIRST] if found.differences else "",
            pnl_recorded=found.pnl.recorded,
            pnl_was=found.pnl.was,
            pnl_now=found.pnl.now,
        )

    async def _run(self, command: list[str]) -> tuple[int, bytes, bytes]:
        """A child to its end: its code, what it said, and its faults. Cancelled it is killed: it
        has nothing to put away."""
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as faults:
            child = self.child = await trio.lowlevel.open_process(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=faults,
                start_new_session=True,
                env=environment_for(),
            )
            try:
                code = await child.wait()
            finally:
                self.child = None
                if child.returncode is None:
                    child.kill()
                    with trio.CancelScope(shield=True):
                        await child.wait()
            said.seek(0)
            faults.seek(0)
            return code, said.read(), faults.read()


def _check(wish: str) -> None:
    """Whether it names a setting that may change while a session runs."""
    path, equals, value = wish.partition("=")
    if not equals or not value or len(wish) > _LONGEST_WISH:
        raise Rejected("a setting and its value: risk.max_order_usd=12")
    try:
        hot_place(path.strip())
    except BadSettings as error:
        raise Rejected("; ".join(error.faults)) from error
