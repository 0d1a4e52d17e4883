"""What the chain says is believed as far as a node that is behind could not have said it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from attrs import define, evolve
from test_redeemer import SOON, a_session, all_is_home
from wallet_room import DOWN, START_NS, UP, Journal, Room, Session, listed

from polytui.config.redeem import RedeemSettings
from polytui.execution.equal_looks import EqualLooks
from polytui.model.instrument import Interval, Round
from polytui.model.units import MICRO, NS_PER_S, Shares


@define
class ByHand:
    at_ns: int = START_NS

    def now_ns(self) -> int:
        return self.at_ns

    def real_s(self, session_ns: int) -> float:
        return session_ns / NS_PER_S


def with_old_looks(session: Session, shares: dict[str, Shares], count: int) -> None:
    """A node that tells the next so many times what the wallet had before."""
    session.room.old_shares, session.room.old_looks = shares, count


def test_looks_count_when_they_are_equal_many_and_minutes_apart() -> None:
    clock = ByHand()
    looks = EqualLooks(clock)
    assert not any(looks.agree("a", False) for _ in range(50)), "all at once"
    clock.at_ns += 200 * NS_PER_S
    assert not looks.agree("a", True), "another answer"
    clock.at_ns += 200 * NS_PER_S
    assert [looks.agree("a", True) for _ in range(3)] == [False, False, True]
    looks.forget("a")
    clock.at_ns += 200 * NS_PER_S
    assert not looks.agree("a", True)


@pytest.mark.trio
@pytest.mark.parametrize("old_looks", [1, 5])
async def test_a_merge_that_was_done_is_no_less_done_where_a_node_is_behind(
    tmp_path: Path, old_looks: int
) -> None:
    """Its answer was lost, and the relayer's list knows no signatures."""
    session = a_session(tmp_path, 1)
    room, (one,) = session.room, session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    room.script = ["unheard"]
    await session.live(1)
    room.step()
    room.step()
    room.batches.clear()
    ten = Shares(10 * MICRO)
    with_old_looks(session, {one.up_token: ten, one.down_token: ten}, old_looks)
    await session.live(40)
    assert room.merged == {one.slug: ten}
    assert [each.is_done for each in session.redeemer.log.ended.values()] == [True]
    assert room.sends == 1
    session.settle(one, UP)
    await session.live(3)
    all_is_home(session)


@pytest.mark.trio
async def test_a_purchase_that_a_node_has_not_seen_is_no_merge(tmp_path: Path) -> None:
    """The number was used by another program."""
    session = a_session(tmp_path, 1)
    room, (one,) = session.room, session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    room.script = ["stolen"]
    await session.live(1)
    none = Shares(0)
    with_old_looks(session, {one.up_token: none, one.down_token: none}, 2)
    await session.live(40)
    assert room.merged == {one.slug: 10 * MICRO}
    assert room.sends == 2
    assert session.cash == room.dollars


@pytest.mark.trio
async def test_one_look_that_finds_nothing_forgets_no_winner(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP)
    with_old_looks(session, {one.up_token: Shares(0)}, 1)
    await session.live(8)
    assert session.redeemer.log.owed, "still waited for"
    await session.live(20)
    assert session.room.redeemed == {one.slug: 1}
    all_is_home(session)


@pytest.mark.trio
@pytest.mark.parametrize("most", [1, 20])
async def test_a_millionth_that_a_stranger_sent_costs_no_call(tmp_path: Path, most: int) -> None:
    class Asked:
        async def rounds(self, known: object) -> list[Round]:
            return [one for one in strange if one.slug not in known]  # type: ignore[operator]

    session = a_session(tmp_path, 4, calls_most=most, rules=SOON)
    *strange, ours = session.room.rounds
    for one in strange:
        session.books.rounds.forget(one.slug)
        session.room.tokens[one.up_token] = 1
        session.resolve(one, UP)
    session.redeemer.redeemable.strangers = Asked()
    await session.live(60)
    assert session.room.sends == 0
    session.buy(ours, UP, 10)
    session.settle(ours, UP)
    await session.live(20)
    assert session.room.redeemed == {ours.slug: 1}


@pytest.mark.trio
async def test_pairs_wait_for_company_and_not_for_long(tmp_path: Path) -> None:
    """A round after the other has pairs enough, and a winner waits as well: one call."""
    rules = evolve(SOON, within_s=600.0, merge_within_s=60.0)
    session = a_session(tmp_path, 4, rules=rules)
    won, *traded = session.room.rounds
    session.buy(won, UP, 10)
    session.settle(won, UP)
    for one in traded:
        session.buy(one, UP, 10)
        session.buy(one, DOWN, 10)
        await session.live(1)
    assert session.room.sends == 0
    await session.live(4)
    assert session.room.sends == 1
    assert session.room.merged == {one.slug: 10 * MICRO for one in traded}
    assert session.room.redeemed == {won.slug: 1}
    await session.live(2)
    session.buy(traded[0], UP, 10)
    session.buy(traded[0], DOWN, 10)
    await session.live(4)
    assert session.room.sends == 1, "it waits anew"
    await session.live(3)
    assert session.room.sends == 2


