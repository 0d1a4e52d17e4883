"""What somebody names to learn from or to look at: sessions, exported views, recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from polytui.backtest.data_set import DataSet, open_data, settings_for
from polytui.backtest.sources.arrow import library
from polytui.config.schema import Settings
from polytui.journal.session_folders import is_journal
from polytui.paths import session_named

VIEWS_FILE = "views.parquet"
_OF_VIEWS = "features_at"
"""A column that nobody else writes."""


@frozen
class GivenData:
    views: tuple[Path, ...] = ()
    """Files of views."""
    sessions: tuple[Path, ...] = ()
    """Folders of sessions, or their journals."""
    recordings: tuple[Path, ...] = ()
    """Whatever else: files and folders."""


def sorted_out(names: Sequence[str], directory: Path) -> GivenData:
    """By what each is; a name that is no path is a session's of `directory`. BadSettings says which
    of those there are."""
    views, sessions, recordings = list[Path](), list[Path](), list[Path]()
    for name in names:
        path = Path(name)
        if path.suffix != ".parquet" and not path.exists():
            sessions.append(session_named(directory, name))
        elif path.is_dir() and (path / VIEWS_FILE).is_file():
            views.append(path / VIEWS_FILE)
        elif is_journal(path):
            sessions.append(path)
        elif _is_views(path):
            views.append(path)
        else:
            recordings.append(path)
    return GivenData(tuple(views), tuple(sessions), tuple(recordings))


def recorded(paths: Sequence[Path], settings: Settings) -> tuple[DataSet, Settings]:
    """The recordings as one source, and the settings with what is in them. Fatal."""
    data = open_data(paths)
    return data, settings_for(settings, data.coverage)


def _is_views(path: Path) -> bool:
    """A Parquet file with their columns; one that is not there or cannot be read is named as
    views that are wrong."""
    if path.suffix != ".parquet":
        return False
    arrow = library()
    try:
        return _OF_VIEWS in arrow.parquet.read_schema(path).names
    except (OSError, arrow.ArrowException):
        return True
