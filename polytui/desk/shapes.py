"""Which classes may be in a graph of objects, and how one of each is taken apart and made."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from operator import attrgetter
from types import ModuleType
from typing import Any

import attrs
from attrs import frozen
from msgspec import Struct

PLAIN = frozenset({int, float, str, bool, type(None)})
"""Types of what is written as itself."""


class BadGraph(Exception):
    """An object that cannot be written, or data that cannot be read, and why, in words."""


class OtherShape(BadGraph):
    """Data of a version whose classes were others."""


@frozen
class Shape:
    """How the objects of one class are taken apart and made."""

    cls: type[Any]
    name: str
    fields: tuple[str, ...]
    types: str
    """Eight hex digits over what the types of the fields are called."""
    is_frozen: bool
    is_made_at_once: bool
    """By its own constructor, which takes the fields as they are."""
    caches: tuple[tuple[str, Callable[[], Any]], ...] = ()
    """Fields that are made anew from the others: what stands in them until then."""

    def take_apart(self) -> Callable[[Any], tuple[Any, ...]]:
        if len(self.fields) > 1:
            return attrgetter(*self.fields)
        return lambda one: tuple([getattr(one, name) for name in self.fields])

    def row(self) -> list[str]:
        return [self.name, self.types, *self.fields]


@frozen
class Written:
    """Objects of a class that are written as a text of their own."""

    to_text: Callable[[Any], str]
    from_text: Callable[[str], Any]
    """Whichever version wrote it: the text says by itself what is in it."""


class Shapes:
    """Every class that may be in a graph: those of some modules, less those that are `barred`.

    `examples` hold one object at least of every class whose fields its `__init__` alone knows.
    """

    def __init__(
        self,
        modules: Iterable[ModuleType],
        examples: Iterable[object],
        barred: Iterable[type[Any]] = (),
        caches: Mapping[type[Any], Mapping[str, Callable[[], Any]]] | None = None,
        named: Mapping[str, object] | None = None,
        texts: Mapping[type[Any], Written] | None = None,
        rows: Iterable[type[Any]] = (),
    ) -> None:
        self._caches = caches or {}
        self.rows = frozenset(rows)
        self.named = dict(named or {})
        self.texts = dict(texts or {})
        barred_too = {*barred, *self.texts}
        classes = [cls for module in modules for cls in _classes_of(module)]
        self._classes = {name_of(cls): cls for cls in classes if cls not in barred_too}
        self._by_class: dict[type[Any], Shape] = {}
        self._fields = _fields_seen(examples, set(self._classes.values()))

    def of(self, cls: type[Any]) -> Shape:
        """BadGraph for a class that was not named beforehand."""
        known = self._by_class.get(cls)
        if known is None:
            known = self._by_class[cls] = self._shape(cls)
        return known

    def named_as(self, name: str) -> Shape:
        cls = self._classes.get(name)
        if cls is None:
            raise OtherShape(f"there is no {name} in this version")
        return self.of(cls)

    def _shape(self, cls: type[Any]) -> Shape:
        if self._classes.get(name_of(cls)) is not cls:
            raise BadGraph(f"{cls.__module__}.{cls.__qualname__} is no part of a checkpoint")
        if issubclass(cls, Enum):
            members = _hex(",".join(str(one.value) for one in cls))
            return Shape(cls, name_of(cls), (), members, is_frozen=True, is_made_at_once=True)
        declared = declared_fields(cls)
        if declared is None:
            names = self._fields.get(cls)
            if names is None:
                raise BadGraph(f"nobody gave an example of {name_of(cls)}")
            declared = dict.fromkeys(names, "")
        caches = self._caches.get(cls, {})
        fields = {name: kind for name, kind in declared.items() if name not in caches}
        types = _hex(",".join(f"{name}:{kind}" for name, kind in fields.items()))
        at_once = issubclass(cls, Struct | tuple)
        all_caches = tuple(caches.items())
        return Shape(cls, name_of(cls), tuple(fields), types, _is_frozen(cls), at_once, all_caches)


def _is_frozen(cls: type[Any]) -> bool:
    if issubclass(cls, Struct):
        if not cls.__struct_config__.frozen:
            raise BadGraph(f"{name_of(cls)} can change: only frozen structs may be in a checkpoint")
        return True
    # attrs gives every frozen class this very method, and says it nowhere else.
    return issubclass(cls, tuple) or cls.__setattr__.__name__ == "_frozen_setattrs"


def _hex(text: str) -> str:
    """Eight hex digits over a text."""
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def declared_fields(cls: type[Any]) -> dict[str, str] | None:
    """Fields by name with what their types are called, as they are written: attrs' own field types
    change once somebody resolves them. None where only `__init__` knows them."""
    if attrs.has(cls):
        return {field.name: _type_of(cls, field.name) for field in attrs.fields(cls)}
    if issubclass(cls, Struct):
        return {name: _type_of(cls, name) for name in cls.__struct_fields__}
    if issubclass(cls, tuple):
        return {name: _type_of(cls, name) for name in getattr(cls, "_fields", ())}
    slots = [name for base in reversed(cls.__mro__) for name in vars(base).get("__slots__", ())]
    return dict.fromkeys(slots, "") if slots else None


def _type_of(cls: type[Any], name: str) -> str:
    for base in cls.__mro__:
        if name in vars(base).get("__annotations__", {}):
            return str(vars(base)["__annotations__"][name])
    return ""


def name_of(cls: type[Any]) -> str:
    """ "market.book.TokenBook": without the name of the package."""
    return f"{cls.__module__.partition('.')[2]}.{cls.__qualname__}"


def _classes_of(module: ModuleType) -> list[type[Any]]:
    found = (one for one in vars(module).values() if isinstance(one, type))
    return [cls for cls in found if cls.__module__ == module.__name__]


def _fields_seen(
    examples: Iterable[object], classes: set[type[Any]]
) -> dict[type[Any], tuple[str, ...]]:
    """What the examples and all that they lead to have, of classes that declare nothing."""
    found: dict[type[Any], tuple[str, ...]] = {}
    waiting, seen = list(examples), set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or type(one) in PLAIN:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | deque | set):
            waiting += list(one)
        elif type(one) in classes and not isinstance(one, Enum):
            names = declared_fields(type(one))
            if names is None:
                names = dict.fromkeys(vars(one), "")
                found[type(one)] = tuple(names)
            waiting += [getattr(one, name) for name in names]
    return found
