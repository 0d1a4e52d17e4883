"""Who may take whose dollars and shares: what wallets have allowed the venue's contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from polytui.sim.exchange.contracts import PUSD, PUSD_SPENDERS, SHARE_OPERATORS

MOST_ALLOWANCE = 2**256 - 1
"""An allowance of so much is without end: it does not shrink when it is used."""


class Approvals:
    """By wallet, token contract and spender or operator, all lower case; nothing is at first."""

    def __init__(self) -> None:
        self._allowances: dict[tuple[str, str, str], int] = {}
        self._operators: set[tuple[str, str, str]] = set()
        self._before: list[tuple[tuple[str, str, str], int | None, bool]] | None = None
        """Inside `atomic`: what was changed, as it was, oldest first."""

    def allowance(self, wallet: str, token: str, spender: str) -> int:
        """ERC-20: how much more the spender may take."""
        return self._allowances.get((wallet, token, spender), 0)

    def approve(self, wallet: str, token: str, spender: str, amount: int) -> None:
        self._remember((wallet, token, spender))
        self._allowances[wallet, token, spender] = amount

    def spend(self, wallet: str, token: str, spender: str, amount: int) -> bool:
        """Takes it from the allowance; False, and nothing is taken, where that is too small."""
        left = self.allowance(wallet, token, spender)
        if left < amount:
            return False
        if left != MOST_ALLOWANCE:
            self.approve(wallet, token, spender, left - amount)
        return True

    def is_approved(self, wallet: str, token: str, operator: str) -> bool:
        """ERC-1155: whether the operator may move every share of the wallet."""
        return (wallet, token, operator) in self._operators

    def approve_all(self, wallet: str, token: str, operator: str, is_approved: bool) -> None:
        self._remember((wallet, token, operator))
        if is_approved:
            self._operators.add((wallet, token, operator))
        else:
            self._operators.discard((wallet, token, operator))

    def approve_everything(self, wallet: str) -> None:
        """What the website sets up for a new account."""
        for spender in PUSD_SPENDERS:
            self.approve(wallet, PUSD, spender, MOST_ALLOWANCE)
        for token, operator in SHARE_OPERATORS:
            self.approve_all(wallet, token, operator, True)

    def approved_for(self, token: str, operator: str) -> list[str]:
        """Wallets that let an operator move their shares, in a fixed order."""
        return sorted(
            wallet for wallet, of, who in self._operators if (of, who) == (token, operator)
        )

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """What is done inside is taken back where an exception leaves it."""
        before, self._before = self._before, []
        try:
            yield
        except BaseException:
            self._take_back()
            raise
        finally:
            if before is not None:
                before += self._before
            self._before = before

    def _take_back(self) -> None:
        for key, allowance, was_operator in reversed(self._before or ()):
            self._allowances.pop(key, None)
            if allowance is not None:
                self._allowances[key] = allowance
            self._operators.discard(key)
            if was_operator:
                self._operators.add(key)
        self._before = []

    def _remember(self, key: tuple[str, str, str]) -> None:
        if self._before is not None:
            self._before.append((key, self._allowances.get(key), key in self._operators))
