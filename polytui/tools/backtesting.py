"""`polytui backtest`: recordings or a session's journal through the desk, and what it came to.

One play is a function of its settings, its data and its latencies; what a report says of it begins
with what the data is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from polytui.backtest.data_set import DataSet, open_data, settings_for
from polytui.backtest.drive import Drive
from polytui.backtest.journal_data import JournalData, journal_data
from polytui.backtest.latency import (
    LateFeeds,
    RecordedLatencies,
    SampledLatencies,
    constant,
    recorded_latencies,
    sampled,
)
from polytui.backtest.moments import Source
from polytui.config.change import changed_at_rest
from polytui.config.own import OWN
from polytui.config.schema import PaperSettings, Settings
from polytui.execution.paper import PaperSimulator
from polytui.execution.paper_account import PaperAccount
from polytui.execution.paper_queue import QUEUE_RULES
from polytui.journal.session_folders import is_journal
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_MS
from polytui.results.evidence import Coverage, Evidence
from polytui.results.gathering import Gatherer
from polytui.results.report import report_of
from polytui.runtime.model_file import model_of
from polytui.strategy.registry import STRATEGIES, own_loaded
from polytui.tools.backtest_progress import ToldSource

_FILLS = {
    "through": "resting orders by trades beyond their price alone (the worst case)",
    "pessimistic": "resting orders from the back of the queue, cancels behind them",
    "realistic": "resting orders from the back of the queue, cancels spread over it",
    "optimistic": "resting orders from the back of the queue, cancels before them",
    "touch": "resting orders by any trade at their price (the best case)",
}


@frozen
class AskedBacktest:
    """What a person wants played."""

    paths: tuple[Path, ...]
    settings: Settings
    assets: tuple[Asset, ...] = ()
    intervals: tuple[Interval, ...] = ()
    """Of these alone; of all that the data has, where none is named."""
    start_ns: int = 0
    end_ns: int = (1 << 63) - 1
    """Rounds within."""
    feed_latency_ms: float = 0.0
    """Added to what the recording says."""
    latencies_of: Path | None = None
    """A session whose measured latencies orders have, those of `[paper]` where none is named."""
    is_feed_measured: bool = False
    """And by which feeds are later: for data whose times are the venue's own."""
    step_s: int = 1
    """So often a market moves that is made of candles alone: 1, 2, 5 or 10 seconds."""


def only(settings: Settings, names: Sequence[str]) -> Settings:
    """With these strategies trading and no other. Fatal, with the names there are, for one that is
    none."""
    places = {one.name: one.name for one in STRATEGIES}
    places |= {one.name: f"{OWN}.{one.name}" for one in own_loaded()}
    for name in names:
        if name not in places:
            raise Fatal(f"no strategy {name}: there are {', '.join(places)}")
    if not names:
        return settings
    wishes = [
        (f"{place}.is_enabled", "true" if name in names else "false")
        for name, place in places.items()
    ]
    return changed_at_rest(settings, *wishes)


def play(asked: AskedBacktest) -> Evidence:
    """All of it, once."""
    return play_data(data_of(asked), asked)


def data_of(asked: AskedBacktest) -> DataSet | JournalData:
    """One session is played batch for batch as it was heard; several, or one beside recordings, are
    recordings as any. Fatal for what cannot be played."""
    wanted: dict[str, Any] = {
        "assets": asked.assets,
        "intervals": asked.intervals,
        "start_ns": asked.start_ns,
        "end_ns": asked.end_ns,
    }
    if len(asked.paths) == 1 and is_journal(asked.paths[0]):
        return journal_data(asked.paths[0], **wanted)
    return open_data(asked.paths, step_s=asked.step_s, **wanted)


def play_data(
    data: DataSet | JournalData, asked: AskedBacktest, say: Callable[[str], None] | None = None
) -> Evidence:
    """`say` is told how far it is, now and then; an empty text at the end."""
    before = data.coverage
    settings = settings_for(asked.settings, before)
    measured = None
    if asked.latencies_of is not None:
        measured = recorded_latencies(asked.latencies_of, settings.paper)
    gatherer, source = Gatherer(), _late(data, asked, measured)
    if say is not None:
        source = ToldSource(source, before.from_ns, before.until_ns, before.used, say)
    driven = Drive(
        settings,
        source,
        [gatherer],
        model=model_of(settings.predictor),
        exchange=PaperSimulator if measured is None else partial(_measured, measured),
    ).play()
    coverage = attrs.evolve(data.coverage, fills=_FILLS[settings.paper.queue])
    notes = (*_notes(coverage, asked), *driven.mind.account.roster.words())
    return gatherer.evidence(driven.mind, attrs.evolve(coverage, notes=notes))


def _measured(
    measured: RecordedLatencies, paper: PaperSettings, account: PaperAccount
) -> PaperSimulator:
    latencies = SampledLatencies(paper, measured.order_ns, measured.mined_ns)
    return PaperSimulator(paper, account, latencies)


def _late(
    data: DataSet | JournalData, asked: AskedBacktest, measured: RecordedLatencies | None
) -> Source:
    if asked.is_feed_measured and measured is not None and measured.book_ns:
        return LateFeeds(data, sampled(measured.book_ns, asked.settings.paper.latency_seed))
    if asked.feed_latency_ms:
        return LateFeeds(data, constant(round(asked.feed_latency_ms * NS_PER_MS)))
    return data


def _notes(coverage: Coverage, asked: AskedBacktest) -> tuple[str, ...]:
    notes = list(coverage.notes)
    if asked.is_feed_measured:
        notes.append("feeds are later than recorded, as another session measured them")
    elif asked.feed_latency_ms:
        notes.append(f"feeds are {asked.feed_latency_ms:g} ms later than recorded")
    if asked.latencies_of is not None:
        notes.append(f"orders are as late as those of {asked.latencies_of.name}")
    return tuple(notes)


@frozen
class Bracket:
    """What one rule of fills comes to."""

    rule: str
    orders: int
    filled: int
    fees_usd: float
    pnl_usd: float


def bracket(asked: AskedBacktest) -> tuple[Bracket, ...]:
    """The same data under every rule of the queue, from the worst for us to the best."""
    return tuple(_bracket(asked, rule) for rule in QUEUE_RULES)


def _bracket(asked: AskedBacktest, rule: str) -> Bracket:
    paper = attrs.evolve(asked.settings.paper, queue=rule)
    settings = attrs.evolve(asked.settings, paper=paper)
    report = report_of(play(attrs.evolve(asked, settings=settings)))
    sent, filled = (sum(getattr(one, name) for one in report.orders) for name in ("sent", "filled"))
    return Bracket(rule, sent, filled, report.total.fees_usd, report.total.pnl_usd)
