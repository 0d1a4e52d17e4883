"""Which schema a file is of, by its columns. One that is of none says at once what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from polytui.backtest.sources.candle_file import CandleFile
from polytui.backtest.sources.frame_file import FrameFile, source_of
from polytui.backtest.sources.known_round import KnownRound
from polytui.backtest.sources.level_changes import LevelChangeFile, PrintedTradeFile
from polytui.backtest.sources.listings import (
    EVENT_COLUMNS,
    MARKET_COLUMNS,
    OUTCOME_COLUMNS,
    read_markets,
    read_outcomes,
)
from polytui.backtest.sources.midpoints import MidpointFile
from polytui.backtest.sources.own_events import EXPORTED_COLUMNS, ExportedEvents, own_recording
from polytui.backtest.sources.raw_frames import RawFrameFile
from polytui.backtest.sources.recording import Recording
from polytui.backtest.sources.settlement_ticks import SettlementTickFile
from polytui.backtest.sources.tables import columns_of, format_of
from polytui.backtest.sources.top_of_book import TopOfBookFile
from polytui.model.errors import Fatal
from polytui.model.plain_text import plain

FETCH_LOG = "fetch.log"
"""What `polytui fetch-history` says of itself, beside what it fetched."""
_Read = Callable[[Path], Iterator[KnownRound]]


@frozen
class Schema:
    """`columns` are needed, and one of `one_of`; its files are recordings, or lists of rounds."""

    name: str
    columns: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    recording: Callable[[Path], Recording] | None = None
    listing: _Read | None = None

    def missing(self, names: Sequence[str]) -> list[str]:
        """What a file with these columns lacks."""
        lacking = [one for one in self.columns if one not in names]
        if self.one_of and not any(one in names for one in self.one_of):
            lacking.append(" or ".join(self.one_of))
        return lacking


SCHEMAS = (
    Schema("raw CLOB frames", RawFrameFile.COLUMNS, recording=RawFrameFile),
    Schema("order books, level by level", LevelChangeFile.COLUMNS, recording=LevelChangeFile),
    Schema("trades", PrintedTradeFile.COLUMNS, recording=PrintedTradeFile),
    Schema("midpoints", MidpointFile.COLUMNS, recording=MidpointFile),
    Schema("top of book", TopOfBookFile.COLUMNS, recording=TopOfBookFile),
    Schema(
        "settlement prices",
        SettlementTickFile.COLUMNS,
        SettlementTickFile.ONE_OF,
        recording=SettlementTickFile,
    ),
    Schema("candles", CandleFile.COLUMNS, recording=CandleFile),
    Schema("exported events", EXPORTED_COLUMNS, recording=ExportedEvents),
    Schema("outcomes", OUTCOME_COLUMNS, listing=read_outcomes),
    Schema("Gamma's markets", MARKET_COLUMNS, listing=read_markets),
    Schema("Gamma's events", EVENT_COLUMNS, listing=read_markets),
)
"""In this order: a file is of the first that it has all columns of."""


@frozen
class FoundFiles:
    """What the files of a data set are."""

    recordings: tuple[Recording, ...]
    listings: tuple[tuple[Path, _Read], ...]
    strangers: tuple[Path, ...]
    """Of a folder, files that are of no schema."""


def recognised(paths: Sequence[Path]) -> FoundFiles:
    """Every file, and every file of a folder. Fatal where a file that was named is of no schema,
    and where there is nothing at all."""
    recordings, listings, strangers = list[Recording](), list[tuple[Path, _Read]](), list[Path]()
    for path, is_named in _files(paths, recordings):
        names = columns_of(path) if format_of(path) else ()
        schema = next((one for one in SCHEMAS if names and not one.missing(names)), None)
        if schema is None:
            if source_of(path):
                recordings.append(FrameFile(path))
            elif is_named:
                raise _of_none(path, names)
            else:
                strangers.append(path)
        elif schema.recording is not None:
            recordings.append(schema.recording(path))
        elif schema.listing is not None:
            listings.append((path, schema.listing))
    if not recordings:
        said = ", ".join(plain(path) for path in paths) or "nothing"
        raise Fatal(f"there is no recording in {said}; docs/data.md has what can be read")
    return FoundFiles(tuple(recordings), tuple(listings), tuple(strangers))


def _files(paths: Sequence[Path], recordings: list[Recording]) -> Iterator[tuple[Path, bool]]:
    """Each once, and whether it was named. What is a recording of ours as a whole is put there."""
    seen = set[Path]()
    for path in paths:
        if not path.exists():
            raise Fatal(f"{plain(path)} is not there")
        for one in _inside(path, recordings):
            if one.resolve() not in seen:
                seen.add(one.resolve())
                yield one, one is path


def _inside(named: Path, recordings: list[Recording]) -> Iterator[Path]:
    own = own_recording(named)
    if own is not None:
        recordings.append(own)
    elif not named.is_dir():
        yield named
    else:
        for one in sorted(named.iterdir()):
            if one.is_dir():
                yield from _inside(one, recordings)
            elif not one.name.startswith(".") and one.name != FETCH_LOG:
                yield one


def _of_none(path: Path, names: Sequence[str]) -> Fatal:
    if not names:
        return Fatal(
            f"{plain(path)} has neither rows (Parquet, CSV, JSONL) nor frames with the time of"
            " their receipt; see docs/data.md"
        )
    nearest = min(SCHEMAS, key=lambda one: len(one.missing(names)) / len(one.columns))
    return Fatal(
        f"{plain(path)} is of no schema that is known: for {nearest.name} it lacks"
        f" {', '.join(nearest.missing(names))}; docs/data.md has all schemas"
    )
