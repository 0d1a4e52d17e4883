"""Faults on purpose, for demos and journeys: "crash:eth@round2", "silence:binance@round1+60sx5".

    KIND:TARGET@roundN[+Ss][xR]      S session seconds after the open of round N, for R real seconds

A crash raises inside one asset's nursery; everything else is weather that the simulated venue
makes over one of its services. Rounds are counted as the session counts them: those that open
before its eyes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import trio
from attrs import define, field, frozen

from polytui.desk.account import Account
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset
from polytui.model.units import NS_PER_S
from polytui.net.clock import SessionClock

_PART = re.compile(
    r"(?P<kind>[a-z]+):(?P<target>[a-z]+)@round(?P<round>[1-9][0-9]*)"
    r"(\+(?P<after>[0-9]+)s)?(x(?P<seconds>[0-9]+(\.[0-9]+)?))?"
)
_LOOK_EVERY_S = 0.05
EVERYTHING = "all"
WEATHER = (
    "drop", "close", "restart", "shutdown",
    "silence", "burst", "gap", "duplicates", "reorder", "truncate", "skew", "refuse",
)  # fmt: skip
"""Kinds that the simulated venue understands."""
SERVICES = ("market", "rtds", "polybolt", "binance", "bybit", "coinbase")
_USUAL_S = 5.0


class ChaosCrash(Exception):
    """The crash that was asked for."""


@frozen
class Fault:
    kind: str
    target: str
    """An asset for a crash; a service or "all" for weather."""
    at_round: int
    after_s: float = 0.0
    """Session seconds after the open of that round."""
    seconds: float = _USUAL_S
    """Real seconds that it lasts, where it lasts."""

    @property
    def asset(self) -> Asset | None:
        return Asset(self.target) if self.kind == "crash" else None

    def has_opened(self, account: Account, assets: Sequence[Asset]) -> bool:
        """Whether the round has opened: of its asset, or of any."""
        watched = assets if self.asset is None else (self.asset,)
        return any(len(account.books(a).session_rounds) >= self.at_round for a in watched)


def parse_chaos(text: str, assets: Sequence[Asset] = tuple(Asset)) -> tuple[Fault, ...]:
    """A plan of comma-separated faults. Fatal with the wrong part in words, also for an asset
    that is not among those of the session: its fault would never come."""
    faults = tuple(_parse_fault(part.strip()) for part in text.split(",")) if text else ()
    for fault in faults:
        if fault.asset is not None and fault.asset not in assets:
            raise Fatal(f"chaos: {fault.target} is not traded in this session; add it to it")
    return faults


def _parse_fault(part: str) -> Fault:
    found = _PART.fullmatch(part)
    if found is None:
        raise Fatal(
            f"chaos {part!r} is not like crash:eth@round2, drop:all@round2"
            " or silence:binance@round1+60sx5"
        )
    kind, target = found["kind"], found["target"]
    if kind != "crash" and kind not in WEATHER:
        raise Fatal(f"chaos {part!r}: use crash or one of {', '.join(WEATHER)}")
    known = [asset.value for asset in Asset] if kind == "crash" else [EVERYTHING, *SERVICES]
    if target not in known:
        raise Fatal(f"chaos {part!r}: {target} is none of {', '.join(known)}")
    return Fault(
        kind,
        target,
        int(found["round"]),
        float(found["after"] or 0),
        float(found["seconds"] or _USUAL_S),
    )


@define
class Chaos:
    """State: the faults that are still to come, and since when their rounds are open."""

    faults: list[Fault]
    clock: SessionClock
    _opened_ns: dict[Fault, int] = field(factory=dict)

    async def crash_when_due(self, asset: Asset, account: Account) -> None:
        """Raise in the caller's nursery when a crash of `asset` is due."""
        while any(fault.asset is asset for fault in self.faults):
            for fault in self.faults:
                if fault.asset is asset and self._is_due(fault, account, (asset,)):
                    self.faults.remove(fault)
                    raise ChaosCrash(f"asked for at round {fault.at_round}")
            await trio.sleep(_LOOK_EVERY_S)

    async def next_weather(self, account: Account, assets: Sequence[Asset]) -> Fault | None:
        """The next weather once it is due; None when the plan has none left."""
        while any(fault.asset is None for fault in self.faults):
            for fault in self.faults:
                if fault.asset is None and self._is_due(fault, account, assets):
                    self.faults.remove(fault)
                    return fault
            await trio.sleep(_LOOK_EVERY_S)
        return None

    def _is_due(self, fault: Fault, account: Account, assets: Sequence[Asset]) -> bool:
        if not fault.has_opened(account, assets):
            return False
        now_ns = self.clock.now_ns()
        since_ns = self._opened_ns.setdefault(fault, now_ns)
        return now_ns - since_ns >= fault.after_s * NS_PER_S
