"""Whose money it is: a key, the kind of wallet, and the address that holds the dollars.

The venue knows four kinds. Only the first holds money under the key's own address; for the others
a contract holds it and the key signs. API keys belong to the key's address, always.
"""

from __future__ import annotations

from enum import IntEnum

from attrs import frozen

from polytui.config.secrets import Secret
from polytui.model.errors import Fatal
from polytui.venues.polymarket.contracts import EXCHANGES, POLYGON
from polytui.venues.polymarket.ethereum import SigningKey, read_address
from polytui.venues.polymarket.wallet_addresses import deposit_wallets_of, proxy_of, safe_of


class WalletType(IntEnum):
    """As the venue numbers them (`signatureType`)."""

    EOA = 0
    """The key's own address; the venue lets few trade so."""
    PROXY = 1
    """Of an account that began with an e-mail address."""
    SAFE = 2
    """Of an account that began with a browser's wallet."""
    DEPOSIT = 3
    """Of every account since May 2026."""

    @property
    def label(self) -> str:
        """As settings and people name it."""
        return self.name.lower()


@frozen
class Wallet:
    key: Secret
    kind: WalletType
    owner: str
    """The key's own address, checksummed as all of them: who asks for API keys and signs. In a
    session that is the session's key, and the wallet is somebody else's."""
    funder: str
    """Who holds the dollars and the shares."""
    chain_id: int = POLYGON
    is_in_session: bool = False
    """Whether the key is one that a deposit wallet's owner gave, to trade for it and to move
    nothing else. Nothing on the wire says so beforehand: a deposit wallet that does not follow
    from its key is traded in a session, as polymarket-client holds."""

    @property
    def maker(self) -> str:
        return self.funder

    @property
    def signer(self) -> str:
        """Who answers for the signature: a deposit wallet does itself, by asking its owner's."""
        return self.funder if self.kind is WalletType.DEPOSIT else self.owner

    @property
    def follows_from_key(self) -> bool:
        """Whether the venue's factories put this key's wallet there."""
        return self.funder in wallets_of(self.owner, self.kind)


def wallets_of(owner: str, kind: WalletType) -> tuple[str, ...]:
    """The addresses that a key's wallet of this kind may have, the likeliest first."""
    if kind is WalletType.PROXY:
        return (proxy_of(owner),)
    if kind is WalletType.SAFE:
        return (safe_of(owner),)
    if kind is WalletType.DEPOSIT:
        return deposit_wallets_of(owner)
    return (owner,)


def wallet_of(key: Secret, kind: WalletType, funder: str = "", chain_id: int = POLYGON) -> Wallet:
    """The wallet of a key; Fatal, in plain words, where the three cannot belong together.

    Without a `funder` it is the one that follows from the key. One that does not follow from it is
    taken for a deposit wallet only, whose owner gave this key a session.
    """
    if chain_id not in EXCHANGES:
        known = ", ".join(map(str, EXCHANGES))
        raise Fatal(f"chain {chain_id} is not the venue's: {known} are")
    owner = SigningKey(key).address
    if not funder.strip():
        return Wallet(key, kind, owner, wallets_of(owner, kind)[0], chain_id)
    funder = read_address(funder, "the funder's address")
    _must_fit(owner, kind, funder)
    is_foreign = funder not in wallets_of(owner, kind)
    return Wallet(key, kind, owner, funder, chain_id, is_in_session=is_foreign)


def _must_fit(owner: str, kind: WalletType, funder: str) -> None:
    if funder in wallets_of(owner, kind):
        return
    for other in WalletType:
        if funder in wallets_of(owner, other):
            raise Fatal(
                f"{funder} is this key's {other.label} wallet, not its {kind.label} wallet:"
                f" set the wallet type to {other.label}"
            )
    if kind is WalletType.DEPOSIT:
        return
    if kind is WalletType.EOA:
        raise Fatal(
            f"wallet type eoa holds its money under the key's own address {owner}, and the funder"
            f" is {funder}: leave the funder out, or set the type of the wallet that has it"
            " (proxy, safe or deposit)"
        )
    raise Fatal(
        f"{funder} is not this key's {kind.label} wallet, which is {wallets_of(owner, kind)[0]}:"
        " either the key is another account's, or the wallet is of another type"
    )
