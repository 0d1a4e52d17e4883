"""Objects of our own as plain data, and back: lists, numbers and strings that any encoder takes.

    1, 0.5, "a", true, null        itself
    [code, ...]                    everything else; the codes are at the top of this module

Whatever can change has a number, given in the order in which things are met, and is written once:
where it is met again stands its number, so that what two share they share again. What cannot change
(tuples, frozen objects, enums) has no identity that matters and is written wherever it is met, so
equal states are written alike, whoever made them.

Classes are in a table: a name, what the types of the fields are called, the fields in their order.
Only classes that were named beforehand are written or made, those that can change never by their
`__init__`, and nothing of the data is ever called: reading runs no code that the data chose.
Integers and floats are what they were; a set is sorted, and nobody may depend on its order.

Most of a state is long series of the same, so lists of plain things and of plain tuples (pairs)
are taken whole, and so are objects of the classes that are called rows: they hold nothing but
plain things and plain tuples, stand in one dictionary each, and have no number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import chain
from typing import Any

from polytui.desk.shapes import PLAIN, BadGraph, Shapes, declared_fields, name_of

SEEN, TUPLE, LIST, DICT, DEQUE, SET, ENUM, OBJECT, NAMED, TEXT = range(10)
PLAIN_TUPLE, PLAIN_LIST, PLAIN_DICT, PLAIN_DEQUE = range(10, 14)
PAIR_LIST, PAIR_DICT, PAIR_DEQUE, ROWS = range(14, 18)
_TUPLES = frozenset({tuple})

Plain = Any
"""What a graph is written as."""
Table = list[list[str]]
"""[name, types, field, field, ...] of every class that is met, in that order."""


def write_graph(root: object, shapes: Shapes) -> tuple[Table, Plain]:
    """(the classes that are met, the data). BadGraph where an object is met that has no shape."""
    writer = _Writer(shapes)
    try:
        data = writer.write(root)
    except AttributeError as error:
        raise BadGraph(f"a field was never set: {error}") from error
    return writer.table, data


class _Writer:
    """State: numbers given so far, and the table of classes."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.table: Table = []
        self._numbers: dict[int, int] = {}
        self._frozen: set[type[Any]] = {tuple}
        self._texts: dict[str, int] = {}
        self._named = {id(one): name for name, one in shapes.named.items()}
        self._places: dict[type[Any], int] = {}
        self._apart: dict[type[Any], Callable[[Any], tuple[Any, ...]]] = {}
        self._how: dict[type[Any], Callable[[Any], Plain]] = {
            tuple: self._tuple,
            list: self._list,
            dict: self._dict,
            deque: self._deque,
            set: self._set,
        }

    def write(self, value: Any) -> Plain:
        kind = type(value)
        if kind in PLAIN:
            return value
        how = self._how.get(kind)
        if how is None:
            how = self._learn(kind)
        if kind not in self._frozen:
            seen = self._numbers.get(id(value))
            if seen is not None:
                return [SEEN, seen]
            self._numbers[id(value)] = len(self._numbers)
        return how(value)

    def _learn(self, kind: type[Any]) -> Callable[[Any], Plain]:
        if kind in self._shapes.texts:
            self._frozen.add(kind)
            self._how[kind] = self._text
            return self._text
        shape = self._shapes.of(kind)
        self._places[kind] = len(self.table)
        self.table.append(shape.row())
        if shape.is_frozen:
            self._frozen.add(kind)
        if issubclass(kind, Enum):
            self._how[kind] = self._enum
        else:
            self._apart[kind] = shape.take_apart()
            is_open = declared_fields(kind) is None
            self._how[kind] = self._open_object if is_open else self._object
        return self._how[kind]

    def _object(self, value: Any) -> Plain:
        if self._named and (name := self._named.get(id(value))):
            return [NAMED, name]
        kind, write = type(value), self.write
        parts = self._apart[kind](value)
        return [
            OBJECT,
            self._places[kind],
            *[part if type(part) in PLAIN else write(part) for part in parts],
        ]

    def _open_object(self, value: Any) -> Plain:
        """Of a class that could have got a field that its example has not."""
        shape = self._shapes.of(type(value))
        known = {*shape.fields, *(name for name, _ in shape.caches)}
        if vars(value).keys() != known:
            odd = sorted(vars(value).keys() ^ known)
            raise BadGraph(f"{shape.name} has other fields than its example: {', '.join(odd)}")
        return self._object(value)

    def _tuple(self, value: tuple[Any, ...]) -> Plain:
        if _is_plain(value):
            return [PLAIN_TUPLE, *value]
        return [TUPLE, *map(self.write, value)]

    def _list(self, value: list[Any]) -> Plain:
        if _is_plain(value):
            return [PLAIN_LIST, *value]
        if _are_pairs(value):
            return [PAIR_LIST, *value]
        return [LIST, *map(self.write, value)]

    def _deque(self, value: deque[Any]) -> Plain:
        if _is_plain(value):
            return [PLAIN_DEQUE, value.maxlen, *value]
        if _are_pairs(value):
            return [PAIR_DEQUE, value.maxlen, *value]
        return [DEQUE, value.maxlen, *map(self.write, value)]

    def _dict(self, value: dict[Any, Any]) -> Plain:
        values = value.values()
        if _is_plain(value):
            if _is_plain(values):
                return [PLAIN_DICT, *value, *values]
            kinds = set(map(type, values))
            if len(kinds) == 1 and (kind := kinds.pop()) in self._shapes.rows:
                return self._rows(value, kind)
        elif _is_plain(values) and _are_pairs(value):
            return [PAIR_DICT, *value, *values]
        return [DICT, *map(self.write, value), *map(self.write, values)]

    def _rows(self, value: dict[Any, Any], kind: type[Any]) -> Plain:
        if kind not in self._places:
            self._learn(kind)
        rows = list(map(self._apart[kind], value.values()))
        parts = [part for part in chain.from_iterable(rows) if type(part) not in PLAIN]
        if parts and not _are_pairs(parts):
            raise BadGraph(f"{name_of(kind)} is no row: it holds more than plain tuples")
        return [ROWS, self._places[kind], *value, *rows]

    def _set(self, value: set[Any]) -> Plain:
        if not {str, int}.issuperset(map(type, value)):
            raise BadGraph("a set of other things than strings or integers")
        return [SET, *sorted(value)]

    def _enum(self, value: Enum) -> Plain:
        return [ENUM, self._places[type(value)], value.value]

    def _text(self, value: Any) -> Plain:
        """Each text once, whoever made the object."""
        written = self._shapes.texts[type(value)]
        text = written.to_text(value)
        name, place = name_of(type(value)), self._texts.get(text)
        if place is not None:
            return [TEXT, name, place]
        self._texts[text] = len(self._texts)
        return [TEXT, name, text]


