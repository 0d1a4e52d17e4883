"""`make faults`: one kind of trouble after another over a living demo, and what became of it.

The engine knows nothing of the plan: trouble is asked for at the simulated venue's own address,
and everything in the table is read from the journal afterwards, by replaying it. Three minutes.
"""

from __future__ import annotations

import json
import math
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from rich.console import Console
from rich.table import Table

from benchmarks.engine_runs import EngineRun, engine
from polytui.desk.mind import Mind
from polytui.journal.codec import decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import Explain, Reason
from polytui.model.events import (
    Event,
    ExchangeTraded,
    FeedDown,
    FeedGapped,
    FeedMended,
    FeedRefused,
    FeedStale,
    FeedUp,
    FrameRejected,
)
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S

_WARM_S = 62.0
_CALM_S = 9.0
_WITHIN_S = 2.0
_WIDTH = 150
_FEED = {"market": "book"}
_NOTICES = (FeedStale, FeedDown, FeedGapped, FrameRejected, FeedRefused)


@frozen
class Case:
    """Trouble of one kind over some services, for so long, and how soon it must be noticed."""

    kind: str
    services: tuple[str, ...]
    seconds: float
    budget_s: float | None
    """None where nothing is wrong with what arrives in the end: then nothing need be noticed."""
    value: int = 0

    @property
    def feeds(self) -> tuple[str, ...]:
        return tuple(_FEED.get(service, service) for service in self.services)


CASES = (
    Case("silence", ("binance",), 8, 3.5),
    Case("silence", ("bybit",), 8, 3.5),
    Case("silence", ("coinbase",), 10, 3.5),
    Case("silence", ("rtds",), 10, 6.5),
    Case("silence", ("rtds", "polybolt"), 12, 6.5),
    Case("gap", ("binance",), 4, 5.0),
    Case("gap", ("coinbase",), 4, 5.0),
    Case("gap", ("bybit",), 4, 5.0),
    Case("gap", ("polybolt",), 6, 7.0),
    Case("duplicates", ("binance", "bybit", "coinbase"), 4, None),
    Case("reorder", ("binance", "coinbase"), 4, None),
    Case("truncate", ("binance", "bybit", "coinbase", "rtds"), 4, 2.5),
    Case("burst", ("binance", "bybit"), 5, 3.5),
    Case("skew", ("binance",), 5, None, 2_000),
    Case("refuse", ("binance",), 4, 0.5, 503),
    Case("close", ("polybolt",), 0, 0.5, 1012),
    Case("close", ("coinbase",), 0, 0.5, 1001),
    Case("restart", ("bybit",), 0, None),
    Case("shutdown", ("binance",), 0, None),
    Case("drop", ("market", "rtds", "polybolt", "binance", "bybit", "coinbase"), 0, 0.5),
)


@define
class Seen:
    """What the journal says of one case, for one asset. Session time at the speed of the clock."""

    case: Case
    began_ns: int
    noticed_s: float | None = None
    by: str = ""
    away: set[str] = field(factory=set)
    up_ns: int = 0
    """When the last feed that had been away was up again."""
    missed: int = 0
    mended: int = 0
    calm: float = 0.0
    """Confidence when it began."""
    least: float = 1.0
    blocks: set[str] = field(factory=set)
    repeated: int = 0
    """Trades that the desk was told twice: must stay 0."""

    @property
    def ended_ns(self) -> int:
        return self.began_ns + int(self.case.seconds * NS_PER_S)

    @property
    def back_s(self) -> float:
        """From the venue's return to the last feed's; 0 where it never went away."""
        return max(0.0, (self.up_ns - self.ended_ns) / NS_PER_S) if self.up_ns else 0.0

    @property
    def is_good(self) -> bool:
        budget = self.case.budget_s
        in_time = budget is None or (self.noticed_s is not None and self.noticed_s <= budget)
        return in_time and not self.away and self.back_s <= _WITHIN_S and not self.repeated


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(f"{len(CASES)} kinds of trouble, one after another ...")
    with engine("--speed", "1", "--rounds", "0", "--assets", "btc,eth") as run:
        time.sleep(_WARM_S)
        begun = [(case, _make(run, case)) for case in CASES]
        summary = run.summary()
        journal = run.folder
        seen = read_journal(journal, [Seen(case, at_ns) for case, at_ns in begun])
    console.print(_table(seen))
    console.print(f"errors: {summary['errors'] or 'none'}")
    if not all(one.is_good for one in seen) or summary["errors"]:
        sys.exit(1)


