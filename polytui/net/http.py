"""HTTP with pacing, budgets and mapped errors, and the one seam to httpx.

Whoever asks waits for its turn here, never in httpx's pool: a limiter stands in front of a pool
that is larger than the limiters let in. Requests that may change something at the venue run in a
shielded, bounded scope. What cancelling does to a pool all the same is `net/http_pool.py`'s.

What must not wait behind anything else has a lane: a limiter of its own, in the same pool. Over
https the venue is asked over HTTP/2, if it speaks that: everything shares one warm connection. A
lane that is direct takes a line of its own where one is free (net/http_lines.py): its requests
leave without httpx, and what comes back is the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import httpx
import trio
from attrs import define, field, frozen

from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.known_secrets import know
from polytui.model.plain_text import plain
from polytui.model.web_address import keys_in, web_address
from polytui.net.dial import Trust, http_tls_context, untrusted
from polytui.net.http_answer import ENCODING, HttpAnswer
from polytui.net.http_line import HttpLineLimits
from polytui.net.http_lines import HttpLines
from polytui.net.http_pool import HttpPool
from polytui.net.http_request import Params, RequestMaker
from polytui.net.loopback import guard_loopback
from polytui.net.pace import RequestPace

_SPARE_CONNECTIONS = 4
_LANES_MOST = 40
"""Requests at once of all lanes together."""
_POOL_WAIT_S = 0.5
_KEEP_ALIVE_S = 60.0
"""httpx drops idle connections after 5 s, and a new one costs two or three round trips."""
_MOST_TEXT = 200
_LONGEST_WAIT_S = 10.0

Stamp = Callable[[], Mapping[str, str]]
"""Headers that hold for a moment only: made when it is the request's turn, not before."""
_T = TypeVar("_T")


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
    may_use_http2: bool = True
    """Over https, where the venue speaks it; plain http is always 1.1."""


@define(eq=False)
class Lane:
    """Requests that wait for one another and for nobody else. Whoever asks in one of its own has a
    pace of its own, too."""

    limiter: trio.CapacityLimiter
    pace: RequestPace | None = None
    is_direct: bool = False
    """Its requests take a line, where one is free."""


