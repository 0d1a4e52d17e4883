"""People's commands: who gets them, which numbers they get, and who cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import VirtualEngine, open_engine, quick_settings

from polytui.model.errors import Rejected
from polytui.model.events import Action, Commanded
from polytui.model.instrument import Asset
from polytui.model.link import NoticeFrame, Obeyed
from polytui.model.snapshot import AssetState
from polytui.runtime.asset import AssetRun
from polytui.runtime.inbox import Inbox, Item

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH


def commands(engine: VirtualEngine) -> list[tuple[int, str, Action, str]]:
    """(seq, asset, action, origin) as the journal has them, without the session's own."""
    by_seq = {record.seq: record for record in engine.records()}
    found = [
        (asset, event) for asset, event in engine.events(Commanded) if isinstance(event, Commanded)
    ]
    seqs = [seq for seq, record in by_seq.items() if bytes(record.event).startswith(b'["Commanded')]
    return [
        (seq, asset, event.action, event.origin)
        for seq, (asset, event) in zip(seqs, found, strict=True)
        if event.origin != "session"
    ]


async def test_each_command_reaches_its_desks_under_the_numbers_it_was_given(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC, ETH)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        command = engine.session.hub.command
        account = engine.session.mind.account
        one = await command(Action.PAUSE, "eth", "terminal")
        assert (account.of(ETH).is_paused, account.of(BTC).is_paused) == (True, False)
        both = await command(Action.PAUSE, "", "terminal")
        assert account.of(BTC).is_paused
        kill = await command(Action.KILL, "eth", "phone")
        assert account.kill_switch.is_on, "the kill switch is for all, whatever was pointed at"
        await command(Action.REARM, "", "phone")
        assert not account.kill_switch.is_on
    one, both, kill = one.seqs, both.seqs, kill.seqs
    assert (len(one), len(both), len(kill)) == (1, 2, 2)
    journaled = commands(engine)
    assert [(seq, action) for seq, _, action, _ in journaled[:5]] == [
        (one[0], Action.PAUSE),
        (both[0], Action.PAUSE),
        (both[1], Action.PAUSE),
        (kill[0], Action.KILL),
        (kill[1], Action.KILL),
    ]
    assert journaled[0][1:] == ("eth", Action.PAUSE, "terminal")
    assert {asset for _, asset, action, _ in journaled if action is Action.KILL} == {"btc", "eth"}
    assert "pause from terminal is in force and on disk, #" in "".join(engine.texts("eth"))


async def test_an_unknown_asset_is_refused_with_its_name(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        with pytest.raises(Rejected, match="no asset 'sol' in this session"):
            await engine.session.hub.command(Action.PAUSE, "sol", "terminal")


async def test_a_halted_asset_refuses_alone_and_is_left_out_of_what_is_for_all(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC, ETH)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        command = engine.session.hub.command
        engine.run_of(ETH).state = AssetState.HALTED
        with pytest.raises(Rejected, match="eth is halted: restart the engine, then resume it"):
            await command(Action.RESUME, "eth", "terminal")
        resumed = await command(Action.RESUME, "", "terminal")
        assert (len(resumed.seqs), resumed.left_out) == (
            1,
            "eth is halted: restart the engine, then resume it",
        )
        sold = await command(Action.FLATTEN, "", "terminal")
        assert len(sold.seqs) == 2
        assert sold.left_out == "eth is halted: it sells nothing before the engine is restarted"
        assert (await command(Action.PAUSE, "eth", "terminal")).left_out == ""


async def test_stop_needs_no_desk(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        assert await engine.session.hub.command(Action.STOP, "", "terminal") == Obeyed(())
        await engine.is_over.wait()
    assert engine.session.stop_reason == "command from terminal"


async def test_a_full_inbox_still_takes_a_command(autojump_clock: MockClock) -> None:
    class NoClient:
        pass

    class Clock:
        pass

    run = AssetRun(BTC, Clock(), NoClient(), Inbox(1))  # type: ignore[arg-type]
    run.inbox.put(Item(Commanded(Action.PAUSE, "first")))
    got: list[int | None] = []

    async def ask() -> None:
        got.append(await run.command(Commanded(Action.KILL, "second")))

    run.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        for number, item in enumerate(await run.inbox.batch()):
            if item.taken is not None:
                item.taken(number)
    assert got == [1]


async def test_an_asset_that_is_none_is_repeated_to_nobody(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    evil = "\x1b[2Jdoge\u202e" + "x" * 100_000
    async with open_engine(monkeypatch, tmp_path / "s", quick_settings()) as engine:
        channel = engine.session.hub.subscribe()
        with pytest.raises(Rejected, match="no asset") as caught:
            await engine.session.hub.command(Action.PAUSE, evil, "terminal")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 100
        # What is for all is carried out, whatever was pointed at, and says nothing of it.
        await engine.session.hub.command(Action.KILL, evil, "terminal")
        engine.session.notice("warn", evil, evil)
        told = [frame.notice for frame in channel.notices() if isinstance(frame, NoticeFrame)]
        assert engine.session.mind.account.kill_switch.is_on
    assert told
    for one in told:
        assert (one.asset + one.text).isprintable()
        assert len(one.asset) <= 16
        assert len(one.text) <= 500
