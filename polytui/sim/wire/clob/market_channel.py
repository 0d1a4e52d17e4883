"""The CLOB's market channel for one client, without a socket: text in, texts out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from polytui.model.instrument import Outcome
from polytui.sim.wire.form.wire_text import parse_object
from polytui.sim.wire.rounds.market_frames import DOWN, UP, MarketFrames
from polytui.sim.world.world_events import (
    BookMoved,
    BookSwept,
    RoundListed,
    RoundResolved,
    TickChanged,
    WorldEvent,
)

_MOST_SNAPSHOTS = 500
_BITS = {Outcome.UP: UP, Outcome.DOWN: DOWN}


class MarketSession:
    """One connection to `/ws/market`.

    Venue rules: the first answer to a subscription is an array of books; an id that is already
    subscribed is refused; above 500 ids no initial books come; PING is answered with PONG, and a
    socket that sends nothing for a minute is dropped; whether protocol pings count is not known.
    """

    WANTS: ClassVar[tuple[type, ...]] = (
        BookMoved,
        BookSwept,
        TickChanged,
        RoundListed,
        RoundResolved,
    )
    ping_every_s: ClassVar[float | None] = None
    quiet_limit_s: ClassVar[float | None] = 60.0

    def __init__(self, frames: MarketFrames, *, hears_pings: bool = True) -> None:
        self.hears_pings = hears_pings
        self._frames = frames
        self._masks: dict[str, int] = {}
        self._tokens: dict[str, tuple[str, Outcome] | None] = {}
        self._is_custom = False
        self.closing: tuple[int, str] | None = None

    def opening(self) -> list[str]:
        return []

    def receive(self, text: str) -> list[str]:
        """Answers to one client frame."""
        if text == "PING":
            return ["PONG"]
        frame = parse_object(text)
        return ["INVALID OPERATION"] if frame is None else self._obey(frame)

    def publish(self, world_event: WorldEvent) -> list[str]:
        """What this client sees of a world event."""
        if isinstance(world_event, RoundListed):
            return self._pick(world_event, UP | DOWN) if self._is_custom else []
        mask = self._masks.get(getattr(world_event, "slug", ""), 0)
        return self._pick(world_event, mask) if mask else []

    def close(self) -> None:
        """The client is gone; its rounds are no longer watched for it."""
        for slug in self._masks:
            self._frames.unwatch(slug)
        self._masks.clear()

    def _pick(self, world_event: WorldEvent, mask: int) -> list[str]:
        return [
            frame.text
            for frame in self._frames.of(world_event)
            if frame.audience & mask and (self._is_custom or not frame.is_custom)
        ]

    def _obey(self, frame: dict[str, Any]) -> list[str]:
        tokens = frame.get("assets_ids")
        is_first = str(frame.get("type", "")).lower() == "market"
        operation = "subscribe" if is_first else frame.get("operation")
        if not isinstance(tokens, list) or not all(isinstance(one, str) for one in tokens):
            return ["INVALID OPERATION"]
        if operation == "unsubscribe":
            self._forget(tokens)
            return []
        if operation != "subscribe":
            return ["INVALID OPERATION"]
        self._is_custom |= frame.get("custom_feature_enabled") is True
        return self._subscribe(tokens, wants_books=frame.get("initial_dump") is not False)

    def _subscribe(self, tokens: list[str], *, wants_books: bool) -> list[str]:
        fresh = [token for token in dict.fromkeys(tokens) if token not in self._tokens]
        refusals = ["duplicate assets"] if len(fresh) < len(tokens) else []
        books = [book for token in fresh if (book := self._join(token))]
        if not fresh or not wants_books or len(self._tokens) > _MOST_SNAPSHOTS:
            return refusals
        return [f"[{','.join(books)}]", *refusals]

    def _join(self, token: str) -> str:
        found = self._frames.listing.by_token(token)
        if found is None:
            self._tokens[token] = None
            return ""
        round_, outcome = found
        self._tokens[token] = (round_.slug, outcome)
        if round_.slug not in self._masks:
            self._frames.watch(round_.slug)
        self._masks[round_.slug] = self._masks.get(round_.slug, 0) | _BITS[outcome]
        return self._frames.snapshot(round_, outcome)

    def _forget(self, tokens: Iterable[str]) -> None:
        for token in tokens:
            joined = self._tokens.pop(token, None)
            if joined is None:
                continue
            slug, outcome = joined
            self._masks[slug] &= ~_BITS[outcome]
            if not self._masks[slug]:
                del self._masks[slug]
                self._frames.unwatch(slug)