@frozen
class _Outgoing:
    """One request, when it is its turn."""

    method: str
    path: str
    params: Params | None
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Secrets among them."""
    is_shielded: bool


class Http:
    """One venue's HTTP. State: its pool, its lines, its lanes, the pace of the common one, and
    counters."""

    def __init__(
        self,
        base_url: str,
        settings: HttpSettings,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        trust: Trust | None = None,
        headers: Mapping[str, str] | None = None,
        is_loopback_only: bool = False,
    ) -> None:
        """Fatal for a bad URL. `transport` replaces the network, for tests at the byte level.
        `headers` go with every request. `is_loopback_only`, also as `trust` has it: a connection to
        any other machine is Fatal before it carries a byte."""
        self.base_url = _checked(base_url)
        for part in keys_in(self.base_url):
            know(part)
        self._address = web_address(self.base_url, "https", "http")
        self._trust = trust or Trust()
        extensions: dict[str, Any] = {}
        is_loopback_only = is_loopback_only or self._trust.is_loopback_only
        if is_loopback_only:
            where = f"{self._address.host}:{self._address.port}"
            extensions = {"trace": partial(guard_loopback, where)}
        self.requests = 0
        self._settings = settings
        self._timeout = httpx.Timeout(
            connect=settings.connect_s,
            read=settings.read_s,
            write=settings.write_s,
            pool=_POOL_WAIT_S,
        )
        sent = {**(headers or {}), "Accept-Encoding": ENCODING}
        self._requests = RequestMaker(self.base_url, sent, self._timeout, extensions)
        self._transport = transport
        self._common = Lane(
            trio.CapacityLimiter(settings.max_connections),
            RequestPace(settings.requests_per_s, settings.burst),
        )
        self._lanes: dict[str, Lane] = {}
        self._is_http2 = self._address.is_secure and settings.may_use_http2
        self._pool = HttpPool(self._build, is_shared=self._is_http2)
        self.lines = HttpLines(
            self._address,
            self._trust,
            is_loopback_only,
            HttpLineLimits(
                settings.connect_s,
                settings.write_s,
                settings.read_s,
                settings.total_s,
                settings.max_body_bytes,
            ),
        )
        self._headers: Mapping[str, str] = {}

    @property
    def rebuilds(self) -> int:
        """How often the pool was thrown away because it was full."""
        return self._pool.rebuilds

    def header(self, name: str) -> str:
        """Of the last answer, whatever its status; empty if it had none of that name."""
        return self._headers.get(name, "")

    def lane(self, name: str, most: int, *, is_direct: bool = False) -> Lane:
        """The lane of that name, made the first time: `most` requests at once."""
        lane = self._lanes.get(name)
        if lane is None:
            taken = sum(int(one.limiter.total_tokens) for one in self._lanes.values())
            if taken + most > _LANES_MOST:
                raise ValueError(f"lanes for {taken + most} requests at once, of {_LANES_MOST}")
            lane = self._lanes[name] = Lane(trio.CapacityLimiter(most), is_direct=is_direct)
        return lane

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
        answer = await self.ask("POST", path, body=json_bytes)
        return body_of(self.where("POST", path), answer, is_read=False)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: bytes | None = None,
        stamp: Stamp | None = None,
        is_read: bool = False,
        is_shielded: bool | None = None,
        lane: Lane | None = None,
    ) -> HttpAnswer:
        """One request, and its answer whatever the status: who asks judges it.

        A body goes with any method, as it is. Raised is what kept an answer away: Retry where
        nothing was sent or it was a read, Unknown where it may have arrived. A request that is no
        read is shielded from cancellation for its `total_s`, unless told otherwise.
        """
        lane = lane or self._common
        if lane.pace is not None:
            await lane.pace.take()
        where = self.where(method, path)
        if is_shielded is None:
            is_shielded = not is_read
        await _turn(lane)
        try:
            self.requests += 1
            asked = _Outgoing(method, path, params, body, stamp() if stamp else {}, is_shielded)
            answer = await self._exchange(asked, lane)
        except trio.TooSlowError:
            detail = f"{where}: no answer within {self._settings.total_s:g} s"
            raise _lost(detail, is_read=is_read) from None
        except httpx.PoolTimeout:
            raise Retry(f"{where}: connection pool full; it will be rebuilt") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if why := untrusted(error):
                raise self._distrusted(where, why) from None
            raise _mapped(where, error, is_read=is_read) from None
        finally:
            lane.limiter.release()
        if self._address.is_secure:
            self._trust.believed(self._address.host)
        self._headers = answer.headers
        return answer

    async def _exchange(self, asked: _Outgoing, lane: Lane) -> HttpAnswer:
        if lane.is_direct and not asked.params:
            written = self._requests.written(asked.method, asked.path, asked.body, asked.headers)
            if (line := self.lines.take()) is not None:
                return await self.lines.exchange(line, written, is_shielded=asked.is_shielded)
        request = self._requests.make(
            asked.method, asked.path, asked.params, asked.body, asked.headers
        )
        with trio.fail_after(self._settings.total_s, shield=asked.is_shielded):
            return await self._pool.exchange(request, self._settings.max_body_bytes)

    async def again(self, once: Callable[[], Awaitable[_T]]) -> _T:
        """A read, tried again while it is told Retry, as often and as long as the settings say."""
        pause_s = self._settings.retry_first_s
        tries_left = self._settings.tries
        while True:
            tries_left -= 1
            try:
                return await once()
            except Retry as error:
                # Who is told to wait for long is not kept waiting here: others may know better.
                if tries_left <= 0 or (error.after_s or 0.0) > _LONGEST_WAIT_S:
                    raise
                after_s = error.after_s
            await trio.sleep(pause_s if after_s is None else after_s)
            pause_s *= 2

    async def warm(self, path: str, lines: int = 0) -> bool:
        """Have a connection stand before it is needed, by a question that costs nothing, and so
        many lines; whether there was an answer. Nobody has to care."""
        try:
            await self.ask("GET", path, is_read=True)
        except (Retry, Rejected):
            return False
        if lines and self._transport is None:
            await self.lines.tend(lines, self._requests.written("GET", path, None, {}))
        return True

    async def keep_warm(self, path: str, lines: int) -> None:
        """Have so many lines stand until cancelled: venues close those that ask nothing."""
        if self._transport is None:
            await self.lines.keep(lines, self._requests.written("GET", path, None, {}))

    def where(self, method: str, path: str) -> str:
        """A request in words."""
        return f"{method} {self.base_url}{path}"

    async def close(self) -> None:
        await self.lines.close()
        await self._pool.close()

    async def _read(self, method: str, path: str, params: Params, body: bytes | None) -> bytes:
        async def once() -> bytes:
            answer = await self.ask(method, path, params=params, body=body, is_read=True)
            return body_of(self.where(method, path), answer, is_read=True)

        return await self.again(once)

    def _distrusted(self, where: str, why: str) -> Exception:
        """A refused certificate: nothing was sent. It ends what never began, and nothing else."""
        words = f"{where}: {why}; check this machine's clock and certificate authorities"
        if not self._trust.has_believed:
            return Fatal(words)
        self._trust.refused(self._address.host, why)
        return Retry(words)

    def _build(self) -> httpx.AsyncClient:
        """A client without proxies from the environment: the WebSockets would not use them."""
        settings = self._settings
        most = settings.max_connections + _LANES_MOST
        return httpx.AsyncClient(
            timeout=self._timeout,
            limits=httpx.Limits(
                max_connections=most + _SPARE_CONNECTIONS,
                max_keepalive_connections=most,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
            verify=http_tls_context() if self._address.is_secure else False,
            http2=self._is_http2,
            transport=self._transport,
            trust_env=False,
        )


def _checked(base_url: str) -> str:
    advice = "write it as https://host[:port]"
    try:
        web_address(base_url, "https", "http")
    except ValueError as error:
        raise Fatal(f"bad URL {plain(base_url)!r} ({error}); {advice}") from None
    if "?" in base_url:
        raise Fatal(f"bad URL {base_url!r} (it has a query); {advice}")
    return base_url.rstrip("/")


async def _turn(lane: Lane) -> None:
    """What goes direct and has nobody before it gives way to nobody: `acquire` lets every other
    task have its turn first."""
    if lane.is_direct:
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            lane.limiter.acquire_nowait()
            return
        except trio.WouldBlock:
            pass
    await lane.limiter.acquire()


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


def body_of(where: str, answer: HttpAnswer, *, is_read: bool) -> bytes:
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
