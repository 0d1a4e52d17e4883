"""A session's journal as data of a backtest: which of its rounds can be played, and their moments.

Only rounds that opened before its eyes and whose winner it heard are announced to anybody who plays
it; the others are counted with their reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from attrs import define, field, frozen

from polytui.backtest.journal_source import JournalSource
from polytui.backtest.moments import Moment
from polytui.journal.codec import BadJournal, Header, decode_event
from polytui.journal.reader import JournalReader
from polytui.model import events as ev
from polytui.model.effects import Effect
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval, Round
from polytui.results.evidence import Coverage

_OF_ROUNDS = (b'["RoundFound"', b'["RoundOpened"', b'["RoundSettled"')
LATE = "were under way when they were found"
UNKNOWN = "have no winner in it"
ELSEWHEN = "are not of these days"


@frozen
class JournalRounds:
    """What a look through a journal found."""

    header: Header
    used: tuple[Round, ...]
    skipped: tuple[tuple[str, int], ...]
    from_ns: int
    until_ns: int
    """When the last of these rounds was settled."""

    @property
    def seen(self) -> int:
        return len(self.used) + sum(count for _, count in self.skipped)


@define
class JournalData:
    """A `Source` with its coverage."""

    path: Path
    rounds: JournalRounds
    source: JournalSource = field(init=False)

    def __attrs_post_init__(self) -> None:
        slugs = frozenset(one.slug for one in self.rounds.used)
        assets = tuple(sorted({one.asset for one in self.rounds.used}))
        self.source = JournalSource(
            self.path, assets=assets, rounds=slugs, until_ns=self.rounds.until_ns
        )

    def moments(self) -> Iterator[Moment]:
        return self.source.moments()

    def heed(self, asset: Asset, effects: tuple[Effect, ...], now_ns: int) -> None:
        """What is written does not answer."""

    @property
    def played(self) -> tuple[Round, ...]:
        """The rounds that are."""
        return self.rounds.used

    @property
    def coverage(self) -> Coverage:
        found, header = self.rounds, self.rounds.header
        notes = []
        if self.source.thinned:
            notes.append(f"{self.source.thinned} thinned segments are left out: prices are gone")
        if self.source.set_back:
            notes.append(
                f"{self.source.set_back:,} batches were heard while its clock was set back"
            )
        return Coverage(
            data=f"the market that session {header.session} ({header.mode}) heard",
            world="the simulated venue" if header.mode == "demo" else "",
            files=(self.path.name,),
            assets=tuple(sorted({one.asset for one in found.used})),
            intervals=tuple(sorted({one.interval for one in found.used})),
            from_ns=found.from_ns,
            until_ns=found.until_ns,
            recorded=("everything that a session hears",),
            seen=found.seen,
            used=len(found.used),
            skipped=found.skipped,
            notes=tuple(notes),
        )


def journal_data(
    path: Path,
    *,
    assets: tuple[Asset, ...] = (),
    intervals: tuple[Interval, ...] = (),
    start_ns: int = 0,
    end_ns: int = (1 << 63) - 1,
) -> JournalData:
    """Rounds of these coins and lengths (of all, where none is named) within [start_ns, end_ns).
    Fatal for what is no journal, and where nothing of it can be played."""
    looked = _Looked(assets or tuple(Asset), intervals or tuple(Interval), (start_ns, end_ns))
    try:
        with closing(JournalReader(path)) as journal:
            header = journal.header
            for record in journal:
                if record.is_event:
                    looked.from_ns = looked.from_ns or record.at
                    if bytes(record.event).startswith(_OF_ROUNDS):
                        looked.hear(decode_event(record.event), record.at)
    except BadJournal as error:
        raise Fatal(str(error)) from error
    found = looked.rounds(header)
    if not found.used:
        why = ", ".join(f"{count:,} {words}" for words, count in found.skipped)
        raise Fatal(
            f"{path}: none of its {found.seen:,} rounds can be played ({why or 'no round'})"
        )
    return JournalData(path, found)


@define
class _Looked:
    """State: what was heard of each round, by slug."""

    assets: tuple[Asset, ...]
    intervals: tuple[Interval, ...]
    span: tuple[int, int]
    from_ns: int = 0
    found: dict[str, Round] = field(factory=dict)
    opened: set[str] = field(factory=set)
    settled: dict[str, int] = field(factory=dict)

    def hear(self, event: ev.Event, at_ns: int) -> None:
        match event:
            case ev.RoundFound(listed):
                if listed.asset in self.assets and listed.interval in self.intervals:
                    self.found[listed.slug] = listed
            case ev.RoundOpened(slug=slug, is_late=False):
                self.opened.add(slug)
            case ev.RoundSettled():
                for slug, listed in self.found.items():
                    if event.settles(listed):
                        self.settled.setdefault(slug, at_ns)

    def rounds(self, header: Header) -> JournalRounds:
        skipped = Counter[str]()
        used = []
        for slug, listed in self.found.items():
            if listed.opens_ns < self.span[0] or listed.closes_ns > self.span[1]:
                skipped[ELSEWHEN] += 1
            elif slug not in self.opened:
                skipped[LATE] += 1
            elif slug not in self.settled:
                skipped[UNKNOWN] += 1
            else:
                used.append(listed)
        until_ns = max((self.settled[one.slug] for one in used), default=0)
        why = tuple(sorted(skipped.items()))
        return JournalRounds(header, tuple(used), why, self.from_ns, until_ns)
