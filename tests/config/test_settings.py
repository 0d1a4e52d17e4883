"""config.toml: every fault at once with its path, and one text for the same settings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytui.config.change import changed
from polytui.config.demo import adapted_to_demo
from polytui.config.load import (
    BadSettings,
    canonical_json,
    digest_of,
    from_canonical_json,
    load_settings,
    plain_settings,
    structure_settings,
    unknown_settings,
)
from polytui.config.own import OWN
from polytui.config.renamed import RENAMED
from polytui.config.schema import (
    DemoSettings,
    PaperSettings,
    RiskSettings,
    SessionSettings,
    Settings,
)
from polytui.config.starters import config_text, env_text, write_starters
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Interval
from polytui.model.plain_text import plain
from polytui.strategy.registry import STRATEGIES

REPO = Path(__file__).resolve().parents[2]


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        structure_settings(raw)
    return caught.value.faults


# --- the file in the repository -------------------------------------------------------------------


def test_the_file_in_the_repository_says_the_defaults() -> None:
    assert load_settings(REPO / "config.toml") == Settings()


def test_the_file_in_the_repository_names_every_setting() -> None:
    raw = tomllib.loads((REPO / "config.toml").read_text(encoding="utf-8"))
    ours = [one for one in attrs.fields(attrs.resolve_types(Settings)) if one.name != OWN]
    assert raw["keys"] == {}, "each is as it ships"
    for table in [one for one in ours if one.name != "keys"]:
        names = [field.name for field in attrs.fields(table.type)]
        assert list(raw[table.name]) == names, table.name
    assert list(raw) == [table.name for table in ours], "and none of a strategy of somebody's"


def test_the_file_in_the_repository_is_what_the_schema_makes_of_it() -> None:
    text = (REPO / "config.toml").read_text(encoding="utf-8")
    assert text == config_text(), "write it anew: python -m docs.make_config"
    assert (REPO / ".env.example").read_text(encoding="utf-8") == env_text()
    assert "# (hot) Between two entries in one round.\ncooldown_s = 4.0\n" in text
    assert "# (hot)\n" not in text, "every setting says what it means"
    assert "# Stop by itself after so many settled rounds" in text, "a cold one is not marked"


def test_what_init_writes_is_good_and_never_replaces_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("mine")
    written = dict(write_starters(tmp_path))
    assert written == {tmp_path / "config.toml": True, tmp_path / ".env.example": False}
    assert load_settings(tmp_path / "config.toml") == Settings()
    assert (tmp_path / ".env.example").read_text() == "mine"
    assert not any(is_new for _, is_new in write_starters(tmp_path))
    with pytest.raises(Fatal, match=r"cannot write .*config\.toml"):
        list(write_starters(tmp_path / "absent"))


def test_a_byte_order_mark_before_the_first_table_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("\ufeff[session]\nrounds = 7\n".encode())
    assert load_settings(path).session.rounds == 7


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    assert load_settings(tmp_path / "config.toml") == Settings()


# --- faults -----------------------------------------------------------------------------------


def test_every_fault_is_said_at_once_in_the_order_of_its_path() -> None:
    raw = {
        "risk": {"max_order_usd": -1, "max_working_orders": 0, "max_loss": 3},
        "gates": {"cooldown_s": "soon"},
        "session": {"assets": ["btc", "doge"], "intervals": []},
        "distance_fade": {"is_enabled": 1},
        "tipo": {},
    }
    faults = faults_of(raw)
    assert faults == sorted(faults, key=lambda line: line.rpartition(" @ ")[2])
    said = "\n".join(faults)
    for expected in (
        "expected > 0, got -1 @ risk.max_order_usd",
        "expected 1 to 100, got 0 @ risk.max_working_orders",
        "unknown setting max_loss @ risk",
        "expected a number, got 'soon' @ gates.cooldown_s",
        "expected one of btc, eth, sol, xrp, got 'doge' @ session.assets[1]",
        "expected at least one entry, none twice, got [] @ session.intervals",
        "expected true or false, got 1 @ distance_fade.is_enabled",
        "unknown setting tipo @ config",
    ):
        assert expected in said
    assert len(faults) == 8


def test_a_setting_that_has_another_name_now_says_which() -> None:
    raw = {"gates": {"min_oracle_confidence": 0.2, "zzz": 1}, "risk": {"min_oracle_trust": 1}}
    assert faults_of(raw) == [
        "unknown setting min_oracle_confidence (is gates.min_consensus_trust now), zzz @ gates",
        "unknown setting min_oracle_trust @ risk",
    ]


@pytest.mark.parametrize(("former", "now"), RENAMED.items())
def test_every_former_name_is_refused_with_the_one_of_today(former: str, now: str) -> None:
    """Which is a setting, and the former one is none any more."""
    (table, name), (new_table, new_name) = former.split("."), now.split(".")
    assert faults_of({table: {name: 1}}) == [f"unknown setting {name} (is {now} now) @ {table}"]
    assert hasattr(getattr(Settings(), new_table), new_name)
    with pytest.raises(BadSettings, match=rf"unknown setting \(is {now} now\) @ {former}"):
        changed(Settings(), (former, "1"))


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        ("http", "tries", 2.0),
        ("http", "tries", True),
        ("http", "tries", "2"),
        ("risk", "max_order_usd", "25"),
        ("risk", "max_order_usd", True),
        ("risk", "max_order_usd", float("nan")),
        ("risk", "max_order_usd", float("inf")),
        ("journal", "directory", 5),
        ("terminal", "stop_when_lost", "yes"),
        ("session", "assets", ["btc", "btc"]),
        ("session", "assets", 7),
        ("session", "assets", [["btc"]]),
        ("endpoints", "clob", "http://clob.polymarket.com"),
        ("endpoints", "market_ws", "https://clob.polymarket.com"),
        ("endpoints", "gamma", 80),
    ],
)
def test_a_wrong_value_is_one_fault_at_its_path(table: str, name: str, value: Any) -> None:
    faults = faults_of({table: {name: value}})
    assert faults
    assert all(f"@ {table}.{name}" in fault for fault in faults)


@pytest.mark.parametrize("value", [5, "x", [], None])
def test_a_table_must_be_a_table(value: Any) -> None:
    faults = faults_of({"risk": value, "gates": {"cooldown_s": -1}})
    assert any(fault.endswith("@ risk") for fault in faults)
    assert "expected >= 0, got -1 @ gates.cooldown_s" in faults


@pytest.mark.parametrize("value", [0.02, 0.99])
def test_bounds_include_their_ends(value: float) -> None:
    settings = structure_settings({"distance_fade": {"max_price": value, "min_price": 0.01}})
    assert settings.distance_fade.max_price == value


@pytest.mark.parametrize("value", [0.0199, 0.9901])
def test_bounds_exclude_what_is_beyond(value: float) -> None:
    assert faults_of({"distance_fade": {"max_price": value, "min_price": 0.01}}) == [
        f"expected 0.02 to 0.99, got {value} @ distance_fade.max_price"
    ]


@pytest.mark.parametrize("name", ["max_chainlink_age_ms", "cooldown_s"])
def test_no_number_is_so_large_that_arithmetic_breaks_on_it(name: str) -> None:
    settings = structure_settings({"gates": {name: 1_000_000_000}})
    assert getattr(settings.gates, name) == 1e9
    for value in (1_000_000_001, 10**400):
        (fault,) = faults_of({"gates": {name: value}})
        assert fault.startswith("expected at most 1e+09")


def test_prices_that_leave_nothing_to_buy_are_a_fault() -> None:
    assert faults_of({"distance_fade": {"min_price": 0.5, "max_price": 0.5}}) == [
        "expected < max_price, got 0.5 @ distance_fade.min_price"
    ]


def test_a_time_without_its_zone_is_a_fault() -> None:
    (fault,) = faults_of({"demo": {"start": "2026-11-20T14:59:00"}})
    assert fault.startswith("expected a time like 2026-11-20T14:59:00Z")


def test_a_whole_number_is_a_number() -> None:
    settings = structure_settings({"risk": {"max_order_usd": 30}})
    assert settings.risk == RiskSettings(max_order_usd=30.0)
    assert type(settings.risk.max_order_usd) is float


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a = ", "not TOML"),
        (b"\xff\xfe", "cannot read"),
        (b"[risk]\n[risk]\n", "not TOML"),
        (b"a = " + b"1" * 5_000, "not TOML"),
        (b"a = " + b"[" * 5_000, "not TOML"),
    ],
)
def test_a_broken_file_is_a_fault_not_a_crash(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(BadSettings, match=says) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot read"):
        load_settings(tmp_path / "nowhere.toml")


# --- one text for the same settings -------------------------------------------------------------


def test_settings_survive_their_text() -> None:
    settings = Settings(
        session=SessionSettings(
            assets=(Asset.XRP,), intervals=(Interval.H1, Interval.M5), rounds=3
        ),
        risk=RiskSettings(max_order_usd=0.1 + 0.2),
    )
    text = canonical_json(settings)
    assert from_canonical_json(text) == settings
    assert canonical_json(from_canonical_json(text)) == text


@given(st.floats(0.001, 1e9), st.integers(1, 100), st.sampled_from(list(Asset)))
def test_any_settings_survive_their_text(usd: float, orders: int, asset: Asset) -> None:
    settings = Settings(
        session=SessionSettings(assets=(asset,)),
        risk=RiskSettings(max_order_usd=usd, max_working_orders=orders),
    )
    assert from_canonical_json(canonical_json(settings)) == settings


def test_a_key_in_an_address_is_in_no_text_of_the_settings() -> None:
    """That text is written to journals. Whatever connects has the settings themselves."""
    key = "k3y0fSomebodyWhoRentsANode"
    rented = structure_settings({"endpoints": {"rpc": f"https://node.example/v2/{key}"}})
    text = canonical_json(rented)
    assert key not in text
    back = from_canonical_json(text)
    assert back.endpoints.rpc == "https://node.example/v2/***"
    assert canonical_json(back) == text
    assert plain_settings(rented)["endpoints"]["rpc"].endswith(key)
    assert plain(f"endpoints.rpc is {rented.endpoints.rpc}").endswith("/v2/***"), "nor in a log"


def test_a_digest_names_the_settings() -> None:
    assert digest_of(Settings()) == digest_of(structure_settings({}))
    assert digest_of(Settings()) != digest_of(Settings(risk=RiskSettings(max_order_usd=24.99)))
    assert len(digest_of(Settings())) == 12


def test_a_text_with_a_fault_is_refused() -> None:
    with pytest.raises(BadSettings, match="max_order_usd"):
        from_canonical_json('{"risk":{"max_order_usd":0}}')


def test_a_text_of_another_version_is_taken_by_name() -> None:
    """A file of settings is not: there an unknown name is a mistake of whoever wrote it."""
    text = '{"risk":{"max_order_usd":7.0,"max_moons":3},"gates":{"max_oracle_age_ms":1},"moon":{}}'
    at_once = PaperSettings(mined_least_s=0.0, mined_most_s=0.0)
    wanted = Settings(risk=RiskSettings(max_order_usd=7.0), paper=at_once)
    assert from_canonical_json(text) == wanted, "before there was a word for it nobody waited"
    assert unknown_settings(text) == (
        "risk.max_moons",
        "gates.max_oracle_age_ms (is gates.max_chainlink_age_ms now)",
        "moon",
    )
    with pytest.raises(BadSettings, match="unknown setting"):
        structure_settings({"risk": {"max_moons": 3}})


# --- a demo -------------------------------------------------------------------------------------


def test_the_demos_strategies_are_those_there_are_and_trade_besides_the_enabled() -> None:
    for strategy in STRATEGIES:
        demo = DemoSettings(strategies=(strategy.name,))
        assert getattr(adapted_to_demo(Settings(), Settings(demo=demo)), strategy.name).is_enabled
    plain = DemoSettings(strategies=(), max_losses_in_a_row=3)
    begins_small = attrs.evolve(Settings().live, ramp_rounds=0)
    assert adapted_to_demo(Settings(), Settings(demo=plain)) == Settings(live=begins_small)
    for names in (["martingale"], ["confluence", "confluence"]):
        (fault,) = faults_of({"demo": {"strategies": names}})
        assert all(strategy.name in fault for strategy in STRATEGIES), fault
        assert fault.endswith("@ demo.strategies")


@pytest.mark.parametrize(("asked", "most"), [(3, 6), (2, 2), (10, 10)])
def test_a_demo_may_lose_more_rounds_in_a_row_unless_somebody_said_how_many(
    asked: int, most: int
) -> None:
    """Three is what ships, and nobody's word."""
    settings = Settings(risk=RiskSettings(max_losses_in_a_row=asked))
    assert adapted_to_demo(settings, Settings()).risk.max_losses_in_a_row == most
