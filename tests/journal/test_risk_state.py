"""A risk state is one line, and journals are read without such lines."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from polytui.backtest.replay import replay_journal
from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    decode_record,
    decode_risk_state,
    encode_digest,
    encode_header,
    encode_record,
    encode_risk_state,
)
from polytui.journal.reader import JournalReader
from polytui.journal.seal import sealed
from polytui.model.events import RiskStateRestored, Ticked
from polytui.model.units import Usd


def a_risk_state(trades: int) -> RiskStateRestored:
    return RiskStateRestored(20_777, Usd(-5), trades, Usd(7), (("btc", 2),), 'said "no"\n', 99)


def event(seq: int) -> bytes:
    return encode_record(seq, seq, "btc", Ticked(seq), (), True)


def header(mode: str = "paper") -> bytes:
    return encode_header(Header(FORMAT, "0.1.0", mode, "session", 5))


def a_session(runs: Path, name: str, *lines: bytes, at_s: int) -> Path:
    """A journal last written at `at_s`."""
    path = runs / name / "journal.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(sealed(lines))
    os.utime(path, (at_s, at_s))
    return path


# --- the line -----------------------------------------------------------------------------------


def test_a_risk_state_is_one_line_and_read_as_it_was_written() -> None:
    line = encode_risk_state(a_risk_state(3))
    assert line.startswith(b'{"risk_state":["RiskStateRestored",{')
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_risk_state(line) == a_risk_state(3)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"risk_state":null}',
        b'{"risk_state":["RiskStateRestored",{}]}',
        b'{"risk_state":["Ticked",{"at_ns":1}]}',
        event(1),
        encode_digest(1, "00"),
    ],
)
def test_what_is_no_risk_state_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal):
        decode_risk_state(line)


def test_other_records_have_no_risk_state() -> None:
    assert decode_record(event(1)).risk_state == msgspec.Raw(b"")
    assert decode_record(encode_risk_state(a_risk_state(1))).risk_state


def test_who_reads_a_journal_does_not_see_risk_states(tmp_path: Path) -> None:
    lines = (
        header(),
        encode_risk_state(a_risk_state(1)),
        event(1),
        encode_risk_state(a_risk_state(2)),
    )
    path = a_session(tmp_path, "one", *lines, event(2), encode_digest(2, "ff"), at_s=1)
    with JournalReader(path) as records:
        assert [(record.seq, record.digest) for record in records] == [(1, ""), (2, ""), (2, "ff")]


def test_a_replay_passes_risk_states_over(tmp_path: Path) -> None:
    """A journal of nothing else is a journal in which nothing happened."""
    path = a_session(tmp_path, "one", header(), encode_risk_state(a_risk_state(1)), at_s=1)
    verdict = replay_journal(path, is_verifying=True)
    assert (verdict.events, verdict.is_equal) == (0, True)


def test_a_risk_state_that_is_written_badly_is_named(tmp_path: Path) -> None:
    path = a_session(tmp_path, "one", header(), b'{"risk_state":}\n', at_s=1)
    with JournalReader(path) as records, pytest.raises(BadJournal, match="line 2: not a record"):
        list(records)
