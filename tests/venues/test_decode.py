"""Recorded frames: out of every envelope, each counted once, and no trade lost on the way."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from polytui.cli import cli
from polytui.config.load import BadSettings
from polytui.journal.raw_files import read_lines
from polytui.model.errors import Fatal
from polytui.model.events import ExchangeTraded
from polytui.venues.decode import Decoded, Line, decode_lines, read_line
from polytui.venues.sources import SOURCES

AT = 1_795_204_800_123_456_789
FRAME = '{"e":"trade","s":"BTCUSDT","t":7,"p":"1.5","q":"2","T":1787315652707,"m":true}'


def decoded(source: str, lines: Iterable[Line]) -> tuple[list[Any], Decoded]:
    account = Decoded()
    return list(decode_lines(lines, SOURCES[source], account)), account


def outcome(account: Decoded) -> tuple[int, int, int, int]:
    refused = sum(account.refused.values())
    assert account.frames == account.accepted + account.ignored + account.rejected + refused
    return account.accepted, account.ignored, account.rejected, refused


def binance(**changes: Any) -> str:
    return json.dumps({**json.loads(FRAME), **changes})


# --- one line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FRAME, Line(FRAME, 1)),
        (f"{AT} {FRAME}", Line(FRAME, AT)),
        (json.dumps({"raw": FRAME, "recv_ms": 1_795_204_800_123}), Line(FRAME, AT - AT % 10**6)),
        (f'{{"raw":{FRAME},"at":{AT}}}', Line(FRAME, AT)),
        (json.dumps({"payload": FRAME, "recv_wall_ts": 5}), Line(FRAME, 5_000_000)),
        (f'{{"payload":{FRAME}}}', Line(FRAME, 1)),
        (
            json.dumps({"at": AT, "feed": "rtds", "asset": "eth", "raw": "PONG"}),
            Line("PONG", AT, "rtds", "eth"),
        ),
        (
            json.dumps({"at": AT, "feed": "rtds", "asset": "eth", "raw": "", "opened": True}),
            Line("", AT, "rtds", "eth", opened=True),
        ),
        (json.dumps({"raw": None, "slug": "x"}), Line('{"raw": null, "slug": "x"}', 1)),
        (json.dumps({"raw": FRAME, "recv_ms": -5, "at": 0}), Line(FRAME, 1)),
        ("no json at all", Line("no json at all", 1)),
        ("[1,2]", Line("[1,2]", 1)),
        ("123 {}", Line("123 {}", 1)),
    ],
    ids=[
        "plain", "a time and a frame", "raw text", "raw object", "payload text", "payload object",
        "recorder's", "a connection begins", "nothing in raw", "no believable time", "junk",
        "a list", "a number that is no time",
    ],
)  # fmt: skip
def test_the_frame_of_a_line(text: str, line: Line) -> None:
    assert read_line(text) == line


@pytest.mark.parametrize(
    "frame",
    [
        {"topic": "crypto_prices", "payload": {"symbol": "btc/usd"}, "timestamp": 1},
        {"v": 1, "channel": "price.crypto", "seq": 1, "payload": {"symbol": "btcusd"}},
    ],
)
def test_a_frame_with_a_payload_of_its_own_is_no_envelope(frame: Any) -> None:
    text = json.dumps(frame)
    assert read_line(text) == Line(text, 1)
    assert read_line(json.dumps({"payload": text})) == Line(text, 1)


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])), name=st.sampled_from(["raw", "payload"])
)
def test_whatever_was_put_into_an_envelope_comes_out(text: str, name: str) -> None:
    assert read_line(json.dumps({name: text, "at": AT})) == Line(text, AT)


@given(text=st.text() | st.from_regex(r'\{"(raw|payload|at|feed)":[^}]{0,20}\}', fullmatch=True))
def test_no_line_makes_it_raise(text: str) -> None:
    assert read_line(text).received_ns > 0


# --- the account ----------------------------------------------------------------------------------


def test_each_frame_is_counted_once_by_what_became_of_it() -> None:
    frames = [
        binance(t=7),
        binance(t=8, p="-1"),
        '{"result":null,"id":1}',
        binance(t=7),
        '{"code":2,"msg":"Invalid request","id":1}',
        binance(t=11, s="ETHUSDT"),
        '{"e":"somethingNew"}',
        "junk",
        binance(t=9),
    ]
    events, account = decoded("binance", [Line(one, AT) for one in frames])
    assert [(e.asset.value, e.trade_id, e.received_ns) for e in events] == [
        ("btc", 7, AT),
        ("eth", 11, AT),
        ("btc", 9, AT),
    ]
    assert outcome(account) == (5, 1, 2, 1)
    assert account.duplicates == 1
    summary = account.summary("binance")
    assert summary["refused_by_venue"] == {"2 Invalid request": 1}
    assert [one["line"] for one in summary["rejections"]] == [2, 8]
    assert "not a plain decimal: '-1'" in summary["rejections"][0]["reason"]
    assert summary["events"] == {"ExchangeTraded": 3}
    assert summary["trades"] == {
        "binance btc": {"first_id": 7, "last_id": 9, "trades": 2, "gaps": 1, "missed": 1},
        "binance eth": {"first_id": 11, "last_id": 11, "trades": 1, "gaps": 0, "missed": 0},
    }


def test_reasons_of_many_rejections_are_cut_and_all_are_counted() -> None:
    _, account = decoded("rtds", [Line("junk", 1)] * 80)
    assert outcome(account) == (0, 0, 80, 0)
    assert len(account.rejections) == 50


@pytest.mark.parametrize("source", SOURCES)
@given(texts=st.lists(st.sampled_from([FRAME, "", "PONG", "[]", "{}", '{"op":"x"}']) | st.text()))
def test_nothing_is_lost_between_the_counts(source: str, texts: list[str]) -> None:
    _, account = decoded(source, [read_line(text) for text in texts])
    outcome(account)
    assert account.frames == len(texts)


# --- connections ----------------------------------------------------------------------------------


def coinbase(number: int, *trades: tuple[str, int]) -> str:
    rows = [
        {
            "product_id": product,
            "trade_id": str(trade_id),
            "price": "2.5",
            "size": "1",
            "time": "2026-11-20T20:00:00Z",
            "side": "BUY",
        }
        for product, trade_id in trades
    ]
    return json.dumps(
        {
            "channel": "market_trades",
            "timestamp": "2026-11-20T20:00:00Z",
            "sequence_num": number,
            "events": [{"type": "update", "trades": [row]} for row in rows],
        }
    )


def beat(number: int) -> str:
    return json.dumps({"channel": "heartbeats", "sequence_num": number, "events": []})


def ids(events: list[Any]) -> list[tuple[str, int]]:
    assert all(isinstance(event, ExchangeTraded) for event in events)
    return [(event.asset.value, event.trade_id) for event in events]


def test_each_assets_connection_is_counted_by_itself() -> None:
    lines = [
        Line(coinbase(0, ("BTC-USD", 1)), AT, asset="btc"),
        Line(beat(1), AT, asset="btc"),
        Line(coinbase(0, ("ETH-USD", 5)), AT, asset="eth"),
        Line(beat(1), AT, asset="eth"),
        Line(coinbase(2, ("ETH-USD", 6)), AT, asset="eth"),
        Line(coinbase(2, ("BTC-USD", 2)), AT, asset="btc"),
    ]
    events, account = decoded("coinbase", lines)
    assert ids(events) == [("btc", 1), ("eth", 5), ("eth", 6), ("btc", 2)]
    assert (account.lost, account.duplicates) == (0, 0)


def test_one_connection_for_many_assets_has_one_count() -> None:
    lines = [
        Line(coinbase(0, ("BTC-USD", 1), ("ETH-USD", 5)), AT),
        Line(beat(1), AT),
        Line(coinbase(2, ("ETH-USD", 6)), AT),
        Line(coinbase(5, ("BTC-USD", 2)), AT),
        Line(coinbase(4, ("ETH-USD", 7)), AT),
    ]
    events, account = decoded("coinbase", lines)
    assert ids(events) == [("btc", 1), ("eth", 5), ("eth", 6), ("btc", 2)]
    assert (account.lost, account.duplicates) == (2, 1)
    assert outcome(account) == (5, 0, 0, 0)


def test_numbers_begin_anew_where_a_connection_does() -> None:
    began = Line("", AT, asset="btc", opened=True)
    first, second = (
        [Line(coinbase(n, ("BTC-USD", 10 * m + n)), AT, asset="btc") for n in range(3)]
        for m in (1, 2)
    )
    events, account = decoded("coinbase", [began, *first, began, *second])
    assert [trade_id for _, trade_id in ids(events)] == [10, 11, 12, 20, 21, 22]
    assert (account.frames, account.duplicates, account.lost) == (6, 0, 0)
    events, account = decoded("coinbase", [*first, *second])
    assert (len(events), account.duplicates) == (4, 2), "nobody said so: two until it is believed"


def test_a_relays_numbers_begin_anew_as_well() -> None:
    def frame(seq: int, value: float) -> str:
        payload = {"symbol": "btcusd", "value": value, "timestamp": 1_795_204_800_000 + seq}
        return json.dumps(
            {
                "v": 1,
                "channel": "price.crypto",
                "seq": seq,
                "ts": 1_795_204_801_000,
                "payload": payload,
            }
        )

    began = Line("", AT, asset="btc", opened=True)
    frames = [Line(frame(seq, 90_000.5 + seq), AT, asset="btc") for seq in (1, 2)]
    events, account = decoded("polybolt", [began, *frames, began, *frames])
    assert (len(events), account.duplicates) == (4, 0)


# --- the command ----------------------------------------------------------------------------------


def run(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["decode", *map(str, arguments)], input=given)


def test_events_go_to_stdout_and_the_account_to_stderr(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_text(f"{AT} {binance(t=7)}\n\n{binance(t=8)}\n")
    result = run("binance", file)
    assert result.exit_code == 0
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(kind, one["trade_id"], one["received_ns"]) for kind, one in events] == [
        ("ExchangeTraded", 7, AT),
        ("ExchangeTraded", 8, 1),
    ]
    account = json.loads(result.stderr)
    assert (account["frames"], account["accepted"], account["cut_off"]) == (2, 2, "")


def test_the_account_on_stdout_stands_alone_and_in_a_file_leaves_the_events(tmp_path: Path) -> None:
    file, account = tmp_path / "frames.jsonl", tmp_path / "account.json"
    file.write_text(binance(t=7))
    alone = run("binance", file, "--json", "-")
    assert json.loads(alone.stdout)["events"] == {"ExchangeTraded": 1}
    both = run("binance", file, "--json", account)
    assert len(both.stdout.splitlines()) == 1
    assert both.stderr == ""
    quiet = run("binance", file, "--json", account, "--quiet")
    assert quiet.stdout == ""
    assert json.loads(account.read_text()) == json.loads(alone.stdout)


def test_one_rejection_fails_and_is_told_by_its_line_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    lines = [
        json.dumps({"feed": "rtds", "raw": "PONG"}),
        "",
        json.dumps({"feed": "binance", "raw": binance(t=7)}),
        json.dumps({"feed": "binance", "raw": binance(t=8, q="NaN")}),
    ]
    file.write_text("\n".join(lines))
    result = run("binance", file, "--feed", "binance", "--json", "-")
    assert result.exit_code == 1
    account = json.loads(result.stdout)
    assert (account["frames"], account["rejected"]) == (2, 1)
    assert account["rejections"] == [{"line": 4, "reason": "not a plain decimal: 'NaN'"}]


@pytest.mark.parametrize("source", SOURCES)
def test_a_junk_file_is_rejected_line_by_line(source: str, tmp_path: Path) -> None:
    file = tmp_path / "junk.bin"
    file.write_bytes(b"\x00\xff\xfe{[\n\x80\x81\n" + b"{" * 50_000 + b"\nnull\n")
    result = run(source, file)
    assert result.exit_code == 1
    assert result.stdout == ""
    account = json.loads(result.stderr)
    assert (account["frames"], account["rejected"], account["accepted"]) == (4, 4, 0)
    assert all(one["reason"].isascii() and one["reason"] for one in account["rejections"])


def test_bytes_on_stdin_that_are_no_text(tmp_path: Path) -> None:
    result = run("binance", "-", "--json", "-", given=binance(t=7).encode() + b"\n\xff\xfe\n")
    assert result.exit_code == 1
    account = json.loads(result.stdout)
    assert (account["accepted"], account["rejected"]) == (1, 1)


def test_a_gzip_file_and_one_that_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "frames.gz"
    members = [gzip.compress(binance(t=number).encode() + b"\n") for number in (1, 2)]
    file.write_bytes(b"".join(members))
    assert json.loads(run("binance", file, "--json", "-").stdout)["frames"] == 2
    file.write_bytes(members[0] + members[1][:15])
    result = run("binance", file, "--json", "-")
    account = json.loads(result.stdout)
    assert (result.exit_code, account["frames"], account["rejected"]) == (0, 1, 0)
    assert "frames.gz is cut off" in account["cut_off"]


def test_an_empty_file_has_an_empty_account(tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    result = run("gamma", tmp_path / "none", "--json", "-")
    assert (result.exit_code, json.loads(result.stdout)["frames"]) == (0, 0)


def test_a_source_that_nobody_knows_is_usage_and_the_known_are_named(tmp_path: Path) -> None:
    result = run("kraken", tmp_path / "none")
    assert result.exit_code == 2
    assert all(f"'{name}'" in result.stderr for name in SOURCES)


@pytest.mark.parametrize("name", ["none", "."])
def test_a_file_that_is_not_there_was_asked_for_by_mistake(name: str, tmp_path: Path) -> None:
    error = run("binance", tmp_path / name).exception
    assert isinstance(error, BadSettings)
    assert error.faults == [
        f"no file {tmp_path / name}; decode takes raw frames, plain or .gz, or -"
    ]


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(binance(t=7) + "\n",))
    writer.start()
    result = run("binance", pipe, "--json", "-")
    writer.join()
    assert json.loads(result.stdout)["frames"] == 1


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    error = run("binance", Path("/proc/self/mem")).exception
    assert isinstance(error, Fatal)
    assert "cannot read /proc/self/mem: " in str(error)


@pytest.mark.parametrize("target", ["nowhere/account.json", "."])
def test_an_account_that_could_not_be_written_is_said_first(target: str, tmp_path: Path) -> None:
    (tmp_path / "frames").write_text(binance(t=7))
    result = run("binance", tmp_path / "frames", "--json", tmp_path / target)
    assert isinstance(result.exception, Fatal)
    assert "--json" in str(result.exception)
    assert result.stdout == ""


# --- all that was ever recorded -------------------------------------------------------------------

MOST_LINES = 200_000
CAPTURED: dict[str, tuple[str, int, int, int, dict[str, int]]] = {
    "frames/captured_LIST_book.jsonl": ("clob-market", 20, 0, 0, {"BookSnapshotted": 120}),
    "frames/captured_rest_book.jsonl": ("clob-market", 20, 0, 0, {"BookSnapshotted": 20}),
    "frames/clob_book_messages.jsonl": ("clob-market", 13, 0, 0, {"BookSnapshotted": 13}),
    "frames/captured_price_change.jsonl": ("clob-market", 40, 0, 0, {"BookChanged": 40}),
    "frames/captured_new_market.jsonl": ("clob-market", 0, 20, 0, {}),
    "frames/captured_binance.jsonl": ("binance", 60, 0, 0, {"ExchangeTraded": 53}),
    "frames/captured_coinbase_ticker.jsonl": ("coinbase", 40, 0, 0, {"ExchangeQuoted": 40}),
    "frames/captured_coinbase_subscriptions.jsonl": ("coinbase", 0, 2, 0, {}),
    "frames/captured_crypto_prices.jsonl": ("rtds", 60, 0, 0, {"ChainlinkPriced": 3486}),
    "frames/captured_crypto_prices_chainlink.jsonl": ("rtds", 120, 0, 0, {"ChainlinkPriced": 120}),
    "frames/user_trades_maker.jsonl": ("clob-user", 3, 0, 0, {"UserTrade": 3}),
    "frames/rtds_frames_2026-09-05.jsonl": ("rtds", 7, 2, 1, {"ChainlinkPriced": 12}),
    "frames/polybolt_frames_docs.jsonl": ("polybolt", 5, 1, 2, {"ChainlinkPriced": 3}),
    "frames/gamma/gamma_event_btc_5m_active.json": ("gamma", 1, 0, 0, {"RoundFound": 1}),
    "frames/gamma/gamma_event_btc_5m_closed.json": (
        "gamma", 1, 0, 0, {"RoundFound": 1, "StrikePublished": 1},
    ),
    "frames/gamma/gamma_event_eth_15m_active.json": ("gamma", 1, 0, 0, {"RoundFound": 1}),
    "gamma_BTC-5m-markets_2026-06-08.jsonl.gz": ("gamma", 292, 0, 0, {"RoundFound": 292}),
    "cronos_btc5m_raw_books_1round.jsonl.gz": (
        "clob-market", 4362, 0, 0, {"BookSnapshotted": 4362},
    ),
    "hftbacktest_binance_spot_btcusdt_20240809.gz": (
        "binance", 55_281, 3044, 0, {"ExchangeQuoted": 45_134, "ExchangeTraded": 10_147},
    ),
    "hftbacktest_binance_spot_ethusdt_20240809.gz": (
        "binance", 43_090, 3036, 0, {"ExchangeQuoted": 34_681, "ExchangeTraded": 8_409},
    ),
}  # fmt: skip
"""By file: its source, then frames accepted, ignored and refused by the venue, and events."""
NOT_FRAMES = (
    "README.md",
    "cronos_btc5m_bbo_1s.parquet",
    "cronos_btc5m_rounds.csv",
    "rounds_outcomes_unique.csv.gz",
    "binance_klines_1m_BTC_ETH_SOL_XRP_2026-03-23_04-22.parquet",
    "chainlink_BTCUSD_2026-06-08.csv.gz",
)
BOOKS = "cronos_btc5m_raw_books_8rounds.parquet"


def lines_of(path: Path) -> Iterator[Line]:
    whole = path.suffix == ".json"
    texts = iter([path.read_text()]) if whole else islice(read_lines(path), MOST_LINES)
    return (read_line(text) for text in texts)


@pytest.mark.parametrize("name", CAPTURED)
def test_every_captured_frame_is_understood(name: str, recordings: Path) -> None:
    source, accepted, ignored, refused, events = CAPTURED[name]
    _, account = decoded(source, lines_of(recordings / name))
    assert account.rejections == []
    assert outcome(account) == (accepted, ignored, 0, refused)
    assert dict(account.events) == events
    assert account.lost == 0
    if name.startswith("hftbacktest"):
        (trades,) = account.trades.values()
        assert (trades.gaps, trades.missed, account.duplicates) == (0, 0, 0)
        assert (
            trades.line.last_id - trades.first_id + 1 == trades.trades == events["ExchangeTraded"]
        )


def test_every_fortieth_book_of_eight_rounds(recordings: Path) -> None:
    raw = polars.read_parquet(recordings / BOOKS, columns=["raw"])["raw"].gather_every(40)
    _, account = decoded("clob-market", [read_line(text) for text in raw])
    assert outcome(account) == (len(raw), 0, 0, 0)
    assert account.events["BookSnapshotted"] == len(raw) == 966


def test_every_file_of_frames_is_read_here(recordings: Path) -> None:
    files = {str(path.relative_to(recordings)) for path in recordings.rglob("*") if path.is_file()}
    assert files - {*CAPTURED, *NOT_FRAMES, BOOKS} == set()
