"""Objects as plain data: exact, shared where they were shared, and only those that were named."""

from __future__ import annotations

import math
import struct
from collections import deque
from enum import Enum
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from polytui.desk.graph import write_graph
from polytui.desk.graph_reading import read_graph
from polytui.desk.shapes import BadGraph, Shapes


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Number(int, Enum):
    ONE = 1


class Pair(NamedTuple):
    first: Any
    second: Any


class Said(msgspec.Struct, frozen=True):
    text: str
    why: Any = None


class Loose(msgspec.Struct):
    """A struct that can change: it has no place in a graph."""

    text: str


@frozen
class Fixed:
    value: Any
    other: Any = field(default=None, eq=False)


@define
class Box:
    held: Any = None
    made: Any = 0


@define
class Bar:
    price: float
    key: tuple[int, int]


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b


class Open:
    def __init__(self) -> None:
        self.things: Any = {}


class Barred:
    """Of the module, and not to be written."""


NOTHING = Fixed("nothing")
MODULE = ModuleType(__name__)
for each in (Colour, Number, Pair, Said, Loose, Fixed, Box, Bar, Slotted, Open, Barred):
    setattr(MODULE, each.__name__, each)
SHAPES = Shapes(
    [MODULE],
    [Open()],
    barred=[Barred],
    caches={Box: {"made": lambda: "anew"}},
    named={"nothing": NOTHING},
    rows=[Bar],
)


def again(root: object) -> Any:
    """By way of bytes."""
    written = msgspec.msgpack.encode(write_graph(root, SHAPES))
    table, data = msgspec.msgpack.decode(written)
    made = read_graph(table, data, SHAPES)
    assert msgspec.msgpack.encode(write_graph(made, SHAPES)) == written, "written alike"
    return made


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(Colour)
    | st.sampled_from(Number)
)
KEYS = st.integers(-9, 9) | st.text(max_size=2) | st.sampled_from(Colour)
BARS = st.builds(Bar, st.floats(), st.tuples(st.integers(0, 9), st.integers(0, 9)))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.builds(deque, st.lists(inner, max_size=3), st.none() | st.integers(3, 5))
        | st.dictionaries(KEYS | st.tuples(KEYS, KEYS), inner, max_size=4)
        | st.sets(st.text(max_size=2), max_size=3)
        | st.builds(Pair, inner, inner)
        | st.builds(Said, st.text(max_size=2), inner)
        | st.builds(Fixed, inner, inner)
        | st.builds(Box, inner)
        | st.builds(Slotted, inner, inner)
        | st.lists(st.tuples(st.integers(-9, 9), st.floats()), max_size=3)
        | st.dictionaries(st.tuples(st.integers(0, 9)), st.floats(), min_size=1, max_size=4)
        | st.builds(deque, st.lists(st.tuples(st.integers(0, 9)), max_size=3))
        | st.dictionaries(st.integers(0, 9), BARS, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


def exactly(one: Any) -> Any:
    """What can be compared: every type, every bit of a float, every order but that of sets."""
    kind = type(one).__name__
    if isinstance(one, float):
        return (kind, "nan" if math.isnan(one) else struct.pack("<d", one))
    if isinstance(one, Enum) or one is None or isinstance(one, int | str):
        return (kind, repr(one))
    if isinstance(one, dict):
        return (kind, [(exactly(key), exactly(value)) for key, value in one.items()])
    if isinstance(one, deque):
        return (kind, one.maxlen, [exactly(each) for each in one])
    if isinstance(one, list | tuple):
        return (kind, [exactly(each) for each in one])
    if isinstance(one, set):
        return (kind, sorted(one))
    names = {
        Said: ("text", "why"),
        Fixed: ("value", "other"),
        Box: ("held",),
        Bar: ("price", "key"),
        Slotted: ("a", "b"),
    }[type(one)]
    return (kind, [exactly(getattr(one, name)) for name in names])


@settings(max_examples=2 * settings().max_examples)
@given(value=VALUES)
def test_whatever_it_is_it_comes_back_exactly(value: Any) -> None:
    assert exactly(again(value)) == exactly(value)


def test_what_is_shared_is_shared_again_and_nothing_else() -> None:
    box, other = Box([1]), Box([1])
    root = [box, box, other, {"x": box}, (box, other), Fixed(box)]
    first, second, third, by_name, pair, inside = again(root)
    assert first is second is by_name["x"] is pair[0] is inside.value
    assert third is pair[1]
    assert third is not first
    assert first.held is not third.held


def test_a_ring_is_a_ring_again() -> None:
    box = Box()
    box.held = [box]
    made = again(box)
    assert made.held[0] is made


def test_what_cannot_change_is_written_alike_whoever_made_it() -> None:
    """A live mind and a replayed one get equal objects from different hands."""
    one = Fixed("a")
    assert write_graph([one, one], SHAPES) == write_graph([Fixed("a"), Fixed("a")], SHAPES)
    shared = Said("a")
    assert write_graph([shared] * 2, SHAPES) == write_graph([Said("a"), Said("a")], SHAPES)


def test_what_is_known_by_name_is_that_very_object() -> None:
    made, equal = again([NOTHING, Fixed("nothing")])
    assert made is NOTHING
    assert equal is not NOTHING


def test_a_cache_is_made_anew_and_not_written() -> None:
    assert again(Box(1, made="a cache")).made == "anew"
    assert "a cache" not in str(write_graph(Box(1, made="a cache"), SHAPES))


def test_a_set_is_written_in_one_order() -> None:
    one, other = {f"{at}" for at in range(50)}, {f"{at}" for at in reversed(range(50))}
    assert write_graph(one, SHAPES) == write_graph(other, SHAPES)


class Stranger:
    pass


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (Stranger(), "Stranger is no part of a checkpoint"),
        ([Barred()], "Barred is no part of a checkpoint"),
        ({"x": print}, "is no part of a checkpoint"),
        (Loose("x"), "Loose can change"),
        ({1.5, (2,)}, "a set of other things"),
        ({1: Bar(1.0, ([],))}, "Bar is no row"),  # type: ignore[arg-type]
        (b"bytes", "is no part of a checkpoint"),
    ],
)
def test_what_was_not_foreseen_is_refused(what: object, says: str) -> None:
    with pytest.raises(BadGraph, match=says):
        write_graph(what, SHAPES)


def test_a_field_that_came_later_is_refused() -> None:
    late = Open()
    late.more = 1  # type: ignore[attr-defined]
    with pytest.raises(BadGraph, match="Open has other fields than its example: more"):
        write_graph(late, SHAPES)


def test_a_class_without_an_example_is_refused() -> None:
    with pytest.raises(BadGraph, match=r"nobody gave an example of .*Open"):
        write_graph(Open(), Shapes([MODULE], []))


def test_a_slot_that_was_never_filled_is_refused() -> None:
    with pytest.raises(BadGraph, match="a field was never set"):
        write_graph(Slotted.__new__(Slotted), SHAPES)
