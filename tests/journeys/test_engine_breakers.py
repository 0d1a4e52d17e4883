"""What stops by itself, in the real program: every breaker and the kill switch fired on purpose.

Two demos by the command line, watched over the socket by a face as a terminal would be. What fires
must be told everywhere a person looks: journal, summary, status lines, and the risk page, which
is drawn here from the very views that the engine sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
import trio
from program import Program, records_of, short_folder, started, summary_of
from watcher import Seen, Watcher, watching

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import JournalRecord, decode_event
from polytui.model.effects import Reason
from polytui.model.events import Action, Commanded, RoundOpened
from polytui.model.snapshot import AssetView
from polytui.model.units import NS_PER_S
from polytui.tui.panels.page import PageLook, Scroll
from polytui.tui.panels.risk import risk_panel
from polytui.tui.styles import plain
from polytui.tui.theme import load_themes

pytestmark = pytest.mark.long
PALETTE = next(iter(load_themes().values()))
STRATEGIES = ("confluence", "momentum_score", "distance_fade", "settlement_sniper", "predictor")
SESSION = """
[session]
exchanges = ["binance"]

[terminal]
snapshot_hz = 5.0

[market]
exchange_fresh_ms = 60000
volatility_warmup_s = 5.0

[gates]
after_open_s = 5.0
before_close_s = 10.0
min_consensus_trust = 0.0
max_book_lag_ms = 60000
max_book_age_ms = 60000
max_chainlink_age_ms = 60000
max_slippage_ticks = 3
entry_delay_s = 0.0
cooldown_s = 1.0
is_one_signal_a_side = false
"""
"""Little work for a busy machine, and gates that let nearly everything in: what holds an entry
back is a breaker. At such speeds a real second is more than half a minute of age."""


def all_strategies(more: str) -> str:
    usual = f'is_enabled = true\nsizing = "fixed"\nmin_edge_bps = 1.0\n{more}\n'
    return "".join(f"\n[{name}]\n{usual}" for name in STRATEGIES)


# --- a demo with a face on it -------------------------------------------------------------------


@attrs.frozen
class Played:
    """A demo that has ended."""

    summary: dict[str, Any]
    journal: Path
    seen: Seen
    printed: str

    @property
    def btc(self) -> dict[str, Any]:
        asset: dict[str, Any] = self.summary["assets"]["btc"]
        return asset

    def effects(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(session time, fields) of every effect of a kind."""
        for record in records_of(self.journal):
            for kind, fields in effects_of(record):
                if kind == name:
                    yield record.at, fields

    def drawn(self, view: AssetView, width: int = 80) -> list[str]:
        """The risk page as a terminal draws it from this view, row by row."""
        account = min(self.seen.accounts, key=lambda one: abs(one.at_ns - view.at_ns))
        lines = risk_panel(account, [view], PageLook(PALETTE, "btc"), Scroll(), width, 40)
        return plain(lines).split("\n")


def effects_of(record: JournalRecord) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, fields) for kind, fields in msgspec.json.decode(record.effects)]


def play(
    folder: Path, settings: str, act: Callable[[Watcher], Awaitable[None]], *arguments: str
) -> Played:
    """A demo of BTC, until the watching face has done what it wants; then it is stopped."""
    (folder / "ours.toml").write_text(settings)
    command = (
        "demo", "--headless", "--config", "ours.toml", "--assets", "btc", "--rounds", "0",
        "--crowd-delay", "3",
    )  # fmt: skip

    async def watched() -> tuple[Program, Seen]:
        with short_folder() as place:
            socket = place / "e.sock"
            whole = (*command, "--socket", socket, *arguments)
            async with started(folder, *whole, patience_s=PATIENCE_S) as program:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(program.rest)
                    async with watching(socket, "demo") as watcher:
                        await act(watcher)
                        await watcher.command(Action.STOP)
                assert await program.process.wait() == 0, program.unread
            return program, watcher.seen

    program, seen = trio.run(watched)
    session = program.session
    return Played(summary_of(session), session, seen, program.unread)


# --- what every journal must hold ---------------------------------------------------------------


