"""Where two lists of effects differ: the field, both values, and what happened around it.

Works on what the journal says, not on classes: an effect is [its name, {its fields}], and a journal
of another version may have fields that this one does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from attrs import frozen

from polytui.journal.codec import JournalRecord

AROUND = 3
"""Events before and after the difference that are shown."""
_MOST_FIELDS = 8
_MOST_CHARS = 200
"""Of one value, around its first difference; of one event in full."""
_ABSENT = object()


@frozen
class Differing:
    """One field that differs: where, what this replay gives, what the journal has."""

    path: str
    now: str
    was: str

    def text(self) -> str:
        return f"{self.path}: {self.now}, was {self.was}"


def effects_differ(produced: bytes, recorded: bytes) -> str:
    """Every field that differs, a line each; both are JSON lists of [name, fields]."""
    now, was = msgspec.json.decode(produced), msgspec.json.decode(recorded)
    head = "effects differ" + (f" ({len(now)}, were {len(was)})" if len(now) != len(was) else "")
    found = list(_effects(now, was))
    lines = [each.text() for each in found[:_MOST_FIELDS]]
    if len(found) > _MOST_FIELDS:
        lines.append(f"and {len(found) - _MOST_FIELDS} fields more")
    if not lines:
        lines.append(_written_differently(produced, recorded))
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _effects(now: list[Any], was: list[Any]) -> Iterator[Differing]:
    for at in range(max(len(now), len(was))):
        here = f"effect {at + 1}"
        if at >= len(now) or at >= len(was):
            yield Differing(here, _shown(_at(now, at)), _shown(_at(was, at)))
        elif _name(now[at]) != _name(was[at]):
            yield Differing(here, *_apart(now[at], was[at]))
        else:
            yield from _fields(f"{here} {_name(now[at])}", now[at][1], was[at][1])


def _fields(path: str, now: Any, was: Any) -> Iterator[Differing]:
    """Down to the leaves: objects by name, lists by place."""
    if isinstance(now, dict) and isinstance(was, dict):
        for name in dict.fromkeys([*was, *now]):
            yield from _fields(f"{path}.{name}", now.get(name, _ABSENT), was.get(name, _ABSENT))
    elif isinstance(now, list) and isinstance(was, list):
        for at in range(max(len(now), len(was))):
            yield from _fields(f"{path}[{at}]", _at(now, at), _at(was, at))
    elif now is _ABSENT or was is _ABSENT or type(now) is not type(was) or now != was:
        yield Differing(path, *_apart(now, was))


def _name(effect: Any) -> Any:
    return effect[0] if isinstance(effect, list) and len(effect) == 2 else effect


def _at(values: list[Any], at: int) -> Any:
    return values[at] if at < len(values) else _ABSENT


def _shown(value: Any) -> str:
    return _cut(_text(value), 0)


def _apart(now: Any, was: Any) -> tuple[str, str]:
    """Both in words; of long ones the part where they part."""
    first, second = _text(now), _text(was)
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return _cut(first, same), _cut(second, same)


def _text(value: Any) -> str:
    return "nothing" if value is _ABSENT else msgspec.json.encode(value).decode()


def _cut(text: str, at: int) -> str:
    start = max(0, at - _MOST_CHARS // 2) if len(text) > _MOST_CHARS else 0
    head, tail = ("..." if start else ""), ("..." if start + _MOST_CHARS < len(text) else "")
    return f"{head}{text[start : start + _MOST_CHARS]}{tail}"


def _written_differently(produced: bytes, recorded: bytes) -> str:
    """The same values in other bytes: an order of fields, a way to write a number."""
    now, was = produced.decode(errors="replace"), recorded.decode(errors="replace")
    same = next(
        (at for at, pair in enumerate(zip(now, was, strict=False)) if pair[0] != pair[1]),
        min(len(now), len(was)),
    )
    return Differing(
        "the same values, written differently", _cut(now, same), _cut(was, same)
    ).text()


def event_line(record: JournalRecord, *, is_it: bool = False) -> str:
    """One line of the journal for people; `is_it` marks the one in question."""
    mark = ">" if is_it else " "
    end = "" if record.last else ", more in its batch"
    raised = f", raised {record.raised}" if record.raised else ""
    what = _cut(bytes(record.event).decode(errors="replace"), 0)
    return f"{mark} {record.seq} {record.asset} at {record.at}{end}{raised}: {what}"
