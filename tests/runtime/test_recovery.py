"""A session begins where the one before it ended, however that ended."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import (
    EAGER,
    OPENS_NS,
    QUIET,
    VirtualClock,
    VirtualEngine,
    VirtualVenue,
    open_next_engine,
    open_venue,
    quick_settings,
)

from polytui.backtest.replay import replay_journal
from polytui.backtest.what_if import compare
from polytui.config.secrets import Secret
from polytui.desk.coming_back import GONE
from polytui.execution.arming import arm_simulated
from polytui.journal.codec import (
    CHECKPOINT_BEGINS,
    BadJournal,
    Continues,
    decode_checkpoint,
    decode_record,
    encode_checkpoint,
    encode_header,
    is_event_line,
)
from polytui.journal.newest_session import newest_session
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.journal.segment_reader import SegmentReader
from polytui.journal.segments import segments_of
from polytui.model.errors import Fatal
from polytui.model.events import Action, Cancelled
from polytui.model.instrument import Asset, Interval
from polytui.model.orders import OrderState
from polytui.model.units import NS_PER_S
from polytui.runtime.modes import opener_of
from polytui.runtime.plan import Plan
from polytui.runtime.recovery import Recovery
from polytui.venues.polymarket.wallet import WalletType, wallet_of

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH
ALONE = quick_settings(session={"assets": (BTC,)}, **EAGER)
ROUND = f"btc-updown-5m-{OPENS_NS // NS_PER_S - 300}"
"""The one that is under way when these sessions begin."""


def a_venue(starts_before_s: float = 30.0, seed: int = 7) -> VirtualVenue:
    clock = VirtualClock(OPENS_NS - int(starts_before_s * NS_PER_S))
    return VirtualVenue(clock, (BTC,), seed, QUIET)


async def dies_holding(venue: VirtualVenue, folder: Path, settings: Any = ALONE) -> VirtualEngine:
    """A session that bought something and was killed; what it was given is on the disk."""
    async with open_next_engine(venue, folder, settings) as engine:
        account = engine.session.mind.account
        await engine.until(lambda: account.open_rounds and not account.working_orders)
        await engine.die()
    return engine


def is_verified(folder: Path) -> bool:
    verdict = replay_journal(folder, is_verifying=True)
    print(verdict.text())
    return verdict.is_equal and verdict.is_verified


def holdings(engine: VirtualEngine) -> dict[str, tuple[int, int, int]]:
    """By round, shares of both outcomes and what they cost."""
    rounds = engine.session.mind.account.of(BTC).exposure.open()
    return {
        slug: (one.up.shares, one.down.shares, one.up.cost + one.down.cost)
        for slug, one in rounds.items()
    }


async def test_money_holdings_and_what_was_learned_come_back(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
        await trio.sleep(10)
        begun = trio.current_time()
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            mind = second.session.mind
            had = first.session.mind.account
            assert mind.account.cash == second.account.cash == had.cash < had.starting_cash
            assert holdings(second) == holdings(first) != {}
            assert mind.account.of(BTC).live.results() == had.of(BTC).live.results()
            desk = mind.desks[BTC]
            seen_s = desk.prices.volatility.seen_s
            assert seen_s > ALONE.market.volatility_warmup_s, seen_s
            await second.until(lambda: any(one.fair_ns > begun for one in desk.rounds))
            assert trio.current_time() - begun < 2.0, "no candle and no average warms up again"
            await second.until(lambda: second.has_settled(BTC, ROUND))
            assert mind.account.cash == second.account.cash
    (line,) = [text for text in second.texts() if text.startswith("recovered")]
    cash = f"{had.cash / 1e6:.2f}"
    assert line.startswith(f"recovered a: 1 position, cash {cash}, kill off, candles ")
    assert line.endswith("min, away 10 s")
    with JournalReader(tmp_path / "b") as journal:
        assert journal.header.continues == Continues("a", first.session.mind.seq)
        assert next(iter(journal)).is_checkpoint
    assert second.records()[0].seq == first.session.mind.seq + 1
    assert is_verified(tmp_path / "a")
    assert is_verified(tmp_path / "b")


async def test_what_ended_while_nobody_was_there_is_asked_for_and_settled(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two rounds close, one of them with shares of ours."""
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
        await trio.sleep(430)
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            account = second.session.mind.account
            await second.until(lambda: second.has_settled(BTC, ROUND))
            next_round = ROUND.replace("4500", "4800")
            await second.until(lambda: second.has_settled(BTC, next_round))
            (paid,) = [text for text in second.texts("btc") if f"{ROUND} settled" in text]
            assert "PnL" in paid
            kept = account.of(BTC)
            assert (kept.session_rounds, kept.rounds_settled) == ({}, 0), "not of this session"
            assert ROUND not in kept._entered
            assert ROUND not in kept.exposure.rounds
            assert second.account.payouts > 0
            assert account.cash == second.account.cash
            assert account.cash == first.session.mind.account.cash + second.account.payouts
            assert not second.run_of(BTC).followed.keys() & {ROUND, next_round}
    assert is_verified(tmp_path / "b")


