"""HTTP with pacing, budgets and mapped errors, and the one seam to httpx.

httpx's pool is poisoned for ever by requests cancelled while they wait for a connection. So
nobody waits there: a limiter stands in front of a pool that is larger than the limiter lets in,
and requests that may change something at the venue run in a shielded, bounded scope. A pool
that is full all the same, twice in a row, is thrown away and built anew.

httpx also unpacks whatever it is sent, layer by layer and chunk by chunk without a bound. So
bodies are read as they came; one layer of gzip, which is asked for, is unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

import httpx
import trio
from attrs import frozen

from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.model.web_address import web_address
from polytui.net.dial import Trust, tls_context, untrusted
from polytui.net.retry_after import retry_after_s

_SPARE_CONNECTIONS = 4
_POOL_WAIT_S = 0.5
_POOL_FAULTS_MOST = 2
_KEEP_ALIVE_S = 60.0
"""httpx drops idle connections after 5 s, and a new one costs two or three round trips."""
_MOST_TEXT = 200
_LONGEST_WAIT_S = 10.0
_MOST_OF_A_REFUSAL = 1 << 16
"""Bytes of the body of an answer that is no 2xx: a few words of it are shown."""
_ENCODING = "gzip"
_GZIP_BITS = 31

Params = Mapping[str, str | int | Sequence[str]]


@frozen
class HttpSettings:
    """How long, how many and how often. Seconds are real seconds."""

    connect_s: float = 2.0
    read_s: float = 5.0
    write_s: float = 2.0
    total_s: float = 10.0
    """For one try, connecting and reading included; pacing and waiting for a turn are not."""
    max_connections: int = 8
    requests_per_s: float = 20.0
    burst: int = 20
    """Requests that may start at once after a pause."""
    tries: int = 3
    """For reads only; a request that may change something is sent once."""
    max_body_bytes: int = 32 << 20
    """A longer answer is a fault of the venue, and not kept."""
    retry_first_s: float = 0.25
    """Before the second try; doubled each time, unless the venue says how long."""


class Http:
    """One venue's HTTP. State: the client and its pool, the pace, and counters."""

    def __init__(
        self,
        base_url: str,
        settings: HttpSettings,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        trust: Trust | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fatal for a bad URL. `transport` replaces the network, for tests at the byte level.
        `headers` go with every request."""
        self.base_url = _checked(base_url)
        self._address = web_address(self.base_url, "https", "http")
        self._trust = trust or Trust()
        self._sent = {**(headers or {}), "Accept-Encoding": _ENCODING}
        self.requests = 0
        self.rebuilds = 0
        self._settings = settings
        self._transport = transport
        self._limiter = trio.CapacityLimiter(settings.max_connections)
        self._pace = _Pace(settings.requests_per_s, settings.burst)
        self._client = self._build()
        self._pool_faults = 0
        self._headers: Mapping[str, str] = {}

    def header(self, name: str) -> str:
        """Of the last answer, whatever its status; empty if it had none of that name."""
        return self._headers.get(name, "")

    async def get(self, path: str, params: Params | None = None) -> bytes:
        """The body of a 2xx answer. Retry once the tries are used up, Rejected for other 4xx."""
        return await self._read("GET", path, params or {}, None)

    async def post(self, path: str, json_bytes: bytes, *, is_read: bool = False) -> bytes:
        """Send `json_bytes` as they are. `is_read` marks a question in a POST: it may be retried.

        Otherwise it goes out once: Retry when it provably never left, Unknown when it may have
        arrived. Once it is its turn it is shielded from cancellation: its answer must be known.
        """
        if is_read:
            return await self._read("POST", path, {}, json_bytes)
        return await self._once("POST", path, {}, json_bytes, is_read=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def _read(self, method: str, path: str, params: Params, body: bytes | None) -> bytes:
        pause_s = self._settings.retry_first_s
        tries_left = self._settings.tries
        while True:
            tries_left -= 1
            try:
                return await self._once(method, path, params, body, is_read=True)
            except Retry as error:
                # Who is told to wait for long is not kept waiting here: others may know better.
                if tries_left <= 0 or (error.after_s or 0.0) > _LONGEST_WAIT_S:
                    raise
                after_s = error.after_s
            await trio.sleep(pause_s if after_s is None else after_s)
            pause_s *= 2

    async def _once(
        self, method: str, path: str, params: Params, body: bytes | None, *, is_read: bool
    ) -> bytes:
        await self._pace.take()
        where = f"{method} {self.base_url}{path}"
        async with self._limiter:
            self.requests += 1
            try:
                with trio.fail_after(self._settings.total_s, shield=not is_read):
                    answer = await self._exchange(method, path, params, body)
            except trio.TooSlowError:
                detail = f"{where}: no answer within {self._settings.total_s:g} s"
                raise _lost(detail, is_read=is_read) from None
            except httpx.PoolTimeout:
                await self._note_full_pool()
                raise Retry(f"{where}: connection pool full; it will be rebuilt") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if why := untrusted(error):
                    raise self._distrusted(where, why) from None
                raise _mapped(where, error, is_read=is_read) from None
        if self._address.is_secure:
            self._trust.believed(self._address.host)
        self._pool_faults = 0
        self._headers = answer.headers
        return _body_of(where, answer, is_read=is_read)

    def _distrusted(self, where: str, why: str) -> Exception:
        """A refused certificate: nothing was sent. It ends what never began, and nothing else."""
        words = f"{where}: {why}; check this machine's clock and certificate authorities"
        if not self._trust.has_believed:
            return Fatal(words)
        self._trust.refused(self._address.host, why)
        return Retry(words)

    async def _exchange(
        self, method: str, path: str, params: Params, body: bytes | None
    ) -> _HttpAnswer:
        headers = {**self._sent, **({} if body is None else {"Content-Type": "application/json"})}
        url = self.base_url + path
        request = self._client.build_request(
            method, url, params=_params(params), content=body, headers=headers
        )
        answer = await self._client.send(request, stream=True)
        try:
            return _HttpAnswer(
                answer.status_code,
                answer.headers,
                await _body(answer, self._settings.max_body_bytes),
            )
        finally:
            await answer.aclose()

    async def _note_full_pool(self) -> None:
        self._pool_faults += 1
        if self._pool_faults >= _POOL_FAULTS_MOST:
            dead, self._client = self._client, self._build()
            self._pool_faults = 0
            self.rebuilds += 1
            await trio.aclose_forcefully(_Closing(dead))

    def _build(self) -> httpx.AsyncClient:
        """A client without proxies from the environment: the WebSockets would not use them."""
        settings = self._settings
        return httpx.AsyncClient(
            timeout=httpx.Timeout(
                connect=settings.connect_s,
                read=settings.read_s,
                write=settings.write_s,
                pool=_POOL_WAIT_S,
            ),
            limits=httpx.Limits(
                max_connections=settings.max_connections + _SPARE_CONNECTIONS,
                max_keepalive_connections=settings.max_connections,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
            verify=tls_context() if self.base_url.startswith("https:") else False,
            transport=self._transport,
            trust_env=False,
        )


@frozen
class _HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    """Unpacked; of a refusal its beginning, as far as it can be read."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> float | None:
        return retry_after_s(self.headers.get("Retry-After", ""), self.headers.get("Date", ""))


async def _body(answer: httpx.Response, most: int) -> bytes:
    """A whole body of at most `most` bytes, unpacked as it comes; RemoteProtocolError otherwise."""
    if "content-length" in answer.headers and "transfer-encoding" in answer.headers:
        raise httpx.RemoteProtocolError("an answer of two lengths: Content-Length with chunks")
    if answer.is_success:
        return await _unpacked(answer, most)
    try:
        return await _unpacked(answer, _MOST_OF_A_REFUSAL)
    except httpx.RemoteProtocolError:
        return b""  # the status is the answer, whatever is wrong with the words beside it


async def _unpacked(answer: httpx.Response, most: int) -> bytes:
    body = _Unpacking(answer.headers.get("content-encoding", ""), most)
    # Not `aiter_raw`: it counts what httpx itself would have unpacked as read already. And not
    # left in the middle: what reads for us in there is ended by being cancelled, from inside.
    with trio.CancelScope() as reading:
        async for chunk in cast("AsyncIterator[bytes]", answer.stream):
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
        if encoding not in ("", "identity", _ENCODING):
            self.fault = f"an answer packed as {plain(encoding, 40)!r}, which was not asked for"
        self._gzip = zlib.decompressobj(_GZIP_BITS) if encoding == _ENCODING else None
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


class _Closing(trio.abc.AsyncResource):
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def aclose(self) -> None:
        await self._client.aclose()


class _Pace:
    """A token bucket kept as one number: when the bucket will be full again."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._step_s = 1.0 / per_s
        self._depth_s = burst / per_s
        self._full_at = 0.0

    async def take(self) -> None:
        """Return when a request may start. A cancelled wait still uses its turn."""
        now = trio.current_time()
        self._full_at = max(self._full_at, now) + self._step_s
        await trio.sleep_until(max(now, self._full_at - self._depth_s))


def _checked(base_url: str) -> str:
    advice = "write it as https://host[:port]"
    try:
        web_address(base_url, "https", "http")
    except ValueError as error:
        raise Fatal(f"bad URL {plain(base_url)!r} ({error}); {advice}") from None
    if "?" in base_url:
        raise Fatal(f"bad URL {base_url!r} (it has a query); {advice}")
    return base_url.rstrip("/")


def _params(params: Params) -> httpx.QueryParams:
    """Query pairs in order; a sequence repeats its key."""
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for key, value in params.items():
        values = [str(value)] if isinstance(value, (str, int)) else value
        pairs += [(key, item) for item in values]
    return httpx.QueryParams(pairs)


def _lost(detail: str, *, is_read: bool) -> Retry | Unknown:
    """A request whose answer never came: harmless for a read, an open question otherwise."""
    if is_read:
        return Retry(f"{detail}; try again")
    return Unknown(f"{detail}; it may have arrived, look before sending it again")


_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_NEVER_MADE = (httpx.UnsupportedProtocol, httpx.InvalidURL)
"""The base URL was checked: a path made of somebody's id is at fault, and that alone."""


def _mapped(where: str, error: Exception, *, is_read: bool) -> Exception:
    words = f"{plain(where)}: {plain(str(error) or type(error).__name__)}"
    if isinstance(error, _NEVER_MADE):
        return Rejected(f"{words}; it cannot be asked for")
    if isinstance(error, _NEVER_SENT):
        return Retry(f"{words}; is it reachable?")
    return _lost(words, is_read=is_read)


_BUSY = (425, 429, 503)


def _body_of(where: str, answer: _HttpAnswer, *, is_read: bool) -> bytes:
    if answer.is_success:
        return answer.body
    status = answer.status
    detail = f"{where}: HTTP {status} {_words(answer.body)}"
    if status in _BUSY:
        raise Retry(f"{detail}; try again later", answer.retry_after_s)
    if status >= 500:
        raise _lost(detail, is_read=is_read)
    raise Rejected(f"{detail}; {_advice(status)}", status, answer.retry_after_s)


def _words(body: bytes) -> str:
    """Of a refusal, for people. A character takes four bytes at most."""
    return plain(body[: 4 * _MOST_TEXT].decode(errors="replace"), _MOST_TEXT)


def _advice(status: int) -> str:
    if status in (403, 451):
        return "the venue refuses this place or key: use another host or settings, not retries"
    if status == 418:
        return "this address is banned for a while: stop, and ask less often"
    return "ask for something else"
