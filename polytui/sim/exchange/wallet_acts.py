"""What wallets did on the chain besides trading, in the order in which it was mined."""

from __future__ import annotations

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
    """Append-only; a wallet's own are found without the others."""

    def __init__(self) -> None:
        self._of: dict[str, list[WalletAct]] = {}
        self._all: list[WalletAct] = []

    def add(self, *acts: WalletAct) -> None:
        for act in acts:
            self._all.append(act)
            self._of.setdefault(act.wallet, []).append(act)

    def of(self, wallet: str) -> list[WalletAct]:
        """Oldest first."""
        return self._of.get(wallet, [])

    def all(self) -> list[WalletAct]:
        return self._all
