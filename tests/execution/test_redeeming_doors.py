"""What would only revert is not sent: people are told which command mends it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import define, field
from test_redeemer import a_session, all_is_home
from wallet_room import DOWN, UP, Session, listed

from polytui.execution.redeeming_doors import RedeemingDoors
from polytui.model.units import MICRO
from polytui.venues.polymarket.approvals import NEEDED, StandingApproval


@define
class Approvals:
    """State: protocols of which shares may be merged and redeemed, and how often it was asked."""

    given: set[str] = field(factory=set)
    asked: int = 0

    async def __call__(self) -> Sequence[StandingApproval]:
        self.asked += 1
        # Trading is approved everywhere.
        return [
            StandingApproval(one, 1, one.purpose in ("buy", "sell") or one.protocol in self.given)
            for one in NEEDED
        ]


def with_doors(session: Session, given: set[str]) -> Approvals:
    approvals = Approvals(given)
    say = lambda level, asset, text: session.said.append(text)  # noqa: E731
    session.redeemer.redeemable.doors = RedeemingDoors(approvals, session.room, say)
    return approvals


@pytest.mark.trio
@pytest.mark.parametrize("protocol", ["v1", "v2"])
async def test_a_wallet_that_was_set_up_for_trading_alone_sends_nothing(
    tmp_path: Path, protocol: str
) -> None:
    session = a_session(tmp_path, 2, protocol=protocol)
    one, other = session.room.rounds
    approvals = with_doors(session, set())
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    session.buy(other, UP, 10)
    session.settle(other, UP)
    await session.live(240)
    assert session.room.sends == 0
    (said,) = session.said
    assert "`polytui approve`" in said
    assert protocol in said
    assert 30 <= approvals.asked <= 61, "an hour of looks"
    approvals.given.add(protocol)
    await session.live(10)
    assert session.room.merged == {one.slug: 10 * MICRO}
    session.settle(one, UP)
    await session.live(10)
    all_is_home(session)
    assert len(session.said) == 1


@pytest.mark.trio
async def test_the_other_protocol_is_not_held_up(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    newer = listed(1, "v2")
    session.room.rounds.append(newer)
    session.books.list_round(newer)
    with_doors(session, {"v1"})
    for each in (newer, one):
        session.buy(each, UP, 10)
        session.settle(each, UP)
    await session.live(40)
    assert session.room.redeemed == {one.slug: 1}
    assert [live.listed.slug for live in session.unredeemed.waiting] == [newer.slug]


@pytest.mark.trio
async def test_nothing_is_asked_where_nothing_waits(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    approvals = with_doors(session, {"v1"})
    await session.live(20)
    assert approvals.asked == 0
    session.buy(session.room.rounds[0], UP, 10)
    session.settle(session.room.rounds[0], UP)
    await session.live(20)
    assert approvals.asked == 1
    all_is_home(session)