async def test_an_orderly_end_is_gone_on_from_as_well(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE) as first:
            await first.until(lambda: first.session.mind.account.open_rounds)
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            assert holdings(second) == holdings(first)
            desk = second.session.mind.desks[BTC]
            assert not desk.is_stopping
            await second.until(lambda: second.session.mind.account.of(BTC).fills > 1)
    assert is_verified(tmp_path / "b")


async def test_orders_that_worked_on_paper_are_gone_and_the_ledger_knows(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = {"ack_delay_ms": 5_000, "taker_delay_ms": 5_000}
    settings = quick_settings(session={"assets": (BTC,)}, paper=slow, **EAGER)
    venue = a_venue(20)
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", settings) as first:
            account = first.session.mind.account.of(BTC)
            await first.until(lambda: account.working)
            await first.die()
        (order,) = first.session.mind.desks[BTC].ledger.orders.working()
        async with open_next_engine(venue, tmp_path / "b", settings) as second:
            mind = second.session.mind
            assert (mind.account.working_orders, mind.account.at_risk.totals.reserved) == (0, 0)
            assert mind.account.cash == mind.account.free_cash == second.account.cash
    assert order.state is OrderState.PLACING
    assert second.events(Cancelled)[0] == ("btc", Cancelled(order.order.order_id, GONE))
    assert any("1 orders that worked are gone" in text for text in second.texts())
    assert is_verified(tmp_path / "b")


async def test_a_kill_stands_by_the_journal_and_by_what_was_left_beside_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    left = tmp_path / "paper.risk_state.jsonl"
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE) as first:
            await first.until(lambda: first.session.mind.desks[BTC].prices.volatility.seen_s)
            await first.session.hub.command(Action.KILL, "", "test")
            await first.die()
        left.unlink()
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            assert second.session.mind.account.kill_switch.why == "command from test"
            await trio.sleep(20)
            assert not second.session.mind.account.of(BTC).orders
            await second.session.hub.command(Action.REARM, "", "test")
            await second.die()
        # The journal has the rearming, and what was left beside it was lost before that.
        left.write_bytes(left.read_bytes().splitlines(keepends=True)[0])
        async with open_next_engine(venue, tmp_path / "c", ALONE) as third:
            assert third.session.mind.account.kill_switch.is_on, "whoever is in doubt is killed"
    for engine in (second, third):
        assert any("kill switch is on from an earlier session" in one for one in engine.texts())
    assert is_verified(tmp_path / "b")
    assert is_verified(tmp_path / "c")


