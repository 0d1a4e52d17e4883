"""Strategies that are not ours, from their files to where desks find them.

    strategies.paths, strategies.packages -> sources, their hash -> what they may not do is looked
    for -> imported -> STRATEGY is judged, and asked in a trial -> registry

Whatever is wrong with one stops the start, with every fault of it at once.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
from attrs import frozen

from polytui.config.deciding import StrategySettings
from polytui.config.load import BadSettings
from polytui.config.own import OwnStrategiesSettings
from polytui.config.schema import Settings
from polytui.model.plain_text import plain
from polytui.model.strategy_events import LoadedStrategy
from polytui.own.deadline import Deadline, Overrun
from polytui.own.names import fault_of_name
from polytui.own.purity import faults_of, imported_own
from polytui.own.trial import faults_in_trial
from polytui.strategy.own import OwnStrategy, PlayedStrategy, words_of
from polytui.strategy.registry import OfOthers, have_own, own_loaded

GROUP = "polytui.strategies"
"""Of entry points."""
_OBJECT = "STRATEGY"
_MODULES = "polytui_own_strategy"
_LARGEST_BYTES = 1 << 20
_TRIAL_MS = 2_000.0
"""For one answer: a first one may have tables to fill."""


class BadStrategy(BadSettings):
    """Settings that name a strategy which may not play; `faults` holds a line for each, with its
    file."""


@frozen
class StrategySource:
    """What a strategy is made of, before anything of it was run."""

    origin: str
    """As people named it."""
    texts: tuple[tuple[str, str], ...]
    """Of each file, how it is called in a fault, and what is in it; its own file first."""
    package: str = ""
    """Of its modules; empty for a single file."""

    @property
    def digest(self) -> str:
        """Over all of them, in the order of their names: the first file alone for one of one."""
        if len(self.texts) == 1:
            return hashlib.sha256(self.texts[0][1].encode()).hexdigest()[:12]
        joined = "\0".join(text for pair in sorted(self.texts) for text in pair)
        return hashlib.sha256(joined.encode()).hexdigest()[:12]

    def faults(self) -> list[str]:
        found = []
        for name, text in self.texts:
            try:
                found += [f"{name} {fault}" for fault in faults_of(text, self.package)]
            except (SyntaxError, ValueError, RecursionError) as error:
                line = f" line {error.lineno}:" if isinstance(error, SyntaxError) else ""
                found.append(f"{name}{line} no Python: {plain(error, 120)}")
        return found


def load_own(settings: OwnStrategiesSettings) -> tuple[LoadedStrategy, ...]:
    """Load what the settings name, where desks find it. BadStrategy with every fault."""
    loaded, faults = list[OfOthers](), list[str]()
    for make in (*_from_paths(settings.paths), *_from_packages(settings.packages)):
        try:
            loaded.append(_judged(*make))
        except BadStrategy as error:
            faults += error.faults
    faults += _twice([one.strategy.name for one in loaded])
    if faults:
        raise BadStrategy(faults)
    have_own(loaded)
    return own_loaded()


def faults_of_file(path: Path) -> list[str]:
    """What would keep the strategy of one file from being loaded; nothing of it stays loaded."""
    try:
        for found in _from_paths((str(path),)):
            _judged(*found)
    except BadStrategy as error:
        return error.faults
    return []


_Found = tuple[StrategySource, Path | EntryPoint]


def _twice(names: list[str]) -> list[str]:
    many = (name for name in dict.fromkeys(names) if names.count(name) > 1)
    return [f"two strategies are called {name}" for name in many]


# --- sources ------------------------------------------------------------------------------------


def _from_paths(paths: Sequence[str]) -> Iterator[_Found]:
    for said in paths:
        path = Path(said).expanduser()
        for file in _files(path, said):
            yield StrategySource(str(file), ((str(file), _text_of(file)),)), file


def _files(path: Path, said: str) -> list[Path]:
    if path.is_dir():
        found = [
            one for one in sorted(path.glob("*.py")) if not one.name.startswith(("_", "test_"))
        ]
        if not found:
            raise BadStrategy([f"no strategy is in the folder {said} @ strategies.paths"])
        return found
    if not path.is_file():
        raise BadStrategy([f"there is no {said} @ strategies.paths"])
    return [path]


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise BadStrategy([f"cannot read {path}: {error.strerror}"]) from error
    except ValueError as error:
        raise BadStrategy([f"{path} is no text"]) from error
    if len(data) > _LARGEST_BYTES:
        raise BadStrategy([f"{path} is too large for a strategy"])
    return text


def _from_packages(names: Sequence[str]) -> Iterator[_Found]:
    if not names:
        return
    there = {one.name: one for one in entry_points(group=GROUP)}
    for name in names:
        point = there.get(name)
        if point is None:
            known = ", ".join(sorted(there)) or "none"
            fault = f"no installed package has the strategy {name}; there are: {known}"
            raise BadStrategy([f"{fault} @ strategies.packages"])
        yield _source_of(point), point


def _source_of(point: EntryPoint) -> StrategySource:
    """The module that it names, and those of its package that it imports, without running any: but
    of packages their `__init__.py`, which Python runs to find what is in them."""
    package = point.module.partition(".")[0]
    texts, waiting = dict[str, str](), [point.module]
    while waiting:
        module = waiting.pop(0)
        file = _file_of(module)
        if file is None or module in texts:
            continue
        texts[module] = _text_of(file)
        waiting += imported_own(texts[module], package)
    if point.module not in texts:
        raise BadStrategy([f"{point.module} has no source to look at @ strategies.packages"])
    return StrategySource(f"{point.name} of {point.value}", tuple(texts.items()), package)


def _file_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    origin = None if spec is None else spec.origin
    return Path(origin) if origin and origin.endswith(".py") else None


# --- judged -------------------------------------------------------------------------------------


def _judged(source: StrategySource, where: Path | EntryPoint) -> OfOthers:
    """Imported, looked at and asked. BadStrategy with every fault."""
    if faults := source.faults():
        raise BadStrategy(faults)
    own, file_name = _imported(source, where)
    if faults := _faults_of_object(own):
        raise BadStrategy([f"{source.origin}: {fault}" for fault in faults])
    strategy = PlayedStrategy(own, file_name)
    deadline = Deadline(OwnStrategiesSettings(max_answer_ms=_TRIAL_MS))
    try:
        faults = faults_in_trial(strategy, Settings(), deadline.within)
    except Overrun:
        faults = [f"an answer took more than {_TRIAL_MS / 1_000:g} s in the trial"]
    if faults:
        raise BadStrategy([f"{source.origin}: {fault}" for fault in faults])
    return OfOthers(strategy, LoadedStrategy(own.name, source.digest, source.origin))


def _imported(source: StrategySource, where: Path | EntryPoint) -> tuple[Any, str]:
    """Its object, and the file that it stands in."""
    path = _OBJECT
    try:
        if isinstance(where, Path):
            module = _run(source, where)
        else:
            # Not always of the standard library's class: its backport, once imported, finds them.
            module = importlib.import_module(where.module)
            path = where.attr or _OBJECT
    except (Exception, SystemExit) as error:
        raise BadStrategy([_raised(source, error)]) from error
    found: Any = module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            fault = f"{source.origin} has no {path}: put an object of your class there"
            raise BadStrategy([fault]) from error
    return found, module.__file__ or ""


def _raised(source: StrategySource, error: BaseException) -> str:
    return f"{source.origin}: {words_of(error, source.texts[0][0])} when it was imported"


def _run(source: StrategySource, path: Path) -> ModuleType:
    """A module of the text that was looked at and no other, which leaves no file behind."""
    name = f"{_MODULES}.{path.stem}"
    spec = importlib.machinery.ModuleSpec(name, None, origin=str(path))
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(source.texts[0][1], str(path), "exec"), module.__dict__)
    return module


def _faults_of_object(own: Any) -> list[str]:
    if not isinstance(own, OwnStrategy):
        kind = "its class, not an object of it" if isinstance(own, type) else type(own).__name__
        return [f"{_OBJECT} is {plain(kind)}; it has to be an object of a class of OwnStrategy"]
    fault = fault_of_name(getattr(own, "name", None))
    return [*([fault] if fault else ()), *_faults_of_table(own.settings)]


def _faults_of_table(kind: Any) -> list[str]:
    if not (isinstance(kind, type) and issubclass(kind, StrategySettings)):
        return ["its settings have to be a class of StrategySettings"]
    try:
        usual = kind()
    except Exception as error:
        return [f"its settings have no defaults: {plain(error)}"]
    faults = []
    if usual.is_enabled:
        faults.append("its settings enable it: it begins in shadow, and a person allows it")
    for field in attrs.fields(attrs.resolve_types(kind)):
        check, value = field.metadata.get("check"), getattr(usual, field.name)
        if check is not None and not check.holds(value):
            faults.append(f"its own default of {field.name} is {value!r}, not {check.expected}")
    return faults
