"""Waiting for what the world answers, in a request; and for nothing but a cut line."""

from __future__ import annotations

from typing import TypeVar

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from polytui.sim.exchange.answers import Pending
from polytui.sim.wire.form.api_answer import RefusedError

T = TypeVar("T")
_PATIENCE_S = 30.0
"""Real seconds. A world that stands still answers nobody."""
_PROMISED = b"512"


async def answer_to(pending: Pending[T]) -> T:
    """The answer, when the world has come so far; 500 with an open outcome where it does not."""
    if pending.answer is None:
        there = trio.Event()
        pending.then(there.set)
        with trio.move_on_after(_PATIENCE_S):
            await there.wait()
    if pending.answer is None:
        raise RefusedError(500, {"error": "could not run the execution"})
    return pending.answer


class CutResponse(Response):
    """Promises a body and sends none of it: the server cuts the connection then."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", _PROMISED)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
