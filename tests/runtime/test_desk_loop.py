"""The desk loop: what the mind has taken is in the journal, whatever happens around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock
from virtual_engine import OPENS_NS, VirtualClock, open_session, paper_client, quick_settings

from polytui.backtest.replay import replay_journal
from polytui.config.load import canonical_json
from polytui.desk.mind import Taken
from polytui.journal.codec import JournalRecord, decode_event
from polytui.journal.reader import JournalReader
from polytui.journal.segments import in_folder
from polytui.model.effects import CancelAll, Effect
from polytui.model.events import Action, Commanded, SettingsChanged, Ticked
from polytui.model.instrument import Asset
from polytui.runtime.asset import AssetRun
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Inbox, Item
from polytui.runtime.session import Session

pytestmark = pytest.mark.trio


def make(
    tmp_path: Path,
    act: Callable[[Effect], None],
    *,
    digest_every: int = 1000,
    checkpoint_every: int = 100_000,
) -> DeskLoop:
    settings = quick_settings(
        session={"assets": (Asset.BTC,)},
        journal={
            "flush_ms": 10_000,
            "digest_every": digest_every,
            "checkpoint_every": checkpoint_every,
        },
    )
    clock = VirtualClock(OPENS_NS)
    session = open_session(clock, tmp_path / "s", settings)
    client = paper_client(clock, paper=settings.paper, cash=0.0)
    run = AssetRun(Asset.BTC, clock, client, Inbox(100))  # type: ignore[arg-type]
    machine = DeskLoop(run, session, act)
    opening = client.simulator.opening(Asset.BTC, 1)
    machine.take([Item(opening), Item(SettingsChanged(canonical_json(settings)))])
    return machine


def nothing(_: Effect) -> None:
    pass


def journal_of(session: Session) -> list[JournalRecord]:
    session.journal.close()
    with JournalReader(session.journal.path) as journal:
        return list(journal)


def numbers(records: list[JournalRecord]) -> list[int]:
    return [record.seq for record in records if record.is_event]


async def test_a_batch_is_one_decision_and_says_where_it_ended(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing)
    told: list[Taken] = []
    loop.take([Item(Ticked(1)), Item(Ticked(2), 0, told.append), Item(Ticked(3))])
    records = journal_of(loop.session)
    assert numbers(records) == [1, 2, 3, 4, 5]
    assert [record.last for record in records] == [False, True, False, False, True]
    assert [one.seq for one in told] == [4], "whoever waits hears its number"


async def test_a_segment_begins_behind_the_whole_batch(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing)
    loop.session.journal.is_segment_due = True
    loop.take([Item(Ticked(1)), Item(Ticked(2)), Item(Ticked(3))])
    loop.take([Item(Ticked(4))])
    path = loop.session.journal.path
    assert numbers(journal_of(loop.session)) == [1, 2, 3, 4, 5, 6]
    with JournalReader(in_folder(path)[1]) as second:
        assert second.header.after == 5
        assert [record.seq for record in second] == [5, 6]


async def test_an_effect_that_finds_no_way_out_does_not_cost_the_journal_its_events(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    def full(effect: Effect) -> None:
        if isinstance(effect, CancelAll):
            raise trio.WouldBlock

    loop = make(tmp_path, full)
    with pytest.raises(trio.WouldBlock):
        loop.take([Item(Commanded(Action.KILL, "test")), Item(Ticked(1))])
    records = journal_of(loop.session)
    assert numbers(records) == [1, 2, 3, 4]
    assert b'"CancelAll"' in bytes(records[2].effects)
    assert replay_journal(loop.session.journal.path, is_verifying=True).is_equal


async def test_what_breaks_the_desk_is_written_and_the_rest_is_given_back(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing)
    batch = [Item(Ticked(1)), Item(SettingsChanged("nonsense")), Item(Ticked(2)), Item(Ticked(3))]
    with pytest.raises(ValueError, match="Expecting value"):
        loop.take(batch)
    records = journal_of(loop.session)
    assert numbers(records) == [1, 2, 3, 4]
    assert records[-1].raised.startswith("JSONDecodeError: ")
    assert isinstance(decode_event(records[-1].event), SettingsChanged)
    left = loop.run.inbox.take_nowait()
    assert [item.event for item in left] == [Ticked(2), Ticked(3)]
    assert replay_journal(loop.session.journal.path, is_verifying=True).is_equal


async def test_a_broken_desk_is_not_asked_again_by_a_socket_that_still_reads(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing)
    with pytest.raises(ValueError, match="Expecting value"):
        loop.take([Item(SettingsChanged("nonsense"))])
    loop.run.inbox.put(Item(Ticked(1)))
    seq = loop.session.mind.seq
    loop.pump()
    assert loop.session.mind.seq == seq
    assert [item.event for item in loop.run.inbox.take_nowait()] == [Ticked(1)]
    journal_of(loop.session)


async def test_a_digest_follows_every_so_many_events(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing, digest_every=10)
    for number in range(4):
        loop.take([Item(Ticked(number * 10 + i)) for i in range(7)])
    records = journal_of(loop.session)
    digests = [record.seq for record in records if record.digest]
    assert digests == [16, 23, 30], "after the batch that passed ten, twenty, thirty"
    verdict = replay_journal(loop.session.journal.path, is_verifying=True)
    assert (verdict.is_equal, verdict.digests) == (True, 3)


async def test_a_checkpoint_follows_every_so_many_more_with_a_digest(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing, digest_every=70, checkpoint_every=100)
    for number in range(40):
        loop.take([Item(Ticked(number * 10 + i)) for i in range(7)])
    records = journal_of(loop.session)
    marks = [(record.seq, record.is_checkpoint) for record in records if not record.is_event]
    assert (
        marks
        == [
            (72, False),
            (100, False),
            (100, True),
            (142, False),
            (205, False),
            (205, True),
            (212, False),
            (282, False),
        ][:8]
    )
    verdict = replay_journal(loop.session.journal.path, is_verifying=True)
    assert (verdict.is_equal, verdict.checkpoints, verdict.passed_over) == (True, 2, ())


async def test_state_that_has_no_place_in_a_checkpoint_costs_the_checkpoint_and_nothing_else(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = make(tmp_path, nothing, checkpoint_every=100)
    loop.session.mind.account.odd = object()  # type: ignore[attr-defined]
    for number in range(20):
        loop.take([Item(Ticked(number * 10 + i)) for i in range(7)])
    assert loop.is_sound
    (said,) = loop.session.errors
    assert said.startswith("no checkpoint after event 100: desk.account.Account has other fields")
    records = journal_of(loop.session)
    assert len(numbers(records)) == 142
    assert not any(record.is_checkpoint for record in records)


async def test_latency_is_counted_once_a_frame(autojump_clock: MockClock, tmp_path: Path) -> None:
    loop = make(tmp_path, nothing)
    frame, other = 1_000, 2_000
    loop.take([Item(Ticked(1), frame), Item(Ticked(2), frame), Item(Ticked(3), other)])
    loop.take([Item(Ticked(4))])
    loop.session.latency.settle([loop.run])
    assert loop.session.meter.decided.count == 2
    longest = loop.session.meter.decided.largest
    assert loop.run.worst_ns == longest > 0, "which the breaker hears with the next tick"
    journal_of(loop.session)
