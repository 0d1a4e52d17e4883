"""A trader that does what it is told, a JSON line each: `{"do": "rest", "with": {...}}`, answered
by `{"value": ...}`, `{"refused": "400 why"}` or `{"failed": "..."}`; in a client's environment."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any


async def obey(trader: Any, refusal_of: Callable[[Exception], str | None]) -> None:
    """Until standard input ends. What is done are methods of `trader`, blocking or not."""
    lines = asyncio.Queue[str]()
    loop = asyncio.get_running_loop()
    reader = loop.run_in_executor(None, _read, loop, lines)
    print(json.dumps({"value": "ready"}), flush=True)
    while line := await lines.get():
        order = json.loads(line)
        print(json.dumps(await _done(trader, order, refusal_of)), flush=True)
    await reader


async def _done(
    trader: Any, order: dict[str, Any], refusal_of: Callable[[Exception], str | None]
) -> dict[str, Any]:
    try:
        value = getattr(trader, order["do"])(**order["with"])
        if inspect.isawaitable(value):
            value = await value
    except Exception as error:  # whatever a stranger raises is told
        words = refusal_of(error)
        if words is not None:
            return {"refused": words}
        return {"failed": f"{type(error).__name__}: {error}"}
    return {"value": value}


def _read(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")
