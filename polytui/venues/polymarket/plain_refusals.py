"""What the CLOB's words for a refusal mean for a person, and what to do about it.

The words are the venue's own, of its pages of errors (October 2026) and of what people reported.
They change: what is not known here is shown as it came.
"""

from __future__ import annotations

import re

NO_ADVICE = "ask for something else"
"""What is said where there is nothing better to do."""
_REQUEST = re.compile(r"\b[A-Z]+ https?://\S+: (?=\S)")
_STATUS = re.compile(r"\bHTTP \d{3} (?=\S)")
_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        "use the deposit wallet flow",
        "Polymarket takes no orders by API from wallets of this type: move to a deposit wallet (log"
        " in at polymarket.com, follow its offer to upgrade, move the money there), then set"
        " POLYMARKET_WALLET_TYPE=deposit and POLYMARKET_FUNDER to the address in its settings",
    ),
    (
        "signer address has to be the address of the api key",
        "the API key was made by another private key than the one that signs: remove the three"
        " POLYMARKET_API_ lines, and a fitting one is derived",
    ),
    (
        "order owner has to be the owner of the api key",
        "the order names another API key than the request: remove the three POLYMARKET_API_ lines,"
        " and a fitting one is derived",
    ),
    (
        "address banned",
        "Polymarket has banned this wallet: it may not trade; ask its support, and do not try with"
        " another wallet",
    ),
    (
        "closed only mode",
        "Polymarket lets this wallet only close what it holds: sell or redeem at polymarket.com and"
        " ask its support",
    ),
    (
        "trading restricted in your region",
        "Polymarket does not take orders from where this machine is: stop, and do not get around"
        " it; its list of places is at docs.polymarket.com",
    ),
    (
        "the allowance is not enough",
        "the exchange's contract may not move this wallet's money yet: approve it at"
        " polymarket.com (place one order there by hand, and sign what it asks for)",
    ),
    (
        "not enough balance",
        "the wallet that this type and key stand for has too little that no open order holds:"
        " deposit, cancel something, or see whether the wallet type is right",
    ),
    (
        "invalid api key",
        "the venue does not know this API key for this private key, or a clock is off: remove the"
        " three POLYMARKET_API_ lines, and one is derived",
    ),
    (
        "invalid l1 request headers",
        "the venue does not take the private key's own signature: enable NTP, and copy the key once"
        " more",
    ),
    (
        "could not derive api key",
        "this private key has no API key at the venue yet: one is made with the first start of"
        " live, or log in once at polymarket.com",
    ),
    (
        "could not create api key",
        "the venue makes no API key for this private key: log in once at polymarket.com with the"
        " account that it belongs to, and accept its terms",
    ),
    (
        "order_version_mismatch",
        "the venue has another version of orders than this program signs: update it",
    ),
    (
        "invalid order version",
        "the venue has another version of orders than this program signs: update it",
    ),
    (
        "invalid signature",
        "the venue does not take the signature for this wallet: the wallet type or the funder is"
        " not that of the private key, or the deposit wallet is not deployed",
    ),
    (
        "lower than the minimum",
        "less than the least size that the venue takes in this round",
    ),
    (
        "minimum tick size",
        "the price is between two steps of the round's grid, which may have become finer meanwhile:"
        " look at the round again",
    ),
    (
        "not yet ready to process new orders",
        "the round is listed and not open for orders yet: try again in a minute",
    ),
    (
        "post-only mode",
        "the venue takes only orders that rest, as for two minutes after each restart of its"
        " engine: try again then",
    ),
    (
        "cancel-only",
        "the venue takes cancels and no orders for now: try again later",
    ),
    (
        "crosses book",
        "somebody came while the order was on its way, so that it would have taken instead of"
        " resting: it is quoted anew",
    ),
    (
        "fully filled or killed",
        "there was less than it wanted at its price when it arrived, and it takes all or nothing",
    ),
    (
        "no orders found to match",
        "nobody was there at its price when it arrived",
    ),
    (
        "trading is currently disabled",
        "the venue takes no orders for now: see polymarket.com, and try again later",
    ),
)


def explained(text: str) -> str:
    """What a refusal that says this means, and what to do; empty where nobody here knows."""
    said = text.lower()
    return next((meaning for words, meaning in _MEANINGS if words in said), "")


def in_plain_words(text: str) -> str:
    """What it means, with the venue's own text beside it; that text alone where nobody knows."""
    meaning = explained(text)
    return f"{meaning} ({text})" if meaning else text


def in_a_sentence(text: str) -> str:
    """As `in_plain_words`, of the venue's text only its words: no address, no status. For a line
    that people read as it comes; the journal has all of it."""
    words = _STATUS.sub("", _REQUEST.sub("", text)).removesuffix(f"; {NO_ADVICE}").rstrip(". ")
    meaning = explained(words)
    return f"{meaning} ({words})" if meaning else words
