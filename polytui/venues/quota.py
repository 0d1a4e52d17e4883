"""What each host still lets this address ask: known once a process, whoever of us was told.

Venues count requests by address, not by client (Binance: weight a minute, 429 with a time to wait,
418 for a ban that asking on makes longer; Bybit: 403 for ten minutes). So what one client hears
holds for all, every asset's, until its time is over; and no word of a venue holds us for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio
from attrs import define, field, frozen

from polytui.model.errors import Rejected, Retry
from polytui.net.http import Http
from polytui.net.http_request import Params

LONGEST_WAIT_S = 120.0
"""Of a host that is busy; asking too early is answered with another wait."""
LONGEST_BAN_S = 3 * 86_400.0
"""The venue's longest ban (venue rule)."""

Complain = Callable[[str], None]


@frozen
class _Word:
    """What a host last said: wait until then, as a ban if it has a status."""

    until: float
    ban: int = 0


@define
class Quotas:
    """State: by base URL, until when it must not be asked, by trio's clock."""

    _words: dict[str, _Word] = field(factory=dict)

    async def get(
        self,
        http: Http,
        path: str,
        params: Params,
        *,
        bans_s: Mapping[int, float],
        complain: Complain = lambda _: None,
    ) -> bytes:
        """One answer, if the host may be asked now. `bans_s`: statuses that ban this address, and
        how long where it is not said. A ban is told to `complain` once, by who heard of it."""
        self._check(http.base_url)
        try:
            return await http.get(path, params)
        except Rejected as refusal:
            if refusal.status is not None and refusal.status in bans_s:
                told_s = bans_s[refusal.status] if refusal.after_s is None else refusal.after_s
                seconds = min(max(told_s, 1.0), LONGEST_BAN_S)
                self._hold(http.base_url, seconds, refusal.status)
                complain(f"{http.base_url} has banned this address for {seconds:.0f} s")
            raise
        except Retry as busy:
            if busy.after_s is not None:
                self.rest(http.base_url, busy.after_s)
            raise

    def rest(self, base_url: str, seconds: float) -> None:
        """Nobody asks this host for so long, at most `LONGEST_WAIT_S`."""
        self._hold(base_url, min(seconds, LONGEST_WAIT_S), 0)

    def _hold(self, base_url: str, seconds: float, ban: int) -> None:
        until = trio.current_time() + seconds
        known = self._words.get(base_url)
        if known is None or until > known.until:
            self._words[base_url] = _Word(until, ban)

    def _check(self, base_url: str) -> None:
        word = self._words.get(base_url)
        left_s = 0.0 if word is None else word.until - trio.current_time()
        if word is None or left_s <= 0.0:
            return
        if word.ban:
            words = f"{base_url} has banned this address for {left_s:.0f} s more"
            raise Rejected(words, word.ban, left_s)
        raise Retry(f"{base_url} asks to wait for {left_s:.0f} s more", left_s)
