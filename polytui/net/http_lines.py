"""Lines to one host that stand before anybody needs one (net/http_line.py).

What may not wait takes a line that asks nothing just now, which costs it neither a handshake nor a
place behind somebody's slow answer. Where none is free it goes the way of everything else; nobody
who is in a hurry ever connects. That is done beforehand, and again and again: a line that was
closed is replaced, one that asked nothing for long asks something harmless, and so stays.
"""

from __future__ import annotations

import httpx
import trio
from attrs import define, field

from polytui.model.web_address import WebAddress
from polytui.net.dial import Ended, Trust, dial
from polytui.net.http_answer import HttpAnswer
from polytui.net.http_line import HttpLine, HttpLineLimits

_REST_S = 15.0
"""A line asks something so long after its last answer."""
_TEND_EVERY_S = 5.0
_OLD_S = 50.0
"""No more is expected of one that nobody has asked for so long: servers let go of those after a
minute, and their word of it may be on its way."""


@define(eq=False)
class HttpLines:
    """State: the lines that stand and ask nothing, those to be closed, and how many are asking."""

    address: WebAddress
    trust: Trust
    is_loopback_only: bool
    limits: HttpLineLimits
    opened: int = 0
    """Ever."""
    asked: int = 0
    """Requests that went over one, ever; what keeps them is counted too."""
    _free: list[HttpLine] = field(factory=list, init=False)
    """The one that was used last is at the end, and goes first."""
    _spent: list[HttpLine] = field(factory=list, init=False)
    _asking: int = field(default=0, init=False)
    _is_closed: bool = field(default=False, init=False)

    def take(self) -> HttpLine | None:
        """One for `exchange`, as good as can be known; None where none is free."""
        while self._free:
            line = self._free.pop()
            if line.is_silent and line.rested_s < _OLD_S:
                return line
            self._spent.append(line)
        return None

    async def exchange(self, line: HttpLine, request: bytes, *, is_shielded: bool) -> HttpAnswer:
        """As of `HttpLine`, which is free again afterwards, if it can be."""
        self._asking += 1
        self.asked += 1
        try:
            return await line.exchange(request, is_shielded=is_shielded)
        finally:
            self._asking -= 1
            if line.is_whole and not self._is_closed:
                self._free.append(line)
            elif line.is_whole:
                await line.close()

    async def tend(self, wanted: int, question: bytes) -> bool:
        """Have so many stand, and none of them old; whether they do. `question` is a request that
        costs nothing, whatever is answered. Fatal where this leads to another machine and may
        not."""
        while (line := self._take_resting()) is not None:
            await self._ask(line, question)
        await self._close_spent()
        while len(self._free) + self._asking < wanted:
            if not await self._open(question):
                return False
        return True

    async def keep(self, wanted: int, question: bytes) -> None:
        """Tend to them until cancelled."""
        while True:
            await trio.sleep(_TEND_EVERY_S)
            await self.tend(wanted, question)

    async def close(self) -> None:
        """Those that are asking go when they are answered."""
        self._is_closed = True
        await self._close_spent()
        while self._free:
            await self._free.pop().close()

    def _take_resting(self) -> HttpLine | None:
        """One to ask something, and no longer free; where one is lost it is known now."""
        for line in list(self._free):
            if not line.is_silent:
                self._free.remove(line)
                self._spent.append(line)
            elif line.rested_s >= _REST_S:
                self._free.remove(line)
                return line
        return None

    async def _open(self, question: bytes) -> bool:
        """Whether there is one more. It answered once: what a server says of itself after its
        handshake is read by then."""
        stream: trio.abc.Stream | None = None
        with trio.move_on_after(self.limits.connect_s):
            try:
                stream = await dial(self.address, self.trust, self.is_loopback_only)
            except Ended:
                return False
        if stream is None:
            return False
        self.opened += 1
        return await self._ask(HttpLine(stream, self.limits), question)

    async def _ask(self, line: HttpLine, question: bytes) -> bool:
        try:
            await self.exchange(line, question, is_shielded=False)
        except (httpx.HTTPError, trio.TooSlowError):
            return False
        return line.is_whole

    async def _close_spent(self) -> None:
        while self._spent:
            await self._spent.pop().close()