@attrs.define
class Blocks:
    """What forbids entries, read from a journal line by line with no help of the desk's. State:
    the breakers that are open, whether the kill switch is on, entries that were sent in spite."""

    open: set[str] = attrs.field(factory=set)
    paused: set[str] = attrs.field(factory=set)
    is_killed: bool = False
    entries: int = 0
    in_spite: list[str] = attrs.field(factory=list)

    def take(self, record: JournalRecord) -> None:
        event = decode_event(record.event)
        if isinstance(event, Commanded):
            if event.action is Action.KILL:
                self.is_killed = True
            elif event.action is Action.RESUME:
                self.paused.clear()
        for kind, fields in effects_of(record):
            self._take_effect(record, kind, fields)

    def _take_effect(self, record: JournalRecord, kind: str, fields: dict[str, Any]) -> None:
        match kind:
            case "Trip":
                (self.open if fields["until_ns"] else self.paused).add(fields["why"]["reason"])
            case "Release":
                self.open.remove(fields["reason"])
            case "CancelAll" if fields["why"] == "kill switch":
                self.is_killed = True
            case "Place" if fields["order"]["side"] == "buy":
                self._entered(record)

    def _entered(self, record: JournalRecord) -> None:
        self.entries += 1
        if self.open or self.paused or self.is_killed:
            self.in_spite.append(f"{record.seq}: {self.open} {self.paused} {self.is_killed}")


def blocks_of(played: Played) -> Blocks:
    blocks = Blocks()
    for record in records_of(played.journal):
        blocks.take(record)
    return blocks


def assert_money_adds_up(played: Played) -> None:
    summary = played.summary
    assert summary["errors"] == []
    reconciled = summary["reconciled"]
    assert reconciled["client_cash_usd"] == reconciled["ledger_cash_usd"]
    assert reconciled["is_cash_equal"] is True
    totals = summary["totals"]
    moved = totals["pnl_usd"] + totals["open_flow_usd"]
    assert totals["cash_usd"] == pytest.approx(totals["starting_cash_usd"] + moved, abs=1e-9)
    assert played.btc["working_orders"] == 0


def assert_it_replays(played: Played) -> None:
    verdict = replay_journal(played.journal, is_verifying=True)
    assert verdict.is_equal, verdict.text()
    assert verdict.digests > 0
    assert verdict.effects > 100


# --- every breaker, and the kill switch by command ----------------------------------------------


@attrs.frozen
class Trouble:
    """One fault of the plan, and the breaker that must answer it."""

    reason: Reason
    kind: str
    """As the chaos notice calls it."""
    within_s: float
    """Session seconds from the notice, what comes later may have another cause."""


