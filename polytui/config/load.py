"""config.toml to Settings, with every fault at once and the path of each."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from polytui.config.checks import Check
from polytui.config.deciding import StrategySettings
from polytui.config.renamed import new_path, with_new_name
from polytui.config.schema import Settings
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset, Exchange, Interval
from polytui.model.web_address import without_keys


class BadSettings(Fatal):
    """`faults` holds one line per fault: "expected > 0 @ risk.max_order_usd"."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load_settings(path: Path) -> Settings:
    """Settings of a file; BadSettings with every fault, also for a missing or unreadable file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([f"cannot read {path}: {error}"]) from error
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is no TOMLDecodeError
        raise BadSettings([f"not TOML: {error} @ {path}"]) from error
    return structure_settings(raw)


def structure_settings(raw: dict[str, Any]) -> Settings:
    faults = _bound_faults(Settings, raw, "")
    try:
        settings = _converter.structure(raw, Settings)
    except cattrs.BaseValidationError as error:
        faults += [
            with_new_name(_with_plain_path(line))
            for line in cattrs.transform_error(error, format_exception=_say)
        ]
    else:
        faults += _contradictions(settings)
    if faults:
        raise BadSettings(sorted(set(faults), key=lambda line: line.rpartition(" @ ")[2]))
    return settings


def _contradictions(settings: Settings) -> list[str]:
    """Values that are good by themselves and not together."""
    tables = {field.name: getattr(settings, field.name) for field in attrs.fields(Settings)}
    strategies = {n: one for n, one in tables.items() if isinstance(one, StrategySettings)}
    faults = [
        f"expected < max_price, got {table.min_price!r} @ {name}.min_price"
        for name, table in strategies.items()
        if table.min_price >= table.max_price
    ]
    mixed = settings.demo.strategies
    if not set(mixed) <= set(strategies) or len(set(mixed)) < len(mixed):
        expected = f"expected some of {', '.join(strategies)}, none twice"
        faults.append(f"{expected}, got {list(mixed)!r} @ demo.strategies")
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
    plain: dict[str, dict[str, Any]] = json.loads(json.dumps(_converter.unstructure(settings)))
    return plain


@lru_cache(maxsize=4)
def from_canonical_json(text: str) -> Settings:
    """Settings as a journal has them, by name, whichever version wrote it: what that one had not is
    as it is unless somebody says otherwise, what this one has not is left out. Every desk of a
    session reads the same text, so it is understood once."""
    return structure_settings(_known_part(Settings, json.loads(text), "", []))


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
        if name not in kinds:
            unknown.append(f"{path}{name}{new_path(path + name)}")
        elif attrs.has(kinds[name]):
            known[name] = _known_part(kinds[name], value, f"{path}{name}.", unknown)
        else:
            known[name] = value
    return known


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


def _with_plain_path(line: str) -> str:
    message, _, path = line.rpartition(" @ ")
    return f"{message} @ {path.removeprefix('$.').removeprefix('$') or 'config'}"


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
    converter.register_structure_hook_factory(
        attrs.has,
        lambda cls: make_dict_structure_fn(
            attrs.resolve_types(cls), converter, _cattrs_forbid_extra_keys=True
        ),
    )
    return converter


_converter = _build_converter()
