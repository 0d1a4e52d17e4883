"""Whose wallet is whose: which wallets an EOA signs for, and which keys may sign in its place.

A wallet is known because it follows from its owner's address (the venue's factories make it there)
or because somebody who may say so has registered it: the faucet, the relayer, the control API.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

EOA, PROXY, SAFE, DEPOSIT_WALLET = 0, 1, 2, 3
"""Signature types, as the venue numbers them."""
SIGNATURE_TYPES = (EOA, PROXY, SAFE, DEPOSIT_WALLET)
SESSION_SCOPES = frozenset({"ALL", "CLOB", "COMBOSRFQ"})
"""What the key of a session may be good for."""
_ORDER_SCOPES = frozenset({"ALL", "CLOB"})
_MOST_WALLETS = 100_000


@frozen
class SessionSigner:
    """An EOA that may trade for a deposit wallet until a moment, and not withdraw."""

    address: str
    scopes: tuple[str, ...]
    valid_until_s: int


class Wallets:
    """State: wallets that were registered, and the session signers of each. Small letters all."""

    def __init__(self, derive: Callable[[str, int], tuple[str, ...]]) -> None:
        """`derive`: the addresses that factories give the wallets of an EOA for a signature type,
        the present one first. It may take milliseconds and is asked once for each."""
        self._derive = derive
        self._derived: dict[tuple[str, int], tuple[str, ...]] = {}
        self._registered: dict[str, tuple[str, int]] = {}
        self._first: dict[tuple[str, int], str] = {}
        self._deployed: set[str] = set()
        self._sessions: dict[str, dict[str, SessionSigner]] = {}

    def register(self, wallet: str, owner: str, signature_type: int) -> bool:
        """False where it is somebody else's already: nobody takes a wallet over."""
        known = self._registered.get(wallet)
        if known is not None:
            return known == (owner, signature_type)
        if len(self._registered) >= _MOST_WALLETS or signature_type not in SIGNATURE_TYPES:
            return False
        self._registered[wallet] = (owner, signature_type)
        self._first.setdefault((owner, signature_type), wallet)
        return True

    def wallet_of(self, owner: str, signature_type: int) -> str | None:
        """Where the money of an EOA lies for a signature type; None for a type that is none."""
        if signature_type == EOA:
            return owner
        if signature_type not in SIGNATURE_TYPES:
            return None
        registered = self._first.get((owner, signature_type))
        if registered is not None:
            return registered
        derived = self._of_factories(owner, signature_type)
        return derived[0] if derived else None

    def is_wallet_of(self, wallet: str, owner: str, signature_type: int) -> bool:
        if signature_type == EOA:
            return wallet == owner
        if wallet in self._registered:
            return self._registered[wallet] == (owner, signature_type)
        return wallet in self._of_factories(owner, signature_type)

    def deploy(self, wallet: str) -> None:
        """Its contract stands on the chain from now on."""
        if len(self._deployed) < _MOST_WALLETS:
            self._deployed.add(wallet)

    def is_deployed(self, wallet: str) -> bool:
        return wallet in self._deployed or wallet in self._registered

    def authorize_session(self, wallet: str, signer: SessionSigner) -> None:
        self._sessions.setdefault(wallet, {})[signer.address] = signer

    def revoke_session(self, wallet: str, address: str) -> None:
        self._sessions.get(wallet, {}).pop(address, None)

    def change_session(self, wallet: str, signer: SessionSigner) -> None:
        """As the wallet's contract keeps it: a session that ends at second 0 is none."""
        if signer.valid_until_s:
            self.authorize_session(wallet, signer)
        else:
            self.revoke_session(wallet, signer.address)

    def sessions(self, wallet: str, now_s: int) -> list[SessionSigner]:
        """Those that may still sign."""
        known = self._sessions.get(wallet, {})
        return [one for one in known.values() if now_s < one.valid_until_s]

    def may_sign_in_session(self, wallet: str, address: str, now_s: int) -> bool:
        """Orders, that is."""
        return any(
            one.address == address and not _ORDER_SCOPES.isdisjoint(one.scopes)
            for one in self.sessions(wallet, now_s)
        )

    def _of_factories(self, owner: str, signature_type: int) -> tuple[str, ...]:
        slot = (owner, signature_type)
        if slot not in self._derived:
            if len(self._derived) >= _MOST_WALLETS:
                self._derived.clear()
            self._derived[slot] = self._derive(owner, signature_type)
        return self._derived[slot]
