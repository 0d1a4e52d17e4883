"""The tables of an export, column by column. `docs/files.md` says the same in words."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from polytui.market.features import NAMES
from polytui.store.measures import MICRO_COLUMNS
from polytui.store.rows import FillRow, OrderRow, RoundRow, Row, TradeRow
from polytui.strategy.registry import STRATEGIES
from polytui.tools.parquet_files import ParquetColumn

ROW_TABLES: dict[str, type[Row]] = {
    "orders": OrderRow,
    "fills": FillRow,
    "rounds": RoundRow,
    "trades": TradeRow,
}
"""Those that are the database's, by file."""
_KINDS = {"int": "whole", "bool": "flag", "str": "text", "float": "real"}
_RATE = {"fee_ppm": "fee_rate"}
_SIDES = ("bid", "ask", "bid_shares", "ask_shares")


def _columns(kind: str, *names: str) -> list[ParquetColumn]:
    return [ParquetColumn(name, kind) for name in names]


FEATURES_VERSION = b"polytui.features_version"
"""Key of the files' own metadata that says which version of the features their columns are."""
EVENTS = (
    *_columns("text", "session"),
    *_columns("whole", "seq"),
    *_columns("time", "at"),
    *_columns("text", "asset"),
    *_columns("flag", "is_last"),
    *_columns("text", "kind", "data", "effects", "raised"),
)
_SEEN = (
    *_columns("text", "session", "mode"),
    *_columns("whole", "seq"),
    *_columns("time", "at"),
    *_columns("text", "asset", "interval", "slug"),
    *_columns("time", "opens", "closes"),
    *_columns("real", "since_open_s", "left_s", "strike", "price", "fair_up", "sigma", "mean"),
    *_columns("real", "sigma_per_sqrt_s", "volatility"),
    *_columns("whole", "window_s"),
    *_columns("real", "known", "trust"),
    *_columns("whole", "book_age_ms"),
    *_columns("micro", "tick", "fee_rate"),
    *_columns("text", "block"),
    *_columns("micro", *(f"{side}_{name}" for side in ("up", "down") for name in _SIDES)),
    *_columns("time", "features_at"),
    *_columns("real", *NAMES),
)
_WON = (*_columns("text", "winner"), *_columns("flag", "up_won"))


def view_columns(strategies: Iterable[str]) -> tuple[ParquetColumn, ...]:
    """Of views, with what each of these strategies made of them."""
    said = (
        column
        for name in strategies
        for column in (
            ParquetColumn(f"{name}_outcome", "text"),
            *_columns("real", f"{name}_edge_bps", f"{name}_confidence"),
            ParquetColumn(f"{name}_reason", "text"),
        )
    )
    return (*_SEEN, *said, *_WON)


STRATEGY_NAMES = tuple(strategy.name for strategy in STRATEGIES)
VIEWS = view_columns(STRATEGY_NAMES)
"""Where nobody but ours plays."""


def row_columns(table: type[Row]) -> list[tuple[str, ParquetColumn]]:
    """(column of the database, column of the file): moments without `_ns`, money in decimals."""
    return [(one.name, _column(one.name, str(one.type))) for one in attrs.fields(table)]


def _column(name: str, said: str) -> ParquetColumn:
    if name.endswith("_ns"):
        return ParquetColumn(name.removesuffix("_ns"), "time")
    if name in MICRO_COLUMNS or name in _RATE:
        return ParquetColumn(_RATE.get(name, name), "micro")
    return ParquetColumn(name, _KINDS[said.removesuffix(" | None")])
