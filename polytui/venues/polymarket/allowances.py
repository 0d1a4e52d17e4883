"""What the venue's exchanges may move of a wallet: judged here, for whoever asks.

Each exchange settles its own rounds and needs an approval of its own, for dollars and for shares:
rounds of one protocol can be tradable and those of the other not. Contracts of rounds that are
never traded here need none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from polytui.model.units import format_micro
from polytui.venues.polymarket.clob_answers import Funds
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.wallet import Wallet

_CENTS = 2
ANYBODY = ""
"""In place of an address, where the venue does not say whom it means."""


@frozen
class Allowance:
    """Of dollars, of one exchange."""

    name: str
    contract: str
    left: int
    """Millionths that it may still move."""
    usd: int
    """That the wallet has."""
    is_needed: bool
    """Whether rounds of every day are settled by it."""

    @property
    def short(self) -> str:
        """What it may not, in words; empty where it may move all there is."""
        if not self.left:
            return "may not take dollars, so nothing can be bought"
        if self.left < self.usd:
            return f"may take only {dollars(self.left)} of {dollars(self.usd)}"
        return ""


def exchange_of(wallet: Wallet, protocol: str, *, is_neg_risk: bool = False) -> str:
    """The contract that settles such rounds."""
    return EXCHANGES.get(wallet.chain_id, EXCHANGES[POLYGON]).of(protocol, is_neg_risk=is_neg_risk)


def may_move(
    funds: Funds, wallet: Wallet, protocol: str, *, is_neg_risk: bool = False
) -> bool | None:
    """Whether the exchange of such rounds may move what was asked for; None where the venue does
    not say."""
    left = _left(funds.allowances, exchange_of(wallet, protocol, is_neg_risk=is_neg_risk))
    return None if left is None else left > 0


def allowances_of(wallet: Wallet, usd: int, told: Mapping[str, int]) -> Sequence[Allowance]:
    """By exchange that we trade at. One that the venue leaves out, where it names any, may move
    nothing; nothing is known where it names none."""
    if not told:
        return ()
    exchanges = (("exchange v1", "v1", True), ("exchange v2", "v2", False))
    return [
        Allowance(name, contract, _left(told, contract) or 0, usd, is_needed)
        for name, protocol, is_needed in exchanges
        for contract in (exchange_of(wallet, protocol),)
    ]


def _left(told: Mapping[str, int], contract: str) -> int | None:
    """By address, whatever its letters: the venue spells them in both ways."""
    by_address = {address.lower(): left for address, left in told.items()}
    return by_address.get(contract.lower(), by_address.get(ANYBODY))


def dollars(usd: int) -> str:
    """Of millionths, for people."""
    return f"${format_micro(usd, _CENTS)}"