def _is_plain(values: Iterable[Any]) -> bool:
    return PLAIN.issuperset(map(type, values))


def _are_pairs(values: Iterable[Any]) -> bool:
    """Whether all are tuples of plain things."""
    return _TUPLES.issuperset(map(type, values)) and _is_plain(chain.from_iterable(values))


def texts_in(data: Plain) -> Iterator[str]:
    """Of the objects that are written as texts, each once."""
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if one[0] == TEXT and type(one[-1]) is str:
            yield one[-1]
        elif one[0] < PLAIN_TUPLE:
            waiting += [part for part in one[1:] if type(part) is list]


# --- comparing ----------------------------------------------------------------------------------


def first_difference(one: tuple[Table, Plain], other: tuple[Table, Plain]) -> str:
    """Where two graphs that were written differ first, and how; empty where they do not."""
    if one[0] != other[0]:
        odd = [row[0] for row in one[0] if row not in other[0]]
        odd += [row[0] for row in other[0] if row not in one[0]]
        return f"classes: {', '.join(odd) if odd else 'in another order'}"
    return _differing(one[0], one[1], other[1], "")


def _differing(table: Table, one: Plain, other: Plain, path: str) -> str:
    if type(one) is not type(other) or not isinstance(one, list | tuple):
        return "" if one == other or (one != one and other != other) else f"{path}: {one} {other}"
    if one == other:
        return ""
    is_object = len(one) > 2 and len(one) == len(other) and one[:2] == other[:2]
    is_object = is_object and one[0] == OBJECT
    for at in range(max(len(one), len(other))):
        if at >= len(one) or at >= len(other):
            return f"{path}: {len(one)} and {len(other)} parts"
        name = f".{table[one[1]][at]}" if is_object and at > 1 else f"[{at}]"
        if found := _differing(table, one[at], other[at], path + name):
            return found
    return ""
