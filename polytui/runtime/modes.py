"""The one place where worlds differ: where events come from, whose clock runs, what trades.

| mode  | events from                    | execution | clock               | endpoints   | trades  |
|-------|--------------------------------|-----------|---------------------|-------------|---------|
| paper | live public feeds              | paper     | wall                | config.toml | enabled |
| demo  | `polytui venue`, a child of us | paper     | the venue's, scaled | loopback    | more    |

Replay and the in-process demo have no tasks at all; they are in `backtest/`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import msgspec
from attrs import field, frozen

from polytui.config.api_key import ApiKey
from polytui.config.demo import adapted_to_demo
from polytui.config.schema import DemoSettings, EndpointSettings, Settings, SocketLimits
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import Secret
from polytui.config.wallet import chosen_api_key
from polytui.execution.client import OpenExecution
from polytui.execution.paper_client import open_paper
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.net.clock import Clock, SessionClock, WallClock
from polytui.net.http import Http, HttpSettings
from polytui.net.pools import Pools
from polytui.runtime.venue_child import open_venue
from polytui.sim.server.urls import Urls
from polytui.venues.quota import Quotas

_EAGER_CAP_S = 1.0


@frozen
class Surroundings:
    """What a mode gives a session to live in."""

    settings: Settings
    clock: SessionClock
    credentials: ApiKey | None
    make_fault: Callable[[str, str, float], Awaitable[None]] | None
    """(kind, service, real seconds) of trouble; None where the venue is not ours to trouble."""
    turn: Callable[[float, int], Awaitable[None]] | None = None
    """(speed, monotonic moment): session time runs at it from then on; None for real time."""
    quotas: Quotas = field(factory=Quotas)
    """Of all assets and all their lives."""
    world: str | None = ""
    """Sessions of one world go on from each other: empty for the real one, None for one that ends
    with the session."""
    seed: int | None = None
    """Of a world that this session began."""
    warnings: tuple[str, ...] = ()
    """What people should know of where the session lives."""
    pools: Pools = field(factory=Pools)
    """Connections and pace by host, of all assets and all their lives; closed at the end."""


Opener = Callable[
    [Settings, Path, Path | None, Path | None], AbstractAsyncContextManager[Surroundings]
]
"""Settings, the session's folder, the settings' file, recorded prices or None."""


@asynccontextmanager
async def _paper(
    settings: Settings, folder: Path, config: Path | None, prices: Path | None
) -> AsyncIterator[Surroundings]:
    sources = SecretSources(Path.cwd())
    credentials, found = chosen_api_key(sources)
    disagreements = (one.warning for one in found)
    warnings = tuple(filter(None, [*disagreements, *sources.exposures]))
    yield Surroundings(settings, WallClock(), credentials, None, warnings=warnings)


@asynccontextmanager
async def _demo(
    settings: Settings, folder: Path, config: Path | None, prices: Path | None
) -> AsyncIterator[Surroundings]:
    demo, session = settings.demo, settings.session
    arguments = [
        "--seed", str(demo.seed),
        "--speed", str(demo.speed),
        "--start", demo.start,
        "--world", demo.world,
        "--messages", str(demo.messages),
        "--crowd-delay", str(demo.crowd_delay_s),
        "--assets", ",".join(asset.value for asset in session.assets),
        "--intervals", ",".join(interval.value for interval in session.intervals),
    ]  # fmt: skip
    if config is not None:
        arguments += ["--config", str(config)]
    if prices is not None:
        arguments += ["--prices", str(prices)]
    async with open_venue(arguments, folder / "venue.log") as urls:
        clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
        here = attrs.evolve(settings, endpoints=_endpoints(urls), sockets=_eager(settings.sockets))
        # The simulated venue takes any credentials; these are nobody's.
        credentials = ApiKey("demo", Secret("demo"), Secret("demo"))
        fault, turn = partial(_make_fault, urls), partial(_turn, urls, clock)
        yield Surroundings(here, clock, credentials, fault, turn, world=None, seed=demo.seed)


@asynccontextmanager
async def _attached(
    urls: Urls, settings: Settings, folder: Path, config: Path | None, prices: Path | None
) -> AsyncIterator[Surroundings]:
    """A venue that runs for itself: its speed is not ours to change, and it is there when we are
    not. Fatal where nobody answers."""
    await _find(urls)
    clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
    here = attrs.evolve(settings, endpoints=_endpoints(urls), sockets=_eager(settings.sockets))
    credentials, fault = ApiKey("demo", Secret("demo"), Secret("demo")), partial(_make_fault, urls)
    yield Surroundings(here, clock, credentials, fault, world=f"{urls.anchor_ns:x}")


async def _find(urls: Urls) -> None:
    http = Http(urls.geoblock, HttpSettings())
    try:
        await http.get("/api/geoblock")
    except (Retry, Rejected, Unknown) as error:
        raise Fatal(f"the venue of --venue does not answer at {urls.geoblock}: {error}") from error
    finally:
        await http.close()


def _endpoints(urls: Urls) -> EndpointSettings:
    names = [
        field.name for field in attrs.fields(EndpointSettings) if field.name in attrs.asdict(urls)
    ]
    there = {name: getattr(urls, name) for name in names}
    return EndpointSettings(
        **there, binance_ws_spare=urls.binance_ws, binance_rest_spare=urls.binance_rest
    )


def _eager(sockets: SocketLimits) -> SocketLimits:
    """Real venues ban who reconnects too often; ours may be asked every second."""
    return attrs.evolve(sockets, backoff_cap_s=min(sockets.backoff_cap_s, _EAGER_CAP_S))


async def _make_fault(urls: Urls, kind: str, service: str, seconds: float) -> None:
    await _control(urls, "/fault", {"kind": kind, "who": service, "seconds": seconds})


async def _turn(urls: Urls, clock: Clock, speed: float, at_ns: int) -> None:
    """Venue and session change their speed at the same moment, so their clocks stay equal."""
    await _control(urls, "/speed", {"speed": speed, "at_monotonic_ns": at_ns})
    clock.turn(speed, at_ns)


async def _control(urls: Urls, path: str, order: dict[str, object]) -> None:
    given = {"Authorization": f"Bearer {urls.control_token}"}
    http = Http(urls.control, HttpSettings(), headers=given)
    try:
        await http.post(path, msgspec.json.encode(order))
    finally:
        await http.close()


@frozen
class Mode:
    """One row of the table above."""

    command: str
    """The subcommand that runs it."""
    opener: Opener
    execution: OpenExecution
    """What trades, and for whom."""
    is_simulated: bool
    """The world has a seed and a speed, and nobody's money is in it."""
    adapted: Callable[[Settings, DemoSettings], Settings]
    """What it makes of settings that were read, at the start and whenever they are read again, in a
    demo that began with these."""


def _as_written(settings: Settings, demo: DemoSettings) -> Settings:
    return settings


MODES: dict[str, Mode] = {
    "paper": Mode(
        "run",
        _paper,
        open_paper,
        is_simulated=False,
        adapted=_as_written,
    ),
    "demo": Mode(
        "demo",
        _demo,
        open_paper,
        is_simulated=True,
        adapted=adapted_to_demo,
    ),
}


def opener_of(mode: str, venue: Urls | None) -> Opener:
    """What a session of this mode lives in; `venue`: a simulated one that runs already."""
    return MODES[mode].opener if venue is None else partial(_attached, venue)
