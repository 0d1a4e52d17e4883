"""What a person saw acknowledged is on the disk before, and stands in the next session."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock, wait_all_tasks_blocked
from virtual_engine import VirtualEngine, open_engine, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import decode_risk_state
from polytui.model.effects import Reason, Why
from polytui.model.errors import Rejected
from polytui.model.events import Action, RiskStateRestored, SettingsChanged
from polytui.model.instrument import Asset
from polytui.model.link import Obeyed
from polytui.model.snapshot import AssetState
from polytui.runtime.inbox import Item

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH
BOTH = {"assets": (BTC, ETH)}


@define
class Disk:
    """State: whether it is held, or full; how often it was asked."""

    is_held: bool = False
    is_full: bool = False
    released: trio.Event = field(factory=trio.Event)

    async def do(self, work: Callable[[], None]) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_held:
            await self.released.wait()
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        work()


def on_disk(folder: Path) -> RiskStateRestored:
    """What a session would find that begins now, after a kill -9 of the one that runs."""
    *_, last = (folder / "paper.risk_state.jsonl").read_bytes().splitlines()
    return decode_risk_state(last)


def poison(engine: VirtualEngine, asset: Asset) -> None:
    """An event that no desk survives: settings that are not JSON."""
    engine.run_of(asset).inbox.insist(Item(SettingsChanged("nonsense")))


def everything_stands(engine: VirtualEngine, folder: Path) -> None:
    assert engine.account.cash == engine.session.mind.account.cash
    verdict = replay_journal(folder, is_verifying=True)
    assert verdict.is_equal, verdict.text()


# --- first the disk, then the answer --------------------------------------------------------------


@pytest.mark.parametrize("action", [Action.KILL, Action.PAUSE, Action.FLATTEN])
async def test_a_desk_obeys_at_once_and_the_answer_waits_for_the_disk(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, action: Action
) -> None:
    disk, answers = Disk(), []
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session=BOTH),
        keeps_in=tmp_path, off_loop=disk.do,
    ) as engine:  # fmt: skip
        account = engine.session.mind.account

        async def ask() -> None:
            answers.append(await engine.session.hub.command(action, "", "terminal"))

        disk.is_held = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            is_obeyed = account.kill_switch.is_on or all(
                account.of(asset).is_paused for asset in (BTC, ETH)
            )
            assert (is_obeyed, answers) == (True, []), "no desk waits; who asked does"
            assert not any("on disk" in text for text in engine.texts())
            disk.is_held = False
            disk.released.set()
        (answer,) = answers
        assert (len(answer.seqs), answer.unkept, answer.left_out) == (2, "", "")
        risk_state = on_disk(tmp_path)
        assert bool(risk_state.kill_why) is (action is Action.KILL)
        assert len(risk_state.stopped) == (0 if action is Action.KILL else 2)
        numbers = " ".join(f"#{seq}" for seq in answer.seqs)
        await wait_all_tasks_blocked()
        assert f"{action.value} from terminal is in force and on disk, {numbers}" in engine.texts()
        written = engine.session.journal.file_path.read_bytes()
        assert all(b'{"seq":%d,' % seq in written for seq in answer.seqs)


async def test_what_stops_by_itself_is_said_when_it_is_on_the_disk(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk()
    settings = quick_settings(session=BOTH, supervision={"max_crashes": 1})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, keeps_in=tmp_path, off_loop=disk.do
    ) as engine:
        disk.is_held = True
        poison(engine, ETH)
        await wait_all_tasks_blocked()
        assert engine.run_of(ETH).state is AssetState.HALTED
        assert not any(text.startswith("halted: ") for text in engine.texts("eth"))
        disk.is_held = False
        disk.released.set()
        await wait_all_tasks_blocked()
        assert any(text.startswith("halted: 1 crashes") for text in engine.texts("eth"))
        (stopped,) = on_disk(tmp_path).stopped
        assert (stopped.asset, stopped.is_paused) == ("eth", True)
        assert stopped.whys == (Why(Reason.HALTED, 1, 1, "crashes"),)


async def test_a_full_disk_is_in_the_answer(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk()
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session=BOTH),
        keeps_in=tmp_path, off_loop=disk.do,
    ) as engine:  # fmt: skip
        disk.is_full = True
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert "No space left on device" in answer.unkept
        assert len(answer.seqs) == 2
        assert engine.session.mind.account.kill_switch.is_on, "in force all the same"
        await wait_all_tasks_blocked()
        assert any(
            "is in force" in text and "NOT on disk, a restart forgets it" in text
            for text in engine.texts()
        )
        disk.is_full = False
        await trio.sleep(0.3)
        answer = await engine.session.hub.command(Action.PAUSE, "btc", "terminal")
        assert answer.unkept == ""
        assert on_disk(tmp_path).kill_why, "nothing that waited is lost"


async def test_while_the_disk_refuses_nobody_enters(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A restart would not know of it. It ends by itself, a cool-down after the disk has room."""
    disk = Disk()
    settings = quick_settings(session=BOTH, journal={"flush_ms": 200})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, keeps_in=tmp_path, off_loop=disk.do
    ) as engine:
        breakers = engine.session.mind.account.of(BTC).breakers

        def holds() -> bool:
            return any(why.reason is Reason.DISK_REFUSES for why, _ in breakers.open())

        await trio.sleep(5)
        assert not holds()
        disk.is_full = True
        began = trio.current_time()
        await engine.until(holds)
        assert trio.current_time() - began < 1.5, "at the next tick"
        disk.is_full = False
        freed = trio.current_time()
        await engine.until(lambda: not holds())
        cool_down_s = settings.breakers.cool_down_s
        assert cool_down_s - 1 < trio.current_time() - freed < cool_down_s + 2.5
        assert engine.session.stop_reason == "", "nobody was impatient"
    everything_stands(engine, tmp_path / "s")


