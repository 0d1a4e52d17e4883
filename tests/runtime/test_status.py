"""The status line: one line, true at a glance, and never in the way of the trading."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from polytui.model.link import AccountFrame, AssetFrame, NoticeFrame
from polytui.model.snapshot import (
    NO_CONSENSUS,
    AccountView,
    AssetState,
    AssetView,
    BookView,
    Notice,
    RoundView,
)
from polytui.runtime import status
from polytui.runtime.hub import Hub
from polytui.runtime.status import StatusConsole, StatusLine, show_status

AT_NS = 1_795_204_988 * 10**9  # 20:03:08 UTC
ROUND = RoundView(
    slug="s", interval="5m", phase="open", opens_ns=AT_NS - 188 * 10**9,
    closes_ns=AT_NS + 112 * 10**9, strike=1.0, fair_up=0.544, sigma=1.0,
    book=BookView(((500_000, 1),), ((520_000, 1),), 10_000, True, 0), signals=(),
    up_shares=20_000_000, down_shares=0, cost=0, marked_pnl=0, orders=(),
)  # fmt: skip
ASSET = AssetView(
    asset="btc", at_ns=AT_NS, state=AssetState.TRADING, detail="", life=1,
    consensus=NO_CONSENSUS, features=(),
    rounds=(ROUND,), feeds=(), rounds_settled=0,
    signals=0, orders=0, fills=0, realised_pnl=0, marked_pnl=1_200_000,
)  # fmt: skip
ACCOUNT = AccountView(
    at_ns=AT_NS, mode="demo", speed=20.0, started_ns=0, is_killed=False, is_stopping=False,
    cash=980_004_780, exposure=0, realised_pnl=0, marked_pnl=-1_500_000, working_orders=0, fees=0,
    journal="j", assets=("btc", "eth"), lag_us=0,
)  # fmt: skip


def line_of(*frames: Any) -> str:
    line = StatusLine()
    for frame in frames:
        line.take(frame)
    return line.text()


def test_what_is_won_and_what_may_be_sent_today() -> None:
    assert "winnings" not in line_of(AccountFrame(ACCOUNT))
    said = "12.50 dollars to come, 0 of 90 batches left today; waits: quota exceeded"
    assert line_of(AccountFrame(evolve(ACCOUNT, winnings=said))).endswith(f" | winnings {said}")


def test_before_anything_is_known() -> None:
    assert line_of() == "starting"
    assert line_of(AssetFrame(ASSET)) == "starting"


def test_one_asset_in_mid_round() -> None:
    assert line_of(AccountFrame(ACCOUNT), AssetFrame(ASSET)) == (
        "20:03:08 DEMO x20 cash 980.00 pnl -1.50"
        " | BTC 1:52 fair 0.54 mid 0.510 up 20.00 +1.20 trading"
    )


def test_the_account_gives_the_order_of_assets() -> None:
    eth = evolve(ASSET, asset="eth", rounds=(), state=AssetState.HALTED, marked_pnl=0)
    text = line_of(AssetFrame(eth), AssetFrame(ASSET), AccountFrame(ACCOUNT))
    assert [part.split()[0] for part in text.split(" | ")[1:]] == ["BTC", "ETH"]
    assert text.endswith("ETH +0.00 halted")


def test_what_is_not_known_is_left_out() -> None:
    bare = evolve(ROUND, fair_up=None, book=None, up_shares=0, down_shares=5_500_000)
    text = line_of(AccountFrame(ACCOUNT), AssetFrame(evolve(ASSET, rounds=(bare,))))
    assert text.endswith("| BTC 1:52 down 5.50 +1.20 trading")
    over = evolve(ROUND, phase="ended")
    text = line_of(AccountFrame(ACCOUNT), AssetFrame(evolve(ASSET, rounds=(over,))))
    assert text.endswith("| BTC +1.20 trading")


def test_time_left_is_never_negative() -> None:
    late = evolve(ROUND, closes_ns=AT_NS - 1)
    text = line_of(AccountFrame(ACCOUNT), AssetFrame(evolve(ASSET, rounds=(late,))))
    assert "BTC 0:00 " in text


def test_the_kill_switch_is_shouted() -> None:
    assert line_of(AccountFrame(evolve(ACCOUNT, is_killed=True))).endswith("pnl -1.50 KILLED")


def test_only_notices_that_matter_get_a_line_of_their_own() -> None:
    line = StatusLine()
    assert line.take(NoticeFrame(Notice(AT_NS, "info", "btc", "book is up"))) == ""
    assert line.take(NoticeFrame(Notice(AT_NS, "error", "eth", "crashed"))) == (
        "20:03:08 ETH  crashed"
    )


class Terminal(io.StringIO):
    """What a console writes to. State: how often it was written to, and whether it hung up."""

    def __init__(self, path: Path, *, is_gone: bool = False) -> None:
        super().__init__()
        self.written = 0
        self.is_gone = is_gone
        self._file = path.open("w")

    def write(self, text: str) -> int:
        self.written += 1
        if self.is_gone:
            raise OSError(5, "Input/output error")
        return super().write(text)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(status, "_EVERY_S", 0.01)
    made = Hub("s", "demo", 10, stop_when_lost=False)
    made.account(ACCOUNT)
    made.notice(Notice(AT_NS, "warn", "btc", "look"))
    return made


async def watch(hub: Hub, console: StatusConsole, is_enough: Callable[[], bool]) -> None:
    """In real time: a thread writes."""
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(show_status, hub, console)
            while not is_enough():
                await trio.sleep(0.005)
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_lines_come_out_while_it_is_watched(hub: Hub, tmp_path: Path) -> None:
    with Terminal(tmp_path / "out") as out:
        await watch(
            hub, StatusConsole(file=out, width=200), lambda: out.getvalue().count("DEMO") >= 3
        )
        lines = out.getvalue().splitlines()
    assert lines[0] == "20:03:08 BTC  look"
    assert set(lines[1:]) == {"20:03:08 DEMO x20 cash 980.00 pnl -1.50"}
    assert not hub.is_watched, "it has unsubscribed"


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.trio
async def test_a_terminal_that_is_gone_ends_nothing(
    is_terminal: bool, hub: Hub, tmp_path: Path
) -> None:
    with Terminal(tmp_path / "out", is_gone=True) as gone:
        console = StatusConsole(file=gone, force_terminal=is_terminal)
        await watch(hub, console, lambda: console.quiet)
        assert gone.written >= 1
        say_nothing_more = gone.written
        console.print("hello?")
        assert gone.written == say_nothing_more, "nobody tries again"


@pytest.mark.parametrize("is_taken", [True, False])
@pytest.mark.trio
async def test_what_was_said_last_is_written_at_the_end(
    is_taken: bool, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It may say why trading stopped; the next line would have been due in a thousand seconds."""
    monkeypatch.setattr(status, "_EVERY_S", 1_000.0)
    with Terminal(tmp_path / "out") as out:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(show_status, hub, StatusConsole(file=out, width=200))
            await trio.testing.wait_all_tasks_blocked()
            hub.notice(Notice(AT_NS, "error", "btc", "everything cancelled"))
            if is_taken:
                await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert out.getvalue().splitlines()[-1] == "20:03:08 BTC  everything cancelled"
