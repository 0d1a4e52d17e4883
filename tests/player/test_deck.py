"""The deck: speeds, keys, what a face hears of a jump, and a journal that is still written."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from recorded_session import Recorded
from test_watched_session import opened
from trio.testing import MockClock

from polytui.journal.segments import in_folder, journal_folder
from polytui.model.errors import Rejected
from polytui.model.events import Action
from polytui.model.link import AccountFrame, Forget, FromEngine, NoticeFrame, PlayFrame
from polytui.model.playing import AS_FAST_AS_IT_GOES, RECORDING, Play, PlayMove
from polytui.model.units import NS_PER_S
from polytui.player.deck import Deck
from polytui.runtime.hub import FaceChannel, Hub
from polytui.tui.panels import figures

pytestmark = pytest.mark.trio


async def nobody_asks(wish: str) -> None:
    raise AssertionError(wish)


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[tuple[Deck, FaceChannel]]:
    hub = Hub("s", RECORDING, 1_000, stop_when_lost=False)
    deck = Deck(opened(folder), hub, nobody_asks)
    channel = hub.subscribe()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deck.run)
        nursery.start_soon(deck.read_on)
        yield deck, channel
        nursery.cancel_scope.cancel()
    deck.close()


async def ask(deck: Deck, move: PlayMove, by: int = 1, text: str = "") -> None:
    await deck.turn(Play(1, move, by, text))


async def heard_until(channel: FaceChannel, at_ns: int) -> list[FromEngine]:
    """Everything up to the first word of this moment or a later one, where nothing is under way."""
    heard: list[FromEngine] = []
    while True:
        heard += await channel.take()
        last = next((one.view for one in reversed(heard) if isinstance(one, PlayFrame)), None)
        if last is not None and last.at_ns >= at_ns and not last.goes_to_ns:
            return heard


async def test_it_plays_as_fast_as_it_is_asked_to_and_stands_when_it_is(
    recorded: Recorded, autojump_clock: MockClock
) -> None:
    async with playing(recorded.folder) as (deck, _):
        player = deck.player
        for speed in (1.0, 4.0, 4.0):
            while deck.speed < speed:
                await ask(deck, PlayMove.PACE)
            before_ns = player.at_ns
            await trio.sleep(5.0)
            assert player.at_ns - before_ns == pytest.approx(5 * speed * NS_PER_S, abs=NS_PER_S)
        await ask(deck, PlayMove.PAUSE)
        await trio.sleep(0.2)
        before_ns = player.at_ns
        await trio.sleep(5.0)
        assert player.at_ns == before_ns


async def test_the_fastest_is_all_there_is_and_ends_at_the_end(
    recorded: Recorded, autojump_clock: MockClock
) -> None:
    async with playing(recorded.folder) as (deck, channel):
        for _ in range(20):
            await ask(deck, PlayMove.PACE)
        assert deck.speed == AS_FAST_AS_IT_GOES
        await ask(deck, PlayMove.PACE, -1)
        assert deck.speed == 64.0
        await ask(deck, PlayMove.PACE)
        with trio.fail_after(600):
            await heard_until(channel, deck.player.index.last_ns)
        await trio.sleep(1.0)
        place = deck.place()
        assert (place.is_running, place.is_at_end, place.share, place.words) == (False, True, 1, "")
        await ask(deck, PlayMove.HOME)
        await trio.sleep(1.0)
        assert deck.place().share == 0.0


async def test_a_face_forgets_before_it_hears_of_another_moment(
    recorded: Recorded, autojump_clock: MockClock
) -> None:
    late, early = recorded.accounts[8].at_ns, recorded.accounts[1].at_ns
    clock = figures.clock(early)
    async with playing(recorded.folder) as (deck, channel):
        await ask(deck, PlayMove.PAUSE)
        deck.player.go(late)
        await ask(deck, PlayMove.END)
        await heard_until(channel, late)
        await ask(deck, PlayMove.GO, text=clock)
        heard = await heard_until(channel, 0)
        kinds = [type(one) for one in heard]
        assert Forget in kinds
        told = heard[kinds.index(Forget) :]
        at_ns = deck.player.at_ns
        accounts = [one.view.at_ns for one in told if isinstance(one, AccountFrame)]
        notices = [one.notice.at_ns for one in told if isinstance(one, NoticeFrame)]
        assert set(accounts) == {at_ns}
        assert all(ns <= at_ns for ns in notices)


async def test_nothing_is_commanded_or_changed(
    recorded: Recorded, autojump_clock: MockClock
) -> None:
    async with playing(recorded.folder) as (deck, _):
        await ask(deck, PlayMove.PAUSE)
        await ask(deck, PlayMove.HOME)
        await trio.sleep(1.0)
        digest = deck.player.recorded.mind.digest()
        for action in Action:
            with pytest.raises(Rejected, match="this is a recording"):
                await deck.obey(action, "btc", "terminal")
        with pytest.raises(Rejected, match="this is a recording"):
            await deck.change("risk.max_order_usd", "1.0", "terminal")
        await trio.sleep(1.0)
        assert deck.player.recorded.mind.digest() == digest


async def test_a_journal_that_grows_is_followed(
    recorded: Recorded, tmp_path: Path, autojump_clock: MockClock
) -> None:
    folder = Path(shutil.copytree(recorded.folder, tmp_path / recorded.folder.name))
    (whole,) = in_folder(journal_folder(folder))
    plain = unpressed(whole)
    cut = plain.find(b"\n", len(plain) // 2) - 40
    with plain_segment(folder).open("wb", buffering=0) as file:
        file.write(plain[:cut])
        async with playing(folder) as (deck, channel):
            await ask(deck, PlayMove.END)
            first_ns = deck.player.index.last_ns
            await heard_until(channel, first_ns)
            assert deck.place().is_written
            assert deck.place().words == "", "its end is in mid-record, and that is no damage"
            file.write(plain[cut:])
            with trio.fail_after(3_000):
                while deck.player.at_ns <= first_ns:
                    await channel.take()
            assert deck.player.index.last_ns > first_ns


def unpressed(path: Path) -> bytes:
    """The bytes of a closed segment; it is removed."""
    from polytui.journal.segment_reader import opened as read

    source, parts = read(path), []
    while part := source.read(1 << 20):
        parts.append(part)
    source.close()
    path.unlink()
    return b"".join(parts)


def plain_segment(folder: Path) -> Path:
    return journal_folder(folder) / "000001.jsonl"
