"""Forms of the private reads' rows that were seen in the wild beside the documented ones, as
`odd_forms.py` has them of the stream."""

from __future__ import annotations

from collections.abc import Callable

from polytui.sim.wire.desk.account_documents import Document
from polytui.sim.world.chance import Chance

_SELDOM = 0.2


class OddReads:
    """Rows in one spelling or another, drawn from a generator of its own."""

    def __init__(self, name: str) -> None:
        self._chance = Chance(f"odd reads:{name}")

    def order(self, row: Document) -> Document:
        return self._spelt(row, _ORDERS)

    def trade(self, row: Document) -> Document:
        return self._spelt(row, _TRADES)

    def _spelt(self, row: Document, bends: tuple[Callable[[Document], None], ...]) -> Document:
        odd = dict(row)
        for bend in bends:
            if self._chance.random() < _SELDOM:
                bend(odd)
        return odd


def _prefixed(row: Document) -> None:
    row["status"] = f"ORDER_STATUS_{row['status']}"


def _plain(row: Document) -> None:
    row["status"] = row["status"].removeprefix("TRADE_STATUS_")


def _created_in_millis(row: Document) -> None:
    row["created_at"] *= 1000


def _matched_in_millis(row: Document) -> None:
    for name in ("match_time", "last_update"):
        row[name] += "000"


def _no_list(row: Document) -> None:
    row["associate_trades"] = row["associate_trades"] or None


def _empty_for_nothing(row: Document) -> None:
    if row["size_matched"] == "0":
        row["size_matched"] = ""


def _lower_sides(row: Document) -> None:
    for name in ("side", "trader_side"):
        if name in row:
            row[name] = row[name].lower()


def _no_makers(row: Document) -> None:
    """A taker can do without them."""
    if row["trader_side"].upper() == "TAKER":
        row["maker_orders"] = []


def _nothing_known(row: Document) -> None:
    for name in ("transaction_hash", "err_msg"):
        row[name] = row[name] or None


_ORDERS = (_prefixed, _created_in_millis, _no_list, _empty_for_nothing, _lower_sides)
_TRADES = (_plain, _matched_in_millis, _lower_sides, _no_makers, _nothing_known)
