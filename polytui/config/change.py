"""Other settings while a session runs: what differs, what may differ, and what is asked for.

Nothing here changes anything: settings in, settings out. A change is whole or refused, because
it is validated together with everything that is in force.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen

from polytui.config.checks import Check
from polytui.config.docstrings import field_doc
from polytui.config.load import BadSettings, plain_settings, structure_settings
from polytui.config.own import OWN, kinds_known
from polytui.config.renamed import new_path
from polytui.config.schema import Settings
from polytui.model.effects import Reason
from polytui.model.snapshot import LimitView, SettingView
from polytui.model.units import format_micro, usd_from_float

Wish = tuple[str, str]
"""Path of a setting and its value as JSON."""
_LONGEST_VALUE = 1_000
"""Characters of JSON; a path of a file is the longest that a setting can be."""
_SHOWN = 80

_HELD_LIMITS = {
    Reason.LIMIT_POSITION.value: "max_position_usd",
    Reason.LIMIT_ROUND.value: "max_round_usd",
    Reason.LIMIT_NET.value: "max_net_usd",
    Reason.LIMIT_ASSET.value: "max_asset_usd",
    Reason.LIMIT_ACCOUNT.value: "max_account_usd",
    Reason.LIMIT_CLOSING.value: "max_closing_usd",
    Reason.LIMIT_OPEN.value: "max_open_positions",
    Reason.LIMIT_OPEN_INTERVAL.value: "max_interval_positions",
    Reason.LIMIT_OPEN_ASSET.value: "max_asset_positions",
}
"""Limits of what is held: by the name of a bar, the field of `risk` that sets it. Of the others
(orders, trades, results) nothing is open: lowered below what is used, they just let nothing in."""


@frozen
class SettingChange:
    """Values as JSON."""

    path: str
    old: str
    new: str
    is_hot: bool
    """Whether it may change while the engine runs."""

    def text(self) -> str:
        """ "gates.after_open_s 45.0 > 60.0"."""
        return f"{self.path} {self.old} > {self.new}"


@frozen
class SettingPlace:
    """Where a setting is."""

    table: str
    name: str
    is_hot: bool
    kind: type[Any]
    """The class of its table."""

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}"


_DEFAULTS = Settings()
_PLACES = tuple(
    SettingPlace(table.name, name, bool(table.metadata.get("is_hot")), type(values))
    for table in attrs.fields(Settings)
    if table.name != OWN
    for values in (getattr(_DEFAULTS, table.name),)
    for name in attrs.fields_dict(type(values))
)


def _places() -> tuple[SettingPlace, ...]:
    """Of all tables, those of strategies that are loaded last."""
    own = (
        SettingPlace(f"{OWN}.{strategy}", name, True, kind)
        for strategy, kind in kinds_known().items()
        for name in attrs.fields_dict(kind)
    )
    return (*_PLACES, *own)


def _place_at(path: str) -> SettingPlace | None:
    return next((place for place in _places() if place.path == path), None)


def _inside(raw: dict[str, Any], table: str) -> dict[str, Any]:
    """A table of settings as they are written; an empty one where there is none yet."""
    for name in table.split("."):
        raw = raw.setdefault(name, {})
    return raw


HOT_TABLES = tuple(f.name for f in attrs.fields(Settings) if f.metadata.get("is_hot"))


# --- looking ------------------------------------------------------------------------------------


def diff(old: Settings, new: Settings) -> tuple[SettingChange, ...]:
    """Every setting that differs, in the order of config.toml."""
    before, after = plain_settings(old), plain_settings(new)
    values = (
        (place, _inside(before, place.table).get(place.name), _inside(after, place.table))
        for place in _places()
    )
    return tuple(
        SettingChange(place.path, json.dumps(was), json.dumps(now[place.name]), place.is_hot)
        for place, was, now in values
        if place.name in now and was != now[place.name]
    )


def hot_settings(settings: Settings) -> tuple[SettingView, ...]:
    """Every setting that may change while the engine runs, in the order of config.toml."""
    plain = plain_settings(settings)
    return tuple(
        SettingView(
            place.path,
            json.dumps(values[place.name]),
            field_doc(place.kind, place.name),
        )
        for place in _places()
        for values in (_inside(plain, place.table),)
        if place.is_hot and place.name in values
    )


# --- changing -----------------------------------------------------------------------------------


def changed(settings: Settings, *wishes: Wish) -> Settings:
    """`settings` with values of a person's, taken together. BadSettings for a setting that is not
    there or not hot, for what is no value of it, and for one that contradicts the others."""
    for path, _ in wishes:
        hot_place(path)
    return changed_at_rest(settings, *wishes)


def changed_at_rest(settings: Settings, *wishes: Wish) -> Settings:
    """The same where nothing runs yet: any setting may be another."""
    raw = plain_settings(settings)
    for path, value_json in wishes:
        place = place_of(path)
        _inside(raw, place.table)[place.name] = _value(value_json, path)
    return structure_settings(raw)


def bounds_of(path: str) -> str:
    """What a value has to be, to complete "expected ..."; empty where anything of its kind will
    do, or where the setting is not known here."""
    place = _place_at(path)
    if place is None:
        return ""
    check: Check | None = attrs.fields_dict(place.kind)[place.name].metadata.get("check")
    return "" if check is None else check.expected


def fault_of(values: Mapping[str, str], path: str, value_json: str) -> str:
    """What is wrong with a value beside the others that are in force (by path, as JSON), as the
    engine would say it; empty where nothing is. What is open now only the engine knows."""
    raw: dict[str, dict[str, Any]] = {}
    try:
        for at, text in {**values, path: value_json}.items():
            table, _, name = at.rpartition(".")
            _inside(raw, table)[name] = _value(text, at)
        structure_settings(raw)
    except BadSettings as error:
        mine = [fault for fault in error.faults if fault.endswith(f" @ {path}")]
        return "; ".join(mine or error.faults)
    return ""


def place_of(path: str) -> SettingPlace:
    """Where a setting is. BadSettings for a path that leads to none."""
    place = _place_at(path)
    if place is None:
        raise BadSettings([f"unknown setting{_hint(path)} @ {path[:_SHOWN]}"])
    return place


def _hint(path: str) -> str:
    """Where it is, if it looks like one that is known: as if another's strategy were ours."""
    is_own = path.partition(".")[0] in kinds_known()
    return f" (is {OWN}.{path})" if is_own else new_path(path)


