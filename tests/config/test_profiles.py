"""Real money is traded with the limits of `live-first`, but for those that a person has set."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from polytui.cli.settings import show
from polytui.config.live import LiveSettings
from polytui.config.load import load_settings
from polytui.config.profiles import LIVE_FIRST, adapted_to_live, limits_said
from polytui.config.schema import RiskSettings, Settings
from polytui.config.starters import config_text

USUAL = RiskSettings()
NAMES = tuple(field.name for field in attrs.fields(RiskSettings))


def of_file(folder: Path, text: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(text)
    return load_settings(path)


def live(settings: Settings) -> Settings:
    """As a session that begins with them has them."""
    return adapted_to_live(settings, settings)


def test_it_is_five_dollars_ten_lost_and_five_trades_a_day() -> None:
    adapted = live(Settings())
    risk = adapted.risk
    assert (risk.max_order_usd, risk.max_daily_loss_usd, risk.max_trades_per_day) == (5, 10, 5)
    assert adapted.distance_fade.stake_usd == 5
    assert limits_said(adapted) == (
        "profile live-first: 5 USD an order, 10 USD lost a day, 5 trades a day"
    )


def test_a_file_with_every_default_written_down_sets_none(tmp_path: Path) -> None:
    assert live(of_file(tmp_path, config_text())).risk == LIVE_FIRST


def test_one_limit_of_ones_own_is_one_and_no_more(tmp_path: Path) -> None:
    """Whoever wants larger orders has not asked to lose a hundred dollars a day."""
    adapted = live(of_file(tmp_path, "[risk]\nmax_order_usd = 12\n"))
    assert adapted.risk == attrs.evolve(LIVE_FIRST, max_order_usd=12.0)
    said = limits_said(adapted)
    assert said.startswith("12 USD an order, 10 USD lost a day, 5 trades a day; yours: ")
    assert "; yours: max_order_usd 12; of profile live-first: max_position_usd 5, " in said
    assert "max_daily_loss_usd 10" in said


def test_show_says_whose_limits_these_are(tmp_path: Path) -> None:
    of_file(tmp_path, "[risk]\nmax_trades_per_day = 7\n")
    told = CliRunner().invoke(
        show, ["--mode", "live", "--config", str(tmp_path / "config.toml")], catch_exceptions=False
    )
    assert "yours: max_trades_per_day 7; of profile live-first: max_order_usd 5, " in told.stderr
    assert '"max_daily_loss_usd": 10.0' in told.stdout


@given(own=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 100)))
def test_every_limit_is_the_persons_or_the_profiles(own: dict[str, int]) -> None:
    settings = Settings(risk=attrs.evolve(USUAL, **own))
    risk = live(settings).risk
    for name in NAMES:
        written = getattr(settings.risk, name)
        is_own = written != getattr(USUAL, name)
        assert getattr(risk, name) == (written if is_own else getattr(LIVE_FIRST, name)), name


def test_only_an_explicit_word_makes_the_limits_of_paper_those_of_real_money(
    tmp_path: Path,
) -> None:
    written = of_file(tmp_path, "[live]\nlimits = 'as-written'\n")
    assert live(written) == written
    assert limits_said(written).startswith("limits of [risk] as they are written, by live.limits")


def test_a_session_goes_on_with_the_profile_that_it_began_with() -> None:
    began, now = Settings(), Settings(live=LiveSettings(limits="as-written"))
    assert adapted_to_live(now, began).risk == LIVE_FIRST
    assert adapted_to_live(began, now) == began


def test_a_smaller_stake_of_ones_own_stays() -> None:
    mine = Settings()
    mine = attrs.evolve(mine, distance_fade=attrs.evolve(mine.distance_fade, stake_usd=2.0))
    adapted = live(mine)
    assert adapted.distance_fade.stake_usd == 2
    assert adapted.settlement_sniper.stake_usd == 5


@pytest.mark.parametrize(("order_usd", "position_usd", "stake_usd"), [(12, 30, 5), (3, 50, 3)])
def test_no_stake_is_larger_than_the_tightest_limit_on_it(
    order_usd: float, position_usd: float, stake_usd: float
) -> None:
    """A larger order that the round's limit refuses would never trade."""
    own = attrs.evolve(USUAL, max_order_usd=order_usd, max_position_usd=position_usd)
    assert live(Settings(risk=own)).settlement_sniper.stake_usd == stake_usd


def test_no_limit_of_it_is_looser_than_the_usual_one() -> None:
    for name in NAMES:
        assert getattr(LIVE_FIRST, name) <= getattr(USUAL, name), name


def test_what_is_adapted_once_stays_so() -> None:
    """Settings are read again while the engine runs."""
    once = live(Settings())
    assert adapted_to_live(once, once) == once
