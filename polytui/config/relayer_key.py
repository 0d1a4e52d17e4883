"""The key with which a wallet's calls are given to the relayer, which pays their gas."""

from __future__ import annotations

from attrs import field, frozen

from polytui.config.api_key import ApiKey
from polytui.config.secret_sources import FoundSecret, SecretSources
from polytui.config.secrets import BUILDER_KEYS, RELAYER_KEY, RELAYER_KEY_ADDRESS, Secret
from polytui.model.errors import Fatal


@frozen
class RelayerKey:
    """Of the website's settings: for the wallets of one owner, as often as he likes."""

    key: Secret
    address: str
    """The owner's own address."""


@frozen
class BuilderKey:
    """Of somebody who builds on the venue: for any wallet, 100 calls a day until he is verified."""

    api_key: ApiKey = field(repr=False)


GaslessKey = RelayerKey | BuilderKey


def chosen_gasless_key(
    sources: SecretSources,
) -> tuple[GaslessKey | None, tuple[FoundSecret, ...]]:
    """A relayer's key before a builder's, or None where there is neither, and whence each word is.
    Fatal for a part of either, which would be ignored."""
    key = sources.find(RELAYER_KEY)
    address = sources.word(RELAYER_KEY_ADDRESS)
    if key is not None:
        if not address:
            raise Fatal(f"{RELAYER_KEY_ADDRESS} is missing beside {RELAYER_KEY}: set both")
        return RelayerKey(key.secret, address), (key,)
    if address:
        raise Fatal(f"{RELAYER_KEY} is missing beside {RELAYER_KEY_ADDRESS}: set both, or none")
    had = sources.together(BUILDER_KEYS)
    if not had:
        return None, ()
    name, secret, passphrase = (one.secret for one in had)
    return BuilderKey(ApiKey(name.reveal(), secret, passphrase)), had
