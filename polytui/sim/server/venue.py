"""The simulated venue as a program: one world, two ports, and a pump between them."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import trio
from attrs import field, frozen
from attrs.validators import ge, gt, le
from starlette.applications import Starlette
from starlette.routing import Mount

from polytui.model.errors import Fatal
from polytui.model.units import NS_PER_S
from polytui.net.clock import Clock, WallClock
from polytui.net.guard import Door, DoorSettings, check_is_loopback, may_come_in
from polytui.net.peer import Peer, serve_peers
from polytui.net.serve import ServeSettings, let_many_connect, serve_asgi
from polytui.sim.exchange.exchange import Exchange
from polytui.sim.exchange.on_chain import OnChain, OnChainSettings
from polytui.sim.exchange.rules import ExchangeRules
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.server.back_office import BackOffice
from polytui.sim.server.builders_control import BuildersControl
from polytui.sim.server.chain_services import RELAYER_PREFIX, RPC_PATH, ChainServices
from polytui.sim.server.connections import Connections
from polytui.sim.server.control_api import ControlApi
from polytui.sim.server.control_door import ControlDoor
from polytui.sim.server.pump import Doorbell, Pump
from polytui.sim.server.urls import Urls
from polytui.sim.server.welcome import welcome
from polytui.sim.wire.desk.desk import DeskSettings
from polytui.sim.wire.desk.limited import Limited, LimitSettings
from polytui.sim.wire.exchanges import (
    BINANCE_PREFIX,
    BYBIT_PATH,
    BYBIT_PREFIX,
    COINBASE_EXCHANGE_PATH,
    COINBASE_PATH,
    Exchanges,
)
from polytui.sim.wire.form.error_bodies import ERROR_HANDLERS
from polytui.sim.wire.form.session import ClientSession
from polytui.sim.wire.polymarket import (
    MARKET_PATH,
    POLYBOLT_PATH,
    RTDS_PATH,
    USER_PATH,
    Polymarket,
)
from polytui.sim.wire.prices.crypto_price_api import CryptoPriceSettings
from polytui.sim.wire.rounds.quirks import NO_QUIRKS, Quirks
from polytui.sim.wire.signed.ethereum import load_ethereum
from polytui.sim.wire.signed.wallet_addresses import derived_wallets
from polytui.sim.world.world import World, WorldSettings

_TOKEN_BYTES = 24


@frozen
class VenueSettings:
    world: WorldSettings
    host: str = "127.0.0.1"
    port: int = field(default=0, validator=[ge(0), le(65534)])
    """HTTP; WebSockets take the next one. 0: any free ones."""
    speed: float = field(default=1.0, validator=gt(0))
    """World seconds per real second."""
    is_at_machine_time: bool = False
    """Once it answers, the world's time is this machine's: clients stamp with that clock, which
    they have. The world plays what it missed while its ports were being opened."""
    pace_s: float = field(default=0.004, validator=ge(0))
    """Real seconds the pump rests at least: what falls due together is sent together."""
    quirks: Quirks = NO_QUIRKS
    rules: ExchangeRules = ExchangeRules()
    desk: DeskSettings = DeskSettings()
    on_chain: OnChainSettings = OnChainSettings()
    crypto_price: CryptoPriceSettings = CryptoPriceSettings()
    limits: LimitSettings = LimitSettings()
    door: DoorSettings = DoorSettings(unfinished=256)
    """An order waits for its match before it is answered, so many may wait at once."""
    serve: ServeSettings = ServeSettings()


async def run_venue(
    settings: VenueSettings, *, task_status: trio.TaskStatus[Urls] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve a world until cancelled; starts with the addresses once everything answers.

    Fatal, bare, for an address that is not this machine's own, a port in use or a price file that
    cannot be read.
    """
    check_is_loopback(settings.host)
    world, bell = World(settings.world), Doorbell()
    clock = Clock.starting_at(world.now_ns, settings.speed)
    exchange = Exchange(world, settings.rules, now=clock.now_ns, on_request=bell.ring)
    wallets = Wallets(derived_wallets)
    office = BackOffice.over(exchange, wallets, settings.desk, settings.limits)
    on_chain = OnChain(world, exchange.holdings, wallets, settings.on_chain, exchange.recheck)
    polymarket = Polymarket(world, settings.quirks, office.desk, on_chain)
    services = ChainServices(world, office.listing, on_chain, office.auth, settings.crypto_price)
    exchanges = Exchanges(world)

    def open_session(target: str) -> ClientSession | None:
        return polymarket.open_session(target) or exchanges.open_session(target)

    connections = Connections(open_session)

    def trouble_market(kind: str, seconds: float) -> None:
        world.trouble(kind, int(seconds * clock.speed * NS_PER_S))

    token = secrets.token_urlsafe(_TOKEN_BYTES)
    app = _app(office, services, polymarket, exchanges, connections, trouble_market, clock, token)
    door = Door(Limited(app, office.limits), settings.host, settings.door)

    async def converse(peer: Peer) -> None:
        if may_come_in(peer.host, peer.origin, settings.host):
            await connections.converse(peer)
        else:
            await peer.refuse(403)

    ws_port = settings.port + 1 if settings.port else 0
    with _bare_fatal():
        async with trio.open_nursery() as nursery:

            async def run_http(*, task_status: trio.TaskStatus[int]) -> None:
                await serve_asgi(
                    door,
                    settings.host,
                    settings.port,
                    settings=settings.serve,
                    task_status=task_status,
                )

            async def run_sockets(*, task_status: trio.TaskStatus[int]) -> None:
                await serve_peers(settings.host, ws_port, converse, task_status=task_status)

            http_port: int = await nursery.start(run_http)
            sockets_port: int = await nursery.start(run_sockets)
            # The world begins when it can be seen, not while its ports were being opened.
            clock.anchor_ns = time.monotonic_ns()
            if settings.is_at_machine_time:
                missed_ns = WallClock().now_ns() - clock.epoch_ns
                clock.anchor_ns -= int(missed_ns / clock.speed)
            pump = Pump(world, clock, polymarket, exchanges, connections, bell)
            nursery.start_soon(pump.run, settings.pace_s)
            task_status.started(_urls(settings.host, http_port, sockets_port, clock, token))


