"""The account at the venue, for a command that looks at it, tidies it up or tries it.

Without an engine: whatever a command does here it asks the venue itself, and believes nobody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.schema import Settings
from polytui.config.state_folder import StateFolder
from polytui.execution.account_key import AccountKey
from polytui.model.errors import Rejected
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.net.pools import http_settings
from polytui.runtime.modes import Surroundings
from polytui.venues.polymarket.clob import Clob
from polytui.venues.polymarket.clob_account import ClobAccount
from polytui.venues.polymarket.data_api import DataApi
from polytui.venues.polymarket.gamma import Gamma, known_ids
from polytui.venues.polymarket.wallet import Wallet

NOT_LET_IN = 401
"""The status of whom the venue does not know."""


@frozen
class Access:
    """A wallet and how it gets in. Whether it may trade is another question (`Armed`)."""

    wallet: Wallet
    api_key: ApiKey | None
    """As it was given; None: the one that was kept, or one that is derived."""
    is_simulated: bool
    """At a venue on this machine: connections lead nowhere else, and nothing is kept of it."""


@frozen
class VenueAccount:
    """One account, and everything that is asked about it."""

    settings: Settings
    """With the addresses that are really asked."""
    clock: SessionClock
    wallet: Wallet
    api_key: ApiKey
    http: Http
    """Of the CLOB."""
    relayer: Http
    rpc: Http
    """A node of the chain."""
    orders: ClobAccount
    clob: Clob
    gamma: Gamma
    data: DataApi


@asynccontextmanager
async def open_venue_account(
    world: Surroundings, access: Access, state: StateFolder
) -> AsyncIterator[VenueAccount]:
    """Errors as in `net/http.py`, where the venue does not let us in."""
    settings, endpoints = world.settings, world.settings.endpoints

    def http(url: str) -> Http:
        return world.pools.get(url, make)

    def make(url: str) -> Http:
        return Http(url, http_settings(settings.http), is_loopback_only=access.is_simulated)

    try:
        clob = http(endpoints.clob)
        api_key = await api_key_for(access, clob, world.clock, state)
        yield VenueAccount(
            settings,
            world.clock,
            access.wallet,
            api_key,
            clob,
            http(endpoints.relayer),
            http(endpoints.rpc),
            ClobAccount(clob, access.wallet, api_key, world.clock),
            Clob(clob, world.clock),
            Gamma(http(endpoints.gamma), known_ids(settings.rounds)),
            DataApi(http(endpoints.data_api)),
        )
    finally:
        await world.pools.close()


async def api_key_for(
    access: Access, http: Http, clock: SessionClock, state: StateFolder
) -> ApiKey:
    """Given, else kept, else derived and kept. A kept one that the venue does not know any more is
    derived anew. A simulated venue forgets its keys when it ends, and is asked each time."""
    wallet, states = access.wallet, None if access.is_simulated else state
    key = AccountKey(wallet, http, access.api_key, states)
    kept = key.kept
    if kept is None:
        return await key.found()
    is_known = await _is_known(ClobAccount(http, wallet, kept, clock))
    return kept if is_known else await key.derived()


async def _is_known(account: ClobAccount) -> bool:
    try:
        await account.is_closed_only()
    except Rejected as error:
        if error.status != NOT_LET_IN:
            raise
        return False
    return True
