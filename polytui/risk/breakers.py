"""What stops by itself: an asset's entries wait while something is wrong, and some time after.

Each breaker trips once per episode. An episode ends a cool-down after its cause was last seen,
without anybody's doing. Thresholds are passed, not met: at its limit a breaker stays closed.
"""

from __future__ import annotations

from collections import deque

from attrs import define

from polytui.config.deciding import BreakerSettings
from polytui.model.effects import Effect, Reason, Release, Trip, Warn, Why
from polytui.model.units import NS_PER_S

_MINUTE_NS = 60 * NS_PER_S
_PAUSE_NS = 30 * NS_PER_S
"""More than this without a look is a pause: what was seen before it says nothing of now. A demo
at 200 times speed looks every 20 s."""
_AVERAGE_NS = 120 * NS_PER_S
"""Time constant of the average spread: a wider market becomes the usual one in minutes."""
_WARM_UP_NS = 60 * NS_PER_S
"""Of looking, before an average is one."""
_KEPT_STEP_NS = 10 * NS_PER_S
"""What is kept of a breaker's end: a cause that lasts moves it with every look."""
_LEAST_SPREAD = 0.005
"""Dollars. An average below counts as this, so that a tick or two are no spike."""
_US_PER_MS = 1000


@define
class _Episode:
    """An open breaker: the last number over the limit, and when it closes."""

    why: Why
    until_ns: int
    said: float
    """The highest limit that people were told of."""
    began: Why
    """What opened it: the same for as long as it is open."""


@define
class _Watched:
    """One market as it was looked at. The spread is averaged over the time it stood."""

    looked_ns: int
    diverging_ns: int = 0
    """Since when without a pause; 0 while it does not."""
    spiking_ns: int = 0
    """The same of its spread."""
    spread: float | None = None
    average: float = 0.0
    averaged_ns: int = 0

    def look(self, now_ns: int) -> bool:
        """Let the spread that stood until now count; False after a pause."""
        stood_ns, self.looked_ns = now_ns - self.looked_ns, now_ns
        if stood_ns > _PAUSE_NS:
            self.spread = None
            return False
        if self.spread is not None and stood_ns > 0:
            self.average += (self.spread - self.average) * stood_ns / _AVERAGE_NS
            self.averaged_ns += stood_ns
        return True

    def see_spread(self, spread: float | None) -> float | None:
        """The spread as a multiple of its average, once both are known."""
        if spread is None or not 0.0 <= spread <= 1.0:
            self.spread = None
            return None
        if not self.averaged_ns and self.spread is None:
            self.average = spread
        self.spread = spread
        if self.averaged_ns < _WARM_UP_NS:
            return None
        return spread / max(self.average, _LEAST_SPREAD)