async def test_a_disk_that_stays_full_stops_entries_and_ends_no_session(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was begun is brought to its end without a disk. Then everything is written."""
    disk = Disk()
    settings = quick_settings(session=BOTH, journal={"flush_ms": 200})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings,
        starts_before_s=20, keeps_in=tmp_path, off_loop=disk.do,
    ) as engine:  # fmt: skip
        await trio.sleep(5)
        disk.is_full = True
        with trio.fail_after(400):
            await engine.until(lambda: engine.has_settled(BTC))
        assert not engine.session.stopping.is_set()
        breakers = engine.session.mind.account.of(BTC).breakers
        assert any(why.reason is Reason.DISK_REFUSES for why, _ in breakers.open())
        said = [text for text in engine.session.errors if "No space left on device" in text]
        assert len(said) == 2, "once of each file"
        assert all("no entries until it is taken again; exits and cancels go on" in t for t in said)
        disk.is_full = False
        await trio.sleep(1)
        assert any(text.endswith("journal is written again") for text in engine.texts())
    assert engine.session.unkept == ""
    everything_stands(engine, tmp_path / "s")


async def test_what_a_full_disk_costs_is_counted_and_the_journal_goes_on_from_a_checkpoint(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk()
    settings = quick_settings(session=BOTH, journal={"flush_ms": 200, "most_waiting_mb": 1})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, keeps_in=tmp_path, off_loop=disk.do
    ) as engine:
        await trio.sleep(5)
        disk.is_full = True
        journal = engine.session.journal
        await engine.until(lambda: journal.lost_so_far > 100)
        answer = await engine.session.hub.command(Action.PAUSE, "btc", "terminal")
        assert "No space left on device" in answer.unkept
        lost_until = engine.session.mind.seq
        disk.is_full = False
        await trio.sleep(3)
        lost = journal.lost_so_far
        assert any(f"{lost} events are missing, it goes on" in text for text in engine.texts())
        assert (await engine.session.hub.command(Action.RESUME, "btc", "terminal")).unkept == ""
        await trio.sleep(20)
        assert journal.lost_so_far == lost
    assert engine.session.unkept == f"{lost} events are not in {journal.path}"
    assert engine.session.errors[-1] == engine.session.unkept
    verdict = replay_journal(tmp_path / "s", is_verifying=True)
    assert verdict.is_equal, verdict.text()
    (said,) = verdict.passed_over
    assert said.endswith("are not in the journal: it goes on from the checkpoint after them")
    assert verdict.events + lost == engine.session.mind.seq > lost_until
    alone = replay_journal(journal.path / "000002.jsonl.zst", is_verifying=True)
    assert alone.is_equal, alone.text()


async def test_entries_stop_as_soon_as_the_disk_refuses(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not at the next second of the desk."""
    disk = Disk()
    settings = quick_settings(session=BOTH, journal={"flush_ms": 10})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, keeps_in=tmp_path, off_loop=disk.do
    ) as engine:
        breakers = engine.session.mind.account.of(BTC).breakers
        await trio.sleep(5)
        for _ in range(5):
            await trio.sleep(0.31)
            assert not any(why.reason is Reason.DISK_REFUSES for why, _ in breakers.open())
        disk.is_full, began = True, trio.current_time()
        await engine.until(lambda: engine.session.unkept_s > 0)
        refused = trio.current_time()
        await engine.until(
            lambda: any(why.reason is Reason.DISK_REFUSES for why, _ in breakers.open())
        )
        assert trio.current_time() - refused < 0.05
        assert began <= refused


