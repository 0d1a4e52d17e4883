"""What is promised already: to open orders, and to trades that the chain has yet to settle."""

from __future__ import annotations

from attrs import frozen

from polytui.model.units import Shares, Usd


@frozen
class Promise:
    """Dollars, or shares of one token, that a wallet must not spend otherwise."""

    wallet: str
    usd: Usd = Usd(0)
    token_id: str = ""
    shares: Shares = Shares(0)


class Reserves:
    """State: promises by the name of what they are for, and their sums."""

    def __init__(self) -> None:
        self._promises: dict[str, Promise] = {}
        self._usd: dict[str, int] = {}
        self._shares: dict[tuple[str, str], int] = {}

    def put(self, name: str, promise: Promise | None) -> None:
        """The promise that counts under this name from now on; None for none."""
        before = self._promises.pop(name, None)
        if before is not None:
            self._add(before, -1)
        if promise is not None and (promise.usd or promise.shares):
            if promise.usd < 0 or promise.shares < 0:
                raise ValueError(f"{name} would be owed something")
            self._promises[name] = promise
            self._add(promise, 1)

    def usd(self, wallet: str) -> Usd:
        return Usd(self._usd.get(wallet, 0))

    def shares(self, wallet: str, token_id: str) -> Shares:
        return Shares(self._shares.get((wallet, token_id), 0))

    def promises(self) -> dict[str, Promise]:
        return dict(self._promises)

    def _add(self, promise: Promise, sign: int) -> None:
        wallet, key = promise.wallet, (promise.wallet, promise.token_id)
        self._usd[wallet] = self._usd.get(wallet, 0) + sign * promise.usd
        self._shares[key] = self._shares.get(key, 0) + sign * promise.shares
        if not self._usd[wallet]:
            del self._usd[wallet]
        if not self._shares[key]:
            del self._shares[key]
