"""Who may make trouble, and reading what he asks for: one door for every control route."""

from __future__ import annotations

import hmac
from typing import TypeVar

import msgspec
from starlette.requests import Request

from polytui.model.plain_text import plain
from polytui.sim.wire.form.api_answer import RefusedError

_T = TypeVar("_T")
_JSON = "application/json"
"""No form of a web page can send it unasked."""


class ControlDoor:
    """Asks for the token of the ready line: whoever started the venue has it."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def check(self, request: Request) -> None:
        """401 for whoever does not know the token."""
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, b"Bearer " + self._token):
            raise RefusedError(401, {"error": "the token of the ready line is needed"})

    async def read(self, request: Request, kind: type[_T]) -> _T:
        """The body as a `kind`; what is wrong with it in words otherwise."""
        self.check(request)
        if request.headers.get("content-type", "").partition(";")[0].strip() != _JSON:
            raise RefusedError(415, {"error": f"send {_JSON}"})
        try:
            return msgspec.json.decode(await request.body(), type=kind)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise RefusedError(400, {"error": plain(error)}) from None
