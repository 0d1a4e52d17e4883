"""`polytui fetch-history`: what the venues still tell of days that are over.

    candles-<coin>.csv   Binance's minutes, from three hours before the first round
    rounds.csv           the rounds that Gamma lists, with tokens, strikes and winners
    midpoints.csv        the CLOB's midpoints of Up, one a minute

What is there is not asked for again: a fetch that was stopped goes on. `open_data` reads it all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from polytui.backtest.play_plan import HISTORY_NS
from polytui.model.errors import Rejected
from polytui.model.instrument import Asset, Interval, Outcome
from polytui.model.units import NS_PER_MS, NS_PER_S
from polytui.net.http import Http
from polytui.tools.kept_rows import KeptRows
from polytui.venues.binance import symbol_of
from polytui.venues.binance_rest import PAGE, Binance
from polytui.venues.polymarket.clob_history import midpoints
from polytui.venues.polymarket.gamma import Gamma
from polytui.venues.polymarket.gamma_events import RoundLook
from polytui.venues.polymarket.round_names import round_slug, windows_from

_MINUTE_NS = 60 * NS_PER_S
_CANDLES = ("symbol", "open_time", "open", "high", "low", "close", "volume", "trades")
_ROUNDS = (
    "slug", "winner", "winner_kind", "condition_id", "up_token", "down_token",
    "price_to_beat", "price_source",
)  # fmt: skip
_MIDPOINTS = ("t", "slug", "side", "mid")
_NOT_FOUND = 404


@frozen
class HistoryPlan:
    """What is asked for. [from, until) of rounds that are whole inside; `now_ns`: nothing that is
    not over by then."""

    folder: Path
    assets: tuple[Asset, ...]
    intervals: tuple[Interval, ...]
    from_ns: int
    until_ns: int
    now_ns: int

    def names(self) -> Iterator[str]:
        """Of all rounds, coin by coin, oldest first."""
        for asset in self.assets:
            for interval in self.intervals:
                for window in windows_from(interval, self.from_ns):
                    if window.closes_ns > min(self.until_ns, self.now_ns):
                        break
                    if window.opens_ns >= self.from_ns:
                        yield round_slug(asset, interval, window.opens_ns)


@frozen
class HistoryVenues:
    """Who is asked; each client keeps its pace."""

    binance: Binance
    gamma: Gamma
    clob: Http


@frozen
class HistoryFetcher:
    """State: what was fetched, counted."""

    plan: HistoryPlan
    venues: HistoryVenues
    say: Callable[[str], None]
    counts: Counter[str] = field(factory=Counter)

    async def fetch(self) -> dict[str, Any]:
        """All of it. Retry where a venue does not answer: what came until then is kept."""
        for asset in self.plan.assets:
            await self._candles(asset)
        await self._rounds()
        return {"folder": str(self.plan.folder), **dict(sorted(self.counts.items()))}

    async def _candles(self, asset: Asset) -> None:
        kept = KeptRows(self.plan.folder / f"candles-{asset.value}.csv", _CANDLES)
        begins_ns = (self.plan.from_ns - HISTORY_NS) // _MINUTE_NS * _MINUTE_NS
        until_ns = min(self.plan.until_ns, self.plan.now_ns)
        opens = {int(row[1]) * NS_PER_MS for row in kept.rows()}
        next_ns = begins_ns
        while next_ns + _MINUTE_NS <= until_ns:
            if next_ns in opens:
                next_ns += _MINUTE_NS
                continue
            page = await self.venues.binance.klines(
                asset, "1m", PAGE, start_ns=next_ns, closed_by_ns=until_ns
            )
            new = [one for one in page if next_ns <= one.opens_ns and one.opens_ns not in opens]
            if not page or page[-1].opens_ns < next_ns:
                break
            kept.add([_candle_row(asset, one) for one in new])
            opens.update(one.opens_ns for one in new)
            self.counts["candles"] += len(new)
            self.say(f"{asset.value}: {len(opens):,} candles")
            next_ns = page[-1].opens_ns + _MINUTE_NS

    async def _rounds(self) -> None:
        rounds = KeptRows(self.plan.folder / "rounds.csv", _ROUNDS)
        points = KeptRows(self.plan.folder / "midpoints.csv", _MIDPOINTS)
        there = {row[0] for row in rounds.rows() if row[1]}
        for slug in self.plan.names():
            if slug in there:
                self.counts["rounds that were there"] += 1
                continue
            look = await self._look(slug)
            if look is None or look.winner_token is None:
                continue
            await self._midpoints(points, look)
            rounds.add([_round_row(look)])
            self.counts["rounds"] += 1
            self.say(f"{slug}: {self.counts['rounds']:,} rounds")

    async def _look(self, slug: str) -> RoundLook | None:
        try:
            look = await self.venues.gamma.look(slug)
        except Rejected as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            self.counts["rounds that Gamma does not list"] += 1
            return None
        if look.winner_token is None:
            self.counts["rounds without a winner yet"] += 1
        return look

    async def _midpoints(self, points: KeptRows, look: RoundLook) -> None:
        listed = look.round
        token = listed.token_of(Outcome.UP)
        found = await midpoints(self.venues.clob, token, listed.opens_ns, listed.closes_ns)
        rows = [{"t": at, "slug": listed.slug, "side": "UP", "mid": mid} for at, mid in found]
        points.add(rows)
        self.counts["midpoints"] += len(rows)


def _candle_row(asset: Asset, one: Any) -> dict[str, Any]:
    return {
        "symbol": symbol_of(asset),
        "open_time": one.opens_ns // NS_PER_MS,
        "open": one.open,
        "high": one.high,
        "low": one.low,
        "close": one.close,
        "volume": one.volume,
        "trades": one.trades,
    }


def _round_row(look: RoundLook) -> dict[str, Any]:
    listed = look.round
    winner = listed.outcome_of(look.winner_token or "")
    return {
        "slug": listed.slug,
        "winner": "void" if winner is None else winner.value,
        "winner_kind": "official",
        "condition_id": listed.condition_id,
        "up_token": listed.up_token,
        "down_token": listed.down_token,
        "price_to_beat": look.strike,
        "price_source": "" if look.strike is None else "gamma",
    }
