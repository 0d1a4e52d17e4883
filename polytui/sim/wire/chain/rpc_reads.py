"""What contracts answer to those who only read. Import it once `ethereum.py` has loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_abi.abi import encode

from polytui.model.instrument import Round
from polytui.model.units import MICRO
from polytui.sim.exchange.chain import Blockchain
from polytui.sim.exchange.contracts import (
    ALL,
    CONDITIONAL_TOKENS,
    DEPOSIT_WALLET_BEACON,
    DEPOSIT_WALLET_FACTORY,
    ERC20,
    ERC1155,
    POSITION_MANAGER,
    PUSD,
    shares_of,
)
from polytui.sim.exchange.effects import Effects
from polytui.sim.exchange.holdings import Holdings
from polytui.sim.exchange.wallets import Wallets
from polytui.sim.wire.data.rows import index_of
from polytui.sim.wire.signed.call_data import CallDataError, RawCall, arguments, read_call, selector
from polytui.sim.world.world import World

_BEACON = bytes.fromhex("49493a4d")
"""Asks the factory of deposit wallets for its beacon."""
_MOST_OF_A_BATCH = 500


class ReadRevertError(Exception):
    """The contract does not know it, or not yet; its words, which may be none."""


class ContractReads:
    """Functions that change nothing, and what calls that do would come to."""

    def __init__(
        self,
        world: World,
        holdings: Holdings,
        effects: Effects,
        chain: Blockchain,
        wallets: Wallets,
    ) -> None:
        self._world = world
        self._holdings = holdings
        self._effects = effects
        self._chain = chain
        self._wallets = wallets
        self._known: dict[tuple[str, bytes], tuple[tuple[str, ...], tuple[str, ...], Any]] = {
            (kind, selector(f"{name}({','.join(takes)})")): (takes, gives, answer)
            for kind, name, takes, gives, answer in self._functions()
        }

    def call(self, sender: str, target: str, data: bytes) -> bytes:
        """What the contract returns; ReadRevertError where it reverts."""
        if target not in ALL:
            return b""
        if (target, data[:4]) == (DEPOSIT_WALLET_FACTORY, _BEACON):
            return encode(["address"], [DEPOSIT_WALLET_BEACON])
        for kind in _kinds(target):
            known = self._known.get((kind, data[:4]))
            if known is not None:
                takes, gives, answer = known
                try:
                    found = answer(target, *arguments(takes, data))
                except CallDataError:
                    raise ReadRevertError from None
                return encode(gives, [found])
        error = self.why_not(sender, target, 0, data)
        if error is not None:
            raise ReadRevertError(error)
        return encode(["bool"], [True]) if target in ERC20 else b""

    def why_not(self, sender: str, target: str, value: int, data: bytes) -> str | None:
        """Why a transaction would revert just now; None where it would not."""
        return self._effects.try_out(sender, (read_call(RawCall(target, value, data)),))

    def has_code(self, address: str) -> bool:
        return address in ALL or self._wallets.is_deployed(address)

    def _functions(self) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...], _Answer]]:
        number, flag, text = ("uint256",), ("bool",), ("string",)
        two, share = ("address", "address"), ("address", "uint256")
        return [
            ("erc20", "balanceOf", ("address",), number, self._dollars),
            ("erc20", "allowance", two, number, self._allowance),
            ("erc20", "decimals", (), ("uint8",), lambda _: 6),
            ("erc20", "symbol", (), text, lambda at: "pUSD" if at == PUSD else "USDC.e"),
            ("erc20", "name", (), text, lambda at: "Polymarket USD" if at == PUSD else "USD Coin"),
            ("erc20", "totalSupply", (), number, self._supply),
            ("erc1155", "balanceOf", share, number, self._shares),
            (
                "erc1155",
                "balanceOfBatch",
                ("address[]", "uint256[]"),
                ("uint256[]",),
                self._many_shares,
            ),
            ("erc1155", "isApprovedForAll", two, flag, self._is_approved),
            ("ctf", "payoutDenominator", ("bytes32",), number, self._denominator),
            ("ctf", "payoutNumerators", ("bytes32", "uint256"), number, self._numerator),
            ("ctf", "getOutcomeSlotCount", ("bytes32",), number, self._slots),
            ("positions", "getPayout", ("uint256", "uint256"), number, self._payout),
        ]

    def _dollars(self, target: str, owner: str) -> int:
        holdings, who = self._holdings, owner.lower()
        return holdings.usd(who) if target == PUSD else holdings.usdc_e(who)

    def _allowance(self, target: str, owner: str, spender: str) -> int:
        return self._holdings.approvals.allowance(owner.lower(), target, spender.lower())

    def _supply(self, target: str) -> int:
        return self._holdings.funded if target == PUSD else 0

    def _shares(self, target: str, owner: str, token_id: int) -> int:
        listed = self._world.find(str(token_id))
        # A round that is forgotten leaves its shares behind, of which nobody knows the kind.
        if listed is not None and shares_of(listed) != target:
            return 0
        return self._holdings.shares(owner.lower(), str(token_id))

    def _many_shares(
        self, target: str, owners: tuple[str, ...], tokens: tuple[int, ...]
    ) -> list[int]:
        if len(owners) != len(tokens) or len(tokens) > _MOST_OF_A_BATCH:
            raise ReadRevertError("ERC1155: accounts and ids length mismatch")
        pairs = zip(owners, tokens, strict=True)
        return [self._shares(target, owner, token) for owner, token in pairs]

    def _is_approved(self, target: str, owner: str, operator: str) -> bool:
        return self._holdings.approvals.is_approved(owner.lower(), target, operator.lower())

    def _denominator(self, _target: str, condition: bytes) -> int:
        listed = self._listed(condition)
        """A void round pays half of two halves."""
        if listed is None or not self._world.status(listed.slug).is_resolved:
            return 0
        return 1 if self._world.status(listed.slug).winner is not None else 2

    def _numerator(self, _target: str, condition: bytes, place: int) -> int:
        listed = self._listed(condition)
        if listed is None or place not in (0, 1):
            raise ReadRevertError
        status = self._world.status(listed.slug)
        if not status.is_resolved:
            return 0
        return int(status.winner is None or index_of(listed, status.winner) == place)

    def _slots(self, _target: str, condition: bytes) -> int:
        return 2 if self._listed(condition) is not None else 0

    def _payout(self, _target: str, position: int, amount: int) -> int:
        listed = self._world.find(str(position))
        if listed is None or not self._world.status(listed.slug).is_resolved:
            raise ReadRevertError
        outcome = listed.outcome_of(str(position))
        assert outcome is not None, "found by it"
        return amount * self._world.status(listed.slug).payout(outcome) // MICRO

    def _listed(self, condition: bytes) -> Round | None:
        listed = self._world.find("0x" + condition.hex())
        return listed if listed is not None and shares_of(listed) == CONDITIONAL_TOKENS else None


_Answer = Callable[..., Any]


def _kinds(target: str) -> tuple[str, ...]:
    if target in ERC20:
        return ("erc20",)
    if target in ERC1155:
        return ("erc1155", "positions" if target == POSITION_MANAGER else "ctf")
    return ()
