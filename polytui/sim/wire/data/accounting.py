"""The books of one wallet as a zip of two tables, at the moment up to which the index has read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.orders import Side
from polytui.model.units import NS_PER_S, format_micro
from polytui.sim.exchange.data_index import DataIndex, Fact
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.index_facts import TradeLeg
from polytui.sim.exchange.positions import OwnedShares
from polytui.sim.exchange.wallet_acts import ActKind
from polytui.sim.wire.data.query import DataQuery
from polytui.sim.wire.data.rows import Valued
from polytui.sim.wire.form.wire_text import iso_z

_EVER_NS = 2**63
_BRINGS = {ActKind.MERGE: 1, ActKind.REDEEM: 1, ActKind.DEPOSIT: 1, ActKind.MAKER_REBATE: 1,
           ActKind.SPLIT: -1, ActKind.WITHDRAWAL: -1}  # fmt: skip
"""Which way the dollars of an act go; those of shares that are sent are none."""
_POSITIONS = ("conditionId", "asset", "size", "curPrice", "valuationTime")
_EQUITY = ("cashBalance", "positionsValue", "equity", "valuationTime")


class AccountingApi:
    """`GET /v1/accounting/snapshot`."""

    def __init__(
        self,
        index: DataIndex,
        holdings: Holdings,
        valued: Callable[[Sequence[OwnedShares]], list[Valued]],
    ) -> None:
        """`valued` puts the venue's price on positions."""
        self._index = index
        self._holdings = holdings
        self._valued = valued

    def routes(self) -> list[Route]:
        return [Route("/v1/accounting/snapshot", self.snapshot)]

    async def snapshot(self, request: Request) -> Response:
        wallet = DataQuery(request, ("user",)).need_wallet()
        until_ns = self._index.horizon_ns
        moment = iso_z(until_ns)
        held = [
            one
            for one in self._valued(self._index.positions(wallet, until_ns))
            if one.position.shares
        ]
        cash, worth = self._cash(wallet, until_ns), sum(one.value for one in held)
        positions = [
            (
                one.position.listed.condition_id,
                one.position.token_id,
                format_micro(one.position.shares),
                format_micro(one.price),
                moment,
            )
            for one in held
        ]
        equity = [(*(format_micro(one) for one in (cash, worth, cash + worth)), moment)]
        tables = {
            "positions.csv": _table(_POSITIONS, positions),
            "equity.csv": _table(_EQUITY, equity),
        }
        name = f'attachment; filename="accounting_snapshot_{wallet}.zip"'
        return Response(
            _zipped(tables, until_ns),
            headers={"Content-Disposition": name},
            media_type="application/zip",
        )

    def _cash(self, wallet: str, until_ns: int) -> int:
        """What the chain has now, without whatever the index has not read yet: what it has
        forgotten counts all the same."""
        later = [one for one in self._index.facts(wallet, _EVER_NS) if one.at_ns >= until_ns]
        return self._holdings.usd(wallet) - sum(cash_of(one) for one in later)


def cash_of(fact: Fact) -> int:
    """Millionths of dollars that a wallet has more because of it."""
    if isinstance(fact, TradeLeg):
        return -fact.usd - fact.fee if fact.side is Side.BUY else fact.usd - fact.fee
    return _BRINGS.get(fact.kind, 0) * fact.usd


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows((head, *rows))
    return text.getvalue().encode()


def _zipped(tables: dict[str, bytes], at_ns: int) -> bytes:
    """Of the world's time, so that the same world gives the same bytes."""
    moment = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, table in tables.items():
            archive.writestr(ZipInfo(name, stamp), table, ZIP_DEFLATED)
    return packed.getvalue()
