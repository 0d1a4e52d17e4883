"""config.toml to Settings, with every fault at once and the path of each."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from polytui.config.before import as_before
from polytui.config.checks import Check
from polytui.config.deciding import StrategySettings
from polytui.config.keys import KeySettings, key_settings
from polytui.config.own import (
    OWN,
    OwnStrategiesSettings,
    OwnTables,
    UnknownStrategySettings,
    common_part,
    kinds_known,
    other_part,
)
from polytui.config.renamed import new_path, with_new_name
from polytui.config.schema import Settings
from polytui.config.strategy_tables import path_of, strategy_tables
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.web_address import without_keys

_Table = TypeVar("_Table")


class BadSettings(Fatal):
    """`faults` holds one line per fault: "expected > 0 @ risk.max_order_usd"."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file as they are written; BadSettings for one that has none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([f"cannot read {path}: {error}"]) from error
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is no TOMLDecodeError
        raise BadSettings([f"not TOML: {error} @ {path}"]) from error
    return raw


def own_strategies_of(path: Path) -> OwnStrategiesSettings:
    """Which strategies a file of settings names: they are loaded before the rest of it is read."""
    said = read_toml(path).get("strategies", {})
    table, faults = _structured(said, OwnStrategiesSettings, "strategies.")
    if table is None or faults:
        raise BadSettings(faults)
    return table


def load_settings(path: Path) -> Settings:
    """Settings of a file; BadSettings with every fault, also for a missing or unreadable file. Each
    strategy that is loaded has its table, and nobody else has one."""
    raw = read_toml(path)
    said = raw.get(OWN, {})
    if isinstance(said, dict):
        raw[OWN] = {name: {} for name in kinds_known()} | said
    settings = structure_settings(raw)
    if lost := [name for name, _ in settings.own if name not in kinds_known()]:
        how = "no strategy of strategies.paths or strategies.packages is called so"
        raise BadSettings([f"{how} @ {OWN}.{name}" for name in lost])
    return settings


def structure_settings(raw: dict[str, Any]) -> Settings:
    """Settings of tables by name, as in the file. BadSettings with every fault."""
    said = raw.get(OWN, {}) if isinstance(raw, dict) else {}
    ours = {name: raw[name] for name in raw if name != OWN} if isinstance(raw, dict) else raw
    settings, faults = _structured(ours, Settings, "")
    own, own_faults = _own_tables(said)
    faults += own_faults
    if settings is not None and own is not None:
        settings = attrs.evolve(settings, own=own)
        faults += _contradictions(settings)
    if faults or settings is None:
        raise BadSettings(sorted(set(faults), key=lambda line: line.rpartition(" @ ")[2]))
    return settings


def _structured(raw: Any, kind: type[_Table], path: str) -> tuple[_Table | None, list[str]]:
    """One class of settings, where it can be made; and every fault."""
    faults = _bound_faults(kind, raw, path)
    try:
        return _converter.structure(raw, kind), faults
    except cattrs.BaseValidationError as error:
        said = cattrs.transform_error(error, format_exception=_say)
        return None, faults + [with_new_name(_with_plain_path(line, path)) for line in said]


def _own_tables(raw: Any) -> tuple[OwnTables | None, list[str]]:
    """Tables of strategies that are not ours: of those that are loaded by their own class."""
    if not isinstance(raw, dict):
        return None, [f"expected tables [{OWN}.NAME] @ {OWN}"]
    tables, faults = list[tuple[str, StrategySettings]](), list[str]()
    for name, said in raw.items():
        table, found = _own_table(name, said)
        faults += found
        if table is not None:
            tables.append((name, table))
    return (None if faults else OwnTables(tuple(tables))), faults


def _own_table(name: str, said: Any) -> tuple[StrategySettings | None, list[str]]:
    kind, path = kinds_known().get(name), f"{OWN}.{name}."
    if kind is not None:
        return _structured(said, kind, path)
    if not isinstance(said, dict):
        return None, [f"expected a table @ {OWN}.{name}"]
    table, faults = _structured(common_part(said), UnknownStrategySettings, path)
    return (None if table is None else attrs.evolve(table, values=other_part(said))), faults


def _contradictions(settings: Settings) -> list[str]:
    """Values that are good by themselves and not together."""
    strategies = strategy_tables(settings)
    faults = [
        f"expected < max_price, got {table.min_price!r} @ {path_of(name)}.min_price"
        for name, table in strategies.items()
        if table.min_price >= table.max_price
    ]
    mixed = settings.demo.strategies
    if not set(mixed) <= set(strategies) or len(set(mixed)) < len(mixed):
        expected = f"expected some of {', '.join(strategies)}, none twice"
        faults.append(f"{expected}, got {list(mixed)!r} @ demo.strategies")
    if settings.paper.mined_least_s > settings.paper.mined_most_s:
        faults.append(
            f"expected <= mined_most_s, got {settings.paper.mined_least_s!r} @ paper.mined_least_s"
        )
    breakers, sniper = settings.breakers, settings.settlement_sniper
    if not breakers.warn_latency_ms <= breakers.critical_latency_ms <= breakers.stale_latency_ms:
        faults.append("expected warn <= critical <= stale @ breakers.critical_latency_ms")
    latency = settings.latency
    if not latency.warn_ms <= latency.critical_ms <= latency.stale_ms:
        faults.append("expected warn <= critical <= stale @ latency.critical_ms")
    if sniper.until_left_s >= sniper.from_left_s:
        faults.append(
            f"expected < from_left_s, got {sniper.until_left_s!r} @ settlement_sniper.until_left_s"
        )
    return faults


