"""A node of Polygon, as far as wallets and the venue's clients ask one: JSON-RPC 2.0 over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytui.model.units import NS_PER_S
from polytui.sim.exchange.chain import ChainRefusedError, Receipt, gas_of
from polytui.sim.exchange.contracts import CHAIN_ID
from polytui.sim.exchange.hex_text import NOBODY, is_address, is_bytes, is_hash
from polytui.sim.exchange.names import hash_of
from polytui.sim.exchange.on_chain import OnChain
from polytui.sim.wire.desk.waiting import CutResponse
from polytui.sim.wire.form.api_answer import json_answer
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.world.world import World

if TYPE_CHECKING:
    from polytui.sim.wire.chain.rpc_reads import ContractReads

_MOST_CALLS = 100
"""In one batch."""
_MOST_CELLS = 1024
"""Of a history of fees."""
_MOST_BRACKETS = 10 * _MOST_CALLS
_MOST_BYTES = 262_144
"""Of one transaction's call data."""
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_NOW = ("latest", "pending", "safe", "finalized")
_PARSE, _INVALID, _UNKNOWN, _PARAMS, _SERVER, _INTERNAL, _REVERTED = (
    -32700,
    -32600,
    -32601,
    -32602,
    -32000,
    -32603,
    3,
)
_GAS_LIMIT = 45_000_000
_TIP = 30 * 10**9
_NO_BLOOM = "0x" + "00" * 256
_CODE = "0x363d3d373d3d363d7f"
"""How proxies begin; what follows nobody here asks for."""
_ERROR_STRING = bytes.fromhex("08c379a0")
Json = dict[str, Any]


class _RpcError(Exception):
    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(code, message)
        self.body: Json = {"code": code, "message": message}
        if data is not None:
            self.body["data"] = data


