"""Answers of the simulated HTTP services."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response


class RefusedError(Exception):
    """A request the venue answers with an error: its status and body."""

    def __init__(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def json_answer(
    document: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return raw_json(msgspec.json.encode(document), status, headers)


def raw_json(
    body: bytes | str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """JSON that is already written."""
    return Response(body, status, headers, media_type="application/json")


def refusal(_request: Any, error: Exception) -> Response:
    """Starlette's handler for `RefusedError`."""
    if not isinstance(error, RefusedError):
        raise error
    return json_answer(error.body, error.status, error.headers)