async def test_fresh_is_a_new_account_and_no_way_around_a_kill(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE) as first:
            account = first.session.mind.account
            await first.until(lambda: account.open_rounds and not account.working_orders)
            await first.session.hub.command(Action.KILL, "", "test")
            await first.die()
        async with open_next_engine(venue, tmp_path / "b", ALONE, is_fresh=True) as second:
            mind = second.session.mind
            assert (mind.account.cash, holdings(second)) == (1_000_000_000, {})
            assert mind.account.kill_switch.is_on
        async with open_next_engine(venue, tmp_path / "c", ALONE) as third:
            assert third.session.mind.account.cash == 1_000_000_000, "the old one is left for good"
    cash = f"{account.cash / 1e6:.2f}"
    said = f"a new paper account of 1000.00 USD: leaves a with 1 position, cash {cash}, kill on"
    assert said in second.texts()
    with JournalReader(tmp_path / "b") as journal:
        assert journal.header.continues is None


def rewritten(folder: Path, change: Callable[[list[bytes]], None]) -> None:
    """The one segment of a session with other lines, as if they had been written so."""
    (path,) = segments_of(folder)
    rewritten_file(path, change)


def rewritten_file(path: Path, change: Callable[[list[bytes]], None]) -> None:
    with SegmentReader(path) as segment:
        lines = [encode_header(segment.header), *_bare(segment)]
    change(lines)
    path.unlink()
    path.with_name(path.name.removesuffix(".zst")).write_bytes(sealed(lines))


def _bare(segment: SegmentReader) -> list[bytes]:
    """Without their checksums."""
    return [line[: line.rfind(b',"bytes":')] + b"}\n" for line in segment.lines()]


def without_a_state(lines: list[bytes]) -> None:
    """The first checkpoint is one that nobody can read."""
    at = next(i for i, line in enumerate(lines) if line.startswith(CHECKPOINT_BEGINS))
    lines[at] = re.sub(rb'"checkpoint":"....', b'"checkpoint":"!!!!', lines[at])


def without_the_last_but_one(lines: list[bytes]) -> None:
    events = [i for i, line in enumerate(lines) if is_event_line(line)]
    del lines[events[-2]]


async def test_a_damaged_checkpoint_is_said_and_what_stands_before_it_is_read(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of the second session none is left, so the records of both are read."""
    venue = a_venue()
    settings = quick_settings(
        session={"assets": (BTC,)}, **EAGER, journal={"flush_ms": 10_000, "checkpoint_every": 10**7}
    )
    async with open_venue(monkeypatch, venue):
        await dies_holding(venue, tmp_path / "a", settings)
        async with open_next_engine(venue, tmp_path / "b", settings) as second:
            await trio.sleep(5)
            await second.die()
        rewritten(tmp_path / "b", without_a_state)
        async with open_next_engine(venue, tmp_path / "c", settings) as third:
            assert holdings(third) == holdings(second) != {}
            assert third.session.mind.account.cash == second.session.mind.account.cash
    said = [n.text for n in third.notices if n.level == "error"]
    assert "is not used, what stands before it is: its state does not decode" in said[0]
    assert said[1] == "b goes on from a, which is read"
    assert is_verified(tmp_path / "c")


async def test_what_does_not_come_back_is_refused_and_stays_what_it_was(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Money does not begin anew unasked: not for a journal that is away, nor for one that is there
    again, nor for a name that cannot be read. Whoever asks for it keeps the kill switch."""
    venue, pointer = a_venue(), tmp_path / "paper.newest.json"
    away = tmp_path / "away"
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE) as first:
            account = first.session.mind.account
            await first.until(lambda: account.open_rounds and not account.working_orders)
            await first.session.hub.command(Action.KILL, "", "test")
            await first.die()
        named = pointer.read_bytes()
        (tmp_path / "a/journal").rename(away)
        refused = await refusal(venue, tmp_path / "b")
        assert refused.startswith("a does not come back: ")
        assert "mend that and start again, or begin a new account with --fresh" in refused
        assert "\n" not in refused
        assert pointer.read_bytes() == named
        pointer.write_text("{")
        refused = await refusal(venue, tmp_path / "c")
        assert f"{pointer} does not say which session was the last" in refused
        pointer.write_bytes(named)
        away.rename(tmp_path / "a/journal")
        async with open_next_engine(venue, tmp_path / "d", ALONE) as mended:
            assert holdings(mended) == holdings(first) != {}
            assert mended.session.mind.account.kill_switch.is_on
        shutil.rmtree(tmp_path / "d/journal")
        async with open_next_engine(venue, tmp_path / "e", ALONE, is_fresh=True) as second:
            account = second.session.mind.account
            assert (account.cash, holdings(second)) == (1_000_000_000, {})
            assert account.kill_switch.is_on
            now_ns = venue.clock.now_ns()
            assert account.trades_today(now_ns) == 1
    assert any("d does not come back: " in text for text in second.texts())


