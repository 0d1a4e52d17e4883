"""pyarrow, an extra: nothing that trades needs it, and it is imported when Parquet is met."""

from __future__ import annotations

from typing import Any

from polytui.model.errors import Fatal


def library() -> Any:
    """The package with its Parquet. Fatal, in one line, where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise Fatal(
            "Parquet needs pyarrow, which is not installed: pip install 'polytui[parquet]'"
        ) from error
    return pyarrow
