"""One job of a sweep: (settings, data, day) -> a report. The same wherever it is done.

A day and a list of settings make a job, and never an asset: all assets share one account, its
limits and its cash.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version

import attrs
from attrs import frozen

from polytui.backtest.data_set import DataSet
from polytui.backtest.journal_data import JournalData
from polytui.config.load import canonical_json, from_canonical_json
from polytui.config.own import OwnStrategiesSettings
from polytui.config.schema import Settings
from polytui.model.units import MICRO, NS_PER_S
from polytui.own.loading import load_own
from polytui.results.evidence import Evidence
from polytui.results.pages.document import json_bytes
from polytui.results.report import Report, report_of
from polytui.results.tried_settings import Cell
from polytui.tools.backtesting import AskedBacktest, data_of, play_data

DAY_NS = 86_400 * NS_PER_S
_DAYS_KEPT = 32


@frozen
class SweepJob:
    setting: int
    day: str
    asked: AskedBacktest
    """Of that day alone; its settings are those below."""
    settings_json: str
    own: OwnStrategiesSettings
    """Strategies of others: loaded before settings are read that have their tables."""


@frozen
class Done:
    """What a job came to; plain, so that it travels."""

    cell: Cell
    report_json: bytes
    version: str
    """Of whoever did it."""


def days_of(asked: AskedBacktest) -> tuple[int, ...]:
    """Beginnings of the days of UTC on which rounds opened that can be played. Fatal where there
    are none."""
    return tuple(sorted({one.opens_ns // DAY_NS * DAY_NS for one in data_of(asked).played}))


def day_name(day_ns: int) -> str:
    return datetime.fromtimestamp(day_ns / NS_PER_S, UTC).strftime("%Y-%m-%d")


def job_of(number: int, settings: Settings, asked: AskedBacktest, day_ns: int) -> SweepJob:
    """Of `asked` everything but its settings."""
    start_ns, end_ns = max(asked.start_ns, day_ns), min(asked.end_ns, day_ns + DAY_NS)
    of_day = attrs.evolve(asked, settings=Settings(), start_ns=start_ns, end_ns=end_ns)
    return SweepJob(number, day_name(day_ns), of_day, canonical_json(settings), settings.strategies)


def do(job: SweepJob) -> Done:
    """In a process that may know nothing yet. A round that goes on into the next day is of none: it
    was skipped by both, and both say so."""
    if job.own.is_any:
        load_own(job.own)
    settings = from_canonical_json(job.settings_json)
    evidence = play_data(_opened(job.asked), attrs.evolve(job.asked, settings=settings))
    report = report_of(evidence)
    text = json_bytes(report)
    return Done(_cell(job, evidence, report, text), text, version("polytui"))


@lru_cache(maxsize=_DAYS_KEPT)
def _opened(asked: AskedBacktest) -> DataSet | JournalData:
    """What many settings play is looked through once in a process."""
    return data_of(asked)


def _cell(job: SweepJob, evidence: Evidence, report: Report, text: bytes) -> Cell:
    total = report.total
    final = [one for one in evidence.trades if one.is_settled and not one.is_shadow]
    return Cell(
        job.setting,
        job.day,
        evidence.coverage.used,
        sum(one.sent for one in report.orders),
        sum(one.filled for one in report.orders),
        total.trades,
        total.staked_usd,
        total.fees_usd,
        total.pnl_usd,
        sum((one.pnl or 0) ** 2 for one in final) / MICRO**2,
        hashlib.sha256(text).hexdigest(),
    )
