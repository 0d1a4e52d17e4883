"""One judge of what the venue's exchanges may move: each settles its own rounds."""

from __future__ import annotations

import pytest

from polytui.config.secrets import Secret
from polytui.venues.polymarket.allowances import allowances_of, exchange_of, may_move
from polytui.venues.polymarket.clob_answers import Funds
from polytui.venues.polymarket.contracts import AMOY, EXCHANGES, POLYGON
from polytui.venues.polymarket.wallet import WalletType, wallet_of

WALLET = wallet_of(Secret("0x" + "11" * 32), WalletType.EOA)
KNOWN = EXCHANGES[POLYGON]
ROUNDS = [
    ("v1", False, KNOWN.standard),
    ("v1", True, KNOWN.neg_risk),
    ("v2", False, KNOWN.positions),
    ("v2", True, KNOWN.positions),
]


@pytest.mark.parametrize(("protocol", "is_neg_risk", "contract"), ROUNDS)
def test_a_rounds_exchange_is_the_one_that_settles_it(
    protocol: str, is_neg_risk: bool, contract: str
) -> None:
    assert exchange_of(WALLET, protocol, is_neg_risk=is_neg_risk) == contract
    for told in (contract, contract.lower(), contract.upper().replace("0X", "0x")):
        others = dict.fromkeys((KNOWN.standard, KNOWN.neg_risk, KNOWN.positions), 5)
        mine = {**{one.lower(): left for one, left in others.items()}, contract.lower(): 0}
        mine = {told if one == contract.lower() else one: left for one, left in mine.items()}
        assert may_move(Funds(1, mine), WALLET, protocol, is_neg_risk=is_neg_risk) is False


def test_where_the_venue_names_nobody_it_means_everybody_and_where_it_says_nothing_nobody() -> None:
    assert may_move(Funds(1, {"": 7}), WALLET, "v1") is True
    assert may_move(Funds(1), WALLET, "v1") is None
    assert allowances_of(WALLET, 1, {}) == ()


def test_the_chain_of_the_wallet_counts() -> None:
    trying = wallet_of(Secret("0x" + "11" * 32), WalletType.EOA, chain_id=AMOY)
    assert exchange_of(trying, "v2") == EXCHANGES[AMOY].positions


def test_how_much_is_short_is_said_of_each() -> None:
    told = {KNOWN.standard: 4_000_000, KNOWN.positions.lower(): 10**30, KNOWN.neg_risk: 0}
    first, second = allowances_of(WALLET, 5_000_000, told)
    assert (first.short, second.short) == ("may take only $4.00 of $5.00", "")
    assert (first.is_needed, second.is_needed) == (True, False)
    (first, _) = allowances_of(WALLET, 0, {KNOWN.positions: 1})
    assert first.short == "may not take dollars, so nothing can be bought"