async def test_a_disk_that_does_not_answer_is_in_the_answer(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk()
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session=BOTH),
        keeps_in=tmp_path, off_loop=disk.do,
    ) as engine:  # fmt: skip
        disk.is_held, asked = True, trio.current_time()
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert (answer.unkept, len(answer.seqs)) == ("no answer for 5 s", 2)
        assert trio.current_time() - asked == pytest.approx(5.0, abs=0.1)
        disk.is_held = False
        disk.released.set()


# --- nobody lives there ---------------------------------------------------------------------------


async def test_a_kill_does_not_wait_for_an_asset_that_restarts(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    slow = {"backoff_first_s": 5.0, "backoff_cap_s": 5.0}
    settings = quick_settings(session={"assets": (BTC,)}, supervision=slow)
    async with open_engine(monkeypatch, folder, settings, keeps_in=tmp_path) as engine:
        run, account = engine.run_of(BTC), engine.session.mind.account
        poison(engine, BTC)
        await engine.until(lambda: run.state is AssetState.RESTARTING)
        asked = trio.current_time()
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert trio.current_time() - asked < 0.1
        assert (len(answer.seqs), run.state) == (1, AssetState.RESTARTING)
        assert account.kill_switch.is_on
        assert on_disk(tmp_path).kill_why == "command from terminal"
        await engine.session.hub.command(Action.PAUSE, "btc", "terminal")
        await engine.until(lambda: run.life == 2 and run.state is None)
        assert (account.kill_switch.is_on, account.of(BTC).is_paused) == (True, True)
    everything_stands(engine, folder)


async def test_a_kill_behind_what_breaks_the_desk_is_carried_out(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both are in one batch: the desk dies of the first, and nobody is left to take the second."""
    folder = tmp_path / "s"
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(monkeypatch, folder, settings, keeps_in=tmp_path) as engine:
        run = engine.run_of(BTC)
        insist = run.inbox.insist

        def insist_behind_poison(item: Item) -> None:
            run.inbox.insist = insist  # type: ignore[method-assign]
            poison(engine, BTC)
            insist(item)

        run.inbox.insist = insist_behind_poison  # type: ignore[method-assign]
        asked = trio.current_time()
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert trio.current_time() - asked < 0.1
        assert len(answer.seqs) == 1
        assert on_disk(tmp_path).kill_why == "command from terminal"
        await engine.until(lambda: run.life == 2 and run.state is None)
        await trio.sleep(1)
        assert engine.session.mind.account.kill_switch.is_on
    kills = [r.seq for r in engine.records() if b'"action":"kill"' in bytes(r.event)]
    assert kills == list(answer.seqs), "taken once, under the number that was told"
    everything_stands(engine, folder)


async def test_a_kill_that_itself_breaks_the_desk_is_carried_out(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The desk cannot decide any more. The account is told before that, and so is the disk."""
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session={"assets": (BTC,)}), keeps_in=tmp_path
    ) as engine:
        engine.session.mind.desks[BTC].prices = None  # type: ignore[assignment]
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert len(answer.seqs) == 1
        assert on_disk(tmp_path).kill_why == "command from terminal"
        await engine.until(lambda: engine.run_of(BTC).life == 2)


