"""The hub: the latest view, every notice in order or counted, and who is told that all is lost."""

from __future__ import annotations

import pytest
import trio

from polytui.model.events import Action
from polytui.model.link import (
    AccountFrame,
    AssetFrame,
    FromEngine,
    Goodbye,
    NoticeFrame,
    SettingsFrame,
)
from polytui.model.snapshot import (
    NO_CONSENSUS,
    AccountView,
    AssetState,
    AssetView,
    Notice,
    SettingView,
)
from polytui.runtime.hub import FaceChannel, Hub

pytestmark = pytest.mark.trio


def make_hub(limit: int = 10, *, is_owned: bool = False) -> tuple[Hub, list[str]]:
    hub, lost = Hub("s", "demo", limit, stop_when_lost=is_owned), []

    async def obey(action: Action, asset: str, origin: str) -> tuple[int, ...]:
        return (1,)

    async def change(path: str, value: str, origin: str) -> tuple[int, ...]:
        return (2,) if (path, value, origin) == ("gates.cooldown_s", "1.0", "terminal") else ()

    hub.serve(obey, change, lost.append)
    return hub, lost


def view(asset: str, fills: int) -> AssetView:
    return AssetView(
        asset=asset, at_ns=0, state=AssetState.TRADING, detail="", life=1,
        consensus=NO_CONSENSUS, features=(),
        rounds=(), feeds=(), rounds_settled=0,
        signals=0, orders=0, fills=fills, realised_pnl=0, marked_pnl=0,
    )  # fmt: skip


def account_view(cash: int) -> AccountView:
    return AccountView(
        at_ns=0, mode="demo", speed=1.0, started_ns=0, is_killed=False, is_stopping=False,
        cash=cash, exposure=0, realised_pnl=0, marked_pnl=0, working_orders=0, fees=0,
        journal="j", assets=("btc",), lag_us=0,
    )  # fmt: skip


def notice(number: int) -> Notice:
    return Notice(number, "info", "btc", f"line {number}")


def lines(frames: list[FromEngine]) -> list[tuple[int, int]]:
    return [(f.notice.at_ns, f.dropped) for f in frames if isinstance(f, NoticeFrame)]


async def test_views_are_conflated_by_name_and_the_latest_wins() -> None:
    hub, _ = make_hub()
    channel = hub.subscribe()
    for fills in range(5):
        hub.asset(view("btc", fills))
        hub.asset(view("eth", 10 * fills))
        hub.account(account_view(fills))
    frames = await channel.take()
    assert [f.view.fills for f in frames if isinstance(f, AssetFrame)] == [4, 40]
    assert [f.view.cash for f in frames if isinstance(f, AccountFrame)] == [4]


async def test_a_slow_face_does_not_slow_another() -> None:
    hub, _ = make_hub()
    slow, quick = hub.subscribe(), hub.subscribe()
    for fills in range(3):
        hub.asset(view("btc", fills))
        (frame,) = await quick.take()
        assert isinstance(frame, AssetFrame)
        assert frame.view.fills == fills
    (frame,) = await slow.take()
    assert isinstance(frame, AssetFrame)
    assert frame.view.fills == 2


async def test_taking_waits_for_news(autojump_clock: trio.testing.MockClock) -> None:
    hub, _ = make_hub()
    channel = hub.subscribe()
    with trio.move_on_after(60) as patience:
        await channel.take()
    assert patience.cancelled_caught
    hub.notice(notice(1))
    assert lines(await channel.take()) == [(1, 0)]


async def test_notices_keep_their_order_and_the_oldest_are_dropped_and_counted() -> None:
    hub, _ = make_hub(limit=3)
    channel = hub.subscribe()
    for number in range(5):
        hub.notice(notice(number))
    assert lines(await channel.take()) == [(2, 2), (3, 2), (4, 2)]
    hub.notice(notice(5))
    assert lines(await channel.take()) == [(5, 2)]


async def test_a_new_face_is_told_what_is_known() -> None:
    hub, _ = make_hub()
    hub.asset(view("btc", 3))
    hub.notice(notice(1))
    frames = await hub.subscribe().take()
    assert [type(frame) for frame in frames] == [AssetFrame, NoticeFrame]


async def test_goodbye_comes_last_and_a_closed_channel_hears_nothing() -> None:
    hub, _ = make_hub()
    channel, gone = hub.subscribe(), hub.subscribe()
    assert hub.is_watched
    gone.close()
    gone.close()
    hub.goodbye(0, "done")
    hub.notice(notice(1))
    frames = await channel.take()
    assert [type(frame) for frame in frames] == [NoticeFrame, Goodbye]
    assert await heard_within(gone, 0.1) == []
    channel.close()
    assert not hub.is_watched


async def heard_within(channel: FaceChannel, seconds: float) -> list[FromEngine]:
    with trio.move_on_after(seconds):
        return await channel.take()
    return []


async def test_the_last_lost_terminal_stops_an_owned_engine() -> None:
    hub, lost = make_hub(is_owned=True)
    hub.face_attached()
    hub.face_attached()
    assert hub.has_met_a_face.is_set()
    hub.face_left(detached=False)
    assert lost == [], "another one still watches"
    hub.face_left(detached=False)
    assert lost == ["the terminal was lost"]


async def test_leaving_on_purpose_does_not_stop_it() -> None:
    hub, lost = make_hub(is_owned=True)
    hub.face_attached()
    hub.face_left(detached=True)
    assert lost == []


async def test_nobody_stops_an_engine_that_belongs_to_no_terminal() -> None:
    hub, lost = make_hub(is_owned=False)
    hub.face_attached()
    hub.face_left(detached=False)
    assert lost == []


async def test_a_command_goes_to_who_obeys_and_a_change_to_who_changes() -> None:
    hub, _ = make_hub()
    assert await hub.command(Action.PAUSE, "eth", "terminal") == (1,)
    assert await hub.change("gates.cooldown_s", "1.0", "terminal") == (2,)


async def test_settings_are_told_at_once_and_then_the_latest() -> None:
    hub, _ = make_hub()
    first, second = (SettingView("gates.cooldown_s", value, "") for value in ("4.0", "1.0"))
    hub.settings((first,))
    channel = hub.subscribe()
    assert await channel.take() == [SettingsFrame((first,))]
    hub.settings((first,))
    hub.settings((second,))
    assert await channel.take() == [SettingsFrame((second,))]
    assert await hub.subscribe().take() == [SettingsFrame((second,))]
