"""Public reads of the CLOB over a byte-level transport."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
import trio

from polytui.model.errors import Rejected, Retry
from polytui.model.events import NO_WINNER, BookSnapshotted
from polytui.net.clock import Clock
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.clob import Clob

pytestmark = pytest.mark.trio
BOOK = {
    "market": "0x6b",
    "asset_id": "3509",
    "timestamp": "1786604072222",
    "hash": "ed",
    "bids": [{"price": "0.01", "size": "3149725.72"}, {"price": "0.07", "size": "182528.55"}],
    "asks": [{"price": "0.99", "size": "156606.14"}, {"price": "0.08", "size": "228198.28"}],
    "min_order_size": "5",
    "tick_size": "0.01",
    "neg_risk": False,
    "last_trade_price": "0.920",
}


def clob_of(answer: Callable[[httpx.Request], httpx.Response], tries: int = 1) -> Clob:
    http = Http("http://c.test", HttpSettings(tries=tries), httpx.MockTransport(answer))
    return Clob(http, Clock.starting_at(1_800_000_000_000_000_000, 0.0))


def saying(body: object) -> Clob:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return clob_of(lambda request: httpx.Response(200, content=content))


async def test_books_are_stamped_with_the_sessions_clock() -> None:
    (book,) = await saying([BOOK]).books(["3509", "unknown"])
    assert book == BookSnapshotted(
        "3509",
        ((10_000, 3_149_725_720_000), (70_000, 182_528_550_000)),
        ((990_000, 156_606_140_000), (80_000, 228_198_280_000)),
        10_000,
        1_786_604_072_222_000_000,
        1_800_000_000_000_000_000,
        "rest",
    )


async def test_books_are_asked_in_batches_and_asked_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    batches: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if not batches:
            batches.append(-1)
            return httpx.Response(500)
        batches.append(len(asked))
        return httpx.Response(200, content=json.dumps([{**BOOK, "asset_id": asked[0]["token_id"]}]))

    books = await clob_of(answer, tries=2).books([str(token) for token in range(1, 802)])
    assert batches == [-1, 500, 301]
    assert [book.token_id for book in books] == ["1", "501"]
    assert await saying([]).books([]) == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", Retry),
        (b"[{", Retry),
        ({"error": "no"}, Rejected),
        ([{**BOOK, "bids": [{"price": "0.5", "size": "1"}]}], Rejected),
        ([{**BOOK, "asset_id": ""}], Rejected),
    ],
)
async def test_books_that_are_not_believed(body: object, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await saying(body).books(["3509"])


@pytest.mark.parametrize("spoilt", [{**BOOK, "asset_id": ""}, {**BOOK, "bids": 3}, None])
async def test_one_book_that_cannot_be_believed_is_left_out_alone(spoilt: object) -> None:
    books = await saying([BOOK, spoilt, BOOK]).books(["3509"])
    assert len(books) == 2


async def test_winner() -> None:
    tokens = [{"token_id": "1", "winner": False}, {"token_id": "2", "winner": True}]
    assert await saying({"closed": True, "tokens": tokens}).winner("0x1") == "2"
    assert await saying({"tokens": tokens[:1]}).winner("0x1") is None
    assert await saying({"tokens": [{"token_id": "", "winner": False}]}).winner("0x1") is None
    with pytest.raises(Rejected, match="2 winners"):
        await saying({"tokens": tokens[1:] * 2}).winner("0x1")
    with pytest.raises(Retry):
        await saying(b"").winner("0x1")


async def test_time() -> None:
    assert await saying(b"1795204800").time_s() == 1_795_204_800
    with pytest.raises(Rejected):
        await saying(b'"soon"').time_s()


async def test_a_winner_of_another_market_is_none_and_halves_are_a_cancelled_round() -> None:
    tokens = [{"token_id": "1", "winner": True}, {"token_id": "2", "winner": None}]
    assert await saying({"tokens": tokens, "condition_id": "0x1"}).winner("0x1") == "1"
    with pytest.raises(Rejected, match="another market"):
        await saying({"tokens": tokens, "condition_id": "0x2"}).winner("0x1")
    halves = {"tokens": [{"token_id": "1"}], "is_50_50_outcome": True}
    assert await saying({**halves, "closed": True}).winner("0x1") == NO_WINNER
    assert await saying({**halves, "closed": False}).winner("0x1") is None
