"""The ten questions of screens and reports on a million rows: how long each takes, p50 and p99.

Sixty days of a session of four assets and five strategies, made of numbers by chance and put
by the same statements that a follower uses. Nothing is said of a cold disk: whoever asks twice has
the file in memory, as these have after the first.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from typing import Any

import attrs

from benchmarks.result import Result
from polytui.model.units import NS_PER_S
from polytui.store import questions
from polytui.store.database import Database, database_of, open_read_only
from polytui.store.questions import Filter, Found
from polytui.store.rows import (
    TABLES,
    DailyRow,
    EquityRow,
    FillRow,
    LatencyRow,
    OrderRow,
    ReasonRow,
    RoundRow,
    SessionRow,
    SettlementRow,
    SignalRow,
    TradeRow,
)
from polytui.store.schema import upsert

_DAYS, _DAY_S, _ROUND_S = 60, 86_400, 300
_START_S = 1_790_000_000 // _DAY_S * _DAY_S
_ASSETS = ("btc", "eth", "sol", "xrp")
_STRATEGIES = ("confluence", "momentum_score", "distance_fade", "settlement_sniper", "predictor")
_REASONS = ("edge small", "confidence low", "votes disagree", "signal young", "too late", "none")
_SIGNALS = 9
"""Of one round: a tenth of what a demo says, so that the other tables have their part of a
million."""
_ASKED = 120
_MOST_MS = 50.0
_SESSION = "20260920-000000-paper-1"


def database() -> list[Result]:
    """For `make bench`."""
    with tempfile.TemporaryDirectory() as folder:
        path = database_of(folder)
        count = fill(path)
        size_mb = path.stat().st_size / 1e6
        note = f"{count:,} rows, {size_mb:.0f} MB"
        return [
            Result(f"ask_{name}", p50, p99, "ms", _MOST_MS, note=note)
            for name, p50, p99 in ask(path)
        ]


# --- rows -----------------------------------------------------------------------------------------


def fill(path: Path) -> int:
    """A million rows, a little more or less; how many."""
    Database(path).close()
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        puts = {table: upsert(table) for table in TABLES}
        values = {table: attrgetter(*(one.name for one in attrs.fields(table))) for table in TABLES}
        waiting: dict[type[Any], list[Any]] = {table: [] for table in TABLES}
        for row in _rows(random.Random(7)):
            kind = type(row)
            waiting[kind].append(values[kind](row))
            count += 1
            if len(waiting[kind]) >= 20_000:
                connection.executemany(puts[kind], waiting[kind])
                waiting[kind].clear()
        for kind, rows in waiting.items():
            connection.executemany(puts[kind], rows)
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
    return count


def _rows(chance: random.Random) -> Iterator[Any]:
    yield SessionRow(_SESSION, _SESSION, "", "paper", "0", _START_S * NS_PER_S)
    for day in range(_DAYS):
        began_s = _START_S + day * _DAY_S
        for minute in range(_DAY_S // 60):
            at_ns = (began_s + minute * 60) * NS_PER_S
            money = (chance.randrange(10**9), 0, 0, 0, 0)
            yield EquityRow(_SESSION, at_ns, *money, 1, 2, moved=0)
        for asset in _ASSETS:
            day_text = time.strftime("%Y-%m-%d", time.gmtime(began_s))
            counted = (300, 250, 300, 10**6, 288, 200, 90, 110, 10**6)
            yield DailyRow(_SESSION, day_text, asset, *counted)
            for strategy in _STRATEGIES:
                for reason in _REASONS:
                    numbers = (chance.randrange(99), 0.1, 0.9, 4.2, 0.5)
                    who = (asset, "5m", strategy, False, reason, "bps")
                    yield ReasonRow(_SESSION, began_s * NS_PER_S, *who, *numbers)
            for number in range(_DAY_S // _ROUND_S):
                yield from _round(chance, asset, began_s + number * _ROUND_S)


def _round(chance: random.Random, asset: str, opens_s: int) -> Iterator[Any]:
    slug, opens_ns = f"{asset}-updown-5m-{opens_s}", opens_s * NS_PER_S
    yield RoundRow(
        *(_SESSION, slug, _SESSION, asset, "5m", f"0x{slug}", "1" * 77, "2" * 77, opens_ns),
        opens_ns + _ROUND_S * NS_PER_S,
        winner="up",
        pnl=chance.randrange(-(10**7), 10**7),
    )
    for n in range(_SIGNALS):
        at_ns = opens_ns + n * 30 * NS_PER_S
        strategy, reason = chance.choice(_STRATEGIES), chance.choice(_REASONS)
        who = (asset, "5m", slug, strategy, False, reason)
        seq = opens_s * 4 + _ASSETS.index(asset)
        yield SignalRow(_SESSION, seq, n, at_ns, *who, chance.random(), 0.5, "bps")
    pnl = chance.randrange(-(10**7), 10**7)
    settled = (opens_ns + 360 * NS_PER_S, asset, slug, "credit", "up", 10**7, pnl)
    yield SettlementRow(_SESSION, opens_s, _ASSETS.index(asset), _SESSION, *settled)
    if chance.random() < 0.75:
        yield from _trade(chance, asset, slug, opens_ns + 90 * NS_PER_S, pnl)


def _trade(chance: random.Random, asset: str, slug: str, at_ns: int, pnl: int) -> Iterator[Any]:
    strategy, order_id = chance.choice(_STRATEGIES), f"{slug}-{at_ns}-1"
    who = (_SESSION, asset, "5m", slug, strategy, "up", "buy", 600_000, 20_000_000)
    yield OrderRow(
        *(_SESSION, order_id, *who, "gtc", False, "", False, at_ns, at_ns),
        consensus=1.0,
        mid=590_000,
        confidence=0.7,
        state="done",
    )
    fill = ("up", "buy", 600_000, 20_000_000, 10_000, True)
    heard = (_SESSION, at_ns, at_ns, asset, "5m", slug, strategy)
    yield FillRow(_SESSION, order_id, "t", *heard, *fill)
    decided = (_SESSION, asset, slug, strategy, at_ns, "binance", 9, 9, 9, 9)
    yield LatencyRow(_SESSION, order_id, *decided)
    yield TradeRow(
        *(_SESSION, slug, strategy, 1, _SESSION, asset, "5m", "up", at_ns),
        None if chance.random() < 0.0002 else at_ns + 60 * NS_PER_S,
        entry_order_id=order_id,
        exit_order_id="",
        shares=20_000_000,
        stake=12_000_000,
        fees=10_000,
        pnl=pnl,
        ended="settled",
    )


# --- questions ------------------------------------------------------------------------------------

_Ask = Callable[[sqlite3.Connection, random.Random], Found]


def _a_slug(chance: random.Random) -> str:
    number = chance.randrange(_DAYS * _DAY_S // _ROUND_S)
    return f"{chance.choice(_ASSETS)}-updown-5m-{_START_S + number * _ROUND_S}"


def _day_filter(chance: random.Random, days: int = 1, **also: Any) -> Filter:
    since_s = _START_S + chance.randrange(_DAYS) * _DAY_S
    until_s = since_s + days * _DAY_S
    return Filter(since_ns=since_s * NS_PER_S, until_ns=until_s * NS_PER_S, **also)


TEN: dict[str, _Ask] = {
    "last_trades": lambda c, r: questions.trades(c, Filter(session=_SESSION)),
    "trades_of_a_day": lambda c, r: questions.trades(
        c, _day_filter(r, strategy=r.choice(_STRATEGIES), asset=r.choice(_ASSETS))
    ),
    "open_trades": lambda c, r: questions.open_trades(c, _SESSION),
    "orders_of_a_round": lambda c, r: questions.orders(c, Filter(slug=_a_slug(r))),
    "fills_of_a_round": lambda c, r: questions.fills(c, Filter(slug=_a_slug(r))),
    "rounds_of_an_asset": lambda c, r: questions.rounds(c, Filter(asset=r.choice(_ASSETS))),
    "why_of_a_round": lambda c, r: questions.why_of_round(c, Filter(slug=_a_slug(r))),
    "why_of_a_day": lambda c, r: questions.why_of_days(c, _day_filter(r)),
    "results_of_a_week": lambda c, r: questions.results(c, _day_filter(r, days=7)),
    "equity_of_a_day": lambda c, r: questions.equity(c, _day_filter(r, session=_SESSION, limit=0)),
}


def ask(path: Path) -> Iterator[tuple[str, float, float]]:
    """(question, p50, p99) in milliseconds, each with another day, round or asset every time."""
    with closing(open_read_only(path)) as connection:
        for name, question in TEN.items():
            chance, took = random.Random(name), []
            for _ in range(_ASKED):
                began = time.perf_counter()
                question(connection, chance)
                took.append((time.perf_counter() - began) * 1e3)
            took.sort()
            yield name, round(took[_ASKED // 2], 2), round(took[_ASKED * 99 // 100], 2)


def plans(path: Path) -> Iterator[tuple[str, list[str]]]:
    """How SQLite goes about each: for whoever changes an index."""
    with closing(open_read_only(path)) as connection:
        for name, question in TEN.items():
            said: list[str] = []
            connection.set_trace_callback(said.append)
            question(connection, random.Random(name))
            connection.set_trace_callback(None)
            rows = connection.execute(f"EXPLAIN QUERY PLAN {said[-1]}").fetchall()
            yield name, [str(row[3]) for row in rows]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = database_of(folder)
        sys.stdout.write(f"{fill(path):,} rows, {path.stat().st_size / 1e6:.0f} MB\n")
        for (name, p50, p99), (_, plan) in zip(ask(path), plans(path), strict=True):
            said = "; ".join(plan)
            sys.stdout.write(f"{name:<20} p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  {said}\n")


if __name__ == "__main__":
    main()
