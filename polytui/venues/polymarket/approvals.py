"""Which contracts a wallet must let move its money, once, and which of these stand.

Source: the venue's page of contracts (October 2026). Contracts that only neg-risk rounds need, and
the one that redeems for everybody, are not asked for: an approval is a door, and no door is opened
that nothing here goes through.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polytui.venues.polymarket.chain_calls import WITHOUT_END, Call, approve, approve_all
from polytui.venues.polymarket.chain_reads import ChainReads
from polytui.venues.polymarket.contracts import (
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    EXCHANGES,
    POLYGON,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
)

_ENOUGH = WITHOUT_END >> 1
"""From here on an allowance is one without end, however much was used of it."""

MERGES_AND_REDEEMS = "merge and redeem"
"""What cannot be done without the approval of shares for an adapter or a router."""


@frozen
class NeededApproval:
    """One contract may take one sort of thing out of the wallet."""

    protocol: str
    purpose: str
    """What cannot be done without it."""
    token: str
    spender: str

    @property
    def is_of_dollars(self) -> bool:
        """Else it is of all shares in that contract."""
        return self.token == PUSD

    @property
    def call(self) -> Call:
        """That gives it."""
        if self.is_of_dollars:
            return approve(self.token, self.spender)
        return approve_all(self.token, self.spender)


@frozen
class StandingApproval:
    needed: NeededApproval
    left: int
    """Millionths of a dollar that may still be taken; of shares 1 where they may be moved."""
    stands: bool
    """Whether it is enough for all that the wallet has."""

    @property
    def is_without_end(self) -> bool:
        return self.stands and (not self.needed.is_of_dollars or self.left >= _ENOUGH)


def _of(protocol: str, shares: str, exchange: str, splitter: str) -> tuple[NeededApproval, ...]:
    return (
        NeededApproval(protocol, "buy", PUSD, exchange),
        NeededApproval(protocol, "sell", shares, exchange),
        NeededApproval(protocol, "split", PUSD, splitter),
        NeededApproval(protocol, MERGES_AND_REDEEMS, shares, splitter),
    )


_EXCHANGES = EXCHANGES[POLYGON]
NEEDED: tuple[NeededApproval, ...] = (
    *_of("v1", CONDITIONAL_TOKENS, _EXCHANGES.standard, COLLATERAL_ADAPTER),
    *_of("v2", POSITION_MANAGER, _EXCHANGES.positions, ROUTER),
)
"""For everything that is done here with rounds of either protocol."""


async def standing(reads: ChainReads, wallet: str, pusd: int) -> Sequence[StandingApproval]:
    """Every needed one, as the chain has it; `pusd`: millionths that the wallet has. Retry where
    the chain does not answer."""
    dollars = [one for one in NEEDED if one.is_of_dollars]
    shares = [one for one in NEEDED if not one.is_of_dollars]
    left = await reads.allowances(wallet, [(one.token, one.spender) for one in dollars])
    may = await reads.approvals(wallet, [(one.token, one.spender) for one in shares])
    told = {
        **{one: (amount, 0 < amount >= pusd) for one, amount in zip(dollars, left, strict=True)},
        **{one: (int(is_given), is_given) for one, is_given in zip(shares, may, strict=True)},
    }
    return [StandingApproval(one, *told[one]) for one in NEEDED]
