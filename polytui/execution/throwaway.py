"""The wallet of a demo: nobody's, and for one simulated venue only."""

from __future__ import annotations

from polytui.config.secrets import Secret
from polytui.venues.polymarket.ethereum import keccak
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of


def throwaway_wallet(control_token: str, kind: WalletType = WalletType.DEPOSIT) -> Wallet:
    """The same one for everybody who was told this venue's control token, so that a command finds
    what a session of before has left there. A deposit wallet, as every new account has, unless
    somebody wants to see another kind."""
    key = Secret("0x" + keccak(control_token.encode()).hex())
    return wallet_of(key, kind)