@pytest.mark.trio
async def test_a_round_that_ended_while_all_of_it_was_merged_is_waited_for_no_more(
    tmp_path: Path,
) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    await session.live(1)
    session.settle(one, UP, on_chain=False)
    await session.live(4)
    assert session.room.merged == {one.slug: 10 * MICRO}
    all_is_home(session)


async def calls_of_forty_rounds(most: int, at_once: int, rules: RedeemSettings) -> int:
    """So many at a time, five minutes each; in each of them pairs enough every two and a half
    minutes or so, and all of them pay something."""
    room = Room([played(number, at_once) for number in range(40)], calls_most=most)
    session, rng = Session(room, Journal(), None, rules), random.Random(1)
    for first in range(0, 40, at_once):
        together = room.rounds[first : first + at_once]
        next_s = [rng.uniform(0, 200) for _ in together]
        for step in range(10):
            for number, one in enumerate(together):
                if next_s[number] <= step * 30:
                    session.buy(one, UP, 26)
                    session.buy(one, DOWN, 25)
                    next_s[number] += rng.uniform(75, 225)
            await session.live(1, each_s=30.0)
            if step == 2 and first:
                for one in room.rounds[first - at_once : first]:
                    session.resolve(one, UP)
        for one in together:
            session.settle(one, UP, on_chain=first + at_once >= 40)
    await session.live(120, each_s=30.0)
    all_is_home(session)
    assert not session.said
    return room.sends


def played(number: int, at_once: int) -> Round:
    opens_ns = START_NS + number // at_once * Interval.M5.ns
    return evolve(listed(number), opens_ns=opens_ns, closes_ns=opens_ns + Interval.M5.ns)


@pytest.mark.trio
@pytest.mark.parametrize("at_once", [1, 2])
async def test_forty_rounds_are_fewer_calls_than_rounds(at_once: int) -> None:
    assert await calls_of_forty_rounds(20, at_once, RedeemSettings()) <= 22 / at_once


@pytest.mark.trio
async def test_where_pairs_wait_for_no_company_a_round_is_more_than_a_call() -> None:
    eager = RedeemSettings(merge_within_s=0.0, calls_per_day=10_000)
    assert await calls_of_forty_rounds(20, 2, eager) > 40


@pytest.mark.trio
async def test_a_wallet_that_pays_its_gas_makes_a_call_of_each_round_that_pays() -> None:
    assert await calls_of_forty_rounds(1, 4, RedeemSettings()) == 40


@pytest.mark.trio
async def test_the_calls_of_a_day_last_until_its_end(tmp_path: Path) -> None:
    """From eight in the evening: twelve calls are one in twenty minutes, whatever comes."""
    rules = RedeemSettings(within_s=0.0, calls_per_day=12)
    session = a_session(tmp_path, 16, rules=rules)
    sends = []
    for one in session.room.rounds:
        session.buy(one, UP, 10)
        session.settle(one, UP)
        await session.live(60)
        sends.append(session.room.sends)
    assert sends[0] == 1
    assert sends[-1] == 12, "to the last, and none too early"
    assert all(sent <= 2 + number * 15 / 20 for number, sent in enumerate(sends)), sends
    await session.live(80, each_s=60.0)
    assert session.room.sends == 12, "of the next day twelve are one in two hours"
    await session.live(60, each_s=60.0)
    all_is_home(session)


@pytest.mark.trio
async def test_dollars_that_are_short_wait_neither_for_company_nor_for_the_day(
    tmp_path: Path,
) -> None:
    rules = evolve(SOON, within_s=3_600.0, merge_within_s=3_600.0, calls_per_day=2)
    session = a_session(tmp_path, 3, rules=rules)
    first, won, open_still = session.room.rounds
    session.buy(first, UP, 900)
    session.buy(open_still, UP, 300)
    session.settle(first, UP)
    await session.live(4)
    assert session.room.redeemed == {first.slug: 1}, "900 won, 400 free"
    session.buy(won, UP, 100)
    session.settle(won, UP)
    await session.live(40)
    assert session.room.sends == 1, "100 of more than a thousand"
    session.buy(open_still, DOWN, 300, cents=90)
    session.buy(open_still, UP, 700, cents=90)
    await session.live(4)
    assert session.room.merged == {open_still.slug: 300 * MICRO}, "400 wait, 350 are free"
    assert session.room.redeemed == {first.slug: 1, won.slug: 1}
    assert session.room.sends == 2


@pytest.mark.trio
async def test_pairs_of_a_round_that_ends_soon_are_redeemed_with_it(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1, rules=evolve(SOON, merge_within_s=160.0))
    (one,) = session.room.rounds
    session.buy(one, UP, 12)
    session.buy(one, DOWN, 10)
    await session.live(30)
    assert session.room.sends == 0
    session.settle(one, UP)
    await session.live(10)
    assert session.room.merged == {}
    assert session.room.redeemed == {one.slug: 1}
    all_is_home(session)


@pytest.mark.trio
async def test_pairs_of_a_round_that_is_over_are_no_reason_for_a_call(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1, rules=evolve(SOON, merge_within_s=15.0))
    (one,) = session.room.rounds
    await session.live(20)
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    await session.live(5)
    assert session.room.sends == 0


@pytest.mark.trio
async def test_who_pays_its_gas_waits_for_no_company(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1, rules=evolve(SOON, within_s=3_600.0), calls_most=1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP)
    await session.live(4)
    assert session.room.redeemed == {one.slug: 1}
