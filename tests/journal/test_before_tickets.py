"""A journal of before there were tickets is read as ever: its events, what came of them, a mind."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from polytui.desk.checkpoint import OtherVersion, restored_as
from polytui.journal.codec import decode_checkpoint, decode_effects, decode_event
from polytui.journal.reader import JournalReader
from polytui.model.effects import CancelAll, Credit, RecordedPlace
from polytui.model.events import Commanded, Filled, RoundSettled
from polytui.model.instrument import Asset
from polytui.store.fold import Fold
from polytui.store.rows import OrderRow, TradeRow

KEPT = Path(__file__).with_name("before_tickets.jsonl.gz")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(gzip.decompress(KEPT.read_bytes()))
    return path


def test_every_event_and_effect_of_it_is_read(path: Path) -> None:
    with JournalReader(path) as journal:
        records = [record for record in journal if record.is_event]
    events = [decode_event(record.event) for record in records]
    effects = [effect for record in records for effect in decode_effects(record.effects)]
    assert len(events) > 500
    assert {Commanded, Filled, RoundSettled} <= {type(event) for event in events}
    assert {RecordedPlace, CancelAll, Credit} <= {type(effect) for effect in effects}


def test_it_is_folded_into_rows_that_are_a_strategys(path: Path) -> None:
    with JournalReader(path) as journal:
        fold = Fold(journal.header, "before")
        rows = [row for record in journal for row in fold.take(record)]
    assert {row.strategy for row in rows if isinstance(row, OrderRow) and row.strategy} == {
        "distance_fade",
        "flatten",
    }
    trades = {row.strategy: row.pnl for row in rows if isinstance(row, TradeRow)}
    assert list(trades) == ["distance_fade"]
    assert fold.account.realised == trades["distance_fade"]


def test_a_mind_of_before_goes_on_or_is_refused_in_words(path: Path) -> None:
    with JournalReader(path) as journal:
        (kept,) = [record for record in journal if record.is_checkpoint]
    try:
        mind = restored_as(decode_checkpoint(kept), kept.digest)
    except OtherVersion as refusal:  # a class of the mind has another field since
        assert str(refusal)  # noqa: PT017 - it may be read as well
        return
    assert mind.account.kill_switch.is_on
    assert mind.account.of(Asset.BTC).rounds_settled == 1
