"""Other settings while a session runs: what differs, what is refused, and what file and keyboard
make of each other."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from polytui.config.change import (
    HOT_TABLES,
    SettingChange,
    bounds_of,
    breaches,
    changed,
    diff,
    fault_of,
    hot_settings,
    reloaded,
)
from polytui.config.docstrings import field_doc, table_doc
from polytui.config.load import BadSettings, canonical_json
from polytui.config.own import OWN
from polytui.config.schema import Settings
from polytui.model.effects import Reason
from polytui.model.snapshot import LimitView

DEFAULTS = Settings()
VIEWS = hot_settings(DEFAULTS)


def with_values(settings: Settings = DEFAULTS, **paths: Any) -> Settings:
    """`gates__cooldown_s=1.0` sets gates.cooldown_s."""
    for path, value in paths.items():
        table, _, name = path.partition("__")
        table_with = attrs.evolve(getattr(settings, table), **{name: value})
        settings = attrs.evolve(settings, **{table: table_with})
    return settings


def faults_of(path: str, value: str, settings: Settings = DEFAULTS) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        changed(settings, (path, value))
    return caught.value.faults


# --- looking ------------------------------------------------------------------------------------


def test_the_same_settings_do_not_differ() -> None:
    assert diff(DEFAULTS, Settings()) == ()


def test_a_difference_has_its_path_both_values_and_says_whether_it_waits_for_a_restart() -> None:
    new = with_values(sockets__backoff_cap_s=20.0, gates__after_open_s=60.0, risk__max_order_usd=1)
    assert diff(DEFAULTS, new) == (
        SettingChange("sockets.backoff_cap_s", "15.0", "20.0", False),
        SettingChange("gates.after_open_s", "45.0", "60.0", True),
        SettingChange("risk.max_order_usd", "25.0", "1", True),
    )
    assert diff(DEFAULTS, new)[1].text() == "gates.after_open_s 45.0 > 60.0"


def test_every_hot_setting_is_shown_in_the_order_of_the_file_and_no_cold_one() -> None:
    plain = json.loads(canonical_json(DEFAULTS))
    expected = [
        (f"{table}.{field.name}", plain[table][field.name])
        for table in HOT_TABLES
        if table != OWN
        for field in attrs.fields(type(getattr(DEFAULTS, table)))
    ]
    assert [(view.path, json.loads(view.value)) for view in VIEWS] == expected
    assert {"gates", "exits", "risk", "breakers", "distance_fade"} <= set(HOT_TABLES)
    assert not {"session", "sockets", "paper", "queues", "demo"} & set(HOT_TABLES)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gates.cooldown_s", "Between two entries in one round."),
        ("confluence.stake_usd", "Bought on one side of a round at most"),
        ("settlement_sniper.min_edge_bps", "What a share is worth to it minus price and fee."),
    ],
    ids=["own", "inherited", "inherited, with a default of its own"],
)
def test_a_setting_says_what_it_is_for(path: str, says: str) -> None:
    (view,) = (view for view in VIEWS if view.path == path)
    assert view.doc.startswith(says)
    assert "\n" not in view.doc


def test_every_setting_hot_or_cold_says_what_it_means() -> None:
    mute = [
        f"{table.name}.{name}"
        for table in attrs.fields(type(DEFAULTS))
        for kind in (type(getattr(DEFAULTS, table.name)),)
        for name in attrs.fields_dict(kind)
        if len(field_doc(kind, name)) < 10
    ]
    assert mute == []


VALUES = {view.path: view.value for view in VIEWS}


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("gates.cooldown_s", "-1", "expected >= 0, got -1 @ gates.cooldown_s"),
        ("gates.cooldown_s", "4", ""),
        ("risk.max_orders_per_round", "0", "expected 1 to 1000, got 0"),
        ("predictor.kind", '"oracle"', "expected one of fair_value, learned"),
        ("confluence.min_price", "0.99", "expected < max_price, got 0.99"),
        ("settlement_sniper.from_left_s", "1", "expected < from_left_s"),
        ("gates.tipo", "1", "tipo"),
    ],
)
def test_a_fault_is_known_before_the_engine_is_asked(path: str, value: str, fault: str) -> None:
    said = fault_of(VALUES, path, value)
    assert said.startswith(fault) or fault in said
    assert bool(said) is bool(fault)


@pytest.mark.parametrize("path", VALUES)
def test_what_is_in_force_has_no_fault(path: str) -> None:
    assert fault_of(VALUES, path, VALUES[path]) == ""
    assert bounds_of(path) == "" or not bounds_of(path).startswith("expected")


def test_what_nobody_documents_is_empty() -> None:
    assert table_doc(type(DEFAULTS.gates)) == "May we enter?"
    assert table_doc(int) == ""
    assert field_doc(int, "real") == ""


# --- from the keyboard --------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS, ids=[view.path for view in VIEWS])
def test_every_hot_setting_takes_its_own_value(view: Any) -> None:
    assert changed(DEFAULTS, (view.path, view.value)) == DEFAULTS


@pytest.mark.parametrize(
    ("path", "value", "there"),
    [
        ("gates.after_open_s", "60", 60.0),
        ("gates.max_slippage_ticks", "3", 3),
        ("gates.is_one_signal_a_side", "false", False),
        ("distance_fade.model", '"sigmoid"', "sigmoid"),
        ("exits.stop_loss", "1.0", 1.0),
    ],
)
def test_a_value_comes_into_force_and_nothing_else_moves(path: str, value: str, there: Any) -> None:
    new = changed(DEFAULTS, (path, value))
    table, _, name = path.partition(".")
    found = getattr(getattr(new, table), name)
    assert (found, type(found)) == (there, type(there))
    assert [change.path for change in diff(DEFAULTS, new)] == [path]


def test_a_list_of_assets_comes_into_force() -> None:
    new = changed(DEFAULTS, ("confluence.assets", '["btc", "xrp"]'))
    assert [asset.value for asset in new.confluence.assets] == ["btc", "xrp"]


@pytest.mark.parametrize(
    "path", ["", "gates", "gates.", ".after_open_s", "gates.tipo", "tipo.after_open_s", "gates.a.b"]
)
def test_an_unknown_setting_is_refused_by_name(path: str) -> None:
    assert faults_of(path, "1") == [f"unknown setting @ {path}"]


@pytest.mark.parametrize("path", ["session.rounds", "sockets.backoff_cap_s", "features.every_ms"])
def test_a_cold_setting_needs_a_restart(path: str) -> None:
    assert faults_of(path, "1") == [f"needs a restart @ {path}"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("gates.after_open_s", ""),
        ("gates.after_open_s", "soon"),
        ("gates.after_open_s", '"60"'),
        ("gates.after_open_s", "true"),
        ("gates.after_open_s", "null"),
        ("gates.after_open_s", "NaN"),
        ("gates.after_open_s", "Infinity"),
        ("gates.after_open_s", "-0.001"),
        ("gates.after_open_s", "[60]"),
        ("gates.after_open_s", "{}"),
        ("gates.after_open_s", "1" + "0" * 400),
        ("gates.after_open_s", "1" * 5_000),
        ("gates.after_open_s", "[" * 900),
        ("gates.after_open_s", "1000000000.1"),
        ("gates.max_slippage_ticks", "1.0"),
        ("gates.max_slippage_ticks", "51"),
        ("risk.max_open_positions", "0"),
        ("exits.stop_loss", "1.001"),
        ("distance_fade.model", '"guess"'),
        ("confluence.assets", '["doge"]'),
        ("confluence.assets", '"btc"'),
    ],
)
def test_what_is_no_value_of_it_is_refused_with_its_path(path: str, value: str) -> None:
    faults = faults_of(path, value)
    assert faults
    assert all(f"@ {path}" in fault and fault.startswith("expected") for fault in faults)
    assert all(len(fault) < 1_200 for fault in faults), "a fault is read by people"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("distance_fade.min_price", "0.92", "expected < max_price"),
        ("breakers.warn_latency_ms", "500.1", "expected warn <= critical <= stale"),
        ("settlement_sniper.until_left_s", "75.0", "expected < from_left_s"),
    ],
)
def test_a_value_that_contradicts_another_is_refused(path: str, value: str, says: str) -> None:
    (fault,) = faults_of(path, value)
    assert fault.startswith(says)


@pytest.mark.parametrize(
    ("path", "value"),
    [("distance_fade.min_price", "0.9199"), ("breakers.warn_latency_ms", "500.0")],
)
def test_just_before_the_contradiction_it_is_taken(path: str, value: str) -> None:
    assert diff(DEFAULTS, changed(DEFAULTS, (path, value)))[0].new == value


# --- from the file ------------------------------------------------------------------------------


def test_only_what_changed_in_the_file_is_taken_from_it() -> None:
    before = DEFAULTS
    current = with_values(gates__cooldown_s=9.0, session__rounds=3)
    after = with_values(before, gates__after_open_s=60.0)
    settings, changes = reloaded(current, before, after)
    assert settings == with_values(current, gates__after_open_s=60.0)
    assert [change.text() for change in changes] == ["gates.after_open_s 45.0 > 60.0"]


def test_the_file_has_the_last_word_on_what_changed_in_it() -> None:
    current = with_values(gates__cooldown_s=9.0)
    after = with_values(gates__cooldown_s=5.0)
    settings, changes = reloaded(current, DEFAULTS, after)
    assert settings.gates.cooldown_s == 5.0
    assert [change.text() for change in changes] == ["gates.cooldown_s 9.0 > 5.0"]


def test_what_the_keyboard_said_already_is_no_change() -> None:
    current = with_values(gates__cooldown_s=9.0)
    assert reloaded(current, DEFAULTS, current) == (current, ())


def test_a_cold_change_is_named_and_not_applied() -> None:
    after = with_values(sockets__backoff_cap_s=20.0, gates__after_open_s=60.0)
    settings, changes = reloaded(DEFAULTS, DEFAULTS, after)
    assert settings == with_values(gates__after_open_s=60.0)
    assert [(change.path, change.is_hot) for change in changes] == [
        ("gates.after_open_s", True),
        ("sockets.backoff_cap_s", False),
    ]


def test_a_cold_setting_put_back_to_what_is_in_force_needs_no_restart() -> None:
    edited = with_values(sockets__backoff_cap_s=20.0)
    assert reloaded(DEFAULTS, edited, DEFAULTS) == (DEFAULTS, ())


def test_what_the_command_line_put_on_top_is_no_change_of_the_file() -> None:
    current = with_values(session__rounds=3)
    settings, changes = reloaded(current, DEFAULTS, with_values(gates__cooldown_s=1.0))
    assert settings.session.rounds == 3
    assert [change.path for change in changes] == ["gates.cooldown_s"]


def test_file_and_keyboard_may_contradict_each_other() -> None:
    current = with_values(distance_fade__min_price=0.5)
    with pytest.raises(BadSettings, match="expected < max_price"):
        reloaded(current, DEFAULTS, with_values(distance_fade__max_price=0.4))


# --- against what is open -----------------------------------------------------------------------

HELD = [
    (Reason.LIMIT_POSITION, "max_position_usd"),
    (Reason.LIMIT_ROUND, "max_round_usd"),
    (Reason.LIMIT_NET, "max_net_usd"),
    (Reason.LIMIT_ASSET, "max_asset_usd"),
    (Reason.LIMIT_CLOSING, "max_closing_usd"),
    (Reason.LIMIT_ACCOUNT, "max_account_usd"),
]


def bar(reason: Reason, used: float, allowed: float = 50.0, unit: str = "USD") -> LimitView:
    return LimitView(reason.value, used, allowed, unit)


@pytest.mark.parametrize(("reason", "name"), HELD)
def test_a_limit_below_what_is_held_is_refused_to_the_millionth(reason: Reason, name: str) -> None:
    in_use = [bar(reason, 34.1)]
    for allowed, is_refused in ((34.1, False), (34.100001, False), (34.099999, True)):
        said = breaches(with_values(**{f"risk__{name}": allowed}), in_use)
        assert bool(said) == is_refused, allowed


def test_the_reason_has_both_numbers() -> None:
    assert breaches(with_values(risk__max_round_usd=20.0), [bar(Reason.LIMIT_ROUND, 34.1)]) == [
        "would breach an open position: round limit 20.00 USD < 34.10 USD in use"
    ]
    assert breaches(
        with_values(risk__max_open_positions=2),
        [bar(Reason.LIMIT_OPEN, 3.0, 8.0, "rounds")],
    ) == ["would breach an open position: open positions limit 2 rounds < 3 rounds in use"]


@pytest.mark.parametrize(("allowed", "is_refused"), [(3, False), (4, False), (2, True)])
def test_open_positions_at_just_over_and_just_under(allowed: int, is_refused: bool) -> None:
    in_use = [bar(Reason.LIMIT_OPEN, 3.0, 8.0, "rounds")]
    assert bool(breaches(with_values(risk__max_open_positions=allowed), in_use)) == is_refused


def test_the_fullest_of_several_is_told_once() -> None:
    in_use = [bar(Reason.LIMIT_ROUND, used) for used in (25.0, 34.1, 0.0)]
    (said,) = breaches(with_values(risk__max_round_usd=20.0), in_use)
    assert "34.10 USD in use" in said


def test_every_limit_that_would_be_breached_is_told() -> None:
    in_use = [bar(reason, 40.0) for reason, _ in HELD]
    new = with_values(**{f"risk__{name}": 39.0 for _, name in HELD})
    assert len(breaches(new, in_use)) == len(HELD)


def test_a_limit_that_was_exceeded_before_is_no_fault_of_a_change_elsewhere() -> None:
    in_use = [bar(Reason.LIMIT_ROUND, 60.0)]
    assert breaches(with_values(gates__cooldown_s=1.0), in_use) == []
    assert breaches(with_values(risk__max_round_usd=55.0), in_use) == [], "raised, not yet enough"


@pytest.mark.parametrize(
    ("reason", "path"),
    [
        (Reason.LIMIT_DAILY_LOSS, "risk__max_daily_loss_usd"),
        (Reason.LIMIT_TRADES, "risk__max_trades_per_day"),
        (Reason.LIMIT_ORDERS, "risk__max_working_orders"),
        (Reason.LIMIT_ROUND_ORDERS, "risk__max_orders_per_round"),
    ],
)
def test_a_limit_that_nothing_open_hangs_on_may_go_below_what_is_used(
    reason: Reason, path: str
) -> None:
    assert breaches(with_values(**{path: 1}), [bar(reason, 3.0, 100.0, "")]) == []


def test_where_nothing_is_open_everything_may_be_lowered() -> None:
    new = with_values(**{f"risk__{name}": 0.01 for _, name in HELD})
    assert breaches(new, []) == []
    assert breaches(new, [bar(reason, 0.0) for reason, _ in HELD]) == []


def test_a_change_keeps_the_key_in_an_address() -> None:
    """It becomes the settings in force, by which whatever starts anew connects."""
    rpc = "https://node.example/v2/k3y0fSomebodyWhoRentsANode"
    before = attrs.evolve(DEFAULTS, endpoints=attrs.evolve(DEFAULTS.endpoints, rpc=rpc))
    assert changed(before, ("gates.cooldown_s", "2.0")).endpoints.rpc == rpc
