"""Headless: one status line a second, from the same snapshots that every face sees."""

from __future__ import annotations

import math
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import trio
from attrs import define, field
from loguru import logger
from rich.console import Console
from rich.live import Live
from rich.text import Text

from polytui.model.link import AccountFrame, AssetFrame, NoticeFrame
from polytui.model.snapshot import AccountView, AssetView
from polytui.model.units import MICRO, NS_PER_S
from polytui.runtime.hub import FaceChannel, Hub

_EVERY_S = 1.0
_END_WITHIN_S = 0.5


@define
class StatusLine:
    """State: the latest views. `text` is one line however many assets there are."""

    account: AccountView | None = None
    assets: dict[str, AssetView] = field(factory=dict)

    def take(self, frame: object) -> str:
        """Keep a view; a notice worth a line of its own comes back as text."""
        match frame:
            case AccountFrame(view):
                self.account = view
            case AssetFrame(view):
                self.assets[view.asset] = view
            case NoticeFrame(notice) if notice.level != "info":
                return f"{_clock(notice.at_ns)} {notice.asset.upper():<4} {notice.text}"
        return ""

    def text(self) -> str:
        if self.account is None:
            return "starting"
        account = self.account
        head = (
            f"{_clock(account.at_ns)} {account.mode.upper()}{_whose(account)} x{account.speed:g}"
            f" cash {account.cash / MICRO:.2f} pnl {account.marked_pnl / MICRO:+.2f}"
        )
        kill = " KILLED" if account.is_killed else ""
        kill += "".join(f" {name} HALTED" for name in account.halted_strategies)
        parts = [asset_text(self.assets[name]) for name in account.assets if name in self.assets]
        won = [f"winnings {account.winnings}"] if account.winnings else []
        return " | ".join([head + kill, *parts, *won])


def asset_text(view: AssetView) -> str:
    """ "BTC 3:12 fair .54 mid .51 up 20.00 +1.20 trading"."""
    words = [view.asset.upper()]
    current = next((r for r in view.rounds if r.phase == "open"), None)
    if current is not None:
        left_s = max(0, current.closes_ns - view.at_ns) // NS_PER_S
        words.append(f"{left_s // 60}:{left_s % 60:02d}")
        if current.fair_up is not None:
            words.append(f"fair {current.fair_up:.2f}")
        if current.book is not None and current.book.bids and current.book.asks:
            mid = (current.book.bids[0][0] + current.book.asks[0][0]) / 2 / MICRO
            words.append(f"mid {mid:.3f}")
        for name, shares in (("up", current.up_shares), ("down", current.down_shares)):
            if shares:
                words.append(f"{name} {shares / MICRO:.2f}")
    words.append(f"{view.marked_pnl / MICRO:+.2f}")
    words.append(view.state.value)
    return " ".join(words)


def _whose(account: AccountView) -> str:
    """The wallet, where money is at stake: a log read tomorrow says whose it was."""
    return f" {account.wallet}" if account.wallet and account.mode == "live" else ""


class StatusConsole(Console):
    """A console whose end ends nothing else: rich would exit the program with its reader."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # What is still buffered must not fail once more when Python closes it.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())


class Screen:
    """State: the live line of a terminal; None where plain lines are wanted."""

    def __init__(self, console: Console) -> None:
        self._console = console
        live = Live(console=console, auto_refresh=False, transient=True)
        self._live = live if console.is_terminal else None

    def draw(self, said: Sequence[str], text: str) -> None:
        for line in said:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        if self._live is None:
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)
        else:
            self._live.start()
            self._live.update(Text(text), refresh=True)

    def end(self, said: Sequence[str]) -> None:
        """The live line goes, what was said last stays."""
        if self._live is not None:
            self._live.stop()
        for line in said:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


async def show_status(hub: Hub, console: StatusConsole) -> None:
    """A live line on a terminal, plain lines elsewhere, until cancelled.

    A thread writes them: a terminal that stops reading, or is gone, must not stop the trading.
    """
    channel, screen = hub.subscribe(is_drawn=False), Screen(console)
    line, said = StatusLine(), list[str]()
    try:
        await _show(channel, line, said, partial(_write, console, screen.draw))
    finally:
        said += filter(None, map(line.take, channel.notices()))
        channel.close()
        with trio.move_on_after(_END_WITHIN_S, shield=True):
            await _write(console, screen.end, said)


async def _show(
    channel: FaceChannel,
    line: StatusLine,
    said: list[str],
    draw: Callable[[Sequence[str], str], Awaitable[None]],
) -> None:
    """`said`: what waits to be written; it outlives this, for the last second matters most."""
    while True:
        with trio.move_on_after(_EVERY_S):
            while True:
                said += filter(None, map(line.take, await channel.take()))
        told = list(said)
        said.clear()
        await draw(told, line.text())


async def _write(console: StatusConsole, write: Callable[..., None], *args: Any) -> None:
    try:
        await trio.to_thread.run_sync(partial(write, *args), abandon_on_cancel=True)
    except OSError as error:
        logger.warning("no status line any more: {}", error)
        console.on_broken_pipe()


def _clock(at_ns: int) -> str:
    return datetime.fromtimestamp(math.floor(at_ns / NS_PER_S), UTC).strftime("%H:%M:%S")
