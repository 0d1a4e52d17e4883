"""`make claims`: what was claimed and realised, and that the record is the only difference."""

from __future__ import annotations

import pytest
from attrs import evolve

from benchmarks.claims import Listener, Sitting, settings_of, table_of
from polytui.desk.mind import Mind
from polytui.model.events import RoundClosed, RoundSettled
from polytui.model.instrument import Asset, Outcome
from polytui.model.orders import Fill, Side
from polytui.model.units import MICRO, Price, Shares, Usd


def test_a_round_is_what_was_said_at_its_close_and_what_its_settlement_added() -> None:
    """Ten shares at 0.50 that were said to be worth 0.60: one round is won and one lost."""
    mind, listener = Mind(), Listener(is_calibrated=False)
    attribution = mind.account.of(Asset.BTC).live
    fill = Fill("t", Price(500_000), Shares(10 * MICRO), Usd(0), True)
    for slug, winner in (("one", Outcome.UP), ("two", Outcome.DOWN)):
        attribution.fill(slug, "fade", Outcome.UP, Side.BUY, fill, 1, 0.6)
        listener.heard(mind, Asset.BTC, RoundClosed(slug, 1))
        attribution.settle(slug, winner)
        listener.heard(mind, Asset.BTC, RoundSettled("0x1", "1", "stream", 1))
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


def test_no_loss_ends_a_session_whose_claims_are_counted() -> None:
    """Not a share of the account either, which ended one at a hundred dollars of a thousand."""
    risk = settings_of(Sitting("lifelike", 1, 5, is_calibrated=True)).risk
    assert risk.max_drawdown_pct == 100.0
    assert min(risk.max_drawdown_usd, risk.max_daily_loss_usd) > 100_000.0
    assert risk.max_losses_in_a_row > 100


def test_who_entered_nothing_has_a_line_as_well() -> None:
    assert table_of([]).row_count == 12