def canonical_json(settings: Settings) -> str:
    """The same settings, always the same text: for the journal, the digest, `config show`. Keys in
    addresses are stars there: whoever reads it back decides, and connects to nobody."""
    plain = plain_settings(settings)
    plain["endpoints"] = {name: without_keys(url) for name, url in plain["endpoints"].items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def plain_settings(settings: Settings) -> dict[str, dict[str, Any]]:
    """By table and name, as in the file, keys in addresses included."""
    said = _converter.unstructure(settings)
    del said[OWN]
    if settings.own.tables:
        said[OWN] = {name: _plain_table(table) for name, table in settings.own}
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps(said))
    return plain


def _plain_table(table: StrategySettings) -> dict[str, Any]:
    said: dict[str, Any] = _converter.unstructure(table)
    if isinstance(table, UnknownStrategySettings):
        del said["values"]
        said |= dict(table.values)
    return said


@lru_cache(maxsize=4)
def from_canonical_json(text: str) -> Settings:
    """Settings as a journal has them, by name, whichever version wrote it: what that one had not is
    as it is unless somebody says otherwise, or as it was (`before.py`); what this one has not is
    left out. Every desk of a session reads the same text, so it is understood once."""
    return structure_settings(as_before(_known_part(Settings, json.loads(text), "", [])))


def unknown_settings(text: str) -> tuple[str, ...]:
    """What `from_canonical_json` leaves out, by path; with the name of today where it has one."""
    unknown: list[str] = []
    _known_part(Settings, json.loads(text), "", unknown)
    return tuple(unknown)


def _known_part(cls: type[Any], raw: Any, path: str, unknown: list[str]) -> Any:
    """Without what this version has no name for; its paths are put to the unknown."""
    if not isinstance(raw, dict):
        return raw
    kinds = {field.name: field.type for field in attrs.fields(attrs.resolve_types(cls))}
    known = {}
    for name, value in raw.items():
        if name == OWN and cls is Settings:
            known[name] = _known_own(value, unknown)
        elif kinds.get(name) is KeySettings:
            known[name] = value
        elif name not in kinds:
            unknown.append(f"{path}{name}{new_path(path + name)}")
        elif attrs.has(kinds[name]):
            known[name] = _known_part(kinds[name], value, f"{path}{name}.", unknown)
        else:
            known[name] = value
    return known


def _known_own(raw: Any, unknown: list[str]) -> Any:
    """Of strategies that are not loaded here everything is kept."""
    if not isinstance(raw, dict):
        return raw
    kinds = kinds_known()
    return {
        name: _known_part(kinds[name], said, f"{OWN}.{name}.", unknown) if name in kinds else said
        for name, said in raw.items()
    }


def digest_of(settings: Settings) -> str:
    """Twelve hex digits that name these settings; no secret is in them."""
    return digest_of_text(canonical_json(settings))


def digest_of_text(text: str) -> str:
    """The same of their text as it was written: by whichever version, it stays what it was."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _bound_faults(cls: type[Any], raw: Any, path: str) -> list[str]:
    """Bounds are checked here, beside cattrs, so that one bad field does not hide another."""
    if not isinstance(raw, dict):
        return []
    faults = []
    for field in attrs.fields(attrs.resolve_types(cls)):
        if field.name not in raw:
            continue
        value, here = raw[field.name], f"{path}{field.name}"
        if attrs.has(field.type):
            faults += _bound_faults(field.type, value, f"{here}.")
        elif (check := field.metadata.get("check")) is not None:
            faults += _broken(check, value, here)
    return faults


def _broken(check: Check, value: Any, path: str) -> list[str]:
    try:
        holds = check.holds(value)
    except (TypeError, AttributeError):
        return []  # the wrong type altogether: cattrs says so
    return [] if holds else [f"expected {check.expected}, got {value!r} @ {path}"]


def _with_plain_path(line: str, under: str = "") -> str:
    message, _, path = line.rpartition(" @ ")
    inside = path.removeprefix("$").removeprefix(".")
    return f"{message} @ {(under + inside).removesuffix('.') or 'config'}"


def _say(error: BaseException, _: type[Any] | None) -> str:
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown setting {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, TypeError | AttributeError):
        return "expected a table"
    return str(error)


_LARGEST = 1_000_000_000
"""No setting is larger: seconds still fit into nanoseconds of the journal, dollars into cash."""

_PLAIN: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
}


def _strictly(kind: type, says: str) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if type(value) in (int, float) and abs(value) > _LARGEST:
            raise ValueError(f"expected at most {_LARGEST:g}, got {value!r}")
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind or (type(value) is float and not math.isfinite(value)):
            raise ValueError(f"expected {says}, got {value!r}")
        return value

    return structure


def _structure_enum(value: Any, cls: type[Enum]) -> Enum:
    try:
        return cls(value)
    except ValueError:
        names = ", ".join(member.value for member in cls)
        raise ValueError(f"expected one of {names}, got {value!r}") from None


def _build_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind, says in _PLAIN.items():
        converter.register_structure_hook(kind, _strictly(kind, says))
    for enum in (
        Asset,
        Exchange,
        Interval,
    ):  # by name: the hook of str would take a (str, Enum) as well
        converter.register_structure_hook(enum, _structure_enum)
    converter.register_structure_hook(KeySettings, lambda raw, _: key_settings(raw))
    converter.register_unstructure_hook(KeySettings, dict)
    converter.register_structure_hook_factory(
        attrs.has,
        lambda cls: make_dict_structure_fn(
            attrs.resolve_types(cls), converter, _cattrs_forbid_extra_keys=True
        ),
    )
    return converter


_converter = _build_converter()