SPREAD = Trouble(Reason.SPREAD_SPIKE, "spread", 130.0)
FLOOD = Trouble(Reason.QUEUE_FULL, "flood", 90.0)
STALL = Trouble(Reason.LATENCY, "stall", 130.0)
DROP = Trouble(Reason.RECONNECTS, "drop", 130.0)
REJECT = Trouble(Reason.REJECTS, "reject", 280.0)
DIVERGENCE = Trouble(Reason.DIVERGENCE, "divergence", 200.0)
FEES = Trouble(Reason.FEE_SPIKE, "fees", 1500.0)
TROUBLES = (SPREAD, FLOOD, STALL, DROP, REJECT, DIVERGENCE, FEES)
CHAOS = (
    "fees:market@round1,spread:market@round1+90sx3,flood:btc@round1+230s,"
    "stall:btc@round2+30sx2,drop:all@round2+170s,"
    "reject:btc@round3+5sx8,divergence:market@round4+30sx5,kill:all@round6+60s"
)
BREAKERS = """
[breakers]
cool_down_s = 30.0
max_divergence = 0.3
max_reconnects = 2
max_spread_rise = 7.0
reject_orders = 3
critical_latency_ms = 1500.0
stale_latency_ms = 1800.0

[risk]
max_orders_per_round = 60
max_losses_in_a_row = 99
max_drawdown_usd = 900.0
max_drawdown_pct = 100.0
max_daily_loss_usd = 900.0
"""
"""Low enough for each fault; a latency that no pause of the machine reaches, a stall of two seconds
does. Nothing else ends the session."""
PATIENCE_S = 150.0


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Six rounds, one trouble after the other, the kill switch at last."""

    async def watch(watcher: Watcher) -> None:
        await watcher.until(lambda seen: seen.account.is_killed)
        await watcher.until(lambda seen: seen.asset.detail == "command from chaos")

    stakes = "stake_usd = 6.0\nis_held_to_settlement = true"
    settings = SESSION + BREAKERS + all_strategies(stakes)
    folder = tmp_path_factory.mktemp("troubled")
    return play(folder, settings, watch, "--speed", "36", "--chaos", CHAOS)


def began_ns(played: Played, trouble: Trouble) -> int:
    (notice,) = played.seen.said(f"chaos: {trouble.kind} ")
    return notice.at_ns


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.kind)
def test_each_trouble_opens_its_breaker(troubled: Played, trouble: Trouble) -> None:
    """Soon enough, with the number that was over its limit."""
    since_ns, lasts_ns = began_ns(troubled, trouble), int(trouble.within_s * NS_PER_S)
    trips = [
        (at, fields)
        for at, fields in troubled.effects("Trip")
        if fields["why"]["reason"] == trouble.reason.value and since_ns <= at < since_ns + lasts_ns
    ]
    assert trips, f"no trip within {trouble.within_s:g} s"
    for at, fields in trips:
        why = fields["why"]
        assert why["value"] > why["limit"] > 0
        assert why["unit"]
        assert fields["until_ns"] == at + 30 * NS_PER_S


def test_each_episode_is_told_once_and_ends(troubled: Played) -> None:
    """Trip and release take turns; by the end all but the last have cooled down."""
    story: defaultdict[str, list[str]] = defaultdict(list)
    for record in records_of(troubled.journal):
        for kind, fields in effects_of(record):
            if kind == "Trip":
                story[fields["why"]["reason"]].append("open")
            elif kind == "Release":
                story[fields["reason"]].append("closed")
    assert set(story) == {trouble.reason.value for trouble in TROUBLES}
    for reason, told in story.items():
        assert told[0] == "open", reason
        assert all(one != other for one, other in pairwise(told)), reason
        assert "closed" in told, reason


def test_a_stall_past_the_stale_limit_says_so(troubled: Played) -> None:
    whys = [f["why"] for _, f in troubled.effects("Trip") if f["why"]["reason"] == "latency"]
    assert any(why["limit"] == 1800.0 and why["value"] >= 2000.0 for why in whys)


def test_the_high_fee_holds_for_its_round(troubled: Played) -> None:
    """The fault is made in the first round, for a round that nobody had read yet: the fifth."""
    opened = [
        record.at
        for record in records_of(troubled.journal)
        if isinstance(event := decode_event(record.event), RoundOpened) and not event.is_late
    ]
    trips = [at for at, f in troubled.effects("Trip") if f["why"]["reason"] == "fee spike"]
    assert trips
    assert all(opened[4] <= at < opened[5] for at in trips)
    releases = [at for at, f in troubled.effects("Release") if f["reason"] == "fee spike"]
    assert releases[-1] > trips[-1], "and not for longer"


def test_nobody_enters_while_something_is_open(troubled: Played) -> None:
    """But before and between, and each breaker was somebody's reason not to."""
    blocks = blocks_of(troubled)
    assert blocks.is_killed
    assert blocks.in_spite == []
    assert blocks.entries >= 5, "an entry was possible at all"
    held_back = Counter(fields["why"]["reason"] for _, fields in troubled.effects("Explain"))
    for trouble in TROUBLES:
        assert held_back[trouble.reason.value] > 0, trouble.reason
    assert held_back["kill switch"] > 0


def test_the_summary_counts_every_episode(troubled: Played) -> None:
    trips = Counter(fields["why"]["reason"] for _, fields in troubled.effects("Trip"))
    assert troubled.btc["breakers"] == dict(trips)
    assert set(trips) == {trouble.reason.value for trouble in TROUBLES}
    assert troubled.summary["kill_switch"] == {"is_on": True, "why": "command from chaos"}
    assert troubled.summary["stopped"] == "command from terminal"


