"""The one place where worlds differ: where events come from, whose clock runs, what trades.

| mode   | events from                  | execution | clock               | endpoints   | trades  |
|--------|------------------------------|-----------|---------------------|-------------|---------|
| paper  | live public feeds            | paper     | wall                | config.toml | enabled |
| demo   | `polytui venue`, ours or any | live      | the venue's, scaled | loopback    | more    |
| live   | live public feeds            | live      | wall                | config.toml | enabled |
| shadow | live public feeds            | paper     | wall                | config.toml | enabled |

Shadow signs and checks every order, and sends none.
Limits are those of config.toml; live and shadow take `live-first`'s for whatever nobody has set.

A demo's wallet is nobody's: its key is made of the venue's own token, its dollars come from the
venue's faucet, and it is armed for addresses of this machine alone. `--paper` is a demo whose
orders the venue never hears of.

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
from polytui.config.profiles import adapted_to_live, limits_said
from polytui.config.runtime_folder import runtime_folder
from polytui.config.schema import EndpointSettings, Settings, SocketLimits
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import Secret
from polytui.config.state_folder import StateFolder, state_folder
from polytui.config.wallet import chosen_api_key
from polytui.execution.arming import Armed, Unarmed
from polytui.execution.client import OpenExecution
from polytui.execution.live import open_live
from polytui.execution.paper_client import open_paper
from polytui.execution.shadow_live import open_shadow_live
from polytui.journal.risk_state_file import OfWallet
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.net.clock import Clock, SessionClock, WallClock
from polytui.net.http import Http, HttpSettings
from polytui.net.pools import Pools
from polytui.runtime.demo_wallet import armed_at
from polytui.runtime.plan import Plan
from polytui.runtime.venue_child import open_venue
from polytui.runtime.venue_control import controlling
from polytui.sim.server.urls import Urls
from polytui.venues.quota import Quotas

_EAGER_CAP_S = 1.0
_HEARTBEAT_S = 10.0
"""The real venue's patience with a key that does not beat."""
_PATIENCE_REAL_S = 20.0
"""A demo's, in real seconds, where that is longer."""


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
    """Sessions of one world go on from each other: an account's name where real money is, empty for
    the real one on paper, None for one that ends with the session."""
    seed: int | None = None
    """Of a world that this session began."""
    warnings: tuple[str, ...] = ()
    """What people should know of where the session lives."""
    pools: Pools = field(factory=Pools)
    """Connections and pace by host, of all assets and all their lives; closed at the end."""
    armed: Armed | Unarmed | None = None
    """Who may send orders, or only sign them; None on paper."""
    states: StateFolder | None = None
    """What is known of its wallet beyond this session, its day and its API key; None where it has
    none, or one that ends with its venue."""
    locks: StateFolder | None = None
    """Where that wallet is held; None where nobody else can have it."""

    @property
    def of_wallet(self) -> OfWallet | None:
        """The wallet whose day is kept whatever folder its sessions are in; None where it is the
        folder's."""
        if self.states is None or not isinstance(self.armed, Armed):
            return None
        wallet = self.armed.wallet
        path = self.states.risk_state(wallet.funder, wallet.chain_id)
        return OfWallet(f"{wallet.chain_id}:{wallet.funder.lower()}", path)


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
async def _live(
    armed: Armed | Unarmed | None,
    settings: Settings,
    folder: Path,
    config: Path | None,
    prices: Path | None,
) -> AsyncIterator[Surroundings]:
    """As on paper, with a wallet, and a word on whose limits these are."""
    if armed is None:
        raise Fatal("live trading needs a wallet that somebody has named")
    async with _paper(settings, folder, config, prices) as surroundings:
        warnings = (limits_said(settings), *surroundings.warnings)
        world = _account_of(armed) if isinstance(armed, Armed) else surroundings.world
        states = state_folder()
        yield attrs.evolve(
            surroundings, armed=armed, warnings=warnings, world=world, states=states, locks=states
        )


def _account_of(armed: Armed) -> str:
    """Whose money, and by whose key its orders are named: another wallet's session is another
    world's, though it is in the same folder."""
    wallet = armed.wallet
    return f"{wallet.chain_id}:{wallet.funder.lower()}:{wallet.owner.lower()}"