async def test_a_kill_that_died_with_its_desk_is_left_to_the_next_session(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A kill by the day's loss has nobody who would ask again."""
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session={"assets": (BTC,)}), keeps_in=tmp_path
    ) as engine:
        account = engine.session.mind.account
        engine.session.mind.account.kill_switch.trip("daily loss limit", 5)
        poison(engine, BTC)
        await engine.until(lambda: engine.run_of(BTC).state is AssetState.RESTARTING)
        assert await engine.session.keep() == ""
        assert on_disk(tmp_path).kill_why == account.kill_switch.why


async def test_a_kill_with_every_asset_halted_is_kept(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    settings = quick_settings(session=BOTH, supervision={"max_crashes": 1})
    async with open_engine(monkeypatch, folder, settings, keeps_in=tmp_path) as engine:
        for run in engine.runs:
            poison(engine, run.asset)
        await engine.until(lambda: all(run.state is AssetState.HALTED for run in engine.runs))
        assert not engine.is_over.is_set()
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert (len(answer.seqs), answer.unkept, answer.left_out) == (2, "", "")
        risk_state = on_disk(tmp_path)
        assert risk_state.kill_why == "command from terminal"
        assert [one.asset for one in risk_state.stopped] == ["btc", "eth"]
    everything_stands(engine, folder)


async def test_what_nobody_can_carry_out_is_no_answer_but_a_refusal(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of two desks one is so broken that not even its orders can be named: said, with the other's
    number; and without one there is none."""
    slow = {"backoff_first_s": 5.0, "backoff_cap_s": 5.0}
    settings = quick_settings(session=BOTH, supervision=slow)
    async with open_engine(monkeypatch, tmp_path / "s", settings, keeps_in=tmp_path) as engine:
        run = engine.run_of(ETH)
        poison(engine, ETH)
        await engine.until(lambda: run.state is AssetState.RESTARTING)
        engine.session.mind.desks[ETH].ledger.orders = None  # type: ignore[assignment]
        answer = await engine.session.hub.command(Action.KILL, "", "terminal")
        assert len(answer.seqs) == 1
        assert answer.left_out.startswith("eth: AttributeError")
        engine.session.mind.desks[ETH]._people = None  # type: ignore[assignment]
        with pytest.raises(Rejected, match="pause could not be carried out: eth: AttributeError"):
            await engine.session.hub.command(Action.PAUSE, "eth", "terminal")
        await wait_all_tasks_blocked()
        assert any("pause from terminal could not be carried out" in t for t in engine.texts())


# --- and the next session -------------------------------------------------------------------------


async def test_everything_that_was_stopped_is_stopped_in_the_next_session_and_says_so(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session=BOTH, supervision={"max_crashes": 1})
    async with open_engine(monkeypatch, tmp_path / "a", settings, keeps_in=tmp_path) as engine:
        await engine.session.hub.command(Action.FLATTEN, "btc", "terminal")
        poison(engine, ETH)
        await engine.until(lambda: engine.run_of(ETH).state is AssetState.HALTED)
    async with open_engine(monkeypatch, tmp_path / "b", settings, keeps_in=tmp_path) as engine:
        account, command = engine.session.mind.account, engine.session.hub.command
        assert [account.of(asset).is_paused for asset in (BTC, ETH)] == [True, True]
        why = account.of(ETH).paused_why
        assert why is not None
        assert why.text() == "halted: 1 >= 1 crashes"
        assert engine.run_of(ETH).state is None, "it lives, and enters nothing"
        assert await command(Action.RESUME, "eth", "terminal")
        assert not account.of(ETH).is_paused
    async with open_engine(monkeypatch, tmp_path / "c", settings, keeps_in=tmp_path) as engine:
        account = engine.session.mind.account
        assert [account.of(asset).is_paused for asset in (BTC, ETH)] == [True, False]
    everything_stands(engine, tmp_path / "c")


async def test_a_command_before_the_first_desk_waits_for_it(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with open_engine(
        monkeypatch, tmp_path / "s", quick_settings(session={"assets": (BTC,)})
    ) as engine:
        run = engine.run_of(BTC)
        desk = run.has_desk
        run.has_desk = trio.Event()
        answers: list[Obeyed] = []

        async def ask() -> None:
            answers.append(await engine.session.hub.command(Action.KILL, "", "terminal"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.sleep(1)
            assert answers == []
            run.has_desk.set()
        assert len(answers[0].seqs) == 1
        assert desk.is_set()
