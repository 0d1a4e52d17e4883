"""What the CLOB believes a wallet has: a picture of the chain that may be old.

It sees what its own trades move, at once unless it `is_behind`. A deposit, an approval, a split or
a redemption it sees when it is told to look again (`/balance-allowance/update`).
"""

from __future__ import annotations

from attrs import frozen

from polytui.sim.exchange.account_events import TradeTold
from polytui.sim.exchange.approvals import MOST_ALLOWANCE
from polytui.sim.exchange.contracts import (
    CONDITIONAL_TOKENS,
    CTF_EXCHANGE,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
    POSITION_MANAGER,
    PUSD,
)
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.venue_trade import TradeStatus
from polytui.sim.world.world_events import WorldEvent

DOLLARS = ""
"""In the place of a token id."""
_SHARES_OF = {
    CTF_EXCHANGE: CONDITIONAL_TOKENS,
    NEG_RISK_EXCHANGE: CONDITIONAL_TOKENS,
    EXCHANGE_V3: POSITION_MANAGER,
}
"""Each exchange with the contract whose shares it moves."""
_MOST_WALLETS, _MOST_ASSETS = 10_000, 1_000


@frozen
class SeenBalance:
    """Millionths, and what each exchange may take of them."""

    balance: int
    allowances: dict[str, int]


class SeenBalances:
    """State: the picture of each wallet and asset that was asked for."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self.is_behind = False
        """Whoever was looked at keeps the picture of then, asked for anew or not: the real venue's
        node is behind its own trades for minutes at times."""
        self._seen: dict[str, dict[str, SeenBalance]] = {}

    def read(self, wallet: str, token_id: str) -> SeenBalance:
        """The picture; the chain itself where there is none yet."""
        seen = self._seen.get(wallet, {}).get(token_id)
        return self.look(wallet, token_id) if seen is None else seen

    def look(self, wallet: str, token_id: str) -> SeenBalance:
        """Ask the chain again."""
        known = self._seen.get(wallet, {}).get(token_id)
        if self.is_behind and known is not None:
            return known
        seen = self._on_chain(wallet, token_id)
        if len(self._seen) >= _MOST_WALLETS:
            self._seen.clear()
        assets = self._seen.setdefault(wallet, {})
        if len(assets) >= _MOST_ASSETS:
            assets.clear()
        assets[token_id] = seen
        return seen

    def forget(self, wallet: str) -> None:
        """Its next reading asks the chain."""
        self._seen.pop(wallet, None)

    def note(self, world_event: WorldEvent) -> None:
        """Must see every world event: what is mined has moved."""
        if self.is_behind:
            return
        if isinstance(world_event, TradeTold) and world_event.trade.status is TradeStatus.MINED:
            for wallet in world_event.trade.wallets:
                self.forget(wallet)

    def _on_chain(self, wallet: str, token_id: str) -> SeenBalance:
        approvals = self._holdings.approvals
        if token_id == DOLLARS:
            allowed = {one: approvals.allowance(wallet, PUSD, one) for one in _SHARES_OF}
            return SeenBalance(self._holdings.usd(wallet), allowed)
        allowed = {
            one: MOST_ALLOWANCE if approvals.is_approved(wallet, contract, one) else 0
            for one, contract in _SHARES_OF.items()
        }
        return SeenBalance(self._holdings.shares(wallet, token_id), allowed)
