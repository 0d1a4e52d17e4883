"""Views to learn from: Parquet files that were exported, sessions and recordings, played again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from polytui.backtest.drive import Drive
from polytui.backtest.replay import Replay, event_of
from polytui.backtest.sources.arrow import library
from polytui.config.schema import Settings
from polytui.journal.codec import BadJournal
from polytui.journal.reader import JournalReader
from polytui.learning.bad_samples import BadSamples
from polytui.learning.played_samples import SampleSink
from polytui.learning.samples import (
    COLUMNS,
    MOMENTS,
    NUMBERS,
    PRICES,
    WORDS,
    SampleCollector,
    SeenRow,
)
from polytui.market.features import SCHEMA_VERSION
from polytui.model.errors import Fatal
from polytui.model.units import MICRO
from polytui.results.evidence import Coverage
from polytui.tools.export_columns import FEATURES_VERSION
from polytui.tools.given_data import recorded

_WHOSE = ("session", "mode")
_NAMED = 8


@frozen
class SeenFault:
    """A session whose journal was read no further."""

    session: str
    why: str


def collect_files(paths: Sequence[Path], collector: SampleCollector) -> None:
    """Every row of these files. BadSamples names what is wrong with which file, and row."""
    for file in paths:
        for number, row in enumerate(_rows(file), 1):
            collector.take(row, f"{file}, row {number}")


def collect_session(folder: Path, collector: SampleCollector, every_s: float) -> SeenFault | None:
    """What a session saw: its journal is played through the desks again, up to its damage, where
    there is any. Segments that were thinned do not play, and the one after begins by itself."""
    replay = Replay(is_verifying=False)
    sink = None
    try:
        with JournalReader(folder) as journal:
            mode = journal.header.mode
            sink = SampleSink(collector, every_s, session=folder.name, mode=mode)
            for record in journal:
                if journal.header.thinned:
                    continue
                replay.take(record)
                if record.is_event and not record.raised:
                    asset, event = event_of(record)
                    sink.heard(replay.mind, asset, event, (), record.at, record.last)
    except BadJournal as error:
        return SeenFault(folder.name, str(error))
    except Fatal:
        raise
    except Exception as error:  # what another version wrote may break the desks of this one
        return SeenFault(folder.name, f"it does not replay: {type(error).__name__}: {error}")
    finally:
        if sink is not None:
            sink.end()
    return None


def collect_recordings(
    paths: Sequence[Path], settings: Settings, collector: SampleCollector, every_s: float
) -> Coverage:
    """What a desk sees of these recordings, which are played for it; what data that was."""
    data, settings = recorded(paths, settings)
    sink = SampleSink(collector, every_s, session="recordings", mode="recording")
    Drive(settings, data, [sink]).play()
    sink.end()
    return data.coverage


def _rows(file: Path) -> Iterator[SeenRow]:
    arrow = library()
    try:
        with arrow.parquet.ParquetFile(file) as parquet:
            yield from _read(arrow, parquet, str(file))
    except FileNotFoundError as error:
        raise BadSamples(f"no file {file}: polytui export --parquet FOLDER writes one") from error
    except OSError as error:
        raise BadSamples(f"cannot read {file}: {error.strerror or error}") from error
    except arrow.ArrowException as error:
        said = str(error).splitlines()[0]
        raise BadSamples(f"{file} is no Parquet file, or a damaged one: {said}") from error


def _read(arrow: Any, parquet: Any, name: str) -> Iterator[SeenRow]:
    """A row group at a time, of the columns that are needed."""
    schema = parquet.schema_arrow
    _check_version(schema.metadata or {}, name)
    _check_columns(arrow, schema, name)
    wanted = [*COLUMNS, *(column for column in _WHOSE if column in schema.names)]
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group, columns=wanted)
        for column in MOMENTS:
            at = table.schema.get_field_index(column)
            whole = table.column(at).cast(arrow.timestamp("ns", tz="UTC")).cast(arrow.int64())
            table = table.set_column(at, column, whole)
        for row in table.to_pylist():
            for price in PRICES:
                row[price] = None if row[price] is None else int(row[price] * MICRO)
            yield row


def _check_version(metadata: dict[bytes, bytes], name: str) -> None:
    said = metadata.get(FEATURES_VERSION)
    if said is not None and said != str(SCHEMA_VERSION).encode():
        raise BadSamples(
            f"{name} has version {said.decode(errors='replace')} of the features, this program"
            f" version {SCHEMA_VERSION}: export the sessions anew"
        )


def _check_columns(arrow: Any, schema: Any, name: str) -> None:
    missing = [column for column in COLUMNS if column not in schema.names]
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise BadSamples(
            f"{name} has no column {', '.join(missing[:_NAMED])}{more}: these are no views that"
            " polytui export wrote, or those of another version"
        )
    kinds = arrow.types
    wanted = {
        **dict.fromkeys((*WORDS, "winner"), ("text", kinds.is_string)),
        **dict.fromkeys(MOMENTS, ("moments", kinds.is_timestamp)),
        **dict.fromkeys(PRICES, ("decimals", kinds.is_decimal)),
        **dict.fromkeys(NUMBERS, ("numbers", kinds.is_floating)),
    }
    for column, (words, is_kind) in wanted.items():
        kind = schema.field(column).type
        if not is_kind(kind):
            raise BadSamples(f"{name}: column {column} holds {kind}, expected {words}")
