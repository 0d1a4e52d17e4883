"""The relayer: pays the gas of what a wallet asks of the chain, a batch at a time.

A submission that has no answer may have been taken. Nothing here sends it again; whoever does sends
the same nonce, which is good for one batch. Refusals are told apart by the relayer's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

import msgspec
from attrs import field, frozen

from polytui.config.relayer_key import GaslessKey
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.model.plain_text import plain
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.net.http_answer import HttpAnswer
from polytui.net.http_request import Params
from polytui.net.pace import RequestPace
from polytui.venues.feed import WIRE_FAULTS
from polytui.venues.polymarket.clob_refusals import Refusal, refusal_in
from polytui.venues.polymarket.ethereum import read_address
from polytui.venues.polymarket.relayer_auth import relayer_headers
from polytui.venues.polymarket.wallet import Wallet, WalletType
from polytui.venues.polymarket.wallet_refusals import NonceIs, QuotaUsed, WalletBusy

SUBMITS_PER_S, SUBMITS_AT_ONCE = 20 / 60, 5
"""The venue's 25 a minute, counted in any minute."""
_READS_AT_ONCE, _SUBMITS = 4, 1
_NOT_THERE, _TOO_MANY, _NOT_YET = 404, 429, 425
_PROVEN = (400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431, 451)
"""Statuses of who was understood, or not even that, and refused."""
_OPEN = ("context canceled", "deadline exceeded", "internal server error", "timed out")
"""It may have been taken, whatever the status beside (as of the CLOB)."""
_QUOTA = re.compile(r"quota exceeded(?:.*resets in (\d{1,9}) seconds)?", re.I)
_BUSY = re.compile(r"wallet busy.*active action|wallet has in-flight action", re.I)
_NONCE = re.compile(r"nonce \d+ does not match on-chain nonce (\d{1,77})\b", re.I)
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
"""It becomes a part of a path."""
_NUMBER = re.compile(r"[0-9]{1,77}")
_KINDS = {WalletType.DEPOSIT: "WALLET", WalletType.SAFE: "SAFE", WalletType.PROXY: "PROXY"}
_DEPLOY = "deposit on the website first, which puts it on the chain: nothing does that from here"
_Told = TypeVar("_Told")


class RelayedState(Enum):
    """How far a batch has come."""

    WAITING = "waiting"
    MINED = "mined"
    CONFIRMED = "confirmed"
    FAILED = "failed"


_STATES = {
    "STATE_MINED": RelayedState.MINED,
    "STATE_CONFIRMED": RelayedState.CONFIRMED,
    "STATE_INVALID": RelayedState.FAILED,
    "STATE_FAILED": RelayedState.FAILED,
}
"""Any other is on its way."""


@frozen
class RelayedAs:
    """What the relayer says of a batch."""

    relayer_id: str
    state: RelayedState
    transaction_hash: str = ""
    why: str = ""
    """Of one that failed, in plain text."""
    nonce: str = ""
    """Empty where it was asked for by its id, as the signature."""
    signature: str = field(default="", repr=False)


@frozen
class NextBatch:
    nonce: int
    relay: str
    """Who broadcasts it, which the owner of a proxy signs; for others the owner's own address."""


class _Deployed(msgspec.Struct, gc=False):
    deployed: bool


class _Next(msgspec.Struct, gc=False):
    address: str
    nonce: str


class _Submitted(msgspec.Struct, gc=False, rename="camel"):
    transaction_id: str = msgspec.field(name="transactionID")


class _State(msgspec.Struct, gc=False):
    transaction_id: str
    state: str
    transaction_hash: str | None = None
    error_msg: str | None = None


class _Row(msgspec.Struct, gc=False, rename="camel"):
    state: str
    transaction_id: str = msgspec.field(name="transactionID")
    transaction_hash: str | None = None
    nonce: str | None = None
    signature: str | None = None
    error_msg: str | None = None


_decode_deployed = msgspec.json.Decoder(_Deployed).decode
_decode_next = msgspec.json.Decoder(_Next).decode
_decode_submitted = msgspec.json.Decoder(_Submitted).decode
_decode_state = msgspec.json.Decoder(_State).decode
_decode_rows = msgspec.json.Decoder(list[_Row]).decode


async def is_deployed(http: Http, wallet: str) -> bool:
    """Of a deposit wallet; anybody may ask. Errors as in `net/http.py`; Retry where the answer
    cannot be read."""
    path = "/deployed"
    body = await http.get(path, {"address": wallet, "type": "WALLET"})
    return _read(http.where("GET", path), body, _decode_deployed).deployed


