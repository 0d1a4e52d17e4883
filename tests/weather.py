"""What goes wrong between us and the venue, at random from a seed, and counted where it struck.

Most of it is the venue's own trouble, as its control routes make it: posts that are late, lost,
unknown or refused, modes, limits, trades that fail, heartbeats, grids, the user channel's wires.
The rest is the network's: it carries nothing, or spoils an answer on its way back.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import httpx
import trio
from attrs import define, field
from live_bench import LiveBench

from polytui.model.units import NS_PER_S, Price
from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.modes import EngineMode
from polytui.sim.exchange.rate_limits import LimitMode
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.server.network_faults import NetworkFaults
from polytui.sim.wire.desk.desk_troubles import DeskTroubles, Strike
from polytui.sim.wire.desk.limited import LimitSettings
from polytui.sim.world.world_events import TickChanged

_MODES = {
    "engine restart, 425": b"engine is restarting",
    "post-only mode": b"post-only mode",
    "cancel-only mode": b"cancel-only",
    "trading disabled": b"currently disabled",
    "too many requests, 429": b"Too Many Requests",
}
"""By what the answers say that meet them."""
_POSTS = ("delay", "lose_answer", "unknown", "not_inserted", "timed_out")
_WIRES = ("silence", "burst", "gap", "duplicates", "reorder", "truncate", "skew", "refuse")
_CUT, _AWAY, _BEAT = "user: cut", "network away", "heartbeat missed"
_REFUSED, _LATE = "post refused by the network", "post: answer after more than 10 s"
_LOST_CANCEL, _READ = "cancel: answer lost", "read failed"
_HTML, _TICK = "nonsense for an answer", "tick changed"
_FAILED, _RETRIED = "trade failed", "trade retried"
_BEFORE = {_REFUSED: ("POST",), _READ: ("GET",)}
_AFTER = {_LOST_CANCEL: ("DELETE",), _HTML: ("POST", "DELETE", "GET")}
_TICKS = (Price(10_000), Price(1_000))
_NEVER_MIND = "/v1/heartbeats"


class CountedTroubles(DeskTroubles):
    """State: also how often each struck."""

    def __init__(self, struck: Counter[str]) -> None:
        super().__init__()
        self._struck = struck

    def strike(self, kind: str, now: float) -> Strike | None:
        found = super().strike(kind, now)
        if found is not None:
            is_late = kind == "delay" and found.value > 10_000
            self._struck[_LATE if is_late else f"post: {kind}"] += 1
        return found


class CountedWires(NetworkFaults):
    """State: also how often each kind bent what was sent."""

    def __init__(self, struck: Counter[str]) -> None:
        super().__init__()
        self._struck = struck

    def refusal(self, service: str, now: float) -> int:
        status = super().refusal(service, now)
        self._struck["user: refuse"] += bool(status)
        return status

    def bend(self, service: str, connection: object, texts: list[str], now: float) -> list[str]:
        bent = super().bend(service, connection, texts, now)
        if bent != texts:
            kinds = {spell.kind for spell in self._spells.get(service, ())} - {"refuse"}
            self._struck.update(f"user: {kind}" for kind in kinds)
        return bent


@define(eq=False)
class Weather:
    """State: what struck how often, and what of the network is spoilt."""

    bench: LiveBench
    rng: random.Random
    tasks: trio.Nursery
    tick: Callable[[Price], None]
    """The market's feed tells of another grid."""
    struck: Counter[str] = field(factory=Counter)
    _left: Counter[str] = field(factory=Counter)
    """How many requests each kind of the network's still spoils."""
    _silent_until: float = 0.0
    """No beat arrives until then."""
    _is_over: bool = False

    def __attrs_post_init__(self) -> None:
        bench = self.bench
        bench.venue.desk.troubles.strike = CountedTroubles(self.struck).strike
        bench.connections._network_faults = CountedWires(self.struck)
        bench.answer = partial(self._answer, bench.answer)

    # --- when -------------------------------------------------------------------------------------

    async def blow(self, every_s: float) -> None:
        """One after the other in an order that changes, each kind as often as the others; many last
        longer than it takes until the next."""
        while True:
            kinds = list(self._kinds())
            self.rng.shuffle(kinds)
            for _, begin in kinds:
                await trio.sleep(self.rng.expovariate(1 / every_s))
                begin()

    def calm(self) -> None:
        """Nothing more goes wrong, but what already did."""
        venue, now = self.bench.venue, trio.current_time()
        self._left.clear()
        self._silent_until, self._is_over = 0.0, True
        self.bench.is_away = False
        for kind in _POSTS:
            self._troubles.begin(kind, 0, now)
        for mode in EngineMode:
            venue.exchange.modes.end(mode)
        venue.limits.turn(LimitSettings(LimitMode.OFF, LimitMode.OFF))
        venue.exchange.spare_next()
        self.bench.connections._network_faults._spells.clear()

    # --- what -------------------------------------------------------------------------------------

    def _kinds(self) -> Iterable[tuple[str, Callable[[], None]]]:
        for kind in _POSTS:
            yield f"post: {kind}", partial(self._trouble, kind)
        yield _LATE, partial(self._begin_post, "delay", 10_500, 14_000)
        for name in (*_BEFORE, *_AFTER):
            yield name, partial(self._spoil, name)
        for mode in ("restart", "post_only", "cancel_only", "disabled"):
            yield mode, partial(self._mode, mode)
        for kind in _WIRES:
            yield f"user: {kind}", partial(self._wire, kind)
        yield "limits", self._limit
        yield _CUT, self._cut
        yield _AWAY, self._leave
        yield _BEAT, self._miss_beats
        yield _TICK, self._change_tick
        yield _FAILED, partial(self._exchange.fail_next, 1)
        yield _RETRIED, partial(self._exchange.retry_next, 2)

    @property
    def _exchange(self) -> Any:
        return self.bench.venue.exchange

    @property
    def _troubles(self) -> CountedTroubles:
        return self.bench.venue.desk.troubles.strike.__self__

    def _trouble(self, kind: str) -> None:
        self._begin_post(kind, 100, 4_000)

    def _begin_post(self, kind: str, least_ms: int, most_ms: int) -> None:
        until = trio.current_time() + 30.0
        times = self.rng.randint(1, 2)
        self._troubles.begin(kind, times, until, self.rng.randint(least_ms, most_ms))

    def _spoil(self, name: str) -> None:
        self._left[name] += self.rng.randint(1, 3)

    def _mode(self, name: str) -> None:
        modes, now_ns = self._exchange.modes, self.bench.venue.world.now_ns
        lasts_ns = int(self.rng.uniform(1.0, 5.0) * NS_PER_S)
        if name == "restart":
            modes.restart(now_ns, lasts_ns, lasts_ns)
        else:
            modes.begin(EngineMode(name), now_ns + lasts_ns)

    def _wire(self, kind: str) -> None:
        most_s = {"silence": 40.0, "refuse": 5.0}.get(kind, 10.0)
        self.bench.connections.begin(kind, "user", self.rng.uniform(1.0, most_s), 0)

    def _limit(self) -> None:
        limits = self.bench.venue.limits
        limits.turn(LimitSettings(LimitMode.OFF, LimitMode.ENFORCED))
        self.tasks.start_soon(self._use_up, self.rng.uniform(1.0, 4.0))

    async def _use_up(self, for_s: float) -> None:
        """Somebody else of this signer places whatever it may."""
        limits, address = self.bench.venue.limits, self.bench.wallet.owner.lower()
        until = trio.current_time() + for_s
        while trio.current_time() < until and not self._is_over:
            while limits.signers.place(address, 1, self.bench.venue.world.now_ns).is_within:
                pass
            await trio.sleep(0.02)

    def _cut(self) -> None:
        self.struck[_CUT] += self.bench.connections.drop("user")

    def _leave(self) -> None:
        """For a few seconds, and every stream is cut."""
        self.struck[_AWAY] += not self.bench.is_away
        self.bench.is_away = True
        self.bench.connections.drop("all")
        self.tasks.start_soon(self._come_back, self.rng.uniform(0.5, 6.0))

    async def _come_back(self, after_s: float) -> None:
        await trio.sleep(after_s)
        self.bench.is_away = False

    def _miss_beats(self) -> None:
        self._silent_until = trio.current_time() + self.rng.uniform(14.0, 20.0)

    def _change_tick(self) -> None:
        venue = self.bench.venue
        now = venue.world.tick(venue.round.slug)
        other = next(tick for tick in _TICKS if tick != now)
        self._exchange.set_tick(venue.round.slug, other)
        self.tasks.start_soon(self._tell_tick, other, self.rng.uniform(0.0, 2.0))

    async def _tell_tick(self, tick: Price, after_s: float) -> None:
        await trio.sleep(after_s)
        self.tick(tick)

    # --- the network ------------------------------------------------------------------------------

    async def _answer(
        self, venue: Callable[[httpx.Request], Any], request: httpx.Request
    ) -> httpx.Response:
        is_beat = request.url.path.endswith(_NEVER_MIND)
        if is_beat and trio.current_time() < self._silent_until:
            self.struck[_BEAT] += 1
            raise httpx.ConnectError("the network is away", request=request)
        if not is_beat and self._spoils(_BEFORE, request):
            raise httpx.ConnectError("the network is away", request=request)
        try:
            response = await venue(request)
        except AssertionError:
            # What httpx makes of a body that is promised and never sent.
            raise httpx.RemoteProtocolError("the line was cut", request=request) from None
        for name, words in _MODES.items():
            self.struck[name] += words in response.content
        spoilt = "" if is_beat else self._spoils(_AFTER, request)
        if spoilt == _LOST_CANCEL:
            raise httpx.ReadError("the line was cut", request=request)
        return httpx.Response(200, content=b"<html>busy</html>") if spoilt else response

    def _spoils(self, kinds: dict[str, tuple[str, ...]], request: httpx.Request) -> str:
        for name, methods in kinds.items():
            if self._left[name] > 0 and request.method in methods:
                self._left[name] -= 1
                self.struck[name] += 1
                return name
        return ""

    # --- afterwards -------------------------------------------------------------------------------

    def table(self) -> dict[str, int]:
        """How often each kind struck; zeros too."""
        kinds = [f"post: {kind}" for kind in _POSTS] + [_LATE, *_BEFORE, *_AFTER, *_MODES]
        kinds += [f"user: {kind}" for kind in _WIRES] + [_CUT, _AWAY, _BEAT]
        happened = self.bench.venue.happened
        ends = {_FAILED: TradeStatus.FAILED, _RETRIED: TradeStatus.RETRYING}
        seen = {(one.trade.trade_id, one.trade.status) for one in happened if _is_trade(one)}
        return {
            **{kind: self.struck[kind] for kind in kinds},
            **{name: sum(each is status for _, each in seen) for name, status in ends.items()},
            _TICK: sum(isinstance(one, TickChanged) for one in happened),
        }


def _is_trade(event: object) -> bool:
    return isinstance(event, TradeTold)
