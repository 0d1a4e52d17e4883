"""Requests of one host, made without what an httpx client looks through each time.

What all of them share (their address, the headers that every request has, the timeouts) is read
once; a client would parse and merge it anew for each, a tenth of what sending an order costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import httpx

from polytui.model.errors import Rejected

Params = Mapping[str, str | int | Sequence[str]]
_KEPT = 64
"""Paths whose parsed address is kept; some have an id in them, and there is no end of those."""
_TYPE, _LENGTH = b"Content-Type", b"Content-Length"
_JSON = b"application/json"
_BODY = ("POST", "PUT", "PATCH")
"""Methods that say how long their body is, also where there is none."""


class RequestMaker:
    """State: addresses that were parsed already."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: httpx.Timeout,
        extensions: Mapping[str, Any],
    ) -> None:
        self._base_url = base_url
        usual = {"Accept": "*/*", "Connection": "keep-alive", "User-Agent": _user_agent()}
        host = (b"Host", httpx.URL(base_url).netloc)
        self._headers = [host, *map(_bytes, {**usual, **headers}.items())]
        self._extensions = {**extensions, "timeout": timeout.as_dict()}
        self._url_of = lru_cache(_KEPT)(self._parsed)
        self._head_of = lru_cache(_KEPT)(self._beginning)

    def make(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx.Request:
        """httpx.InvalidURL for a path that is none."""
        own = [*self._headers, *map(_bytes, headers.items())]
        if body is not None:
            own += ((_TYPE, _JSON), (_LENGTH, b"%d" % len(body)))
        elif method in _BODY:
            own.append((_LENGTH, b"0"))
        # Given a stream, httpx takes the headers as they are instead of completing a copy of them.
        return httpx.Request(
            method,
            self._url_of(path),
            params=_query(params) if params else None,
            headers=own,
            stream=httpx.ByteStream(body or b""),
            extensions=self._extensions,
        )

    def written(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> bytes:
        """The same request as HTTP/1.1 has it, to the byte. Rejected for a header whose text is
        not one line of ASCII, httpx.InvalidURL for a path that is none."""
        own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        is_plain = own.isascii() and own.replace("\r\n", "").isprintable()
        if not is_plain or own.count("\r\n") != len(headers):
            raise Rejected("a header that is not one line of ASCII cannot be sent")
        length = b""
        if body is not None:
            length = b"%b: %b\r\n%b: %d\r\n" % (_TYPE, _JSON, _LENGTH, len(body))
        elif method in _BODY:
            length = b"%b: 0\r\n" % _LENGTH
        parts = (self._head_of(method, path), own.encode(), length, b"\r\n", body or b"")
        return b"".join(parts)

    def _beginning(self, method: str, path: str) -> bytes:
        """The first line of a request, and the headers that all of them have."""
        first = method.encode("ascii") + b" " + self._url_of(path).raw_path + b" HTTP/1.1\r\n"
        return first + b"".join([b"%b: %b\r\n" % header for header in self._headers])

    def _parsed(self, path: str) -> httpx.URL:
        return httpx.URL(self._base_url + path)


def _bytes(header: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = header
    return name.encode("ascii"), value.encode("ascii")


def _user_agent() -> str:
    return f"python-httpx/{httpx.__version__}"


def _query(params: Params) -> httpx.QueryParams:
    """Query pairs in order; a sequence repeats its key."""
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for key, value in params.items():
        values = [str(value)] if isinstance(value, (str, int)) else value
        pairs += [(key, item) for item in values]
    return httpx.QueryParams(pairs)
