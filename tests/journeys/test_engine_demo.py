"""Whole demos to their end: the summary, the journal, a crash, a network that is cut."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from program import EAGER, bytes_of, events_of, records_of, replayed, run

from polytui.journal.codec import FORMAT, Header, encode_header
from polytui.journal.seal import sealed
from polytui.model.events import (
    BookSnapshotted,
    DeskOpened,
    FeedDown,
    FeedUp,
    Filled,
    RoundOpened,
    RoundSettled,
)
from polytui.model.units import NS_PER_S

FEEDS = {"book", "rtds", "polybolt", "binance", "bybit", "coinbase"}


@attrs.frozen
class Demo:
    folder: Path
    ended: subprocess.CompletedProcess[str]
    summary: dict[str, Any]

    @property
    def journal(self) -> Path:
        return self.folder / self.summary["journal"]


def play(folder: Path, *arguments: str) -> Demo:
    """One round of few messages, against a crowd that is slow enough to be traded with."""
    ended = run(
        folder, "demo", "--headless", "--config", str(EAGER), "--rounds", "1", "--json", "-",
        "--start", "2026-11-20T14:59:40Z", "--messages", "0.01", *arguments,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return Demo(folder, ended, json.loads(ended.stdout))


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Two assets, one round, ETH crashes as it opens. Orders go to the venue and take real time, so
    session time is slower than where nobody trades."""
    folder = tmp_path_factory.mktemp("crashed")
    crash = ("--chaos", "crash:eth@round1")
    return play(folder, "--assets", "btc,eth", "--speed", "15", *crash)


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One asset, one round on paper, every socket cut as it opens."""
    folder = tmp_path_factory.mktemp("dropped")
    cut = ("--chaos", "drop:all@round1")
    return play(folder, "--paper", "--assets", "btc", "--speed", "40", *cut)


def test_the_summary_says_all_that_it_must(crashed: Demo) -> None:
    summary = crashed.summary
    assert (summary["mode"], summary["seed"], summary["rounds_settled"]) == ("demo", 13, 2)
    for name in ("btc", "eth"):
        asset = summary["assets"][name]
        assert {"rounds", "signals", "orders", "fills", "pnl_usd", "halted"} <= set(asset)
        assert (asset["rounds"], asset["halted"], asset["working_orders"]) == (1, False, 0)
    assert summary["simulated"] == {"world": "lifelike", "crowd_delay_s": 5.0, "messages": 0.01}
    assert "its crowd 5 s behind" in " ".join(crashed.ended.stderr.split())
    for name in ("rounds", "signals", "orders", "fills"):
        assert summary["totals"][name] == sum(a[name] for a in summary["assets"].values())
    assert summary["totals"]["fills"] > 0
    for name in ("tick_to_decision", "decision_to_ack"):
        latency = summary["latency_us"][name]
        assert 0 < latency["p50"] <= latency["p99"] <= latency["max"]
    detect = summary["round_detect_ms"]
    assert 0 <= detect["p50"] <= detect["p99"] <= detect["max"]
    assert set(summary["feeds"]) == {f"{a}.{feed}" for a in ("btc", "eth") for feed in FEEDS}
    for feed in summary["feeds"].values():
        assert {"messages", "reconnects", "stale"} <= set(feed)
        assert feed["messages"] > 0
    assert summary["stopped"] == "1 rounds are settled"
    assert not Path(summary["journal"]).is_absolute()
    assert crashed.journal.is_dir()
    assert "DEMO x15" in crashed.ended.stderr, "the status line keeps out of the JSON's way"


def test_money_adds_up_to_the_millionth(crashed: Demo) -> None:
    totals, reconciled = dict(crashed.summary["totals"]), crashed.summary["reconciled"]
    assert reconciled["is_cash_equal"] is True
    assert reconciled["is_pnl_traded_plus_settlements"] is True
    assert reconciled["client_cash_usd"] == reconciled["ledger_cash_usd"] == totals["cash_usd"]
    assert totals.pop("moved_usd") == {}, "nothing but trades and settlements moved any of it"
    known = {**totals, **reconciled}
    signed = {name: _micro(value) for name, value in known.items() if name.endswith("_usd")}
    assert signed["pnl_usd"] == signed["traded_usd"] + signed["settlements_usd"]
    assert signed["cash_usd"] == signed["starting_cash_usd"] + signed["pnl_usd"]
    fills = [event for _, event in events_of(crashed.journal, Filled)]
    assert len(fills) == totals["fills"]
    assert sum(event.fee for event in fills if isinstance(event, Filled)) == signed["fees_usd"]


def _micro(dollars: float) -> int:
    """Exactly what is printed: no more than six decimals, or the test fails."""
    micro = Decimal(repr(dollars)) * 1_000_000
    assert micro == int(micro)
    return int(micro)


def test_a_crash_of_one_asset_costs_the_other_nothing(crashed: Demo) -> None:
    assets = crashed.summary["assets"]
    assert (assets["btc"]["lives"], assets["eth"]["lives"]) == (1, 2)
    assert crashed.summary["errors"] == [
        "eth: crashed: ChaosCrash: asked for at round 1; 0 orders cancelled"
    ]
    opened = [(r.asset, e.life) for r, e in events_of(crashed.journal, DeskOpened)]  # type: ignore[attr-defined]
    assert opened == [("btc", 1), ("eth", 1), ("eth", 2)] or opened == [
        ("eth", 1),
        ("btc", 1),
        ("eth", 2),
    ]
    downs = [record.asset for record, _ in events_of(crashed.journal, FeedDown)]
    assert set(downs) == {"eth"}
    quiet = _longest_silence_ns(crashed.journal, "btc")
    assert quiet < 60 * NS_PER_S, "BTC heard something every second or two, at fifteen times speed"


def _longest_silence_ns(journal: Path, asset: str) -> int:
    times = [record.at for record in records_of(journal) if record.asset == asset]
    return max(after - before for before, after in pairwise(times))


def test_the_journal_replays_to_the_same_effects(crashed: Demo) -> None:
    replay = run(crashed.folder, "replay", "--verify", crashed.journal)
    assert replay.returncode == 0, replay.stdout
    assert replay.stdout.strip().endswith("all equal")
    assert int(replay.stdout.split()[0]) == len(records_of(crashed.journal))


def test_a_journal_that_was_tampered_with_does_not(crashed: Demo, tmp_path: Path) -> None:
    """One price of one order, one digit: the event is named."""
    lines = bytes_of(crashed.journal).splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"Place"' in line)
    seq = json.loads(lines[at])["seq"]
    head, mark, tail = lines[at].rpartition(b'"price":')
    digit = b"1" if tail[:1] != b"1" else b"2"
    lines[at] = head + mark + digit + tail[1:]
    header = encode_header(Header(FORMAT, "0", "demo", "forged", 5))
    (tmp_path / "forged.jsonl").write_bytes(sealed([header, *lines]))
    replay = run(tmp_path, "replay", "--verify", "forged.jsonl")
    assert replay.returncode == 1
    assert f"then a difference: event {seq} of " in replay.stdout


def test_what_is_no_journal_is_said_in_a_line(crashed: Demo, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n")
    for name, code in (("notes.txt", 1), ("absent.jsonl", 2)):
        ended = run(tmp_path, "replay", name)
        assert ended.returncode == code
        assert ended.stderr.startswith("error: ")
        assert name in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def test_after_a_cut_every_feed_is_back_and_books_were_read_by_rest(dropped: Demo) -> None:
    for name, feed in dropped.summary["feeds"].items():
        assert feed["reconnects"] >= 1, name
    assert dropped.summary["errors"] == []
    assert dropped.summary["assets"]["btc"]["lives"] == 1
    journal = dropped.journal
    for feed in FEEDS:
        # Each after its own: the first may be back before the last one has noticed the cut.
        assert _first_seq(journal, FeedUp, feed, after=_first_seq(journal, FeedDown, feed)), feed
    down = _first_seq(journal, FeedDown, "book")
    back = _first_seq(journal, FeedUp, "book", after=down)
    rest = [
        record.seq
        for record, event in events_of(journal, BookSnapshotted)
        if record.seq > down and isinstance(event, BookSnapshotted) and event.source == "rest"
    ]
    assert rest, "no book was read by REST"
    assert rest[0] > back, "first the stream is back, then REST says what was missed"


def _first_seq(journal: Path, kind: type, feed: str, after: int = 0) -> int:
    """The record of the first event of a kind about a feed."""
    return next(
        record.seq
        for record, event in events_of(journal, kind)
        if record.seq > after and event.feed == feed  # type: ignore[attr-defined]
    )


def test_after_a_cut_the_round_settles_and_money_adds_up(dropped: Demo) -> None:
    opened = [e.slug for _, e in events_of(dropped.journal, RoundOpened) if not e.is_late]  # type: ignore[attr-defined]
    assert dropped.summary["rounds_settled"] == 1
    assert len(events_of(dropped.journal, RoundSettled)) >= 2
    assert dropped.summary["totals"]["fills"] > 0, "trading went on"
    assert dropped.summary["reconciled"]["is_cash_equal"] is True
    assert dropped.summary["reconciled"]["is_pnl_traded_plus_settlements"] is True
    assert replayed(dropped.journal).mind.account.working_orders == 0
    assert opened[0].startswith("btc-updown-5m-")
