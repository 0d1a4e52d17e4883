"""A node of the chain: JSON-RPC over HTTP, many questions in one request where the node takes that.

What it says is as of its newest block. A call that its contract refuses is `Reverted`, which is an
answer; errors of the node itself are the four of `model/errors.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from attrs import frozen

from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.net.http import Http, body_of
from polytui.net.http_answer import HttpAnswer
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.wallet_refusals import NoGas, NonceIs, WalletBusy

_AT_ONCE = 4
_BATCH_MOST, _BATCH_FEW = 40, 3
"""Questions in one request; public nodes take 100 at most, some only a few: dRPC and 1RPC three."""
_LIMITED = (-32005, -32016, 429)
_BAD = (-32700, -32600, -32601, -32602)
_REVERTS = ("revert", "invalid opcode")
_NEXT_NONCE = re.compile(r"next nonce (\d{1,20})")
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
Json = dict[str, Any]


@frozen
class RpcQuestion:
    """One question."""

    method: str
    params: tuple[Any, ...] = ()


@frozen
class Reverted:
    """A contract's refusal."""

    why: str
    """In its words, plain text; they may be none."""


@frozen
class NodeFault:
    """What a node says where it has no answer."""

    code: int
    words: str

    @property
    def is_limit(self) -> bool:
        words = self.words.lower()
        return self.code in _LIMITED or "rate limit" in words or "too many requests" in words

    @property
    def is_revert(self) -> bool:
        return self.code == _REVERTED or any(one in self.words.lower() for one in _REVERTS)

    @property
    def is_of_batch(self) -> bool:
        """Not of this question: of how many came with it."""
        words = self.words.lower()
        return "batch" in words and not any(one in words for one in _REVERTS)


_REVERTED = 3


@frozen
class TransactionReceipt:
    """Of a transaction that is in a block."""

    block: int
    is_done: bool
    """False: reverted, and paid for all the same."""
    gas_wei: int
    """What it cost."""


class _Answer(msgspec.Struct, gc=False):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")


class _Error(msgspec.Struct, gc=False):
    code: int = 0
    message: str = ""


class _Receipt(msgspec.Struct, gc=False, rename="camel"):
    block_number: str
    status: str
    gas_used: str
    effective_gas_price: str


class _BlockRow(msgspec.Struct, gc=False):
    timestamp: str


