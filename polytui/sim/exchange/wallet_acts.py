"""What wallets did on the chain besides trading, in the order in which it was mined."""

from __future__ import annotations

from collections.abc import Set
from enum import Enum

from attrs import frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.units import Shares, Usd


class ActKind(str, Enum):
    """As the venue's index calls them."""

    SPLIT = "SPLIT"
    MERGE = "MERGE"
    REDEEM = "REDEEM"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    MAKER_REBATE = "MAKER_REBATE"
    RECEIVED = "RECEIVED"
    """Shares that another wallet sent. The venue has no word for it and lists none."""
    SENT = "SENT"


@frozen
class WalletAct:
    at_ns: int
    kind: ActKind
    wallet: str
    usd: Usd
    """Dollars that moved, whichever way the kind says."""
    shares: Shares = Shares(0)
    """Of each outcome where sets were made or melted, else of `outcome`."""
    listed: Round | None = None
    outcome: Outcome | None = None
    transaction_hash: str = ""


class WalletActs:
    """In the order of time; a wallet's own are found without the others."""

    def __init__(self) -> None:
        self._of: dict[str, list[WalletAct]] = {}
        self._in: dict[str, set[str]] = {}
        """Wallets by condition."""

    def add(self, *acts: WalletAct) -> None:
        for act in acts:
            self._of.setdefault(act.wallet, []).append(act)
            if act.listed is not None:
                self._in.setdefault(act.listed.condition_id, set()).add(act.wallet)

    def forget(self, condition_id: str) -> None:
        """Everything that was done with the shares of a condition."""
        for wallet in self._in.pop(condition_id, ()):
            self._of[wallet] = _without(self._of[wallet], condition_id)

    def of(self, wallet: str) -> list[WalletAct]:
        """Oldest first."""
        return self._of.get(wallet, [])

    def wallets_in(self, condition_id: str) -> Set[str]:
        """Who did anything with shares of a condition."""
        return self._in.get(condition_id, set())


def _without(acts: list[WalletAct], condition_id: str) -> list[WalletAct]:
    return [act for act in acts if act.listed is None or act.listed.condition_id != condition_id]
