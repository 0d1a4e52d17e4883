"""The venue's limits on its HTTP port: who asks too much is told when to come back, in headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from attrs import define, field, frozen
from starlette.requests import Request

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.api_keys import Caller
from polytui.sim.exchange.rate_limits import (
    AddressLimits,
    Admission,
    LimitMode,
    SignerLimits,
    Window,
)
from polytui.sim.wire.form.api_answer import RefusedError, json_answer

TOO_MANY = "Too Many Requests"
_HEADERS = "poly_rate_limit_headers"
_MINUTE, _TEN_MINUTES = 60, 600
_MOST_PATH = 64
"""Characters of a path that tell its kind; what is remembered of strangers' paths is short."""

_EVERYTHING = Window("everything", 15_000)
_SERVICES = {
    "clob": Window("clob", 9_000),
    "gamma": Window("gamma", 4_000),
    "data-api": Window("data-api", 1_000),
}
_LEDGER = Window("ledger", 900)
_LISTS = Window("gamma lists", 900)
_ROUTES: dict[tuple[str, str, str], tuple[Window, ...]] = {
    ("clob", "GET", "/ok"): (Window("ok", 100),),
    ("clob", "GET", "/book"): (Window("book", 1_500),),
    ("clob", "GET", "/price"): (Window("price", 1_500),),
    ("clob", "GET", "/midpoint"): (Window("midpoint", 1_500),),
    ("clob", "POST", "/books"): (Window("books", 500),),
    ("clob", "POST", "/prices"): (Window("prices", 500),),
    ("clob", "POST", "/midpoints"): (Window("midpoints", 500),),
    ("clob", "GET", "/prices-history"): (Window("prices-history", 1_000),),
    ("clob", "GET", "/tick-size"): (Window("tick-size", 200),),
    ("clob", "GET", "/balance-allowance"): (Window("balance", 200),),
    ("clob", "GET", "/balance-allowance/update"): (Window("balance update", 50),),
    ("clob", "POST", "/order"): (
        Window("place", 5_000), Window("place in ten minutes", 120_000, _TEN_MINUTES),
    ),
    ("clob", "DELETE", "/order"): (
        Window("cancel", 5_000), Window("cancel in ten minutes", 120_000, _TEN_MINUTES),
    ),
    ("clob", "POST", "/orders"): (
        Window("place many", 2_000), Window("place many in ten minutes", 21_000, _TEN_MINUTES),
    ),
    ("clob", "DELETE", "/orders"): (
        Window("cancel many", 2_000), Window("cancel many in ten minutes", 15_000, _TEN_MINUTES),
    ),
    ("clob", "DELETE", "/cancel-all"): (
        Window("cancel all", 250), Window("cancel all in ten minutes", 6_000, _TEN_MINUTES),
    ),
    ("clob", "DELETE", "/cancel-market-orders"): (
        Window("cancel market", 1_500),
        Window("cancel market in ten minutes", 21_000, _TEN_MINUTES),
    ),
    ("clob", "GET", "/data/orders"): (_LEDGER, Window("data orders", 500)),
    ("clob", "GET", "/data/trades"): (_LEDGER, Window("data trades", 500)),
    ("clob", "GET", "/notifications"): (_LEDGER, Window("notifications", 125)),
    ("clob", "GET", "/data/order/"): (_LEDGER,),
    ("clob", "GET", "/order/"): (_LEDGER,),
    ("gamma", "GET", "/events"): (_LISTS, Window("events", 500)),
    ("gamma", "GET", "/markets"): (_LISTS, Window("markets", 300)),
    ("gamma", "GET", "/public-search"): (Window("search", 350),),
    ("gamma", "GET", "/comments"): (Window("comments", 200),),
    ("gamma", "GET", "/tags"): (Window("tags", 200),),
    ("data-api", "GET", "/ok"): (Window("data ok", 100),),
    ("data-api", "GET", "/v2/trades"): (Window("data trades of users", 200),),
    ("data-api", "GET", "/v2/positions"): (Window("positions", 150),),
    ("data-api", "GET", "/v2/closed-positions"): (Window("closed positions", 150),),
    ("relayer", "POST", "/submit"): (Window("submit", 25, _MINUTE),),
}  # fmt: skip
"""By service, method and path; a path that ends in a slash stands for all below it."""
_AUTH = Window("auth", 100)


