"""`make claims`: what was claimed and realised, and that the record is the only difference."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from attrs import evolve

from benchmarks.claims import Listener, Sitting, settings_of, table_of
from polytui.ledger.track import Claim
from polytui.model.events import RoundClosed, RoundSettled
from polytui.model.instrument import Asset
from polytui.model.units import MICRO


def books(claims: tuple[Claim, ...], **pnls: int) -> Any:
    """As much of a mind as is looked at: one asset's live track."""
    results = {name: SimpleNamespace(pnl=pnl) for name, pnl in pnls.items()}
    track = SimpleNamespace(claims=lambda slug: claims, results=lambda: results)
    account = SimpleNamespace(books=lambda asset: SimpleNamespace(live=track))
    return cast(Any, SimpleNamespace(account=account))


def test_a_round_is_what_was_said_at_its_close_and_what_its_settlement_added() -> None:
    listener = Listener(is_calibrated=False)
    settled = RoundSettled("0x1", "1", "stream", 1)
    claim = Claim("fade", 10 * MICRO, 5 * MICRO, 0.6)
    listener.heard(books((claim,)), Asset.BTC, RoundClosed("one", 1))
    listener.heard(books((), fade=5 * MICRO), Asset.BTC, settled)
    listener.heard(books((claim,)), Asset.BTC, RoundClosed("two", 1))
    listener.heard(books((), fade=0), Asset.BTC, settled)
    assert [row.claimed for row in listener.rows] == pytest.approx([0.1, 0.1])
    assert [row.realised for row in listener.rows] == pytest.approx([0.5, -0.5])
    assert [row.pnl for row in listener.rows] == pytest.approx([5.0, -5.0])


def test_before_and_after_differ_by_the_record_alone() -> None:
    before = settings_of(Sitting("lifelike", 1, 5, is_calibrated=False))
    after = settings_of(Sitting("lifelike", 1, 5, is_calibrated=True))
    assert before != after == evolve(before, claims=after.claims)
    assert all(
        getattr(before, name).is_enabled
        for name in ("confluence", "momentum_score", "distance_fade", "predictor")
    )


def test_who_entered_nothing_has_a_line_as_well() -> None:
    assert table_of([]).row_count == 12
