"""Who owns what: one ledger of dollars and shares for everybody, in millionths.

Dollars come from the faucet alone. They are in wallets, or locked in the sets of a condition; a set
is one share of either outcome. Before a condition is resolved it has as many shares of Up as of
Down as it has dollars locked; afterwards the dollars locked are what its shares will be paid.
Whatever would break that raises before it moves anything.

What a wallet has allowed whom to spend is a fact of the wallet and stands here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from attrs import define

from polytui.model.instrument import Outcome, Round
from polytui.model.units import MICRO, Shares, Usd
from polytui.sim.exchange.contracts import EXCHANGES

ENDLESS = 2**256 - 1
"""An allowance without an end."""


class ShortError(ValueError):
    """There is not as much of it."""


@define
class Sets:
    """What is minted of one condition."""

    condition_id: str
    tokens: tuple[str, str]
    """Up's and Down's."""
    locked: Usd = Usd(0)
    payouts: tuple[int, int] | None = None
    """Millionths of a dollar a share of Up and of Down is paid, once it is known."""


@define
class Approvals:
    """What a wallet has allowed. Spenders and operators are lower-case addresses."""

    allowances: dict[str, int]
    """Dollars by spender."""
    operators: set[str]
    """Who may move its shares."""

    @classmethod
    def none(cls) -> Approvals:
        return cls({}, set())

    def grant_all(self) -> None:
        """To every contract that settles trades."""
        for spender in EXCHANGES:
            self.allowances[spender] = ENDLESS
            self.operators.add(spender)


class Holdings:
    """State: balances by wallet (lower-case addresses), sets by condition."""

    def __init__(self) -> None:
        self.funded = Usd(0)
        """Dollars that exist."""
        self._usd: defaultdict[str, int] = defaultdict(int)
        self._shares: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._sets: dict[str, Sets] = {}
        self._approvals: dict[str, Approvals] = {}

    # --- what can be seen ---------------------------------------------------------------------

    def usd(self, wallet: str) -> Usd:
        return Usd(self._usd.get(wallet, 0))

    def shares(self, wallet: str, token_id: str) -> Shares:
        return Shares(self._shares[wallet].get(token_id, 0) if wallet in self._shares else 0)

    def positions(self, wallet: str) -> dict[str, Shares]:
        """Every token of which it holds anything."""
        held = self._shares.get(wallet, {})
        return {token_id: Shares(shares) for token_id, shares in held.items()}

    def wallets(self) -> frozenset[str]:
        return frozenset(self._usd) | frozenset(self._shares)

    def sets(self, condition_id: str) -> Sets | None:
        """None for a condition of which nothing was ever minted or paid out."""
        return self._sets.get(condition_id)

    def every_set(self) -> Iterator[Sets]:
        return iter(self._sets.values())

    def approvals(self, wallet: str) -> Approvals:
        """May be changed by whoever acts for the wallet on the chain."""
        return self._approvals.setdefault(wallet, Approvals.none())

    # --- money and shares that move -----------------------------------------------------------

    def fund(self, wallet: str, usd: Usd, *, is_approved: bool = True) -> None:
        """The faucet: new dollars, and with them every allowance unless told otherwise."""
        _positive(usd)
        self.funded = Usd(self.funded + usd)
        self._usd[wallet] += usd
        if is_approved:
            self.approvals(wallet).grant_all()

    def pay(self, giver: str, taker: str, usd: Usd) -> None:
        """Raises ShortError, and moves nothing, where the giver has less."""
        _not_negative(usd)
        if usd > self._usd.get(giver, 0):
            raise ShortError(f"{giver} has {self.usd(giver)}, not {usd}")
        self._usd[giver] -= usd
        self._usd[taker] += usd

    def hand(self, giver: str, taker: str, token_id: str, shares: Shares) -> None:
        """Raises ShortError, and moves nothing, where the giver has fewer."""
        _not_negative(shares)
        self._take(giver, token_id, shares)
        self._give(taker, token_id, shares)

    def split(self, wallet: str, listed: Round, sets: Shares) -> None:
        """Dollars become as many shares of either outcome."""
        self.mint(listed, sets, {wallet: Usd(sets)}, (wallet, wallet))

    def merge(self, wallet: str, listed: Round, sets: Shares) -> None:
        """Shares of both outcomes become dollars again."""
        self.melt(listed, sets, (wallet, wallet), {wallet: Usd(sets)})

    def mint(
        self, listed: Round, sets: Shares, payers: dict[str, Usd], owners: tuple[str, str]
    ) -> None:
        """Dollars of one payer or two become sets; `owners` get Up's and Down's shares."""
        _positive(sets)
        if sum(payers.values()) != sets or min(payers.values()) < 0:
            raise ValueError("a set is a dollar")
        for payer, usd in payers.items():
            if usd > self._usd.get(payer, 0):
                raise ShortError(f"{payer} has {self.usd(payer)}, not {usd}")
        minted = self._sets_of(listed)
        for payer, usd in payers.items():
            self._usd[payer] -= usd
        minted.locked = Usd(minted.locked + sets)
        for owner, token_id in zip(owners, minted.tokens, strict=True):
            self._give(owner, token_id, sets)

    def melt(
        self, listed: Round, sets: Shares, owners: tuple[str, str], payees: dict[str, Usd]
    ) -> None:
        """Shares of Up's and Down's owners become dollars of one payee or two."""
        _positive(sets)
        if sum(payees.values()) != sets or min(payees.values()) < 0:
            raise ValueError("a set is a dollar")
        melted = self._sets_of(listed)
        for owner, token_id in zip(owners, melted.tokens, strict=True):
            if sets > self.shares(owner, token_id):
                raise ShortError(f"{owner} has fewer than {sets} of {token_id}")
        for owner, token_id in zip(owners, melted.tokens, strict=True):
            self._take(owner, token_id, sets)
        melted.locked = Usd(melted.locked - sets)
        for payee, usd in payees.items():
            self._usd[payee] += usd

    def resolve(self, listed: Round, winner: Outcome) -> None:
        """From now on its shares may be redeemed. A result is final."""
        sets = self._sets_of(listed)
        if sets.payouts is not None:
            raise ValueError(f"{listed.slug} is resolved already")
        sets.payouts = (MICRO, 0) if winner is Outcome.UP else (0, MICRO)

    def redeem(self, wallet: str, condition_id: str) -> Usd:
        """All its shares of a resolved condition become what they are worth; how much that is.

        ValueError for a condition without a result.
        """
        sets = self._sets.get(condition_id)
        if sets is None or sets.payouts is None:
            raise ValueError("result for condition not received yet")
        paid = 0
        for token_id, payout in zip(sets.tokens, sets.payouts, strict=True):
            shares = self.shares(wallet, token_id)
            self._take(wallet, token_id, shares)
            paid += shares * payout // MICRO
        sets.locked = Usd(sets.locked - paid)
        self._usd[wallet] += paid
        return Usd(paid)

    # --- inside -------------------------------------------------------------------------------

    def _sets_of(self, listed: Round) -> Sets:
        sets = self._sets.get(listed.condition_id)
        if sets is None:
            tokens = (listed.up_token, listed.down_token)
            sets = self._sets[listed.condition_id] = Sets(listed.condition_id, tokens)
        return sets

    def _take(self, wallet: str, token_id: str, shares: int) -> None:
        left = self.shares(wallet, token_id) - shares
        if left < 0:
            raise ShortError(f"{wallet} has fewer than {shares} of {token_id}")
        if left:
            self._shares[wallet][token_id] = left
        else:
            self._shares[wallet].pop(token_id, None)

    def _give(self, wallet: str, token_id: str, shares: int) -> None:
        if shares:
            held = self._shares[wallet]
            held[token_id] = held.get(token_id, 0) + shares


def _positive(amount: int) -> None:
    if amount <= 0:
        raise ValueError("an amount must be positive")


def _not_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError("an amount must not be negative")
