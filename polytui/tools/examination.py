"""`polytui doctor`: reaches every endpoint, compares clocks, ages data, and says what is wrong.

Everything is asked at once and nothing waits longer than the settings allow. A finding is ok, a
warning (trading goes on, worse) or a failure (it does not), in words that end with what to do.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import trio
from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings
from polytui.feeds.feed_factory import FeedFactory
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.tools.findings import Finding, Severity
from polytui.tools.machine_checks import machine_findings
from polytui.tools.stream_checks import StreamChecks
from polytui.venues.binance_rest import Binance
from polytui.venues.bybit_rest import Bybit
from polytui.venues.coinbase_rest import Coinbase
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.geoblock import place_of

_AGREEING = 2
"""So many venues that say the same of our clock are right."""
_FOREIGN = (Retry, Rejected, Unknown, Fatal)


@frozen
class Examination:
    """All checks of one run."""

    settings: Settings
    clock: SessionClock
    credentials: ApiKey | None
    folder: Path
    """Where sessions are written."""
    is_for_trading: bool = False
    """There is a wallet, so what forbids trading is a failure."""

    async def examine(self) -> list[Finding]:
        """Every finding, in the order people read them."""
        findings: dict[int, list[Finding]] = {}
        streams = StreamChecks(self.settings, self.clock, self.credentials)
        checks = [*self._reads(), self._geoblock, streams.check]

        async def run(place: int, check: Callable[[], Awaitable[list[Finding]]]) -> None:
            findings[place] = await check()

        async with trio.open_nursery() as nursery:
            for place, check in enumerate(checks):
                nursery.start_soon(run, place, check)
        found = [finding for _, part in sorted(findings.items()) for finding in part]
        return [*machine_findings(self.folder), *found, *self._clock(found)]

    def _reads(self) -> list[Callable[[], Awaitable[list[Finding]]]]:
        endpoints = self.settings.endpoints
        return [
            partial(self._read, "gamma", endpoints.gamma, self._ask_gamma),
            partial(self._read, "clob", endpoints.clob, self._ask_clob),
            partial(self._read, "binance rest", endpoints.binance_rest, _binance_time),
            partial(self._read, "bybit rest", endpoints.bybit_rest, _bybit_time),
            partial(self._read, "coinbase rest", endpoints.coinbase_rest, _coinbase_time),
        ]

    async def _read(
        self, name: str, base_url: str, ask: Callable[[Http], Awaitable[int]]
    ) -> list[Finding]:
        """One question; where it answers with its time, our clock less it at the midpoint."""
        http = self._kit().http(base_url)
        try:
            with trio.fail_after(self.settings.doctor.wait_s):
                # The first connects; only the second measures.
                await ask(http)
                began_ns = self.clock.now_ns()
                venue_ns = await ask(http)
                ended_ns = self.clock.now_ns()
        except trio.TooSlowError:
            words = f"{base_url} does not answer in {self.settings.doctor.wait_s:g} s; is it up?"
            return [Finding(name, Severity.FAIL, words)]
        except _FOREIGN as error:
            return [Finding(name, Severity.FAIL, str(error))]
        finally:
            await http.close()
        took_ms = (ended_ns - began_ns) / NS_PER_MS / self.clock.speed
        skew_ms = None
        if venue_ns:
            skew_ms = ((began_ns + ended_ns) / 2 - venue_ns) / NS_PER_MS
        return [Finding(name, Severity.OK, f"answers in {took_ms:.0f} ms", took_ms, skew_ms)]

    async def _ask_gamma(self, http: Http) -> int:
        asset = self.settings.session.assets[0]
        interval = self.settings.session.intervals[0]
        rounds = await Gamma(http, known_ids(self.settings.rounds)).upcoming(
            asset, interval, self.clock.now_ns(), 2
        )
        if not rounds:
            raise Rejected(f"lists no {interval.value} rounds of {asset.value}; look again later")
        return 0

    async def _ask_clob(self, http: Http) -> int:
        """Whole seconds: its middle is meant, which is half a second from the truth at most."""
        return await Clob(http, self.clock).time_s() * NS_PER_S + NS_PER_S // 2

    async def _geoblock(self) -> list[Finding]:
        """Whether this place may trade. A block is said and respected."""
        http = self._kit().http(self.settings.endpoints.geoblock)
        closed = Severity.FAIL if self.is_for_trading else Severity.WARN
        try:
            with trio.fail_after(self.settings.doctor.wait_s):
                place = await place_of(http)
        except (*_FOREIGN, trio.TooSlowError) as error:
            words = f"cannot be asked ({error or 'no answer'}); paper trading needs no permission"
            return [Finding("geoblock", closed, words)]
        finally:
            await http.close()
        if place.is_blocked:
            words = f"Polymarket does not allow trading from here ({place}); paper trading only"
            return [Finding("geoblock", closed, words)]
        return [Finding("geoblock", Severity.OK, f"trading is allowed from here ({place})")]

    # --- clocks ---------------------------------------------------------------------------------

    def _clock(self, findings: list[Finding]) -> list[Finding]:
        """The median of the venues' opinions; one alone may be wrong itself."""
        skews = {one.name: one.skew_ms for one in findings if one.skew_ms is not None}
        if not skews:
            return [Finding("clock", Severity.WARN, "no venue told its time; it was not compared")]
        limit = self.settings.doctor.max_skew_ms * self.clock.speed
        median = statistics.median(skews.values())
        far = [name for name, skew in skews.items() if abs(skew) > limit and skew * median > 0]
        if abs(median) <= limit:
            odd = [name for name, skew in skews.items() if abs(skew) > limit]
            words = f"within {abs(median):.0f} ms of {len(skews)} venues"
            words += f"; {', '.join(odd)} disagrees" if odd else ""
            return [Finding("clock", Severity.OK, words, skew_ms=median)]
        side = "ahead of" if median > 0 else "behind"
        words = f"this machine's clock is {abs(median) / 1000:.1f} s {side} {', '.join(far)}"
        verdict = Severity.FAIL if len(far) >= _AGREEING else Severity.WARN
        return [Finding("clock", verdict, f"{words}: enable NTP", skew_ms=median)]

    def _kit(self) -> FeedFactory:
        return FeedFactory(self.settings, self.clock, self.credentials, random.Random())


async def _binance_time(http: Http) -> int:
    return await Binance(http).server_time_ns()


async def _bybit_time(http: Http) -> int:
    return await Bybit(http).server_time_ns()


async def _coinbase_time(http: Http) -> int:
    return await Coinbase(http).server_time_ns()
