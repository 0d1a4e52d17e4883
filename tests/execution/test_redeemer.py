"""Winners come home once and pairs become dollars once, whatever fails and whoever dies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wallet_room import CASH, DOWN, FAULTS, UP, WALLET, Journal, Killed, Room, Session, listed

from polytui.config.redeem import RedeemSettings
from polytui.execution.client import WORK_CONFIRMED as CONFIRMED
from polytui.execution.client import WORK_MEANT as MEANT
from polytui.execution.client import WORK_MINED as MINED
from polytui.execution.client import WORK_SUBMITTED as SUBMITTED
from polytui.execution.wallet_log import WalletLog
from polytui.model import events as ev
from polytui.model.errors import Fatal
from polytui.model.units import MICRO, NS_PER_S

POINTS = (MEANT, SUBMITTED, MINED, CONFIRMED)
SOON = RedeemSettings(within_s=60.0, merge_pairs_usd=5.0, merge_within_s=0.0)
HOUR = 3_600


def a_session(
    tmp_path: Path,
    count: int = 3,
    *,
    rules: RedeemSettings = SOON,
    protocol: str = "v1",
    **more: object,
) -> Session:
    room = Room([listed(number, protocol) for number in range(count)], **more)  # type: ignore[arg-type]
    return Session(room, Journal(), tmp_path / "w.work.jsonl", rules)


def again(before: Session, **changes: object) -> Session:
    """Another process goes on."""
    before.redeemer.log.close()
    return Session(before.room, before.journal, before.path, before.settings, **changes)  # type: ignore[arg-type]


def all_is_home(session: Session) -> None:
    """To the millionth, as the chain has it, our books, and the mind's ledger."""
    room = session.room
    assert room.dollars == session.cash
    _, account = session.journal.ledger()
    assert account.cash == room.dollars
    assert not session.redeemer.log.open
    assert not session.unredeemed.waiting
    assert not session.unredeemed.on_chain
    assert not session.redeemer.log.owed
    assert all(count == 1 for count in room.redeemed.values()), room.redeemed


@pytest.mark.trio
async def test_rounds_wait_for_company_and_go_in_one_batch(tmp_path: Path) -> None:
    session = a_session(tmp_path)
    for one in session.room.rounds:
        session.buy(one, UP, 10)
        session.settle(one, UP)
        await session.live(1)
    assert session.room.sends == 0
    await session.live(10)
    assert session.room.sends == 1
    all_is_home(session)
    assert [type(one) for one in session.told] == [ev.WinnersRedeemed] * 3
    assert session.cash == CASH + 15 * MICRO


@pytest.mark.trio
@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize("most", [1, 20])
async def test_every_kind_of_round_and_wallet(tmp_path: Path, protocol: str, most: int) -> None:
    """Won, lost, void with both sides held, and pairs of which a part was merged before."""
    session = a_session(tmp_path, 4, protocol=protocol, calls_most=most)
    won, lost, void, paired = session.room.rounds
    session.buy(won, UP, 10)
    session.buy(lost, DOWN, 10)
    session.buy(void, UP, 7)
    session.buy(void, DOWN, 4)
    session.buy(paired, UP, 12)
    session.buy(paired, DOWN, 8)
    await session.live(6)
    assert session.room.merged[paired.slug] == 8 * MICRO
    merges = session.room.sends
    for one, winner in ((won, UP), (lost, UP), (void, None), (paired, UP)):
        session.settle(one, winner)
    await session.live(60)
    room = session.room
    assert room.dollars == session.cash == session.journal.ledger()[1].cash
    assert set(room.redeemed) == {won.slug, void.slug, paired.slug}
    assert room.sends - merges == (1 if most > 1 else 4 if protocol == "v2" else 3)
    assert not session.unredeemed.waiting
    assert not session.redeemer.log.owed


@pytest.mark.trio
async def test_pairs_are_merged_at_their_threshold_and_not_before(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 4)
    await session.live(5)
    assert session.room.sends == 0
    session.buy(one, DOWN, 1)
    await session.live(5)
    assert session.room.merged == {one.slug: 5 * MICRO}
    ledger, account = session.journal.ledger()
    assert ledger.positions.of(one.slug).up == 5 * MICRO
    assert account.cash == session.room.dollars == session.cash


