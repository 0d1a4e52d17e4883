"""Real money without limits of one's own trades with those of `live-first`."""

from __future__ import annotations

from pathlib import Path

import attrs

from polytui.config.load import load_settings
from polytui.config.profiles import LIVE_FIRST, adapted_to_live, has_own_limits, limits_said
from polytui.config.schema import DemoSettings, RiskSettings, Settings
from polytui.config.starters import config_text

_DEMO = DemoSettings()


def test_it_is_five_dollars_ten_lost_and_five_trades_a_day() -> None:
    adapted = adapted_to_live(Settings(), _DEMO)
    risk = adapted.risk
    assert (risk.max_order_usd, risk.max_daily_loss_usd, risk.max_trades_per_day) == (5, 10, 5)
    assert adapted.distance_fade.stake_usd == 5
    assert limits_said(adapted) == (
        "profile live-first: 5 USD an order, 10 USD lost a day, 5 trades a day"
    )


def test_a_file_with_every_default_written_down_sets_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config_text())
    assert adapted_to_live(load_settings(path), _DEMO).risk == LIVE_FIRST


def test_limits_of_ones_own_are_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[risk]\nmax_order_usd = 12\n")
    mine = load_settings(path)
    assert has_own_limits(mine)
    assert adapted_to_live(mine, _DEMO) == mine
    assert limits_said(mine).startswith("your own limits of [risk]: 12 USD an order, 100 USD lost")


def test_a_smaller_stake_of_ones_own_stays() -> None:
    mine = Settings()
    mine = attrs.evolve(mine, distance_fade=attrs.evolve(mine.distance_fade, stake_usd=2.0))
    adapted = adapted_to_live(mine, _DEMO)
    assert adapted.distance_fade.stake_usd == 2
    assert adapted.settlement_sniper.stake_usd == 5


def test_no_limit_of_it_is_looser_than_the_usual_one() -> None:
    for field in attrs.fields(RiskSettings):
        assert getattr(LIVE_FIRST, field.name) <= getattr(RiskSettings(), field.name), field.name


def test_what_is_adapted_once_stays_so() -> None:
    """Settings are read again while the engine runs."""
    once = adapted_to_live(Settings(), _DEMO)
    assert adapted_to_live(once, _DEMO) == once
