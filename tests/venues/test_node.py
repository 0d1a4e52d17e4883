"""What a node may say, byte by byte: answers, refusals, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.node import ChainNode, Reverted
from polytui.venues.polymarket.wallet_refusals import NoGas, NonceIs, WalletBusy

pytestmark = pytest.mark.trio
OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
HASH = "0x" + "cc" * 32
Said = Callable[[Any], Any]


def node(said: Said, asked: list[Any] | None = None) -> ChainNode:
    """One that answers each request with what `said` makes of it: a document, bytes or (status,
    bytes)."""

    def answer(request: httpx.Request) -> httpx.Response:
        document = msgspec.json.decode(request.content)
        if asked is not None:
            asked.append(document)
        found = said(document)
        if isinstance(found, Exception):
            raise found
        status, content = found if isinstance(found, tuple) else (200, found)
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        return httpx.Response(status, content=body)

    return ChainNode(Http("http://node", HttpSettings(tries=1), httpx.MockTransport(answer)))


def result(value: Any) -> Said:
    return lambda asked: {"jsonrpc": "2.0", "id": asked["id"], "result": value}


def fault(code: int, words: str) -> Said:
    error = {"code": code, "message": words}
    return lambda asked: {"jsonrpc": "2.0", "id": asked["id"], "error": error}


async def test_many_questions_are_one_request_and_their_order_is_kept() -> None:
    asked: list[Any] = []

    def backwards(documents: list[Any]) -> Any:
        return [{"id": one["id"], "result": "0x" + f"{one['id']:064x}"} for one in documents[::-1]]

    found = await node(backwards, asked).calls([(OWNER, bytes((at,))) for at in range(50)])
    assert [int.from_bytes(one, "big") for one in found if isinstance(one, bytes)] == [
        *range(40), *range(10),
    ]  # fmt: skip
    assert [len(one) for one in asked] == [40, 10]


@pytest.mark.parametrize(
    "refusal",
    [
        lambda _: (400, b'{"error":"batch"}'),
        lambda _: (413, b""),
        lambda _: {"id": None, "error": {"code": -32600, "message": "batch too large"}},
        lambda _: (500, b'[{"error":{"code":31,"message":"Batch of more than 1 requests"}}]'),
        lambda asked: [
            {"id": one["id"], "error": {"code": 3, "message": "Batch of more than 1 requests"}}
            for one in asked
        ],
    ],
)
async def test_a_node_that_takes_one_at_a_time_is_asked_so(refusal: Said) -> None:
    asked: list[Any] = []
    one = result("0x07")
    said = node(lambda it: refusal(it) if isinstance(it, list) else one(it), asked)
    assert await said.calls([(OWNER, b"")] * 3) == [b"\7"] * 3
    assert await said.calls([(OWNER, b"")] * 2) == [b"\7"] * 2
    assert [isinstance(each, list) for each in asked] == [True, *[False] * 5], "and not tried again"


@pytest.mark.parametrize(
    "said",
    [
        lambda _: b"",
        lambda _: b"null",
        lambda _: b"{}",
        lambda _: {"id": 9, "result": "0x"},
        lambda asked: {"id": asked["id"], "result": "0x1"},
        lambda asked: {"id": asked["id"], "result": "07"},
        lambda asked: {"id": asked["id"], "result": 7},
        lambda asked: {"id": asked["id"], "error": {"code": -32005, "message": "limit exceeded"}},
        lambda asked: {"id": asked["id"], "error": {"code": -32000, "message": "header missing"}},
        lambda _: (503, b""),
        lambda _: httpx.ReadTimeout("slow"),
    ],
)
async def test_a_read_without_an_answer_may_be_tried_again(said: Said) -> None:
    with pytest.raises(Retry):
        await node(said).call(OWNER, b"")


async def test_a_contracts_refusal_is_an_answer() -> None:
    said = fault(3, "execution reverted: not yet")
    assert await node(said).call(OWNER, b"") == Reverted("not yet")
    assert await node(said).gas_of(OWNER, OWNER, b"") == Reverted("not yet")
    short = fault(-32000, "insufficient funds for gas * price + value")
    with pytest.raises(NoGas, match="send POL"):
        await node(short).gas_of(OWNER, OWNER, b"")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("insufficient funds for gas * price + value: have 0 want 1", NoGas),
        ("replacement transaction underpriced", WalletBusy),
        ("transaction underpriced", Retry),
        ("txpool is full", Retry),
        ("exceeds block gas limit", Rejected),
        ("intrinsic gas too low: gas 1, minimum needed 21000", Rejected),
        ("invalid chain id for signer: have 1 want 137", Rejected),
        ("something that nobody knows", Unknown),
    ],
)
async def test_why_a_transaction_was_not_taken(words: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as told:
        await node(fault(-32000, words)).send_raw(b"\1", OWNER)
    assert type(told.value) is kind


async def test_a_transaction_that_is_there_already_is_sent() -> None:
    await node(result(HASH)).send_raw(b"\1", OWNER)
    await node(fault(-32000, "already known")).send_raw(b"\1", OWNER)


async def test_the_next_nonce_is_told_or_asked_for() -> None:
    with pytest.raises(NonceIs) as told:
        await node(fault(-32000, "nonce too low: next nonce 9, tx nonce 7")).send_raw(b"", OWNER)
    assert told.value.nonce == 9

    def silent(asked: Any) -> Any:
        is_count = asked["method"] == "eth_getTransactionCount"
        return (result("0xb") if is_count else fault(-32000, "nonce too low"))(asked)

    with pytest.raises(NonceIs) as told:
        await node(silent).send_raw(b"", OWNER)
    assert told.value.nonce == 11


@pytest.mark.parametrize(
    "said",
    [
        lambda _: b"",
        lambda _: b"{}",
        lambda _: {"id": 0, "result": "no hash"},
        lambda _: (500, b"oops"),
        lambda _: httpx.ReadTimeout("slow"),
    ],
)
async def test_a_transaction_without_an_answer_may_have_arrived(said: Said) -> None:
    with pytest.raises(Unknown):
        await node(said).send_raw(b"\1", OWNER)


async def test_what_a_block_says_of_a_transaction() -> None:
    whole = {
        "blockNumber": "0x10",
        "status": "0x1",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x2",
        "logs": [],
    }
    told = await node(result(whole)).receipt(HASH)
    assert told is not None
    assert (told.block, told.is_done, told.gas_wei) == (16, True, 42_000)
    failed = await node(result({**whole, "status": "0x0"})).receipt(HASH)
    assert failed is not None
    assert not failed.is_done
    assert await node(result(None)).receipt(HASH) is None
    with pytest.raises(Retry):
        await node(result({**whole, "status": "0x2"})).receipt(HASH)
    assert await node(result({"hash": HASH})).is_known(HASH)
    assert not await node(result(None)).is_known(HASH)


async def test_the_key_in_a_nodes_address_is_shown_to_nobody() -> None:
    key = "k3y0fSomebodyWhoRentsANode"
    refusing = httpx.MockTransport(lambda _: httpx.Response(403, content=f"no {key}".encode()))
    rented = ChainNode(Http(f"https://node/v2/{key}", HttpSettings(tries=1), refusing))
    with pytest.raises(Rejected) as told:
        await rented.chain_id()
    assert key in str(told.value), "in the error itself"
    assert key not in plain(told.value)
    assert "https://node/v2/***" in plain(told.value)


@pytest.mark.parametrize("told", [None, {}, {"timestamp": 7}, {"timestamp": "7"}])
async def test_when_the_newest_block_was_made(told: Any) -> None:
    assert await node(result({"timestamp": "0x6a", "number": "0x1"})).newest_block_s() == 0x6A
    with pytest.raises(Retry):
        await node(result(told)).newest_block_s()