@pytest.mark.trio
async def test_sides_that_two_strategies_hold_are_no_pairs(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    session.redeemer.redeemable.pairs_of = lambda asset, slug: 3 * MICRO
    await session.live(5)
    assert session.room.sends == 0
    session.redeemer.redeemable.pairs_of = lambda asset, slug: 6 * MICRO
    await session.live(5)
    assert session.room.merged == {one.slug: 6 * MICRO}


@pytest.mark.trio
async def test_nobody_listens_so_nothing_is_merged(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    session.is_listening = False
    await session.live(5)
    assert session.room.sends == 0


# --- kill -9 --------------------------------------------------------------------------------------


@pytest.mark.trio
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("what", ["redeem", "merge"])
@pytest.mark.parametrize("is_journaled", [True, False])
async def test_killed_at_each_step_it_is_done_once(
    tmp_path: Path, point: str, what: str, is_journaled: bool
) -> None:
    """Written down, submitted, mined, confirmed; whether its journal reached the disk or not."""
    session = a_session(tmp_path, 2)
    one, other = session.room.rounds
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    session.buy(other, UP, 6)
    if what == "redeem":
        session.buy(one, UP, 3)
        session.redeemer.redeemable.pairs_of = lambda asset, slug: 0
        session.settle(one, UP)
        session.settle(other, UP)
    before = len(session.journal.heard)
    session.kill_at = lambda passed: passed == point
    with pytest.raises(Killed):
        await session.live(20)
    if not is_journaled:
        del session.journal.heard[before:]
    session = again(session)
    await session.live(20)
    if what == "merge":
        assert session.room.merged == {one.slug: 10 * MICRO}
        assert session.cash == session.room.dollars == session.journal.ledger()[1].cash
        merges = [e for *_, e in session.journal.heard if isinstance(e, ev.PairsMerged)]
        assert len({each.key for each in merges}) == 1
        session.settle(one, UP)
        session.settle(other, UP)
        await session.live(20)
    else:
        assert session.room.redeemed == {one.slug: 1, other.slug: 1}
    all_is_home(session)


@pytest.mark.trio
async def test_winners_that_wait_are_known_by_name_after_a_restart(tmp_path: Path) -> None:
    session = a_session(tmp_path, 2)
    for one in session.room.rounds:
        session.buy(one, UP, 10)
        session.settle(one, UP, on_chain=False)
    await session.live(3)
    assert len(session.redeemer.log.owed) == 2
    session = again(session)
    assert session.unredeemed.worth == 20 * MICRO
    for one in session.room.rounds:
        session.resolve(one, UP)
    await session.live(10)
    all_is_home(session)


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.trio
async def test_a_result_that_is_three_hours_late_is_waited_for_and_said(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP, on_chain=False)
    await session.live(3 * 60, each_s=60.0)
    assert session.room.sends == 0
    assert sum("no result yet" in text for text in session.said) == 1
    session.resolve(one, UP)
    await session.live(10)
    all_is_home(session)


@pytest.mark.trio
async def test_a_quota_that_is_used_up_is_waited_for(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.room.script = ["quota"]
    session.buy(one, UP, 10)
    session.settle(one, UP)
    await session.live(10)
    sends = session.room.sends
    assert sends == 1
    assert "quota exceeded" in session.redeemer.why_paused
    await session.live(100, each_s=30.0)
    assert session.room.sends == 1
    await session.live(40, each_s=30.0)
    all_is_home(session)
    assert sum("quota" in text for text in session.said) == 1


@pytest.mark.trio
async def test_a_day_has_so_many_calls_and_no_more(tmp_path: Path) -> None:
    rules = evolve(SOON, calls_per_day=2)
    session = a_session(tmp_path, 4, rules=rules, calls_most=1)
    for one in session.room.rounds:
        session.buy(one, UP, 10)
        session.settle(one, UP)
    await session.live(60)
    assert session.room.sends == 2
    assert sum("calls_per_day" in text for text in session.said) == 1
    await session.live(26, each_s=HOUR)
    assert session.room.sends == 4
    all_is_home(session)


@pytest.mark.trio
async def test_a_number_that_another_program_used_is_taken_anew(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.room.script = ["stolen"]
    session.buy(one, UP, 10)
    session.buy(one, DOWN, 10)
    await session.live(20)
    assert session.room.merged == {one.slug: 10 * MICRO}
    assert session.room.sends == 2
    session.settle(one, UP)
    await session.live(3)
    assert session.room.dollars == session.cash


@pytest.mark.trio
async def test_a_round_that_reverts_does_not_hold_the_others_and_is_left_alone_in_words(
    tmp_path: Path,
) -> None:
    session = a_session(tmp_path, 3)
    bad, *good = session.room.rounds
    for one in session.room.rounds:
        session.buy(one, UP, 10)
        session.settle(one, UP)
    # The chain says that it is resolved, and its contract refuses all the same.

    def fails(calls: list) -> None:
        if any(bad.condition_id[2:] in call.data.hex() for call in calls):
            raise ValueError("execution reverted")
        inner(calls)

    inner = session.room.execute
    session.room.doing = fails
    await session.live(400, each_s=60.0)
    assert session.room.redeemed == {one.slug: 1 for one in good}
    assert session.room.sends <= 1 + len(good) + SOON.tries
    (left,) = [text for text in session.said if "left alone" in text]
    assert bad.slug in left
    assert [live.listed.slug for live in session.unredeemed.waiting] == [bad.slug]
    assert session.room.dollars + 10 * MICRO == session.cash, "still counted, and still waited for"


@pytest.mark.trio
async def test_dust_goes_along_and_is_no_reason_to_go(tmp_path: Path) -> None:
    session = a_session(tmp_path, 2, rules=evolve(SOON, dust_usd=2.0))
    dust, other = session.room.rounds
    session.buy(dust, UP, 1)
    session.settle(dust, UP)
    await session.live(50)
    assert session.room.sends == 0
    session.buy(other, UP, 10)
    session.settle(other, UP)
    await session.live(10)
    assert session.room.sends == 1
    all_is_home(session)


@pytest.mark.trio
async def test_what_somebody_else_redeemed_is_home(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP)
    session.room.tokens[one.up_token] = 0
    session.room.dollars += 10 * MICRO
    await session.live(20)
    assert session.room.sends == 0
    assert not session.unredeemed.waiting
    assert session.room.dollars == session.cash


@pytest.mark.trio
async def test_shares_that_nobody_here_bought_are_money_and_no_result(tmp_path: Path) -> None:
    """In a round that was traded as well, and in one that no ledger knows."""

    class Asked:
        async def rounds(self, known: object) -> list[object]:
            return [strange] if strange.slug not in known else []  # type: ignore[operator]

    session = a_session(tmp_path, 2)
    one, strange = session.room.rounds
    session.books.rounds.forget(strange.slug)
    session.redeemer.redeemable.strangers = Asked()
    session.buy(one, UP, 10)
    session.room.tokens[one.up_token] += 3 * MICRO
    session.room.tokens[strange.down_token] = 4 * MICRO
    session.settle(one, UP)
    session.resolve(strange, DOWN)
    await session.live(10)
    assert session.room.redeemed == {one.slug: 1, strange.slug: 1}
    assert session.room.dollars == session.cash + 7 * MICRO
    found = {deed.words.split()[0]: deed for deed in session.unredeemed.found}
    assert found[one.slug].amount == 3 * MICRO
    assert found[strange.slug].amount == 4 * MICRO
    assert {deed.kind for deed in found.values()} == {ev.CashKind.REDEMPTION}


@pytest.mark.trio
async def test_losers_of_nobodys_rounds_are_looked_at_once(tmp_path: Path) -> None:
    asked: list[bool] = []

    class Asked:
        async def rounds(self, known: object) -> list[object]:
            asked.append(strange.slug in known)  # type: ignore[operator]
            return [] if asked[-1] else [strange]

    session = a_session(tmp_path, 1)
    (strange,) = session.room.rounds
    session.books.rounds.forget(strange.slug)
    session.redeemer.redeemable.strangers = Asked()
    session.room.tokens[strange.down_token] = 4 * MICRO
    session.resolve(strange, UP)
    await session.live(20)
    assert session.room.sends == 0
    assert asked == [False, *[True] * 19]


# --- all of it together ---------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("buy"), st.integers(0, 3), st.sampled_from([UP, DOWN]), st.integers(1, 9)
        ),
        st.tuples(st.just("settle"), st.integers(0, 3), st.sampled_from([UP, DOWN, None])),
        st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
        st.tuples(st.just("live"), st.integers(1, 8)),
        st.tuples(st.just("kill"), st.sampled_from(POINTS), st.integers(0, 2)),
    ),
    max_size=30,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS, st.sampled_from(["v1", "v2"]), st.sampled_from([1, 20]))
def test_whatever_happens_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple], protocol: str, most: int
) -> None:
    async def play() -> None:
        folder = tmp_path_factory.mktemp("w")
        session = a_session(folder, 4, protocol=protocol, calls_most=most)
        ended: set[int] = set()
        for kind, *what in steps:
            match kind, what:
                case "buy", [number, outcome, shares] if number not in ended:
                    session.buy(session.room.rounds[number], outcome, shares)
                case "settle", [number, winner] if number not in ended:
                    ended.add(number)
                    session.settle(session.room.rounds[number], winner)
                case "fault", [fault]:
                    session.room.script.append(fault)
                case "live", [count]:
                    session = await lived(session, count)
                case "kill", [point, after]:
                    session.kill_at = after_so_many(point, after)
                    session = await lived(session, 6)
                    session.kill_at = lambda point: False
        session.room.script.clear()
        for number in range(4):
            if number not in ended:
                session.settle(session.room.rounds[number], UP)
        await session.live(150, each_s=600.0)
        room = session.room
        assert room.dollars == session.cash == session.journal.ledger()[1].cash
        assert not session.redeemer.log.open
        assert not session.unredeemed.waiting

    trio.run(play)