@lru_cache(maxsize=4096)
def windows_of(service: str, method: str, path: str) -> tuple[Window, ...]:
    """Every window a request counts in; none for what is not the venue's own."""
    found = _ROUTES.get((service, method, path), ())
    if not found:
        found = _ROUTES.get((service, method, path[: path.rfind("/") + 1]), ())
    if service == "clob" and path.startswith("/auth/"):
        found = (_AUTH,)
    if service in _SERVICES:
        return (_EVERYTHING, _SERVICES[service], *found)
    return (_EVERYTHING, *found) if found else ()


@frozen
class LimitSettings:
    of_addresses: LimitMode = LimitMode.ENFORCED
    of_signers: LimitMode = LimitMode.ENFORCED


@define(eq=False)
class VenueLimits:
    """Asked by the middleware for every request, and by the order desk for orders and cancels."""

    now_ns: Callable[[], int]
    settings: LimitSettings = field(factory=LimitSettings)
    signers: SignerLimits = field(factory=SignerLimits)
    addresses: AddressLimits = field(factory=AddressLimits)

    def turn(self, settings: LimitSettings) -> None:
        """From now on."""
        self.settings = settings

    def tier_of(self, address: str) -> str:
        return self.signers.tier_of(address, self.now_ns())

    def place(self, request: Request, caller: Caller, orders: int) -> None:
        """RefusedError, 429, where the signer has not so many tokens; the headers of whatever
        answers this request say how it stands."""
        self._tell(request, self.signers.place, caller, orders)

    def cancel(self, request: Request, caller: Caller, orders: int) -> None:
        """Of orders that are named."""
        self._tell(request, self.signers.cancel, caller, orders)

    def sweep(self, request: Request, caller: Caller, orders: int) -> None:
        """Of all, or all of a market: `orders` is how many there are."""
        self._tell(request, self.signers.sweep, caller, orders)

    def _tell(
        self,
        request: Request,
        take: Callable[[str, int, int], Admission],
        caller: Caller,
        orders: int,
    ) -> None:
        mode, now_ns = self.settings.of_signers, self.now_ns()
        if mode is LimitMode.OFF:
            return
        admission = take(caller.address, orders, now_ns)
        headers = request.scope.setdefault("state", {}).setdefault(_HEADERS, {})
        headers["Poly-RateLimit-Remaining"] = str(admission.remaining)
        headers["Poly-RateLimit-Reset"] = str(-(-admission.reset_ns // NS_PER_S))
        headers["Poly-RateLimit-Tier"] = admission.tier
        if admission.is_within:
            return
        if mode is LimitMode.WARNING:
            headers["Poly-RateLimit-Warning"] = "true"
            return
        raise _too_many(admission.reset_ns - now_ns)

    def refusal(self, address: str, service: str, method: str, path: str) -> RefusedError | None:
        """Of a request of whoever has this address of the network."""
        mode, windows = self.settings.of_addresses, windows_of(service, method, path)
        if mode is LimitMode.OFF or not windows:
            return None
        wait_ns = self.addresses.wait_ns(address, windows, self.now_ns())
        return _too_many(wait_ns) if wait_ns and mode is LimitMode.ENFORCED else None


def _too_many(wait_ns: int) -> RefusedError:
    """A wait is told in whole seconds, one at least."""
    wait_s = max(1, -(-wait_ns // NS_PER_S))
    return RefusedError(429, {"error": TOO_MANY}, {"Retry-After": str(wait_s)})


Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


@define(eq=False)
class Limited:
    """An ASGI app behind the venue's limits."""

    app: Callable[[Any, Any, Any], Awaitable[None]]
    limits: VenueLimits

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        service, _, path = scope["path"].removeprefix("/").partition("/")
        address = (scope.get("client") or ("",))[0]
        path = f"/{path}"[:_MOST_PATH]
        refused = self.limits.refusal(address, service, scope["method"], path)
        if refused is not None:
            answer = json_answer(refused.body, refused.status, refused.headers)
            await answer(scope, receive, send)
            return
        headers: dict[str, str] = {}
        scope.setdefault("state", {})[_HEADERS] = headers

        async def send_with(message: Message) -> None:
            if headers and message["type"] == "http.response.start":
                told = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        await self.app(scope, receive, send_with)
