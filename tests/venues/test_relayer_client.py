"""What the relayer may say, byte by byte: what was taken, what was refused and why, and what nobody
can tell."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_signing import KEY

from polytui.config.relayer_key import RelayerKey
from polytui.config.secrets import Secret
from polytui.execution.relayed_wallet import RelayedWallet
from polytui.execution.wallet_sender import BatchStage, SentBatch
from polytui.model.errors import Rejected, Retry, Unknown
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.relayer import RelayedState, RelayerClient
from polytui.venues.polymarket.wallet import WalletType, wallet_of
from polytui.venues.polymarket.wallet_refusals import NonceIs, QuotaUsed, WalletBusy

pytestmark = pytest.mark.trio
WALLET = wallet_of(KEY, WalletType.DEPOSIT)
RELAYER_KEY = RelayerKey(Secret("a-relayers-word"), WALLET.owner)
CLOCK = Clock(1_795_204_800 * 10**9, 0)
NEXT = {"address": WALLET.owner, "nonce": "7"}
ROW = {
    "transactionID": "0190b317-a",
    "transactionHash": "0x" + "cc" * 32,
    "from": WALLET.owner,
    "nonce": "7",
    "state": "STATE_MINED",
    "signature": "0xABCD",
}


class Answers:
    """A relayer that says what it is told. State: what it was asked."""

    def __init__(self, **by_path: Any) -> None:
        self.asked: list[httpx.Request] = []
        self._by_path = {f"/{path}": said for path, said in by_path.items()}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = self._by_path[request.url.path]
        if isinstance(said, Exception):
            raise said
        status, content = said if isinstance(said, tuple) else (200, said)
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        return httpx.Response(status, content=body)


def client(answers: Answers) -> RelayerClient:
    http = Http("http://relayer", HttpSettings(tries=1), httpx.MockTransport(answers))
    return RelayerClient(http, WALLET, RELAYER_KEY, CLOCK)


async def submitted(said: Any) -> str:
    return await client(Answers(submit=said)).submit(b"{}")


def error(words: str) -> dict[str, str]:
    return {"error": words}


async def test_a_submission_is_one_request_with_the_key_in_its_head() -> None:
    answers = Answers(submit={"transactionID": "0190b317-a", "state": "STATE_NEW", "more": 1})
    assert await client(answers).submit(b'{"type":"WALLET"}') == "0190b317-a"
    (asked,) = answers.asked
    assert asked.content == b'{"type":"WALLET"}'
    assert asked.headers["RELAYER_API_KEY"] == "a-relayers-word"
    assert asked.headers["RELAYER_API_KEY_ADDRESS"] == WALLET.owner


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ((400, error("wallet busy: 0x12 has an active action")), WalletBusy, "sent again"),
        ((400, error("Wallet has in-flight action 0190")), WalletBusy, "sent again"),
        ((429, error("rate limit exceeded")), Retry, "rate limit"),
        ((429, b"<html>slow down</html>"), Retry, "slow down"),
        ((400, error("invalid transaction request payload")), Rejected, "something else"),
        ((400, error("wallet 0x12 is not deployed")), Rejected, "nothing does that from here"),
        ((401, error("invalid authorization")), Rejected, "relayer's key"),
        ((500, error("internal server error")), Unknown, "may have been taken"),
        ((400, error("context canceled")), Unknown, "may have been taken"),
        ((502, b"<html>bad gateway</html>"), Unknown, "may have been taken"),
        ((504, b""), Unknown, "may have been taken"),
        ((302, b""), Unknown, "may have been taken"),
        (b"", Unknown, "unreadable"),
        (b"null", Unknown, "unreadable"),
        (b'{"transactionID":7}', Unknown, "unreadable"),
        ({"transactionID": "../../other"}, Unknown, "no name of a batch"),
        (httpx.ReadTimeout("slow"), Unknown, "may have arrived"),
        (httpx.ConnectError("gone"), Retry, "reachable"),
    ],
)
async def test_what_became_of_a_submission(said: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as told:
        await submitted(said)
    assert type(told.value) is kind
    assert "a-relayers-word" not in str(told.value)


async def test_a_quota_and_a_nonce_say_their_figures() -> None:
    words = "quota exceeded: 0 units remaining, resets in 43210 seconds"
    with pytest.raises(QuotaUsed) as quota:
        await submitted((429, error(words)))
    assert quota.value.after_s == 43_210.0
    with pytest.raises(QuotaUsed) as bare:
        await submitted((429, error("quota exceeded")))
    assert bare.value.after_s is None
    with pytest.raises(NonceIs) as nonce:
        await submitted((400, error("batch nonce 31 does not match on-chain nonce 33")))
    assert nonce.value.nonce == 33


@given(st.binary(max_size=60))
async def test_no_bytes_make_it_say_that_nothing_was_taken(body: bytes) -> None:
    try:
        taken = await submitted(body)
    except Unknown:
        return
    assert taken


async def test_what_it_says_of_a_batch() -> None:
    told = {"transaction_id": "a", "transaction_hash": None, "state": "STATE_X", "error_msg": None}
    path = {"v1/account/transactions/a": told}
    found = await client(Answers(**path)).state("a")
    assert found is not None
    assert (found.state, found.why) == (RelayedState.WAITING, ""), "a state that is new to us"
    told |= {"state": "STATE_FAILED", "error_msg": "execution reverted: \x1b[31mno"}
    found = await client(Answers(**path)).state("a")
    assert found is not None
    assert (found.state, "\x1b" in found.why) == (RelayedState.FAILED, False)
    missing = Answers(**{"v1/account/transactions/a": (404, error("transaction not found"))})
    assert await client(missing).state("a") is None
    told["transaction_id"] = "b"
    with pytest.raises(Retry, match="another batch"):
        await client(Answers(**path)).state("a")


@pytest.mark.parametrize("nonce", ["", "-1", "7.0", "0x7", "9" * 90, "\u0667"])
async def test_a_nonce_that_is_none(nonce: str) -> None:
    said = {"v1/account/transactions/params": {**NEXT, "nonce": nonce}}
    with pytest.raises(Retry, match="unreadable"):
        await client(Answers(**said)).next_batch()


@pytest.mark.parametrize(
    ("nonce", "rows", "stage"),
    [
        ("7", [], BatchStage.NEVER_ARRIVED),
        ("8", [], BatchStage.OVERTAKEN),
        ("8", [ROW], BatchStage.MINED),
        ("7", [{**ROW, "state": "STATE_NEW", "transactionHash": ""}], BatchStage.WAITING),
        ("7", [{**ROW, "state": "STATE_INVALID"}], BatchStage.FAILED),
        ("8", [{**ROW, "signature": None}], BatchStage.OVERTAKEN),
        ("8", [{**ROW, "signature": "0xef"}], BatchStage.OVERTAKEN),
    ],
)
async def test_a_batch_whose_answer_was_lost_is_found_by_its_signature(
    nonce: str, rows: list[Any], stage: BatchStage
) -> None:
    paths: dict[str, Any] = {
        "v1/account/transactions/params": {**NEXT, "nonce": nonce},
        "transactions": rows,
    }
    answers = Answers(**paths)
    fate = await RelayedWallet(WALLET, client(answers), CLOCK).fate(SentBatch(7, "0xabcd"))
    assert fate.stage is stage
    assert [one.url.path for one in answers.asked][-1] == "/transactions", "the nonce comes first"
