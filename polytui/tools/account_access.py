"""Which wallet a command speaks for, and whether it may trade; at the venue or a simulated one."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

import attrs
from attrs import frozen

from polytui.config.relayer_key import GaslessKey, chosen_gasless_key
from polytui.config.schema import EndpointSettings, Settings
from polytui.config.secret_sources import SecretSources
from polytui.config.state_folder import state_folder
from polytui.confirmation import Confirmation
from polytui.execution.arming import Armed, arm_live, arm_simulated, check_switches, unarmed
from polytui.execution.wallet_log import work_file
from polytui.model.errors import Fatal, Rejected, Retry, Unknown
from polytui.model.link import Hello
from polytui.paths import running_venue
from polytui.runtime.demo_wallet import relayer_key_at, wallet_at
from polytui.runtime.modes import Surroundings, opener_of
from polytui.runtime.plan import Plan
from polytui.sim.server.urls import Urls
from polytui.tools.venue_account import Access, VenueAccount, open_venue_account
from polytui.venues.polymarket.plain_refusals import in_plain_words

LIVE = "live"
"""The mode in which money is real."""


@frozen
class AccountAccess:
    """As the command line named it. `urls`: of a simulated venue that runs already; its wallet is
    the throwaway one of that venue, never one with money."""

    settings: Settings
    config: Path | None
    sources: SecretSources
    urls: Urls | None

    @property
    def access(self) -> Access:
        """Blocked where there is no wallet to speak for."""
        if self.urls is not None:
            return Access(wallet_at(self.urls, self.settings), None, is_simulated=True)
        found = unarmed(self.sources)
        return Access(found.wallet, found.api_key, is_simulated=False)

    async def gasless(self) -> GaslessKey | None:
        """For the relayer; None where nobody has one. Fatal for half of one."""
        if self.urls is not None:
            return await relayer_key_at(self.urls, self.access.wallet)
        return chosen_gasless_key(self.sources)[0]

    def work_log(self) -> Path | None:
        """Where sessions write down what this wallet does on the chain."""
        sessions, is_simulated = Path(self.settings.journal.directory), self.urls is not None
        if is_simulated and not sessions.is_dir():
            return None
        return work_file(self.access.wallet, sessions, is_simulated=is_simulated)

    def is_traded_by(self, engine: Hello) -> bool:
        """Whether that engine has to do with this wallet at the venue. One that only signs has
        not."""
        mode = LIVE if self.urls is None else "demo"
        if engine.mode != mode or not engine.wallet:
            return False
        return engine.wallet.lower() == self.access.wallet.funder.lower()

    def check_gates(self) -> None:
        """Before anything is shown: whoever may not trade learns it at once."""
        if self.urls is None:
            check_switches(self.sources)

    def armed(self, confirmation: Confirmation) -> Armed:
        """Blocked with the tag of the first gate that is closed."""
        if self.urls is not None:
            places = [getattr(self.urls, name) for name in _asked(self.urls)]
            return arm_simulated(self.access.wallet, None, places)
        return arm_live(self.sources, confirmation)

    @contextmanager
    def held(self, what: str) -> Iterator[None]:
        """The wallet is ours alone while we place orders; Blocked where an engine trades it."""
        if self.urls is not None:
            yield
            return
        wallet = self.access.wallet
        with state_folder().wallet_held(wallet.owner, wallet.chain_id, what):
            yield

    @asynccontextmanager
    async def world(self) -> AsyncIterator[Surroundings]:
        mode = "paper" if self.urls is None else "demo"
        plan = Plan(mode, self.settings, Path(), venue=self.urls, is_on_paper=True)
        async with opener_of(plan)(self.settings, Path(), self.config, None) as world:
            yield world

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[VenueAccount]:
        """Fatal, in words that end with what to do, for whatever the venue refuses."""
        access = self.access
        try:
            async with (
                self.world() as world,
                open_venue_account(world, access, state_folder()) as account,
            ):
                yield account
        except (Retry, Rejected, Unknown) as error:
            raise Fatal(in_plain_words(str(error))) from None


def account_access(settings: Settings, config: Path | None, venue: Path | None) -> AccountAccess:
    """BadSettings for a file that names no venue."""
    ask = _passphrase if sys.stdin.isatty() else None
    sources = SecretSources(Path.cwd(), ask_passphrase=ask)
    urls = None if venue is None else running_venue(venue)
    return AccountAccess(settings, config, sources, urls)


def _asked(urls: Urls) -> list[str]:
    """Names of the addresses that anything is asked at."""
    return [one.name for one in attrs.fields(EndpointSettings) if hasattr(urls, one.name)]


def check_named(engine: Hello, named: str) -> None:
    """Whoever tells an engine to sell with real money names its wallet; Blocked where nobody does,
    or somebody names another."""
    if engine.mode == LIVE:
        words = f"{engine.wallet}, of {engine.session}"
        Confirmation(named, "have it sold out").check(engine.wallet, words)


@cache
def _passphrase(path: str) -> str:
    """Once, however often the key is looked for."""
    return getpass.getpass(f"pass phrase of {path}: ")
