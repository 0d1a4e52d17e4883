"""How a session begins with an account that a venue has: patiently, and with nothing left over.

Without a session to go on from nobody here knows what works at the venue. Orders of a process that
was killed moments ago would be kept alive by our heartbeats, so they go before the first one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import trio

from polytui.config.schema import SessionSettings
from polytui.execution.live_trades import Say
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.instrument import Round
from polytui.net.clock import SessionClock
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.gamma import Gamma

_PATIENCE_S = 60.0
"""Real time: a venue that restarts is back by then."""
_AGAIN_S = 2.0

_IN_PLAY = 100
"""Of an interval: the one that is under way, and those that can be traded before they open. The
venue takes orders from a day before; so many it lists at once: eight hours of 5m rounds."""

Answer = TypeVar("Answer")


async def patiently(ask: Callable[[], Awaitable[Answer]], what: str, say: Say) -> Answer:
    """The venue's hiccups are waited out, and said once; Fatal in words where they last, or where
    it refuses."""
    until, has_said = trio.current_time() + _PATIENCE_S, False
    while True:
        try:
            return await ask()
        except Rejected as error:
            raise Fatal(f"{what}: the venue refuses: {error}") from None
        except (Retry, Unknown) as error:
            if trio.current_time() >= until:
                words = f"{what}: the venue gave no good answer for {_PATIENCE_S:g} s: {error}"
                raise Fatal(f"{words}; nothing was traded, start again later") from None
            if not has_said:
                say("warn", "", f"{what}: {error}; asked again for {_PATIENCE_S:g} s")
                has_said = True
        await trio.sleep(_AGAIN_S)


async def rounds_in_play(
    gamma: Gamma, session: SessionSettings, clock: SessionClock
) -> Sequence[Round]:
    """What a session will trade: whatever the wallet has in it is to be known by then. Retry where
    the venue cannot tell."""
    found: list[Round] = []
    for asset in session.assets:
        for interval in session.intervals:
            with suppress(Rejected):  # the venue has no such rounds, and nobody anything in them
                found += await gamma.upcoming(asset, interval, clock.now_ns(), _IN_PLAY)
    return found


async def take_back_unknown(account: ClobAccount, say: Say) -> None:
    """Every order of this key."""
    answer = await patiently(account.cancel_all, "orders of before could not be cancelled", say)
    if count := len(answer.cancelled):
        words = (
            f"{count} orders of this API key worked that no session to go on from knows: cancelled"
            " before the first heartbeat"
        )
        say("warn", "", words)