def hot_place(path: str) -> SettingPlace:
    """Where a hot setting is. BadSettings for a path that leads to none."""
    place = place_of(path)
    if not place.is_hot:
        raise BadSettings([f"needs a restart @ {path}"])
    return place


def reloaded(
    current: Settings, before: Settings, after: Settings
) -> tuple[Settings, tuple[SettingChange, ...]]:
    """What is in force once the file said `before` and now says `after`, and every change.

    Only what changed in the file is taken from it: what a person changed from the keyboard since
    then stays. Cold changes are named and not applied. BadSettings where the two contradict.
    """
    asked = {change.path: change.is_hot for change in diff(before, after)}
    raw, wanted = plain_settings(current), plain_settings(after)
    for path, is_hot in asked.items():
        if is_hot:
            place = hot_place(path)
            _inside(raw, place.table)[place.name] = _inside(wanted, place.table)[place.name]
    settings = structure_settings(raw)
    cold = (change for change in diff(current, after) if asked.get(change.path) is False)
    return settings, (*diff(current, settings), *cold)


def breaches(new: Settings, used: Sequence[LimitView]) -> list[str]:
    """Why `new` may not come into force now: each limit of what is held that it lowers below
    what is in use. One that was exceeded before and is not lowered is no fault of `new`."""
    worst: dict[str, LimitView] = {}
    for limit in used:
        name = limit.name
        if name in _HELD_LIMITS and (name not in worst or limit.used > worst[name].used):
            worst[name] = limit
    said = (_breach(limit, getattr(new.risk, _HELD_LIMITS[name])) for name, limit in worst.items())
    return [text for text in said if text]


def _breach(limit: LimitView, allowed: float) -> str:
    in_use, wanted = _micro(limit.used), _micro(allowed)
    if wanted >= in_use or wanted >= _micro(limit.allowed):
        return ""
    least = 2 if limit.unit == "USD" else 0
    few, many = format_micro(wanted, least), format_micro(in_use, least)
    return (
        f"would breach an open position: {limit.name} {few} {limit.unit}"
        f" < {many} {limit.unit} in use"
    )


def _micro(value: float) -> int:
    """To the millionth, so that equal is equal: dollars, and numbers of things all the same."""
    return usd_from_float(value)


def _value(text: str, path: str) -> Any:
    if len(text) > _LONGEST_VALUE:
        raise BadSettings([f"expected at most {_LONGEST_VALUE} characters @ {path}"])
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadSettings([f"expected a value as JSON, got {text[:_SHOWN]!r} @ {path}"]) from None
