"""A line of the journal says exactly what happened, for every event and effect there is."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, get_args, get_origin

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from polytui.journal.codec import (
    FORMAT,
    BadJournal,
    Header,
    OtherFormat,
    decode_effects,
    decode_event,
    decode_header,
    decode_record,
    encode_digest,
    encode_effects,
    encode_event,
    encode_header,
    encode_raised,
    encode_record,
)
from polytui.model.effects import (
    Cancel,
    CancelAll,
    Credit,
    Decline,
    Effect,
    Explain,
    Grounds,
    HaltStrategy,
    LookUp,
    Place,
    Reason,
    RecordedPlace,
    Release,
    Resync,
    Stamp,
    Trip,
    Warn,
    Why,
    recorded,
)
from polytui.model.events import Event, Ticked
from polytui.model.instrument import Outcome
from polytui.model.orders import Order, Side, TimeInForce
from polytui.model.units import Price, Shares, Usd

KINDS: tuple[type[Any], ...] = get_args(Event)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(1, 2**62),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(codec="utf-8"), max_size=20),
    bool: st.booleans(),
    type(None): st.none(),
}


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the model, down to its plain parts."""
    kind = getattr(kind, "__supertype__", kind)  # a NewType is its int
    if kind in PLAIN:
        return PLAIN[kind]
    if attrs.has(kind):
        fields = attrs.fields(attrs.resolve_types(kind))
        return st.builds(kind, **{field.name: anything(field.type) for field in fields})
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        structs = msgspec.structs.fields(kind)
        return st.builds(kind, **{field.name: anything(field.type) for field in structs})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    parts = get_args(kind)
    if get_origin(kind) is not tuple:
        return st.one_of([anything(part) for part in parts])
    if parts[-1] is Ellipsis:
        return st.lists(anything(parts[0]), max_size=2).map(tuple)
    return st.tuples(*map(anything, parts))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_event_is_read_as_it_was_written(kind: type[Any], data: st.DataObject) -> None:
    event = data.draw(anything(kind))
    again = decode_event(msgspec.Raw(encode_event(event)))
    assert again == event
    assert encode_event(again) == encode_event(event)


ORDER = Order(
    "o-1",
    "btc-updown-5m-1",
    "111",
    Outcome.UP,
    Side.BUY,
    Price(530_000),
    Shares(10_000_000),
    TimeInForce.GTC,
    False,
    "distance_fade",
    7,
)
EFFECTS: tuple[Effect, ...] = (
    Place(ORDER, Stamp.grant(ORDER.quote, Usd(5))),
    Cancel("o-1"),
    CancelAll("stop"),
    LookUp("o-1"),
    Resync("slug"),
    Explain("slug", "distance_fade", Why(Reason.EDGE_SMALL, 41.5, 60.0, "bps")),
    Trip(Why(Reason.LATENCY, 612.0, 500.0, "ms"), 99),
    Release(Reason.LATENCY),
    Warn(Why(Reason.LATENCY, 250.0, 200.0, "ms")),
    Credit("slug", "up", Usd(1), Usd(-2)),
    Decline("slug", "slug-hand-0a", Why(Reason.LIMIT_ORDER, 27.0, 25.0, "USD")),
    HaltStrategy("mine", "it raised: KeyError (line 7)"),
)


def test_effects_are_written_whole_and_without_their_proof() -> None:
    assert {type(effect) for effect in EFFECTS} == set(get_args(Effect))
    written = json.loads(encode_effects(EFFECTS))
    assert [name for name, _ in written] == [type(effect).__name__ for effect in EFFECTS]
    assert set(written[0][1]) == {"order", "exposure", "grounds"}
    assert (written[0][1]["order"]["price"], written[0][1]["exposure"]) == (530_000, 5)
    assert written[5][1]["why"] == {
        "reason": "edge small",
        "value": 41.5,
        "limit": 60.0,
        "unit": "bps",
    }


def an_effect(kind: type[Any]) -> st.SearchStrategy[Any]:
    """As a mind makes one: a stamp is always that of the order."""
    if kind is not Place:
        return anything(kind)
    orders, dollars = anything(Order), st.integers(-(2**62), 2**62)
    return st.builds(
        lambda order, exposure, known: Place(order, Stamp.grant(order.quote, Usd(exposure)), known),
        orders,
        dollars,
        anything(Grounds),
    )


@pytest.mark.parametrize("kind", get_args(Effect), ids=lambda kind: kind.__name__)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_effect_is_read_as_it_was_written(kind: type[Any], data: st.DataObject) -> None:
    effects = tuple(data.draw(st.lists(an_effect(kind), max_size=3)))
    written = encode_effects(effects)
    again = decode_effects(msgspec.Raw(written))
    assert again == tuple(recorded(effect) for effect in effects)
    assert [each.order.worth for each in again if isinstance(each, RecordedPlace)] == [
        each.order.worth for each in effects if isinstance(each, Place)
    ], "which equality does not look at"
    assert encode_effects(again) == written


