"""Sessions as they went: their own money, and what is kept of it for whoever arms a strategy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
from attrs import evolve
from click.testing import CliRunner

from polytui.backtest.inprocess import InProcess
from polytui.backtest.played_journal import PlayedJournal
from polytui.backtest.session_evidence import session_evidence
from polytui.cli.main import cli
from polytui.config.schema import SessionSettings, Settings
from polytui.journal.codec import FORMAT, Header
from polytui.journal.log import JournalLog
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.results.kept_verdicts import KeptVerdict, VerdictFile
from polytui.sim.world.demo_world import world_of
from polytui.tools.forward_test import forward_test

START_NS = 1_795_204_770 * NS_PER_S


def session(folder: Path, mode: str, settings: Settings) -> dict[str, int]:
    """Played into this folder; what its shadows and strategies earned, by name."""
    world = world_of(
        settings.demo, seed=7, start_ns=START_NS, assets=(Asset.BTC,), intervals=(Interval.M5,)
    )
    header = Header(FORMAT, "0", mode, folder.name, START_NS, 7)
    journal = PlayedJournal(JournalLog(folder, header, settings.journal))
    played = InProcess(settings, world, journal=journal).play()
    assert journal.close() == ""
    account = played.mind.account.of(Asset.BTC)
    return {
        name: one.pnl
        for attribution in (account.shadow, account.live)
        for name, one in attribution.results().items()
        if one.pnl
    }


SETTINGS = evolve(
    Settings(),
    session=SessionSettings(assets=(Asset.BTC,), rounds=1),
    demo=evolve(Settings().demo, messages=0.01),
)


@pytest.fixture(scope="module")
def played() -> tuple[Path, dict[str, int]]:
    folder = Path(mkdtemp()) / "20261120-195930-paper-1"
    return folder, session(folder, "paper", SETTINGS)


def test_a_session_as_it_went_has_its_own_money(played: tuple[Path, dict[str, int]]) -> None:
    folder, earned = played
    evidence = session_evidence(folder)
    assert evidence.differences == ()
    assert evidence.coverage.is_forward
    found: dict[str, int] = {}
    for one in evidence.trades:
        found[one.strategy] = found.get(one.strategy, 0) + (one.pnl or 0)
    assert {name: pnl for name, pnl in found.items() if pnl} == earned
    assert earned


def kept(folders: list[Path], file: Path) -> dict[str, KeptVerdict]:
    return {one.strategy: one for one in forward_test(folders, VerdictFile(file)).kept}


def test_sessions_count_together_where_settings_were_the_same(
    played: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    folder, earned = played
    one = kept([folder], tmp_path / "one.jsonl")
    two = kept([folder, folder], tmp_path / "two.jsonl")
    assert set(earned) <= set(one) == set(two)
    assert all(verdict.is_forward and verdict.rounds <= 1 for verdict in one.values())
    assert VerdictFile(tmp_path / "one.jsonl").kept() == tuple(one.values())


def test_a_demo_is_no_forward_test(played: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    demo = tmp_path / "20261120-195930-demo-1"
    session(demo, "demo", SETTINGS)
    found = forward_test([played[0], demo], VerdictFile(tmp_path / "verdicts.jsonl"))
    assert found.kept
    assert not any(one.is_forward for one in found.kept)
    assert any("no forward test" in line for line in found.lines())


def test_the_command_says_and_keeps_it(
    played: tuple[Path, dict[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(played[0], tmp_path / "runs" / played[0].name)
    ended = CliRunner().invoke(cli, ["verdict", played[0].name, "--json", "kept.json"])
    assert ended.exit_code == 0, ended.output
    assert "distance_fade: not enough data" in ended.output
    told = json.loads((tmp_path / "kept.json").read_text())
    assert {one["strategy"] for one in told} == {
        one.strategy for one in VerdictFile(tmp_path / "state/polytui/verdicts.jsonl").kept()
    }
