"""Objects made again of what `graph.py` wrote: the mirror of its writer, code by code."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from polytui.desk import graph
from polytui.desk.graph import Plain, Table
from polytui.desk.shapes import BadGraph, OtherShape, Shape, Shapes, name_of


def read_graph(table: Table, data: Plain, shapes: Shapes) -> Any:
    """What was written. BadGraph for data that this version did not write."""
    try:
        return _Reader(table, shapes).read(data)
    except BadGraph:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadGraph(f"not what this version writes: {type(error).__name__}") from error


class _Reader:
    """State: what has been made so far, by its number."""

    def __init__(self, table: Table, shapes: Shapes) -> None:
        self._shapes = shapes
        self._made: list[Any] = []
        self._table = [_same_shape(row, shapes) for row in table]
        self._texts: list[str] = []
        self._how: dict[int, Callable[[list[Any]], Any]] = {
            graph.SEEN: self._seen,
            graph.TUPLE: self._tuple,
            graph.LIST: self._list,
            graph.DICT: self._dict,
            graph.DEQUE: self._deque,
            graph.SET: self._set,
            graph.ENUM: self._enum,
            graph.OBJECT: self._object,
            graph.NAMED: self._name_of,
            graph.TEXT: self._text,
            graph.PLAIN_TUPLE: self._plain_tuple,
            graph.PLAIN_LIST: self._plain_list,
            graph.PLAIN_DICT: self._plain_dict,
            graph.PLAIN_DEQUE: self._plain_deque,
            graph.PAIR_LIST: self._pair_list,
            graph.PAIR_DICT: self._pair_dict,
            graph.PAIR_DEQUE: self._pair_deque,
            graph.ROWS: self._rows,
        }

    def read(self, data: Plain) -> Any:
        if type(data) is not list:
            return data
        return self._how[data[0]](data)

    def _keep(self, made: Any) -> Any:
        self._made.append(made)
        return made

    def _seen(self, data: list[Any]) -> Any:
        return self._made[data[1]]

    def _object(self, data: list[Any]) -> Any:
        shape = self._table[data[1]]
        if len(data) != len(shape.fields) + 2:
            raise BadGraph(f"{shape.name} has {len(data) - 2} fields")
        if shape.is_made_at_once:
            return shape.cls(**dict(zip(shape.fields, map(self.read, data[2:]), strict=True)))
        made: Any = object.__new__(shape.cls)
        if not shape.is_frozen:
            self._keep(made)
        set_field = object.__setattr__
        for name, part in zip(shape.fields, data[2:], strict=True):
            set_field(made, name, self.read(part) if type(part) is list else part)
        for name, make in shape.caches:
            set_field(made, name, make())
        return made

    def _tuple(self, data: list[Any]) -> Any:
        return tuple([self.read(one) for one in data[1:]])

    def _list(self, data: list[Any]) -> Any:
        made: list[Any] = self._keep([])
        made.extend([self.read(one) for one in data[1:]])
        return made

    def _dict(self, data: list[Any]) -> Any:
        made: dict[Any, Any] = self._keep({})
        half = (len(data) + 1) // 2
        keys = [self.read(one) for one in data[1:half]]
        made.update(zip(keys, [self.read(one) for one in data[half:]], strict=True))
        return made

    def _deque(self, data: list[Any]) -> Any:
        made: deque[Any] = self._keep(deque(maxlen=data[1]))
        made.extend([self.read(one) for one in data[2:]])
        return made

    def _set(self, data: list[Any]) -> Any:
        return self._keep(set(data[1:]))

    def _enum(self, data: list[Any]) -> Any:
        return self._table[data[1]].cls(data[2])

    def _name_of(self, data: list[Any]) -> Any:
        return self._shapes.named[data[1]]

    def _text(self, data: list[Any]) -> Any:
        name, text = data[1], data[-1]  # between them stood a shape, once
        for cls, written in self._shapes.texts.items():
            if name_of(cls) == name:
                if type(text) is str:
                    self._texts.append(text)
                return written.from_text(text if type(text) is str else self._texts[text])
        raise BadGraph(f"there is no {name} in this version")

    def _plain_tuple(self, data: list[Any]) -> Any:
        return tuple(data[1:])

    def _plain_list(self, data: list[Any]) -> Any:
        return self._keep(data[1:])

    def _plain_dict(self, data: list[Any]) -> Any:
        half = (len(data) + 1) // 2
        return self._keep(dict(zip(data[1:half], data[half:], strict=True)))

    def _plain_deque(self, data: list[Any]) -> Any:
        return self._keep(deque(data[2:], maxlen=data[1]))

    def _pair_list(self, data: list[Any]) -> Any:
        return self._keep(list(map(tuple, data[1:])))

    def _pair_deque(self, data: list[Any]) -> Any:
        return self._keep(deque(map(tuple, data[2:]), maxlen=data[1]))

    def _pair_dict(self, data: list[Any]) -> Any:
        half = (len(data) + 1) // 2
        return self._keep(dict(zip(map(tuple, data[1:half]), data[half:], strict=True)))

    def _rows(self, data: list[Any]) -> Any:
        shape, half = self._table[data[1]], (len(data) + 2) // 2
        made = {}
        for key, row in zip(data[2:half], data[half:], strict=True):
            made[key] = self._row(shape, row)
        return self._keep(made)

    def _row(self, shape: Shape, row: list[Any]) -> Any:
        made: Any = object.__new__(shape.cls)
        for name, part in zip(shape.fields, row, strict=True):
            object.__setattr__(made, name, tuple(part) if type(part) is list else part)
        return made


def _same_shape(row: list[str], shapes: Shapes) -> Shape:
    """The shape that a class has here. BadGraph where it had another one."""
    name, types, *fields = row
    shape = shapes.named_as(name)
    if tuple(fields) != shape.fields:
        odd = sorted({*fields} ^ {*shape.fields})
        others = ", ".join(odd) if odd else "in another order"
        raise OtherShape(f"{name} had other fields in the version that wrote it: {others}")
    if types != shape.types:
        raise OtherShape(f"fields of {name} had other types in the version that wrote it")
    return shape
