"""An answer of HTTP with its body, whole and bounded.

httpx unpacks whatever it is sent, layer by layer and chunk by chunk without a bound. So bodies are
read as they came; one layer of gzip, which is asked for, is unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from typing import cast

import httpx
import trio
from attrs import evolve, field, frozen

from polytui.model.plain_text import plain
from polytui.net.retry_after import retry_after_s

ENCODING = "gzip"
"""The one that is asked for."""
_GZIP_BITS = 31
_MOST_OF_A_REFUSAL = 1 << 16
"""Bytes of the body of an answer that is no 2xx: a few words of it are shown."""


@frozen
class HttpAnswer:
    """What came back, whatever its status. Body and headers may be secret: it prints neither."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Their names in any case."""
    body: bytes = field(repr=False)
    """Unpacked; of a refusal its beginning, as far as it can be read."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> float | None:
        return retry_after_s(self.headers.get("Retry-After", ""), self.headers.get("Date", ""))


async def read_answer(answer: httpx.Response, most: int) -> HttpAnswer:
    """As `whole_answer`. Not by `aiter_raw`: that counts what httpx itself would have unpacked as
    read already."""
    chunks = cast("AsyncIterator[bytes]", answer.stream)
    return await whole_answer(answer.status_code, answer.headers, chunks, most)


async def whole_answer(
    status: int, headers: httpx.Headers, chunks: AsyncIterator[bytes], most: int
) -> HttpAnswer:
    """With a body of at most `most` bytes, unpacked as it comes; RemoteProtocolError otherwise.
    Where something is wrong with it the rest of `chunks` is left unread."""
    answer = HttpAnswer(status, headers, b"")
    return evolve(answer, body=await _body(answer, chunks, most))


async def _body(answer: HttpAnswer, chunks: AsyncIterator[bytes], most: int) -> bytes:
    if "content-length" in answer.headers and "transfer-encoding" in answer.headers:
        raise httpx.RemoteProtocolError("an answer of two lengths: Content-Length with chunks")
    encoding = answer.headers.get("content-encoding", "")
    if answer.is_success:
        return await _unpacked(encoding, chunks, most)
    try:
        return await _unpacked(encoding, chunks, _MOST_OF_A_REFUSAL)
    except httpx.RemoteProtocolError:
        return b""  # the status is the answer, whatever is wrong with the words beside it


async def _unpacked(encoding: str, chunks: AsyncIterator[bytes], most: int) -> bytes:
    body = _Unpacking(encoding, most)
    # Not left in the middle: what reads for us in there is ended by being cancelled, from inside.
    with trio.CancelScope() as reading:
        async for chunk in chunks:
            body.take(chunk)
            if body.fault:
                reading.cancel()
    return body.whole()


class _Unpacking:
    """State: the parts of a body so far, of which there are never more than `most` bytes, and
    what is wrong with it."""

    def __init__(self, encoding: str, most: int) -> None:
        self.fault = ""
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", ENCODING):
            self.fault = f"an answer packed as {plain(encoding, 40)!r}, which was not asked for"
        self._gzip = zlib.decompressobj(_GZIP_BITS) if encoding == ENCODING else None
        self._parts: list[bytes] = []
        self._left = most
        self._most = most

    def take(self, chunk: bytes) -> None:
        if self.fault:
            return
        if self._gzip is not None:
            try:
                # One byte more than there is room for tells that it is too long.
                chunk = self._gzip.decompress(chunk, self._left + 1)
            except zlib.error as error:
                self.fault = f"an answer that is no gzip: {error}"
                return
        self._left -= len(chunk)
        if self._left < 0:
            self.fault = f"more than {self._most} bytes of answer"
            return
        self._parts.append(chunk)

    def whole(self) -> bytes:
        """RemoteProtocolError where something is wrong with it."""
        if self._gzip is not None and self._parts and not self.fault:
            if not self._gzip.eof:
                self.fault = "an answer that is cut off"
            elif self._gzip.unused_data:
                self.fault = "an answer with something behind its end"
        if self.fault:
            raise httpx.RemoteProtocolError(self.fault)
        return b"".join(self._parts)