def test_the_kill_is_a_command_in_the_journal(troubled: Played) -> None:
    kills = [
        record
        for record in records_of(troubled.journal)
        if isinstance(event := decode_event(record.event), Commanded)
        and event.action is Action.KILL
        and event.origin == "chaos"
    ]
    assert len(kills) == 1
    assert b'["CancelAll",{"why":"kill switch: command from chaos"}]' in bytes(kills[0].effects)
    assert list(troubled.journal.parent.glob("*.risk_state.jsonl")) == [], "a demo begins anew"


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.kind)
def test_the_terminal_is_told_and_draws_it(troubled: Played, trouble: Trouble) -> None:
    """In lines of the log, in the views, and from those on the risk page."""
    words = trouble.reason.value
    assert troubled.seen.said("no entries until it has cooled down", words)
    assert troubled.seen.said(f"entries again: {words} is over")
    assert f"no entries until it has cooled down: {words}" in troubled.printed
    view = troubled.seen.with_breaker(words)[0]
    rows = troubled.drawn(view)
    (reason,) = [one.reason for one in view.breakers if words in one.reason]
    (row,) = [row for row in rows if f"! BTC  {reason}" in row]
    assert "closes in " in row or "closing" in row
    assert any(f"breakers, {len(view.breakers)} open: no entries" in one for one in rows)
    assert any(f"! BTC  {words}" in row for row in troubled.drawn(view, 120)), "in columns as well"


def test_the_terminal_draws_the_kill_switch_and_why(troubled: Played) -> None:
    rows = troubled.drawn(troubled.seen.asset)
    assert "kill switch  ■ KILLED command from chaos" in rows[1]
    assert "R twice rearms" in rows[1]
    assert any("■ KILLED" in row for row in rows[2:]), "the asset says it too"
    assert "everything cancelled: kill switch: command from chaos" in troubled.printed
    assert "kill switch is on: command from chaos" in troubled.printed


def test_where_nothing_is_open_the_terminal_says_that(troubled: Played) -> None:
    calm = next(view for view in troubled.seen.views if view.rounds and not view.breakers)
    assert "breakers     ● none is open" in "\n".join(troubled.drawn(calm))


def test_money_adds_up_and_the_journal_replays(troubled: Played) -> None:
    assert troubled.summary["totals"]["fills"] > 0
    assert_money_adds_up(troubled)
    assert_it_replays(troubled)


# --- the pauses, and the kill switch by a loss --------------------------------------------------

CHURN = """
[exits]
max_hold_s = 1.0

[risk]
max_orders_per_round = 1000
max_trades_per_day = 10000
max_losses_in_a_row = 1
max_drawdown_usd = 900.0
max_drawdown_pct = 100.0
max_daily_loss_usd = 900.0

[breakers]
max_reject_share = 1.0
critical_latency_ms = 9000.0
stale_latency_ms = 9000.0
max_divergence = 1.0
max_spread_rise = 1000.0
max_queue_share = 1.0
max_reconnects = 1000
"""
"""Bought and sold again at once, all round long: spread and fees make every round a loss."""


@attrs.frozen
class Losses:
    played: Played
    lost_usd: float
    """Of the day, when its limit was set a cent above."""


@pytest.fixture(scope="module")
def losing(tmp_path_factory: pytest.TempPathFactory) -> Losses:
    """A row of one; a drawdown of a cent; a day's loss a cent below what it has lost already."""
    lost: list[float] = []

    async def lose(watcher: Watcher) -> None:
        await watcher.until(lambda seen: seen.with_breaker("losses in a row"))
        await watcher.change("risk.max_losses_in_a_row", 99)
        await watcher.change("risk.max_drawdown_usd", 0.01)
        await watcher.command(Action.RESUME, "btc")
        await watcher.until(lambda seen: seen.with_breaker("drawdown limit"))
        lost.append(await _lost_today(watcher))
        # Under a limit of a cent nobody would enter: it is lowered on who has.
        orders = watcher.seen.asset.orders
        await watcher.command(Action.RESUME, "btc")
        await watcher.until(lambda seen: seen.asset.orders > orders)
        await watcher.change("risk.max_daily_loss_usd", round(lost[0] + 0.01, 6))
        await watcher.until(lambda seen: seen.account.is_killed)
        killed_ns = watcher.seen.account.at_ns
        await watcher.until(lambda seen: seen.asset.at_ns > killed_ns)
        await watcher.until(lambda seen: seen.account.at_ns > seen.asset.at_ns)

    settings = SESSION + CHURN + all_strategies("stake_usd = 10.0")
    played = play(tmp_path_factory.mktemp("losing"), settings, lose, "--speed", "60")
    return Losses(played, lost[0])


