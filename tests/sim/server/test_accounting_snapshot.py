"""The zip of a wallet's books: what the index has read, to the millionth."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from zipfile import ZipFile

import httpx
import pytest
from chain_yard import ANN, CEM, ChainYard, traded
from starlette.applications import Starlette

from polytui.model.orders import Side
from polytui.model.units import MICRO, Usd
from polytui.sim.exchange.calls import ApproveCall, MergeCall, SplitCall, TransferCall
from polytui.sim.exchange.contracts import COLLATERAL_ADAPTER, PUSD
from polytui.sim.exchange.data_index import IndexSettings
from polytui.sim.exchange.on_chain import OnChainSettings
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.polymarket import Polymarket

pytestmark = pytest.mark.trio

Table = list[dict[str, str]]
LATE = IndexSettings(lag_s=(60.0, 60.0), burst_s=1.0)


class Books:
    def __init__(self) -> None:
        self.yard = ChainYard(OnChainSettings(index=LATE))
        polymarket = Polymarket(self.yard.world, on_chain=self.yard.yard)
        self._app = Starlette(routes=polymarket.mounts(), exception_handlers=ERROR_HANDLERS)
        self.yard.play(65.0)

    async def answer(self, query: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
            return await http.get(f"/data-api/v1/accounting/snapshot{query}")

    async def tables(self, wallet: str) -> tuple[Table, dict[str, str]]:
        answer = await self.answer(f"?user={wallet}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with ZipFile(BytesIO(answer.content)) as archive:
            assert archive.namelist() == ["positions.csv", "equity.csv"]
            positions, equity = (
                list(csv.DictReader(StringIO(archive.read(name).decode())))
                for name in archive.namelist()
            )
        (total,) = equity
        return positions, total

    async def cash(self, wallet: str) -> str:
        return (await self.tables(wallet))[1]["cashBalance"]


async def test_shares_and_dollars_are_of_one_moment() -> None:
    books = Books()
    yard, condition = books.yard, books.yard.first.condition_id
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, condition, 10 * MICRO))
    yard.perform(ANN, MergeCall(COLLATERAL_ADAPTER, condition, 4 * MICRO + 1))
    positions, total = await books.tables(ANN)
    assert positions == []
    assert (total["cashBalance"], total["equity"]) == ("100", "100"), "nobody has read it yet"
    yard.play(65.0)
    positions, total = await books.tables(ANN)
    tokens = {yard.first.up_token, yard.first.down_token}
    assert {one["asset"] for one in positions} == tokens
    assert {(one["conditionId"], one["size"]) for one in positions} == {(condition, "5.999999")}
    assert total["cashBalance"] == "94.000001"
    assert total["valuationTime"] == positions[0]["valuationTime"]
    worth = float(total["equity"]) - float(total["cashBalance"])
    each = sum(float(one["size"]) * float(one["curPrice"]) for one in positions)
    assert abs(worth - each) < 0.00001
    assert abs(worth - float(total["positionsValue"])) < 0.00001


async def test_cash_follows_trades_with_their_fees_and_payments() -> None:
    books = Books()
    yard = books.yard
    yard.holdings.transfer_usd(ANN, CEM, Usd(4_001_000))
    traded(yard, 40, 10, fee=1_000, number=1)
    assert await books.cash(ANN) == "100"
    yard.play(65.0)
    assert await books.cash(ANN) == "95.999"
    yard.holdings.transfer_usd(CEM, ANN, Usd(3_499_500))
    traded(yard, 70, 5, side=Side.SELL, fee=500, number=2)
    yard.perform(ANN, ApproveCall(PUSD, CEM, 5), TransferCall(PUSD, CEM, 2 * MICRO))
    assert await books.cash(ANN) == "95.999"
    yard.play(65.0)
    assert await books.cash(ANN) == "97.4985"
    (held,), _ = await books.tables(ANN)
    assert held["size"] == "5"


async def test_a_wallet_of_nobody_has_nothing_and_a_bad_name_is_refused() -> None:
    books = Books()
    positions, total = await books.tables("0x" + "99" * 20)
    assert (positions, total["equity"]) == ([], "0")
    for query in ("", "?user=0x12", f"?user={ANN}&day=1"):
        assert (await books.answer(query)).status_code == 400
