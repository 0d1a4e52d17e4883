"""Why a wallet's calls were not taken, where it is more than the four errors say.

Each is one of them, so whoever knows only those does the right thing.
"""

from __future__ import annotations

from polytui.model.errors import Rejected, Retry


class QuotaUsed(Retry):
    """The relayer's key has submitted all that it may in a day: nothing happened. `after_s` says
    when it may again, hours perhaps: never waited for in place."""


class WalletBusy(Retry):
    """The relayer has something of this wallet under way, ours or of another program: nothing
    happened with this one."""


class NonceIs(Rejected):
    """The nonce is not the wallet's next one, which is `nonce`: something else was done with ours,
    or this very batch was done before. Proven; look at what became of it before signing again."""

    def __init__(self, message: str, nonce: int) -> None:
        super().__init__(message)
        self.nonce = nonce


class NoGas(Rejected):
    """The key's own address has not the POL that the transaction may cost: nothing happened."""


class WouldRevert(Rejected):
    """The chain would take it back whole if it were sent now; it was not sent."""
