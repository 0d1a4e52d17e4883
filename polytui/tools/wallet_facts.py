"""What is known of a wallet, and what it means in plain words: no wire, no clock.

The traps are the venue's: it answers a wrong wallet type with a balance of 0 and never with an
error, and tells who may not trade only when an order comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from attrs import field, frozen

from polytui.tools.findings import Finding, Severity
from polytui.venues.polymarket.allowances import allowances_of, dollars
from polytui.venues.polymarket.wallet import Wallet, WalletType

OK, WARN, FAIL = Severity.OK, Severity.WARN, Severity.FAIL
_T = TypeVar("_T")

KIND_WORDS: Mapping[WalletType, str] = {
    WalletType.EOA: (
        "eoa (type 0), a key of its own, as in MetaMask: the key signs, and its own address holds"
        " the money; Polymarket lets few of these trade by API"
    ),
    WalletType.PROXY: (
        "proxy (type 1), of an account that began with an e-mail or Google: the exported key signs,"
        " and a contract of Polymarket's holds the money"
    ),
    WalletType.SAFE: (
        "safe (type 2), of an account that began with a browser's wallet: that wallet's key signs,"
        " and a Gnosis Safe holds the money"
    ),
    WalletType.DEPOSIT: (
        "deposit (type 3), of every account since May 2026: the key signs in the name of a contract"
        " that holds the money and answers for the signature"
    ),
}
"""What each is, who signs, and who holds the money."""


@frozen
class OtherWallet:
    """Another wallet of the same key, and the dollars that the venue sees there."""

    kind: WalletType
    address: str
    usd: int


@frozen
class WalletFacts:
    """What the venue told of a wallet. Millionths of dollars; None for what it did not tell."""

    wallet: Wallet
    usd: int | None = None
    allowances: Mapping[str, int] = field(factory=dict)
    """Of its dollars, by the address of who may move them."""
    may_sell: Mapping[str, bool] = field(factory=dict)
    """Whether an exchange, by its address, may move the shares of the rounds that it settles."""
    others: tuple[OtherWallet, ...] = ()
    """Those of the same key with money in them; asked for where this one has none."""
    is_deployed: bool | None = None
    is_closed_only: bool | None = None
    tier: str = ""


def wallet_findings(facts: WalletFacts) -> list[Finding]:
    """In the order in which people read them."""
    return [
        _wallet(facts.wallet),
        *_standing(facts),
        *_deployed(facts),
        *_money(facts),
        *_allowances(facts),
    ]


def _wallet(wallet: Wallet) -> Finding:
    words = f"{KIND_WORDS[wallet.kind]}. The key is {wallet.owner}"
    if wallet.kind is WalletType.EOA:
        return Finding("wallet", OK, words)
    words += f", the money is held by {wallet.funder}"
    if wallet.follows_from_key:
        return Finding("wallet", OK, f"{words}, which follows from the key")
    return Finding(
        "wallet",
        WARN,
        f"{words}, which does NOT follow from the key: taken for a session key (180 days at most),"
        " which sees its own orders alone and neither withdraws nor redeems; if you are its"
        " owner, check the address. `polytui doctor --livetest` proves it",
    )


def _standing(facts: WalletFacts) -> Iterator[Finding]:
    if facts.is_closed_only is None:
        return
    if facts.is_closed_only:
        words = (
            "Polymarket lets this account only close what it holds, so nothing is traded: sell or"
            " redeem at polymarket.com, and ask its support"
        )
        yield Finding("standing", FAIL, words)
    else:
        yield Finding("standing", OK, "not closed-only; only an order tells of a ban (--livetest)")


def _deployed(facts: WalletFacts) -> Iterator[Finding]:
    if facts.wallet.kind is not WalletType.DEPOSIT or facts.is_deployed is None:
        return
    if facts.is_deployed:
        yield Finding("deposit wallet", OK, "its contract is deployed")
        return
    words = (
        f"no contract stands at {facts.wallet.funder} yet, so nobody answers for its signatures:"
        " log in at polymarket.com and deposit something, which deploys it; or the address is not"
        " the one in the settings there"
    )
    yield Finding("deposit wallet", FAIL, words)


def _money(facts: WalletFacts) -> Iterator[Finding]:
    if facts.usd is None:
        return
    if facts.usd > 0:
        yield Finding("money", OK, f"{dollars(facts.usd)} in {facts.wallet.funder}")
        return
    if facts.wallet.is_in_session:
        words = (
            "the venue tells this session key of no money. Whether it reads the wallet's for such a"
            " key is on no page of it; as long as it does not, nothing can be bought with one"
        )
        yield Finding("money", FAIL, words)
        return
    label = facts.wallet.kind.label
    if facts.others:
        richest = max(facts.others, key=lambda one: one.usd)
        words = (
            f"the {label} wallet of this key has nothing, and its {richest.kind.label} wallet"
            f" {richest.address} has {dollars(richest.usd)}: the wallet type is wrong, set"
            f" POLYMARKET_WALLET_TYPE={richest.kind.label} and POLYMARKET_FUNDER to that address"
            " (or leave the funder out)"
        )
        yield Finding("money", FAIL, words)
        return
    words = (
        f"no wallet of this key has money, whatever its type: deposit pUSD into"
        f" {facts.wallet.funder} at polymarket.com; where there is money in your account, the"
        " private key is another account's"
    )
    yield Finding("money", FAIL, words)


def _allowances(facts: WalletFacts) -> Iterator[Finding]:
    """Each exchange by itself: rounds of one protocol can be tradable, and those of the other not.
    Neg-risk rounds are none of ours."""
    if facts.usd is None:
        return
    for one in allowances_of(facts.wallet, facts.usd, facts.allowances):
        short = [one.short] if one.short else []
        if _of(facts.may_sell, one.contract) is False:
            short.append("may not take shares, so nothing can be sold")
        if not short:
            yield Finding(one.name, OK, "may move what orders need")
            continue
        verdict = FAIL if one.is_needed and not one.left else WARN
        words = (
            f"the contract {one.contract} {' and '.join(short)}: `polytui approve` allows it, and"
            " `polytui approve --dry-run` shows what that is"
        )
        yield Finding(one.name, verdict, words)


def _of(told: Mapping[str, _T], address: str) -> _T | None:
    """By address, whatever its letters: the venue spells them in both ways."""
    found = {one.lower(): value for one, value in told.items()}
    return found.get(address.lower())
