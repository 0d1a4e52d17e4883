"""What the watchers of one asset are made of: addresses, settings for sockets, one rng."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import evolve, field, frozen

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings, SocketLimits
from polytui.feeds.attendant import UNATTENDED, Attendant
from polytui.feeds.feed import Feed
from polytui.feeds.home import Home
from polytui.feeds.losses import Losses
from polytui.model.instrument import Asset
from polytui.net.clock import SessionClock
from polytui.net.dial import Trust
from polytui.net.http import Http
from polytui.net.pools import Pools, http_settings
from polytui.net.socket_settings import CloseRule, SocketSettings
from polytui.net.ws import SocketWatcher, StayingSocket
from polytui.venues import bybit
from polytui.venues.feed import Codec, Parsed
from polytui.venues.quota import Quotas


@frozen
class Keepalive:
    """The text a venue wants to hear, and how often."""

    text: str
    every_s: float


NO_PING = Keepalive("", 10.0)


def polymarket_ping(sockets: SocketLimits) -> Keepalive:
    return Keepalive("PING", sockets.polymarket_ping_s)


def rtds_ping(sockets: SocketLimits) -> Keepalive:
    return Keepalive("PING", sockets.rtds_ping_s)


def bybit_ping(sockets: SocketLimits) -> Keepalive:
    return Keepalive(bybit.PING, sockets.bybit_ping_s)


class Tap(Protocol):
    """Sees what the feeds of a factory hear."""

    def take_opening(self, asset: Asset, feed: str) -> None:
        """A connection is greeted: frames are counted anew."""

    def take_frame(self, asset: Asset, feed: str, frame: str | bytes, at_ns: int) -> None:
        """Before it is read."""


@frozen
class Tapped:
    """A codec whose frames somebody else sees as well."""

    inner: Codec
    asset: Asset
    feed: str
    tap: Tap

    @property
    def streams(self) -> tuple[str, ...]:
        return self.inner.streams

    def hello(self) -> tuple[str, ...]:
        self.tap.take_opening(self.asset, self.feed)
        return self.inner.hello()

    def revive(self, stream: str) -> tuple[str, ...]:
        return self.inner.revive(stream)

    def parse(self, frame: str | bytes, received_ns: int) -> Parsed:
        self.tap.take_frame(self.asset, self.feed, frame, received_ns)
        return self.inner.parse(frame, received_ns)


@frozen
class FeedFactory:
    """How this session makes feeds and HTTP clients. Jitter comes from the session's seed."""

    settings: Settings
    clock: SessionClock
    credentials: ApiKey | None
    """For PolyBolt; None where the user gave none, and RTDS serves alone."""
    rng: random.Random
    tap: Tap | None = None
    """Sees every raw frame before it is read."""
    quotas: Quotas = field(factory=Quotas)
    """What hosts still let this address ask; one for all kits of a process."""
    trust: Trust = field(factory=Trust)
    """Whose certificates are believed; one for all kits of a process."""
    pools: Pools = field(factory=Pools)
    """Connections and pace by host; the same."""

    def feed(
        self,
        run: Home,
        name: str,
        url: str | Sequence[str],
        codec: Codec,
        *,
        silence_s: float,
        keepalive: Keepalive = NO_PING,
        limits_s: Mapping[str, float] | None = None,
        close_rules: Mapping[int, CloseRule] | None = None,
        rotate_after_s: float = 0.0,
        attendant: Attendant = UNATTENDED,
        losses: Losses | None = None,
    ) -> Feed:
        """A feed of one asset with its socket, complete; the run keeps it for faces to see."""
        label = f"{run.asset.value} {name}"
        if self.tap is not None:
            codec = Tapped(codec, run.asset, name, self.tap)
        settings = evolve(
            self._socket(silence_s, keepalive),
            close_rules=close_rules or {},
            rotate_after_s=rotate_after_s,
        )

        def make_socket(link: SocketWatcher) -> StayingSocket:
            return StayingSocket(label, url, settings, link, rng=self.rng, trust=self.trust)

        feed = Feed(
            name,
            codec,
            run.deliver,
            run.deliver_frame,
            self.clock,
            make_socket,
            limits_s,
            self.settings.clock,
            attendant,
            losses,
        )
        run.keep_feed(feed)
        return feed

    def _socket(self, silence_s: float, keepalive: Keepalive) -> SocketSettings:
        sockets = self.settings.sockets
        return SocketSettings(
            connect_timeout_s=sockets.connect_timeout_s,
            silence_s=silence_s,
            backoff_first_s=sockets.backoff_first_s,
            backoff_cap_s=sockets.backoff_cap_s,
            healthy_after_s=sockets.healthy_after_s,
            keepalive_text=keepalive.text,
            keepalive_every_s=keepalive.every_s,
            max_frame_bytes=sockets.max_frame_bytes,
            send_timeout_s=sockets.send_timeout_s,
            is_direct=sockets.library == "wsproto",
        )

    def http(self, base_url: str) -> Http:
        """The client of a host, shared by all that this process asks there; nobody closes it."""
        return self.pools.get(base_url, self._make_http)

    def _make_http(self, base_url: str) -> Http:
        return Http(base_url, http_settings(self.settings.http), trust=self.trust)
