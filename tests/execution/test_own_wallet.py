"""A key's own transactions: what makes room for what."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from polytui.config.secrets import Secret
from polytui.execution.own_wallet import OwnWallet
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.chain_calls import Call
from polytui.venues.polymarket.node import ChainNode
from polytui.venues.polymarket.wallet import WalletType, wallet_of
from polytui.venues.polymarket.wallet_refusals import WalletBusy

pytestmark = pytest.mark.trio
CALL = Call("0x" + "ab" * 20, b"\x01")
GAS, PRICE = 100_000, 50 * 10**9
POL = 10**18


class Node:
    """A chain with one price of gas. State: that price, and whether a cheap one waits there."""

    def __init__(self) -> None:
        self.price, self.refuses = PRICE, False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content)
        some = asked if isinstance(asked, list) else [asked]
        told = [{"jsonrpc": "2.0", "id": one["id"], **self._answer(one["method"])} for one in some]
        return httpx.Response(
            200, content=msgspec.json.encode(told if isinstance(asked, list) else told[0])
        )

    def _answer(self, method: str) -> dict[str, Any]:
        if method == "eth_sendRawTransaction" and self.refuses:
            words = "replacement transaction underpriced"
            return {"error": {"code": -32000, "message": words}}
        numbers = {
            "eth_chainId": 137,
            "eth_estimateGas": GAS,
            "eth_gasPrice": self.price,
            "eth_getBalance": POL,
        }
        return {"result": hex(numbers[method]) if method in numbers else "0x" + "cc" * 32}


async def price_of(wallet: OwnWallet, nonce: int) -> float:
    """In prices of the node with our margin, of a transaction that is sent now."""
    signed = await wallet.sign([CALL], nonce)
    sent = await wallet.send(signed)
    assert sent.nonce == nonce
    return signed.cost_most_wei / (GAS * 1.2) / (PRICE * 1.2)


def a_wallet(node: Node) -> OwnWallet:
    http = Http("http://node", HttpSettings(tries=1), httpx.MockTransport(node))
    return OwnWallet(wallet_of(Secret("0x" + "5c" * 32), WalletType.EOA), ChainNode(http))


async def test_sent_again_with_its_nonce_it_is_dearer_and_the_next_one_is_not() -> None:
    wallet = a_wallet(Node())
    assert await price_of(wallet, 4) == 1.0
    assert await price_of(wallet, 4) == 1.25
    assert await price_of(wallet, 4) == pytest.approx(1.5625)
    assert await price_of(wallet, 5) == 1.0


async def test_what_was_only_signed_makes_nothing_dearer() -> None:
    wallet = a_wallet(Node())
    for _ in range(3):
        await wallet.sign([CALL], 4)
    assert await price_of(wallet, 4) == 1.0


async def test_the_chains_own_price_counts_where_it_is_higher() -> None:
    node = Node()
    wallet = a_wallet(node)
    assert await price_of(wallet, 4) == 1.0
    node.price = 3 * PRICE
    assert await price_of(wallet, 4) == 3.0


async def test_after_a_start_it_climbs_above_what_waits_there() -> None:
    """Of a process before, whose price nobody knows."""
    node = Node()
    wallet = a_wallet(node)
    node.refuses = True
    for _ in range(2):
        with pytest.raises(WalletBusy):
            await price_of(wallet, 4)
    node.refuses = False
    assert await price_of(wallet, 4) == pytest.approx(1.5625)
