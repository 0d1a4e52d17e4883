"""Anybody's recordings as one source of moments: `open_data`.

Every file is recognised by its columns, looked through once, and read as it is played. What could
be used of it, and what had to be modelled, is its coverage: the first thing that a report says.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import define, evolve, field

from polytui.backtest.modelled_rounds import AGREED, OF_CANDLES, markets, modelled
from polytui.backtest.moments import Moment
from polytui.backtest.outcomes import DISAGREED, RECKONED, TOLD, gathered, with_rounds
from polytui.backtest.play_plan import ALWAYS, AskedRounds, PlayPlan
from polytui.backtest.played_rounds import TWICE, planned
from polytui.backtest.round_lives import by_time, lives
from polytui.backtest.sources.book_file import FOREIGN, REPEATED
from polytui.backtest.sources.in_order import ON_DISK
from polytui.backtest.sources.recognised import FoundFiles, recognised
from polytui.backtest.sources.recording import Recording, Survey, Wanted
from polytui.backtest.sources.settlement_ticks import OTHER_COINS, RELAY
from polytui.backtest.sources.tables import bad_row
from polytui.config.schema import Settings
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Round
from polytui.model.plain_text import plain
from polytui.model.units import NS_PER_S
from polytui.results.evidence import Coverage

NO_EXCHANGE = (
    "nobody recorded exchange prices: the price is trusted to 0.4 at most, where stakes that follow"
    " trust are nothing (--with STRATEGY.sizing=fixed for what it would do all the same)"
)
STRANGERS = "files of no schema, left alone"
IDLE = "recordings of which nothing is played: another tells it better, or no round needs it"
_FACTS = frozenset(
    {
        *(TOLD, RECKONED, OF_CANDLES, AGREED, TWICE, STRANGERS, IDLE),
        *(FOREIGN, OTHER_COINS, REPEATED, ON_DISK),
    }
)
"""What is counted and makes no figure doubtful."""
_MOST_AHEAD_NS = 2 * NS_PER_S
"""A recorder's clock may be so far behind the venue's; what is more is no clock."""
_MOST_APART_NS = 2 * NS_PER_S
"""So far may two recorders differ in how late they hear."""


@define
class DataSet:
    """State: what was counted while it was read. A `Source`, which heeds nothing."""

    found: FoundFiles
    surveys: tuple[Survey, ...]
    plan: PlayPlan
    disagreed: int
    counted: Counter[str] = field(factory=Counter)

    def moments(self) -> Iterator[Moment]:
        """All of it, oldest first; from the beginning whenever it is asked."""
        self.counted.clear()
        heard = [one.heard(wanted, self.counted) for one, wanted in self._used()]
        made = []
        if self.plan.is_modelled:
            made = markets(self.plan, self.found.recordings, self.surveys)
        yield from heapq.merge(lives(self.plan), *heard, *made, key=by_time)

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """A recording answers nobody."""

    def _used(self) -> Iterator[tuple[Recording, Wanted]]:
        for recording, wanted in zip(self.found.recordings, self.plan.wanted, strict=True):
            if wanted.rounds or wanted.prices:
                yield recording, wanted

    @property
    def played(self) -> tuple[Round, ...]:
        """The rounds that are."""
        return tuple(one.round for one in self.plan.rounds)

    @property
    def coverage(self) -> Coverage:
        """What data it is; after it was played, with what was found wrong on the way."""
        rounds, counts = self.plan.rounds, self._counts()
        used = sorted(self._used(), key=lambda one: not one[1].rounds)
        assets = tuple(sorted({one.round.asset for one in rounds}))
        intervals = tuple(sorted({one.round.interval for one in rounds}))
        words = tuple(dict.fromkeys(recording.words for recording, _ in used))
        return Coverage(
            data=", ".join(words),
            files=tuple(plain(recording.path.name) for recording, _ in used),
            assets=assets,
            intervals=intervals,
            from_ns=min((one.round.opens_ns for one in rounds), default=0),
            until_ns=max((one.round.closes_ns for one in rounds), default=0),
            recorded=words,
            modelled=self.plan.modelled,
            seen=self.plan.seen,
            used=len(rounds),
            skipped=tuple(sorted(self.plan.skipped.items())),
            notes=self._notes(counts),
            facts=tuple(_sentences(counts, lambda words: words in _FACTS)),
            is_market_modelled=self.plan.is_modelled,
        )

    def _counts(self) -> Counter[str]:
        counted = Counter(self.plan.counted) + self.counted
        for survey in self.surveys:
            counted.update(survey.counted)
        counted[DISAGREED] += self.disagreed
        counted[STRANGERS] += len(self.found.strangers)
        counted[IDLE] += len(self.surveys) - sum(1 for _ in self._used())
        return counted

    def _notes(self, counts: Counter[str]) -> tuple[str, ...]:
        told = tuple(_sentences(counts, lambda words: words not in _FACTS))
        has_exchange = any(names != (RELAY,) for names in self.plan.feeds.values())
        return told if has_exchange else (*told, NO_EXCHANGE)


def _sentences(counts: Counter[str], is_wanted: Callable[[str], bool]) -> Iterator[str]:
    for words, count in sorted(counts.items()):
        if count and is_wanted(words):
            yield f"{count:,} {words}"


def open_data(
    paths: Sequence[Path],
    *,
    assets: tuple[Asset, ...] = (),
    intervals: tuple[Interval, ...] = (),
    start_ns: int = ALWAYS[0],
    end_ns: int = ALWAYS[1],
    step_s: int = 1,
) -> DataSet:
    """The recordings in these files and folders: of these coins and lengths (of all, where none is
    named), rounds within [start_ns, end_ns). `step_s`: so often a market moves that is made of
    candles alone. Fatal, with the file and the row, for what is wrong with them, and where nothing
    of them can be played."""
    found = recognised(paths)
    surveys = tuple(one.survey() for one in found.recordings)
    said = (known for path, read in found.listings for known in read(path))
    outcomes = gathered(said, surveys)
    surveys = tuple(with_rounds(one, outcomes) if one.tokens else one for one in surveys)
    asked = AskedRounds(assets, intervals, (start_ns, end_ns), step_s)
    if any(survey.books for survey in surveys):
        plan = planned(list(zip(found.recordings, surveys, strict=True)), outcomes, asked)
    else:
        plan = modelled(surveys, outcomes, asked)
    if not plan.rounds:
        raise _nothing(plan)
    used = [
        (recording, survey)
        for recording, survey, wanted in zip(found.recordings, surveys, plan.wanted, strict=True)
        if wanted.rounds or wanted.prices
    ]
    _check_clocks(used)
    return DataSet(found, surveys, plan, outcomes.disagreed)


def settings_for(settings: Settings, coverage: Coverage) -> Settings:
    """The same for the coins and lengths that the data has, and for all of its rounds."""
    found = evolve(settings.session, assets=coverage.assets, intervals=coverage.intervals, rounds=0)
    return evolve(settings, session=found)


def _check_clocks(used: Sequence[tuple[Recording, Survey]]) -> None:
    """A recorder that hears things before they were said has a clock of its own, and so has one of
    two that hear the same with another delay."""
    timed = [(one, survey) for one, survey in used if survey.lag_ns]
    for recording, survey in timed:
        if survey.lag_ns < -_MOST_AHEAD_NS:
            raise bad_row(
                recording.path,
                survey.lag_row,
                f"half of it was received {-survey.lag_ns / NS_PER_S:.1f} s and more before it was"
                " sent: the recorder's clock was wrong",
            )
    lags = sorted(timed, key=lambda one: one[1].lag_ns)
    if lags and lags[-1][1].lag_ns - lags[0][1].lag_ns > _MOST_APART_NS:
        (first, early), (last, late) = lags[0], lags[-1]
        apart_s = (late.lag_ns - early.lag_ns) / NS_PER_S
        raise Fatal(
            f"the clocks of two recordings disagree by {apart_s:.1f} s: {plain(last.path)} (row"
            f" {late.lag_row}) is so much later than {plain(first.path)} (row {early.lag_row});"
            " play one of them, or mend its times"
        )


def _nothing(plan: PlayPlan) -> Fatal:
    why = "; ".join(f"{count:,}: {words}" for words, count in sorted(plan.skipped.items()))
    if not plan.seen:
        return Fatal("no round of these coins, lengths and days was recorded in these files")
    return Fatal(f"none of {plan.seen:,} rounds can be played ({why})")