async def refusal(venue: VirtualVenue, folder: Path) -> str:
    """What a session that does not begin says."""
    with pytest.raises(Fatal) as refused:
        async with open_next_engine(venue, folder, ALONE):
            raise AssertionError("it began")
    return str(refused.value)


def only_reads(directory: Path, within_s: float = 60.0) -> Recovery:
    return Recovery(directory, "paper", "", within_s)


async def test_nothing_is_gone_on_from_that_was_another_wallets(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The key was changed in the same folder. Neither the note of the newest session nor a journal
    gives one wallet what is another's."""
    ours, theirs = "137:0xaa:0xaa", "137:0xbb:0xbb"
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE, world=ours) as engine:
            account = engine.session.mind.account
            await engine.until(lambda: account.open_rounds and not account.working_orders)
            await engine.die()
        newest = tmp_path / "paper.newest.json"
        noted = newest.read_bytes()
        async with open_next_engine(venue, tmp_path / "b", ALONE, world=theirs) as engine:
            assert engine.session.goes_on is None
            assert any("a was in another world" in text for text in engine.texts())
        newest.write_bytes(noted.replace(ours.encode(), theirs.encode()))
        with pytest.raises(Fatal, match="its journal was in another world"):
            async with open_next_engine(venue, tmp_path / "c", ALONE, world=theirs):
                raise AssertionError("it began")
        newest.write_bytes(noted)
        async with open_next_engine(venue, tmp_path / "d", ALONE, world=ours) as engine:
            assert engine.session.goes_on is not None


@pytest.mark.parametrize("kind", [WalletType.EOA, WalletType.DEPOSIT])
async def test_a_live_session_is_of_its_wallet(kind: WalletType, tmp_path: Path) -> None:
    names = set[str | None]()
    for byte in ("5a", "7b"):
        wallet = wallet_of(Secret("0x" + byte * 32), kind)
        armed = arm_simulated(wallet, None, ["http://127.0.0.1:1"])
        plan = Plan("live", ALONE, tmp_path, armed=armed)
        async with opener_of(plan)(ALONE, tmp_path, None, None) as surroundings:
            assert wallet.funder.lower() in (surroundings.world or "")
            names.add(surroundings.world)
    assert len(names) == 2


def without_checkpoints(lines: list[bytes]) -> None:
    lines[:] = [line for line in lines if not line.startswith(CHECKPOINT_BEGINS)]