def test_nothing_that_is_read_is_an_order_that_may_be_sent() -> None:
    (placed,) = decode_effects(msgspec.Raw(encode_effects(EFFECTS[:1])))
    assert placed == RecordedPlace(ORDER, Usd(5))
    assert not isinstance(placed, Place)
    forged = {"quote": ORDER.quote, "exposure": Usd(5)}
    with pytest.raises(TypeError, match="a Stamp comes only from"):
        Stamp(**forged)
    for made in (placed, forged, None):
        with pytest.raises(TypeError, match="Place needs a Stamp"):
            Place(ORDER, made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"{}",
        b'[["Nope",{}]]',
        b'[["RecordedPlace",{}]]',
        b'[["Cancel",{}]]',
        b'[["Cancel",{"order_id":1}]]',
        b'[["Release",{"reason":"no such reason"}]]',
        b'[["Stamp",{"quote":{},"exposure":1}]]',
    ],
)
def test_what_are_no_effects_is_refused(raw: bytes) -> None:
    with pytest.raises(BadJournal, match="not effects"):
        decode_effects(msgspec.Raw(raw))


def test_no_effects_are_an_empty_list() -> None:
    assert encode_effects(()) == b"[]"


@pytest.mark.parametrize("is_last", [True, False])
def test_a_record_is_one_line(is_last: bool) -> None:
    line = encode_record(7, 99, "btc", Ticked(3), EFFECTS, is_last)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    record = decode_record(line)
    assert (record.seq, record.at, record.asset, record.last) == (7, 99, "btc", is_last)
    assert decode_event(record.event) == Ticked(3)
    assert bytes(record.effects) == encode_effects(EFFECTS)
    assert (record.digest, record.raised) == ("", "")


def test_a_digest_is_a_line_of_its_own() -> None:
    record = decode_record(encode_digest(1000, "00ff"))
    assert (record.seq, record.digest) == (1000, "00ff")


def test_whose_answer_was_not_waited_for_stands_in_the_line_and_else_nothing() -> None:
    missed = (("mine", "btc-1"), ("mine", "btc-2"))
    plain = encode_record(7, 99, "btc", Ticked(3), (), True)
    assert b"unanswered" not in plain
    record = decode_record(encode_record(7, 99, "btc", Ticked(3), (), True, missed))
    assert record.unanswered == missed
    assert bytes(record.effects) == b"[]"
    broken = decode_record(encode_raised(7, 99, "btc", Ticked(3), True, "KeyError", missed))
    assert (broken.unanswered, broken.raised) == (missed, "KeyError")


def test_an_event_that_broke_its_desk_is_kept_with_what_was_raised() -> None:
    line = encode_raised(7, 99, "eth", Ticked(3), True, 'KeyError: "a\nb"')
    assert line.count(b"\n") == 1
    record = decode_record(line)
    assert record.raised == 'KeyError: "a\nb"'
    assert bytes(record.effects) == b"[]"
    assert decode_event(record.event) == Ticked(3)


HEADER = Header(FORMAT, "0.1.0", "demo", "2026-11-20-btc", 5, seed=7, speed=20.0)


def test_a_header_survives() -> None:
    assert decode_header(encode_header(HEADER)) == HEADER


@pytest.mark.parametrize("form", [0, 1, FORMAT - 1, FORMAT + 1, 99])
def test_another_format_is_refused_with_who_wrote_it(form: int) -> None:
    """In one line, whatever a file says of itself."""
    line = encode_header(replace(HEADER, journal=form, version="0.0.9"))
    with pytest.raises(OtherFormat) as refused:
        decode_header(line)
    assert str(refused.value) == (
        f"version 0.0.9 wrote it in journal format {form}; this version reads format {FORMAT} alone"
    )
    forged = encode_header(replace(HEADER, journal=form, version="1\x1b[2J\nall is well"))
    with pytest.raises(OtherFormat) as refused:
        decode_header(forged)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("line", [b"", b"\n", b"{}", b"[]", b"\xff", b'{"seq":1}', b"PK\x03\x04"])
def test_what_is_no_header_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal, match="no journal header"):
        decode_header(line)


@pytest.mark.parametrize("line", [b"", b"{}", b'{"seq":"1"}', b'{"seq":1', b"\xff", b'{"seq":1}}'])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(BadJournal, match="not a record"):
        decode_record(line)


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"[]",
        b'["Nope",{}]',
        b'["Ticked",{}]',
        b'["Ticked",{"at_ns":"1"}]',
        b'["Ticked",{"at_ns":1},2]',
        b'["Commanded",{"action":"dance","origin":"x"}]',
    ],
)
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(BadJournal, match="not an event"):
        decode_event(msgspec.Raw(raw))