_decode_one = msgspec.json.Decoder(_Answer).decode
_decode_many = msgspec.json.Decoder(list[_Answer]).decode
_decode_error = msgspec.json.Decoder(_Error).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_receipt = msgspec.json.Decoder(_Receipt | None).decode
_decode_block = msgspec.json.Decoder(_BlockRow).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class ChainNode:
    """State: how many questions the node takes in one request."""

    def __init__(self, http: Http) -> None:
        """Nobody but who made `http` closes it."""
        self._http = http
        self._where = http.where("POST", "")
        self._lane = http.lane("node", _AT_ONCE)
        self._most = _BATCH_MOST

    # --- reads --------------------------------------------------------------------------------

    async def call(self, target: str, data: bytes) -> bytes | Reverted:
        (found,) = await self.calls([(target, data)])
        return found

    async def calls(
        self, asked: Sequence[tuple[str, bytes]], together: int = 1
    ) -> list[bytes | Reverted]:
        """What contracts return to (target, data), in that order. So many one after the other go
        in one request, if the node takes as many. Even then it may be several nodes behind one
        address that answer, each as of a block of its own."""
        found = await self.ask([_read_call(target, data) for target, data in asked], together)
        return [_returned(self._where, one) for one in found]

    async def numbers(self, *asked: RpcQuestion) -> list[int]:
        """Answers that are quantities; Rejected or Retry where one is none."""
        found = await self.ask(asked)
        return [self._quantity(one) for one in found]

    async def chain_id(self) -> int:
        return (await self.numbers(RpcQuestion("eth_chainId")))[0]

    async def nonce(self, address: str) -> int:
        """Of an address's next transaction, as the newest block has it: whatever waits does not
        count, for it may never come."""
        return (await self.numbers(_count(address)))[0]

    async def gas_price_wei(self) -> int:
        return (await self.numbers(RpcQuestion("eth_gasPrice")))[0]

    async def pol_wei(self, address: str) -> int:
        return (await self.numbers(RpcQuestion("eth_getBalance", (address, "latest"))))[0]

    async def gas_of(self, sender: str, target: str, data: bytes, value: int = 0) -> int | Reverted:
        """What a call would take just now. NoGas where the sender cannot pay for it."""
        call = {"from": sender, "to": target, "data": _hex(data), "value": hex(value)}
        (found,) = await self.ask([RpcQuestion("eth_estimateGas", (call,))])
        if isinstance(found, NodeFault):
            if found.is_revert:
                return Reverted(_why(found.words))
            if "insufficient funds" in found.words.lower():
                raise NoGas(f"{self._where}: {found.words}; send POL to {sender}")
        return self._quantity(found)

    async def receipt(self, transaction_hash: str) -> TransactionReceipt | None:
        """None while it is in no block."""
        (found,) = await self.ask([RpcQuestion("eth_getTransactionReceipt", (transaction_hash,))])
        try:
            told = _decode_receipt(self._sure(found))
            if told is None:
                return None
            if told.status not in ("0x0", "0x1"):
                raise ValueError(f"status {told.status[:20]!r}")
            used, price = _quantity(told.gas_used), _quantity(told.effective_gas_price)
            return TransactionReceipt(
                _quantity(told.block_number), told.status == "0x1", used * price
            )
        except WIRE_FAULTS as fault:
            raise self._unreadable(fault) from None

    async def is_known(self, transaction_hash: str) -> bool:
        """Whether it waits there, or is in a block."""
        (found,) = await self.ask([RpcQuestion("eth_getTransactionByHash", (transaction_hash,))])
        try:
            return _decode_any(self._sure(found)) is not None
        except WIRE_FAULTS as fault:
            raise self._unreadable(fault) from None

    async def block(self) -> int:
        return (await self.numbers(RpcQuestion("eth_blockNumber")))[0]

    async def newest_block_s(self) -> int:
        """When its newest block was made, in seconds of Unix time."""
        (found,) = await self.ask([RpcQuestion("eth_getBlockByNumber", ("latest", False))])
        try:
            return _quantity(_decode_block(self._sure(found)).timestamp)
        except WIRE_FAULTS as fault:
            raise self._unreadable(fault) from None

    # --- what changes something -----------------------------------------------------------------

    async def send_raw(self, raw: bytes, sender: str) -> None:
        """A signed transaction. One that the node has already is sent. `NoGas`, `NonceIs`,
        `WalletBusy` (another one with its nonce waits) or Rejected where it was refused, Retry
        where it may be sent again, Unknown where it may have arrived."""
        asked = RpcQuestion("eth_sendRawTransaction", (_hex(raw),))
        answer = await self._http.ask(
            "POST", "", body=_encode(_document(0, asked)), lane=self._lane
        )
        body = body_of(self._where, answer, is_read=False)
        try:
            told = _decode_one(body)
            fault = _fault_in(told)
            if fault is None and not _HASH.fullmatch(_decode_text(told.result)):
                raise ValueError("no hash of a transaction")
        except WIRE_FAULTS as error:
            words = f"{self._where}: unreadable: {plain(error)}"
            raise Unknown(f"{words}; it may have arrived, look before sending it again") from None
        if fault is not None:
            await self._refused(fault, sender)

    async def _refused(self, fault: NodeFault, sender: str) -> None:
        words, detail = fault.words.lower(), f"{self._where}: {fault.words}"
        if "already known" in words or "known transaction" in words or "alreadyknown" in words:
            return
        if "nonce too low" in words:
            told = _NEXT_NONCE.search(words)
            nonce = int(told[1]) if told else await self.nonce(sender)
            raise NonceIs(f"{detail}; see what was done with it", nonce)
        if "insufficient funds" in words:
            raise NoGas(f"{detail}; send POL to {sender}")
        if "replacement transaction underpriced" in words:
            raise WalletBusy(f"{detail}; another one with this nonce waits")
        if "underpriced" in words or "txpool is full" in words or fault.is_limit:
            raise Retry(f"{detail}; it may be sent again")
        if fault.code in _BAD or any(one in words for one in _REFUSALS):
            raise Rejected(f"{detail}; ask for something else")
        raise Unknown(f"{detail}; it may have arrived, look before sending it again")

    # --- how it is asked ------------------------------------------------------------------------

    async def ask(
        self, asked: Sequence[RpcQuestion], together: int = 1
    ) -> list[msgspec.Raw | NodeFault]:
        """Every answer, or why there is none, in the order of the questions; `together` as of
        `calls`. Raises only what holds for all of them."""
        found: list[msgspec.Raw | NodeFault] = []
        while len(found) < len(asked):
            size = max(self._most - self._most % together, 1)
            some = asked[len(found) : len(found) + size]
            told = await self._some(some)
            if told is None:
                self._most = _BATCH_FEW if len(some) > _BATCH_FEW else 1
                continue
            found += told
        return found

    async def _some(self, asked: Sequence[RpcQuestion]) -> list[msgspec.Raw | NodeFault] | None:
        """None: the node does not take so many at once."""
        is_one = len(asked) == 1
        documents = [_document(number, one) for number, one in enumerate(asked)]
        body = _encode(documents[0] if is_one else documents)

        async def once() -> list[msgspec.Raw | NodeFault] | None:
            answer = await self._http.ask("POST", "", body=body, is_read=True, lane=self._lane)
            if not is_one and _is_too_many(answer):
                return None
            content = body_of(self._where, answer, is_read=True)
            try:
                if is_one:
                    return self._in_order([_decode_one(content)], 1)
                if not content.lstrip().startswith(b"["):
                    _decode_one(content)
                    return None
                found = _decode_many(content)
                if any(_is_of_batch(one) for one in found):
                    return None
                return self._in_order(found, len(asked))
            except WIRE_FAULTS as fault:
                raise self._unreadable(fault) from None

        return await self._http.again(once)

    def _in_order(self, answers: list[_Answer], count: int) -> list[msgspec.Raw | NodeFault]:
        by_id = {one.id: one for one in answers}
        if len(by_id) != len(answers) or set(by_id) != set(range(count)):
            raise ValueError("answers to other questions")
        found: list[msgspec.Raw | NodeFault] = []
        for number in range(count):
            fault = _fault_in(by_id[number])
            if fault is not None and fault.is_limit and not fault.is_revert:
                raise Retry(f"{self._where}: {fault.words}; try again later")
            found.append(fault or by_id[number].result)
        return found

    def _sure(self, found: msgspec.Raw | NodeFault) -> msgspec.Raw:
        if not isinstance(found, NodeFault):
            return found
        words = f"{self._where}: {found.words}"
        if found.code in _BAD:
            raise Rejected(f"{words}; ask another node")
        raise Retry(f"{words}; try again")

    def _quantity(self, found: msgspec.Raw | NodeFault) -> int:
        raw = self._sure(found)
        try:
            return _quantity(_decode_text(raw))
        except WIRE_FAULTS as fault:
            raise self._unreadable(fault) from None

    def _unreadable(self, why: object) -> Retry:
        return Retry(f"{self._where}: the node's answer is unreadable: {plain(why)}; try again")