async def test_an_account_of_long_ago_is_none(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the first event to damage: what the money is cannot be known. The same journal is read
    to its end where it is whole."""
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
    rewritten(tmp_path / "a", without_checkpoints)
    found = only_reads(tmp_path).last()
    assert found is not None
    assert found.mind.account.cash == first.session.mind.account.cash < 1_000_000_000
    rewritten(tmp_path / "a", without_the_last_but_one)
    with pytest.raises(BadJournal, match=r"^a does not come back: what comes after event \d+ is "):
        only_reads(tmp_path).last()


async def test_a_checkpoint_before_damage_is_not_gone_on_from_where_files_follow(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files behind it hold what the account came to."""
    small = {"segment_mb": 0.2, "flush_ms": 200}
    settings = quick_settings(session={"assets": (BTC,)}, **EAGER, journal=small)
    venue = a_venue()
    async with (
        open_venue(monkeypatch, venue),
        open_next_engine(venue, tmp_path / "a", settings) as first,
    ):
        await first.until(lambda: len(segments_of(tmp_path / "a")) == 3)
        await trio.sleep(1)
        await first.die()
    _, second, third = segments_of(tmp_path / "a")
    rewritten_file(third, without_a_state)
    assert only_reads(tmp_path).last() is not None, "all is read, from the second file on"
    whole = bytearray(second.read_bytes())
    whole[whole.rindex(b'"bytes":') - 5] ^= 1
    second.write_bytes(whole)
    with pytest.raises(BadJournal, match=r"^a does not come back: what comes after event \d+ is "):
        only_reads(tmp_path).last()


async def test_the_limit_holds_while_it_looks_for_a_checkpoint(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        await dies_holding(venue, tmp_path / "a", OFTEN)
    assert only_reads(tmp_path).last() is not None
    too_long = r"longer than journal\.recover_within_s = 0 allows: raise"
    with pytest.raises(BadJournal, match=too_long):
        only_reads(tmp_path, 0.0).last()


OFTEN = quick_settings(
    session={"assets": (BTC,)}, **EAGER, journal={"flush_ms": 10_000, "checkpoint_every": 100}
)
"""A checkpoint every hundred events."""


async def test_checkpoints_of_another_version_are_one_line_and_all_is_read_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a", OFTEN)
    rewritten(tmp_path / "a", of_another_version)
    recovery = only_reads(tmp_path)
    found = recovery.last()
    assert found is not None
    assert found.mind.account.cash == first.session.mind.account.cash
    (said,) = recovery.faults
    assert "it is of version 0, this program reads" in said


def of_another_version(lines: list[bytes]) -> None:
    """Every checkpoint; there must be several."""
    places = [i for i, line in enumerate(lines) if line.startswith(CHECKPOINT_BEGINS)]
    assert len(places) > 1
    for at in places:
        record = decode_record(lines[at])
        state = decode_checkpoint(record)
        lines[at] = encode_checkpoint(record.seq, record.digest, [0, *state[1:]])


def of_other_settings(lines: list[bytes]) -> None:
    for at, line in enumerate(lines):
        lines[at] = line.replace(rb"\"gates\":{", rb"\"gates\":{\"max_moons\":3,")


async def test_settings_that_this_version_has_not_are_named(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
        rewritten(tmp_path / "a", without_checkpoints)
        rewritten(tmp_path / "a", of_other_settings)
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            assert holdings(second) == holdings(first) != {}
    named = "a had settings that this version does not have: gates.max_moons"
    assert named in second.texts()


async def test_records_after_a_fault_in_the_file_are_not_believed(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        async with open_next_engine(venue, tmp_path / "a", ALONE) as first:
            await first.until(lambda: first.session.mind.account.open_rounds)
            await trio.sleep(5)
            await first.die()
        rewritten(tmp_path / "a", without_the_last_but_one)
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            assert holdings(second) == holdings(first)
    (fault,) = [one.text for one in second.notices if one.level == "error"]
    seq = first.session.mind.seq
    assert fault.startswith(f"what comes after event {seq - 2} is not known: ")
    assert fault.endswith(f"event {seq} comes after event {seq - 2}")


async def test_what_if_asks_a_session_that_went_on(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        await dies_holding(venue, tmp_path / "a")
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            await second.until(lambda: second.session.mind.account.of(BTC).fills > 1)
    asked = compare(tmp_path / "b", (("risk.max_order_usd", "1.5"),))
    assert asked.orders_was > 0 == asked.orders_now


async def test_an_interval_that_is_not_traded_any_more_is_held_to_its_end(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    hourly = quick_settings(session={"assets": (BTC,), "intervals": (Interval.H1,)}, **EAGER)
    async with open_venue(monkeypatch, venue):
        await dies_holding(venue, tmp_path / "a")
        async with open_next_engine(venue, tmp_path / "b", hourly) as second:
            await second.until(lambda: second.has_settled(BTC, ROUND))
            assert second.session.mind.account.cash == second.account.cash
    assert f"{ROUND} is held to its end: 5m is not traded here" in second.texts("btc")


async def test_an_asset_that_is_not_traded_any_more_keeps_what_it_has(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venue = a_venue()
    other = quick_settings(session={"assets": (ETH,)}, **EAGER)
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
        async with open_next_engine(venue, tmp_path / "b", other) as second:
            assert holdings(second) == holdings(first)
            assert second.session.mind.book_lag_ns == 0
            await second.die()
        async with open_next_engine(venue, tmp_path / "c", ALONE) as third:
            await third.until(lambda: third.has_settled(BTC, ROUND))
            assert third.session.mind.account.cash == third.account.cash
    said = "holds something and is not traded in this session: nobody sees its end"
    assert said in second.texts("btc")


async def test_only_the_session_that_was_the_last_is_gone_on_from(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The newest was moved away: an older one's money is not today's."""
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        await dies_holding(venue, tmp_path / "a")
        async with open_next_engine(venue, tmp_path / "b", ALONE) as second:
            await second.die()
        (tmp_path / "b").rename(tmp_path / "moved")
        assert (await refusal(venue, tmp_path / "c")).startswith("b does not come back: ")
        newest = newest_session(tmp_path, "paper")
    assert newest is not None
    assert newest.session == "b"


@pytest.mark.parametrize("hours", [26, -1])
async def test_a_day_away_and_a_clock_that_was_set_back(
    hours: int, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same money; of the market nothing that is too old or of the future."""
    venue = a_venue()
    async with open_venue(monkeypatch, venue):
        first = await dies_holding(venue, tmp_path / "a")
    (held,) = [r for r in first.session.mind.desks[BTC].rounds if r.slug == ROUND]
    later = a_venue(30 - hours * 3_600)
    later.spoil = winner_of(held.round.condition_id)
    async with (
        open_venue(monkeypatch, later),
        open_next_engine(later, tmp_path / "b", ALONE) as second,
    ):
        account, desk = second.session.mind.account, second.session.mind.desks[BTC]
        assert second.session.goes_on is not None
        assert second.session.goes_on.figures["positions"] == 1
        assert hours > 0 or holdings(second) == holdings(first)
        now_ns = later.clock.now_ns()
        assert account.trades_today(now_ns) == (0 if hours > 0 else 1)
        settlement = desk.prices.settlement
        assert settlement.last_observed_ns < now_ns
        await second.until(lambda: settlement.last_observed_ns > now_ns - 5 * NS_PER_S)
        await second.until(lambda: any(one.fair_ns > now_ns for one in desk.rounds))
        if hours > 0:
            await second.until(lambda: second.has_settled(BTC, ROUND))
            assert account.cash == second.account.cash
    words = "away 26.0 h" if hours > 0 else "the clock was set back by"
    assert any(words in text for text in second.texts())
    assert not second.session.errors
    assert is_verified(tmp_path / "b")


def winner_of(condition_id: str) -> Any:
    """The data API still knows who won a round of long ago."""

    async def answer(request: httpx.Request) -> httpx.Response | None:
        await trio.lowlevel.checkpoint()
        if condition_id not in str(request.url) or "resolutions" not in str(request.url):
            return None
        row = {"condition_id": condition_id, "status": "resolved", "payouts": [1_000_000, 0]}
        return httpx.Response(200, content=json.dumps({"data": [row]}).encode())

    return answer
