"""The language of the local socket between engine and faces: frames, and nothing about sockets.

A frame is four bytes of length (big endian) and one msgpack message. Both ends start with a
Hello that carries a hash of these very classes: ends of different versions refuse each other
instead of drawing nonsense.
"""

from __future__ import annotations

import hashlib
from typing import Any, get_args

import attrs
import msgspec

from polytui.model import events, playing, score_views, snapshot, ticket
from polytui.model.events import Action
from polytui.model.plain_text import plain
from polytui.model.playing import Play, PlayView, WhatIfView
from polytui.model.query import Answer, Query
from polytui.model.snapshot import AccountView, AssetView, Notice, SettingView
from polytui.model.ticket import Ticket, TicketLook

MAX_FRAME_BYTES = 1 << 20
_LENGTH_BYTES = 4


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """First frame both ways. The engine fills in the session, a face leaves it empty."""

    schema: str
    session: str = ""
    mode: str = ""
    wallet: str = ""
    """Whose money it trades with, an address; empty on paper."""


class Command(msgspec.Struct, frozen=True, tag="command"):
    """A person's command. `asset` is empty for all of them."""

    command_id: int
    action: Action
    asset: str = ""


class Change(msgspec.Struct, frozen=True, tag="change"):
    """A person changes a hot setting: `value` as JSON. It is validated as a whole with all others,
    applied as an event, and told to every face; answered by an Ack like a command."""

    command_id: int
    path: str
    value: str


class TicketOrder(msgspec.Struct, frozen=True, tag="ticket"):
    """A person's own order, confirmed; answered by an Ack like a command. `seen_ns`: session time
    of the view that it was confirmed on."""

    command_id: int
    asset: str
    ticket: Ticket
    seen_ns: int


class TicketBack(msgspec.Struct, frozen=True, tag="ticket_back"):
    """A person takes a working order of their own back; answered by an Ack."""

    command_id: int
    asset: str
    order_id: str


class TicketQuestion(msgspec.Struct, frozen=True, tag="ticket_question"):
    """What a ticket would be if it were sent now. Nothing is decided by it."""

    question_id: int
    asset: str
    ticket: Ticket


class TicketAnswer(msgspec.Struct, frozen=True, tag="ticket_answer"):
    question_id: int
    look: TicketLook | None = None
    error: str = ""
    """Why nothing can be said of it."""


class Detach(msgspec.Struct, frozen=True, tag="detach"):
    """The face leaves on purpose: the engine goes on without it."""


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The command was carried out under these sequence numbers and is on the disk; or what of it
    is not so."""

    command_id: int
    seqs: tuple[int, ...]
    error: str = ""
    """Why it was not carried out at all."""
    unkept: str = ""
    """Why it is not on the disk: in force, and forgotten by a restart."""
    left_out: str = ""
    """What of it could not be carried out, and for whom."""


@attrs.frozen
class Obeyed:
    """What became of a command that was carried out; as in an Ack."""

    seqs: tuple[int, ...]
    unkept: str = ""
    left_out: str = ""


class AssetFrame(msgspec.Struct, frozen=True, tag="asset"):
    view: AssetView


class AccountFrame(msgspec.Struct, frozen=True, tag="account"):
    view: AccountView


class SettingsFrame(msgspec.Struct, frozen=True, tag="settings"):
    """Every hot setting as it is in force: at the start, and after each change."""

    settings: tuple[SettingView, ...]
    file: str = ""
    """That the engine reads again when it changes, as a whole path; empty where there is none."""


class PlayFrame(msgspec.Struct, frozen=True, tag="playing"):
    """Where a player stands; of an engine there is none."""

    view: PlayView


class WhatIfFrame(msgspec.Struct, frozen=True, tag="what_if"):
    """What came of the last what-if, or that it is not over."""

    view: WhatIfView


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """Everything that was told of the session until here is not of this moment: the player went
    elsewhere, and tells what is true there."""


class NoticeFrame(msgspec.Struct, frozen=True, tag="notice"):
    notice: Notice
    dropped: int = 0
    """Notices this face has missed so far because it read too slowly."""


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    """The engine ends, and why."""

    exit_code: int
    reason: str


FromEngine = (
    Hello
    | Ack
    | Answer
    | TicketAnswer
    | AssetFrame
    | AccountFrame
    | SettingsFrame
    | NoticeFrame
    | PlayFrame
    | WhatIfFrame
    | Forget
    | Goodbye
)
Asked = Command | Change | TicketOrder | TicketBack | Play
"""By a person, and answered by an Ack."""
FromFace = Hello | Asked | TicketQuestion | Query | Detach


class LinkError(Exception):
    """The other end sent what this language does not know."""


def schema_hash() -> str:
    """Names and types of everything that crosses the link, hashed."""
    digest = hashlib.sha256()
    for module in (snapshot, score_views, playing, events, ticket):
        for name in sorted(vars(module)):
            item = vars(module)[name]
            if isinstance(item, type) and (attrs.has(item) or issubclass(item, msgspec.Struct)):
                # As they are written: attrs' own field types change once somebody resolves them.
                digest.update(repr((name, item.__annotations__)).encode())
    for kind in (*get_args(FromEngine), *get_args(FromFace)):
        digest.update(repr((kind.__name__, kind.__annotations__)).encode())
    return digest.hexdigest()[:16]


_encoder = msgspec.msgpack.Encoder()


def encode(message: FromEngine | FromFace) -> bytes:
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class FrameReader:
    """Bytes in, messages out. State: the bytes of a frame that has not fully arrived."""

    def __init__(self, message_type: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(message_type)
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """Messages that `data` completes. LinkError for an oversized or foreign frame."""
        self._pending += data
        messages = []
        while len(self._pending) >= _LENGTH_BYTES:
            length = int.from_bytes(self._pending[:_LENGTH_BYTES], "big")
            if length > MAX_FRAME_BYTES:
                raise LinkError(f"frame of {length} bytes")
            end = _LENGTH_BYTES + length
            if len(self._pending) < end:
                break
            messages.append(self._decode(bytes(self._pending[_LENGTH_BYTES:end])))
            del self._pending[:end]
        return messages

    def _decode(self, body: bytes) -> Any:
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
            # Bad UTF-8 is a ValueError, and what is nested too deeply no error of msgspec's.
            raise LinkError(plain(error)) from None
