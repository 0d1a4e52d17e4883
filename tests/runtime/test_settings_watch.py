"""Settings that change while the engine runs: from the file, from the keyboard, from both."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from learned_model import DIGEST, MODEL_TEXT
from trio.testing import MockClock
from virtual_engine import (
    OPENS_NS,
    VirtualClock,
    VirtualEngine,
    open_engine,
    open_session,
    paper_client,
    quick_settings,
)

from polytui.backtest.replay import replay_journal
from polytui.config.load import from_canonical_json
from polytui.config.profiles import LIVE_FIRST
from polytui.config.schema import DemoSettings, Settings
from polytui.model.effects import Reason
from polytui.model.errors import Rejected
from polytui.model.events import Action, DeskOpened, Event, ModelLoaded, SettingsChanged
from polytui.model.instrument import Asset
from polytui.model.link import NoticeFrame, SettingsFrame
from polytui.model.snapshot import AssetState, LimitView
from polytui.runtime.asset import AssetRun
from polytui.runtime.asset_worker import opening_events
from polytui.runtime.commands import Commands
from polytui.runtime.hub import FaceChannel
from polytui.runtime.inbox import Inbox
from polytui.runtime.modes import MODES
from polytui.runtime.pace import Pace
from polytui.runtime.session import Session
from polytui.runtime.settings_in_force import SettingsInForce
from polytui.runtime.settings_watch import SettingsWatch, stamp_of

pytestmark = pytest.mark.trio
BTC, ETH = Asset.BTC, Asset.ETH
LOOKS_S = 4.0
"""Time for some looks at the file."""

_written = count(1)


@pytest.fixture(autouse=True)
def disk_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread works in real time, and virtual time would run away from it."""

    async def at_once(work: Callable[..., Any], *args: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return work(*args)

    monkeypatch.setattr(trio.to_thread, "run_sync", at_once)


def write(path: Path, text: str) -> None:
    """Each time as if seconds had passed: virtual time is too quick for the stamps of a disk."""
    path.write_text(text)
    at_ns = next(_written) * 1_000_000_000
    os.utime(path, ns=(at_ns, at_ns))


# --- the settings in force over inboxes that no desk empties; the test does -----------------------


@attrs.define
class Bench:
    session: Session
    commands: Commands
    runs: list[AssetRun]
    used: list[LimitView]
    config: Path
    face: FaceChannel
    lines: list[str] = attrs.field(factory=list)

    @property
    def now(self) -> Settings:
        return self.session.settings

    @property
    def change(self) -> Callable[..., Any]:
        return self.commands.change

    def heard(self, asset: Asset = BTC) -> list[Event]:
        (run,) = (run for run in self.runs if run.asset is asset)
        return [item.event for item in run.inbox.take_nowait()]

    async def said(self) -> list[str]:
        """Every line for people so far, once the watch had time for some looks."""
        await trio.sleep(LOOKS_S)
        with trio.move_on_after(0.1):
            self.lines += [f.notice.text for f in await self.face.take() if _is_line(f)]  # type: ignore[union-attr]
        return self.lines


def _is_line(frame: object) -> bool:
    return isinstance(frame, NoticeFrame) and frame.notice.text.startswith("settings: ")


@asynccontextmanager
async def open_bench(
    folder: Path, text: str = "", mode: str = "paper", **tables: Any
) -> AsyncIterator[Bench]:
    """A session of two assets whose file says `text`, is read by now, and looked at since."""
    settings = quick_settings(session={"assets": (BTC, ETH)}, **tables)
    if mode == "demo":
        settings = attrs.evolve(settings, demo=DemoSettings())
    adapted = MODES[mode].adapted
    settings = adapted(settings, settings)
    clock, config = VirtualClock(OPENS_NS), folder / "config.toml"
    client = paper_client(clock)
    runs = [AssetRun(asset, clock, client, Inbox(100)) for asset in (BTC, ETH)]  # type: ignore[arg-type]
    used: list[LimitView] = []
    session = open_session(clock, folder / "s", settings)
    in_force = SettingsInForce(session, runs, lambda: used)
    commands, face = (
        Commands(session, runs, in_force, Pace(session, lambda: 0, None)),
        session.hub.subscribe(),
    )
    write(config, text)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(SettingsWatch(config, session, in_force, adapted).watch)
            await trio.sleep(LOOKS_S)
            yield Bench(session, commands, runs, used, config, face)
            nursery.cancel_scope.cancel()
    finally:
        session.journal.close()


# --- from the file ------------------------------------------------------------------------------


async def test_a_hot_change_is_one_event_for_every_desk_and_a_line_for_each_difference(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        assert await site.said() == []
        began_with, digest = site.now, site.session.settings_digest
        write(site.config, "[gates]\nafter_open_s = 60.0\n[risk]\nmax_order_usd = 5\n")
        assert await site.said() == [
            f"settings: gates.after_open_s 45.0 > 60.0 from {site.config}",
            f"settings: risk.max_order_usd 25.0 > 5.0 from {site.config}",
        ]
        assert site.session.settings_digest != digest
        (event,) = site.heard(BTC)
        assert site.heard(ETH) == [event]
    assert isinstance(event, SettingsChanged)
    settings = from_canonical_json(event.settings_json)
    assert (settings.gates.after_open_s, settings.risk.max_order_usd) == (60.0, 5.0)
    assert settings.endpoints == began_with.endpoints, "what the file does not say stays"
    assert settings == site.now


async def test_the_demos_strategies_go_on_whatever_is_read(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, "[gates]\nafter_open_s = 45.0\n", mode="demo") as site:
        assert await site.said() == [], "the file says less than what trades; nothing changed"
        assert site.now.confluence.is_enabled
        write(site.config, '[gates]\nafter_open_s = 60.0\n[demo]\nstrategies = ["confluence"]\n')
        assert await site.said() == [
            f"settings: gates.after_open_s 45.0 > 60.0 from {site.config}",
            "settings: needs a restart: demo.strategies "
            '["confluence", "momentum_score"] > ["confluence"]',
        ]
        assert site.now.momentum_score.is_enabled, "until the restart"


async def test_one_limit_of_ones_own_leaves_the_other_limits_of_live_as_they_are(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, mode="live") as site:
        assert await site.said() == []
        began_with = site.now.risk
        assert began_with == LIVE_FIRST
        write(site.config, "[risk]\nmax_order_usd = 4.0\n")
        changed = f"settings: risk.max_order_usd 5.0 > 4.0 from {site.config}"
        assert changed in await site.said()
        assert site.now.risk == attrs.evolve(began_with, max_order_usd=4.0)
        assert site.now.confluence.stake_usd == 4.0
        write(site.config, "[risk]\nmax_order_usd = 4.0\n[live]\nlimits = 'as-written'\n")
        assert (await site.said())[-1] == (
            'settings: needs a restart: live.limits "live-first" > "as-written"'
        ), "larger limits come into force by a start alone, which says so"
        assert site.now.risk.max_daily_loss_usd == LIVE_FIRST.max_daily_loss_usd


async def test_a_file_that_is_being_written_is_read_when_it_is_quiet(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        for step in range(40):
            write(site.config, "[gates]\nafter_open_s = " + "6" * (step % 3))
            await trio.sleep(0.25)
        write(site.config, "[gates]\nafter_open_s = 66.0\n")
        assert await site.said() == [
            f"settings: gates.after_open_s 45.0 > 66.0 from {site.config}"
        ], "half a file is no fault of anybody's"


async def test_a_bad_file_changes_nothing_and_every_fault_is_told_until_it_is_mended(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        before = site.now
        write(site.config, "[gates]\nafter_open_s = -1\ntipo = 3\ncooldown_s = 1.0\n")
        faults = [
            "settings: unknown setting tipo @ gates",
            "settings: expected >= 0, got -1 @ gates.after_open_s",
            f"settings: nothing is changed; mend {site.config} and save it again",
        ]
        assert await site.said() == faults
        assert site.now is before
        assert site.heard() == []
        write(site.config, "[gates]\ncooldown_s = 1.0\n")
        mended = f"settings: gates.cooldown_s 4.0 > 1.0 from {site.config}"
        assert await site.said() == [*faults, mended]
        assert len(site.heard()) == 1


@pytest.mark.parametrize("text", ["a = ", "a = " + "[" * 5_000, "a = " + "1" * 5_000])
async def test_a_file_that_is_no_toml_is_a_fault_and_no_crash(
    autojump_clock: MockClock, tmp_path: Path, text: str
) -> None:
    async with open_bench(tmp_path) as site:
        write(site.config, text)
        assert "not TOML" in (await site.said())[0]


async def test_a_folder_in_its_place_is_a_fault_and_no_crash(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        site.config.unlink()
        site.config.mkdir()
        assert "cannot read" in (await site.said())[0]


async def test_a_missing_file_is_said_once_and_read_when_it_is_back(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, "[gates]\ncooldown_s = 4.0\n") as site:
        site.config.unlink()
        await trio.sleep(60)
        gone = f"settings: {site.config} is gone; what is in force stays"
        assert await site.said() == [gone]
        write(site.config, "[gates]\ncooldown_s = 2.0\n")
        back = f"settings: gates.cooldown_s 4.0 > 2.0 from {site.config}"
        assert await site.said() == [gone, back]


async def test_a_file_that_is_replaced_in_one_look_is_never_gone(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path, "[gates]\ncooldown_s = 4.0\n") as site:
        site.config.unlink()
        await trio.sleep(1.0)
        write(site.config, "[gates]\ncooldown_s = 2.0\n")
        assert await site.said() == [f"settings: gates.cooldown_s 4.0 > 2.0 from {site.config}"]


async def test_a_cold_change_is_named_once_and_the_hot_one_beside_it_applied(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        text = "[sockets]\nbackoff_cap_s = 20.0\n[gates]\ncooldown_s = 1.0\n"
        write(site.config, text)
        named = [
            f"settings: gates.cooldown_s 4.0 > 1.0 from {site.config}",
            "settings: needs a restart: sockets.backoff_cap_s 15.0 > 20.0",
        ]
        assert await site.said() == named
        write(site.config, text + "# a word\n")
        assert await site.said() == [
            *named,
            f"settings: {site.config} was read again: nothing to change",
        ]
        assert (site.now.gates.cooldown_s, site.now.sockets.backoff_cap_s) == (1.0, 15.0)
        assert len(site.heard()) == 1


async def test_what_was_changed_between_the_start_and_the_first_look_counts(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """The session began with the defaults, and with two assets by the command line."""
    async with open_bench(tmp_path, "[gates]\ncooldown_s = 3.0\n") as site:
        assert await site.said() == [f"settings: gates.cooldown_s 4.0 > 3.0 from {site.config}"]
        assert site.now.session.assets == (BTC, ETH)


async def test_what_the_keyboard_changed_survives_a_file_that_does_not_speak_of_it(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        with pytest.raises(Rejected, match="in force"):
            await site.change("gates.cooldown_s", "9.0", "terminal")
        write(site.config, "[gates]\nafter_open_s = 60.0\n")
        await site.said()
        assert (site.now.gates.cooldown_s, site.now.gates.after_open_s) == (9.0, 60.0)
        write(site.config, "[gates]\nafter_open_s = 60.0\ncooldown_s = 5.0\n")
        await site.said()
        assert site.now.gates.cooldown_s == 5.0


async def test_a_file_that_would_breach_an_open_position_is_refused_whole(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_bench(tmp_path) as site:
        site.used.append(LimitView(Reason.LIMIT_ROUND.value, 34.1, 50.0, "USD"))
        before = site.now
        text = "[risk]\nmax_round_usd = 20.0\n[gates]\ncooldown_s = 1.0\n"
        write(site.config, text)
        assert (await site.said())[0] == (
            "settings: would breach an open position: round limit 20.00 USD < 34.10 USD in use"
        )
        assert site.now is before, "not in part either"
        site.used.clear()
        write(site.config, text)
        await site.said()
        assert (site.now.risk.max_round_usd, site.now.gates.cooldown_s) == (20.0, 1.0)


async def test_a_stamp_tells_a_file_from_the_one_put_in_its_place(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    assert stamp_of(path) is None
    for each in (path, other):
        each.write_text("same")
        os.utime(each, ns=(1, 1))
    before = stamp_of(path)
    assert before == stamp_of(path)
    other.rename(path)
    assert stamp_of(path) != before


# --- from the keyboard --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("gates.tipo", "1", "unknown setting @ gates.tipo"),
        ("session.rounds", "1", "needs a restart @ session.rounds"),
        ("gates.cooldown_s", "-1", "expected >= 0, got -1 @ gates.cooldown_s"),
        ("gates.cooldown_s", "soon", "expected a value as JSON"),
        ("gates.cooldown_s", "4.0", "gates.cooldown_s is 4.0 already"),
    ],
)
async def test_a_bad_change_is_refused_in_words_and_changes_nothing(
    autojump_clock: MockClock, tmp_path: Path, path: str, value: str, says: str
) -> None:
    async with open_bench(tmp_path) as site:
        before = site.now
        with pytest.raises(Rejected, match=says):
            await site.change(path, value, "terminal")
        assert site.now is before
        assert site.heard() == []


async def test_two_changes_at_once_both_stay(autojump_clock: MockClock, tmp_path: Path) -> None:
    """The one that names a model waits for its file: the other must not be undone by it."""
    learned = {"kind": "learned"}
    async with open_bench(tmp_path, '[predictor]\nkind = "learned"\n', predictor=learned) as site:

        async def change(path: str, value: str) -> None:
            with pytest.raises(Rejected, match="in force"):
                await site.change(path, value, "terminal")

        async with trio.open_nursery() as nursery:
            for path, value in (
                ("predictor.model_file", '"m.json"'),
                ("gates.cooldown_s", "1.0"),
                ("risk.max_order_usd", "5.0"),
            ):
                nursery.start_soon(change, path, value)
        changes = [e for e in site.heard() if isinstance(e, SettingsChanged)]
        assert len(changes) == 3
        assert from_canonical_json(changes[-1].settings_json) == site.now
        now = site.now
        assert now.predictor.model_file == "m.json"
        assert (now.gates.cooldown_s, now.risk.max_order_usd) == (1.0, 5.0)


async def test_a_halted_asset_is_left_out(autojump_clock: MockClock, tmp_path: Path) -> None:
    async with open_bench(tmp_path) as site:
        site.runs[1].state = AssetState.HALTED
        with pytest.raises(Rejected, match="in force, but no asset could take it yet"):
            await site.change("gates.cooldown_s", "1.0", "terminal")
        (event,) = site.heard(BTC)
        assert isinstance(event, SettingsChanged)
        assert from_canonical_json(event.settings_json).gates.cooldown_s == 1.0
        assert site.heard(ETH) == []
        assert event in await opening_events(site.runs[0], site.session)


@pytest.mark.parametrize(("allowed", "is_refused"), [(34.1, False), (34.099999, True)])
async def test_at_and_just_under_what_is_in_use(
    autojump_clock: MockClock, tmp_path: Path, allowed: float, is_refused: bool
) -> None:
    async with open_bench(tmp_path) as site:
        site.used.append(LimitView(Reason.LIMIT_ROUND.value, 34.1, 50.0, "USD"))
        before = site.now
        with pytest.raises(Rejected, match="would breach" if is_refused else "in force"):
            await site.change("risk.max_round_usd", str(allowed), "terminal")
        assert (site.now is before) == is_refused
        assert len(site.heard()) == (0 if is_refused else 1)


# --- the learned model --------------------------------------------------------------------------


async def test_a_model_is_read_at_the_start_and_told_to_every_new_desk(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    path.write_text(MODEL_TEXT)
    text = f'[predictor]\nkind = "learned"\nmodel_file = "{path}"\n'
    learned = {"kind": "learned", "model_file": str(path)}
    async with open_bench(tmp_path, text, predictor=learned) as site:
        before = await opening_events(site.runs[0], site.session)
        assert not any(isinstance(event, ModelLoaded) for event in before)
        await site.commands.settings.begin()
        _, settings, model = await opening_events(site.runs[0], site.session)
        assert isinstance(settings, SettingsChanged)
        assert model == ModelLoaded(MODEL_TEXT, f"model {DIGEST} from {path}")


async def test_a_model_follows_the_settings_that_name_it_and_comes_again_only_when_it_is_another(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    path, models = tmp_path / "m.json", []
    async with open_bench(tmp_path) as site:

        async def change(name: str, value: str) -> list[type]:
            with pytest.raises(Rejected, match="in force"):
                await site.change(name, value, "terminal")
            events = site.heard(BTC)
            assert site.heard(ETH) == events
            models.extend(event for event in events if isinstance(event, ModelLoaded))
            return [type(event) for event in events]

        assert await change("predictor.model_file", json.dumps(str(path))) == [SettingsChanged]
        assert await change("predictor.kind", '"learned"') == [SettingsChanged, ModelLoaded]
        assert models[-1] == ModelLoaded("", f"no model at {path}: train one with polytui train")
        path.write_text(MODEL_TEXT)
        assert await change("gates.cooldown_s", "1.0") == [SettingsChanged, ModelLoaded]
        assert models[-1].model_json == MODEL_TEXT
        assert await change("gates.cooldown_s", "2.0") == [SettingsChanged]
        assert await change("predictor.kind", '"fair_value"') == [SettingsChanged]
        assert site.session.model is None
        assert await change("predictor.kind", '"learned"') == [SettingsChanged, ModelLoaded]


# --- with real desks ----------------------------------------------------------------------------


def changes_of(engine: VirtualEngine) -> list[tuple[int, str, Settings]]:
    """(seq, asset, settings) of every SettingsChanged after the opening ones."""
    records = [r for r in engine.records() if bytes(r.event).startswith(b'["SettingsChanged')]
    found = zip(records, engine.events(SettingsChanged), strict=True)
    changes = [(r.seq, asset, from_canonical_json(e.settings_json)) for r, (asset, e) in found]  # type: ignore[union-attr]
    return changes[len(engine.runs) :]


async def test_desks_faces_and_journal_agree_on_what_is_in_force(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config, settings = tmp_path / "config.toml", quick_settings(session={"assets": (BTC, ETH)})
    write(config, "")
    async with open_engine(monkeypatch, tmp_path / "s", settings, config=config) as engine:
        hub, desks = engine.session.hub, engine.session.mind.desks
        face = hub.subscribe()
        seqs = await hub.change("distance_fade.min_edge_bps", "200", "terminal")
        write(config, "[gates]\nafter_open_s = 60.0\n")
        await engine.until(lambda: desks[ETH].settings.gates.after_open_s == 60.0)
        await engine.until(lambda: desks[BTC].settings.gates.after_open_s == 60.0)
        now = engine.session.settings
        assert now.distance_fade.min_edge_bps == 200.0
        assert desks[BTC].settings == desks[ETH].settings == now
        (frame,) = (frame for frame in await face.take() if isinstance(frame, SettingsFrame))
        assert frame.file == str(config), "whoever sees them may open it"
        shown = {view.path: view.value for view in frame.settings}
        assert shown["gates.after_open_s"] == "60.0"
        assert shown["distance_fade.min_edge_bps"] == "200.0"
    changes = changes_of(engine)
    assert sorted(asset for _, asset, _ in changes[:2]) == ["btc", "eth"]
    assert tuple(seq for seq, _, _ in changes[:2]) == seqs
    assert len(changes) == 4
    assert changes[-1][2] == now
    assert replay_journal(engine.session.journal.path, is_verifying=True).is_equal


async def test_a_desk_that_begins_anew_hears_the_settings_in_force(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = quick_settings(session={"assets": (BTC,)})
    async with open_engine(
        monkeypatch, tmp_path / "s", settings, chaos="crash:btc@round1", starts_before_s=2.0
    ) as engine:
        await engine.session.hub.change("gates.cooldown_s", "1.0", "terminal")
        run = engine.run_of(BTC)
        await engine.until(lambda: run.life == 2 and run.state is None)
        assert engine.session.mind.desks[BTC].settings.gates.cooldown_s == 1.0
    heard = [event for _, event in engine.events(DeskOpened, SettingsChanged)]
    kinds = [type(event) for event in heard]
    assert kinds == [DeskOpened, SettingsChanged, SettingsChanged, DeskOpened, SettingsChanged]
    assert heard[-1] == heard[2]


async def test_what_is_held_is_what_a_limit_is_held_against_and_a_stop_ends_all_changes(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gates = {"after_open_s": 0.0, "entry_delay_s": 0.0}
    settings = quick_settings(session={"assets": (BTC,)}, gates=gates)
    async with open_engine(monkeypatch, tmp_path / "s", settings) as engine:
        account, change = engine.session.mind.account, engine.session.hub.change
        await engine.until(lambda: account.of(BTC).exposure.totals.cost > 0)
        before = engine.session.settings
        for name, bar in (("account", "account"), ("asset", "asset")):
            reason = rf"would breach an open position: {bar} limit 0\.01 USD < \S+ USD in use"
            with pytest.raises(Rejected, match=reason):
                await change(f"risk.max_{name}_usd", "0.01", "terminal")
        assert engine.session.settings is before
        await engine.session.hub.command(Action.STOP, "", "terminal")
        with pytest.raises(Rejected, match="stopping"):
            await change("gates.cooldown_s", "1.0", "terminal")
        assert engine.session.settings is before