def _app(
    office: BackOffice,
    services: ChainServices,
    polymarket: Polymarket,
    exchanges: Exchanges,
    connections: Connections,
    trouble_market: Callable[[str, float], None],
    clock: Clock,
    token: str,
) -> Starlette:
    door = ControlDoor(token)
    control = ControlApi(connections, exchanges.restart_bybit, trouble_market, clock, door)
    controls = [
        *control.routes(),
        *office.controls(clock, door),
        *services.controls(clock, door),
        *BuildersControl(polymarket.builder_codes, door).routes(),
    ]
    routes = [
        *polymarket.mounts(),
        *exchanges.mounts(),
        Mount("/control", routes=controls),
        *services.routes(),
        *office.website(),
    ]
    return Starlette(routes=routes, exception_handlers=ERROR_HANDLERS)


def _urls(host: str, http_port: int, sockets_port: int, clock: Clock, token: str) -> Urls:
    name = f"[{host}]" if ":" in host else host
    http, sockets = f"http://{name}:{http_port}", f"ws://{name}:{sockets_port}"
    return Urls(
        gamma=f"{http}/gamma",
        clob=f"{http}/clob",
        data_api=f"{http}/data-api",
        relayer=f"{http}{RELAYER_PREFIX}",
        rpc=f"{http}{RPC_PATH}",
        market_ws=f"{sockets}{MARKET_PATH}",
        user_ws=f"{sockets}{USER_PATH}",
        rtds_ws=f"{sockets}{RTDS_PATH}",
        polybolt_ws=f"{sockets}{POLYBOLT_PATH}",
        binance_ws=f"{sockets}{BINANCE_PREFIX}",
        binance_rest=f"{http}{BINANCE_PREFIX}",
        bybit_ws=f"{sockets}{BYBIT_PATH}",
        bybit_rest=f"{http}{BYBIT_PREFIX}",
        coinbase_ws=f"{sockets}{COINBASE_PATH}",
        coinbase_rest=f"{http}{COINBASE_PATH}",
        coinbase_exchange_ws=f"{sockets}{COINBASE_EXCHANGE_PATH}",
        coinbase_exchange_rest=f"{http}{COINBASE_EXCHANGE_PATH}",
        geoblock=http,
        control=f"{http}/control",
        control_token=token,
        epoch_ns=clock.epoch_ns,
        anchor_ns=clock.anchor_ns,
        speed=clock.speed,
    )


async def serve_forever(
    settings: VenueSettings,
    out: TextIO,
    *,
    until_stdin_closes: bool = False,
    is_traded: bool = False,
    greeting: TextIO | None = None,
) -> None:
    """Run the venue as a program: one JSON line on `out` when ready, and the same for a person on
    `greeting`; then until it is told to end.

    SIGTERM, SIGINT and SIGHUP end it, and so does the end of standard input if asked for: then a
    parent that is killed does not leave its venue behind. `is_traded`: not ready before it can
    judge signatures.
    """
    let_many_connect()
    if is_traded:
        # Its parent signs in as soon as it is ready, and the world would run on meanwhile.
        await load_ethereum()
    with (
        _bare_fatal(),
        trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_on_signal, signals, nursery.cancel_scope)
            if until_stdin_closes:
                nursery.start_soon(_end_with_stdin, nursery.cancel_scope)

            async def run(*, task_status: trio.TaskStatus[Urls]) -> None:
                await run_venue(settings, task_status=task_status)

            urls: Urls = await nursery.start(run)
            # What the world is made of lives as long as the process: keep the collector off it.
            gc.collect()
            gc.freeze()
            out.write(f"{urls.to_json()}\n")
            out.flush()
            if greeting is not None:
                greeting.write(welcome(urls))
                greeting.flush()
            if not until_stdin_closes and not is_traded:
                # It stands for itself, so strangers will come; the first would wait for seconds on
                # a busy machine, and its client gives up after five.
                await load_ethereum()


@contextmanager
def _bare_fatal() -> Iterator[None]:
    """Nurseries wrap what leaves them; a Fatal is for a person and leaves as itself."""
    try:
        yield
    except BaseExceptionGroup as group:
        fatal: BaseException | None = group.subgroup(Fatal)
        while isinstance(fatal, BaseExceptionGroup):
            fatal = fatal.exceptions[0]
        if fatal is None:
            raise
        raise fatal from None


async def _end_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()


async def _end_with_stdin(scope: trio.CancelScope) -> None:
    descriptor = sys.stdin.fileno()
    is_open = True
    while is_open:
        # A plain file cannot be waited for, and is always readable.
        with suppress(PermissionError):
            await trio.lowlevel.wait_readable(descriptor)
        is_open = bool(os.read(descriptor, 4096))
    scope.cancel()