class RelayerClient:
    """State: the pace of what one wallet submits."""

    def __init__(self, http: Http, wallet: Wallet, key: GaslessKey, clock: SessionClock) -> None:
        """Nobody but who made `http` closes it. A wallet of type eoa has no relayer: ValueError."""
        if wallet.kind not in _KINDS:
            raise ValueError(f"a wallet of type {wallet.kind.label} has no relayer")
        self._http = http
        self._wallet = wallet
        self._key = key
        self._kind = _KINDS[wallet.kind]
        self._pace = RequestPace(SUBMITS_PER_S, SUBMITS_AT_ONCE, lambda: clock.speed)
        self._reads = http.lane("relayer", _READS_AT_ONCE)
        self._submits = http.lane("submits", _SUBMITS)

    async def next_batch(self) -> NextBatch:
        """What the wallet's next batch is signed with."""
        path = "/v1/account/transactions/params"
        if self._wallet.kind is WalletType.PROXY:
            path = "/relay-payload"
        told = await self._asked(
            path, {"address": self._wallet.owner, "type": self._kind}, _decode_next
        )
        where = self._http.where("GET", path)
        if not _NUMBER.fullmatch(told.nonce):
            raise _unreadable(where, f"nonce {told.nonce[:40]!r}")
        try:
            return NextBatch(int(told.nonce), read_address(told.address, "the relay"))
        except Exception as error:
            raise _unreadable(where, error) from None

    async def submit(self, body: bytes) -> str:
        """The relayer's name of the batch. `WalletBusy`, `QuotaUsed`, `NonceIs` and other Rejected
        where it was refused, Retry where it never left, Unknown where it may have been taken."""
        path = "/submit"
        await self._pace.take()
        where = self._http.where("POST", path)
        answer = await self._http.ask(
            "POST",
            path,
            body=body,
            stamp=lambda: self._stamp("POST", path, body),
            lane=self._submits,
        )
        if not answer.is_success:
            raise _judged(where, answer)
        try:
            relayer_id = _decode_submitted(answer.body).transaction_id
            if not _ID.fullmatch(relayer_id):
                raise ValueError(f"no name of a batch: {relayer_id[:40]!r}")
            return relayer_id
        except WIRE_FAULTS as fault:
            raise Unknown(
                f"{where}: unreadable: {plain(fault)}; it may have been taken, look before sending"
                " it again"
            ) from None

    async def state(self, relayer_id: str) -> RelayedAs | None:
        """None for one that the relayer does not know, or knows no longer."""
        path = f"/v1/account/transactions/{relayer_id}"
        try:
            told = await self._asked(path, {}, _decode_state)
        except Rejected as error:
            if error.status == _NOT_THERE:
                return None
            raise
        if told.transaction_id != relayer_id:
            raise _unreadable(self._http.where("GET", path), "another batch")
        return _as_told(relayer_id, told.state, told.transaction_hash, told.error_msg)

    async def recent(self) -> list[RelayedAs]:
        """What this key submitted lately, of whatever wallet."""
        rows = await self._asked("/transactions", {}, _decode_rows)
        return [
            _as_told(
                row.transaction_id,
                row.state,
                row.transaction_hash,
                row.error_msg,
                row.nonce or "",
                row.signature or "",
            )
            for row in rows
        ]

    async def is_deployed(self) -> bool:
        return await is_deployed(self._http, self._wallet.funder)

    async def _asked(self, path: str, params: Params, decode: Callable[[bytes], _Told]) -> _Told:
        where = self._http.where("GET", path)

        async def once() -> _Told:
            answer = await self._http.ask(
                "GET",
                path,
                params=params,
                stamp=lambda: self._stamp("GET", path, b""),
                is_read=True,
                lane=self._reads,
            )
            if not answer.is_success:
                raise _judged_read(where, refusal_in(answer))
            return _read(where, answer.body, decode)

        return await self._http.again(once)

    def _stamp(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        return relayer_headers(self._key, method, path, body)


def _as_told(
    relayer_id: str,
    state: str,
    transaction_hash: str | None,
    why: str | None,
    nonce: str = "",
    signature: str = "",
) -> RelayedAs:
    found = _STATES.get(state, RelayedState.WAITING)
    words = plain(why or state) if found is RelayedState.FAILED else ""
    return RelayedAs(relayer_id, found, transaction_hash or "", words, nonce, signature.lower())


def _read(where: str, body: bytes, decode: Callable[[bytes], _Told]) -> _Told:
    try:
        return decode(body)
    except WIRE_FAULTS as fault:
        raise _unreadable(where, fault) from None


def _unreadable(where: str, why: object) -> Retry:
    return Retry(f"{where}: the relayer's answer is unreadable: {plain(why)}; try again")


def _judged(where: str, answer: HttpAnswer) -> Rejected | Retry | Unknown:
    """The error to raise for a submission that was not taken, or may have been."""
    refusal = refusal_in(answer)
    detail = f"{where}: HTTP {refusal.status} {refusal.words}".rstrip()
    if quota := _QUOTA.search(refusal.words):
        told = float(quota[1]) if quota[1] else answer.retry_after_s
        return QuotaUsed(f"{detail}; until then the wallet waits, or pays its own gas", told)
    if refusal.status in (_TOO_MANY, _NOT_YET):
        return Retry(f"{detail}; it may be sent again", refusal.after_s)
    if _BUSY.search(refusal.words):
        return WalletBusy(f"{detail}; it may be sent again", refusal.after_s)
    if found := _NONCE.search(refusal.words):
        return NonceIs(f"{detail}; see what was done with it", int(found[1]))
    if refusal.status in _PROVEN and not any(one in refusal.words.lower() for one in _OPEN):
        advice = _DEPLOY if "not deployed" in refusal.words else _advice(refusal.status)
        return Rejected(f"{detail}; {advice}", refusal.status, refusal.after_s)
    return Unknown(f"{detail}; it may have been taken, look before sending it again")


def _judged_read(where: str, refusal: Refusal) -> Rejected | Retry:
    detail = f"{where}: HTTP {refusal.status} {refusal.words}".rstrip()
    if refusal.status in _PROVEN:
        return Rejected(f"{detail}; {_advice(refusal.status)}", refusal.status, refusal.after_s)
    return Retry(f"{detail}; try again", refusal.after_s)


def _advice(status: int) -> str:
    if status in (401, 403):
        return "look at the relayer's key and its address"
    return "ask for something else"
