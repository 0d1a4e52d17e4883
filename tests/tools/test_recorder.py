"""The recorder against the whole venue in virtual time: what it wrote is what it heard."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import msgspec
import pytest
import trio
from trio.testing import MockClock
from virtual_engine import OPENS_NS, VirtualClock, VirtualVenue, quick_settings

from polytui.backtest.data_set import open_data
from polytui.config.api_key import ApiKey
from polytui.config.schema import RecordSettings, Settings
from polytui.config.secrets import Secret
from polytui.journal.codec import decode_event
from polytui.journal.raw_files import read_lines
from polytui.model.errors import Fatal
from polytui.model.events import Event, FeedDown, FeedUp, RoundFound
from polytui.model.instrument import Asset, Interval
from polytui.model.units import NS_PER_S
from polytui.net.http import Http
from polytui.tools.recorder import RecordingWriter, RecordPlan, run_recorder
from polytui.venues.decode import Decoded, decode_lines, read_line
from polytui.venues.sources import SOURCES

ASSETS = (Asset.BTC, Asset.ETH)
FEEDS = {
    "book": "clob-market",
    "rtds": "rtds",
    "polybolt": "polybolt",
    "binance": "binance",
    "bybit": "bybit",
    "coinbase": "coinbase",
}
"""Feeds of a recording, and the sources that read them."""


def settings_of(**record: Any) -> Settings:
    """Flushed at the end alone, where not asked otherwise: time runs away from a thread."""
    settings = quick_settings(session={"assets": ASSETS})
    return attrs.evolve(
        settings, record=attrs.evolve(RecordSettings(), **{"flush_s": 10_000.0, **record})
    )


@asynccontextmanager
async def a_venue(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VirtualVenue]:
    """The simulated venue on memory streams, ten seconds before a round opens."""
    venue = VirtualVenue(VirtualClock(OPENS_NS - 10 * NS_PER_S), ASSETS, seed=11)
    monkeypatch.setattr("polytui.net.ws.dial", venue.dial)
    transport = httpx.MockTransport(venue.answer)
    monkeypatch.setattr("polytui.feeds.feed_factory.Http", partial(Http, transport=transport))
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.run)
        yield venue
        nursery.cancel_scope.cancel()


def plan_of(venue: VirtualVenue, folder: Path, for_s: float, **record: Any) -> RecordPlan:
    keys = ApiKey("the-key", Secret("the-secret"), Secret("the-passphrase"))
    return RecordPlan(settings_of(**record), folder, venue.clock, keys, for_s)  # type: ignore[arg-type]


# --- what is on the disk --------------------------------------------------------------------------


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def texts(folder: Path, summary: dict[str, Any], name: str) -> Iterator[str]:
    for file in summary["files"]:
        if file.startswith(name):
            yield from read_lines(folder / file)


def raw_lines(folder: Path, summary: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in texts(folder, summary, "raw")]


def told(folder: Path, summary: dict[str, Any]) -> list[tuple[str, Event]]:
    """(asset, event) of everything the recorder understood."""
    found = []
    for text in texts(folder, summary, "events"):
        line = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        found.append((json.loads(bytes(line["asset"])), decode_event(line["event"])))
    return found


def feed_of(event: Event) -> str:
    return getattr(event, "feed", "") or getattr(event, "venue", "") or "book"


def is_of_the_wire(event: Event) -> bool:
    return not type(event).__name__.startswith(("Feed", "Frame", "RoundFound"))


def assert_decodes_to_the_same_events(folder: Path, summary: dict[str, Any]) -> None:
    lines = [read_line(text) for text in texts(folder, summary, "raw")]
    known = [(asset, event) for asset, event in told(folder, summary) if is_of_the_wire(event)]
    for asset in ASSETS:
        for feed, source in FEEDS.items():
            account = Decoded()
            ours = [line for line in lines if (line.asset, line.feed) == (asset.value, feed)]
            events = list(decode_lines(ours, SOURCES[source], account))
            heard = [one for name, one in known if (name, feed_of(one)) == (asset.value, feed)]
            assert events == heard, (asset, feed)
            assert events
            assert account.rejections == []
    for feed, source in FEEDS.items():
        together = Decoded()
        ours = [line for line in lines if line.feed == feed]
        events = list(decode_lines(ours, SOURCES[source], together))
        assert events == [one for _, one in known if feed_of(one) == feed]
        assert (together.lost, [one.gaps for one in together.trades.values() if one.gaps]) == (
            0,
            [],
        )


# --- tests ----------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_every_frame_is_written_and_decodes_to_what_was_understood(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue:
        summary = await run_recorder(plan_of(venue, tmp_path, 15.0), trio.Event())
    lines = raw_lines(tmp_path, summary)
    frames = Counter(f"{one['asset']}.{one['feed']}" for one in lines if "opened" not in one)
    assert frames == summary["frames"]
    assert set(frames) == {f"{asset.value}.{feed}" for asset in ASSETS for feed in FEEDS}
    assert [one["at"] for one in lines] == sorted(one["at"] for one in lines)
    kinds = Counter(type(event).__name__ for _, event in told(tmp_path, summary))
    assert kinds == summary["events"]
    assert kinds["FeedUp"] == len(frames)
    quiet = ("rejected", "missed", "reconnects", "lost_to_a_slow_disk")
    assert [summary[name] for name in quiet] == [0, 0, 0, 0]
    assert_decodes_to_the_same_events(tmp_path, summary)


@pytest.mark.trio
async def test_connections_that_break_are_in_the_recording(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue, trio.open_nursery() as nursery:
        summaries: list[dict[str, Any]] = []

        async def record() -> None:
            plan = plan_of(venue, tmp_path, 14.0)
            summaries.append(await run_recorder(plan, trio.Event()))

        nursery.start_soon(record)
        await trio.sleep(7)
        assert venue.connections.drop("all") == len(ASSETS) * len(FEEDS)
    (summary,) = summaries
    assert summary["reconnects"] == len(ASSETS) * len(FEEDS)
    opened = Counter(
        (one["asset"], one["feed"]) for one in raw_lines(tmp_path, summary) if "opened" in one
    )
    assert set(opened.values()) == {2}
    health = [type(one) for _, one in told(tmp_path, summary) if isinstance(one, FeedUp | FeedDown)]
    assert (health.count(FeedUp), health.count(FeedDown)) == (24, 12)
    assert_recorded_across_a_gap(tmp_path, summary)


def assert_recorded_across_a_gap(folder: Path, summary: dict[str, Any]) -> None:
    """As above, only that trades may be missing from the seconds without a connection."""
    lines = [read_line(text) for text in texts(folder, summary, "raw")]
    known = [event for _, event in told(folder, summary) if is_of_the_wire(event)]
    for feed, source in FEEDS.items():
        account = Decoded()
        ours = [line for line in lines if line.feed == feed]
        events = list(decode_lines(ours, SOURCES[source], account))
        assert events == [one for one in known if feed_of(one) == feed], feed
        assert (account.rejected, account.lost) == (0, 0)


@pytest.mark.trio
async def test_the_rounds_change_and_the_books_of_the_new_one_are_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue:
        summary = await run_recorder(plan_of(venue, tmp_path, 35.0), trio.Event())
        rounds = list(venue.world.rounds.values())
    seen = {
        getattr(event, "token_id", "") or event.changes[0].token_id
        for _, event in told(tmp_path, summary)
        if type(event).__name__ in ("BookSnapshotted", "BookChanged")
    }
    length_ns = Interval.M5.ns
    for one in rounds:
        is_near = OPENS_NS - length_ns <= one.opens_ns <= OPENS_NS + length_ns
        assert ({one.up_token, one.down_token} <= seen) is is_near, one.slug
    listed = [one for _, one in told(tmp_path, summary) if isinstance(one, RoundFound)]
    assert len(listed) == len({one.round.slug for one in listed}) >= 2 * len(ASSETS)
    assert {one.round.up_token for one in listed} <= seen
    with pytest.raises(Fatal, match="nobody knows who won"):
        open_data([tmp_path])


@pytest.mark.trio
async def test_files_are_begun_anew_by_time_and_read_as_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue:
        plan = plan_of(venue, tmp_path, 12.0, flush_s=1.0, rotate_s=0.5)
        summary = await run_recorder(plan, trio.Event())
    assert sorted(summary["files"]) == names_in(tmp_path)
    assert len([name for name in summary["files"] if name.startswith("raw")]) >= 2
    assert_decodes_to_the_same_events(tmp_path, summary)


@pytest.mark.trio
async def test_a_signal_ends_it_and_nothing_that_came_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue, trio.open_nursery() as nursery:
        stop = trio.Event()

        async def ring() -> None:
            await trio.sleep(5)
            stop.set()

        nursery.start_soon(ring)
        summary = await run_recorder(plan_of(venue, tmp_path, 0.0), stop)
    lines = raw_lines(tmp_path, summary)
    frames = [one for one in lines if "opened" not in one]
    assert len(frames) == sum(summary["frames"].values()) > 100
    assert frames[-1]["at"] < OPENS_NS - 4 * NS_PER_S


@pytest.mark.trio
async def test_an_end_that_comes_while_the_disk_writes_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    stop = trio.Event()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        trio.from_thread.run_sync(stop.set)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    async with a_venue(monkeypatch) as venue:
        summary = await run_recorder(plan_of(venue, tmp_path, 0.0, flush_s=3.0), stop)
    assert_decodes_to_the_same_events(tmp_path, summary)
    assert sum(summary["events"].values()) == len(told(tmp_path, summary))


@pytest.mark.trio
async def test_no_secret_is_in_any_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with a_venue(monkeypatch) as venue:
        summary = await run_recorder(plan_of(venue, tmp_path, 3.0), trio.Event())
    assert summary["frames"]["btc.polybolt"] > 0, "it was authorised"
    everything = "\n".join([*texts(tmp_path, summary, "raw"), *texts(tmp_path, summary, "events")])
    everything += json.dumps(summary)
    assert not any(word in everything for word in ("the-key", "the-secret", "the-passphrase"))


@pytest.mark.trio
async def test_a_disk_that_refuses_ends_it_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, autojump_clock: MockClock
) -> None:
    folder = tmp_path / "taken"
    folder.touch()
    async with a_venue(monkeypatch) as venue:
        plan = plan_of(venue, folder, 60.0, flush_s=1.0)
        with pytest.RaisesGroup(
            pytest.RaisesExc(Fatal, match="cannot record: .*taken.*; free the disk"),
            allow_unwrapped=True,
            flatten_subgroups=True,
        ):
            await run_recorder(plan, trio.Event())


@pytest.mark.trio
async def test_a_slow_disk_loses_lines_and_counts_them(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    monkeypatch.setattr("polytui.tools.recorder._MOST_WAITING", 3)
    tape = RecordingWriter(VirtualClock(OPENS_NS))
    for number in range(5):
        tape.take_frame(Asset.BTC, "rtds", f"frame {number}".encode(), OPENS_NS)
    assert (len(tape.raw), tape.lost, tape.frames["btc.rtds"]) == (3, 2, 5)


@pytest.mark.trio
async def test_a_frame_that_is_no_text_is_a_line_all_the_same(autojump_clock: MockClock) -> None:
    tape = RecordingWriter(VirtualClock(OPENS_NS))
    tape.take_frame(Asset.XRP, "bybit", b'\xff\x00"\n', OPENS_NS)
    (line,) = tape.raw
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "at": OPENS_NS,
        "feed": "bybit",
        "asset": "xrp",
        "raw": '�\x00"\n',
    }