_TOO_MANY_AT_ONCE = (400, 413)
_REFUSALS = ("gas limit", "intrinsic gas", "chain id", "invalid sender", "rlp", "nonce too high")


def _is_too_many(answer: HttpAnswer) -> bool:
    """dRPC and 1RPC say so by a 500 with words."""
    if answer.status in _TOO_MANY_AT_ONCE:
        return True
    return answer.status >= 500 and b"batch" in answer.body.lower()


def _is_of_batch(answer: _Answer) -> bool:
    fault = _fault_in(answer)
    return fault is not None and fault.is_of_batch


def _count(address: str) -> RpcQuestion:
    return RpcQuestion("eth_getTransactionCount", (address, "latest"))


def _read_call(target: str, data: bytes) -> RpcQuestion:
    return RpcQuestion("eth_call", ({"to": target, "data": _hex(data)}, "latest"))


def _returned(where: str, found: msgspec.Raw | NodeFault) -> bytes | Reverted:
    if isinstance(found, NodeFault):
        if found.is_revert:
            return Reverted(_why(found.words))
        raise Retry(f"{where}: {found.words}; try again")
    try:
        text = _decode_text(found)
        if not _BYTES.fullmatch(text):
            raise ValueError(f"no bytes: {text[:40]!r}")
        return bytes.fromhex(text[2:])
    except WIRE_FAULTS as fault:
        raise Retry(f"{where}: the node's answer is unreadable: {plain(fault)}") from None


def _why(words: str) -> str:
    """Without the node's own words before the contract's."""
    return words.partition("execution reverted")[2].strip(": ") or words


def _fault_in(answer: _Answer) -> NodeFault | None:
    """What stands in place of an answer; ValueError where there is neither."""
    if bytes(answer.error) in (b"", b"null"):
        if not bytes(answer.result):
            raise ValueError("neither an answer nor an error")
        return None
    told = _decode_error(answer.error)
    return NodeFault(told.code, plain(told.message))


def _quantity(text: str) -> int:
    if not _QUANTITY.fullmatch(text):
        raise ValueError(f"no quantity: {text[:40]!r}")
    return int(text, 16)


def _document(number: int, asked: RpcQuestion) -> Json:
    return {"jsonrpc": "2.0", "id": number, "method": asked.method, "params": asked.params}


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
