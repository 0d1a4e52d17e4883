"""The private half of the venue in process: a world, its back office, the desk, and strangers.

Whatever is asked is answered at once: the world plays on as soon as something is handed in.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from stranger import Stranger

from polytui.model.instrument import Asset, Interval, Outcome, Round
from polytui.model.orders import Side
from polytui.model.units import MICRO, NS_PER_S, Price, Shares, Usd
from polytui.net.clock import machine_s
from polytui.sim.exchange.api_keys import ApiKeys
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.rate_limits import LimitMode
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.wire.desk.desk import DeskSettings, OrderDesk
from polytui.sim.wire.desk.geoblock_api import GeoblockSwitch
from polytui.sim.wire.desk.limited import LimitSettings, VenueLimits
from polytui.sim.wire.desk.order_payload import OrderPayloads
from polytui.sim.wire.desk.user_channel import UserSession
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.rounds.listing import Listing
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.l1_l2_auth import VenueAuth
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.sim.world.crowd import CrowdRates, CrowdSettings
from polytui.sim.world.world import World, WorldSettings
from polytui.sim.world.world_events import WorldEvent

START_NS = 1_795_204_815 * NS_PER_S
_STEP_S = 0.25
"""Longer than a taker is held, shorter than a trade takes to be mined."""
_SELDOM = CrowdRates(1.0, 0.001, 0.01)
_ASLEEP = CrowdSettings(
    open=dict.fromkeys(Interval, _SELDOM), next=_SELDOM, early=_SELDOM, ended=_SELDOM
)


class DeskVenue:
    """`round` has an empty book, and no crowd until it opens."""

    def __init__(
        self,
        settings: DeskSettings | None = None,
        rules: ExchangeRules | None = None,
        start_ns: int = START_NS,
        seed: int = 7,
        interval: Interval = Interval.H4,
    ) -> None:
        self.world = World(
            WorldSettings(
                seed,
                start_ns,
                (Asset.BTC,),
                (interval,),
                crowd=_ASLEEP,
                crowd_ahead=0.0,
                messages=0.004,
            )
        )
        self.exchange = Exchange(self.world, rules or ExchangeRules(), on_request=self._go_on)
        self.stands_still = False
        self.listing = Listing(self.world)
        self.keys = ApiKeys(7)
        self.wallets = Wallets(derived_wallets)
        self.geoblock = GeoblockSwitch()
        self.happened: list[WorldEvent] = []
        auth = VenueAuth(self.keys, lambda: (self.now_s, machine_s()))
        self.payloads = OrderPayloads(self.listing.by_token, self.wallets, lambda: self.now_s)
        off = LimitSettings(LimitMode.OFF, LimitMode.OFF)
        self.limits = VenueLimits(lambda: self.world.now_ns, off)
        self.desk = OrderDesk(
            self.exchange,
            self.listing,
            self.keys,
            self.wallets,
            auth,
            self.payloads,
            self.limits,
            self.geoblock.check,
            settings or DeskSettings(),
        )
        self.app = Starlette(
            routes=[Mount("/clob", routes=self.desk.routes())],
            exception_handlers=dict(ERROR_HANDLERS),
        )
        self.sessions: list[tuple[UserSession, list[str]]] = []
        self.round: Round = next(
            one for one in self.world.rounds.values() if one.opens_ns > start_ns
        )

    def _go_on(self) -> None:
        if not self.stands_still:
            self.play(_STEP_S)

    @property
    def now_s(self) -> int:
        return self.world.now_ns // NS_PER_S

    def play(self, seconds: float) -> list[WorldEvent]:
        """What happens in so much time, told to the desk and to every session."""
        happened = []
        for world_event in self.world.run_until(self.world.now_ns + int(seconds * NS_PER_S)):
            self.desk.note(world_event)
            for session, heard in self.sessions:
                heard += session.publish(world_event)
            happened.append(world_event)
        self.happened += happened
        return happened

    def listen(self, stranger: Stranger, *markets: str) -> list[str]:
        """What the user channel will say to him, as it comes."""
        session, heard = self.desk.user_session(), []
        assert session.receive(stranger.subscription(*markets)) == []
        self.sessions.append((session, heard))
        return heard

    def fund(self, wallet: str, dollars: float) -> None:
        self.exchange.fund(wallet, Usd(round(dollars * MICRO)))

    def sell_shown(self, price: float, shares: float) -> None:
        """The crowd offers shares of Up."""
        book = self.world.book(self.round.slug)
        book.show(Side.SELL, Price(round(price * MICRO)), Shares(round(shares * MICRO)))

    def token(self, outcome: Outcome) -> str:
        return self.round.token_of(outcome)

    @asynccontextmanager
    async def strangers(self, count: int, dollars: float = 1000) -> AsyncIterator[list[Stranger]]:
        """So many people with keys and money."""
        await load_ethereum()
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://venue") as http:
            people = [Stranger(http, number + 1, lambda: self.now_s) for number in range(count)]
            for one in people:
                await one.come_in()
                self.fund(one.wallet, dollars)
            yield people


def frames_of(heard: list[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in heard]