def _make(run: EngineRun, case: Case) -> int:
    """Ask for it and wait it out; session time when it began."""
    ready = json.loads((run.folder / "venue.json").read_text())
    began_ns: int = ready["epoch_ns"] + time.monotonic_ns() - ready["anchor_ns"]
    for service in case.services:
        order = {
            "kind": case.kind,
            "who": service,
            "seconds": case.seconds or 1.0,
            "value": case.value,
        }
        _post(ready["control"] + "/fault", ready["control_token"], order)
    time.sleep(case.seconds + _CALM_S)
    return began_ns


def _post(url: str, token: str, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"content-type": "application/json", "authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        answer.read()


# --- reading it back ----------------------------------------------------------------------------


def read_journal(path: Path, cases: list[Seen], asset: Asset = Asset.BTC) -> list[Seen]:
    """Replay a session and note what happened to `asset` in the time of each case."""
    mind, trades = Mind(), set[tuple[str, int]]()
    for at_ns, owner, event, is_last in _records(path):
        effects = mind.take(owner, at_ns, event, is_last=is_last).effects
        seen = _case_at(cases, at_ns)
        if owner is not asset or seen is None:
            continue
        _note(seen, event, at_ns)
        if isinstance(event, ExchangeTraded):
            key = (event.venue, event.trade_id)
            seen.repeated += key in trades
            trades.add(key)
        estimate = mind.desks[asset].prices.estimate(at_ns, mind.desks[asset].settings.market)
        if estimate is not None:
            seen.calm = seen.calm or estimate.trust
            seen.least = min(seen.least, estimate.trust)
        seen.blocks |= {
            effect.why.reason.value
            for effect in effects
            if isinstance(effect, Explain) and effect.why.reason in _FAULT_REASONS
        }
    return cases


_FAULT_REASONS = (
    Reason.CHAINLINK_STALE,
    Reason.CONSENSUS_UNSURE,
    Reason.FEED_DOWN,
    Reason.NO_BOOK,
    Reason.BOOK_UNSETTLED,
    Reason.BOOK_LATE,
    Reason.NO_PRICE,
)


def _records(path: Path) -> Iterator[tuple[int, Asset, Event, bool]]:
    with JournalReader(path) as journal:
        for record in journal:
            if record.is_event:
                yield record.at, Asset(record.asset), decode_event(record.event), record.last


def _case_at(cases: list[Seen], at_ns: int) -> Seen | None:
    begun = [seen for seen in cases if seen.began_ns <= at_ns]
    return begun[-1] if begun else None


def _note(seen: Seen, event: Event, at_ns: int) -> None:
    if getattr(event, "feed", None) not in seen.case.feeds:
        return
    if isinstance(event, FeedGapped):
        seen.missed += event.missed
    elif isinstance(event, FeedMended):
        seen.mended += event.recovered
    elif isinstance(event, FeedUp) and event.feed in seen.away:
        seen.away.discard(event.feed)
        seen.up_ns = at_ns
    if not isinstance(event, _NOTICES) or at_ns > seen.ended_ns + NS_PER_S:
        return
    if isinstance(event, FeedStale | FeedDown):
        seen.away.add(event.feed)
    if seen.noticed_s is None:
        seen.noticed_s = (at_ns - seen.began_ns) / NS_PER_S
        seen.by = type(event).__name__


def _table(cases: list[Seen]) -> Table:
    table = Table(title="faults", title_justify="left")
    for name in ("kind", "over", "s", "noticed s", "budget", "by", "trust", "blocked by"):
        table.add_column(name)
    for name in ("missed", "given again", "told twice", "up again s", "ok"):
        table.add_column(name, justify="right")
    for seen in cases:
        case = seen.case
        noticed = math.nan if seen.noticed_s is None else seen.noticed_s
        table.add_row(
            case.kind,
            ", ".join(case.services) if len(case.services) < 5 else "all",
            f"{case.seconds:g}",
            "" if math.isnan(noticed) else f"{noticed:.2f}",
            "" if case.budget_s is None else f"{case.budget_s:g}",
            seen.by,
            f"{seen.calm:.2f} > {seen.least:.2f}",
            ", ".join(sorted(seen.blocks)),
            str(seen.missed),
            str(seen.mended),
            str(seen.repeated),
            f"{seen.back_s:.2f}",
            "yes" if seen.is_good else "NO",
        )
    return table


if __name__ == "__main__":
    main()
