"""What a wallet has on the chain, and what is resolved there: asked of a node, many at once."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polytui.model.errors import Retry
from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, Shares, Usd
from polytui.venues.polymarket.chain_calls import selector
from polytui.venues.polymarket.contracts import (
    CONDITIONAL_TOKENS,
    POSITION_MANAGER,
    PUSD,
    USDC_E,
)
from polytui.venues.polymarket.ethereum import address_word, word
from polytui.venues.polymarket.node import ChainNode, Reverted

_BALANCE = selector("balanceOf(address)")
_SHARES = selector("balanceOf(address,uint256)")
_ALLOWANCE = selector("allowance(address,address)")
_IS_APPROVED = selector("isApprovedForAll(address,address)")
_DENOMINATOR = selector("payoutDenominator(bytes32)")
_NUMERATOR = selector("payoutNumerators(bytes32,uint256)")
_PAYOUT = selector("getPayout(uint256,uint256)")
_WORD = 32
_Call = tuple[str, bytes]


@frozen
class Payouts:
    """Of a round that the chain has resolved: millionths of a dollar a share."""

    up: int
    down: int

    def of(self, outcome: Outcome) -> int:
        return self.up if outcome is Outcome.UP else self.down


@frozen
class DollarsThere:
    """Of a wallet, millionths."""

    pusd: Usd
    usdc_e: Usd
    """That the venue does not count before they are wrapped."""


class ChainReads:
    """Questions of one node. Retry where it has no answer that can be read."""

    def __init__(self, node: ChainNode) -> None:
        self._node = node

    async def dollars(self, wallet: str) -> DollarsThere:
        asked = _BALANCE + address_word(wallet)
        pusd, usdc_e = await self._numbers([(PUSD, asked), (USDC_E, asked)])
        return DollarsThere(Usd(pusd), Usd(usdc_e))

    async def shares(self, wallet: str, rounds: Sequence[Round]) -> dict[str, Shares]:
        """By token, of both outcomes of each round; tokens of which there is none included."""
        calls: dict[str, _Call] = {}
        for listed in rounds:
            for token in (listed.up_token, listed.down_token):
                data = _SHARES + address_word(wallet) + word(int(token))
                calls[token] = (shares_contract(listed), data)
        found = await self._numbers(list(calls.values()))
        return {token: Shares(held) for token, held in zip(calls, found, strict=True)}

    async def allowances(self, wallet: str, pairs: Sequence[tuple[str, str]]) -> list[int]:
        """How much each (token, spender) may take of the wallet's dollars, millionths."""
        who = address_word(wallet)
        return await self._numbers(
            [(token, _ALLOWANCE + who + address_word(spender)) for token, spender in pairs]
        )

    async def approvals(self, wallet: str, pairs: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether each (token, operator) may move all of the wallet's shares."""
        who = address_word(wallet)
        found = await self._numbers(
            [(token, _IS_APPROVED + who + address_word(operator)) for token, operator in pairs]
        )
        return [bool(one) for one in found]

    async def payouts(self, rounds: Sequence[Round]) -> dict[str, Payouts]:
        """By slug, of those that are resolved on the chain; the others are left out, and so is one
        whose answers do not fit together (see `_paid`)."""
        told: dict[str, Payouts] = {}
        for is_v2 in (False, True):
            of_kind = [listed for listed in rounds if (listed.protocol == "v2") is is_v2]
            told |= await self._payouts_of(of_kind, 2 if is_v2 else 3)
        return {listed.slug: told[listed.slug] for listed in rounds if listed.slug in told}

    async def _payouts_of(self, rounds: Sequence[Round], count: int) -> dict[str, Payouts]:
        """Of rounds about each of which so many calls are made."""
        calls = [call for listed in rounds for call in _resolution(listed)]
        found = await self._node.calls(calls, together=count)
        told: dict[str, Payouts] = {}
        for at, listed in enumerate(rounds):
            paid = _paid(listed, found[at * count : (at + 1) * count])
            if paid is not None:
                told[listed.slug] = paid
        return told

    async def _numbers(self, calls: Sequence[_Call]) -> list[int]:
        return [_number(one) for one in await self._node.calls(calls)]


def shares_contract(listed: Round) -> str:
    """Which contract holds a round's shares."""
    return POSITION_MANAGER if listed.protocol == "v2" else CONDITIONAL_TOKENS


def _resolution(listed: Round) -> list[_Call]:
    if listed.protocol == "v2":
        whole = word(MICRO)
        return [
            (POSITION_MANAGER, _PAYOUT + word(int(token)) + whole)
            for token in (listed.up_token, listed.down_token)
        ]
    condition = bytes.fromhex(listed.condition_id[2:])
    first = 0 if listed.is_up_first else 1
    return [
        (CONDITIONAL_TOKENS, _DENOMINATOR + condition),
        (CONDITIONAL_TOKENS, _NUMERATOR + condition + word(first)),
        (CONDITIONAL_TOKENS, _NUMERATOR + condition + word(1 - first)),
    ]


def _paid(listed: Round, found: Sequence[bytes | Reverted]) -> Payouts | None:
    """Before a result the one contract says zero, and the other reverts.

    A public address is many nodes, some a few blocks behind, so that answers to one request may be
    of two blocks. Whoever believed a denominator with numerators from before it would take a winner
    for worthless: a result counts only where its outcomes make a whole.
    """
    if any(isinstance(one, Reverted) for one in found):
        return None
    if listed.protocol == "v2":
        up, down = map(_number, found)
        # Each is rounded down.
        return Payouts(up, down) if MICRO - 1 <= up + down <= MICRO else None
    whole, up, down = map(_number, found)
    if not whole or up + down != whole:
        return None
    return Payouts(up * MICRO // whole, down * MICRO // whole)


def _number(found: bytes | Reverted) -> int:
    if isinstance(found, Reverted):
        raise Retry(f"a contract refuses to be read: {found.why or 'without a word'}; try again")
    if len(found) != _WORD:
        raise Retry(f"a contract answered with {len(found)} bytes: is this the venue's chain?")
    return int.from_bytes(found, "big")
