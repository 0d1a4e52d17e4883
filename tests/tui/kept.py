"""Made-up answers of a database of any size, for pages that ask: as the engine answers, without
one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fake_engine import START_NS
from msgspec.structs import replace

from polytui.model.query import Answer, Cell, Query, Subject
from polytui.model.units import MICRO, NS_PER_S

_MINUTE_NS = 60 * NS_PER_S
TRADE_COLUMNS = (
    "root", "slug", "strategy", "number", "session", "asset", "interval", "outcome", "opened_ns",
    "closed_ns", "shares", "entry_px", "exit_px", "stake", "fees", "fair_open", "edge_bps",
    "ended", "exit_reason", "result", "pnl", "opens_ns", "closes_ns",
)  # fmt: skip
SUM_COLUMNS = (
    "label", "trades", "open", "wins", "losses", "stake", "fees", "fees_so_far", "pnl", "won",
    "lost", "held", "held_wins", "held_stake", "held_shares", "sessions", "modes",
)  # fmt: skip


def a_trade(at: int, **more: Cell) -> tuple[Cell, ...]:
    """The trade of number `at`, the newest is 0; every tenth is open."""
    opened_ns = START_NS - at * _MINUTE_NS
    is_open, pnl = at % 10 == 3, ((-1) ** at) * (at % 700 + 1) * 10_000
    row: dict[str, Cell] = {
        "root": "own", "slug": f"btc-updown-5m-{at}", "strategy": "settlement_sniper", "number": 1,
        "session": "demo-7", "asset": "btc", "interval": "15m", "outcome": ("up", "down")[at % 2],
        "opened_ns": opened_ns, "closed_ns": None if is_open else opened_ns + _MINUTE_NS,
        "shares": 1_234_560_000, "entry_px": 570_000, "exit_px": None if is_open else 610_000,
        "stake": 703_699_200, "fees": 1_234_000, "fair_open": 0.6123, "edge_bps": 214.0,
        "ended": "" if is_open else "sold", "exit_reason": "" if is_open else "signal flipped",
        "result": "open" if is_open else "win" if pnl > 0 else "loss",
        "pnl": None if is_open else pnl, "opens_ns": opened_ns - opened_ns % (5 * _MINUTE_NS),
        "closes_ns": opened_ns - opened_ns % (5 * _MINUTE_NS) + 5 * _MINUTE_NS,
    }  # fmt: skip
    return tuple((row | more)[name] for name in TRADE_COLUMNS)


def sums_row(count: int, label: Cell = "", **more: Cell) -> tuple[Cell, ...]:
    row: dict[str, Cell] = dict.fromkeys(SUM_COLUMNS, 0) | {
        "label": label, "trades": count, "open": 1, "wins": count // 2, "losses": count // 3,
        "stake": count * 20 * MICRO, "fees": count * 10_000, "fees_so_far": count * 12_345,
        "pnl": -1_234_567_890, "won": 5 * MICRO, "lost": -4 * MICRO, "held": count // 4,
        "held_wins": count // 8, "held_stake": count * 5 * MICRO, "held_shares": count * 9 * MICRO,
        "sessions": 1, "modes": "demo",
    }  # fmt: skip
    return tuple((row | more)[name] for name in SUM_COLUMNS)


def trades_told(count: int) -> Callable[[Query], Answer | None]:
    """Who answers questions of `count` trades, as a database would."""

    def answer(query: Query) -> Answer | None:
        found = count if not query.words else count // 10
        if query.subject is Subject.BLOTTER:
            rows = (a_trade(at) for at in range(query.skip, min(found, query.skip + query.limit)))
            return _told(query, TRADE_COLUMNS, rows)
        if query.subject is Subject.SUMS:
            return _told(query, SUM_COLUMNS, [sums_row(found)] if found else [])
        if query.subject is Subject.TRADES:
            skip = int(query.after or 0)
            ends = min(found, skip + query.limit)
            rows = (a_trade(at) for at in range(skip, ends))
            return _told(query, TRADE_COLUMNS, rows, str(ends) if ends < found else "")
        return None

    return answer


def _told(
    query: Query, columns: tuple[str, ...], rows: Iterable[tuple[Cell, ...]], more: str = ""
) -> Answer:
    return Answer(query.query_id, columns, tuple(rows), more, START_NS)


def with_id(answer: Answer, query: Query) -> Answer:
    return replace(answer, query_id=query.query_id)