class Breakers:
    """State: the open breakers of one asset, and what each needs to judge by."""

    def __init__(self) -> None:
        self.trips: dict[Reason, int] = {}
        """Episodes since the start, pauses that somebody has to end included."""
        self.must_cancel = False
        """Whether the last tick was stale: what works was sent by somebody who sees the past."""
        self._open: dict[Reason, _Episode] = {}
        self._is_warned = False
        self._reconnects: deque[int] = deque()
        self._refused: deque[bool] = deque()
        self._markets: dict[str, _Watched] = {}

    # --- what is seen -------------------------------------------------------------------------

    def ticked(
        self, now_ns: int, latency_us: int, queue_share: float, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        """How the machine does: the worst latency and the fullest queue since the last tick."""
        effects = self._see_latency(now_ns, latency_us / _US_PER_MS, settings)
        if queue_share > settings.max_queue_share:
            why = Why(Reason.QUEUE_FULL, queue_share, settings.max_queue_share, "of the inbox")
            effects += self._trip(why, now_ns, settings)
        return effects + self._release(now_ns, settings)

    def machine_doubted(
        self, now_ns: int, why: Why, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        """Most sources stamp ahead of this machine's clock, so that what is late looks fresh to it;
        or its disk does not take what is done, so that a restart would not know it."""
        return self._trip(why, now_ns, settings)

    def reconnected(self, now_ns: int, settings: BreakerSettings) -> tuple[Effect, ...]:
        """A feed of this asset came up again."""
        self._reconnects.append(now_ns)
        return self._count_reconnects(now_ns, settings)

    def answered(
        self, now_ns: int, is_refused: bool, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        """The venue took an order or refused it.

        A trip forgets the answers: while nothing is sent no better ones could come, and the
        breaker would stay open for ever.
        """
        refused, most = self._refused, settings.max_reject_share
        refused.append(is_refused)
        while len(refused) > settings.reject_orders:
            refused.popleft()
        share = sum(refused) / settings.reject_orders
        if len(refused) < settings.reject_orders or share <= most:
            return ()
        refused.clear()
        unit = f"of {settings.reject_orders} orders"
        return self._trip(Why(Reason.REJECTS, share, most, unit), now_ns, settings)

    def looked(
        self,
        now_ns: int,
        divergence: float | None,
        spread: float | None,
        fee_rate: float,
        settings: BreakerSettings,
        market: str = "",
    ) -> tuple[Effect, ...]:
        """One look at an open round: fair value less mid and the spread, in dollars of a share.

        None where a side of the book is empty. `market` keeps apart what does not compare, such
        as intervals: each has a spread of its own.
        """
        watched = self._markets.get(market)
        if watched is None:
            watched = self._markets[market] = _Watched(now_ns)
        if not watched.look(now_ns):
            watched.diverging_ns = watched.spiking_ns = 0
        effects = self._see_divergence(watched, now_ns, divergence, settings)
        effects += self._see_spread(watched, now_ns, spread, settings)
        if not fee_rate <= settings.max_fee_rate:
            why = Why(Reason.FEE_SPIKE, fee_rate, settings.max_fee_rate, "of a share")
            effects += self._trip(why, now_ns, settings)
        return effects + self._release(now_ns, settings)

    # --- what is asked ------------------------------------------------------------------------

    def blocking(self) -> Why | None:
        """The breaker that has been open for longest; None while all are closed."""
        for episode in self._open.values():
            return episode.why
        return None

    def open(self) -> tuple[tuple[Why, int], ...]:
        """(why, until_ns) of every open breaker, the one open for longest first."""
        return tuple((episode.why, episode.until_ns) for episode in self._open.values())

    # --- through restarts ---------------------------------------------------------------------

    def kept(self) -> tuple[tuple[Why, int], ...]:
        """As `open`, for another session: ends in steps of ten seconds, never too early."""
        return tuple(
            (each.began, -(-each.until_ns // _KEPT_STEP_NS) * _KEPT_STEP_NS)
            for each in self._open.values()
        )

    def restore(self, kept: tuple[tuple[Why, int], ...], now_ns: int) -> None:
        """Open what another session had open, as far as it has not cooled down meanwhile."""
        for why, until_ns in kept:
            if until_ns > now_ns and why.reason not in self._open:
                self._open[why.reason] = _Episode(why, until_ns, why.limit, why)

    def begin_session(self, now_ns: int, settings: BreakerSettings) -> None:
        """As they stood when a process died. Whatever our clock says now, none is open for longer
        than one that opens now, and nothing was seen later than now."""
        self.trips = {}
        self.must_cancel = self._is_warned = False
        latest_ns = now_ns + int(settings.cool_down_s * NS_PER_S)
        for episode in self._open.values():
            episode.until_ns = min(episode.until_ns, latest_ns)
        self._reconnects = deque([at_ns for at_ns in self._reconnects if at_ns <= now_ns])
        if any(watched.looked_ns > now_ns for watched in self._markets.values()):
            self._markets = {}

    def state(self) -> tuple[object, ...]:
        episodes = [
            (reason.value, each.why.value, each.why.limit, each.until_ns, each.said)
            for reason, each in self._open.items()
        ]
        markets = [
            (name, w.looked_ns, w.diverging_ns, w.spiking_ns, w.spread, w.average, w.averaged_ns)
            for name, w in sorted(self._markets.items())
        ]
        trips = sorted((reason.value, count) for reason, count in self.trips.items())
        seen = (list(self._reconnects), list(self._refused), markets)
        return (trips, episodes, self.must_cancel, self._is_warned, *seen)

    def count(self, reason: Reason) -> None:
        """Entries of the asset stopped by themselves."""
        self.trips[reason] = self.trips.get(reason, 0) + 1

    # --- each cause ---------------------------------------------------------------------------

    def _see_latency(
        self, now_ns: int, latency_ms: float, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        critical, stale = settings.critical_latency_ms, settings.stale_latency_ms
        self.must_cancel = latency_ms > stale
        was_warned, self._is_warned = self._is_warned, latency_ms > settings.warn_latency_ms
        if latency_ms > critical:
            limit = stale if self.must_cancel else critical
            return self._trip(Why(Reason.LATENCY, latency_ms, limit, "ms"), now_ns, settings)
        if self._is_warned and not was_warned:
            return (Warn(Why(Reason.LATENCY, latency_ms, settings.warn_latency_ms, "ms")),)
        return ()

    def _count_reconnects(self, now_ns: int, settings: BreakerSettings) -> tuple[Effect, ...]:
        times, most = self._reconnects, settings.max_reconnects
        while times and times[0] <= now_ns - _MINUTE_NS:
            times.popleft()
        if len(times) <= most:
            return ()
        return self._trip(Why(Reason.RECONNECTS, len(times), most, "a minute"), now_ns, settings)

    def _see_divergence(
        self, watched: _Watched, now_ns: int, divergence: float | None, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        most = settings.max_divergence
        if divergence is None or not abs(divergence) > most:
            watched.diverging_ns = 0
            return ()
        watched.diverging_ns = watched.diverging_ns or now_ns
        if now_ns - watched.diverging_ns < settings.divergence_s * NS_PER_S:
            return ()
        return self._trip(Why(Reason.DIVERGENCE, abs(divergence), most, "USD"), now_ns, settings)

    def _see_spread(
        self, watched: _Watched, now_ns: int, spread: float | None, settings: BreakerSettings
    ) -> tuple[Effect, ...]:
        most, rise = settings.max_spread_rise, watched.see_spread(spread)
        if rise is None or rise <= most:
            watched.spiking_ns = 0
            return ()
        watched.spiking_ns = watched.spiking_ns or now_ns
        if now_ns - watched.spiking_ns < settings.spread_s * NS_PER_S:
            return ()
        return self._trip(Why(Reason.SPREAD_SPIKE, rise, most, "x average"), now_ns, settings)

    # --- open and closed ----------------------------------------------------------------------

    def _trip(self, why: Why, now_ns: int, settings: BreakerSettings) -> tuple[Effect, ...]:
        """The cause is there: open, or open for longer. Said once, and again where it got worse:
        latency that becomes stale has another limit."""
        until_ns = now_ns + int(settings.cool_down_s * NS_PER_S)
        episode = self._open.get(why.reason)
        if episode is None:
            self._open[why.reason] = _Episode(why, until_ns, why.limit, why)
            self.count(why.reason)
            return (Trip(why, until_ns),)
        episode.why, episode.until_ns = why, until_ns
        if why.reason is not Reason.LATENCY or why.limit <= episode.said:
            return ()
        episode.said = why.limit
        return (Trip(why, until_ns),)

    def _release(self, now_ns: int, settings: BreakerSettings) -> tuple[Effect, ...]:
        """Close what has cooled down. A minute with too many reconnects is still too many."""
        if not self._open:
            return ()
        if Reason.RECONNECTS in self._open:
            self._count_reconnects(now_ns, settings)
        ended = [reason for reason, each in self._open.items() if each.until_ns <= now_ns]
        for reason in ended:
            del self._open[reason]
        return tuple(Release(reason) for reason in ended)
