"""Recorded answers of Gamma: events, lists of events, or bare market objects, as rounds."""

from __future__ import annotations

import msgspec

from polytui.model.errors import Rejected, Retry
from polytui.model.events import RoundFound, StrikePublished
from polytui.venues.feed import NOTHING, WIRE_FAULTS, Parsed, rejected
from polytui.venues.polymarket.gamma_events import look_at

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

RoundEvent = RoundFound | StrikePublished


class GammaFrames:
    """Reads one answer a frame. Stateless."""

    feed = "gamma"

    def read(self, frame: str | bytes) -> tuple[tuple[RoundEvent, ...], Parsed]:
        """The rounds of a frame with their strikes where published, or why there are none."""
        try:
            found = _decode(frame)
            objects = found if isinstance(found, list) else [_as_event(found, frame)]
            events = [event for raw in objects for event in _read_one(raw)]
        except (Rejected, Retry, *WIRE_FAULTS) as fault:
            return (), rejected(fault)
        return tuple(events), NOTHING


def _as_event(found: dict[str, msgspec.Raw], frame: str | bytes) -> msgspec.Raw:
    """A bare market is wrapped the way an event would hold it."""
    if "markets" in found:
        return msgspec.Raw(frame.encode() if isinstance(frame, str) else frame)
    return msgspec.Raw(_encode({"slug": found.get("slug", msgspec.Raw(b'""')), "markets": [found]}))


def _read_one(raw: msgspec.Raw) -> list[RoundEvent]:
    events: list[RoundEvent] = []
    for look in look_at(raw):
        events.append(RoundFound(look.round))
        if look.strike is not None:
            events.append(StrikePublished(look.round.slug, look.strike, "gamma"))
    return events
