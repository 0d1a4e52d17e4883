"""A difference is shown where it is: the field, both values, the events around it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_replay import a_session, changed, replayed

from polytui.backtest.difference import effects_differ
from polytui.journal.codec import encode_digest


def told(now: object, was: object) -> list[str]:
    head, *lines = effects_differ(msgspec.json.encode(now), msgspec.json.encode(was)).split("\n")
    assert head.startswith("effects differ")
    return [line.strip() for line in lines]


ORDER = {"order_id": "a-1", "price": 530_000, "stamp": {"exposure": 9, "levels": [[1, 2], [3, 4]]}}


def test_a_field_deep_inside_behind_everything_that_is_equal() -> None:
    far = [["Cancel", {"order_id": "x" * 5_000}]] * 20
    was = [*far, ["Place", ORDER]]
    now = [*far, ["Place", {**ORDER, "stamp": {"exposure": 9, "levels": [[1, 2], [3, 5]]}}]]
    assert told(now, was) == ["effect 21 Place.stamp.levels[1][1]: 5, was 4"]


@pytest.mark.parametrize(
    ("now", "was", "line"),
    [
        ([["A", {"x": 1}]], [["A", {"x": "1"}]], 'effect 1 A.x: 1, was "1"'),
        ([["A", {"x": 1}]], [["A", {"x": 1.0}]], "effect 1 A.x: 1, was 1.0"),
        ([["A", {"x": 1}]], [["A", {"x": True}]], "effect 1 A.x: 1, was true"),
        ([["A", {"x": 1, "y": 2}]], [["A", {"x": 1}]], "effect 1 A.y: 2, was nothing"),
        ([["A", {}]], [["A", {"x": None}]], "effect 1 A.x: nothing, was null"),
        ([["A", {}]], [["B", {}]], 'effect 1: ["A",{}], was ["B",{}]'),
        ([], [["B", {}]], 'effect 1: nothing, was ["B",{}]'),
        ([["A", {}], ["B", {}]], [["A", {}]], 'effect 2: ["B",{}], was nothing'),
        ([["A", {"x": [1]}]], [["A", {"x": []}]], "effect 1 A.x[0]: 1, was nothing"),
    ],
)
def test_every_sort_of_difference(now: object, was: object, line: str) -> None:
    assert told(now, was) == [line]


def test_of_long_words_the_part_where_they_part() -> None:
    (line,) = told([["A", {"x": "a" * 900 + "b"}]], [["A", {"x": "a" * 900 + "c"}]])
    assert 'ab"' in line
    assert 'ac"' in line
    assert len(line) < 500


def test_many_fields_are_counted() -> None:
    lines = told(
        [["A", {f"x{at}": 1 for at in range(30)}]], [["A", {f"x{at}": 2 for at in range(30)}]]
    )
    assert (len(lines), lines[-1]) == (9, "and 22 fields more")


def test_the_same_values_in_other_bytes() -> None:
    text = effects_differ(b'[["A",{"x":1,"y":2}]]', b'[["A",{"y":2,"x":1}]]')
    assert "the same values, written differently" in text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
EFFECTS = st.lists(
    st.tuples(st.sampled_from("AB"), st.dictionaries(st.text(max_size=2), VALUES, max_size=3)),
    max_size=3,
)


@given(now=EFFECTS, was=EFFECTS)
def test_whatever_differs_has_a_line(now: object, was: object) -> None:
    first, second = msgspec.json.encode(now), msgspec.json.encode(was)
    if first != second:
        assert told(now, was)


# --- in a journal ---------------------------------------------------------------------------------


def test_the_events_around_it_are_shown(tmp_path: Path) -> None:
    lines = changed(a_session(), 12, lambda line: line.replace(b"kill switch:", b"kill it all:"))
    verdict = replayed(tmp_path, lines)
    assert verdict.difference == (
        "event 12 of btc: effects differ\n  effect 1 CancelAll.why:"
        ' "kill switch: command from test", was "kill it all: command from test"'
    )
    numbers = [int(line[2:].split()[0]) for line in verdict.around]
    assert numbers == [9, 10, 11, 12, 13, 14, 15]
    (it,) = [line for line in verdict.around if line.startswith("> 12 btc")]
    assert '["Commanded",{"action":"kill","origin":"test"}]' in it
    assert verdict.text().endswith("\n".join(["events around:", *verdict.around]))


def test_a_digest_says_since_when(tmp_path: Path) -> None:
    whole = a_session()
    assert whole[-1].startswith(b'{"seq":15,"digest"')
    lines = [*whole, encode_digest(15, "0" * 16)]
    verdict = replayed(tmp_path, lines)
    assert verdict.difference.endswith("(equal until event 15)")
    assert verdict.around[-1] == f"> digest {'0' * 16}"


def test_what_follows_may_be_no_journal(tmp_path: Path) -> None:
    lines = changed(a_session(), 12, lambda line: line.replace(b"kill switch", b"kill it all"))
    verdict = replayed(tmp_path, [*lines[:13], b"{oops}\n"])
    assert verdict.around[-1].startswith("> 12 ")