class RpcApi:
    """Answers of the present block; this node keeps no state of earlier ones."""

    def __init__(self, world: World, on_chain: OnChain) -> None:
        self._world = world
        self._on_chain = on_chain
        self._chain = on_chain.chain
        self._reads: ContractReads | None = None
        self._is_cut = False
        """The answer to what was just sent is lost."""
        self._methods: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(CHAIN_ID),
            "net_version": lambda: str(CHAIN_ID),
            "web3_clientVersion": lambda: "polytui/simulated",
            "eth_syncing": lambda: False,
            "eth_blockNumber": lambda: hex(self._chain.block),
            "eth_gasPrice": lambda: hex(self._chain.gas_price_wei),
            "eth_maxPriorityFeePerGas": lambda: hex(_TIP),
            "eth_feeHistory": self._fee_history,
            "eth_getTransactionCount": self._count,
            "eth_getBalance": self._balance,
            "eth_getCode": self._code,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getTransactionByHash": self._transaction,
            "eth_getBlockByNumber": self._block,
        }

    def routes(self, prefix: str) -> list[Route]:
        """With and without the slash that some clients put behind an address."""
        return [Route(path, self.answer, methods=["POST"]) for path in (prefix, f"{prefix}/")]

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        try:
            # Counted beforehand: a decoder goes as deep as the process may recurse, which can be
            # deeper than its stack.
            if body.count(b"[") + body.count(b"{") > _MOST_BRACKETS:
                raise ValueError("too many parts")
            asked = msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return json_answer(_failed(None, _RpcError(_PARSE, "parse error")))
        await load_ethereum()
        if not isinstance(asked, list):
            answer = self._one(asked)
            is_cut, self._is_cut = self._is_cut, False
            return CutResponse() if is_cut else json_answer(answer)
        if not 0 < len(asked) <= _MOST_CALLS:
            words = "batch is empty" if not asked else f"batch has more than {_MOST_CALLS} calls"
            return json_answer(_failed(None, _RpcError(_INVALID, words)))
        return json_answer([self._one(each) for each in asked])

    def _one(self, asked: Any) -> Json:
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            return _failed(None, _RpcError(_INVALID, "invalid request"))
        name, params = asked.get("id"), asked.get("params", [])
        if not isinstance(name, str | int | None):
            return _failed(None, _RpcError(_INVALID, "invalid request"))
        try:
            result = self._result(asked["method"], params)
        except _RpcError as error:
            return _failed(name, error)
        return {"jsonrpc": "2.0", "id": name, "result": result}

    def _result(self, method: str, params: Any) -> Any:
        known = self._methods.get(method)
        if known is None:
            words = f"the method {method[:80]} does not exist/is not available"
            raise _RpcError(_UNKNOWN, words)
        if not isinstance(params, list):
            raise _RpcError(_PARAMS, "params must be an array")
        try:
            signature(known).bind(*params)
        except TypeError:
            raise _RpcError(_PARAMS, f"wrong number of arguments for {method}") from None
        return known(*params)

    # --- accounts -----------------------------------------------------------------------------

    def _count(self, address: Any, block: Any = "latest") -> str:
        self._check_block(block)
        return hex(self._chain.count(_address(address), with_waiting=block == "pending"))

    def _balance(self, address: Any, block: Any = "latest") -> str:
        self._check_block(block)
        return hex(self._chain.balance_wei(_address(address)))

    def _code(self, address: Any, block: Any = "latest") -> str:
        self._check_block(block)
        return _CODE if self._contracts().has_code(_address(address)) else "0x"

    # --- calls --------------------------------------------------------------------------------

    def _call(self, call: Any, block: Any = "latest") -> str:
        from polytui.sim.wire.chain.rpc_reads import ReadRevertError

        self._check_block(block)
        sender, target, _, data = _asked(call)
        try:
            return "0x" + self._contracts().call(sender, target, data).hex()
        except ReadRevertError as revert:
            raise _reverted(str(revert)) from None

    def _estimate(self, call: Any, block: Any = "latest") -> str:
        self._check_block(block)
        sender, target, value, data = _asked(call)
        if data:
            error = self._contracts().why_not(sender, target, value, data)
            if error is not None:
                raise _reverted(error)
        elif value > self._chain.balance_wei(sender):
            raise _RpcError(_SERVER, "insufficient funds for transfer")
        return hex(gas_of(data))

    def _send(self, raw: Any) -> str:
        from polytui.sim.wire.signed.raw_transactions import read_transaction

        troubles = self._chain.troubles
        try:
            sent = read_transaction(_data(raw), self._chain.gas_price_wei)
            if troubles.strike("not_taken"):
                raise _RpcError(_INTERNAL, "internal error")
            self._chain.send(sent)
        except ChainRefusedError as refused:
            raise _RpcError(_SERVER, str(refused)) from None
        self._is_cut = troubles.strike("lose_answer")
        if troubles.strike("unknown"):
            raise _RpcError(_INTERNAL, "internal error")
        return sent.transaction_hash

    # --- what became of them ------------------------------------------------------------------

    def _receipt(self, name: Any) -> Json | None:
        receipt = self._chain.receipt(_hash(name))
        if receipt is None:
            return None
        return {
            **self._place(receipt),
            "from": receipt.sender,
            "to": receipt.to,
            "cumulativeGasUsed": hex(receipt.gas_used),
            "gasUsed": hex(receipt.gas_used),
            "effectiveGasPrice": hex(receipt.gas_price),
            "contractAddress": None,
            "logs": [],
            "logsBloom": _NO_BLOOM,
            "status": "0x1" if receipt.error is None else "0x0",
            "type": "0x0",
        }

    def _transaction(self, name: Any) -> Json | None:
        sent = self._chain.sent(_hash(name))
        if sent is None:
            return None
        receipt = self._chain.receipt(sent.transaction_hash)
        nowhere = {
            "transactionHash": sent.transaction_hash,
            "blockHash": None,
            "blockNumber": None,
            "transactionIndex": None,
        }
        place = nowhere if receipt is None else self._place(receipt)
        return {
            **{key: value for key, value in place.items() if key != "transactionHash"},
            "hash": sent.transaction_hash,
            "from": sent.sender,
            "to": sent.to,
            "nonce": hex(sent.nonce),
            "gas": hex(sent.gas),
            "gasPrice": hex(sent.gas_price),
            "value": hex(sent.value),
            "input": "0x" + sent.data.hex(),
            "chainId": hex(CHAIN_ID),
            "type": "0x0",
        }

    def _place(self, receipt: Receipt) -> Json:
        return {
            "transactionHash": receipt.transaction_hash,
            "blockHash": self._block_hash(receipt.block),
            "blockNumber": hex(receipt.block),
            "transactionIndex": hex(receipt.index),
        }

    # --- blocks -------------------------------------------------------------------------------

    def _block(self, block: Any, _has_transactions: Any = False) -> Json | None:
        number = self._number(block)
        if not 0 <= number <= self._chain.block:
            return None
        return {
            "number": hex(number),
            "hash": self._block_hash(number),
            "parentHash": self._block_hash(number - 1),
            "timestamp": hex(self._chain.block_ns(number) // NS_PER_S),
            "gasLimit": hex(_GAS_LIMIT),
            "gasUsed": "0x0",
            "baseFeePerGas": hex(self._chain.gas_price_wei),
            "transactions": [],
            "logsBloom": _NO_BLOOM,
        }

    def _fee_history(self, count: Any, newest: Any = "latest", percentiles: Any = None) -> Json:
        number, last = _quantity(count), self._number(newest)
        cells = number * max(1, len(percentiles) if isinstance(percentiles, list) else 1)
        if number < 1 or cells > _MOST_CELLS or not isinstance(percentiles, list | None):
            words = f"blocks times percentiles must be from 1 to {_MOST_CELLS}"
            raise _RpcError(_PARAMS, words)
        fees: Json = {
            "oldestBlock": hex(last - number + 1),
            "baseFeePerGas": [hex(self._chain.gas_price_wei)] * (number + 1),
            "gasUsedRatio": [0.5] * number,
        }
        if percentiles:
            fees["reward"] = [[hex(_TIP)] * len(percentiles)] * number
        return fees

    def _number(self, block: Any) -> int:
        if block in _NOW:
            return self._chain.block
        return 0 if block == "earliest" else _quantity(block)

    def _check_block(self, block: Any) -> None:
        """What was then is not kept, and an answer of today would be wrong."""
        if block not in _NOW and _quantity(block) != self._chain.block:
            raise _RpcError(_SERVER, "historical state is not available")

    def _block_hash(self, number: int) -> str:
        return hash_of(f"{self._world.seed}:block:{number}")

    def _contracts(self) -> ContractReads:
        if self._reads is None:
            from polytui.sim.wire.chain.rpc_reads import ContractReads

            on_chain = self._on_chain
            self._reads = ContractReads(
                self._world,
                on_chain.holdings,
                on_chain.effects,
                on_chain.chain,
                on_chain.wallets,
            )
        return self._reads


def _failed(name: Any, error: _RpcError) -> Json:
    return {"jsonrpc": "2.0", "id": name, "error": error.body}


def _reverted(words: str) -> _RpcError:
    if not words:
        return _RpcError(_REVERTED, "execution reverted", "0x")
    from eth_abi.abi import encode

    data = "0x" + (_ERROR_STRING + encode(["string"], [words])).hex()
    return _RpcError(_REVERTED, f"execution reverted: {words}", data)


def _asked(call: Any) -> tuple[str, str, int, bytes]:
    """Sender, target, value and data of a call object."""
    if not isinstance(call, dict):
        raise _RpcError(_PARAMS, "a call must be an object")
    sender = _address(call.get("from", NOBODY))
    data = call.get("data", call.get("input", "0x"))
    return sender, _address(call.get("to")), _quantity(call.get("value", "0x0")), _data(data)


def _address(value: Any) -> str:
    if not isinstance(value, str) or not is_address(value):
        raise _RpcError(_PARAMS, "invalid address")
    return value.lower()


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not is_hash(value):
        raise _RpcError(_PARAMS, "invalid hash")
    return value.lower()


def _data(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) > _MOST_BYTES * 2 or not is_bytes(value):
        raise _RpcError(_PARAMS, "invalid data")
    return bytes.fromhex(value[2:])


def _quantity(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise _RpcError(_PARAMS, "invalid quantity")
    return int(value, 16)
