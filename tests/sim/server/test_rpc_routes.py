"""The node of the simulated chain: what wallets read, send and find refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from chain_yard import ANN, BOB, ChainYard
from eth_abi.abi import decode, encode
from eth_account import Account
from starlette.applications import Starlette

from polytui.model.instrument import Outcome
from polytui.model.units import MICRO, NS_PER_S, Usd
from polytui.sim.exchange.approvals import MOST_ALLOWANCE
from polytui.sim.exchange.calls import SplitCall
from polytui.sim.exchange.contracts import (
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    DEPOSIT_WALLET_BEACON,
    DEPOSIT_WALLET_FACTORY,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
)
from polytui.sim.wire.chain.rpc_api import RpcApi
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.signed.call_data import selector

pytestmark = pytest.mark.trio
SIGNER = Account.from_key("0x" + "22" * 32)
EOA = str(SIGNER.address).lower()
GWEI = 10**9


@pytest.fixture
def yard() -> ChainYard:
    yard = ChainYard()
    yard.holdings.fund(EOA, Usd(50 * MICRO), yard.world.now_ns, is_approved=False)
    return yard


@pytest.fixture
async def http(yard: ChainYard) -> AsyncIterator[httpx.AsyncClient]:
    api = RpcApi(yard.world, yard.yard)
    app = Starlette(routes=api.routes("/rpc"), exception_handlers=ERROR_HANDLERS)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://venue"
    ) as client:
        yield client


async def answered(http: httpx.AsyncClient, method: str, *params: Any) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    answer = await http.post("/rpc", json=body)
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    assert (document["jsonrpc"], document["id"]) == ("2.0", 1)
    # One of both and never the other, even as null: clients take a null for an error.
    assert ("result" in document) != ("error" in document)
    return document


async def result(http: httpx.AsyncClient, method: str, *params: Any) -> Any:
    document = await answered(http, method, *params)
    assert "result" in document, document
    return document["result"]


async def error(http: httpx.AsyncClient, method: str, *params: Any) -> dict[str, Any]:
    told: dict[str, Any] = (await answered(http, method, *params))["error"]
    return told


def asked(signature: str, *values: Any) -> str:
    inside = signature[signature.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    return "0x" + (selector(signature) + encode(types, values)).hex()


async def read(http: httpx.AsyncClient, kind: str, to: str, signature: str, *values: Any) -> Any:
    raw = await result(http, "eth_call", {"to": to, "data": asked(signature, *values)}, "latest")
    return decode([kind], bytes.fromhex(raw[2:]))[0]


def signed(nonce: int, to: str, data: str, **changes: Any) -> str:
    fields = {
        "to": Account.from_key("0x" + "33" * 32).address if to == "" else _checked(to),
        "value": 0,
        "data": data,
        "gas": 200_000,
        "gasPrice": 30 * GWEI,
        "nonce": nonce,
        "chainId": 137,
        **changes,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    raw: bytes = SIGNER.sign_transaction(kept).raw_transaction
    return "0x" + bytes(raw).hex()


def _checked(address: str) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


APPROVE = asked("approve(address,uint256)", COLLATERAL_ADAPTER, MOST_ALLOWANCE)


async def test_the_chain_says_who_and_when_it_is(yard: ChainYard, http: httpx.AsyncClient) -> None:
    assert await result(http, "eth_chainId") == "0x89"
    assert await result(http, "net_version") == "137"
    block = int(await result(http, "eth_blockNumber"), 16)
    yard.play(2.0)
    assert int(await result(http, "eth_blockNumber"), 16) == block + 1
    latest = await result(http, "eth_getBlockByNumber", "latest", False)
    assert 0 <= yard.world.now_ns // NS_PER_S - int(latest["timestamp"], 16) <= 2
    before = await result(http, "eth_getBlockByNumber", hex(block), False)
    assert latest["parentHash"] == before["hash"]
    assert await result(http, "eth_getBlockByNumber", hex(block + 9), False) is None
    history = await result(http, "eth_feeHistory", "0x3", "latest", [25, 75])
    assert len(history["baseFeePerGas"]) == 4
    assert [len(one) for one in history["reward"]] == [2, 2, 2]
    assert int(await result(http, "eth_gasPrice"), 16) == 30 * GWEI


async def test_balances_and_approvals_are_read(yard: ChainYard, http: httpx.AsyncClient) -> None:
    yard.perform(ANN, SplitCall(COLLATERAL_ADAPTER, yard.first.condition_id, 7))
    up, down = int(yard.first.up_token), int(yard.first.down_token)
    number, batch = "uint256", "uint256[]"
    assert await read(http, number, PUSD, "balanceOf(address)", ANN) == 100 * MICRO - 7
    assert await read(http, "uint8", PUSD, "decimals()") == 6
    assert await read(http, "string", PUSD, "symbol()") == "pUSD"
    shares = "balanceOf(address,uint256)"
    assert await read(http, number, CONDITIONAL_TOKENS, shares, ANN, up) == 7
    # Of another contract's shares there are none.
    assert await read(http, number, POSITION_MANAGER, shares, ANN, up) == 0
    many = "balanceOfBatch(address[],uint256[])"
    found = await read(http, batch, CONDITIONAL_TOKENS, many, [ANN, BOB], [down, down])
    assert found == (7, 0)
    allowance = "allowance(address,address)"
    assert await read(http, number, PUSD, allowance, ANN, ROUTER) == MOST_ALLOWANCE
    assert await read(http, number, PUSD, allowance, EOA, ROUTER) == 0
    approved = "isApprovedForAll(address,address)"
    assert await read(http, "bool", POSITION_MANAGER, approved, ANN, ROUTER) is True
    assert await read(http, "bool", CONDITIONAL_TOKENS, approved, ANN, ROUTER) is False
    beacon = await result(http, "eth_call", {"to": DEPOSIT_WALLET_FACTORY, "data": "0x49493a4d"})
    assert beacon == "0x" + "00" * 12 + DEPOSIT_WALLET_BEACON[2:]
    assert await result(http, "eth_call", {"to": ANN, "data": "0x12345678"}) == "0x"
    assert await result(http, "eth_getCode", PUSD, "latest") != "0x"
    assert await result(http, "eth_getCode", "0x" + "12" * 20, "latest") == "0x"


async def test_payouts_appear_with_the_result(yard: ChainYard, http: httpx.AsyncClient) -> None:
    condition = bytes.fromhex(yard.first.condition_id[2:])
    places = ["payoutNumerators(bytes32,uint256)", "payoutDenominator(bytes32)"]

    async def told() -> tuple[int, int, int]:
        up, down = [
            await read(http, "uint256", CONDITIONAL_TOKENS, places[0], condition, one)
            for one in (0, 1)
        ]
        whole = await read(http, "uint256", CONDITIONAL_TOKENS, places[1], condition)
        return up, down, whole

    assert await told() == (0, 0, 0)
    yard.play_until_resolved()
    is_up = yard.world.status(yard.first.slug).winner is Outcome.UP
    assert await told() == (int(is_up), int(not is_up), 1)
    payout = asked("getPayout(uint256,uint256)", int(yard.first.up_token), 5 * MICRO)
    raw = await result(http, "eth_call", {"to": POSITION_MANAGER, "data": payout})
    assert int(raw, 16) == 5 * MICRO * is_up


async def test_a_transaction_is_signed_sent_mined_and_found(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    gas = await result(http, "eth_estimateGas", {"from": EOA, "to": PUSD, "data": APPROVE})
    assert 21_000 < int(gas, 16) <= 200_000
    name = await result(http, "eth_sendRawTransaction", signed(0, PUSD, APPROVE))
    assert await result(http, "eth_getTransactionReceipt", name) is None
    assert (await result(http, "eth_getTransactionByHash", name))["blockNumber"] is None
    assert await result(http, "eth_getTransactionCount", EOA, "latest") == "0x0"
    assert await result(http, "eth_getTransactionCount", EOA, "pending") == "0x1"
    yard.play(7.0)
    receipt = await result(http, "eth_getTransactionReceipt", name)
    assert (receipt["status"], receipt["transactionHash"]) == ("0x1", name)
    assert (receipt["from"], receipt["to"]) == (EOA, PUSD)
    sent = await result(http, "eth_getTransactionByHash", name)
    assert sent["blockHash"] == receipt["blockHash"]
    assert sent["input"] == APPROVE
    assert yard.holdings.approvals.allowance(EOA, PUSD, COLLATERAL_ADAPTER) == MOST_ALLOWANCE
    balance = int(await result(http, "eth_getBalance", EOA, "latest"), 16)
    assert balance == 100 * 10**18 - int(receipt["gasUsed"], 16) * 30 * GWEI


async def test_one_that_reverts_has_a_receipt_that_says_so(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    pay = asked("transfer(address,uint256)", ANN, 51 * MICRO)
    name = await result(http, "eth_sendRawTransaction", signed(0, PUSD, pay))
    yard.play(7.0)
    assert (await result(http, "eth_getTransactionReceipt", name))["status"] == "0x0"
    assert yard.holdings.usd(EOA) == 50 * MICRO


async def test_a_fee_market_transaction_pays_price_and_tip(
    yard: ChainYard, http: httpx.AsyncClient
) -> None:
    fees = {"gasPrice": None, "maxFeePerGas": 90 * GWEI, "maxPriorityFeePerGas": 5 * GWEI}
    name = await result(http, "eth_sendRawTransaction", signed(0, PUSD, APPROVE, **fees))
    yard.play(7.0)
    receipt = await result(http, "eth_getTransactionReceipt", name)
    assert int(receipt["effectiveGasPrice"], 16) == 35 * GWEI


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (signed(0, PUSD, APPROVE, chainId=1), "invalid chain id for signer: have 1 want 137"),
        (signed(0, PUSD, APPROVE, chainId=None), "only replay-protected"),
        (signed(0, PUSD, APPROVE, gas=20_000), "intrinsic gas too low"),
        (signed(0, PUSD, APPROVE, gasPrice=1), "transaction underpriced"),
        (signed(0, "", "0x", value=200 * 10**18), "insufficient funds"),
        (signed(0, PUSD, APPROVE)[:-2], "rlp"),
        ("0x", "rlp"),
        ("0x02", "rlp"),
        ("0xc0", "rlp"),
    ],
)
async def test_a_node_refuses_in_its_own_words(
    http: httpx.AsyncClient, raw: str, words: str
) -> None:
    told = await error(http, "eth_sendRawTransaction", raw)
    assert told["code"] == -32000
    assert words in told["message"]


async def test_a_call_that_would_revert_says_why(http: httpx.AsyncClient) -> None:
    pay = asked("transfer(address,uint256)", ANN, 51 * MICRO)
    call = {"from": EOA, "to": PUSD, "data": pay}
    for method in ("eth_call", "eth_estimateGas"):
        told = await error(http, method, call)
        assert told["code"] == 3
        words = "ERC20: transfer amount exceeds balance"
        assert told["message"] == f"execution reverted: {words}"
        assert decode(["string"], bytes.fromhex(told["data"][10:]))[0] == words
    assert (await error(http, "eth_call", {"to": PUSD, "data": "0x12345678"})) == {
        "code": 3,
        "message": "execution reverted",
        "data": "0x",
    }


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("eth_mine", [], -32601),
        ("eth_getBalance", ["0x12", "latest"], -32602),
        ("eth_getBalance", [], -32602),
        ("eth_getBalance", [ANN, "latest", 1, 2], -32602),
        ("eth_getBalance", [ANN, "0x1"], -32000),
        ("eth_getBalance", [ANN, "yesterday"], -32602),
        ("eth_call", ["0x", "latest"], -32602),
        ("eth_call", [{"to": PUSD, "data": "0x1"}, "latest"], -32602),
        ("eth_getTransactionReceipt", ["0x12"], -32602),
        ("eth_feeHistory", ["0x0", "latest"], -32602),
        ("eth_feeHistory", ["0xffff", "latest"], -32602),
        ("eth_feeHistory", ["0x400", "latest", [1, 2]], -32602),
    ],
)
async def test_what_is_wrong_has_a_code(
    http: httpx.AsyncClient, method: str, params: list[Any], code: int
) -> None:
    assert (await error(http, method, *params))["code"] == code


async def test_batches_are_answered_in_order_and_bounded(http: httpx.AsyncClient) -> None:
    one = {"jsonrpc": "2.0", "method": "eth_chainId", "params": []}
    batch = [{**one, "id": number} for number in (3, 1, 2)]
    answers = (await http.post("/rpc/", json=[*batch, 5])).json()
    assert [each["id"] for each in answers] == [3, 1, 2, None]
    assert [each.get("result") for each in answers] == ["0x89"] * 3 + [None]
    for bad in ([], [one] * 101, 7, {"id": 1}, {"method": 5}):
        told = (await http.post("/rpc", json=bad)).json()
        assert told["error"]["code"] == -32600
    for noise in (b"", b"{", b"[" * 100_000, b"\xff"):
        told = (await http.post("/rpc", content=noise)).json()
        assert told["error"]["code"] == -32700
    assert (await http.get("/rpc")).status_code == 405
