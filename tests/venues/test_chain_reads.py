"""What a round pays, as nodes tell that do not stand at the same block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from test_signing import ROUND

from polytui.model.instrument import Round
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.chain_calls import selector
from polytui.venues.polymarket.chain_reads import ChainReads, Payouts
from polytui.venues.polymarket.ethereum import word
from polytui.venues.polymarket.node import ChainNode

pytestmark = pytest.mark.trio

REVERTS = "reverts"
Told = int | str
DENOMINATOR, NUMERATOR, PAYOUT = (
    "0x" + selector(one).hex()
    for one in (
        "payoutDenominator(bytes32)",
        "payoutNumerators(bytes32,uint256)",
        "getPayout(uint256,uint256)",
    )
)
UP_WON, DOWN_WON = Payouts(1_000_000, 0), Payouts(0, 1_000_000)


def round_of(number: int, protocol: str = "v1") -> Round:
    return evolve(
        ROUND,
        slug=f"round-{number}",
        condition_id="0x" + f"{number:064x}",
        up_token=str(2 * number + 10),
        down_token=str(2 * number + 11),
        protocol=protocol,
        is_up_first=True,
    )


def reads(
    answer: Callable[[str], Told], sizes: list[int] | None = None, most: int = 40
) -> ChainReads:
    """Of a node that answers each call by its data, and takes so many at once."""

    def one(asked: Any) -> Any:
        told = answer(asked["params"][0]["data"])
        if told == REVERTS:
            return {"id": asked["id"], "error": {"code": 3, "message": "execution reverted"}}
        return {"id": asked["id"], "result": "0x" + word(int(told)).hex()}

    def answers(request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content)
        if sizes is not None:
            sizes.append(len(asked) if isinstance(asked, list) else 1)
        if not isinstance(asked, list):
            return httpx.Response(200, content=msgspec.json.encode(one(asked)))
        if len(asked) > most:
            words = f"Batch of more than {most} requests are not allowed on free tier"
            refusal = {"id": 0, "error": {"code": 31, "message": words}}
            return httpx.Response(500, content=msgspec.json.encode(refusal))
        return httpx.Response(200, content=msgspec.json.encode([one(each) for each in asked]))

    http = Http("http://node", HttpSettings(tries=1), httpx.MockTransport(answers))
    return ChainReads(ChainNode(http))


def v1(whole: int, first: int, second: int) -> Callable[[str], Told]:
    """Of every condition, in the venue's order of outcomes."""

    def answer(data: str) -> Told:
        if data.startswith(DENOMINATOR):
            return whole
        assert data.startswith(NUMERATOR)
        return second if int(data[-64:], 16) else first

    return answer


def v2(up: Told, down: Told) -> Callable[[str], Told]:
    """Of every round: even tokens are Up's."""

    def answer(data: str) -> Told:
        assert data.startswith(PAYOUT)
        return down if int(data[10:74], 16) % 2 else up

    return answer


@pytest.mark.parametrize(
    ("protocol", "answer", "paid"),
    [
        ("v1", v1(0, 0, 0), None),
        ("v1", v1(1, 1, 0), UP_WON),
        ("v1", v1(1, 0, 1), DOWN_WON),
        ("v1", v1(2, 1, 1), Payouts(500_000, 500_000)),
        # The denominator is of a block that has the result, the rest of one before it.
        ("v1", v1(1, 0, 0), None),
        ("v1", v1(2, 1, 0), None),
        ("v1", v1(0, 0, 1), None),
        ("v2", v2(REVERTS, REVERTS), None),
        ("v2", v2(1_000_000, 0), UP_WON),
        ("v2", v2(0, 1_000_000), DOWN_WON),
        ("v2", v2(333_333, 666_666), Payouts(333_333, 666_666)),
        ("v2", v2(0, REVERTS), None),
        ("v2", v2(0, 0), None),
        ("v2", v2(500_000, 0), None),
        ("v2", v2(1_000_000, 1_000_000), None),
    ],
)
async def test_a_round_is_resolved_where_its_outcomes_make_a_whole(
    protocol: str, answer: Callable[[str], Told], paid: Payouts | None
) -> None:
    listed = round_of(1, protocol)
    told = await reads(answer).payouts([listed])
    assert told == ({} if paid is None else {listed.slug: paid})


@given(st.permutations([(1, 0, 1), (0, 0, 0)] * 2), st.integers(0, 3))
async def test_two_nodes_never_tell_of_a_winner_that_pays_nothing(
    blocks: list[tuple[int, int, int]], first: int
) -> None:
    """Each answer from either, before the result or after it: the truth, or nothing."""
    count = first

    def answer(data: str) -> Told:
        nonlocal count
        count += 1
        return v1(*blocks[count % len(blocks)])(data)

    told = await reads(answer, most=1).payouts([round_of(1)])
    assert told in ({}, {"round-1": DOWN_WON})


def down_won(data: str) -> Told:
    return (v2(0, 1_000_000) if data.startswith(PAYOUT) else v1(1, 0, 1))(data)


async def test_what_is_asked_about_a_round_goes_in_one_request() -> None:
    sizes: list[int] = []
    mixed = [round_of(at, "v2" if at % 4 == 0 else "v1") for at in range(20)]
    told = await reads(down_won, sizes).payouts(mixed)
    assert told == {listed.slug: DOWN_WON for listed in mixed}
    assert list(told) == [listed.slug for listed in mixed]
    assert sizes == [39, 6, 10]


async def test_a_node_that_takes_three_is_asked_a_round_at_a_time() -> None:
    sizes: list[int] = []
    asked = reads(down_won, sizes, most=3)
    mixed = [round_of(1), round_of(2), round_of(3, "v2"), round_of(4, "v2"), round_of(5)]
    assert len(await asked.payouts(mixed)) == 5
    assert sizes == [9, 3, 3, 3, 2, 2]
    assert len(await asked.payouts(mixed[:2])) == 2
    assert sizes[6:] == [3, 3], "and more is not tried again"
