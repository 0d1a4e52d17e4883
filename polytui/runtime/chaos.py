"""Faults on purpose, for demos and journeys: "crash:eth@round2", "drop:all@round2".

A crash raises inside one asset's nursery; a drop asks the simulated venue to cut every socket.
Rounds are counted as the session counts them: those that open before its eyes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import trio
from attrs import define, frozen

from polytui.desk.account import Account
from polytui.model.errors import Fatal
from polytui.model.instrument import Asset

_PART = re.compile(r"(?P<kind>crash|drop):(?P<target>[a-z]+)@round(?P<round>[1-9][0-9]*)")
_LOOK_EVERY_S = 0.05


class ChaosCrash(Exception):
    """The crash that was asked for."""


@frozen
class Fault:
    kind: str
    asset: Asset | None
    """None for all."""
    at_round: int

    def is_due(self, account: Account, assets: tuple[Asset, ...]) -> bool:
        """Whether the round has opened: of its asset, or of any."""
        watched = assets if self.asset is None else (self.asset,)
        return any(len(account.books(a).session_rounds) >= self.at_round for a in watched)


def parse_chaos(text: str, assets: Sequence[Asset] = tuple(Asset)) -> tuple[Fault, ...]:
    """A plan of comma-separated faults. Fatal with the wrong part in words, also for an asset
    that is not among those of the session: its fault would never come."""
    faults = tuple(_parse_fault(part.strip()) for part in text.split(",")) if text else ()
    for fault in faults:
        if fault.asset is not None and fault.asset not in assets:
            raise Fatal(f"chaos: {fault.asset.value} is not traded in this session; add it to it")
    return faults


def _parse_fault(part: str) -> Fault:
    found = _PART.fullmatch(part)
    if found is None:
        raise Fatal(f"chaos {part!r} is not like crash:eth@round2 or drop:all@round2")
    kind, target = found["kind"], found["target"]
    if target == "all":
        asset = None
    elif target in {asset.value for asset in Asset}:
        asset = Asset(target)
    else:
        raise Fatal(f"chaos {part!r}: {target} is no asset; use btc, eth, sol, xrp or all")
    if (kind == "drop") != (asset is None):
        raise Fatal(f"chaos {part!r}: a crash is of one asset, a drop is of all")
    return Fault(kind, asset, int(found["round"]))


@define
class Chaos:
    """State: the faults that are still to come. One fault happens once."""

    faults: list[Fault]

    async def crash_when_due(self, asset: Asset, account: Account) -> None:
        """Raise in the caller's nursery when a crash of `asset` is due."""
        while any(fault.asset is asset for fault in self.faults):
            for fault in self.faults:
                if fault.asset is asset and fault.is_due(account, (asset,)):
                    self.faults.remove(fault)
                    raise ChaosCrash(f"asked for at round {fault.at_round}")
            await trio.sleep(_LOOK_EVERY_S)

    async def wait_for_drop(self, account: Account, assets: tuple[Asset, ...]) -> bool:
        """Return True when a drop is due; False when the plan has none left."""
        while any(fault.kind == "drop" for fault in self.faults):
            for fault in self.faults:
                if fault.kind == "drop" and fault.is_due(account, assets):
                    self.faults.remove(fault)
                    return True
            await trio.sleep(_LOOK_EVERY_S)
        return False
