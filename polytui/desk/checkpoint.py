"""The whole state of a mind as plain data, and a mind made of it again.

A mind that is restored in the middle of a journal goes on as one that has read all of it: the same
effects and digests to the byte. Everything that is reachable from the mind is written, whatever it
is called, so a new attribute is in the checkpoint by itself, and so is a new class of the mind's
rooms; where a class of elsewhere is met nothing is written at all. Only what is made anew from the
rest may be left out, and is named in `_CACHES`.

A checkpoint is read by a version whose classes have the same fields. Where they have, and mean
something else, `VERSION` must grow. Settings are no such class: they come back by name, so a
version that has one more, or one less, goes on from what the one before it remembered. A setting
that keeps its name and means something else wants a greater `VERSION` as well.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from polytui.config.load import (
    BadSettings,
    canonical_json,
    from_canonical_json,
    unknown_settings,
)
from polytui.config.schema import Settings
from polytui.desk import deciding, prices, quote_sets, quoting, shadowing
from polytui.desk import mind as minds
from polytui.desk.graph import Plain, first_difference, texts_in, write_graph
from polytui.desk.graph_reading import read_graph
from polytui.desk.mind import Mind
from polytui.desk.shapes import BadGraph, OtherShape, Shape, Shapes, Written
from polytui.desk.step import Step
from polytui.journal.codec import OtherState
from polytui.ledger import attribution, claims
from polytui.ledger.taken_liquidity import TakenLiquidity
from polytui.market import candles, consensus, features, forecast_watch, indicators
from polytui.model import effects, events
from polytui.model.instrument import Asset, Interval, Round, SettlementRule
from polytui.model.units import Usd
from polytui.risk import breakers, kill_switch, ramp
from polytui.risk.limits import Limits
from polytui.strategy import proposal, window
from polytui.strategy.proposal import QuotingStrategy
from polytui.strategy.registry import QUOTING

VERSION = 1

_ROOMS = ("model", "market", "ledger", "desk")
"""Every class of every module of these may be in a state,"""
_MODULES = (breakers, kill_switch, ramp, proposal, window)
"""and those of these."""
_BARRED = (
    *(effects.Place, effects.Stamp),  # proven by the object itself: no file may say so
    *(candles.Arrays, minds.Taken, shadowing.Asked, Step),  # made and used within a step
    *(Shape, Written),
)

_CACHES: dict[type[Any], dict[str, Any]] = {
    candles._BarSeries: {"arrays": lambda: None, "arrays_key": lambda: (-1, -1)},
    indicators.Indicators: {
        "_minutes": lambda: None,
        "_fives": lambda: None,
        "_of_minutes": dict,
        "_of_fives": dict,
    },
    prices.DeskPrices: {"calm_from_ns": int, "calm_until_ns": int},
    consensus.Consensus: {"_memo": lambda: None, "_voters": lambda: None},
    claims.Claims: {"_known": dict, "_left": lambda: None},
    forecast_watch.ForecastWatch: {"_named": lambda: None},
    attribution._Round: {"positions": lambda: None},
    quoting.Quoter: {"_limited": lambda: None, "_limits": lambda: Limits(Settings())},
    deciding.Deciding: {
        "_seated": lambda: None,
        "_seats": dict,
        "_playing": dict,
        "_idle": dict,
    },
}

_OF_THE_PROGRAM: dict[type[Any], dict[str, Any]] = {
    minds.Mind: {"_quoting": tuple},
    quote_sets.QuoteSets: {"strategies": tuple},
}
"""What whoever restores a mind gives to it again."""


class BadCheckpoint(ValueError):
    """A state that cannot be written or read, and why, in words."""


class OtherVersion(BadCheckpoint, OtherState):
    """One that another version wrote."""


def checkpoint_of(mind: Mind) -> Plain:
    """The mind as it is between two events: [version, classes, data]. BadCheckpoint where it holds
    something that has no place in one."""
    try:
        table, data = write_graph(mind, _shapes())
    except BadGraph as error:
        raise BadCheckpoint(str(error)) from error
    return [VERSION, table, data]


def restored(plain: Plain, quoting: Sequence[QuotingStrategy] = QUOTING) -> Mind:
    """A mind of its own, equal to the one that was written, in which these quote. BadCheckpoint for
    data of another version, and for what no version wrote."""
    try:
        version, table, data = plain
    except (TypeError, ValueError) as error:
        raise BadCheckpoint("it has not the parts of a checkpoint") from error
    if version != VERSION:
        raise OtherVersion(f"it is of version {version}, this program reads {VERSION}")
    try:
        mind = read_graph(table, data, _shapes())
    except OtherShape as error:
        raise OtherVersion(str(error)) from error
    except BadGraph as error:
        raise BadCheckpoint(str(error)) from error
    if not isinstance(mind, Mind):
        raise BadCheckpoint("it holds no mind")
    try:
        mind.quote_by(quoting)
    except AttributeError as error:
        raise BadCheckpoint("its desks are none") from error
    return mind


def restored_as(plain: Plain, digest: str) -> Mind:
    """The same, and it must have this digest."""
    mind = restored(plain)
    try:
        now = mind.digest()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadCheckpoint(f"it has no digest: {type(error).__name__}") from error
    if now != digest:
        raise BadCheckpoint(f"its digest is {now}, not {digest}")
    return mind


def settings_left_out(plain: Plain) -> tuple[str, ...]:
    """Of a state that was restored: settings in it that this version does not know."""
    return tuple(
        dict.fromkeys(one for text in texts_in(plain[2]) for one in unknown_settings(text))
    )


def where_they_differ(one: Plain, other: Plain) -> str:
    """The first place where two states that were written differ, by fields; empty where none."""
    if one[0] != other[0]:
        return "of another version"
    return first_difference((one[1], one[2]), (other[1], other[2]))


def prepare() -> None:
    """What the first checkpoint would have to wait for."""
    _shapes()


@cache
def _shapes() -> Shapes:
    written = Written(canonical_json, _settings_of)
    return Shapes(
        (*_MODULES, *(module for room in _ROOMS for module in _modules_of(room))),
        (_example(), TakenLiquidity()),
        barred=_BARRED,
        caches=_CACHES | _OF_THE_PROGRAM,
        named={"no features": features.NO_FEATURES},
        texts={Settings: written},
        rows=(candles.Bar,),
    )


def _modules_of(room: str) -> Iterator[ModuleType]:
    package = import_module(f"polytui.{room}")
    for found in pkgutil.iter_modules(package.__path__):
        yield import_module(f"polytui.{room}.{found.name}")


def _settings_of(text: str) -> Settings:
    try:
        return from_canonical_json(text)
    except BadSettings as error:
        raise BadGraph(f"its settings are none: {error}") from error


def _example() -> Mind:
    """A mind with a desk and a round: all that its classes' `__init__` alone knows of is in it."""
    asset = Asset.BTC
    example = Mind()
    example.take(asset, 0, events.DeskOpened(asset, 1, Usd(0)), is_last=False)
    listed = Round("", asset, Interval.M5, "", "up", "down", 0, 0, SettlementRule.TWAP)
    example.take(asset, 0, events.RoundFound(listed), is_last=False)
    return example
