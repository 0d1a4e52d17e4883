"""What a person said of their wallet: its key, its kind, and who holds the money.

None of it is in config.toml: which account it is stands beside its key.
"""

from __future__ import annotations

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.secret_sources import FoundSecret, SecretSources
from polytui.config.secrets import API_KEYS, FUNDER, PRIVATE_KEY, WALLET_TYPE

USUAL_TYPE = "deposit"
"""What the venue has given to every account since May 2026."""


@frozen
class WalletChoice:
    """As it was said; whether it fits together is asked where signatures are made."""

    key: FoundSecret | None
    kind: str
    """eoa, proxy, safe or deposit, or whatever was written."""
    funder: str
    """Empty: whatever follows from the key and the kind."""


def chosen_wallet(sources: SecretSources) -> WalletChoice:
    return WalletChoice(
        sources.find(PRIVATE_KEY),
        (sources.word(WALLET_TYPE) or USUAL_TYPE).lower(),
        sources.word(FUNDER),
    )


def chosen_api_key(sources: SecretSources) -> tuple[ApiKey | None, tuple[FoundSecret, ...]]:
    """The three words of an API key, or None where nobody has one of them, and whence each is.
    Fatal for one or two of the three, which would be ignored."""
    had = sources.together(API_KEYS)
    if not had:
        return None, ()
    key, secret, passphrase = (one.secret for one in had)
    return ApiKey(key.reveal(), secret, passphrase), had