def after_so_many(point: str, count: int):
    left = [count]

    def is_time(passed: str) -> bool:
        if passed != point:
            return False
        left[0] -= 1
        return left[0] < 0

    return is_time


async def lived(session: Session, count: int) -> Session:
    """Some steps; killed on the way, another process goes on."""
    try:
        await session.live(count)
    except Killed:
        return again(session)
    return session


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_a_last_line_that_was_cut_short_was_never_acted_on(tmp_path: Path) -> None:
    session = a_session(tmp_path, 1)
    (one,) = session.room.rounds
    session.buy(one, UP, 10)
    session.settle(one, UP)
    session.kill_at = lambda point: point == SUBMITTED
    with pytest.raises(Killed):
        await session.live(20)
    session.redeemer.log.close()
    assert session.path is not None
    whole = session.path.read_bytes()
    for cut in (1, 200):
        session.path.write_bytes(whole + whole[-400:][:cut])
        log = WalletLog(WALLET, session.path, lambda: session.room.at_ns)
        log.begin()
        log.close()
        assert len(log.open) == 1
        assert session.path.read_bytes().endswith(b"\n")
        assert all(json.loads(line) for line in session.path.read_bytes().splitlines())


def test_another_wallets_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "w.work.jsonl"
    log = WalletLog(WALLET, path, lambda: 1)
    log.begin()
    log.close()
    with pytest.raises(Fatal, match="move it away"):
        WalletLog("0x" + "cd" * 20, path, lambda: 1).begin()


def test_what_is_over_for_a_week_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "w.work.jsonl"

    async def work() -> None:
        session = a_session(tmp_path, 1)
        session.buy(session.room.rounds[0], UP, 10)
        session.settle(session.room.rounds[0], UP)
        await session.live(10)
        assert session.redeemer.log.ended
        log = again(session).redeemer.log
        assert log.ended
        session.room.at_ns += 8 * 86_400 * NS_PER_S
        log.close()

    trio.run(work)
    later = WalletLog(WALLET, path, lambda: 1_795_204_800 * NS_PER_S + 9 * 86_400 * NS_PER_S)
    later.begin()
    assert later.ended == {}
    later.close()
