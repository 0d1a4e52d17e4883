"""Who owns what: one ledger of dollars and shares for everybody, in millionths.

Dollars come from the faucet alone. They are in wallets, or locked in the sets of a condition; a set
is one share of either outcome. Before a condition is resolved it has as many shares of Up as of
Down as it has dollars locked; afterwards the dollars locked are what its shares will be paid.
Whatever would break that raises ShortError or ValueError, and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from polytui.model.instrument import Outcome, Round
from polytui.model.units import HALF, MICRO, Shares, Usd
from polytui.sim.exchange.approvals import Approvals

_FUNDED = "funded"


class ShortError(ValueError):
    """There is not as much of it."""


@frozen
class Sets:
    """What is minted of one condition."""

    condition_id: str
    tokens: tuple[str, str]
    """Up's and Down's."""
    locked: Usd = Usd(0)
    payouts: tuple[int, int] | None = None
    """Millionths of a dollar that a share of Up and of Down is paid, once it is known."""


@frozen
class Deposit:
    """Dollars from the faucet."""

    at_ns: int
    wallet: str
    usd: Usd


class Holdings:
    """State: balances by wallet (lower-case addresses), sets by condition."""

    def __init__(self) -> None:
        self.approvals = Approvals()
        self.deposits: list[Deposit] = []
        self._totals = {_FUNDED: 0}
        self._usd: dict[str, int] = {}
        self._usdc_e: dict[str, int] = {}
        self._shares: dict[tuple[str, str], int] = {}
        """By wallet and token."""
        self._sets: dict[str, Sets] = {}
        self._conditions: dict[str, str] = {}
        """By token."""
        self._moves: list[tuple[dict[Any, Any], Any, Any]] | None = None
        """Inside `atomic`: what was changed, its key, and what stood there, oldest first."""

    # --- what can be seen ---------------------------------------------------------------------

    @property
    def funded(self) -> Usd:
        """Dollars that exist."""
        return Usd(self._totals[_FUNDED])

    def usd(self, wallet: str) -> Usd:
        return Usd(self._usd.get(wallet, 0))

    def usdc_e(self, wallet: str) -> int:
        """Of the other token, which the venue does not count before it is wrapped."""
        return self._usdc_e.get(wallet, 0)

    def shares(self, wallet: str, token_id: str) -> Shares:
        return Shares(self._shares.get((wallet, token_id), 0))

    def positions(self, wallet: str) -> dict[str, Shares]:
        """Every token of which it holds anything."""
        return {
            token_id: Shares(shares)
            for (owner, token_id), shares in self._shares.items()
            if owner == wallet
        }

    def wallets(self) -> frozenset[str]:
        """Whoever has, or had, anything."""
        return frozenset(self._usd) | {owner for owner, _ in self._shares}

    def outstanding(self, token_id: str) -> Shares:
        """What everybody together holds of a token."""
        return Shares(sum(held for (_, token), held in self._shares.items() if token == token_id))

    def is_held(self, listed: Round, besides: str = "") -> bool:
        """Whether anybody has shares of it, `besides` apart."""
        sets = self._sets.get(listed.condition_id)
        return sets is not None and any(
            token_id in sets.tokens and wallet != besides for wallet, token_id in self._shares
        )

    def sets(self, name: str) -> Sets | None:
        """Of a condition or a token; None where nothing was ever minted or paid out."""
        return self._sets.get(self._conditions.get(name, name))

    def every_set(self) -> Iterator[Sets]:
        return iter(self._sets.values())

    # --- money and shares that move -----------------------------------------------------------

    def fund(self, wallet: str, usd: Usd, at_ns: int, *, is_approved: bool = True) -> None:
        """The faucet: new dollars, and with them every approval unless told otherwise."""
        _positive(usd)
        self.deposits.append(Deposit(at_ns, wallet, usd))
        self.print_usd(wallet, usd)
        if is_approved:
            self.approvals.approve_everything(wallet)

    def fund_usdc_e(self, wallet: str, amount: int) -> None:
        """The faucet's other tap: tokens that came over a bridge, and no approval."""
        _positive(amount)
        self._add_usdc_e(wallet, amount)

    def transfer_usdc_e(self, giver: str, taker: str, amount: int) -> None:
        _not_negative(amount)
        self._add_usdc_e(giver, -amount)
        self._add_usdc_e(taker, amount)

    def wrap(self, giver: str, taker: str, amount: int) -> None:
        """One for one into dollars of the venue."""
        _positive(amount)
        with self.atomic():
            self._add_usdc_e(giver, -amount)
            self.print_usd(taker, Usd(amount))

    def print_usd(self, wallet: str, usd: Usd) -> None:
        """New dollars that no faucet gave: the crowd's pockets are deep, and what is wrapped was
        not the venue's before."""
        _positive(usd)
        self._set(self._totals, _FUNDED, self._totals[_FUNDED] + usd)
        self._add_usd(wallet, usd)

    def transfer_usd(self, giver: str, taker: str, usd: Usd) -> None:
        _not_negative(usd)
        self._add_usd(giver, -usd)
        self._add_usd(taker, usd)

    def transfer_shares(self, giver: str, taker: str, token_id: str, shares: Shares) -> None:
        _not_negative(shares)
        self._add_shares(giver, token_id, -shares)
        self._add_shares(taker, token_id, shares)

    def split(self, wallet: str, listed: Round, sets: Shares) -> None:
        """Dollars become as many shares of either outcome."""
        self.mint(listed, sets, {wallet: Usd(sets)}, (wallet, wallet))

    def merge(self, wallet: str, listed: Round, sets: Shares) -> None:
        """Shares of both outcomes become dollars again."""
        self.melt(listed, sets, (wallet, wallet), {wallet: Usd(sets)})

    def mint(
        self, listed: Round, sets: Shares, payers: Mapping[str, Usd], owners: tuple[str, str]
    ) -> None:
        """Dollars of one payer or two become sets; `owners` get Up's and Down's shares."""
        _positive(sets)
        _whole(payers, sets)
        with self.atomic():
            for payer, usd in payers.items():
                self._add_usd(payer, -usd)
            self._lock(self._sets_of(listed), sets)
            for owner, token_id in zip(owners, _tokens(listed), strict=True):
                self._add_shares(owner, token_id, sets)

    def melt(
        self, listed: Round, sets: Shares, owners: tuple[str, str], payees: Mapping[str, Usd]
    ) -> None:
        """Shares of Up's and Down's owners become dollars of one payee or two."""
        _positive(sets)
        _whole(payees, sets)
        with self.atomic():
            for owner, token_id in zip(owners, _tokens(listed), strict=True):
                self._add_shares(owner, token_id, -sets)
            self._lock(self._sets_of(listed), -sets)
            for payee, usd in payees.items():
                self._add_usd(payee, usd)

    def resolve(self, listed: Round, winner: Outcome | None) -> None:
        """From now on its shares may be redeemed, at half a dollar each where nobody has won. A
        result is final: ValueError for another one."""
        if winner is None:
            payouts: tuple[int, int] = (HALF, HALF)
        else:
            payouts = (MICRO, 0) if winner is Outcome.UP else (0, MICRO)
        sets = self._sets_of(listed)
        if sets.payouts not in (None, payouts):
            raise ValueError("payouts are reported already")
        self._set(self._sets, sets.condition_id, evolve(sets, payouts=payouts))

    def redeem(self, wallet: str, token_id: str, shares: Shares) -> Usd:
        """Shares of a resolved condition become what they are worth; how much that is.

        ValueError for one without a result.
        """
        _not_negative(shares)
        sets = self.sets(token_id)
        if sets is None or sets.payouts is None:
            raise ValueError("result for condition not received yet")
        paid = shares * sets.payouts[sets.tokens.index(token_id)] // MICRO
        self._add_shares(wallet, token_id, -shares)
        self._lock(sets, -paid)
        self._add_usd(wallet, paid)
        return Usd(paid)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All moves inside, or, where one of them raises, none. Approvals too."""
        outer, self._moves = self._moves, []
        try:
            with self.approvals.atomic():
                yield
        except BaseException:
            for kept, key, before in reversed(self._moves):
                _put(kept, key, before)
            self._moves = []
            raise
        finally:
            if outer is not None:
                outer += self._moves
            self._moves = outer

    # --- inside -------------------------------------------------------------------------------

    def _sets_of(self, listed: Round) -> Sets:
        sets = self._sets.get(listed.condition_id)
        if sets is None:
            sets = Sets(listed.condition_id, _tokens(listed))
            self._set(self._sets, listed.condition_id, sets)
            for token_id in sets.tokens:
                self._set(self._conditions, token_id, listed.condition_id)
        return sets

    def _lock(self, sets: Sets, usd: int) -> None:
        self._set(self._sets, sets.condition_id, evolve(sets, locked=Usd(sets.locked + usd)))

    def _add_usd(self, wallet: str, usd: int) -> None:
        left = self._usd.get(wallet, 0) + usd
        if left < 0:
            raise ShortError(f"{wallet} has {left - usd} millionths of a dollar, not {-usd}")
        self._set(self._usd, wallet, left)

    def _add_usdc_e(self, wallet: str, amount: int) -> None:
        left = self.usdc_e(wallet) + amount
        if left < 0:
            raise ShortError(f"{wallet} has {left - amount} millionths of USDC.e, not {-amount}")
        self._set(self._usdc_e, wallet, left or None)

    def _add_shares(self, wallet: str, token_id: str, shares: int) -> None:
        left = self.shares(wallet, token_id) + shares
        if left < 0:
            raise ShortError(f"{wallet} has {left - shares} millionths of a share, not {-shares}")
        self._set(self._shares, (wallet, token_id), left or None)

    def _set(self, kept: dict[Any, Any], key: Any, value: Any) -> None:
        """Every change of a balance goes through here, so that it can be taken back."""
        if self._moves is not None:
            self._moves.append((kept, key, kept.get(key)))
        _put(kept, key, value)


def _put(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """None: gone."""
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value


def _tokens(listed: Round) -> tuple[str, str]:
    return listed.up_token, listed.down_token


def _whole(parts: Mapping[str, Usd], sets: Shares) -> None:
    """A set is a dollar, whoever pays or gets it."""
    if sum(parts.values()) != sets or min(parts.values()) < 0:
        raise ValueError("a set is a dollar")


def _positive(amount: int) -> None:
    if amount <= 0:
        raise ValueError("an amount must be positive")


def _not_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError("an amount must not be negative")