async def _lost_today(watcher: Watcher) -> float:
    told = len(watcher.seen.accounts)
    await watcher.until(lambda seen: len(seen.accounts) > told)
    return watcher.seen.used("daily loss limit")


def test_a_row_of_losses_a_drawdown_and_a_days_loss_stop_it(losing: Losses) -> None:
    """Each in the journal with its number and its limit, open until a person resumes."""
    trips = [fields for _, fields in losing.played.effects("Trip")]
    assert all(fields["until_ns"] == 0 for fields in trips)
    whys = [fields["why"] for fields in trips]
    # The kill comes with a sale or with the settlement, which pauses for drawdown once more.
    assert [why["reason"] for why in whys][:2] == ["losses in a row", "drawdown limit"]
    assert {why["reason"] for why in whys[2:]} <= {"drawdown limit"}
    assert (whys[0]["value"], whys[0]["limit"], whys[0]["unit"]) == (1.0, 1.0, "rounds")
    assert whys[1]["value"] >= whys[1]["limit"] == 0.01
    kills = [at for at, fields in losing.played.effects("CancelAll") if fields["why"] != "stop"]
    assert len(kills) == 1
    assert kills[0] > [at for at, _ in losing.played.effects("Trip")][1]


def test_nobody_enters_while_paused_or_killed(losing: Losses) -> None:
    blocks = blocks_of(losing.played)
    assert blocks.in_spite == []
    assert blocks.entries > 20
    held_back = {fields["why"]["reason"] for _, fields in losing.played.effects("Explain")}
    assert {"losses in a row", "drawdown limit", "kill switch"} <= held_back


def test_the_summary_says_what_stopped_it(losing: Losses) -> None:
    summary = losing.played.summary
    assert summary["kill_switch"]["is_on"] is True
    assert summary["kill_switch"]["why"].startswith("daily loss")
    stops = losing.played.btc["breakers"]
    assert stops["losses in a row"] == 1
    assert stops["drawdown limit"] == len(list(losing.played.effects("Trip"))) - 1
    printed = losing.played.printed
    assert "BTC stopped by itself: losses in a row 1, drawdown limit " in printed
    assert ("BTC is paused: drawdown limit: " in printed) is bool(losing.played.btc["paused"])
    assert "kill switch is on: daily loss limit: " in printed


@pytest.mark.parametrize("words", ["losses in a row", "drawdown limit"])
def test_the_terminal_draws_what_a_person_must_resume(losing: Losses, words: str) -> None:
    played = losing.played
    assert played.seen.said("no entries until you resume it", words)
    view = played.seen.with_breaker(words)[0]
    rows = played.drawn(view)
    (row,) = [row for row in rows if f"! BTC  {words}" in row]
    assert "until resumed (p)" in row
    assert f"no entries until you resume it: {words}" in played.printed


def test_the_terminal_draws_the_days_loss(losing: Losses) -> None:
    played = losing.played
    rows = played.drawn(played.seen.asset)
    assert "■ KILLED daily loss limit: " in rows[1]
    assert any("daily loss limit" in row and "FULL" in row for row in rows)
    assert played.seen.said("everything cancelled: kill switch", "daily loss limit")
    assert "everything cancelled: kill switch: daily loss limit: " in played.printed


def test_losses_add_up_and_the_journal_replays(losing: Losses) -> None:
    assert_money_adds_up(losing.played)
    assert_it_replays(losing.played)
