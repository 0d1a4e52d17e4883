"""`Armed`: the proof that real orders may be signed and sent. Whatever sends one asks for it.

    DRY_RUN=false                  else REAL_TRADING_BLOCKED_DRY_RUN_TRUE
    ENABLE_REAL_TRADING=true       else REAL_TRADING_BLOCKED_ENABLE_FALSE
    a private key                  else REAL_TRADING_BLOCKED_PRIVATE_KEY_MISSING
    somebody names the wallet      else REAL_TRADING_BLOCKED_NOT_CONFIRMED

In this order: whoever is stopped learns what stands first in the way. A venue that is simulated on
this machine is armed without them, for addresses of this machine alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from attrs import frozen

from polytui.config.api_key import ApiKey
from polytui.config.relayer_key import GaslessKey, chosen_gasless_key
from polytui.config.secret_sources import SecretSources
from polytui.config.secrets import PRIVATE_KEY
from polytui.config.wallet import WalletChoice, chosen_api_key, chosen_wallet
from polytui.model.errors import Blocked, Fatal
from polytui.model.plain_text import plain
from polytui.model.web_address import web_address
from polytui.venues.polymarket.wallet import Wallet, WalletType, wallet_of

DRY_RUN, ENABLE = "DRY_RUN", "ENABLE_REAL_TRADING"
BLOCKED = "REAL_TRADING_BLOCKED_"
IS_DRY = f"{BLOCKED}DRY_RUN_TRUE"
IS_DISABLED = f"{BLOCKED}ENABLE_FALSE"
HAS_NO_KEY = f"{BLOCKED}PRIVATE_KEY_MISSING"
IS_NOT_CONFIRMED = f"{BLOCKED}NOT_CONFIRMED"
_SCHEMES = ("https", "http", "wss", "ws")

Confirm = Callable[[Wallet], str]
"""Shows somebody a wallet; the address that they name in return."""


class Armed:
    """A wallet that may trade. Made by `arm_live` and `arm_simulated` and by nobody else: not by
    its name, not as a copy with something changed, not out of a file. No class of attrs: those
    come with a way to make one."""

    __slots__ = ("api_key", "gasless", "is_simulated", "wallet")

    wallet: Wallet
    api_key: ApiKey | None
    """None: derived from the wallet when it is needed."""
    gasless: GaslessKey | None
    """For the relayer, which pays for what a wallet does on the chain; None without one."""
    is_simulated: bool
    """For a venue on this machine: nothing of it may ever reach another one."""

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("only arm_live and arm_simulated arm anything")

    def __init_subclass__(cls, **_: object) -> NoReturn:
        raise TypeError("there is one way to be armed")

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"{name} is as it was armed")

    def __repr__(self) -> str:
        where = "a simulated venue" if self.is_simulated else "the venue"
        return f"Armed({self.wallet!r}, for {where})"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("being armed is not copied, and not kept")


@frozen
class Unarmed:
    """A wallet that may sign and must not send: for whoever only looks at what would be sent."""

    wallet: Wallet
    api_key: ApiKey | None


def arm_live(sources: SecretSources, confirm: Confirm) -> Armed:
    """All four gates; Blocked, with the tag of the first one that is closed."""
    check_switches(sources)
    wallet = live_wallet(sources)
    api_key, _ = chosen_api_key(sources)
    check_confirmed(confirm(wallet), wallet.funder, wallet.owner)
    return _armed(wallet, api_key, chosen_gasless_key(sources)[0], is_simulated=False)


def arm_simulated(
    wallet: Wallet,
    api_key: ApiKey | None,
    urls: Iterable[str],
    gasless: GaslessKey | None = None,
) -> Armed:
    """For a venue on this machine; Fatal for an address of any other. The connected peers are
    looked at as well, where connections are made: names lead anywhere, and so may a redirect."""
    for url in urls:
        if not web_address(url, *_SCHEMES).is_loopback:
            raise Fatal(f"{plain(url)} is no address of this machine: only those are simulated")
    return _armed(wallet, api_key, gasless, is_simulated=True)


def unarmed(sources: SecretSources) -> Unarmed:
    """The wallet that live would trade with; no gate is asked, for nothing is sent."""
    return Unarmed(live_wallet(sources), chosen_api_key(sources)[0])


def check_switches(sources: SecretSources) -> None:
    """The two that are no secret. Unset, misspelt and empty keep them closed."""
    if sources.word(DRY_RUN).lower() != "false":
        words = f"{DRY_RUN} is not false: set {DRY_RUN}=false where real orders are wanted"
        raise Blocked(IS_DRY, words)
    if sources.word(ENABLE).lower() != "true":
        words = f"{ENABLE} is not true: set {ENABLE}=true where real orders are wanted"
        raise Blocked(IS_DISABLED, words)


def live_wallet(sources: SecretSources) -> Wallet:
    """Of what is said beside the keys; Blocked without one, or where it does not fit together."""
    choice = chosen_wallet(sources)
    if choice.key is None:
        words = f"no private key: set {PRIVATE_KEY}, or name a keystore; docs/live.md has every way"
        raise Blocked(HAS_NO_KEY, words)
    try:
        return wallet_chosen(choice)
    except Fatal as error:
        raise Blocked(HAS_NO_KEY, f"the private key cannot be used: {error}") from None


def wallet_chosen(choice: WalletChoice) -> Wallet:
    """Fatal, in plain words, where key, kind and funder cannot belong together."""
    if choice.key is None:
        raise Fatal(f"no private key: set {PRIVATE_KEY}")
    kinds = {kind.label: kind for kind in WalletType}
    if choice.kind not in kinds:
        names = ", ".join(kinds)
        raise Fatal(f"wallet type {plain(choice.kind)!r} is none of {names}")
    return wallet_of(choice.key.secret, kinds[choice.kind], choice.funder)


def check_confirmed(named: str, funder: str, owner: str = "") -> None:
    """Blocked where nobody named the wallet that holds the money, or somebody named another one."""
    named = named.strip()
    if named.lower() == funder.lower():
        return
    if not named:
        words = "nobody named the wallet: type its address when asked, or start with"
        raise Blocked(IS_NOT_CONFIRMED, f"{words} --i-trade-with {funder}")
    if named.lower() == owner.lower():
        words = f"that is the address of the key; the money is held by {funder}"
        raise Blocked(IS_NOT_CONFIRMED, words)
    raise Blocked(IS_NOT_CONFIRMED, f"{plain(named)} is not the wallet that trades, {funder} is")


def _armed(
    wallet: Wallet, api_key: ApiKey | None, gasless: GaslessKey | None, *, is_simulated: bool
) -> Armed:
    armed = object.__new__(Armed)
    given = {
        "wallet": wallet,
        "api_key": api_key,
        "gasless": gasless,
        "is_simulated": is_simulated,
    }
    for name, value in given.items():
        object.__setattr__(armed, name, value)
    return armed