@asynccontextmanager
async def _demo(
    is_on_paper: bool, settings: Settings, folder: Path, config: Path | None, prices: Path | None
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
    if not is_on_paper:
        arguments += ["--heartbeat", f"{_patience_s(demo.speed):g}", "--is-traded"]
    async with open_venue(arguments, folder / "venue.log") as urls:
        clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
        here = _beating_for(demo.speed, _settings_at(urls, settings))
        armed = None if is_on_paper else await armed_at(urls, here)
        # The simulated venue takes any credentials; these are nobody's.
        credentials = ApiKey("demo", Secret("demo"), Secret("demo"))
        fault, turn = partial(_make_fault, urls), partial(_turn, urls, clock)
        yield Surroundings(
            here, clock, credentials, fault, turn, world=None, seed=demo.seed, armed=armed
        )


@asynccontextmanager
async def _attached(
    urls: Urls,
    is_on_paper: bool,
    settings: Settings,
    folder: Path,
    config: Path | None,
    prices: Path | None,
) -> AsyncIterator[Surroundings]:
    """A venue that runs for itself: its speed is not ours to change, and it is there when we are
    not. Fatal where nobody answers."""
    await _find(urls)
    clock = Clock(urls.epoch_ns, urls.anchor_ns, urls.speed)
    here = _settings_at(urls, settings)
    armed = None if is_on_paper else await armed_at(urls, here)
    credentials, fault = ApiKey("demo", Secret("demo"), Secret("demo")), partial(_make_fault, urls)
    world = f"{urls.anchor_ns:x}"
    locks = StateFolder(runtime_folder(), is_passing=True)
    yield Surroundings(here, clock, credentials, fault, world=world, armed=armed, locks=locks)


async def _find(urls: Urls) -> None:
    http = Http(urls.geoblock, HttpSettings())
    try:
        await http.get("/api/geoblock")
    except (Retry, Rejected, Unknown) as error:
        raise Fatal(f"the venue of --venue does not answer at {urls.geoblock}: {error}") from error
    finally:
        await http.close()


def _patience_s(speed: float) -> float:
    """Session seconds without a heartbeat after which a demo's venue cancels. A real venue's ten
    are half a second at twenty times speed: a busy machine would lose them all the time."""
    return max(_HEARTBEAT_S, _PATIENCE_REAL_S * speed)


def _beating_for(speed: float, settings: Settings) -> Settings:
    """Beats as often as that patience wants, and a grace that ends before it does."""
    patience_s, live = _patience_s(speed), settings.live
    beating = attrs.evolve(
        live,
        heartbeat_s=max(live.heartbeat_s, patience_s / 10),
        heartbeat_answer_s=max(live.heartbeat_answer_s, patience_s / 5),
        heartbeat_grace_s=max(live.heartbeat_grace_s, patience_s * 0.8),
    )
    return attrs.evolve(settings, live=beating)


def _settings_at(urls: Urls, settings: Settings) -> Settings:
    return attrs.evolve(settings, endpoints=_endpoints(urls), sockets=_eager(settings.sockets))


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
    async with controlling(urls) as http:
        await http.post(path, msgspec.json.encode(order))


@frozen
class Mode:
    """One row of the table above."""

    command: str
    """The subcommand that runs it."""
    opener: Callable[[Plan], Opener]
    """What a session of this plan lives in."""
    execution: OpenExecution
    """What trades, and for whom."""
    is_simulated: bool
    """The world has a seed and a speed, and nobody's money is in it."""
    adapted: Callable[[Settings, Settings], Settings]
    """What it makes of settings that were read, at the start and whenever they are read again, in a
    session that began with the second."""


def _as_written(settings: Settings, began: Settings) -> Settings:
    return settings


def _opener_of_demo(plan: Plan) -> Opener:
    if plan.venue is not None:
        return partial(_attached, plan.venue, plan.is_on_paper)
    return partial(_demo, plan.is_on_paper)


def _opener_of_live(plan: Plan) -> Opener:
    return partial(_live, plan.armed)


MODES: dict[str, Mode] = {
    "paper": Mode(
        "run",
        lambda plan: _paper,
        open_paper,
        is_simulated=False,
        adapted=_as_written,
    ),
    "demo": Mode(
        "demo",
        _opener_of_demo,
        open_live,
        is_simulated=True,
        adapted=adapted_to_demo,
    ),
    "live": Mode(
        "run",
        _opener_of_live,
        open_live,
        is_simulated=False,
        adapted=adapted_to_live,
    ),
    "shadow": Mode(
        "run",
        _opener_of_live,
        open_shadow_live,
        is_simulated=False,
        adapted=adapted_to_live,
    ),
}


def opener_of(plan: Plan) -> Opener:
    """What a session of this plan lives in."""
    return MODES[plan.mode].opener(plan)


def execution_of(plan: Plan) -> OpenExecution:
    """What trades in it."""
    return open_paper if plan.is_on_paper else MODES[plan.mode].execution


def trades_at_venue(plan: Plan) -> bool:
    """Whether a venue has the orders, and goes on having them when the process is no more."""
    return execution_of(plan) is open_live
