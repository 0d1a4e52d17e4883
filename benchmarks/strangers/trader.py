"""Strangers who do what they are told, each in a process and an environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define, field

from benchmarks.strangers.clients import SCRIPTS, Environment

_ANSWERS_WITHIN_S = 60.0


class RefusedOrder(Exception):
    """The venue's own words, or the client's, which refuses before it asks."""


@define(eq=False)
class Trader:
    """State: what it printed and nobody has read."""

    process: trio.Process
    told: Mapping[str, Any]
    """What it was started with."""
    unread: bytes = b""
    lock: trio.Lock = field(factory=trio.Lock)

    async def do(self, what: str, **how: Any) -> Any:
        """What came of it. RefusedOrder with the words where it was refused."""
        assert self.process.stdin is not None
        async with self.lock:
            order = json.dumps({"do": what, "with": how})
            await self.process.stdin.send_all(f"{order}\n".encode())
            answer = await self.answer()
        if "refused" in answer:
            raise RefusedOrder(answer["refused"])
        if "failed" in answer:
            raise RuntimeError(f"{what} {how}: {answer['failed']}")
        return answer["value"]

    async def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        with trio.fail_after(_ANSWERS_WITHIN_S):
            while b"\n" not in self.unread:
                chunk = await self.process.stdout.receive_some()
                if not chunk:
                    raise RuntimeError("a trader ended")
                self.unread += chunk
        line, _, self.unread = self.unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def trader(
    environment: Environment, script: str, told: Mapping[str, Any]
) -> AsyncIterator[Trader]:
    """One that has its keys and is ready, until the block ends."""
    process = await trio.lowlevel.open_process(
        environment.command(SCRIPTS / script), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    try:
        await process.stdin.send_all(f"{json.dumps(told)}\n".encode())
        made = Trader(process, told)
        await made.answer()
        yield made
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
