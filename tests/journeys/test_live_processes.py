"""A trading process that is killed while it places, and one that is stopped for ten minutes of the
world's time, as in a laptop that sleeps: each time the truth first, then trading; at the end the
ledger has what the venue has, and no secret is anywhere."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from program import Program, bytes_of, started
from secrets_left import forms_of, secrets_in

from benchmarks.bank import Bank, Told
from benchmarks.ladder import quoting
from benchmarks.live_restarts import LADDER_SETTINGS
from benchmarks.lives import Life, known_by
from polytui.backtest.replay import Replay
from polytui.journal.codec import decode_effects, decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import RecordedPlace
from polytui.model.events import HEARTBEAT_FEED, USER_FEED, FeedDown, FeedUp
from polytui.model.units import NS_PER_S
from polytui.net.http import Http, HttpSettings
from polytui.venues.polymarket.api_keys import api_key_of

pytestmark = [pytest.mark.trio, pytest.mark.long]
_SPEED = 5
_SLEEP_S = 600
"""Of the world, whatever speed a busy machine leaves it."""
_ASLEEP_NS = 500 * NS_PER_S
_OLDEST_BOOK_NS = 60 * NS_PER_S
"""`gates.max_book_lag_ms` of these settings."""


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[Bank, dict[str, Any]]]:
    """A venue that stays, whoever trades there."""
    (folder / "config.toml").write_text(LADDER_SETTINGS)
    async with started(
        folder, "venue", "--assets", "btc", "--intervals", "5m", "--speed", str(_SPEED),
        "--messages", "0.01", "--crowd-delay", "5", "--start", "2026-11-20T14:59:00Z",
        "--heartbeat", "100", patience_s=1200,
    ) as venue:  # fmt: skip
        line = await venue.line("control_token")
        (folder / "venue.json").write_text(line)
        urls = json.loads(line)
        yield Bank(urls), urls


def trading(folder: Path, name: str, *more: str) -> Any:
    return started(
        folder, "demo", "--headless", "--venue", "venue.json", "--assets", "btc", "--interval",
        "5m", "--rounds", "0", "--folder", f"runs/{name}", *more,
        module="benchmarks.ladder", patience_s=900,
    )  # fmt: skip


async def until(bank: Bank, is_so: Callable[[Told], bool]) -> Told:
    while not is_so(told := bank.told()):
        await trio.sleep(0.1)
    return told


async def of_its_own(bank: Bank, session: Path) -> Told:
    """As soon as orders of this session work and it has traded. What the one before it left rests,
    meets somebody and comes out of the hold meanwhile: all that was seen before this one placed
    anything."""
    left, traded = set[str](), 0
    while b'"Place"' not in bytes_of(session):
        told = bank.told()
        left, traded = left | told.orders.keys(), len(told.trades)
        await trio.sleep(0.1)
    return await until(
        bank, lambda told: len(told.trades) > traded and bool(told.orders.keys() - left)
    )


async def asleep(bank: Bank, program: Program, clob: str) -> Told:
    """Stopped over orders that work, for ten minutes of the world's; what is there at their end. A
    ladder has moments without any, in which it is let go again."""
    while True:
        program.signal(signal.SIGSTOP)
        if bank.told().orders:
            break
        program.signal(signal.SIGCONT)
        await until(bank, lambda told: bool(told.orders))
    wakes_s = await world_s(clob) + _SLEEP_S
    while (left_s := wakes_s - await world_s(clob)) > 0:
        await trio.sleep(max(0.5, left_s / _SPEED / 2))
    told = bank.told()
    program.signal(signal.SIGCONT)
    return told


async def world_s(clob: str) -> int:
    """The venue's own time."""
    http = Http(clob, HttpSettings())
    try:
        return int(await http.get("/time"))
    finally:
        await http.close()


async def secrets_of(bank: Bank, clob: str) -> list[bytes]:
    """The throwaway key, and the API key that the venue derives of it again."""
    http = Http(clob, HttpSettings())
    try:
        return forms_of(bank.wallet.key, await api_key_of(http, bank.wallet))
    finally:
        await http.close()


def check_truth_before_trading(session: Path) -> int:
    """Nothing was sent before the account was compared with the venue's own and a heartbeat was
    taken: after the beginning, and once more after a sleep; and never on a book that is older than
    the settings let it be. How many sleeps there were."""
    replay, last_ns, sleeps, placed = Replay(is_verifying=True), 0, 0, 0
    up = set[str]()
    with JournalReader(session) as journal:
        for record in journal:
            assert replay.take(record) == ""
            if not record.is_event:
                continue
            if last_ns and record.at - last_ns > _ASLEEP_NS:
                sleeps, placed = sleeps + 1, 0
                up.clear()
            last_ns = record.at
            match decode_event(record.event):
                case FeedUp(feed):
                    up.add(feed)
                case FeedDown(feed):
                    up.discard(feed)
            for effect in decode_effects(record.effects):
                if isinstance(effect, RecordedPlace):
                    placed += 1
                    assert up >= {USER_FEED, HEARTBEAT_FEED}, record.seq
                    assert replay.mind.book_lag_ns <= _OLDEST_BOOK_NS, record.seq
    assert placed, "it traded"
    return sleeps


def check_money(folder: Path, bank: Bank, truth: Told) -> None:
    """What the last session ends with: dollars, shares and results are the venue's."""
    last = Life(("btc",))
    last.read(folder / "asleep")
    assert last.faults == []
    winners = bank.winners_of(last.conditions)
    assert known_by(last.mind).after(winners) == truth.has.after(winners)
    assert last.mind.account.moves.total == 0, "every dollar is explained"


async def test_killed_while_placing_and_asleep_for_ten_minutes(tmp_path: Path) -> None:
    async with town(tmp_path) as (bank, urls):
        async with trading(tmp_path, "killed", "--chaos", "kill9:btc@order-posted#2") as first:
            # By its own hand: the venue has answered a second POST, and nobody has heard of it.
            # What it sent may rest, have met somebody, or be in the hold of takers.
            assert await first.end() == -signal.SIGKILL, first.unread[-2_000:]
        async with trading(tmp_path, "asleep") as second:
            await of_its_own(bank, tmp_path / "runs" / "asleep")
            slept = await asleep(bank, second, urls["clob"])
            assert not slept.orders, "the venue's own switch took them"
            await until(bank, lambda one: len(one.trades) > len(slept.trades))
            second.signal(signal.SIGTERM)
            assert await second.end() == 0, second.unread[-2_000:]
        assert not bank.told().orders
        truth = bank.quiet(may_hurry=False)
        assert truth is not None
        with quoting():
            check_money(tmp_path / "runs", bank, truth)
            assert check_truth_before_trading(tmp_path / "runs" / "asleep") == 1
        secrets = await secrets_of(bank, urls["clob"])
    assert secrets_in(tmp_path, secrets) == []
