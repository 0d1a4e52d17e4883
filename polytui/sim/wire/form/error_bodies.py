"""What the venue's HTTP port says in place of an answer: always JSON, in the service's own words.

Unknown paths and methods never reach a route, so Starlette would answer them in plain text; a
client that reads every body as JSON would trip over that and not over its own mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from polytui.sim.wire.form.api_answer import RefusedError, json_answer, refusal

_GAMMA = "/gamma/"
_WORDS = {404: "not found", 405: "method not allowed"}


def _unrouted(request: Request, error: Exception) -> Response:
    """A path nobody serves (404), or one that is served for other methods (405, with `Allow`)."""
    if not isinstance(error, HTTPException):
        raise error
    words = _WORDS.get(error.status_code, error.detail)
    body = {"error": words}
    if request.url.path.startswith(_GAMMA):
        body = {"type": f"{words} error", "error": words}
    return json_answer(body, error.status_code, dict(error.headers or {}))


def _crashed(_request: Request, _error: Exception) -> Response:
    """Our own mistake. Starlette raises it again behind this answer, so it is logged as well."""
    return json_answer({"error": "Internal server error"}, 500)


ERROR_HANDLERS: Mapping[Any, Callable[[Request, Exception], Response]] = {
    RefusedError: refusal,
    HTTPException: _unrouted,
    Exception: _crashed,
}
"""For `Starlette(exception_handlers=...)`, of the venue and of whoever tests a part of it."""
