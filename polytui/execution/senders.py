"""The sender that fits a wallet: the relayer for contracts, a node for a key of its own."""

from __future__ import annotations

from polytui.config.relayer_key import GaslessKey, RelayerKey
from polytui.config.secrets import BUILDER_KEYS, RELAYER_KEY, RELAYER_KEY_ADDRESS
from polytui.execution.own_wallet import OwnWallet
from polytui.execution.relayed_wallet import RelayedWallet
from polytui.execution.wallet_sender import WalletSender
from polytui.model.errors import Fatal
from polytui.net.clock import SessionClock
from polytui.net.http import Http
from polytui.venues.polymarket.ethereum import read_address
from polytui.venues.polymarket.node import ChainNode
from polytui.venues.polymarket.relayer import RelayerClient
from polytui.venues.polymarket.wallet import Wallet, WalletType


def sender_of(
    wallet: Wallet, key: GaslessKey | None, clock: SessionClock, relayer: Http, node: ChainNode
) -> WalletSender:
    """Fatal, in words for people, where the relayer is needed and the key for it is missing or
    somebody else's. A wallet that is a key asks the relayer nothing, and needs no key for it."""
    if wallet.kind is WalletType.EOA:
        return OwnWallet(wallet, node)
    if wallet.is_in_session:
        raise Fatal(
            f"{wallet.owner} is a session's key of {wallet.funder}, which may trade for it and move"
            " nothing else: its owner's key redeems"
        )
    if key is None:
        raise Fatal(
            f"a {wallet.kind.label} wallet moves through the relayer, and there is no key for it:"
            f" make one in the website's settings and set {RELAYER_KEY} and {RELAYER_KEY_ADDRESS}"
            f" (or a builder's: {', '.join(BUILDER_KEYS)})"
        )
    if isinstance(key, RelayerKey):
        address = read_address(key.address, RELAYER_KEY_ADDRESS)
        if address != wallet.owner:
            raise Fatal(
                f"{RELAYER_KEY_ADDRESS} is {address}, and this wallet's key is of {wallet.owner}:"
                " a relayer's key is good for its owner's wallets only"
            )
    return RelayedWallet(wallet, RelayerClient(relayer, wallet, key, clock), clock)
