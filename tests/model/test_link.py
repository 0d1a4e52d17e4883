"""The language of the link: frames in pieces, foreign frames, and a hash that stays."""

from __future__ import annotations

import attrs
import pytest

from polytui.model import events, snapshot
from polytui.model.events import Action
from polytui.model.link import (
    Ack,
    Change,
    Command,
    Detach,
    FrameReader,
    FromFace,
    Hello,
    LinkError,
    encode,
    schema_hash,
)

MESSAGES = [
    Hello("abc"),
    Command(1, Action.KILL),
    Command(2, Action.PAUSE, "eth"),
    Change(3, "gates.cooldown_s", "1.0"),
    Detach(),
]


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
def test_messages_arrive_in_order_however_they_are_cut(size: int) -> None:
    data = b"".join(encode(message) for message in MESSAGES)
    reader = FrameReader(FromFace)
    heard = [m for at in range(0, len(data), size) for m in reader.feed(data[at : at + size])]
    assert heard == MESSAGES


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02\xc1\xc1", encode(Ack(1, (2,)))],
    ids=["oversized", "no msgpack", "not for this end"],
)
def test_a_foreign_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(LinkError):
        FrameReader(FromFace).feed(data)


def test_the_hash_does_not_change_when_somebody_resolves_types() -> None:
    before = schema_hash()
    for module in (snapshot, events):
        for item in vars(module).values():
            if isinstance(item, type) and attrs.has(item):
                attrs.resolve_types(item)
    assert schema_hash() == before
