"""A strategy of others in the loop that trades: a real deadline, its journal, and the replay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from stories import OPENS_NS, PLAIN, Story, make_round
from trio.testing import MockClock
from virtual_engine import VirtualClock, open_session, paper_client

from polytui.backtest.replay import ReplayVerdict, replay_journal
from polytui.config.deciding import StrategySettings
from polytui.config.own import OwnStrategiesSettings
from polytui.config.strategy_tables import with_tables
from polytui.journal.reader import JournalReader
from polytui.ledger.shadow import NEVER_NS
from polytui.model import events as ev
from polytui.model.effects import Why
from polytui.model.instrument import Asset, Outcome
from polytui.runtime.asset import AssetRun
from polytui.runtime.desk_loop import DeskLoop
from polytui.runtime.inbox import Inbox, Item
from polytui.strategy.entry import Valuation
from polytui.strategy.own import OwnStrategy, PlayedStrategy
from polytui.strategy.proposal import View
from polytui.strategy.registry import OfOthers, having_own, loaded_words

pytestmark = pytest.mark.trio
NAME = "dawdler"


class Dawdler(OwnStrategy[StrategySettings]):
    """Buys Up; from a moment on it never comes back, or works for a while first."""

    name = NAME
    endless_from_ns = NEVER_NS
    work = 0

    def opinion(self, view: View, own: StrategySettings) -> Valuation | Why:
        while view.now_ns >= Dawdler.endless_from_ns:
            pass
        for _ in range(Dawdler.work):
            pass
        return Valuation(Outcome.UP, 0.7, 0.9)


def version(digest: str) -> OfOthers:
    return OfOthers(PlayedStrategy(Dawdler()), ev.LoadedStrategy(NAME, digest, "dawdler.py"))


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    with having_own([version("aaaa")]):
        yield
    Dawdler.endless_from_ns, Dawdler.work = NEVER_NS, 0


SETTINGS = evolve(
    with_tables(PLAIN, {NAME: StrategySettings(is_enabled=True)}),
    strategies=OwnStrategiesSettings(max_answer_ms=100.0, slow_ms=0.5, max_slow=2),
)


def lived(tmp_path: Path) -> DeskLoop:
    """A minute of a round in the loop of an engine."""
    clock = VirtualClock(OPENS_NS)
    session = open_session(clock, tmp_path / "s", SETTINGS)
    run = AssetRun(Asset.BTC, clock, paper_client(clock), Inbox(1_000))  # type: ignore[arg-type]
    loop = DeskLoop(run, session, lambda _: None)
    story = Story(SETTINGS).a_minute_in()
    for _, now_ns, event, is_last in story.said:
        clock.jump((now_ns - clock.now_ns()) / 1e9)
        opening = loaded_words("monday") if isinstance(event, ev.DeskOpened) else ()
        loop.take([Item(one) for one in (event, *opening)], decides=is_last)
    return loop


def verified(loop: DeskLoop) -> ReplayVerdict:
    loop.session.journal.close()
    return replay_journal(loop.session.journal.path, is_verifying=True)


def tick(loop: DeskLoop) -> None:
    loop.take([Item(ev.Ticked(loop.session.clock.now_ns()))])


async def test_who_never_comes_back_is_left_behind_and_the_replay_does_not_wait(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = lived(tmp_path)
    loop.session.clock.jump(1.0)  # type: ignore[attr-defined]
    Dawdler.endless_from_ns = loop.session.clock.now_ns()
    tick(loop)
    roster = loop.session.mind.account.roster
    slug = make_round().slug
    assert roster.halted_words(NAME).endswith(f"no answer in time, in {slug}")
    tick(loop)
    loop.session.journal.close()
    with JournalReader(loop.session.journal.path) as journal:
        assert [one.unanswered for one in journal if one.unanswered] == [((NAME, slug),)]
    verdict = replay_journal(loop.session.journal.path, is_verifying=True)
    assert verdict.is_equal, verdict.text()


async def test_who_is_slow_is_told_as_an_event_that_the_replay_reads(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = lived(tmp_path)
    Dawdler.work = 200_000
    for _ in range(2):
        tick(loop)
    assert not loop.session.mind.account.roster.halted, "it is in the inbox still"
    loop.pump()
    assert "2 answers of more than 0.5 ms" in loop.session.mind.account.roster.halted_words(NAME)
    Dawdler.work = 0
    verdict = verified(loop)
    assert verdict.is_equal, verdict.text()


async def test_another_version_or_none_is_told_before_anything_differs(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    loop = lived(tmp_path)
    tick(loop)
    assert verified(loop).versions == ()
    with having_own([version("bbbb")]):
        verdict = replay_journal(loop.session.journal.path, is_verifying=True)
    assert verdict.is_equal, "it thinks the same"
    (words,) = verdict.versions
    assert words.startswith(
        "the strategy dawdler is another version here: bbbb of dawdler.py, aaaa"
    )
    assert verdict.text().startswith(words)
    with having_own([]):
        verdict = replay_journal(loop.session.journal.path, is_verifying=True)
    assert not verdict.is_equal
    assert verdict.text().startswith("the strategy dawdler (aaaa, dawdler.py) is not here")
