"""Faults on purpose, for demos and journeys: "crash:eth@round2", "silence:binance@round1+60sx5".

    KIND:TARGET@roundN[+Ss][xR]      S session seconds after the open of round N, for R real seconds

A crash raises inside one asset's nursery. What happens inside the engine beside it (kill, stall,
reject, flood) is in `faults.py`. Everything else the simulated venue does: a fault on the wires of
one of its services, or in its markets. Rounds are counted as the session counts them: those that
open before its eyes; of one asset where the target is one, of any where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import trio
from attrs import define, field, frozen

from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock
from polytui.runtime.sudden_death import (
    OF_ASSETS,
    OF_THE_JOURNAL,
    OF_THE_WALLET,
    PlannedDeath,
)

if TYPE_CHECKING:  # a plan is read before anything is started
    from polytui.desk.account import Account

_PART = re.compile(
    r"(?P<kind>[a-z]+):(?P<target>[a-z]+)@round(?P<round>[1-9][0-9]*)"
    r"(\+(?P<after>[0-9]+)s)?(x(?P<seconds>[0-9]+(\.[0-9]+)?))?"
)
_DEATH = re.compile(r"kill9:(?P<target>[a-z]+)@(?P<point>[a-z-]+)(#(?P<nth>[1-9][0-9]*))?")
_LOOK_EVERY_S = 0.05
EVERYTHING = "all"
NETWORK = (
    "drop", "close", "restart", "shutdown",
    "silence", "burst", "gap", "duplicates", "reorder", "truncate", "skew", "refuse",
)  # fmt: skip
"""Kinds that the simulated venue makes over its services."""
MARKET = ("spread", "divergence", "fees")
"""Kinds that it makes in all of its books."""
AT_ASSETS = ("crash", "stall", "reject", "flood")
IN_ENGINE = ("kill", "stall", "reject", "flood")
SERVICES = ("market", "rtds", "polybolt", "binance", "bybit", "coinbase")
_USUAL_S = {"stall": 1.2, "flood": 8.0}
_USUAL_OTHERWISE_S = 5.0
_MOST = {"stall": 2.0, "flood": 9.0}
"""Longer is no test of anything: sockets would be lost, or events."""


class ChaosCrash(Exception):
    """The crash that was asked for."""


@frozen
class PlannedFault:
    kind: str
    target: str
    """An asset, a service, "market" or "all", whatever suits the kind."""
    at_round: int
    after_s: float = 0.0
    """Session seconds after the open of that round."""
    seconds: float = _USUAL_OTHERWISE_S
    """Real seconds that it lasts, where it lasts; tenths of the inbox for a flood."""

    @property
    def asset(self) -> Asset | None:
        return Asset(self.target) if self.kind in AT_ASSETS else None

    @property
    def is_in_engine(self) -> bool:
        """Whether the engine does it to itself and goes on."""
        return self.kind in IN_ENGINE

    @property
    def is_at_venue(self) -> bool:
        return self.kind in NETWORK or self.kind in MARKET

    def has_opened(self, account: Account, assets: Sequence[Asset]) -> bool:
        """Whether the round has opened: of its asset, or of any."""
        watched = assets if self.asset is None else (self.asset,)
        return any(account.of(a).rounds_opened >= self.at_round for a in watched)


def parse_deaths(text: str) -> tuple[PlannedDeath, ...]:
    """Of the same plan, where the process is to kill itself."""
    found = (_DEATH.fullmatch(part.strip()) for part in text.split(","))
    return tuple(_planned_death(one) for one in found if one is not None)


def _planned_death(found: re.Match[str]) -> PlannedDeath:
    target, point, part = found["target"], found["point"], found[0]
    if point in OF_THE_JOURNAL and target != EVERYTHING:
        raise Fatal(f"chaos {part!r}: all assets have one journal, say kill9:all@{point}")
    if point in OF_THE_WALLET and target != EVERYTHING:
        raise Fatal(f"chaos {part!r}: all assets have one wallet, say kill9:all@{point}")
    if point not in (known := OF_ASSETS + OF_THE_WALLET + OF_THE_JOURNAL):
        points = ", ".join(known)
        raise Fatal(f"chaos {part!r}: {point} is none of {points}")
    if target not in (EVERYTHING, *[asset.value for asset in Asset]):
        raise Fatal(f"chaos {part!r}: {target} is no asset, and not all")
    return PlannedDeath(point, "" if target == EVERYTHING else target, int(found["nth"] or 1))


def parse_chaos(text: str, assets: Sequence[Asset] = tuple(Asset)) -> tuple[PlannedFault, ...]:
    """A plan of comma-separated faults, those left out that end the process. Fatal with the wrong
    part in words, also for an asset that is not among those of the session: its fault would never
    come."""
    parse_deaths(text)
    parts = [part.strip() for part in text.split(",")] if text else []
    faults = tuple(_parse_fault(part) for part in parts if _DEATH.fullmatch(part) is None)
    for fault in faults:
        if fault.asset is not None and fault.asset not in assets:
            raise Fatal(f"chaos: {fault.target} is not traded in this session; add it to it")
    return faults


def _parse_fault(part: str) -> PlannedFault:
    found = _PART.fullmatch(part)
    if found is None:
        raise Fatal(
            f"chaos {part!r} is not like crash:eth@round2, drop:all@round2"
            " or silence:binance@round1+60sx5"
        )
    kind, target = found["kind"], found["target"]
    known = _targets(kind)
    if not known:
        kinds = ", ".join(NETWORK + MARKET + IN_ENGINE)
        raise Fatal(f"chaos {part!r}: use crash or one of {kinds}")
    if target not in known:
        raise Fatal(f"chaos {part!r}: {target} is none of {', '.join(known)}")
    seconds = float(found["seconds"] or _USUAL_S.get(kind, _USUAL_OTHERWISE_S))
    if seconds > _MOST.get(kind, seconds):
        raise Fatal(f"chaos {part!r}: a {kind} may be x{_MOST[kind]:g} at most")
    return PlannedFault(kind, target, int(found["round"]), float(found["after"] or 0), seconds)


def _targets(kind: str) -> tuple[str, ...]:
    """What a kind may be aimed at; nothing for a kind that is none."""
    if kind in AT_ASSETS:
        return tuple(asset.value for asset in Asset)
    if kind in NETWORK:
        return (EVERYTHING, *SERVICES)
    if kind in MARKET:
        return ("market",)
    return (EVERYTHING,) if kind in IN_ENGINE else ()


@define
class Chaos:
    """State: the faults that are still to come, and since when their rounds are open."""

    faults: list[PlannedFault]
    clock: SessionClock
    _opened_ns: dict[PlannedFault, int] = field(factory=dict)

    async def crash_when_due(self, asset: Asset, account: Account) -> None:
        """Raise in the caller's nursery when a crash of `asset` is due."""

        def is_meant(fault: PlannedFault) -> bool:
            return fault.kind == "crash" and fault.asset is asset

        if fault := await self._next(is_meant, account, (asset,)):
            raise ChaosCrash(f"asked for at round {fault.at_round}")

    async def next_network_fault(
        self, account: Account, assets: Sequence[Asset]
    ) -> PlannedFault | None:
        """What the venue is to do next, once it is due; None when the plan has none left."""
        return await self._next(lambda fault: fault.is_at_venue, account, assets)

    async def next_fault(self, account: Account, assets: Sequence[Asset]) -> PlannedFault | None:
        """What the engine is to do to itself next, once it is due; None when nothing is left."""
        return await self._next(lambda fault: fault.is_in_engine, account, assets)

    async def _next(
        self, is_meant: Callable[[PlannedFault], bool], account: Account, assets: Sequence[Asset]
    ) -> PlannedFault | None:
        while any(is_meant(fault) for fault in self.faults):
            for fault in self.faults:
                if is_meant(fault) and self._is_due(fault, account, assets):
                    self.faults.remove(fault)
                    return fault
            await trio.sleep(_LOOK_EVERY_S)
        return None

    def _is_due(self, fault: PlannedFault, account: Account, assets: Sequence[Asset]) -> bool:
        if not fault.has_opened(account, assets):
            return False
        now_ns = self.clock.now_ns()
        since_ns = self._opened_ns.setdefault(fault, now_ns)
        return now_ns - since_ns >= fault.after_s * NS_PER_S
