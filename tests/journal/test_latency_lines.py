"""Lines of latencies: read as they were written by whoever wants them, passed over by a replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    decode_latency,
    decode_record,
    encode_digest,
    encode_header,
    encode_latency,
    encode_record,
)
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.model.events import DeskOpened, Ticked
from polytui.model.instrument import Asset
from polytui.model.latency import LatencyLine, OrderLatency, StageLatency, StageTimes
from polytui.model.units import Usd

ORDER = OrderLatency(
    "r-1-0", "btc", "r", 'pro"bit', 5, "binance", -3_000, 40, 60, 100, 10, 70_000, 90_000,
    11_000, 12_000, "filled", True,
)  # fmt: skip
MINUTE = StageLatency(7, 60.0, (StageTimes("decode", 9, 1, 2, 3, 4),))


def journal(path: Path, *lines: bytes) -> Path:
    header = encode_header(Header(FORMAT, "0.1.0", "paper", "session", 5))
    path.write_bytes(sealed([header, *lines]))
    return path


def opened() -> bytes:
    return encode_record(1, 1, "btc", DeskOpened(Asset.BTC, 1, Usd(0)), (), True)


def ticked(seq: int) -> bytes:
    return encode_record(seq, seq, "btc", Ticked(seq), (), True)


@pytest.mark.parametrize("line", [ORDER, MINUTE])
def test_a_latency_is_one_line_and_read_as_it_was_written(line: LatencyLine) -> None:
    written = encode_latency(line)
    assert (written.count(b"\n"), written[-1:]) == (1, b"\n")
    record = decode_record(written)
    assert (record.is_event, record.is_aside) == (False, True)
    assert decode_latency(record.latency) == line


def test_whoever_wants_them_reads_them_where_they_stand(tmp_path: Path) -> None:
    """A digest speaks of the event before it, whatever stands between."""
    lines = [
        encode_latency(ORDER), opened(), encode_latency(MINUTE), encode_digest(1, "d"), ticked(2)
    ]  # fmt: skip
    path = journal(tmp_path / "j", *lines)
    with JournalReader(path, has_latencies=True) as wanted:
        kinds = ["latency" if r.latency else "event" if r.is_event else "digest" for r in wanted]
    assert kinds == ["latency", "event", "latency", "digest", "event"]
    with JournalReader(path) as usual:
        assert [record.seq for record in usual] == [1, 1, 2]


def test_a_replay_passes_them_over(tmp_path: Path) -> None:
    path = journal(tmp_path / "j", opened(), encode_latency(ORDER), ticked(2))
    verdict = replay_journal(path, is_verifying=True)
    assert (verdict.is_equal, verdict.events) == (True, 2)


@pytest.mark.parametrize(
    "line",
    [
        b'{"latency":["OrderLatency",{}]}',
        b'{"latency":["Ticked",{"at_ns":1}]}',
        b'{"latency":7}',
        b'{"latency":["StageLatency",{"at_ns":1,"real_s":"long","stages":[]}]}',
    ],
)
def test_what_is_no_latency_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal, match="not a latency"):
        decode_latency(decode_record(line).latency)


def test_each_name_says_what_it_says() -> None:
    assert ORDER.market_to_signal_ms == pytest.approx(0.2)
    assert ORDER.signal_to_order_ack_ms == pytest.approx(70.01)
    assert ORDER.full_decision_to_fill_ms == pytest.approx(90.01)
    assert (ORDER.binance_recv, ORDER.pm_recv) == (11.0, 12.0)
    assert ORDER.eval == pytest.approx(0.16)
    assert ORDER.order_exec == pytest.approx(90.0)
    assert ORDER.e2e == pytest.approx(90.21)


def test_an_order_that_was_not_filled_has_no_time_to_its_fill() -> None:
    refused = OrderLatency(
        "o", "btc", "r", "s", 5, "", None, 0, 60, 100, 10, 70_000, ended="refused"
    )
    assert refused.full_decision_to_fill_ms is None
    assert (refused.order_exec, refused.e2e) == (70.0, pytest.approx(70.17))
    lost = OrderLatency("o", "btc", "r", "s", 5, "", None, 0, 60, 100, 10)
    assert (lost.signal_to_order_ack_ms, lost.order_exec, lost.e2e) == (None, None, None)
